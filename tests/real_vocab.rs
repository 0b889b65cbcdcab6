//! Masks over real vocabularies against pushing every token.

use formwork::{Compiler, LoadOptions, Vocab};
use formwork_testkit::shared::shared;
use formwork_testkit::walk::{brute_mask, differences, mask_of, show};
use formwork_testkit::{Rng, corpus};
use serde_json::{Value, json};

use crate::support;

/// Files of `schemas/` of which an instance is checked at every position.
const FILES: &[&str] = &[
    "tool-call",
    "enum-strings",
    "pattern-properties",
    "max-length-unicode",
    "multiple-of-hundredth",
    "format-date-time",
    "recursion-tree",
    "additional-properties-schema",
];

/// Checks that mask and brute force agree after `text`, under a grammar of its
/// own, since trying every token fills it with states. `false` if that reached
/// a limit or the text is refused.
fn agrees(compiler: &Compiler, schema: &Value, text: &[u8]) -> bool {
    let Ok(grammar) = support::compile(compiler, schema, 8) else {
        return false;
    };
    let mut matcher = grammar.matcher();
    if matcher.push_bytes(text).is_err() {
        return false;
    }
    let row = mask_of(&matcher);
    let Some(brute) = brute_mask(&matcher) else {
        return false;
    };
    if row != brute {
        let differences = differences(&matcher, &row, &brute);
        panic!(
            "masks differ after {}: {differences:#?}\nschema {schema}",
            show(text)
        );
    }
    true
}

/// A valid instance of a file, as text.
fn instance(file: &Value) -> Option<String> {
    let tests = file["tests"].as_array()?;
    let test = tests.iter().find(|test| test["valid"] == true)?;
    Some(test["data"].to_string())
}

#[test]
fn embedded_vocabulary_at_every_position() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let mut rng = Rng::new(3);
    let mut checked = 0;
    for (name, file) in corpus() {
        if !FILES.contains(&name.as_str()) {
            continue;
        }
        let text = instance(&file).expect("a valid instance");
        let mut positions: Vec<usize> = (0..=text.len()).collect();
        rng.shuffle(&mut positions);
        positions.truncate(support::cases(24) as usize);
        for end in positions {
            assert!(
                agrees(&compiler, &file["schema"], &text.as_bytes()[..end]),
                "{name} at {end}"
            );
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} positions");
}

/// Strings of every kind, each with one that is allowed: what is known of many tokens
/// at once ends at bounds, known names and characters beyond ASCII.
fn strings() -> Vec<(Value, Value)> {
    let pattern = |pattern: &str| json!({ "pattern": pattern, "type": "string" });
    let bounded = |pattern: &str, min: u32, max: u32| json!({ "pattern": pattern, "minLength": min, "maxLength": max, "type": "string" });
    let long = "word ".repeat(6) + "end";
    let names = json!({
        "properties": { "name": {}, "names": { "type": "string" }, "né": {} },
        "type": "object",
    });
    let closed = |pattern: &str| {
        json!({
            "patternProperties": { pattern: { "type": "integer" } },
            "properties": { "x-1": {} },
            "additionalProperties": false,
            "type": "object",
        })
    };
    vec![
        (
            json!({ "maxLength": 7, "type": "string" }),
            json!("aé中\n😀b"),
        ),
        (
            json!({ "minLength": 5, "maxLength": 30, "type": "string" }),
            json!("a\\bc \"d"),
        ),
        (bounded("^(?:\\S+\\s+){0,6}\\S+$", 3, 40), json!(long)),
        (pattern("^[^,\"]+$"), json!("a–b é 中文\\")),
        (pattern("^.+\\.ya?ml$"), json!("dir/файл\\.yaml")),
        (
            pattern("^[A-Z][a-z]*( [A-Z][a-z]+){0,3}$"),
            json!("Ab Cde Fg"),
        ),
        (pattern("^[0-9a-f]{8}-[0-9a-f]{4}$"), json!("0123abcd-ef01")),
        (
            bounded("^([a-z0-9]+-?)*[a-z0-9]$", 2, 12),
            json!("ab-cd-e9"),
        ),
        (bounded("^(ab|cd)*$", 4, 9), json!("abcdab")),
        (
            json!({ "format": "date-time" }),
            json!("2024-02-29T12:00:00Z"),
        ),
        (
            json!({ "format": "email", "maxLength": 30 }),
            json!("a.b+c@example.org"),
        ),
        (
            names,
            json!({ "name": 1, "nam": "x", "né": 2, "names": "y", "z": [] }),
        ),
        (
            closed("^x-[a-z]{1,20}$"),
            json!({ "x-ab": 1, "x-1": 0, "x-abc": 2 }),
        ),
        (closed("^.+$"), json!({ "x-1": 3, "é–": 1 })),
        (
            json!({ "uniqueItems": true, "items": { "maxLength": 4, "type": "string" } }),
            json!(["ab", "abc", "", "é"]),
        ),
        (
            json!({ "uniqueItems": true, "items": bounded("^[a-z]+$", 2, 3) }),
            json!(["ab", "abc", "b\u{63}"]),
        ),
        (
            json!({ "uniqueItems": true, "items": { "type": "object" } }),
            json!([{ "a": 1, "": "" }, { "a": 1, "x": [] }, { "ab": {} }, { "a": 1, "": "b" }]),
        ),
        (
            json!({ "not": { "uniqueItems": true }, "type": "array", "items": { "type": "object" } }),
            json!([{ "a": 1 }, { "b": 2, "c": "" }, { "c": "", "b": 2 }]),
        ),
        (
            json!({ "uniqueItems": true, "items": { "enum": ["a", "ab", "abc"] } }),
            json!(["ab", "abc", "a"]),
        ),
    ]
}

#[test]
fn strings_of_every_kind() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    for (schema, value) in strings() {
        let text = value.to_string();
        for end in 0..=text.len() {
            assert!(
                agrees(&compiler, &schema, &text.as_bytes()[..end]),
                "{schema} at {end} of {text}"
            );
        }
    }
}

#[test]
fn strings_of_every_kind_for_llama() {
    let Some(tokenizer) = shared("tokenizers/llama3_1.json") else {
        return;
    };
    let vocab = Vocab::load(tokenizer, &LoadOptions::new()).expect("a tokenizer");
    let compiler = support::compiler(vocab);
    let mut rng = Rng::new(77);
    for (schema, value) in strings() {
        let text = value.to_string();
        for _ in 0..support::cases(2) {
            let end = rng.below(text.len() + 1);
            assert!(
                agrees(&compiler, &schema, &text.as_bytes()[..end]),
                "{schema} at {end} of {text}"
            );
        }
    }
}

#[test]
fn llama_on_maskbench() {
    let (Some(tokenizer), Some(data)) =
        (shared("tokenizers/llama3_1.json"), shared("maskbench/data"))
    else {
        return;
    };
    let vocab = Vocab::load(tokenizer, &LoadOptions::new()).expect("a tokenizer");
    let compiler = support::compiler(vocab);
    let mut files: Vec<_> = std::fs::read_dir(data)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut rng = Rng::new(2024);
    let (mut checked, mut compiled) = (0, 0);
    while compiled < support::cases(40) && !files.is_empty() {
        let path = files.swap_remove(rng.below(files.len()));
        let text = std::fs::read_to_string(path).expect("a file");
        let Ok(file) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        let Some(text) = instance(&file) else {
            continue;
        };
        if support::compile(&compiler, &file["schema"], 8).is_err() {
            continue;
        }
        compiled += 1;
        for _ in 0..3 {
            let end = rng.below(text.len() + 1);
            checked += u32::from(agrees(&compiler, &file["schema"], &text.as_bytes()[..end]));
        }
    }
    eprintln!("{checked} positions in {compiled} files");
    assert!(
        checked > compiled,
        "most instances are refused or reach limits"
    );
}
