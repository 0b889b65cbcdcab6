//! From blocks of small integers to floats.
//!
//! The layouts are those of ggml, <https://github.com/ggml-org/ggml>; numbers are
//! little-endian, scales are half floats. Time is linear, and threads share the work on
//! large tensors. The order of operations is ggml's, so that values are the same to the
//! last bit.

use half::{bf16, f16};
use rayon::prelude::*;

use super::kind::Kind;

/// Blocks that one thread takes at a time.
const CHUNK: usize = 1 << 12;

/// Writes the values of whole blocks. Blocks without room and room without blocks are
/// left alone.
pub(super) fn dequantise(kind: Kind, bytes: &[u8], out: &mut [f32]) {
    out.par_chunks_mut(CHUNK * kind.block_len())
        .zip(bytes.par_chunks(CHUNK * kind.block_bytes()))
        .for_each(|(out, bytes)| chunk(kind, bytes, out));
}

fn chunk(kind: Kind, bytes: &[u8], out: &mut [f32]) {
    match kind {
        Kind::F32 => each(bytes, out, |b, o| *o = [f32::from_le_bytes(*b)]),
        Kind::F16 => each(bytes, out, |b, o| *o = [f16::from_le_bytes(*b).to_f32()]),
        Kind::Bf16 => each(bytes, out, |b, o| *o = [bf16::from_le_bytes(*b).to_f32()]),
        Kind::Q4_0 => each(bytes, out, q4_0),
        Kind::Q4_1 => each(bytes, out, q4_1),
        Kind::Q5_0 => each(bytes, out, q5_0),
        Kind::Q5_1 => each(bytes, out, q5_1),
        Kind::Q8_0 => each(bytes, out, q8_0),
        Kind::Q4K => each(bytes, out, q4_k),
        Kind::Q5K => each(bytes, out, q5_k),
        Kind::Q6K => each(bytes, out, q6_k),
    }
}

fn each<const B: usize, const N: usize>(
    bytes: &[u8],
    out: &mut [f32],
    block: impl Fn(&[u8; B], &mut [f32; N]),
) {
    let blocks = bytes.as_chunks::<B>().0.iter();
    for (bytes, out) in blocks.zip(out.as_chunks_mut::<N>().0) {
        block(bytes, out);
    }
}

/// The half float at byte `AT` of a block.
fn half<const AT: usize, const B: usize>(block: &[u8; B]) -> f32 {
    const { assert!(AT + 2 <= B) };
    f16::from_le_bytes([block[AT], block[AT + 1]]).to_f32()
}

/// A scale, then 16 bytes: the low halves are the first 16 values, less 8.
fn q4_0(block: &[u8; 18], out: &mut [f32; 32]) {
    let scale = half::<0, _>(block);
    let value = |q: u8| f32::from(q as i8 - 8) * scale;
    for (i, &q) in block[2..].iter().enumerate() {
        out[i] = value(q & 15);
        out[i + 16] = value(q >> 4);
    }
}

/// A scale, a minimum, then 16 bytes: the low halves are the first 16 values.
fn q4_1(block: &[u8; 20], out: &mut [f32; 32]) {
    let (scale, min) = (half::<0, _>(block), half::<2, _>(block));
    for (i, &q) in block[4..].iter().enumerate() {
        out[i] = f32::from(q & 15) * scale + min;
        out[i + 16] = f32::from(q >> 4) * scale + min;
    }
}

/// A scale, 32 fifth bits, then 16 bytes as in Q4_0; values are less 16.
fn q5_0(block: &[u8; 22], out: &mut [f32; 32]) {
    let scale = half::<0, _>(block);
    let fifth = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
    let value = |low: u8, i: usize| f32::from(fives(low, fifth, i) as i8 - 16) * scale;
    for (i, &q) in block[6..].iter().enumerate() {
        out[i] = value(q & 15, i);
        out[i + 16] = value(q >> 4, i + 16);
    }
}

/// A scale, a minimum, 32 fifth bits, then 16 bytes as in Q4_1.
fn q5_1(block: &[u8; 24], out: &mut [f32; 32]) {
    let (scale, min) = (half::<0, _>(block), half::<2, _>(block));
    let fifth = u32::from_le_bytes([block[4], block[5], block[6], block[7]]);
    let value = |low: u8, i: usize| f32::from(fives(low, fifth, i)) * scale + min;
    for (i, &q) in block[8..].iter().enumerate() {
        out[i] = value(q & 15, i);
        out[i + 16] = value(q >> 4, i + 16);
    }
}

/// Four bits, and the fifth of value `i`.
fn fives(low: u8, fifth: u32, i: usize) -> u8 {
    low | ((fifth >> i & 1) as u8) << 4
}

/// A scale, then 32 signed bytes.
fn q8_0(block: &[u8; 34], out: &mut [f32; 32]) {
    let scale = half::<0, _>(block);
    for (out, &q) in out.iter_mut().zip(&block[2..]) {
        *out = f32::from(q as i8) * scale;
    }
}

/// The scale and the minimum, of six bits each, of the eight runs of 32 values in a
/// block of Q4_K or Q5_K.
///
/// The first four of each are the low six bits of bytes 0 to 3 and 4 to 7. The high
/// two bits of those bytes go on top of the last four, whose low halves are in bytes 8
/// to 11: scales low, minimums high.
fn scales(packed: &[u8; 12]) -> [(f32, f32); 8] {
    std::array::from_fn(|run| {
        let (scale, min) = if run < 4 {
            (packed[run] & 63, packed[run + 4] & 63)
        } else {
            (
                packed[run + 4] & 15 | packed[run - 4] >> 6 << 4,
                packed[run + 4] >> 4 | packed[run] >> 6 << 4,
            )
        };
        (f32::from(scale), f32::from(min))
    })
}

/// A scale of scales, a scale of minimums, 8 scales and 8 minimums, then 4 runs of 32
/// bytes: low halves are 32 values, high halves the next 32.
fn q4_k(block: &[u8; 144], out: &mut [f32; 256]) {
    let (scale, min) = (half::<0, _>(block), half::<2, _>(block));
    let [_, _, _, _, rest @ ..] = block;
    let (packed, low) = split::<12, 128, 140>(rest);
    let scales = scales(packed);
    for (i, out) in out.iter_mut().enumerate() {
        let run = i / 32;
        let q = low[run / 2 * 32 + i % 32] >> (run % 2 * 4) & 15;
        *out = scale * scales[run].0 * f32::from(q) - min * scales[run].1;
    }
}

/// As Q4_K, with 32 bytes of fifth bits before the halves: bit `r` of byte `i` belongs
/// to value `i` of run `r`.
fn q5_k(block: &[u8; 176], out: &mut [f32; 256]) {
    let (scale, min) = (half::<0, _>(block), half::<2, _>(block));
    let [_, _, _, _, rest @ ..] = block;
    let (packed, rest) = split::<12, 160, 172>(rest);
    let (fifth, low) = split::<32, 128, 160>(rest);
    let scales = scales(packed);
    for (i, out) in out.iter_mut().enumerate() {
        let run = i / 32;
        let q = low[run / 2 * 32 + i % 32] >> (run % 2 * 4) & 15;
        let q = q | (fifth[i % 32] >> run & 1) << 4;
        *out = scale * scales[run].0 * f32::from(q) - min * scales[run].1;
    }
}

/// 128 bytes of low halves, 64 bytes of pairs of high bits, 16 signed scales of 16
/// values each, and the scale of scales. Each half of the block has 4 runs of 32
/// values: their low bits are the low halves of bytes 0 to 31 and 32 to 63, then the
/// high halves of these; their high bits are pairs 0 to 3 of one byte. Values are less
/// 32.
fn q6_k(block: &[u8; 210], out: &mut [f32; 256]) {
    let (low, rest) = split::<128, 82, 210>(block);
    let (high, rest) = split::<64, 18, 82>(rest);
    let (scales, rest) = split::<16, 2, 18>(rest);
    let scale = f16::from_le_bytes(*rest).to_f32();
    for (i, out) in out.iter_mut().enumerate() {
        let (part, run, at) = (i / 128, i / 32 % 4, i % 32);
        let four = low[part * 64 + run % 2 * 32 + at] >> (run / 2 * 4) & 15;
        let two = high[part * 32 + at] >> (run * 2) & 3;
        let q = (four | two << 4) as i8 - 32;
        *out = scale * f32::from(scales[i / 16] as i8) * f32::from(q);
    }
}

/// The first `A` and the last `B` of `N = A + B` bytes.
fn split<const A: usize, const B: usize, const N: usize>(bytes: &[u8; N]) -> (&[u8; A], &[u8; B]) {
    const { assert!(A + B == N && A > 0 && B > 0) };
    // Both are there, by the line above; the empty arms are never taken.
    let first = bytes.first_chunk().unwrap_or(&[0; A]);
    let last = bytes.last_chunk().unwrap_or(&[0; B]);
    (first, last)
}

#[cfg(test)]
mod tests;
