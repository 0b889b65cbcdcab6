//! Calls of tools.

use serde_json::{Value, json};

use crate::client::Bed;

fn tools() -> Value {
    json!([
        {"type": "function", "function": {"name": "weather", "description": "of a city",
            "strict": true, "parameters": {"type": "object",
            "properties": {"city": {"type": "string", "maxLength": 12}}, "required": ["city"],
            "additionalProperties": false}}},
        {"type": "function", "function": {"name": "now"}},
    ])
}

fn written(name: &str, arguments: &str) -> String {
    format!("<tool_call>\n{{\"name\": \"{name}\", \"arguments\": {arguments}}}\n</tool_call>")
}

/// The names and arguments of the calls of a message.
fn calls(message: &Value) -> Vec<(String, Value)> {
    let calls = message["tool_calls"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let call = |call: &Value| {
        assert_eq!(call["type"], "function");
        assert!(
            call["id"]
                .as_str()
                .is_some_and(|id| id.starts_with("call_"))
        );
        let arguments = call["function"]["arguments"].as_str().expect("a text");
        let arguments = serde_json::from_str(arguments).expect("JSON");
        (
            call["function"]["name"]
                .as_str()
                .expect("a name")
                .to_owned(),
            arguments,
        )
    };
    calls.iter().map(call).collect()
}

#[test]
fn free_text_with_calls() {
    let bed = Bed::new();
    let (oslo, now) = (
        written("weather", r#"{"city":"Oslo }"}"#),
        written("now", "{}"),
    );
    let ask = |said: &str, more: Value| {
        let mut more = more;
        more["tools"] = tools();
        bed.chat(&format!("say:{said}§"), more).ok()["choices"][0].clone()
    };
    let choice = ask("no calls < here", json!({}));
    assert_eq!(choice["message"]["content"], "no calls < here");
    assert_eq!(choice["finish_reason"], "stop");
    let choice = ask(
        &format!("so: {oslo}\n{now}"),
        json!({"tool_choice": "auto"}),
    );
    assert_eq!(choice["message"]["content"], "so: ");
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(
        calls(&choice["message"]),
        [
            ("weather".to_owned(), json!({"city": "Oslo }"})),
            ("now".to_owned(), json!({}))
        ]
    );
    // Not in parallel: the first call ends the text.
    let choice = ask(
        &format!("{now}{oslo}"),
        json!({"parallel_tool_calls": false}),
    );
    assert_eq!(calls(&choice["message"]), [("now".to_owned(), json!({}))]);
    assert_eq!(choice["message"]["content"], Value::Null);
    // Where there is to be no call, it is text.
    let choice = ask(&now, json!({"tool_choice": "none"}));
    assert_eq!(choice["message"]["content"], now);
    // A schema for what is no call.
    let format = json!({"type": "json_schema", "json_schema": {"schema": {"const": 5}}});
    let more = json!({"response_format": format});
    assert_eq!(ask("5", more.clone())["message"]["content"], "5");
    assert_eq!(
        calls(&ask(&now, more)["message"]),
        [("now".to_owned(), json!({}))]
    );
}

#[test]
fn calls_that_have_to_be() {
    let bed = Bed::new();
    let named = json!({"type": "function", "function": {"name": "weather"}});
    for (choice, most) in [(json!("required"), 9), (named, 1)] {
        for seed in 0..4 {
            let more = json!({"tools": tools(), "tool_choice": choice, "temperature": 1,
                "seed": seed, "max_tokens": 120});
            let answer = bed.chat("no, I will not", more).ok();
            assert_eq!(
                answer["choices"][0]["finish_reason"], "tool_calls",
                "{answer}"
            );
            let calls = calls(&answer["choices"][0]["message"]);
            assert!((1..=most).contains(&calls.len()), "{calls:?}");
            for (name, arguments) in calls {
                match name.as_str() {
                    "weather" => assert!(arguments["city"].is_string()),
                    name => assert_eq!((name, arguments), ("now", json!({}))),
                }
            }
        }
    }
}

#[test]
fn calls_in_a_stream() {
    let bed = Bed::new();
    let said = format!(
        "so {}\n{}",
        written("weather", r#"{"city":"Å"}"#),
        written("now", "{}")
    );
    let more = json!({"tools": tools(), "stream": true});
    let chunks = bed.chat(&format!("say:{said}§"), more).chunks();
    let (mut content, mut calls) = (String::new(), Vec::<(String, String)>::new());
    let mut ends = Vec::new();
    for chunk in &chunks {
        let choice = &chunk["choices"][0];
        content.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        ends.extend(choice["finish_reason"].as_str());
        for call in choice["delta"]["tool_calls"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let function = &call["function"];
            if let Some(name) = function["name"].as_str() {
                assert_eq!(call["index"], calls.len());
                calls.push((name.to_owned(), String::new()));
            }
            let last = calls.last_mut().expect("a call");
            last.1
                .push_str(function["arguments"].as_str().expect("a text"));
        }
    }
    assert_eq!(content, "so ");
    let wanted = [("weather", r#"{"city":"Å"}"#), ("now", "{}")];
    let found: Vec<(&str, &str)> = calls.iter().map(|(a, b)| (&**a, &**b)).collect();
    assert_eq!(found, wanted);
    assert_eq!(ends, ["tool_calls"]);
}

#[test]
fn tools_that_are_refused() {
    let bed = Bed::new();
    let function = |function: Value| json!([{"type": "function", "function": function}]);
    let pattern = json!({"type": "object", "properties": {"a": {"pattern": "(x)\\1"}}});
    for (more, param) in [
        (
            json!({"tools": function(json!({"name": "a b"}))}),
            "tools[0].function.name",
        ),
        (
            json!({"tools": function(json!({"name": "a", "x": 1}))}),
            "tools[0].function.x",
        ),
        (json!({"tools": [{"type": "web_search"}]}), "tools[0].type"),
        (
            json!({"tools": tools(), "tool_choice": "any"}),
            "tool_choice",
        ),
        (json!({"tool_choice": "required"}), "tool_choice"),
        (
            json!({"tools": tools(), "tool_choice": {"type": "function", "function": {"name": "f"}}}),
            "tool_choice",
        ),
        (json!({"tools": tools(), "regex": "a"}), "regex"),
        (json!({"functions": []}), "functions"),
        (
            json!({"tools": [tools()[0], {"type": "function", "function":
                {"name": "f", "parameters": pattern}}]}),
            "tools[1].function.parameters#/properties/a",
        ),
    ] {
        let (status, _, found) = bed.chat("x", more.clone()).error();
        assert_eq!((status, found.as_str()), (400, param), "{more}");
    }
}
