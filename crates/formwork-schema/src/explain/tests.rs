use super::*;
use crate::{SchemaOptions, TerminalCache};

fn explained(schema: &str) -> Explain {
    crate::explain(schema, &SchemaOptions::default(), &TerminalCache::default()).unwrap()
}

/// Checks the lines of the tree, white space apart.
#[track_caller]
fn check(schema: &str, expected: &[&str]) {
    let text = explained(schema).to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines, expected, "{text}");
}

#[test]
fn scalars() {
    check("{}", &["anything"]);
    check("false", &["nothing"]);
    check(
        r#"{"type": ["null", "boolean"]}"#,
        &["#0 from the root", "null", "false", "true"],
    );
    check(r#"{"const": false}"#, &["#0 from the root", "false"]);
    check(
        r#"{"enum": ["a", "b", 1, 2, 1.0]}"#,
        &["#0 from the root", "string: one of 2", "number: one of 2"],
    );
}

#[test]
fn strings() {
    let schema = r#"{"type": "string", "minLength": 2, "maxLength": 9, "pattern": "^a*$"}"#;
    let explained = explained(schema);
    let strings = &explained.values[explained.root].strings;
    assert_eq!(strings.len(), 1);
    assert_eq!((strings[0].min, strings[0].max), (2, Some(9)));
    assert_eq!(strings[0].matches, [("pattern `^a*$`".to_owned(), true)]);
    assert_eq!(strings[0].states, 1);
    check(
        r#"{"type": "string", "not": {"enum": ["a", "b"]}}"#,
        &["#0 from the root", "string: none of 2, 3 states"],
    );
}

#[test]
fn formats_have_names() {
    let explained = explained(r#"{"type": "string", "format": "email"}"#);
    assert!(!explained.status.is_exact());
    let strings = &explained.values[0].strings[0];
    assert_eq!(strings.matches, [("format `email`".to_owned(), true)]);
}

#[test]
fn numbers() {
    let schema =
        r#"{"type": "integer", "minimum": 1, "exclusiveMaximum": 99999.5, "multipleOf": 2}"#;
    let explained = explained(schema);
    let numbers = &explained.values[0].numbers[0];
    assert!(numbers.integers && numbers.states > 0);
    assert_eq!(numbers.low, Some(("1".to_owned(), false)));
    assert_eq!(numbers.high, Some(("99999.5".to_owned(), true)));
    assert_eq!(numbers.multiples, [("2".to_owned(), true)]);
    check(r#"{"type": "number"}"#, &["#0 from the root", "number"]);
}

#[test]
fn objects() {
    check(
        r#"{"type": "object", "required": ["a"], "maxProperties": 3, "properties":
            {"a": {"type": "null"}, "b": false}, "additionalProperties": {"type": "null"}}"#,
        &[
            "#0 from the root",
            "object: at most 3 members",
            "\"a\" (required): #1 from /additionalProperties, /properties/a",
            "null",
            "\"b\": must not come",
            "other names: #1 again",
        ],
    );
}

#[test]
fn classes_of_names() {
    let schema = r#"{"type": "object", "patternProperties": {"^[ab]$": {"type": "null"}},
        "additionalProperties": false}"#;
    let explained = explained(schema);
    let object = &explained.values[0].objects[0];
    assert_eq!(object.others.len(), 1);
    assert_eq!(object.others[0].0, Some(2));
}

#[test]
fn duties() {
    let schema = r#"{"type": "object", "not": {"additionalProperties": {"type": "null"}}}"#;
    let explained = explained(schema);
    assert_eq!(explained.values[0].objects[0].duties, 1);
}

#[test]
fn arrays() {
    check(
        r#"{"type": "array", "prefixItems": [{"type": "null"}], "items": {"type": "boolean"},
            "minItems": 2, "uniqueItems": true}"#,
        &[
            "#0 from the root",
            "array: at least 2 items, all different",
            "item 0: #1 from /prefixItems/0",
            "null",
            "further items: #2 from /items",
            "false",
            "true",
        ],
    );
    let explained = explained(
        r#"{"type": "array", "contains": {"type": "null"}, "maxContains": 2, "maxItems": 9}"#,
    );
    let array = &explained.values[0].arrays[0];
    assert!(array.counters.is_some_and(|states| states > 3));
    assert!(array.items.len() >= 2);
}

#[test]
fn recursion_is_a_reference() {
    check(
        r##"{"type": "object", "properties": {"next": {"$ref": "#"}},
            "additionalProperties": false}"##,
        &[
            "#0 from the root, /properties/next",
            "object: no other names",
            "\"next\": #0 again",
        ],
    );
}

#[test]
fn several_schemas_together() {
    let explained = explained(
        r#"{"allOf": [{"properties": {"a": {"type": "string"}}},
                      {"properties": {"a": {"maxLength": 3}}}]}"#,
    );
    let joint = explained.values.iter().find(|value| value.is_joint);
    let pointers = joint.map(|value| value.pointers.clone());
    let expected = ["/allOf/0/properties/a", "/allOf/1/properties/a"];
    assert_eq!(pointers.unwrap_or_default(), expected);
}

#[test]
fn dead_values_are_told() {
    let explained = explained(
        r##"{"properties": {"a": {"type": "string", "enum": [1]},
            "b": {"type": "array", "minItems": 1, "items": {"$ref": "#/properties/b"}}}}"##,
    );
    let expected = ["/properties/a", "/properties/b", "/properties/b/items"];
    assert_eq!(explained.never, expected);
}

#[test]
fn annotations() {
    let reasons = |schema: &str| -> Vec<(String, String)> {
        let annotations = explained(schema).annotations.into_iter();
        annotations.map(|a| (a.keyword, a.reason)).collect()
    };
    let one = |schema: &str, keyword: &str, reason: &str| {
        assert_eq!(reasons(schema), [(keyword.to_owned(), reason.to_owned())]);
    };
    assert_eq!(
        reasons(r#"{"$id": "urn:a", "$defs": {}, "minLength": 1}"#),
        []
    );
    one(r#"{"title": "a"}"#, "title", "only describes");
    one(r#"{"titel": "a"}"#, "titel", "is not of any draft");
    one(
        r#"{"additionalItems": false}"#,
        "additionalItems",
        "is not of this draft",
    );
    one(
        r#"{"format": "colour"}"#,
        "format",
        "names none that is standard",
    );
    one(r#"{"then": {}}"#, "then", "says nothing without `if`");
    one(
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a",
            "minLength": 1, "definitions": {"a": {}}}"##,
        "minLength",
        "stands beside `$ref`, which hides it",
    );
}
