//! Texts that matter later, within tokens that reach that far: items that must differ
//! and names that must not repeat.

use formwork::{TokenId, Vocab};
use formwork_testkit::walk::{brute_mask, differences, mask_of, show};
use serde_json::{Value, json};

use crate::support;

/// Bytes, and every piece of some texts up to a length.
fn pieces(texts: &[&str], max: usize) -> Vocab {
    let mut tokens: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    for text in texts {
        let bytes = text.as_bytes();
        for start in 0..bytes.len() {
            for end in start + 2..=bytes.len().min(start + max) {
                tokens.push(bytes[start..end].to_vec());
            }
        }
    }
    tokens.sort_unstable();
    tokens.dedup();
    let mut builder = Vocab::builder();
    for (id, token) in tokens.iter().enumerate() {
        builder.token(TokenId(id as u32), token);
    }
    builder.build().expect("a vocabulary")
}

/// Holds every mask against pushing every token, after every beginning of the texts.
fn check(schema: &Value, texts: &[&str]) {
    let compiler = support::compiler(pieces(texts, 14));
    let mut checked = 0;
    for text in texts {
        for end in 0..=text.len() {
            // A grammar of its own: what others learnt must not matter.
            let grammar = support::compile(&compiler, schema, 8).expect("a schema");
            let mut matcher = grammar.matcher();
            if matcher.push_bytes(&text.as_bytes()[..end]).is_err() {
                break;
            }
            let row = mask_of(&matcher);
            let brute = brute_mask(&matcher).expect("within limits");
            if row != brute {
                let differences = differences(&matcher, &row, &brute);
                panic!(
                    "masks differ after {}: {differences:#?}\nschema {schema}",
                    show(&text.as_bytes()[..end])
                );
            }
            checked += 1;
        }
    }
    assert!(checked > texts.len(), "no text was read: {schema}");
}

fn unique(items: Value) -> Value {
    json!({ "uniqueItems": true, "items": items, "type": "array" })
}

#[test]
fn items_that_must_differ() {
    check(
        &unique(json!({ "type": "string" })),
        &[
            r#"["a","b","a"]"#,
            r#"["","ab",""]"#,
            r#"["a" , "a","\u0061"]"#,
        ],
    );
    check(
        &unique(json!({ "enum": ["a", "ab", 1, null, true] })),
        &[
            r#"["a","ab",1,null,true]"#,
            r#"[1,"a",1,true,"a"]"#,
            r#"[null,null,true]"#,
        ],
    );
    check(
        &unique(json!({ "type": "string", "pattern": "^(a|b+)$" })),
        &[r#"["a","b","bb","a"]"#, r#"["b","a","a"]"#],
    );
    check(
        &unique(json!({ "anyOf": [{ "type": "string" }, { "const": {} }, { "const": [1] }] })),
        &[r#"[{},"a",{},[1]]"#, r#"["a",[1],"b",[1],{}]"#],
    );
    check(
        &unique(json!({ "type": "integer", "minimum": 0 })),
        &["[1,2,1,12]", "[0,10,0]"],
    );
}

#[test]
fn items_of_a_tuple() {
    let tuple = |prefix: Value, rest: Value| json!({ "uniqueItems": true, "prefixItems": prefix, "items": rest, "type": "array" });
    let text = json!({ "type": "string" });
    check(
        &tuple(json!([text, { "enum": ["a"] }]), json!(false)),
        &[r#"["b","a"]"#, r#"["a","a"]"#, r#"["a"]"#],
    );
    check(
        &tuple(
            json!([text, text, { "enum": ["a", "b"] }]),
            json!({ "enum": ["a", "b"] }),
        ),
        &[
            r#"["a","c","b","a"]"#,
            r#"["x","y","a","b"]"#,
            r#"["a","b","a"]"#,
        ],
    );
    check(
        &tuple(
            json!([{ "type": "object" }, { "enum": [{}, { "a": 1 }] }]),
            json!({ "type": "object" }),
        ),
        &[r#"[{"a":1},{},{"b":1}]"#, r#"[{},{"a":1},{}]"#],
    );
}

#[test]
fn objects_that_must_differ() {
    check(
        &unique(json!({ "type": "object" })),
        &[
            r#"[{"a":1},{"a":1,"b":2},{"a":1}]"#,
            r#"[{},{"a":{}},{"a":{}},{}]"#,
        ],
    );
    check(
        &unique(json!({
            "type": "object",
            "properties": { "a": { "enum": ["x", "y"] }, "b": { "type": "string" } },
            "required": ["a"],
            "additionalProperties": false,
        })),
        &[
            r#"[{"a":"x"},{"a":"y"},{"a":"x","b":""}]"#,
            r#"[{"b":"q","a":"x"},{"b":"q","a":"y"},{"b":"q","a":"x"}]"#,
        ],
    );
    check(
        &unique(
            json!({ "type": "object", "properties": { "a": { "const": 1 } }, "maxProperties": 1 }),
        ),
        &[r#"[{"a":1},{"a":1},{"b":1}]"#, r#"[{},{"a":1},{"a":2}]"#],
    );
    check(
        &unique(json!({
            "type": "object",
            "properties": { "in": { "type": "object", "properties": { "k": { "type": "string" } } } },
        })),
        &[
            r#"[{"in":{"k":"v"}},{"in":{"k":"v","l":1}},{"in":{"k":"v"}}]"#,
            r#"[{"in":{"k":"v"},"z":1},{"z":1,"in":{"k":"v"}}]"#,
        ],
    );
}

#[test]
fn arrays_that_must_differ() {
    check(
        &unique(json!({ "type": "array", "items": { "type": "string" } })),
        &[r#"[["a"],["a","b"],["a"]]"#, r#"[[],["a"],[]]"#],
    );
    check(
        &unique(unique(json!({ "enum": ["a", "b", "c"] }))),
        &[
            r#"[["a","b"],["b","a"],["a","b"],["c"]]"#,
            r#"[["c","a"],["c","b"],["c"]]"#,
        ],
    );
    check(
        &json!({
            "type": "object",
            "additionalProperties": unique(json!({ "type": "string" })),
        }),
        &[
            r#"{"a":["x","y"],"b":["x","x"]}"#,
            r#"{"a":["x"],"a":["y"]}"#,
        ],
    );
}

#[test]
fn equal_items() {
    check(
        &json!({ "type": "array", "not": { "uniqueItems": true }, "items": { "type": "string" } }),
        &[r#"["a","b","a"]"#, r#"["a","a"]"#],
    );
}

#[test]
fn names_that_must_not_repeat() {
    check(
        &json!({ "type": "object" }),
        &[
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"":"","":""}"#,
            r#"{"a":{"a":1},"a":"\"","b":1}"#,
        ],
    );
    let names = |pattern: &str| {
        json!({
            "type": "object",
            "patternProperties": { pattern: { "type": ["integer", "string"] } },
            "additionalProperties": false,
        })
    };
    check(
        &names("^[ab]$"),
        &[r#"{"a":1,"b":2}"#, r#"{"b":"","b":1,"a":1}"#],
    );
    check(
        &names("^(a|b+)$"),
        &[r#"{"a":1,"b":2,"bb":1}"#, r#"{"b":1,"a":1,"a":1}"#],
    );
    check(
        &json!({ "type": "object", "propertyNames": { "maxLength": 1 }, "minProperties": 2 }),
        &[r#"{"a":1,"b":2}"#, r#"{"":1,"":2}"#],
    );
}
