//! Sets of Unicode scalar values.

#![expect(
    clippy::indexing_slicing,
    reason = "a part is cut off where the slice was seen to have one"
)]

use std::fmt;

/// The largest scalar value.
pub(crate) const MAX: u32 = 0x10_FFFF;
/// The surrogates, which are code points but never characters of a string.
pub(crate) const HOLE: (u32, u32) = (0xD800, 0xDFFF);

/// A set of Unicode scalar values, as sorted, disjoint, non-adjacent inclusive ranges.
///
/// Surrogates are never members, and no range spans them: the full set has two ranges. Two sets
/// are equal exactly when their ranges are. Every operation is linear in the number of ranges.
///
/// ```
/// use formwork_automata::CharSet;
///
/// let consonants = CharSet::from_ranges([('a' as u32, 'z' as u32)])
///     .difference(&CharSet::from_ranges("aeiou".chars().map(|c| (c as u32, c as u32))));
/// assert!(consonants.contains('b') && !consonants.contains('e'));
/// assert_eq!(consonants.len(), 21);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CharSet {
    ranges: Vec<(u32, u32)>,
}

impl CharSet {
    /// The set without members.
    #[must_use]
    pub const fn empty() -> Self {
        Self { ranges: Vec::new() }
    }

    /// The set of all scalar values.
    #[must_use]
    pub fn full() -> Self {
        Self {
            ranges: vec![(0, HOLE.0 - 1), (HOLE.1 + 1, MAX)],
        }
    }

    /// The set of one character.
    #[must_use]
    pub fn single(c: char) -> Self {
        Self {
            ranges: vec![(c as u32, c as u32)],
        }
    }

    /// The set of all scalar values in any of the inclusive `ranges`, given in any order.
    ///
    /// Surrogates and values over U+10FFFF are left out; a range that ends before it starts is
    /// empty. O(n log n).
    #[must_use]
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut parts: Vec<(u32, u32)> = Vec::new();
        for (lo, hi) in ranges {
            parts.extend(clip(lo, hi, 0, HOLE.0 - 1));
            parts.extend(clip(lo, hi, HOLE.1 + 1, MAX));
        }
        parts.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(parts.len());
        for (lo, hi) in parts {
            match merged.last_mut() {
                Some(last) if lo <= last.1.saturating_add(1) => last.1 = last.1.max(hi),
                _ => merged.push((lo, hi)),
            }
        }
        Self { ranges: merged }
    }

    /// The ECMA-262 class `\d`: the ten ASCII digits.
    #[must_use]
    pub fn digit() -> Self {
        Self::from_ranges(DIGIT)
    }

    /// The ECMA-262 class `\w`: ASCII letters, digits and the underscore.
    #[must_use]
    pub fn word() -> Self {
        Self::from_ranges(WORD)
    }

    /// The ECMA-262 class `\s`: white space and line ends, the byte order mark among them.
    #[must_use]
    pub fn space() -> Self {
        Self::from_ranges(SPACE)
    }

    /// The ECMA-262 class `.`: everything but `\n`, `\r`, U+2028 and U+2029.
    #[must_use]
    pub fn dot() -> Self {
        Self::from_ranges(LINE_END).complement()
    }

    /// Whether `c` is a member. O(log n).
    #[must_use]
    pub fn contains(&self, c: char) -> bool {
        let c = c as u32;
        let at = self.ranges.partition_point(|&(_, hi)| hi < c);
        self.ranges.get(at).is_some_and(|&(lo, _)| lo <= c)
    }

    /// Whether the set has no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.ranges.iter().map(|&(lo, hi)| hi - lo + 1).sum()
    }

    /// The ranges: inclusive, ascending, disjoint and not adjacent.
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// The members of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_ranges(self.ranges.iter().chain(&other.ranges).copied())
    }

    /// The members of both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.ranges.as_slice(), other.ranges.as_slice());
        let mut ranges = Vec::new();
        while let (Some(&(alo, ahi)), Some(&(blo, bhi))) = (a.first(), b.first()) {
            ranges.extend(clip(alo, ahi, blo, bhi));
            if ahi < bhi {
                a = &a[1..];
            } else {
                b = &b[1..];
            }
        }
        Self { ranges }
    }

    /// The scalar values that are not members.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for &(lo, hi) in &self.ranges {
            if next < lo {
                ranges.push((next, lo - 1));
            }
            next = hi + 1;
        }
        if next <= MAX {
            ranges.push((next, MAX));
        }
        Self::from_ranges(ranges) // cuts the surrogates out
    }

    /// The members that `other` has not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.intersect(&other.complement())
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.ranges.capacity() * size_of::<(u32, u32)>()
    }
}

impl fmt::Debug for CharSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for &(lo, hi) in &self.ranges {
            let show = |c: u32| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
            write!(f, "{}", show(lo).escape_debug())?;
            if lo != hi {
                write!(f, "-{}", show(hi).escape_debug())?;
            }
        }
        f.write_str("]")
    }
}

fn clip(lo: u32, hi: u32, min: u32, max: u32) -> Option<(u32, u32)> {
    let (lo, hi) = (lo.max(min), hi.min(max));
    (lo <= hi).then_some((lo, hi))
}

const DIGIT: [(u32, u32); 1] = [(0x30, 0x39)];
const WORD: [(u32, u32); 4] = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
const LINE_END: [(u32, u32); 3] = [(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)];
const SPACE: [(u32, u32); 10] = [
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complement_never_holds_surrogates() {
        assert_eq!(CharSet::empty().complement(), CharSet::full());
        assert_eq!(CharSet::full().complement(), CharSet::empty());
        assert_eq!(CharSet::from_ranges([(0, MAX)]), CharSet::full());
        let edge = CharSet::from_ranges([(0xD700, 0xE000)]);
        assert_eq!(edge.ranges(), [(0xD700, 0xD7FF), (0xE000, 0xE000)]);
        assert_eq!(edge.complement().complement(), edge);
        assert_eq!(CharSet::full().len(), 0x11_0000 - 0x800);
    }

    #[test]
    fn named_classes() {
        for (c, space, word, dot) in [
            ('\u{FEFF}', true, false, true),
            ('\u{2028}', true, false, false),
            ('\u{3000}', true, false, true),
            ('\u{180E}', false, false, true),
            ('é', false, false, true),
            ('_', false, true, true),
            ('\n', true, false, false),
            ('\u{85}', false, false, true),
        ] {
            assert_eq!(CharSet::space().contains(c), space, "{c:?}");
            assert_eq!(CharSet::word().contains(c), word, "{c:?}");
            assert_eq!(CharSet::dot().contains(c), dot, "{c:?}");
        }
        assert_eq!(CharSet::digit().len(), 10);
    }

    #[test]
    fn set_algebra() {
        let a = CharSet::from_ranges([(10, 20), (5, 9), (30, 40)]);
        assert_eq!(a.ranges(), [(5, 20), (30, 40)]);
        let b = CharSet::from_ranges([(18, 32)]);
        assert_eq!(a.intersect(&b).ranges(), [(18, 20), (30, 32)]);
        assert_eq!(a.difference(&b).ranges(), [(5, 17), (33, 40)]);
        assert_eq!(a.union(&b).ranges(), [(5, 40)]);
        assert_eq!(CharSet::from_ranges([(9, 3)]), CharSet::empty());
    }
}
