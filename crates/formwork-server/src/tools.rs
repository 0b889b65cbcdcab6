//! Tools that a model may call, and the form of answers that call them.
//!
//! A call is written as models of the Hermes and Qwen families do:
//!
//! ```text
//! <tool_call>
//! {"name": "weather", "arguments": {"city": "Oslo"}}
//! </tool_call>
//! ```

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::constraint::Constraint;
use crate::error::ApiError;
use crate::fields::{Fields, parse};

/// What begins a call; free text does not hold it.
pub(crate) const BEGIN: &str = "<tool_call>";
/// What ends a call.
pub(crate) const END: &str = "</tool_call>";
/// Between [`BEGIN`] and the name of a tool.
pub(crate) const BEFORE_NAME: &str = "\n{\"name\": \"";
/// Between the name and the arguments.
pub(crate) const BEFORE_ARGUMENTS: &str = "\", \"arguments\": ";
/// Between the arguments and [`END`].
const BEFORE_END: &str = "}\n";

/// The arguments of a tool that says nothing of them: there are none.
const NO_ARGUMENTS: &str = r#"{"type": "object", "additionalProperties": false}"#;

/// More tools than a request may have.
const MAX_TOOLS: usize = 128;

/// A function.
struct Tool {
    name: String,
    /// The schema of its arguments, and its place in the request.
    arguments: String,
    place: String,
    /// As the request has it, for templates.
    object: Value,
}

/// Which tools are called.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Choice {
    None,
    Auto,
    Required,
    Named(String),
}

/// The tools of a request.
pub(crate) struct Tools {
    tools: Vec<Tool>,
    choice: Choice,
    parallel: bool,
}

impl Tools {
    /// The tools that `fields` name.
    pub(crate) fn take(fields: &mut Fields<'_>) -> Result<Tools, ApiError> {
        let place = fields.place("tools");
        let list: Vec<&RawValue> = fields.take("tools")?.unwrap_or_default();
        if list.len() > MAX_TOOLS {
            let message = format!("there are {} tools; at most {MAX_TOOLS} may be", list.len());
            return Err(ApiError::limit(place, message));
        }
        let mut tools: Vec<Tool> = Vec::with_capacity(list.len());
        for (number, raw) in list.into_iter().enumerate() {
            let tool = Tool::read(raw, &format!("{place}[{number}]"))?;
            if tools.iter().any(|other| other.name == tool.name) {
                let message = format!("there are two tools of the name {:?}", tool.name);
                return Err(ApiError::invalid(tool.place, message));
            }
            tools.push(tool);
        }
        let choice_place = fields.place("tool_choice");
        let choice = match fields.raw("tool_choice") {
            Some(raw) => Choice::read(raw, &choice_place)?,
            None if tools.is_empty() => Choice::None,
            None => Choice::Auto,
        };
        let is_known = |name: &String| tools.iter().any(|tool| tool.name == *name);
        match &choice {
            Choice::Named(name) if !is_known(name) => {
                let message = format!("there is no tool {name:?}; `tools` has to hold it");
                return Err(ApiError::invalid(choice_place, message));
            }
            Choice::Required if tools.is_empty() => {
                let message = "a call is required, and there are no tools";
                return Err(ApiError::invalid(choice_place, message));
            }
            _ => {}
        }
        let parallel = fields.take("parallel_tool_calls")?.unwrap_or(true);
        Ok(Tools {
            tools,
            choice,
            parallel,
        })
    }

    /// Whether a tool may be called.
    pub(crate) fn may_be_called(&self) -> bool {
        !self.tools.is_empty() && self.choice != Choice::None
    }

    /// The tools as templates take them; none if none may be called.
    pub(crate) fn objects(&self) -> Vec<Value> {
        match self.may_be_called() {
            true => self.tools.iter().map(|tool| tool.object.clone()).collect(),
            false => Vec::new(),
        }
    }

    /// What a model is told whose template does not speak of tools.
    pub(crate) fn instructions(&self) -> String {
        let mut text = String::from(
            "You may call these functions to help with the user's request:\n<tools>\n",
        );
        for tool in &self.tools {
            text.push_str(&format!("{}\n", tool.object));
        }
        text.push_str(&format!(
            "</tools>\nFor each call, write an object with its name and arguments:\n\
             {BEGIN}{BEFORE_NAME}NAME{BEFORE_ARGUMENTS}ARGUMENTS{BEFORE_END}{END}"
        ));
        text
    }

    /// The form of answers: calls where they have to be; free text with calls in it, or
    /// instead of one of `other`, where there may be some.
    pub(crate) fn constrain(
        &self,
        other: Option<Constraint>,
    ) -> Result<Option<Constraint>, ApiError> {
        if !self.may_be_called() {
            return Ok(other);
        }
        let named = match &self.choice {
            Choice::Named(name) => Some(name),
            _ => None,
        };
        let is_meant = |tool: &&Tool| named.is_none_or(|name| tool.name == *name);
        let meant: Vec<&Tool> = self.tools.iter().filter(is_meant).collect();
        let only_one = !self.parallel || named.is_some();
        let mut tags = Tags::default();
        match (&self.choice, other) {
            (Choice::Auto, None) => tags.in_free_text(&meant, only_one),
            (Choice::Auto, Some(other)) => {
                let Some((schema, place)) = other.schema() else {
                    let message = "tools that may be called go with free text or a JSON Schema; \
                                   require a call, or leave the tools or this form out";
                    return Err(ApiError::unsupported(other.place(), message));
                };
                tags.push(r#"{"type": "or", "elements": ["#);
                tags.alone(&meant, only_one);
                tags.push(", ");
                tags.schema(schema, place);
                tags.push("]}");
            }
            _ => tags.alone(&meant, only_one),
        }
        Ok(Some(Constraint::of_tags(tags.text, "tools", tags.ends)))
    }
}

impl Tool {
    fn read(raw: &RawValue, place: &str) -> Result<Tool, ApiError> {
        let mut function = function(raw, place)?;
        let name: String = function.need("name")?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
            let message = "the name of a tool has 1 to 64 letters, digits, `_` and `-`";
            return Err(ApiError::invalid(function.place("name"), message));
        }
        let arguments = function
            .raw("parameters")
            .map_or(NO_ARGUMENTS, RawValue::get);
        // Whatever is said of strictness, the schema is kept.
        let _: Option<bool> = function.take("strict")?;
        let _: Option<String> = function.take("description")?;
        let tool = Tool {
            arguments: arguments.to_owned(),
            place: function.place("parameters"),
            object: parse(raw, place)?,
            name,
        };
        function.finish()?;
        Ok(tool)
    }
}

/// The function of an object of this type, which has nothing else.
fn function<'a>(raw: &'a RawValue, place: &str) -> Result<Fields<'a>, ApiError> {
    let mut object = Fields::of(raw, place)?;
    let kind: String = object.need("type")?;
    if kind != "function" {
        let message = format!("a tool is a \"function\", not a {kind:?}");
        return Err(ApiError::unsupported(object.place("type"), message));
    }
    let function = object.raw("function");
    let function = function.ok_or_else(|| object.missing("function"))?;
    let function = Fields::of(function, &object.place("function"))?;
    object.finish()?;
    Ok(function)
}

impl Choice {
    fn read(raw: &RawValue, place: &str) -> Result<Choice, ApiError> {
        if !raw.get().starts_with('"') {
            let mut function = function(raw, place)?;
            let name = function.need("name")?;
            function.finish()?;
            return Ok(Choice::Named(name));
        }
        let name: String = parse(raw, place)?;
        match name.as_str() {
            "none" => Ok(Choice::None),
            "auto" => Ok(Choice::Auto),
            "required" => Ok(Choice::Required),
            _ => Err(ApiError::invalid(
                place,
                format!("{name:?} is none of \"none\", \"auto\" and \"required\""),
            )),
        }
    }
}

/// A structural tag as it is written.
#[derive(Default)]
struct Tags {
    text: String,
    /// Where schemas end, and their places in the request.
    ends: Vec<(usize, String)>,
}

impl Tags {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn schema(&mut self, schema: &str, place: &str) {
        self.push(r#"{"type": "json_schema", "json_schema": "#);
        self.push(schema);
        self.ends.push((self.text.len(), place.to_owned()));
        self.push("}");
    }

    /// A list of one tag for each tool.
    fn list(&mut self, tools: &[&Tool]) {
        self.push("[");
        for (number, tool) in tools.iter().enumerate() {
            let begin = format!("{BEGIN}{BEFORE_NAME}{}{BEFORE_ARGUMENTS}", tool.name);
            self.push(if number == 0 { "{" } else { ", {" });
            self.push(&format!(r#""begin": {}, "content": "#, json!(begin)));
            self.schema(&tool.arguments, &tool.place);
            self.push(&format!(
                r#", "end": {}}}"#,
                json!(format!("{BEFORE_END}{END}"))
            ));
        }
        self.push("]");
    }

    /// Calls in free text.
    fn in_free_text(&mut self, tools: &[&Tool], only_one: bool) {
        self.push(&format!(
            r#"{{"type": "triggered_tags", "triggers": [{}], "stop_after_first": {only_one}, "tags": "#,
            json!(BEGIN)
        ));
        self.list(tools);
        self.push("}");
    }

    /// Calls, one a line.
    fn alone(&mut self, tools: &[&Tool], only_one: bool) {
        self.push(&format!(
            r#"{{"type": "tags_with_separator", "separator": "\n", "at_least_one": true, "stop_after_first": {only_one}, "tags": "#
        ));
        self.list(tools);
        self.push("}");
    }
}
