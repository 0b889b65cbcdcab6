//! Loops over rows, each compiled twice.
//!
//! `scalar` has the loops as they are written. `avx2` has the same loops compiled
//! for processors with AVX2, where the compiler's vectors are twice as wide. Which
//! of them runs is asked of the processor at every call; the standard library asks
//! it once and keeps the answer.
//!
//! # Unsafe code
//!
//! Only the calls of functions with a target feature are unsafe, and all of them
//! are in this file, each behind the question whether the processor has it. There
//! are no pointers and no intrinsics; the twins are the same source.
//!
//! # What is gained
//!
//! PERF: rows of 4,008 words (128,256 tokens) in the first two levels of cache, AMD
//! EPYC of the Zen 4 kind, least of 40 times 500 calls, ns. *Before* is the loop as
//! it stood, baseline x86-64; `cargo bench --bench rows` measures what is here.
//!
//! | loop | before | scalar | AVX2 | AVX-512 |
//! |-|-|-|-|-|
//! | `or_into` | 346 | 346 | 205 | 214 |
//! | `subtract_from` | 346 | 346 | 206 | 214 |
//! | `count_ones` | 2,193 | 994 | 311 | 93 |
//! | `zero_words`, all of a row | 1,092 | 142 | 74 | 78 |
//! | `keep_up_to` | 3,195 | 2,814 | 1,416 | 1,335 |
//!
//! Not here, for want of a gain:
//!
//! - AVX-512: it is stable only since Rust 1.89, and gains nothing but in
//!   `count_ones`, which no mask needs.
//! - Copying and clearing a row, 154 and 139 ns: the C library chooses its
//!   instructions itself.
//! - Looking at candidates one by one in a scan: 9 % by AVX2; with BMI 24 % on random
//!   rows, but nothing that could be told from noise in scans of a real vocabulary.

// Calls of functions whose target feature was asked for just before.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
mod scalar;

/// Runs a function of `avx2` if the processor can, or its twin.
macro_rules! dispatch {
    ($name:ident($($argument:expr),*)) => {{
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, which is all that the function needs.
            return unsafe { avx2::$name($($argument),*) };
        }
        scalar::$name($($argument),*)
    }};
}

/// Sets in `dst` every bit that is set in `src`; rows of one length.
pub(crate) fn or_into(dst: &mut [u32], src: &[u32]) {
    dispatch!(or_into(dst, src))
}

/// Makes `dst` what remains of `src` without the bits of `dst`; rows of one length.
pub(crate) fn subtract_from(dst: &mut [u32], src: &[u32]) {
    dispatch!(subtract_from(dst, src))
}

/// The number of set bits.
pub(crate) fn count_ones(row: &[u32]) -> usize {
    dispatch!(count_ones(row))
}

/// How many words without a bit come first, counted in blocks of 32. Words after the
/// last whole block are not looked at.
pub(crate) fn zero_words(row: &[u32]) -> usize {
    dispatch!(zero_words(row))
}

/// Clears in `row` the bits of numbers above `max`, where plane `k` has bit `k` of
/// every number; all of one length.
pub(crate) fn keep_up_to(row: &mut [u32], planes: [&[u32]; 8], max: u8) {
    dispatch!(keep_up_to(row, planes, max))
}

#[cfg(test)]
mod tests;
