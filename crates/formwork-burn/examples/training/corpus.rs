//! The texts that the embedded model is trained on.

use std::path::Path;
use std::sync::Arc;

use formwork::{Compiler, LoadOptions, SchemaOptions, Vocab, Whitespace, samples};
use serde_json::Value;

use super::Result;

/// So many random texts are made of every schema.
const SAMPLES: usize = 300;
/// Every labelled valid instance occurs so many times.
const REPEATED: usize = 10;
/// Longer texts would not fit a row.
const MAX_BYTES: usize = 600;

/// One document per text: what it is about, a line end, and the text.
pub(crate) fn texts(folder: &Path, seed: u64) -> Result<Vec<String>> {
    let bytes: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    let vocab = Vocab::from_byte_strings(&bytes, &LoadOptions::new())?;
    let compiler = Compiler::new(Arc::new(vocab))?;
    let compact = SchemaOptions {
        whitespace: Whitespace::Compact,
        ..SchemaOptions::default()
    };
    let mut paths: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let about = name.replace('-', " ");
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
        let schema = &file["schema"];
        // Some are there to be refused.
        let Ok(grammar) = compiler.json_schema(&schema.to_string(), &compact) else {
            continue;
        };
        let mut add = |text: &str| {
            if text.len() <= MAX_BYTES {
                texts.push(format!("{about}\n{text}"));
            }
        };
        for text in samples(&grammar, seed).take(SAMPLES) {
            // Written anew, as people write it: random spellings have many escapes.
            if let Ok(value) = serde_json::from_str::<Value>(&text?) {
                add(&value.to_string());
            }
        }
        let instances = file["tests"].as_array().into_iter().flatten();
        for instance in instances.filter(|test| test["valid"] == true) {
            for _ in 0..REPEATED {
                add(&instance["data"].to_string());
            }
        }
    }
    Ok(texts)
}
