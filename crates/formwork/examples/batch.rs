//! Masks of a whole batch: how much a second thread gains.
//!
//! ```text
//! cargo run --release -p formwork --features parallel --example batch [tokenizer.json]
//! ```
//!
//! Every matcher has a schema of its own and stands at some place in a text. `cold`
//! fills the masks of grammars that have made none yet, `warm` those again.

// An example prints, and has nobody to hand errors to.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use formwork::{Compiler, LoadOptions, Matcher, SchemaOptions, Vocab, fill_masks};

const SIZES: [usize; 5] = [1, 4, 16, 64, 256];
/// Runs of which the median is taken.
const RUNS: usize = 9;

/// A schema that no other number has.
fn schema(n: usize) -> String {
    format!(
        r#"{{"type": "object", "required": ["id{n}"], "properties": {{
            "id{n}": {{"type": "integer", "maximum": {n}}},
            "name": {{"type": "string", "maxLength": {}}},
            "kind": {{"enum": ["a{n}", "b{n}", "c"]}},
            "tags": {{"type": "array", "items": {{"type": "string"}}}}}}}}"#,
        10 + n
    )
}

/// The place in a text that a number stands at.
fn text(n: usize) -> String {
    let text = format!(
        r#"{{"id{n}": {}, "name": "formwork", "tags": ["a", "b"]"#,
        n / 2
    );
    text.chars().take(1 + n * 7 % 40).collect()
}

fn matchers(compiler: &Compiler, count: usize) -> Result<Vec<Matcher>, Box<dyn Error>> {
    let matcher = |n| {
        let grammar = compiler.json_schema(&schema(n), &SchemaOptions::default())?;
        let mut matcher = grammar.matcher();
        matcher.push_bytes(text(n).as_bytes())?;
        Ok(matcher)
    };
    (0..count).map(matcher).collect()
}

/// Times of the first and second filling.
fn measure(compiler: &Compiler, count: usize) -> Result<[Duration; 2], Box<dyn Error>> {
    let stride = compiler.vocab().mask_words();
    let mut rows = vec![0u32; count * stride];
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..RUNS {
        let matchers = matchers(compiler, count)?;
        for times in &mut times {
            let start = Instant::now();
            fill_masks(&matchers, &mut rows, stride)?;
            times.push(start.elapsed());
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[RUNS / 2]
    }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let vocab = match std::env::args().nth(1) {
        Some(path) => Vocab::load(path, &LoadOptions::new())?,
        None => Vocab::embedded()?,
    };
    let compiler = Compiler::new(Arc::new(vocab))?;
    println!(
        "matchers    cold us: 1 thread   2 threads  gain    warm us: 1 thread   2 threads  gain"
    );
    for count in SIZES {
        let mut by_threads = Vec::new();
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()?;
            let times =
                pool.install(|| measure(&compiler, count).map_err(|error| error.to_string()))?;
            by_threads.push(times.map(|time| time.as_secs_f64() * 1e6));
        }
        let [one, two] = [by_threads[0], by_threads[1]];
        println!(
            "{count:8} {:20.1} {:11.1} {:5.2} {:20.1} {:11.1} {:5.2}",
            one[0],
            two[0],
            one[0] / two[0],
            one[1],
            two[1],
            one[1] / two[1]
        );
    }
    Ok(())
}
