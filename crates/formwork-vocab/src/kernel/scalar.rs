//! The loops.
//!
//! They are always inlined, so that their copies are compiled for what the function
//! around them may use.

#![expect(clippy::indexing_slicing, reason = "planes are as long as the rows")]

const BLOCK: usize = 32;

#[inline(always)]
pub(super) fn or_into(dst: &mut [u32], src: &[u32]) {
    for (d, s) in dst.iter_mut().zip(src) {
        *d |= s;
    }
}

#[inline(always)]
pub(super) fn subtract_from(dst: &mut [u32], src: &[u32]) {
    for (d, s) in dst.iter_mut().zip(src) {
        *d = s & !*d;
    }
}

/// In pairs of words: counting is as fast for 64 bits as for 32.
#[inline(always)]
pub(super) fn count_ones(row: &[u32]) -> usize {
    let (pairs, last) = row.as_chunks::<2>();
    let pair = |&[low, high]: &[u32; 2]| (u64::from(low) | u64::from(high) << 32).count_ones();
    let last = last.iter().map(|word| word.count_ones() as usize);
    pairs
        .iter()
        .map(|words| pair(words) as usize)
        .sum::<usize>()
        + last.sum::<usize>()
}

#[inline(always)]
pub(super) fn zero_words(row: &[u32]) -> usize {
    let (blocks, _) = row.as_chunks::<BLOCK>();
    let is_zero = |block: &[u32; BLOCK]| block.iter().fold(0, |all, word| all | word) == 0;
    let first = blocks.iter().position(|block| !is_zero(block));
    BLOCK * first.unwrap_or(blocks.len())
}

#[inline(always)]
pub(super) fn keep_up_to(row: &mut [u32], planes: [&[u32]; 8], max: u8) {
    let len = row.len();
    let planes = planes.map(|plane| &plane[..len]);
    let max: [u32; 8] = std::array::from_fn(|k| u32::from(max >> k & 1).wrapping_neg());
    for (i, word) in row.iter_mut().enumerate() {
        // From the lowest bit up: a number is at most `max` if its highest bit is
        // lower than that of `max`, or equal and the rest is at most.
        let mut at_most = u32::MAX;
        for (plane, max) in planes.iter().zip(max) {
            let is_clear = !plane[i];
            at_most = (at_most & is_clear) | (max & (at_most | is_clear));
        }
        *word &= at_most;
    }
}
