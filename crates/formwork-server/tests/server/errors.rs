//! What is refused, and where the answer says it is wrong.

use serde_json::{Value, json};

use crate::client::{Bed, NAME, Open, chat};

#[test]
fn places_of_mistakes() {
    let bed = Bed::new();
    let format = |schema: Value| {
        json!({"response_format": {"type": "json_schema",
        "json_schema": {"name": "x", "schema": schema}}})
    };
    let schema = "response_format.json_schema.schema";
    for (more, code, param) in [
        (
            json!({"frobnicate": 1}),
            "unsupported_parameter",
            "frobnicate",
        ),
        (
            json!({"logprobs": true}),
            "unsupported_parameter",
            "logprobs",
        ),
        (
            json!({"logit_bias": {"5": 1}}),
            "unsupported_parameter",
            "logit_bias",
        ),
        (
            json!({"frequency_penalty": 0.5}),
            "unsupported_parameter",
            "frequency_penalty",
        ),
        (
            json!({"temperature": "hot"}),
            "invalid_value",
            "temperature",
        ),
        (json!({"temperature": -1}), "invalid_value", "temperature"),
        (json!({"top_p": 2}), "invalid_value", "top_p"),
        (json!({"n": 0}), "invalid_value", "n"),
        (json!({"n": 1000}), "limit_exceeded", "n"),
        (json!({"max_tokens": 0}), "limit_exceeded", "max_tokens"),
        (
            json!({"max_tokens": 1_000_000}),
            "limit_exceeded",
            "max_tokens",
        ),
        (
            json!({"max_tokens": 1, "max_completion_tokens": 1}),
            "invalid_value",
            "max_tokens",
        ),
        (json!({"stop": ""}), "limit_exceeded", "stop"),
        (json!({"stop": 4}), "invalid_value", "stop"),
        (
            json!({"stream_options": {}}),
            "invalid_value",
            "stream_options",
        ),
        (
            json!({"stream": true, "stream_options": {"x": 1}}),
            "unsupported_parameter",
            "stream_options.x",
        ),
        (json!({"messages": []}), "invalid_value", "messages"),
        (
            json!({"messages": [{"role": "user"}]}),
            "invalid_value",
            "messages[0].content",
        ),
        (
            json!({"messages": [{"role": "cat", "content": ""}]}),
            "invalid_value",
            "messages[0].role",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            "unsupported_parameter",
            "messages[0].content[0].type",
        ),
        (
            json!({"modalities": ["audio"]}),
            "unsupported_parameter",
            "modalities",
        ),
        (
            json!({"response_format": {"type": "xml"}}),
            "invalid_value",
            "response_format.type",
        ),
        (
            json!({"response_format": {"type": "json_schema"}}),
            "invalid_value",
            "response_format.json_schema",
        ),
        (
            json!({"regex": "a", "choice": ["b"]}),
            "invalid_value",
            "choice",
        ),
        (json!({"regex": "(a"}), "invalid_grammar", "regex"),
        (
            json!({"grammar": "root ::= itme"}),
            "invalid_grammar",
            "grammar",
        ),
        (
            json!({"grammar": "root ::= root \"a\""}),
            "invalid_grammar",
            "grammar",
        ),
        (
            json!({"grammar": "x", "grammar_format": "yacc"}),
            "invalid_value",
            "grammar_format",
        ),
        (json!({"guided_json": "{"}), "invalid_schema", "guided_json"),
        (
            format(json!({"type": "objekt"})),
            "invalid_schema",
            &format!("{schema}#"),
        ),
        (
            format(json!({"properties": {"a": {"pattern": "(x)\\1"}}})),
            "unsupported_schema",
            &format!("{schema}#/properties/a"),
        ),
        (
            format(json!({"type": "string", "minLength": 3, "maxLength": 2})),
            "unsatisfiable_schema",
            &format!("{schema}#"),
        ),
    ] {
        let (status, found, place) = bed.chat("x", more.clone()).error();
        assert_eq!(
            (status, found.as_str(), place.as_str()),
            (400, code, param),
            "{more}"
        );
    }
    let refused = bed.chat(
        "x",
        format(json!({"properties": {"a": {"pattern": "(x)\\1"}}})),
    );
    let details = &refused.json()["error"]["details"];
    assert_eq!(details[0]["pointer"], "#/properties/a");
    assert_eq!(details[0]["keyword"], "pattern");
}

#[test]
fn bodies_and_paths() {
    let bed = Bed::new();
    let path = "/v1/chat/completions";
    let send = |kind: &str, body: &str| Open::new(bed.address, "POST", path, kind, body).read();
    for body in ["", "[]", "{\"messages\": ", "\u{1}", "{\"a\": 1, \"a\": 1}"] {
        assert_eq!(send("application/json", body).error().0, 400, "{body}");
    }
    let good = chat("say:a§", json!({})).to_string();
    assert_eq!(
        send("application/json; charset=utf-8", &good).content(),
        "a"
    );
    for kind in ["text/plain", "", "application/x-www-form-urlencoded"] {
        assert_eq!(send(kind, &good).error().0, 415);
    }
    assert_eq!(bed.get("/v1/nothing").error().0, 404);
    assert_eq!(bed.get(path).error().0, 405);
    let deep = format!(
        "{{\"json_schema\": {}{}}}",
        "[".repeat(90_000),
        "]".repeat(90_000)
    );
    assert_eq!(send("application/json", &deep).error().0, 400);
}

#[test]
fn a_model_that_fails_once() {
    let bed = Bed::with(Default::default(), |toy| toy.fails_at = Some(3));
    let (status, code, _) = bed.chat("say:a long enough text§", json!({})).error();
    assert_eq!((status, code.as_str()), (500, "server_error"));
    assert_eq!(bed.chat("say:ok§", json!({"model": NAME})).content(), "ok");
    let bed = Bed::with(Default::default(), |toy| toy.fails_at = Some(3));
    let body = bed
        .chat("say:a long enough text§", json!({"stream": true}))
        .body;
    let last = body.rsplit("\n\n").find(|event| !event.is_empty());
    let last = last
        .and_then(|event| event.strip_prefix("data: "))
        .expect("data");
    let last: Value = serde_json::from_str(last).expect("JSON");
    assert_eq!(last["error"]["code"], "server_error");
}
