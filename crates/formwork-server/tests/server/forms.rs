//! Answers in a given form.

use std::sync::Arc;

use formwork_testkit::Judge;
use serde_json::{Value, json};

use crate::client::{Bed, chat, shared, together};

fn strict(schema: &Value) -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "x", "strict": true, "schema": schema}})
}

#[test]
fn schemas_are_kept() {
    let bed = Bed::new();
    let schema = json!({
        "type": "object", "properties": {"ok": {"type": "boolean"}, "n": {"type": "integer",
        "minimum": 3, "maximum": 9}}, "required": ["ok", "n"], "additionalProperties": false,
    });
    let judge = Judge::new(&schema).expect("a judge");
    for seed in 0..6 {
        let more = json!({"response_format": strict(&schema), "seed": seed, "temperature": 1});
        let text = bed.chat("anything", more).content();
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert!(judge.accepts(&value), "{text}");
    }
    assert!(bed.metric("formwork_cache_hits_total") >= 5.0);
    let object = json!({"response_format": {"type": "json_object"}, "max_tokens": 30});
    let text = bed.chat("anything", object).content();
    assert!(
        serde_json::from_str::<Value>(&text)
            .expect("JSON")
            .is_object()
    );
    let plain = json!({"response_format": {"type": "text"}});
    assert_eq!(bed.chat("say:plain§", plain).content(), "plain");
    // Numbers of a schema are read digit by digit.
    let exact = r#"{"const": 12345678901234567890.125}"#;
    let text = bed.chat("x", json!({"json_schema": exact})).content();
    let zeros = text.strip_prefix("12345678901234567890.125");
    assert!(
        zeros.is_some_and(|zeros| zeros.chars().all(|c| c == '0')),
        "{text}"
    );
}

#[test]
fn other_forms_by_their_names() {
    let bed = Bed::new();
    let lark = "start: \"x\" DIGIT+\nDIGIT: /[0-9]/\n";
    let gbnf = "root ::= \"x\" [0-9]+";
    let ebnf = "root ::= 'x' [0-9]+";
    let tag = json!({"type": "structural_tag", "format": {"type": "regex", "pattern": "x[0-9]+"}});
    for more in [
        json!({"grammar": gbnf}),
        json!({"grammar": lark}),
        json!({"grammar": ebnf, "grammar_format": "ebnf"}),
        json!({"grammar": lark, "grammar_format": "lark"}),
        json!({"guided_grammar": gbnf, "grammar_format": "gbnf"}),
        json!({"regex": "x[0-9]+"}),
        json!({"guided_regex": "x[0-9]+"}),
        json!({"choice": ["x17", "y"]}),
        json!({"guided_choice": ["x17"]}),
        json!({"structural_tag": tag}),
        json!({"structural_tag": tag.to_string()}),
        json!({"response_format": tag}),
        json!({"structured_outputs": {"regex": "x[0-9]+"}}),
        json!({"structured_outputs": {"grammar": gbnf}}),
        json!({"structured_outputs": {"choice": ["x17"]}}),
        json!({"structured_outputs": {"structural_tag": tag}}),
    ] {
        assert_eq!(
            bed.chat("say:x17§", more.clone()).content(),
            "x17",
            "{more}"
        );
        // Whatever the model would like to say.
        let mut short = more.clone();
        short["max_tokens"] = 8.into();
        let text = bed.chat("say:nothing of the kind§", short).content();
        assert!(text.starts_with(['x', 'y']), "{more} {text}");
    }
    for more in [
        json!({"json_schema": {"const": 4}}),
        json!({"guided_json": {"const": 4}}),
        json!({"guided_json": "{\"const\": 4}"}),
        json!({"structured_outputs": {"json": {"const": 4}}}),
    ] {
        assert_eq!(bed.chat("say:x17§", more.clone()).content(), "4", "{more}");
    }
    let object = json!({"structured_outputs": {"json_object": true}, "max_tokens": 20});
    assert!(bed.chat("say:{}§", object).content().starts_with('{'));
}

#[test]
fn different_schemas_at_once() {
    let bed: Arc<Bed> = shared();
    let schemas: Vec<Value> = vec![
        json!({"type": "integer", "multipleOf": 7, "minimum": 100, "maximum": 999}),
        json!({"enum": ["red", "green", 4, null]}),
        json!({"type": "string", "pattern": "^[a-z]{3,9}$"}),
        json!({"type": "string", "format": "date"}),
        json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 5}),
        json!({"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"],
            "additionalProperties": false}),
        json!({"anyOf": [{"const": {"k": 1}}, {"type": "array", "maxItems": 0}]}),
        json!({"type": "array", "uniqueItems": true, "items": {"enum": [1, 2, 3]}, "minItems": 3}),
    ];
    let run = |(number, schema): (usize, &Value)| {
        let (bed, schema) = (Arc::clone(&bed), schema.clone());
        let run = move || {
            let judge = Judge::new(&schema).expect("a judge");
            for seed in 0..5 {
                let more = json!({"response_format": strict(&schema), "temperature": 1,
                    "seed": seed, "max_tokens": 60, "stream": number % 2 == 0});
                let answer = bed.post("/v1/chat/completions", &chat("go", more));
                let text: String = match number % 2 == 0 {
                    false => answer.content(),
                    true => answer
                        .chunks()
                        .iter()
                        .filter_map(|chunk| {
                            chunk["choices"][0]["delta"]["content"]
                                .as_str()
                                .map(str::to_owned)
                        })
                        .collect(),
                };
                let value: Value = serde_json::from_str(&text).expect("JSON");
                assert!(judge.accepts(&value), "{schema} {text}");
            }
        };
        Box::new(run) as Box<dyn FnOnce() + Send>
    };
    together(schemas.iter().enumerate().map(run).collect());
    assert!(bed.metric("formwork_constraint_token_seconds_count") > 100.0);
    bed.wait("formwork_running", 0.0);
}
