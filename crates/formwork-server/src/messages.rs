//! The messages of a chat, and the tokens that a model reads for them.

use formwork::TokenId;
use formwork_model::{ChatTemplate, Message, Tokenizer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fields::{Fields, parse};
use crate::tools::Tools;

/// The messages that `fields` have.
pub(crate) fn take(fields: &mut Fields<'_>) -> Result<Vec<Message>, ApiError> {
    let list: Vec<&RawValue> = fields.need("messages")?;
    let place = fields.place("messages");
    if list.is_empty() {
        return Err(ApiError::invalid(place, "there is no message"));
    }
    let read = |(number, raw): (usize, &RawValue)| message(raw, &format!("{place}[{number}]"));
    list.into_iter().enumerate().map(read).collect()
}

fn message(raw: &RawValue, place: &str) -> Result<Message, ApiError> {
    let mut fields = Fields::of(raw, place)?;
    let role: String = fields.need("role")?;
    let role = match role.as_str() {
        "developer" => "system",
        known @ ("system" | "user" | "assistant" | "tool") => known,
        _ => {
            let message = format!("{role:?} is no role of a message");
            return Err(ApiError::invalid(fields.place("role"), message));
        }
    };
    let calls: Vec<&RawValue> = fields.take("tool_calls")?.unwrap_or_default();
    let content = match fields.raw("content") {
        Some(raw) => content(raw, &fields.place("content"))?,
        // An assistant that calls has nothing else to say.
        None if role == "assistant" => String::new(),
        None => return Err(fields.missing("content")),
    };
    let mut message = Message::new(role, content);
    for (number, raw) in calls.into_iter().enumerate() {
        let call = call(raw, &fields.place(&format!("tool_calls[{number}]")))?;
        message.tool_calls.push(call);
    }
    // Templates tell calls and speakers by their order.
    fields.ignore(&["name", "tool_call_id"]);
    fields.only("refusal", &[])?;
    fields.only("audio", &[])?;
    fields.only("annotations", &["[]"])?;
    fields.only("function_call", &[])?;
    fields.finish()?;
    Ok(message)
}

/// A text, or parts that are all text.
fn content(raw: &RawValue, place: &str) -> Result<String, ApiError> {
    if raw.get().starts_with('"') {
        return parse(raw, place);
    }
    let list: Vec<&RawValue> = parse(raw, place)?;
    let mut text = String::new();
    for (number, raw) in list.into_iter().enumerate() {
        let mut part = Fields::of(raw, &format!("{place}[{number}]"))?;
        let kind: String = part.need("type")?;
        if kind != "text" {
            let message = format!("the model reads text, not {kind:?}");
            return Err(ApiError::unsupported(part.place("type"), message));
        }
        text.push_str(&part.need::<String>("text")?);
        part.finish()?;
    }
    Ok(text)
}

/// A call as templates take it: its arguments are an object, not the text of one.
fn call(raw: &RawValue, place: &str) -> Result<Value, ApiError> {
    let mut fields = Fields::of(raw, place)?;
    let id: Option<String> = fields.take("id")?;
    fields.ignore(&["type", "index"]);
    let function = fields.raw("function");
    let function = function.ok_or_else(|| fields.missing("function"))?;
    let mut function = Fields::of(function, &fields.place("function"))?;
    let name: String = function.need("name")?;
    let arguments: String = function.need("arguments")?;
    let arguments: Value = serde_json::from_str(&arguments)
        .map_err(|error| ApiError::invalid(function.place("arguments"), error.to_string()))?;
    function.finish()?;
    fields.finish()?;
    let function = json!({"name": name, "arguments": arguments});
    Ok(json!({"id": id, "type": "function", "function": function}))
}

/// What the model reads for a chat, up to where the assistant is to speak.
pub(crate) fn tokens(
    mut messages: Vec<Message>,
    tools: &Tools,
    chat: Option<&ChatTemplate>,
    tokenizer: &Tokenizer,
) -> Result<Vec<TokenId>, ApiError> {
    let Some(chat) = chat else {
        let message = "the model was not made for chats; ask /v1/completions";
        return Err(ApiError::unsupported("messages", message));
    };
    let objects = tools.objects();
    if !objects.is_empty() && !chat.reads_tools() {
        let told = tools.instructions();
        match messages.first_mut().filter(|first| first.role == "system") {
            Some(first) => first.content = format!("{}\n\n{told}", first.content),
            None => messages.insert(0, Message::new("system", told)),
        }
    }
    let (bos, eos) = (tokenizer.bos_text(), tokenizer.eos_text());
    let text = chat.render_with_tools(&messages, &objects, true, &bos, &eos);
    let tokens = text.and_then(|text| tokenizer.encode_with_specials(&text));
    let tokens = tokens.map_err(|error| ApiError::of_model(&error, "messages"))?;
    Ok(tokenizer.or_first(tokens))
}
