//! The loops, compiled for AVX2.

use super::scalar;

#[target_feature(enable = "avx2")]
pub(super) fn or_into(dst: &mut [u32], src: &[u32]) {
    scalar::or_into(dst, src);
}

#[target_feature(enable = "avx2")]
pub(super) fn subtract_from(dst: &mut [u32], src: &[u32]) {
    scalar::subtract_from(dst, src);
}

#[target_feature(enable = "avx2")]
pub(super) fn count_ones(row: &[u32]) -> usize {
    scalar::count_ones(row)
}

#[target_feature(enable = "avx2")]
pub(super) fn zero_words(row: &[u32]) -> usize {
    scalar::zero_words(row)
}

#[target_feature(enable = "avx2")]
pub(super) fn keep_up_to(row: &mut [u32], planes: [&[u32]; 8], max: u8) {
    scalar::keep_up_to(row, planes, max);
}
