//! What the benches share: the embedded vocabulary and some texts under their
//! schemas.

// Each bench uses a part of this.
#![allow(dead_code)]

use std::path::Path;
use std::sync::Arc;

use formwork::{Compiler, Grammar, LoadOptions, SchemaOptions, TokenId, Vocab};
use formwork_bench::longest_match;
use serde_json::Value;

/// A schema of the project's own, with one text that it allows.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) schema: String,
    pub(crate) tokens: Vec<TokenId>,
}

/// Small to large, and between them what makes masks hard: patterns, counts,
/// formats, recursion, overlapping alternatives.
pub(crate) const NAMES: [&str; 8] = [
    "enum-strings",
    "format-date-time",
    "max-length-unicode",
    "pattern-properties",
    "one-of-overlapping",
    "recursion-expression",
    "invoice",
    "chart-spec",
];

/// A compiler over the embedded vocabulary.
pub(crate) fn compiler() -> Compiler {
    let vocab = Vocab::embedded().expect("the vocabulary is part of the build");
    Compiler::new(Arc::new(vocab)).expect("it has every byte")
}

/// The vocabulary of the file that the environment names, or else the embedded one.
pub(crate) fn vocab() -> Arc<Vocab> {
    let vocab = match std::env::var_os("FORMWORK_TOKENIZER") {
        Some(path) => Vocab::load(Path::new(&path), &LoadOptions::new()),
        None => Vocab::embedded(),
    };
    Arc::new(vocab.expect("a vocabulary"))
}

/// Compiles with the default options.
pub(crate) fn compile(compiler: &Compiler, schema: &str) -> Grammar {
    compiler
        .json_schema(schema, &SchemaOptions::default())
        .expect("the schemas of the benches compile")
}

/// The schema and the first valid instance of `schemas/<name>.json`.
pub(crate) fn case(compiler: &Compiler, name: &'static str) -> Case {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.json"));
    let text = std::fs::read_to_string(path).expect("the file is in the repository");
    let file: Value = serde_json::from_str(&text).expect("it is JSON");
    let tests = file["tests"].as_array().expect("it has a list of tests");
    let valid = tests.iter().find(|test| test["valid"] == true);
    let text = valid.expect("one of them is valid")["data"].to_string();
    Case {
        name,
        schema: file["schema"].to_string(),
        tokens: longest_match(compiler.vocab(), &text).expect("every byte is a token"),
    }
}

/// All cases.
pub(crate) fn cases(compiler: &Compiler) -> Vec<Case> {
    NAMES.iter().map(|name| case(compiler, name)).collect()
}
