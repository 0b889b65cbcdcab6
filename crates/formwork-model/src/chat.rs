//! From the messages of a chat to the text that a model was trained on.

mod json;
mod plain;

use std::fmt::Write;

use chrono::{DateTime, Utc};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, Serde};
use minijinja::{Environment, Error, ErrorKind, Value, context};
use minijinja_contrib::pycompat::unknown_method_callback;
use plain::Plain;
use serde::{Deserialize, Serialize};

use crate::{ModelError, ModelErrorKind};

/// The largest template, in bytes.
const MAX_TEMPLATE_BYTES: usize = 1 << 20;

/// Steps of a rendering; a step also pays for 64 bytes of memory, so that at most 128
/// MiB are used.
const FUEL: u64 = 1 << 21;

/// How deep macros may call each other.
const MAX_DEPTH: usize = 64;

/// The name of the template in messages.
const NAME: &str = "chat_template";

/// A message of a chat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks: `system`, `user`, `assistant` or `tool` for most templates.
    pub role: String,
    /// What is said.
    pub content: String,
    /// The calls of tools that an assistant has made, as objects with a `function`, which
    /// has a `name` and `arguments`. Templates see nothing of an empty list.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "plain::list"
    )]
    pub tool_calls: Vec<serde_json::Value>,
}

impl Message {
    /// A message of `role`.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Message {
        Message {
            role: role.into(),
            content: content.into(),
            tool_calls: Vec::new(),
        }
    }
}

/// A chat template in the language Jinja, as models carry it.
///
/// It is rendered as `transformers` does it: lines of statements leave nothing behind,
/// strings have Python's methods, `tojson` does not escape HTML, there are
/// `raise_exception` and `strftime_now` (in UTC), and `documents` are none.
///
/// Templates come with models and need not be trusted: steps and memory of a rendering
/// are limited, and nothing but the messages can be reached.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    reads_tools: bool,
}

impl ChatTemplate {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// If it is larger than 1 MiB or cannot be parsed.
    pub fn from_text(text: &str) -> Result<ChatTemplate, ModelError> {
        if text.len() > MAX_TEMPLATE_BYTES {
            return Err(ModelError::format(format!(
                "the chat template has {} bytes, more than {MAX_TEMPLATE_BYTES}",
                text.len()
            )));
        }
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(|error| broken(&error))?;
        let mut environment = Environment::new();
        environment.set_syntax(syntax);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(MAX_DEPTH);
        environment.set_unknown_method_callback(unknown_method_callback);
        environment.add_filter("tojson", json::filter);
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", strftime_now);
        environment
            .add_template_owned(NAME, without_generation(text))
            .map_err(|error| broken(&error))?;
        Ok(ChatTemplate {
            environment,
            reads_tools: text.contains("tools"),
        })
    }

    /// Whether the template speaks of tools, so that it may tell a model about them.
    #[must_use]
    pub fn reads_tools(&self) -> bool {
        self.reads_tools
    }

    /// The text of a chat; with `add_generation_prompt`, up to where the assistant is to
    /// speak. `bos` and `eos` are the names of the tokens that begin and end a text, or
    /// empty. To be encoded with
    /// [`encode_with_specials`](crate::Tokenizer::encode_with_specials).
    ///
    /// # Errors
    ///
    /// If the template refuses the messages, such as two of one role in a row, or takes
    /// too many steps.
    pub fn render(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
        bos: &str,
        eos: &str,
    ) -> Result<String, ModelError> {
        self.render_with_tools(messages, &[], add_generation_prompt, bos, eos)
    }

    /// The same for an assistant with tools: objects of type `function`, as templates
    /// expect them. Without any, `tools` is none.
    ///
    /// # Errors
    ///
    /// As [`render`](ChatTemplate::render).
    pub fn render_with_tools(
        &self,
        messages: &[Message],
        tools: &[serde_json::Value],
        add_generation_prompt: bool,
        bos: &str,
        eos: &str,
    ) -> Result<String, ModelError> {
        let template = self
            .environment
            .get_template(NAME)
            .map_err(|e| broken(&e))?;
        let context = context! {
            messages => Value::from(Serde(messages)),
            add_generation_prompt => add_generation_prompt,
            bos_token => bos,
            eos_token => eos,
            tools => match tools {
                [] => Value::from(()),
                tools => tools.iter().map(|tool| Value::from(Serde(Plain(tool)))).collect(),
            },
            documents => Value::from(()),
        };
        template.render(context).map_err(|error| {
            ModelError::new(
                ModelErrorKind::Request,
                format!("the chat template refuses the messages: {error}"),
            )
        })
    }
}

fn broken(error: &Error) -> ModelError {
    ModelError::unsupported(format!("the chat template cannot be read: {error}"))
}

fn raise_exception(message: &str) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message.to_owned()))
}

/// The time in a format of `strftime`. A template has no more than one argument for
/// it; others are ignored.
fn strftime_now(format: &str, _: Rest<Value>) -> Result<String, Error> {
    date(Utc::now(), format)
}

fn date(time: DateTime<Utc>, format: &str) -> Result<String, Error> {
    let mut text = String::new();
    let unknown = |_| {
        let message = format!("strftime_now: {format:?} is not a format of dates");
        Error::new(ErrorKind::InvalidOperation, message)
    };
    write!(text, "{}", time.format(format)).map_err(unknown)?;
    Ok(text)
}

/// The template with the statements `generation` and `endgeneration`, which mark what
/// to train on and print nothing, written as statements that Jinja has.
fn without_generation(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{%") {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let Some(end) = tag.find("%}") else {
            rest = tag;
            break;
        };
        let (tag, after) = tag.split_at(end);
        let word = tag.trim_start_matches("{%").trim_matches(['-', '+']).trim();
        match word {
            "generation" => out.push_str(&tag.replacen(word, "if true", 1)),
            "endgeneration" => out.push_str(&tag.replacen(word, "endif", 1)),
            _ => out.push_str(tag),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
