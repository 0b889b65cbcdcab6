//! Bit rows: one bit per token id, in `u32` words.
//!
//! The bit of token `i` is bit `i % 32` of word `i / 32`, least significant
//! first, which is the layout samplers expect. A row for a vocabulary has
//! [`Vocab::mask_words`](crate::Vocab::mask_words) words; bits past the last id
//! are zero.
//!
//! ```
//! use formwork_vocab::{TokenId, mask};
//!
//! let mut row = [0u32; 2];
//! mask::set(&mut row, TokenId(33));
//! assert!(mask::get(&row, TokenId(33)));
//! assert_eq!(row, [0, 0b10]);
//! assert_eq!(mask::iter_ones(&row).collect::<Vec<_>>(), [TokenId(33)]);
//! ```

#![expect(
    clippy::indexing_slicing,
    reason = "a row has a bit for every token, as its caller has to see to"
)]

use crate::{TokenId, kernel};

/// The number of words in a row for `len` tokens.
#[inline]
pub const fn words(len: usize) -> usize {
    len.div_ceil(32)
}

/// Sets the bit of `id`.
///
/// # Panics
///
/// If `id` lies outside the row.
#[inline]
pub fn set(row: &mut [u32], id: TokenId) {
    row[id.index() / 32] |= 1 << (id.0 % 32);
}

/// Sets the bit of every id in `ids`.
///
/// # Panics
///
/// If an id lies outside the row.
#[inline]
pub fn set_all(row: &mut [u32], ids: &[TokenId]) {
    for &id in ids {
        set(row, id);
    }
}

/// Clears the bit of `id`.
///
/// # Panics
///
/// If `id` lies outside the row.
#[inline]
pub fn clear(row: &mut [u32], id: TokenId) {
    row[id.index() / 32] &= !(1 << (id.0 % 32));
}

/// Whether the bit of `id` is set; `false` outside the row.
#[inline]
pub fn get(row: &[u32], id: TokenId) -> bool {
    row.get(id.index() / 32)
        .is_some_and(|word| word >> (id.0 % 32) & 1 == 1)
}

/// Sets in `dst` every bit that is set in `src`.
///
/// # Panics
///
/// If the rows differ in length.
#[inline]
pub fn or_into(dst: &mut [u32], src: &[u32]) {
    assert_eq!(dst.len(), src.len(), "rows of different vocabularies");
    kernel::or_into(dst, src);
}

/// Overwrites `dst` with `src`.
///
/// # Panics
///
/// If the rows differ in length.
#[inline]
pub fn copy_into(dst: &mut [u32], src: &[u32]) {
    dst.copy_from_slice(src);
}

/// The number of set bits.
#[inline]
pub fn count_ones(row: &[u32]) -> usize {
    kernel::count_ones(row)
}

/// Whether no bit is set.
#[inline]
pub fn is_empty(row: &[u32]) -> bool {
    let zeros = kernel::zero_words(row);
    row[zeros..].iter().all(|&word| word == 0)
}

/// The id whose bit is the only one that is set: a token that is forced.
///
/// ```
/// use formwork_vocab::{TokenId, mask};
///
/// assert_eq!(mask::only(&[0, 0b10]), Some(TokenId(33)));
/// assert_eq!(mask::only(&[1, 0b10]), None);
/// ```
pub fn only(row: &[u32]) -> Option<TokenId> {
    let zeros = kernel::zero_words(row);
    let at = zeros + row[zeros..].iter().position(|&word| word != 0)?;
    let is_only = row[at].is_power_of_two() && is_empty(&row[at + 1..]);
    is_only.then(|| TokenId(at as u32 * 32 + row[at].trailing_zeros()))
}

/// The ids whose bits are set, ascending.
#[inline]
pub fn iter_ones(row: &[u32]) -> Ones<'_> {
    Ones {
        row,
        word: row.first().copied().unwrap_or(0),
        at: 0,
    }
}

/// Iterator over the set bits of a row; see [`iter_ones`].
#[derive(Clone, Debug)]
pub struct Ones<'a> {
    row: &'a [u32],
    word: u32, // what is left of row[at]
    at: usize,
}

impl Iterator for Ones<'_> {
    type Item = TokenId;

    #[inline]
    fn next(&mut self) -> Option<TokenId> {
        while self.word == 0 {
            self.at += 1;
            self.word = *self.row.get(self.at)?;
        }
        let bit = self.word.trailing_zeros();
        self.word &= self.word - 1;
        Some(TokenId(self.at as u32 * 32 + bit))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn row_of(ids: &BTreeSet<u32>) -> Vec<u32> {
        let mut row = vec![0; words(100)];
        for &id in ids {
            set(&mut row, TokenId(id));
        }
        row
    }

    fn ids_of(row: &[u32]) -> BTreeSet<u32> {
        iter_ones(row).map(|id| id.0).collect()
    }

    proptest! {
        #[test]
        fn rows_are_sets(
            a in prop::collection::btree_set(0u32..100, 0..40),
            b in prop::collection::btree_set(0u32..100, 0..40),
        ) {
            let (row_a, row_b) = (row_of(&a), row_of(&b));
            prop_assert_eq!(ids_of(&row_a), a.clone());
            prop_assert_eq!(count_ones(&row_a), a.len());
            for id in 0..200 {
                prop_assert_eq!(get(&row_a, TokenId(id)), a.contains(&id));
            }
            let mut row = row_a.clone();
            or_into(&mut row, &row_b);
            prop_assert_eq!(ids_of(&row), &a | &b);
            for &id in &b {
                clear(&mut row, TokenId(id));
            }
            prop_assert_eq!(ids_of(&row), &a - &b);
            copy_into(&mut row, &row_b);
            prop_assert_eq!(row, row_b);
        }
    }

    proptest! {
        #[test]
        fn few_bits_in_many_words(ids in prop::collection::btree_set(0u32..20_000, 0..4)) {
            let mut row = vec![0; words(20_000)];
            for &id in &ids {
                set(&mut row, TokenId(id));
            }
            prop_assert_eq!(ids_of(&row), ids.clone());
            prop_assert_eq!(count_ones(&row), ids.len());
            prop_assert_eq!(is_empty(&row), ids.is_empty());
            let only = ids.first().filter(|_| ids.len() == 1).copied();
            prop_assert_eq!(super::only(&row), only.map(TokenId));
        }
    }

    #[test]
    fn empty_rows() {
        assert_eq!(words(0), 0);
        assert_eq!((words(32), words(33)), (1, 2));
        assert_eq!((is_empty(&[]), only(&[])), (true, None));
        assert_eq!(iter_ones(&[]).next(), None);
        assert_eq!(iter_ones(&[0, 0]).next(), None);
        assert_eq!(iter_ones(&[0, 1 << 31]).collect::<Vec<_>>(), [TokenId(63)]);
    }
}
