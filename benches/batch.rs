//! Masks of a batch: 256 matchers, each under a schema of its own, on one thread and on
//! all there are.
//!
//! - `cold`: grammars that have made no masks yet, as when all requests are new. The
//!   compiler is warm, as in a server.
//! - `warm`: the same masks again.
//!
//! After each, how many times as fast all threads are as one.

// A ratio for people; a bench that cannot be set up has nothing to measure.
#![allow(clippy::expect_used, clippy::print_stdout)]

mod common;

use std::cell::Cell;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use formwork::{Compiler, Matcher, fill_masks};

const MATCHERS: usize = 256;

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

fn matchers(compiler: &Compiler) -> Vec<Matcher> {
    let matcher = |n| {
        let mut matcher = common::compile(compiler, &schema(n)).matcher();
        matcher
            .push_bytes(text(n).as_bytes())
            .expect("the text is valid");
        matcher
    };
    (0..MATCHERS).map(matcher).collect()
}

fn bench(c: &mut Criterion) {
    let compiler = common::compiler();
    let stride = compiler.vocab().mask_words();
    let mut rows = vec![0; MATCHERS * stride];
    let mut fill = |matchers: &[Matcher]| {
        let start = Instant::now();
        fill_masks(matchers, &mut rows, stride).expect("no limit is reached");
        start.elapsed()
    };
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let known = matchers(&compiler);
    fill(&known);

    let mut group = c.benchmark_group("batch");
    group.throughput(Throughput::Elements(MATCHERS as u64));
    group.sample_size(20);
    for kind in ["cold", "warm"] {
        let means = [1, all].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().expect("threads");
            let spent = Cell::new((Duration::ZERO, 0));
            group.bench_function(BenchmarkId::new(kind, format!("threads {threads}")), |b| {
                b.iter_custom(|times| {
                    let mut sum = Duration::ZERO;
                    for _ in 0..times {
                        let new = (kind == "cold").then(|| matchers(&compiler));
                        let matchers = new.as_deref().unwrap_or(&known);
                        sum += pool.install(|| fill(matchers));
                    }
                    let (before, count) = spent.get();
                    spent.set((before + sum, count + times));
                    sum
                });
            });
            let (sum, count) = spent.get();
            sum.as_secs_f64() / count.max(1) as f64
        });
        println!(
            "{kind}: {all} threads are {:.2} times as fast as one",
            means[0] / means[1]
        );
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
