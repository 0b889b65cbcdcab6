//! Eight numbers at a time on processors with AVX2 and F16C.
//!
//! # Unsafe code
//!
//! Instructions must not be run on a processor that lacks them. [`Avx2`] can only be had
//! from [`Avx2::find`], which asks the processor, so whoever has one may run what is
//! here. Memory is read and written through references to arrays of the right size.
//! The safe twin is [`Plain`](super::lanes::Plain), which tests hold this to.

#![allow(unsafe_code)] // see above

use std::arch::x86_64::*;

use super::lanes::Lanes;

/// A processor with AVX2 and F16C.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// This processor, if it is one. The standard library keeps the answer.
    pub(super) fn find() -> Option<Avx2> {
        let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c");
        found.then_some(Avx2(()))
    }

    /// Runs what is inlined into here with all instructions of the processor.
    #[inline(always)]
    pub(super) fn run<T>(self, f: impl FnOnce() -> T) -> T {
        #[target_feature(enable = "avx2,f16c")]
        fn inside<T>(f: impl FnOnce() -> T) -> T {
            f()
        }
        // SAFETY: `self` is proof of both features.
        unsafe { inside(f) }
    }
}

// SAFETY, of all blocks below: `self` is proof of the features that the instructions
// need; those that take a pointer get one to 32 bytes that a reference covers, and ask
// for no alignment.
impl Lanes for Avx2 {
    type V = __m256;

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    fn half(self, half: [u8; 2]) -> __m256 {
        unsafe { _mm256_cvtph_ps(_mm_set1_epi16(i16::from_le_bytes(half))) }
    }

    #[inline(always)]
    fn halves(self, halves: &[u8; 16]) -> __m256 {
        unsafe { _mm256_cvtph_ps(two_words(halves)) }
    }

    #[inline(always)]
    fn uppers(self, uppers: &[u8; 16]) -> __m256 {
        unsafe {
            let wide = _mm256_cvtepu16_epi32(two_words(uppers));
            _mm256_castsi256_ps(_mm256_slli_epi32::<16>(wide))
        }
    }

    #[inline(always)]
    fn unsigned(self, bytes: u64) -> __m256 {
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes as i64))) }
    }

    #[inline(always)]
    fn signed(self, bytes: u64) -> __m256 {
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(bytes as i64))) }
    }

    #[inline(always)]
    fn load(self, values: &[f32; 8]) -> __m256 {
        unsafe { _mm256_loadu_ps(values.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, values: __m256, out: &mut [f32; 8]) {
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), values) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }
}

#[inline(always)]
fn two_words(bytes: &[u8; 16]) -> __m128i {
    let bits = u128::from_le_bytes(*bytes);
    // SAFETY: every processor of this architecture has SSE2.
    unsafe { _mm_set_epi64x((bits >> 64) as i64, bits as i64) }
}
