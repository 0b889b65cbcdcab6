//! Values of blocks and their products, compiled for any processor and for those with
//! AVX2.
//!
//! PERF: rows of 1,536 values, one thread of a Xeon of the Cascade Lake kind, least of 20
//! passes over 3 million values, ns for 32 values. *Plain* is what other processors run.
//! From memory, 32 floats alone take 8 to 12 ns.
//!
//! | | Q4_1 | Q8_0 | Q4_K | Q6_K | F16 | F32 |
//! |-|-|-|-|-|-|-|
//! | values, plain | 13.2 | 22.4 | 26.5 | 33.6 | 5.8 | 8.2 |
//! | values, AVX2 | 5.3 | 3.5 | 9.8 | 20.0 | 3.6 | 5.9 |
//! | product with one row, plain | 14.2 | 21.7 | 28.3 | 39.6 | 5.6 | 13.2 |
//! | product with one row, AVX2 | 5.7 | 4.0 | 12.2 | 24.1 | 3.5 | 8.3 |
//! | with eight rows, AVX2 | 26.7 | 25.9 | 31.8 | 45.4 | 27.0 | 34.2 |
//!
//! Tried before: the same loops without lanes, compiled for AVX2, took 17 to 26 ns, since
//! the compiler takes pairs of values where it could take eights.

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
use super::blocks;
use super::kind::Kind;
use super::lanes::{Lanes, Plain};

/// Writes the values of whole blocks. Blocks without room and room without blocks are
/// left alone.
pub(super) fn unpack(kind: Kind, bytes: &[u8], out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::find() {
        return avx2.run(
            #[inline(always)]
            || blocks::unpack(avx2, kind, bytes, out),
        );
    }
    blocks::unpack(Plain, kind, bytes, out);
}

/// Writes the products of stored rows and others, `[stored, others]`. `row` is room for
/// one row; `bytes` and `x` have rows as long as that.
pub(super) fn products(kind: Kind, bytes: &[u8], x: &[f32], row: &mut [f32], out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::find() {
        return avx2.run(
            #[inline(always)]
            || rows(avx2, kind, bytes, x, row, out),
        );
    }
    rows(Plain, kind, bytes, x, row, out);
}

#[inline(always)]
fn rows<L: Lanes>(lanes: L, kind: Kind, bytes: &[u8], x: &[f32], row: &mut [f32], out: &mut [f32]) {
    let row_bytes = row.len() / kind.block_len() * kind.block_bytes();
    let others = x.len().checked_div(row.len()).unwrap_or(0);
    if row_bytes == 0 || others == 0 {
        return;
    }
    let rows = bytes.chunks_exact(row_bytes);
    let rows = rows.zip(out.chunks_exact_mut(others));
    if others == 1 && row.len().is_multiple_of(32) {
        for (bytes, out) in rows {
            out[0] = blocks::product(lanes, kind, bytes, x);
        }
        return;
    }
    // What has been worked out is good for more than one product.
    for (bytes, out) in rows {
        blocks::unpack(lanes, kind, bytes, row);
        for (x, out) in x.chunks_exact(row.len()).zip(out) {
            *out = blocks::product_of_floats(lanes, row, x);
        }
    }
}

#[cfg(test)]
mod tests;
