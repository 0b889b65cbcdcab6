//! The embedded model over the project's own schemas: whatever it prefers, what it writes
//! is valid by another validator. With `FORMWORK_LONG=1`, 1,000 texts and more.

// Tests fail by panicking, and say what they did.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::ops::ControlFlow;
use std::sync::Arc;

use formwork::{Compiler, SchemaOptions, Whitespace};
use formwork_burn::{Device, load};
use formwork_model::{GenerateError, ModelFiles, Request, Sampling, generate};
use formwork_testkit::{Judge, corpus};
use serde_json::Value;

/// A text has at most so many tokens, or as many as the schema needs.
const MAX_TOKENS: usize = 40;

#[test]
fn every_text_is_valid() {
    let is_long = std::env::var_os("FORMWORK_LONG").is_some_and(|value| value == "1");
    // Of each schema; a short run takes every tenth.
    let (texts, step) = if is_long { (8, 1) } else { (2, 10) };
    let files = ModelFiles::embedded().expect("a model");
    let mut model = load(&files.config, &*files.weights, Device::Cpu).expect("a model");
    let vocab = files.tokenizer.vocab();
    let compiler = Compiler::new(Arc::clone(vocab)).expect("a vocabulary");
    let options = SchemaOptions {
        whitespace: Whitespace::Compact,
        ..SchemaOptions::default()
    };
    let prompt = files.tokenizer.stop_ids()[..1].to_vec();

    let mut written = 0;
    for (number, (name, file)) in corpus().into_iter().enumerate().step_by(step) {
        let schema = &file["schema"];
        let grammar = compiler.json_schema(&schema.to_string(), &options);
        let grammar = grammar.unwrap_or_else(|error| panic!("{name}: {error}"));
        let request = |seed: usize, max_tokens| Request {
            prompt: prompt.clone(),
            constraint: Some(grammar.matcher()),
            sampling: Sampling::default(),
            seed: (1000 * number + seed) as u64,
            max_tokens,
            must_complete: true,
            stop: Vec::new(),
        };
        let mut all = |max_tokens| {
            let requests: Vec<Request> = (0..texts).map(|seed| request(seed, max_tokens)).collect();
            let mut go_on = |_: usize, _: &[u8]| ControlFlow::Continue(());
            generate(&mut *model, vocab, &requests, None, &mut go_on)
        };
        let generated = match all(MAX_TOKENS) {
            // No text is short enough.
            Err(GenerateError::TooFewTokens { needed, .. }) => all(needed),
            other => other,
        };
        let generated = generated.unwrap_or_else(|error| panic!("{name}: {error}"));
        let judge = Judge::new(schema).unwrap_or_else(|| panic!("{name}: no judge"));
        for generation in generated.generations {
            let text = String::from_utf8(generation.text).expect("UTF-8");
            assert!(generation.constraint_completed, "{name}: {text} is cut");
            let value = serde_json::from_str(&text);
            let value: Value = value.unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
            assert!(judge.accepts(&value), "{name}: {text}");
            written += 1;
        }
    }
    eprintln!("{written} texts are valid");
    assert!(written >= if is_long { 1000 } else { 25 }, "only {written}");
}
