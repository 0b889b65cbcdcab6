//! Rows of bits, 64 to a word; what is beyond the end of a row is 0.

use std::ops::Range;

use smallvec::SmallVec;

/// A row that is worked with.
pub(crate) type Row = SmallVec<[u64; 16]>;

/// The row of one bit.
pub(crate) fn one(bit: u32) -> Row {
    let mut row = Row::new();
    insert(&mut row, bit as usize);
    row
}

/// Adds a bit.
pub(crate) fn insert(row: &mut Row, bit: usize) {
    let word = bit / 64;
    if row.len() <= word {
        row.resize(word + 1, 0);
    }
    row[word] |= 1 << (bit % 64);
}

/// Takes a bit away.
pub(crate) fn remove(row: &mut [u64], bit: usize) {
    if let Some(word) = row.get_mut(bit / 64) {
        *word &= !(1 << (bit % 64));
    }
}

pub(crate) fn has(row: &[u64], bit: usize) -> bool {
    let word = row.get(bit / 64);
    word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

/// Adds all of `more`.
pub(crate) fn unite(row: &mut Row, more: &[u64]) {
    if row.len() < more.len() {
        row.resize(more.len(), 0);
    }
    for (word, more) in row.iter_mut().zip(more) {
        *word |= more;
    }
}

/// What is in both rows.
pub(crate) fn both(a: &[u64], b: &[u64]) -> Row {
    a.iter().zip(b).map(|(a, b)| a & b).collect()
}

/// The bits of a row within a range.
pub(crate) fn between(row: &[u64], bits: &Range<usize>) -> Row {
    let mut part = Row::from_elem(0, row.len().min(bits.end.div_ceil(64)));
    for (at, (to, &from)) in part.iter_mut().zip(row).enumerate() {
        let begin = bits.start.saturating_sub(64 * at).min(64);
        let end = bits.end.saturating_sub(64 * at).min(64);
        let below = |bit: usize| match bit {
            64 => u64::MAX,
            bit => (1 << bit) - 1,
        };
        *to = from & below(end) & !below(begin);
    }
    part
}

/// Whether two rows have a bit in common.
pub(crate) fn meet(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).any(|(a, b)| a & b != 0)
}

/// Takes bits away; whether none is left.
pub(crate) fn without(row: &mut [u64], bits: &[u64]) -> bool {
    for (word, bits) in row.iter_mut().zip(bits) {
        *word &= !bits;
    }
    !any(row)
}

pub(crate) fn any(row: &[u64]) -> bool {
    row.iter().any(|&word| word != 0)
}

/// The number of bits of a row.
pub(crate) fn count(row: &[u64]) -> u32 {
    row.iter().map(|word| word.count_ones()).sum()
}

/// The bits of a row, ascending.
pub(crate) fn ones(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(at, &word)| {
        let mut left = word;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some(64 * at + bit)
        })
    })
}

/// The bits of a row, descending.
pub(crate) fn ones_down(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().rev().flat_map(|(at, &word)| {
        let mut left = word;
        std::iter::from_fn(move || {
            let bit = 63_usize.checked_sub(left.leading_zeros() as usize)?;
            left &= !(1 << bit);
            Some(64 * at + bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_order_and_within_bounds() {
        assert_eq!(ones(&[1, 0b101]).collect::<Vec<_>>(), [0, 64, 66]);
        let part = between(&[u64::MAX; 3], &(63..66));
        assert_eq!(ones(&part).collect::<Vec<_>>(), [63, 64, 65]);
        assert_eq!(ones_down(&[1, 0b101]).collect::<Vec<_>>(), [66, 64, 0]);
    }
}
