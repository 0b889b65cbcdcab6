//! Masks: every position of a text, a mask and a push each. The figure for one
//! token is the reciprocal of the throughput.
//!
//! - `cold`: a grammar that has read nothing yet, as in the first request for a
//!   schema. The compiler is warm, as in a server.
//! - `warm`: the same text again; all states and rows are known.
//! - `push`: the same without masks.

// A bench that cannot be set up has nothing to measure.
#![allow(clippy::expect_used)]

mod common;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use formwork::{Matcher, TokenId};

fn walk(matcher: &mut Matcher, tokens: &[TokenId], row: &mut [u32]) {
    for &token in tokens {
        matcher.fill_mask(row).expect("no limit is reached");
        matcher.push(token).expect("the text is valid");
    }
    matcher.fill_mask(row).expect("no limit is reached");
    black_box(row);
}

fn push(matcher: &mut Matcher, tokens: &[TokenId]) {
    for &token in tokens {
        matcher.push(token).expect("the text is valid");
    }
}

fn bench(c: &mut Criterion) {
    let compiler = common::compiler();
    let cases = common::cases(&compiler);
    let mut row = vec![0u32; compiler.vocab().mask_words()];

    let mut group = c.benchmark_group("mask/cold");
    for case in &cases {
        group.throughput(Throughput::Elements(case.tokens.len() as u64));
        group.bench_function(case.name, |b| {
            b.iter_batched(
                || common::compile(&compiler, &case.schema).matcher(),
                |mut matcher| {
                    walk(&mut matcher, &case.tokens, &mut row);
                    matcher // dropped outside of what is timed
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();

    let mut group = c.benchmark_group("mask/warm");
    for case in &cases {
        let mut matcher = common::compile(&compiler, &case.schema).matcher();
        group.throughput(Throughput::Elements(case.tokens.len() as u64));
        group.bench_function(case.name, |b| {
            b.iter(|| {
                matcher.reset();
                walk(&mut matcher, &case.tokens, &mut row);
            });
        });
    }
    group.finish();

    let mut group = c.benchmark_group("push/warm");
    for case in &cases {
        let mut matcher = common::compile(&compiler, &case.schema).matcher();
        group.throughput(Throughput::Elements(case.tokens.len() as u64));
        group.bench_function(case.name, |b| {
            b.iter(|| {
                matcher.reset();
                push(&mut matcher, &case.tokens);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
