//! Texts, whole and in pieces.

use formwork_model::ModelFiles;
use serde_json::{Value, json};

use crate::client::{Bed, chat};

/// The content that the chunks of a stream have for one choice, and how it ended.
fn joined(chunks: &[Value], number: usize) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut ends = Vec::new();
    for chunk in chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        for choice in chunk["choices"].as_array().expect("choices") {
            if choice["index"] == number {
                text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
                ends.extend(choice["finish_reason"].as_str().map(str::to_owned));
            }
        }
    }
    (text, ends)
}

#[test]
fn a_chat() {
    let bed = Bed::new();
    let answer = bed.chat("say:hello world§", json!({})).ok();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "toy");
    let choice = &answer["choices"][0];
    assert_eq!(choice["message"]["role"], "assistant");
    assert_eq!(choice["message"]["content"], "hello world");
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(choice["constraint_completed"], true);
    let tokenizer = ModelFiles::embedded().expect("files").tokenizer;
    let prompt = tokenizer
        .encode("say:hello world§\n")
        .expect("tokens")
        .len()
        + 1;
    assert_eq!(answer["usage"]["prompt_tokens"], prompt);
    let written = answer["usage"]["completion_tokens"]
        .as_u64()
        .expect("a number");
    assert!((2..=11).contains(&written), "{written}");
    let total = answer["usage"]["total_tokens"].as_u64();
    assert_eq!(total, Some(prompt as u64 + written));
    // Parts of a message, and other roles.
    let messages = json!([
        {"role": "developer", "content": "be brief"},
        {"role": "user", "content": "hi", "name": "bob"},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "function",
            "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "7"},
        {"role": "user", "content": [{"type": "text", "text": "say:a"}, {"type": "text", "text": "b§"}]},
    ]);
    assert_eq!(
        bed.chat(
            "",
            json!({"messages": messages, "user": "u", "store": false})
        )
        .content(),
        "ab"
    );
}

#[test]
fn streams_end_on_characters() {
    let bed = Bed::new();
    let said = "añ→🦀 end 漢字";
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    let answer = bed.chat(&format!("say:{said}§"), more);
    let chunks = answer.chunks();
    assert_eq!(
        joined(&chunks, 0),
        (said.to_owned(), vec!["stop".to_owned()])
    );
    assert!(chunks.len() > 4);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let last = chunks.last().expect("a chunk");
    assert_eq!(last["choices"], json!([]));
    let usage = &last["usage"];
    let whole = bed.chat(&format!("say:{said}§"), json!({})).ok();
    assert_eq!(*usage, whole["usage"]);
    let without = bed
        .chat(&format!("say:{said}§"), json!({"stream": true}))
        .chunks();
    assert!(without.iter().all(|chunk| chunk.get("usage").is_none()));
}

#[test]
fn what_stops_a_text_is_no_part_of_it() {
    let bed = Bed::new();
    for (stop, wanted) in [
        (json!("o w"), "hell"),
        (json!(["zzz", "world", "o wo"]), "hell"),
        (json!("d!"), "hello world"),
        (json!("h"), ""),
    ] {
        let whole = bed.chat("say:hello world§", json!({"stop": stop}));
        assert_eq!(whole.content(), wanted);
        assert_eq!(whole.ok()["choices"][0]["finish_reason"], "stop");
        let stream = bed.chat("say:hello world§", json!({"stop": stop, "stream": true}));
        assert_eq!(joined(&stream.chunks(), 0).0, wanted);
    }
}

#[test]
fn tokens_run_out() {
    let bed = Bed::new();
    for name in ["max_tokens", "max_completion_tokens"] {
        let answer = bed.chat("say:hello world§", json!({name: 1})).ok();
        let choice = &answer["choices"][0];
        assert_eq!(choice["finish_reason"], "length");
        assert_eq!(answer["usage"]["completion_tokens"], 1);
    }
    let schema = json!({"type": "array", "minItems": 4, "items": {"const": "abcdef"}});
    let cut = json!({"json_schema": schema, "max_tokens": 3});
    let choice = &bed.chat("x", cut).ok()["choices"][0];
    assert_eq!(choice["finish_reason"], "length");
    assert_eq!(choice["constraint_completed"], false);
    let must = json!({"json_schema": schema, "max_tokens": 3, "must_complete": true});
    let error = bed.chat("x", must).error();
    assert_eq!(
        error,
        (400, "invalid_value".to_owned(), "max_tokens".to_owned())
    );
    // With room for one, it is led to its end.
    let schema = json!({"type": "array", "items": {"type": "string"}});
    let led = json!({"json_schema": schema, "max_tokens": 20});
    let choice = &bed.chat("x", led).ok()["choices"][0];
    assert_eq!(choice["constraint_completed"], true);
}

#[test]
fn several_texts() {
    let bed = Bed::new();
    let more = json!({"n": 3, "temperature": 1, "max_tokens": 12, "seed": 5});
    let answer = bed.chat("ramble", more.clone()).ok();
    let texts: Vec<&str> = (0..3)
        .map(|n| {
            answer["choices"][n]["message"]["content"]
                .as_str()
                .expect("a text")
        })
        .collect();
    assert!(texts[0] != texts[1] && texts[1] != texts[2]);
    let again = bed.chat("ramble", more.clone()).ok();
    assert_eq!(answer["choices"], again["choices"]);
    let mut streamed = more;
    streamed["stream"] = true.into();
    let chunks = bed.chat("ramble", streamed).chunks();
    for (number, text) in texts.iter().enumerate() {
        assert_eq!(joined(&chunks, number).0, *text);
    }
    // The second text of a seed is the first one of the next.
    let next = json!({"temperature": 1, "max_tokens": 12, "seed": 6});
    assert_eq!(bed.chat("ramble", next).content(), texts[1]);
}

#[test]
fn completions() {
    let bed = Bed::new();
    let ask = |body: Value| bed.post("/v1/completions", &body);
    let answer = ask(json!({"prompt": "say:one§\n", "temperature": 0})).ok();
    assert_eq!(answer["object"], "text_completion");
    assert_eq!(answer["choices"][0]["text"], "one");
    let two = json!({"prompt": ["say:one§\n", "say:two§\n"], "temperature": 0, "n": 2});
    let answer = ask(two).ok();
    let texts: Vec<&Value> = (0..4).map(|n| &answer["choices"][n]["text"]).collect();
    assert_eq!(texts, ["one", "one", "two", "two"]);
    let tokenizer = ModelFiles::embedded().expect("files").tokenizer;
    let ids = tokenizer.encode("say:ids§\n").expect("tokens");
    let ids: Vec<u32> = ids.iter().map(|id| id.0).collect();
    for prompt in [json!(ids), json!([ids])] {
        let answer = ask(json!({"prompt": prompt, "temperature": 0})).ok();
        assert_eq!(answer["choices"][0]["text"], "ids");
    }
    let stream = ask(json!({"prompt": "say:str§\n", "temperature": 0, "stream": true}));
    let text: String = stream
        .chunks()
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["text"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(text, "str");
    assert_eq!(ask(json!({})).error().2, "prompt");
    assert_eq!(ask(json!({"prompt": [99_999]})).error().2, "prompt");
    assert_eq!(ask(json!({"prompt": {}})).error().2, "prompt");
}

#[test]
fn models_and_health() {
    let bed = Bed::new();
    let models = bed.get("/v1/models").ok();
    assert_eq!(models["data"][0]["id"], "toy");
    assert_eq!(bed.get("/v1/models/toy").ok()["object"], "model");
    assert_eq!(bed.get("/v1/models/other").error().0, 404);
    assert_eq!(bed.get("/health").ok()["status"], "ok");
    let other = bed.post("/v1/chat/completions", &chat("x", json!({"model": "gpt"})));
    assert_eq!(
        other.error(),
        (404, "model_not_found".to_owned(), "model".to_owned())
    );
}
