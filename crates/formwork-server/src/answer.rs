//! Answers as OpenAI's clients read them, whole or in pieces.

use formwork_model::{Finish, GenerateError, Generation};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::calls::{Calls, Part};
use crate::error::ApiError;
use crate::pieces::Pieces;
use crate::scheduler::Event;

/// Which endpoint answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Chat,
    Completion,
}

/// An answer that is being written.
pub(crate) struct Answer {
    kind: Kind,
    id: String,
    created: u64,
    model: String,
    prompt_tokens: usize,
    completion_tokens: usize,
    choices: Vec<Choice>,
}

/// One of its texts.
#[derive(Default)]
struct Choice {
    pieces: Pieces,
    /// Takes calls of tools out of the text, if there are tools.
    calls: Option<Calls>,
    /// What was read so far, for whole answers.
    content: String,
    made: Vec<(String, String)>,
    end: Option<End>,
}

/// How a text ended.
struct End {
    reason: &'static str,
    constraint_completed: bool,
}

/// What an event adds to one text.
struct Added {
    number: usize,
    parts: Vec<Part>,
}

impl Answer {
    pub(crate) fn new(
        kind: Kind,
        model: &str,
        created: u64,
        prompt_tokens: usize,
        choices: usize,
        has_tools: bool,
    ) -> Answer {
        let prefix = match kind {
            Kind::Chat => "chatcmpl",
            Kind::Completion => "cmpl",
        };
        let choice = || Choice {
            calls: has_tools.then(Calls::default),
            ..Choice::default()
        };
        Answer {
            kind,
            id: format!("{prefix}-{}", Uuid::new_v4().simple()),
            created,
            model: model.to_owned(),
            prompt_tokens,
            completion_tokens: 0,
            choices: (0..choices).map(|_| choice()).collect(),
        }
    }

    /// Whether all texts have ended.
    pub(crate) fn is_whole(&self) -> bool {
        self.choices.iter().all(|choice| choice.end.is_some())
    }

    /// Keeps what an event adds.
    pub(crate) fn keep(&mut self, event: Event) -> Result<(), ApiError> {
        let Added { number, parts } = self.read(event)?;
        let Some(choice) = self.choices.get_mut(number) else {
            return Ok(());
        };
        for part in parts {
            match part {
                Part::Content(text) => choice.content.push_str(&text),
                Part::Call(name) => choice.made.push((name, String::new())),
                Part::Arguments(more) => {
                    if let Some((_, arguments)) = choice.made.last_mut() {
                        arguments.push_str(&more);
                    }
                }
            }
        }
        Ok(())
    }

    /// What an event adds, as chunks of a stream.
    pub(crate) fn chunks(&mut self, event: Event) -> Result<Vec<Value>, ApiError> {
        let Added { number, parts } = self.read(event)?;
        let mut chunks = Vec::new();
        let mut call = self.choices.get(number).and_then(|choice| {
            let new = parts.iter().filter(|part| matches!(part, Part::Call(_)));
            let count = choice.calls.as_ref()?.count;
            // The call that the first of the parts belongs to.
            Some(count.wrapping_sub(new.count() + 1))
        });
        for part in parts {
            let delta = match part {
                Part::Content(text) if self.kind == Kind::Completion => json!({ "text": text }),
                Part::Content(text) => json!({ "delta": {"content": text} }),
                Part::Call(name) => {
                    call = call.map(|call| call.wrapping_add(1));
                    let function = json!({"name": name, "arguments": ""});
                    delta_of_call(json!({
                        "index": call, "id": call_id(), "type": "function", "function": function,
                    }))
                }
                Part::Arguments(text) => {
                    delta_of_call(json!({"index": call, "function": {"arguments": text}}))
                }
            };
            chunks.push(self.chunk(number, delta, None));
        }
        if let Some(end) = self
            .choices
            .get(number)
            .and_then(|choice| choice.end.as_ref())
        {
            let delta = match self.kind {
                Kind::Chat => json!({ "delta": {} }),
                Kind::Completion => json!({ "text": "" }),
            };
            chunks.push(self.chunk(number, delta, Some(end)));
        }
        Ok(chunks)
    }

    /// The first chunk of every text of a chat: who speaks.
    pub(crate) fn opening(&self) -> Vec<Value> {
        let delta = json!({ "delta": {"role": "assistant", "content": ""} });
        match self.kind {
            Kind::Chat => (0..self.choices.len())
                .map(|number| self.chunk(number, delta.clone(), None))
                .collect(),
            Kind::Completion => Vec::new(),
        }
    }

    /// The last chunk of a stream that tells the usage.
    pub(crate) fn usage_chunk(&self) -> Value {
        let mut chunk = self.envelope(true, Vec::new());
        chunk.insert("usage".to_owned(), self.usage());
        chunk.into()
    }

    /// The whole answer.
    pub(crate) fn whole(&self) -> Value {
        let choices = self.choices.iter().enumerate();
        let choices = choices.map(|(number, choice)| choice.whole(self.kind, number));
        let mut whole = self.envelope(false, choices.collect());
        whole.insert("usage".to_owned(), self.usage());
        whole.into()
    }

    /// What an event says.
    fn read(&mut self, event: Event) -> Result<Added, ApiError> {
        let (number, bytes, ended) = match event {
            Event::Grown(number, bytes) => (number, bytes, None),
            Event::Ended(number, result) => (number, Vec::new(), Some(result)),
        };
        let Some(choice) = self.choices.get_mut(number) else {
            return Err(ApiError::fault("a text has ended that nobody asked for"));
        };
        let text = match ended {
            None => choice.pieces.push(&bytes),
            Some(_) => choice.pieces.finish(),
        };
        let mut parts = match &mut choice.calls {
            Some(calls) => calls.push(&text),
            None if text.is_empty() => Vec::new(),
            None => vec![Part::Content(text)],
        };
        if let Some(result) = ended {
            let generation = match *result {
                Ok(generation) => generation,
                Err(error) => return Err(of_text(&error)),
            };
            if let Some(calls) = &mut choice.calls {
                parts.extend(calls.finish());
            }
            self.completion_tokens += generation.tokens.len();
            choice.end = Some(End::of(&generation, choice.calls.as_ref()));
        }
        Ok(Added { number, parts })
    }

    fn chunk(&self, number: usize, delta: Value, end: Option<&End>) -> Value {
        let mut choice = Map::new();
        choice.insert("index".to_owned(), number.into());
        if let Value::Object(delta) = delta {
            choice.extend(delta);
        }
        choice.insert("logprobs".to_owned(), Value::Null);
        let reason = end.map(|end| end.reason);
        choice.insert("finish_reason".to_owned(), reason.into());
        if let Some(end) = end {
            let completed = end.constraint_completed.into();
            choice.insert("constraint_completed".to_owned(), completed);
        }
        self.envelope(true, vec![choice.into()]).into()
    }

    fn envelope(&self, is_chunk: bool, choices: Vec<Value>) -> Map<String, Value> {
        let object = match (self.kind, is_chunk) {
            (Kind::Chat, true) => "chat.completion.chunk",
            (Kind::Chat, false) => "chat.completion",
            (Kind::Completion, _) => "text_completion",
        };
        let mut envelope = Map::new();
        envelope.insert("id".to_owned(), self.id.clone().into());
        envelope.insert("object".to_owned(), object.into());
        envelope.insert("created".to_owned(), self.created.into());
        envelope.insert("model".to_owned(), self.model.clone().into());
        envelope.insert("choices".to_owned(), choices.into());
        envelope
    }

    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        })
    }
}

impl Choice {
    fn whole(&self, kind: Kind, number: usize) -> Value {
        let end = self.end.as_ref();
        let mut choice = match kind {
            Kind::Completion => json!({"index": number, "text": self.content}),
            Kind::Chat => json!({"index": number, "message": self.message()}),
        };
        let rest = json!({
            "logprobs": null,
            "finish_reason": end.map(|end| end.reason),
            "constraint_completed": end.map(|end| end.constraint_completed),
        });
        if let (Some(choice), Value::Object(rest)) = (choice.as_object_mut(), rest) {
            choice.extend(rest);
        }
        choice
    }

    fn message(&self) -> Value {
        if self.made.is_empty() {
            return json!({"role": "assistant", "content": self.content, "refusal": null});
        }
        let content = match self.content.as_str() {
            "" => Value::Null,
            content => content.into(),
        };
        let call = |(name, arguments): &(String, String)| {
            let function = json!({"name": name, "arguments": arguments});
            json!({"id": call_id(), "type": "function", "function": function})
        };
        let calls: Vec<Value> = self.made.iter().map(call).collect();
        json!({"role": "assistant", "content": content, "refusal": null, "tool_calls": calls})
    }
}

impl End {
    fn of(generation: &Generation, calls: Option<&Calls>) -> End {
        let reason = match generation.finish {
            Finish::MaxTokens => "length",
            _ if calls.is_some_and(|calls| calls.count > 0) => "tool_calls",
            _ => "stop",
        };
        End {
            reason,
            constraint_completed: generation.constraint_completed,
        }
    }
}

fn delta_of_call(call: Value) -> Value {
    json!({ "delta": {"tool_calls": [call]} })
}

fn call_id() -> String {
    format!("call_{}", Uuid::new_v4().simple())
}

/// Why a text has ended that was accepted: whatever it is, not for the request.
fn of_text(error: &GenerateError) -> ApiError {
    ApiError::fault(error.to_string())
}
