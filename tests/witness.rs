//! Texts made without a model are valid, and the shortest ones are shortest.

use formwork::{Compiler, SchemaOptions, Whitespace, samples, witness};
use formwork_testkit::{Judge, corpus, vocab};
use serde_json::Value;

use crate::support;

fn compiler() -> Compiler {
    support::compiler(vocab::toy(5))
}

fn compact() -> SchemaOptions {
    SchemaOptions {
        whitespace: Whitespace::Compact,
        ..SchemaOptions::default()
    }
}

#[test]
fn shortest_texts_are_shortest() {
    let compiler = compiler();
    for (schema, bytes) in [
        ("{}", 1),
        (r#"{"type": "object"}"#, 2),
        (r#"{"type": "string", "minLength": 3}"#, 5),
        (r#"{"type": "string", "pattern": "^[é]+$"}"#, 4),
        (r#"{"type": "string", "pattern": "^([é]|ab)$"}"#, 4),
        (r#"{"type": "string", "pattern": "^([é]{3}|[a-z]{5})$"}"#, 7),
        (r#"{"type": "string", "pattern": "^(ééé|aaaaa|€€)$"}"#, 7),
        (r#"{"enum": ["long enough", "a", true]}"#, 3),
        (r#"{"type": "integer", "minimum": 1000}"#, 3), // 1e3
        (r#"{"type": "object", "minProperties": 3}"#, 18),
        (
            r#"{"minProperties": 2, "type": "object", "properties": {"abc": {"const": 1}}}"#,
            12,
        ),
        (
            r#"{"type": "array", "minItems": 3, "uniqueItems": true}"#,
            7,
        ),
        (
            r#"{"type": "array", "minItems": 2, "uniqueItems": true,
                "items": {"enum": ["bbbbbb", "aa", "c"]}}"#,
            10,
        ),
        (
            r#"{"type": "array", "contains": {"type": "string", "minLength": 1}, "minItems": 2}"#,
            7,
        ),
        (
            r##"{"type": "object", "required": ["a"], "properties": {"a": {"anyOf": [
                {"$ref": "#"}, {"type": "string", "minLength": 20}, {"const": null}]}}}"##,
            10,
        ),
    ] {
        let grammar = compiler.json_schema(schema, &compact()).expect(schema);
        let found = witness(&grammar).expect(schema).expect(schema);
        assert_eq!(found.text.len(), bytes, "{schema}: {}", found.text);
        assert!(found.is_shortest, "{schema}: {}", found.text);
    }
}

#[test]
fn completions_go_on_from_a_text() {
    let schema = r#"{"type": "object", "required": ["a"], "properties": {"a": {"const": "bcd"}}}"#;
    let grammar = compiler()
        .json_schema(schema, &compact())
        .expect("a schema");
    let mut matcher = grammar.matcher();
    matcher.push_bytes(br#"{"a":"b"#).expect("a prefix");
    let rest = matcher
        .shortest_completion(1000)
        .expect("no limit")
        .expect("a short one");
    assert_eq!((&*rest.bytes, rest.is_shortest), (&br#"cd"}"#[..], true));
    assert_eq!(matcher.listed_words(), Vec::<Vec<u8>>::new());
    matcher.reset();
    matcher.push_bytes(b"{").expect("a prefix");
    assert_eq!(matcher.listed_words(), [br#""a""#.to_vec()]);
}

#[test]
fn samples_of_the_corpus_are_valid() {
    let compiler = compiler();
    let (mut shortest, mut witnesses) = (0, 0);
    for (name, file) in corpus() {
        let Ok(grammar) = compiler.json_schema(&file["schema"].to_string(), &compact()) else {
            continue;
        };
        let Some(judge) = Judge::new(&file["schema"]) else {
            continue;
        };
        let found = witness(&grammar).expect(&name).expect(&name);
        witnesses += 1;
        shortest += u32::from(found.is_shortest);
        let random = samples(&grammar, 3).take(support::cases(8) as usize);
        let random: Vec<String> = random.map(|text| text.expect(&name)).collect();
        assert_eq!(random.len(), support::cases(8) as usize, "{name}");
        for text in std::iter::once(found.text).chain(random) {
            let value: Value = serde_json::from_str(&text).expect(&text);
            assert!(judge.accepts(&value), "{name}: {text}");
            let mut matcher = grammar.matcher();
            matcher.push_bytes(text.as_bytes()).expect(&name);
            assert!(matcher.is_complete(), "{name}: {text}");
        }
    }
    eprintln!("{shortest} of {witnesses} witnesses are known to be shortest");
    assert!(2 * shortest > witnesses);
}

#[test]
fn samples_differ_and_repeat_by_seed() {
    let schema = r#"{"type": "object", "properties": {"red": {"type": "integer"},
        "green": {"type": "string"}, "blue": {"items": {"type": "boolean"}}}}"#;
    let grammar = compiler()
        .json_schema(schema, &compact())
        .expect("a schema");
    let draw = |seed| -> Vec<String> {
        let texts = samples(&grammar, seed).take(100);
        texts.map(|text| text.expect("no limit")).collect()
    };
    let texts = draw(1);
    assert_eq!(texts, draw(1));
    assert_ne!(texts, draw(2));
    for name in ["red", "green", "blue"] {
        let with = texts.iter().filter(|text| text.contains(name)).count();
        assert!((10..=95).contains(&with), "{with} texts with {name}");
    }
    let mut different = texts.clone();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() > 80, "{}", different.len());
    let bytes: usize = texts.iter().map(String::len).sum();
    assert!((1_000..20_000).contains(&bytes), "{bytes}");
}

/// The name that an object owes is steered to, also after others.
#[test]
fn owed_names_are_found() {
    let compiler = compiler();
    let schema = r#"{"type": "object", "not": {"propertyNames": {"not": {"const": "0"}}}}"#;
    let grammar = compiler.json_schema(schema, &compact()).expect(schema);
    for text in samples(&grammar, 3).take(20) {
        let value: Value = serde_json::from_str(&text.expect("an end")).expect("JSON");
        assert!(value.get("0").is_some(), "{value}");
    }
}
