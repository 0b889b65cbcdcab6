//! From blocks of small integers to floats.
//!
//! The layouts are those of ggml, <https://github.com/ggml-org/ggml>; numbers are
//! little-endian, scales are half floats. Time is linear. The order of operations is
//! ggml's, so that values are the same to the last bit.
//!
//! Small integers are taken apart eight at a time, as bytes of a word. Everything is
//! inlined, so that it is compiled for what the processor has (see [`Lanes`]). Closures
//! might not be, so none of them has lanes.

use half::{bf16, f16};

use super::kind::Kind;
use super::lanes::Lanes;

/// Does `$each!(block)` with the function of a format, which takes the bytes of a block,
/// or of 32 values that come without blocks, and returns the values, eight by eight.
///
/// It is no function of functions, since calls through one might not be inlined.
macro_rules! by_kind {
    ($kind:expr, $each:ident) => {
        match $kind {
            Kind::F32 => $each!(f32s),
            Kind::F16 => $each!(f16s),
            Kind::Bf16 => $each!(bf16s),
            Kind::Q4_0 => $each!(q4_0),
            Kind::Q4_1 => $each!(q4_1),
            Kind::Q5_0 => $each!(q5_0),
            Kind::Q5_1 => $each!(q5_1),
            Kind::Q8_0 => $each!(q8_0),
            Kind::Q4K => $each!(q4_k),
            Kind::Q5K => $each!(q5_k),
            Kind::Q6K => $each!(q6_k),
        }
    };
}

/// Writes the values of whole blocks. Blocks without room and room without blocks are
/// left alone.
#[inline(always)]
pub(super) fn unpack<L: Lanes>(lanes: L, kind: Kind, bytes: &[u8], out: &mut [f32]) {
    macro_rules! store {
        ($block:ident) => {{
            let out = out.as_chunks_mut::<8>().0.as_chunks_mut().0;
            for (bytes, out) in bytes.as_chunks().0.iter().zip(out) {
                store(lanes, $block(lanes, bytes), out);
            }
        }};
    }
    by_kind!(kind, store);
    // Those that come without blocks and do not fill the last 32.
    let size = kind.block_bytes();
    if kind.block_len() == 1 {
        let done = out.len().min(bytes.len() / size) / 32 * 32;
        let rest = bytes[done * size..].chunks_exact(size);
        for (out, bytes) in out[done..].iter_mut().zip(rest) {
            *out = match *bytes {
                [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
                [a, b] if kind == Kind::F16 => f16::from_le_bytes([a, b]).to_f32(),
                [a, b] => bf16::from_le_bytes([a, b]).to_f32(),
                _ => continue,
            };
        }
    }
}

/// The sum of products of the values of whole blocks, or of 32 values each, and others.
#[inline(always)]
pub(super) fn product<L: Lanes>(lanes: L, kind: Kind, bytes: &[u8], x: &[f32]) -> f32 {
    let mut sums = [lanes.splat(0.0); 4];
    macro_rules! sum {
        ($block:ident) => {{
            let x = x.as_chunks::<8>().0.as_chunks().0;
            for (bytes, x) in bytes.as_chunks().0.iter().zip(x) {
                sums = add(lanes, sums, $block(lanes, bytes), x);
            }
        }};
    }
    by_kind!(kind, sum);
    total(lanes, sums)
}

/// The sum of products of as many floats.
#[inline(always)]
pub(super) fn product_of_floats<L: Lanes>(lanes: L, a: &[f32], b: &[f32]) -> f32 {
    let whole = a.len() / 32 * 32;
    let ((a, a_rest), (b, b_rest)) = (a.split_at(whole), b.split_at(whole));
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let mut sums = [lanes.splat(0.0); 4];
    for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
        let values = [
            lanes.load(&a[0]),
            lanes.load(&a[1]),
            lanes.load(&a[2]),
            lanes.load(&a[3]),
        ];
        sums = add(lanes, sums, values, b);
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    total(lanes, sums) + rest
}

#[inline(always)]
fn total<L: Lanes>(lanes: L, [a, b, c, d]: [L::V; 4]) -> f32 {
    lanes.total(lanes.add(lanes.add(a, b), lanes.add(c, d)))
}

#[inline(always)]
fn store<L: Lanes, const N: usize>(lanes: L, values: [L::V; N], out: &mut [[f32; 8]; N]) {
    for (values, out) in values.iter().zip(out) {
        lanes.store(*values, out);
    }
}

/// Adds products to four sums in turn, so that none waits for its last addition.
#[inline(always)]
fn add<L: Lanes, const N: usize>(
    lanes: L,
    mut sums: [L::V; 4],
    values: [L::V; N],
    x: &[[f32; 8]; N],
) -> [L::V; 4] {
    for (i, (values, x)) in values.iter().zip(x).enumerate() {
        sums[i % 4] = lanes.add(sums[i % 4], lanes.mul(*values, lanes.load(x)));
    }
    sums
}

/// The half float at byte `AT` of a block, eight times.
#[inline(always)]
fn half<const AT: usize, L: Lanes, const B: usize>(lanes: L, block: &[u8; B]) -> L::V {
    const { assert!(AT + 2 <= B) };
    lanes.half([block[AT], block[AT + 1]])
}

/// Eight bytes from the `i`th eight on.
#[inline(always)]
fn word(bytes: &[u8], i: usize) -> u64 {
    bytes
        .as_chunks()
        .0
        .get(i)
        .map_or(0, |word| u64::from_le_bytes(*word))
}

/// A word of equal bytes.
#[inline(always)]
fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The low halves of all bytes.
#[inline(always)]
fn low(word: u64) -> u64 {
    word & all(15)
}

/// The high halves of all bytes.
#[inline(always)]
fn high(word: u64) -> u64 {
    low(word >> 4)
}

/// Bit `i` of a byte as the fifth bit of byte `i`.
#[inline(always)]
fn fifths(bits: u8) -> u64 {
    let apart = all(bits) & 0x8040_2010_0804_0201;
    // What is not zero reaches the highest bit.
    (apart + all(0x7f)) >> 3 & all(16)
}

/// Floats.
#[inline(always)]
fn f32s<L: Lanes>(lanes: L, bytes: &[u8; 128]) -> [L::V; 4] {
    let (floats, _) = bytes.as_chunks::<4>();
    let (eights, _) = floats.as_chunks::<8>();
    let eight = |i: usize| eights[i].map(f32::from_le_bytes);
    [
        lanes.load(&eight(0)),
        lanes.load(&eight(1)),
        lanes.load(&eight(2)),
        lanes.load(&eight(3)),
    ]
}

/// Half floats.
#[inline(always)]
fn f16s<L: Lanes>(lanes: L, bytes: &[u8; 64]) -> [L::V; 4] {
    let (eights, _) = bytes.as_chunks();
    [
        lanes.halves(&eights[0]),
        lanes.halves(&eights[1]),
        lanes.halves(&eights[2]),
        lanes.halves(&eights[3]),
    ]
}

/// Upper halves of floats (bfloat16).
#[inline(always)]
fn bf16s<L: Lanes>(lanes: L, bytes: &[u8; 64]) -> [L::V; 4] {
    let (eights, _) = bytes.as_chunks();
    [
        lanes.uppers(&eights[0]),
        lanes.uppers(&eights[1]),
        lanes.uppers(&eights[2]),
        lanes.uppers(&eights[3]),
    ]
}

/// Bytes, less what stands for zero, times a scale.
#[inline(always)]
fn from_zero<L: Lanes>(lanes: L, bytes: u64, zero: L::V, scale: L::V) -> L::V {
    lanes.mul(lanes.sub(lanes.unsigned(bytes), zero), scale)
}

/// Bytes times a scale, and a minimum.
#[inline(always)]
fn from_min<L: Lanes>(lanes: L, bytes: u64, scale: L::V, min: L::V) -> L::V {
    lanes.add(lanes.mul(lanes.unsigned(bytes), scale), min)
}

/// A scale, then 16 bytes: the low halves are the first 16 values, less 8.
#[inline(always)]
fn q4_0<L: Lanes>(lanes: L, block: &[u8; 18]) -> [L::V; 4] {
    let (scale, zero) = (half::<0, _, _>(lanes, block), lanes.splat(8.0));
    let (a, b) = (word(&block[2..], 0), word(&block[2..], 1));
    [
        from_zero(lanes, low(a), zero, scale),
        from_zero(lanes, low(b), zero, scale),
        from_zero(lanes, high(a), zero, scale),
        from_zero(lanes, high(b), zero, scale),
    ]
}

/// A scale, a minimum, then 16 bytes: the low halves are the first 16 values.
#[inline(always)]
fn q4_1<L: Lanes>(lanes: L, block: &[u8; 20]) -> [L::V; 4] {
    let (scale, min) = (half::<0, _, _>(lanes, block), half::<2, _, _>(lanes, block));
    let (a, b) = (word(&block[4..], 0), word(&block[4..], 1));
    [
        from_min(lanes, low(a), scale, min),
        from_min(lanes, low(b), scale, min),
        from_min(lanes, high(a), scale, min),
        from_min(lanes, high(b), scale, min),
    ]
}

/// A scale, 32 fifth bits, then 16 bytes as in Q4_0; values are less 16.
#[inline(always)]
fn q5_0<L: Lanes>(lanes: L, block: &[u8; 22]) -> [L::V; 4] {
    let (scale, zero) = (half::<0, _, _>(lanes, block), lanes.splat(16.0));
    let (a, b) = (word(&block[6..], 0), word(&block[6..], 1));
    [
        from_zero(lanes, low(a) | fifths(block[2]), zero, scale),
        from_zero(lanes, low(b) | fifths(block[3]), zero, scale),
        from_zero(lanes, high(a) | fifths(block[4]), zero, scale),
        from_zero(lanes, high(b) | fifths(block[5]), zero, scale),
    ]
}

/// A scale, a minimum, 32 fifth bits, then 16 bytes as in Q4_1.
#[inline(always)]
fn q5_1<L: Lanes>(lanes: L, block: &[u8; 24]) -> [L::V; 4] {
    let (scale, min) = (half::<0, _, _>(lanes, block), half::<2, _, _>(lanes, block));
    let (a, b) = (word(&block[8..], 0), word(&block[8..], 1));
    [
        from_min(lanes, low(a) | fifths(block[4]), scale, min),
        from_min(lanes, low(b) | fifths(block[5]), scale, min),
        from_min(lanes, high(a) | fifths(block[6]), scale, min),
        from_min(lanes, high(b) | fifths(block[7]), scale, min),
    ]
}

/// A scale, then 32 signed bytes.
#[inline(always)]
fn q8_0<L: Lanes>(lanes: L, block: &[u8; 34]) -> [L::V; 4] {
    let scale = half::<0, _, _>(lanes, block);
    let q = &block[2..];
    [
        lanes.mul(lanes.signed(word(q, 0)), scale),
        lanes.mul(lanes.signed(word(q, 1)), scale),
        lanes.mul(lanes.signed(word(q, 2)), scale),
        lanes.mul(lanes.signed(word(q, 3)), scale),
    ]
}

/// The scale and the minimum, of six bits each, of the eight runs of 32 values in a
/// block of Q4_K or Q5_K.
///
/// The first four of each are the low six bits of bytes 0 to 3 and 4 to 7. The high
/// two bits of those bytes go on top of the last four, whose low halves are in bytes 8
/// to 11: scales low, minimums high.
#[inline(always)]
fn scales(packed: &[u8]) -> [(f32, f32); 8] {
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
#[inline(always)]
fn q4_k<L: Lanes>(lanes: L, block: &[u8; 144]) -> [L::V; 32] {
    k(lanes, block, &[], &block[16..])
}

/// As Q4_K, with 32 bytes of fifth bits before the halves: bit `r` of byte `i` belongs
/// to value `i` of run `r`.
#[inline(always)]
fn q5_k<L: Lanes>(lanes: L, block: &[u8; 176]) -> [L::V; 32] {
    k(lanes, block, &block[16..48], &block[48..])
}

/// What Q4_K and Q5_K have in common.
#[inline(always)]
fn k<L: Lanes, const B: usize>(
    lanes: L,
    block: &[u8; B],
    fifths: &[u8],
    halves: &[u8],
) -> [L::V; 32] {
    let (scale, min) = (half::<0, _, _>(lanes, block), half::<2, _, _>(lanes, block));
    let scales = scales(&block[4..16]);
    let mut out = [scale; 32];
    for run in 0..8 {
        let scale = lanes.mul(scale, lanes.splat(scales[run].0));
        let min = lanes.mul(min, lanes.splat(scales[run].1));
        for i in 0..4 {
            let q = low(word(halves, run / 2 * 4 + i) >> (run % 2 * 4));
            let q = q | (word(fifths, i) >> run & all(1)) << 4;
            out[run * 4 + i] = lanes.sub(lanes.mul(scale, lanes.unsigned(q)), min);
        }
    }
    out
}

/// 128 bytes of low halves, 64 bytes of pairs of high bits, 16 signed scales of 16
/// values each, and the scale of scales. Each half of the block has 4 runs of 32
/// values: their low bits are the low halves of bytes 0 to 31 and 32 to 63, then the
/// high halves of these; their high bits are pairs 0 to 3 of one byte. Values are less
/// 32.
#[inline(always)]
fn q6_k<L: Lanes>(lanes: L, block: &[u8; 210]) -> [L::V; 32] {
    let (scale, zero) = (half::<208, _, _>(lanes, block), lanes.splat(32.0));
    let mut out = [scale; 32];
    for (i, out) in out.iter_mut().enumerate() {
        let (part, run, at) = (i / 16, i / 4 % 4, i % 4);
        let four = low(word(block, part * 8 + run % 2 * 4 + at) >> (run / 2 * 4));
        let two = word(&block[128..], part * 4 + at) >> (run * 2) & all(3);
        let scale = lanes.mul(scale, lanes.splat(f32::from(block[192 + i / 2] as i8)));
        let q = lanes.sub(lanes.unsigned(four | two << 4), zero);
        *out = lanes.mul(scale, q);
    }
    out
}

#[cfg(test)]
mod tests;
