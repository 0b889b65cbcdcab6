//! Eight numbers at a time.

use half::{bf16, f16};

/// What can be done with eight numbers at a time, by a processor that has shown that it
/// can. Results are the same to the last bit, whoever works them out.
pub(super) trait Lanes: Copy {
    /// Eight numbers.
    type V: Copy;

    /// One number eight times.
    fn splat(self, value: f32) -> Self::V;

    /// A half float eight times.
    fn half(self, half: [u8; 2]) -> Self::V;

    /// Half floats.
    fn halves(self, halves: &[u8; 16]) -> Self::V;

    /// The upper halves of floats (bfloat16).
    fn uppers(self, uppers: &[u8; 16]) -> Self::V;

    /// Bytes, the lowest first.
    fn unsigned(self, bytes: u64) -> Self::V;

    /// Signed bytes, the lowest first.
    fn signed(self, bytes: u64) -> Self::V;

    fn load(self, values: &[f32; 8]) -> Self::V;

    fn store(self, values: Self::V, out: &mut [f32; 8]);

    fn add(self, a: Self::V, b: Self::V) -> Self::V;

    fn sub(self, a: Self::V, b: Self::V) -> Self::V;

    fn mul(self, a: Self::V, b: Self::V) -> Self::V;

    /// The sum of all eight.
    #[inline(always)]
    fn total(self, values: Self::V) -> f32 {
        let mut eight = [0.0; 8];
        self.store(values, &mut eight);
        let [a, b, c, d, e, f, g, h] = eight;
        ((a + b) + (c + d)) + ((e + f) + (g + h))
    }
}

/// Any processor.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Lanes for Plain {
    type V = [f32; 8];

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; 8] {
        [value; 8]
    }

    #[inline(always)]
    fn half(self, half: [u8; 2]) -> [f32; 8] {
        [f16::from_le_bytes(half).to_f32(); 8]
    }

    #[inline(always)]
    fn halves(self, halves: &[u8; 16]) -> [f32; 8] {
        pairs(halves).map(|half| f16::from_le_bytes(half).to_f32())
    }

    #[inline(always)]
    fn uppers(self, uppers: &[u8; 16]) -> [f32; 8] {
        pairs(uppers).map(|upper| bf16::from_le_bytes(upper).to_f32())
    }

    #[inline(always)]
    fn unsigned(self, bytes: u64) -> [f32; 8] {
        bytes.to_le_bytes().map(f32::from)
    }

    #[inline(always)]
    fn signed(self, bytes: u64) -> [f32; 8] {
        bytes.to_le_bytes().map(|byte| f32::from(byte as i8))
    }

    #[inline(always)]
    fn load(self, values: &[f32; 8]) -> [f32; 8] {
        *values
    }

    #[inline(always)]
    fn store(self, values: [f32; 8], out: &mut [f32; 8]) {
        *out = values;
    }

    #[inline(always)]
    fn add(self, a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|i| a[i] - b[i])
    }

    #[inline(always)]
    fn mul(self, a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|i| a[i] * b[i])
    }
}

#[inline(always)]
fn pairs(bytes: &[u8; 16]) -> [[u8; 2]; 8] {
    std::array::from_fn(|i| [bytes[2 * i], bytes[2 * i + 1]])
}
