//! What makes single masks slow, each with a valid text: the worst mask of a cold
//! grammar, the mean, the worst mask of a grammar compiled anew by the same compiler,
//! and what the grammar holds in memory afterwards.
//!
//! ```text
//! cargo bench --bench hard
//! FORMWORK_TOKENIZER=tokenizer.json cargo bench --bench hard
//! ```
//!
//! Every run has a compiler of its own, for what compilers keep of formats would make
//! later runs warm; the second grammar of a run shows what that saves. Of each position
//! the median of the runs is taken, then the worst and the mean over positions: a thread
//! that was interrupted once does not show. The vocabulary is the embedded one unless a
//! file is named.

// A table for people; a bench that cannot be set up has nothing to measure.
#![allow(clippy::expect_used, clippy::print_stdout)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use formwork::{Compiler, Grammar, TokenId};
use formwork_bench::longest_match;
use serde_json::{Map, Value, json};

const RUNS: usize = 9;

fn main() {
    // `cargo test` runs benches once, without this argument.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let runs = if is_measured { RUNS } else { 1 };
    let vocab = common::vocab();
    println!(
        "{:<32} {:>10} {:>10} {:>10} {:>10}",
        "", "worst us", "mean us", "second us", "KiB"
    );
    let mut row = vec![0; vocab.mask_words()];
    for (name, schema, text) in cases() {
        let tokens = longest_match(&vocab, &text).expect("every byte is a token");
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for _ in 0..runs {
            let compiler = Compiler::new(Arc::clone(&vocab)).expect("it has every byte");
            for times in [&mut first, &mut second] {
                let grammar = common::compile(&compiler, &schema.to_string());
                times.push(measure(&grammar, &tokens, &mut row));
                bytes = grammar.heap_bytes();
            }
        }
        let (first, second) = (medians(&first), medians(&second));
        let worst = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
        let mean = first.iter().sum::<f64>() / first.len().max(1) as f64;
        println!(
            "{name:<32} {:>10.1} {mean:>10.1} {:>10.1} {:>10}",
            worst(&first),
            worst(&second),
            bytes / 1024
        );
    }
}

/// The time of the mask at each position.
fn measure(grammar: &Grammar, tokens: &[TokenId], row: &mut [u32]) -> Vec<Duration> {
    let mut matcher = grammar.matcher();
    let mut times = Vec::with_capacity(tokens.len() + 1);
    for token in tokens.iter().map(Some).chain([None]) {
        let start = Instant::now();
        matcher.fill_mask(row).expect("no limit is reached");
        times.push(start.elapsed());
        if let Some(&token) = token {
            matcher.push(token).expect("the text is valid");
        }
    }
    assert!(matcher.is_complete(), "the text is whole");
    times
}

/// The median of some runs at each position, in microseconds.
fn medians(runs: &[Vec<Duration>]) -> Vec<f64> {
    let positions = runs.first().map_or(0, Vec::len);
    let median = |at: usize| {
        let mut times: Vec<Duration> = runs.iter().map(|times| times[at]).collect();
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e6
    };
    (0..positions).map(median).collect()
}

/// Names, schemas and valid texts.
fn cases() -> Vec<(&'static str, Value, String)> {
    let name = |n: usize| format!("property_{n}");
    let optional: Map<String, Value> = (0..200)
        .map(|n| (name(n), json!({"type": "integer"})))
        .collect();
    let some: Map<String, Value> = (0..200).step_by(20).map(|n| (name(n), json!(n))).collect();
    let words: Vec<String> = (0..500).map(|n| format!("choice-{}", n * 7919)).collect();
    let chosen = json!(words[321]).to_string();
    let string = |keywords: Value| {
        let mut schema = json!({"type": "string"});
        if let (Some(schema), Value::Object(keywords)) = (schema.as_object_mut(), keywords) {
            schema.extend(keywords);
        }
        schema
    };
    let sentence = ["every", "word", "counts"].repeat(12).join(" ");
    vec![
        (
            "200 optional properties",
            json!({"type": "object", "properties": optional, "additionalProperties": false}),
            Value::Object(some).to_string(),
        ),
        ("enum of 500", json!({"enum": words}), chosen),
        (
            "maxLength 7",
            string(json!({"maxLength": 7})),
            r#""seven c""#.to_owned(),
        ),
        (
            "at most 50 words, maxLength 500",
            string(json!({"pattern": r"^(?:\S+\s+){0,49}\S+$", "maxLength": 500})),
            json!(sentence).to_string(),
        ),
        (
            "format email",
            string(json!({"format": "email"})),
            r#""somebody.else@mail.example.org""#.to_owned(),
        ),
        (
            "format uri",
            string(json!({"format": "uri"})),
            r#""https://example.org:8080/a/path?query=1#part""#.to_owned(),
        ),
    ]
}
