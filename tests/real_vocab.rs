//! Masks over real vocabularies against pushing every token.

use formwork::{Compiler, LoadOptions, Vocab};
use formwork_testkit::Rng;
use formwork_testkit::shared::shared;
use formwork_testkit::walk::{brute_mask, differences, mask_of, show};
use serde_json::Value;

use crate::schemas::corpus;
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
