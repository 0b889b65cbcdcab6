//! The page, what it asks, and metrics.

use serde_json::{Value, json};

use crate::client::Bed;

#[test]
fn the_page_needs_nothing_else() {
    let bed = Bed::new();
    let page = bed.get("/");
    assert_eq!(page.status, 200);
    assert!(page.head.to_ascii_lowercase().contains("text/html"));
    assert!(page.head.contains("default-src 'none'"));
    for loaded in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!page.body.contains(loaded), "{loaded}");
    }
}

#[test]
fn what_was_understood() {
    let bed = Bed::new();
    let check = |body: Value| bed.post("/api/check", &body);
    let schema = json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}}});
    let answer = check(json!({"json_schema": schema})).ok();
    assert_eq!(answer["verdict"], "exact");
    let values = answer["values"].as_array().expect("values");
    let kinds = |pointer: &str| {
        let is_there = |value: &&Value| {
            value["pointers"]
                .as_array()
                .expect("pointers")
                .contains(&pointer.into())
        };
        values.iter().find(is_there).expect("a value")["kinds"].clone()
    };
    assert_eq!(kinds("/properties/a"), json!(["null", "string"]));
    let refused = json!({"items": {"pattern": "(x)\\1"}});
    let answer = check(json!({"json_schema": refused})).ok();
    assert_eq!(answer["verdict"], "refused");
    assert_eq!(answer["error"]["details"][0]["pointer"], "#/items");
    assert_eq!(
        check(json!({"grammar": "root ::= \"a\""})).ok()["verdict"],
        "exact"
    );
    assert_eq!(
        check(json!({"grammar": "root ::= b"})).ok()["error"]["details"][0]["line"],
        1
    );
    assert_eq!(check(json!({})).error().0, 400);
    assert_eq!(check(json!({"regex": "a", "x": 1})).error().2, "x");
}

#[test]
fn what_may_follow() {
    let bed = Bed::new();
    let mask = |text: &str| {
        let schema = json!({"enum": ["ab", "ac", "d"]});
        bed.post("/api/mask", &json!({"json_schema": schema, "text": text}))
            .ok()
    };
    let answer = mask("\"a");
    assert_eq!(answer["read"], 2);
    assert_eq!(answer["complete"], false);
    assert_eq!(answer["next_bytes"], json!([b'\\', b'b', b'c']));
    let tokens = answer["tokens"].as_array().expect("tokens");
    assert_eq!(answer["count"], tokens.len());
    let texts: Vec<&str> = tokens
        .iter()
        .filter_map(|token| token["text"].as_str())
        .collect();
    assert!(texts.contains(&"b") && texts.iter().all(|text| text.starts_with(['b', 'c', '\\'])));
    let whole = mask("\"ab\"");
    assert_eq!(
        (&whole["complete"], &whole["count"]),
        (&json!(true), &json!(0))
    );
    let wrong = mask("\"ax");
    assert_eq!((&wrong["read"], &wrong["rest"]), (&json!(2), &json!("x")));
    let few = bed
        .post("/api/mask", &json!({"regex": "[a-z]+", "limit": 3}))
        .ok();
    assert_eq!(few["tokens"].as_array().map(Vec::len), Some(3));
    assert!(few["count"].as_u64() > Some(20));
}

#[test]
fn metrics_are_there() {
    let bed = Bed::new();
    bed.chat("say:a b c§", json!({"regex": "[a-z ]+"})).ok();
    bed.chat("x", json!({"regex": "("})).error();
    let text = bed.get("/metrics").body;
    for line in [
        "formwork_requests_total{endpoint=\"/v1/chat/completions\",status=\"200\"} 1",
        "formwork_requests_total{endpoint=\"/v1/chat/completions\",status=\"400\"} 1",
        "formwork_cache_grammars 1",
        "formwork_compile_seconds_count 1",
        "formwork_first_token_seconds_count 1",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(bed.metric("formwork_tokens_total") >= 2.0);
    assert!(bed.metric("formwork_passes_total") >= 2.0);
}
