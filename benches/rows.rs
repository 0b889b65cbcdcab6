//! Rows of bits and scans of the whole vocabulary, the embedded one.

// A bench that cannot be set up has nothing to measure.
#![allow(clippy::expect_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use formwork::{TokenId, Vocab, mask};

/// Words in a row of 128,256 tokens.
const WORDS: usize = 4_008;

fn rows(c: &mut Criterion) {
    let mut group = c.benchmark_group("rows");
    let src: Vec<u32> = (0..WORDS as u32)
        .map(|n| n.wrapping_mul(0x9e37_79b9))
        .collect();
    let mut dst = vec![0; WORDS];
    group.bench_function("or_into", |b| {
        b.iter(|| mask::or_into(black_box(&mut dst), black_box(&src)));
    });
    group.bench_function("copy_into", |b| {
        b.iter(|| mask::copy_into(black_box(&mut dst), black_box(&src)));
    });
    group.bench_function("count_ones", |b| {
        b.iter(|| mask::count_ones(black_box(&src)))
    });
    let ones = |row: &[u32]| mask::iter_ones(row).count();
    group.bench_function("iter_ones/half", |b| b.iter(|| ones(black_box(&src))));
    for (name, step) in [("thousand", 128), ("hundred", 1_280), ("one", 128_000)] {
        let mut row = vec![0; WORDS];
        for id in (step - 1..WORDS as u32 * 32).step_by(step as usize) {
            mask::set(&mut row, TokenId(id));
        }
        group.bench_function(format!("iter_ones/{name}"), |b| {
            b.iter(|| ones(black_box(&row)))
        });
    }
    group.finish();
}

/// A set of ASCII bytes.
fn set(bytes: impl IntoIterator<Item = u8>) -> [u64; 2] {
    let bits = bytes.into_iter().fold(0u128, |set, b| set | 1 << b);
    [bits as u64, (bits >> 64) as u64]
}

fn scans(c: &mut Criterion) {
    let vocab = Vocab::embedded().expect("the vocabulary is part of the build");
    let mut row = vec![0; vocab.mask_words()];
    let mut group = c.benchmark_group("scans");
    let text = set((0x20..0x7f).filter(|b| !b"\"\\".contains(b)));
    for (name, allowed, non_ascii, max) in [
        ("text", text, true, None),
        ("text of 5", text, true, Some(5)),
        ("[0-9]", set(b'0'..=b'9'), false, None),
        ("[a-z]", set(b'a'..=b'z'), false, None),
        ("[etaoin]", set(*b"etaoin"), false, None),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| vocab.scan_within(black_box(allowed), non_ascii, max, &mut row));
        });
    }
    group.finish();
}

criterion_group!(benches, rows, scans);
criterion_main!(benches);
