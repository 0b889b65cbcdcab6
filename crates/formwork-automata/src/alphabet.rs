//! Alphabet compression: the scalar values, partitioned into classes that no transition tells
//! apart.

#![expect(
    clippy::indexing_slicing,
    reason = "classes and segments are numbers of the tables made here"
)]

use crate::charset::{CharSet, HOLE, MAX};
use crate::interner::Interner;

/// The number of a character class of one automaton: dense, from 0, in order of each class's
/// smallest member.
pub type ClassId = u32;

/// Given for code points in no class: the surrogates, and anything over U+10FFFF.
pub(crate) const NO_CLASS: ClassId = ClassId::MAX;

/// A partition of the scalar values.
///
/// Numbering classes by smallest member keeps those of ASCII characters below 128, so that one
/// byte each is enough for the table of the fast path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alphabet {
    ascii: [u8; 128],
    /// Where each segment starts; ascending, the first at 0.
    starts: Box<[u32]>,
    /// The class of each segment; neighbours differ.
    ids: Box<[ClassId]>,
    /// The ranges of all classes, class after class.
    ranges: Box<[(u32, u32)]>,
    /// Where each class's ranges start in `ranges`, with one end more.
    offsets: Box<[u32]>,
}

impl Alphabet {
    /// The partition into one class.
    pub(crate) fn trivial() -> Self {
        Self::from_segments([(0, 0)], 1).0
    }

    /// Builds the partition in which segments with equal keys form a class.
    ///
    /// `segments` are (start, key), ascending, the first starting at 0, keys below `keys`. Also
    /// returns the class of each key, [`NO_CLASS`] for a key that no scalar value has.
    pub(crate) fn from_segments(
        segments: impl IntoIterator<Item = (u32, u32)>,
        keys: usize,
    ) -> (Self, Vec<ClassId>) {
        let mut class_of_key = vec![NO_CLASS; keys];
        let (mut starts, mut ids): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut count = 0;
        let mut push = |start: u32, key: Option<u32>| {
            let id = match key {
                None => NO_CLASS,
                Some(key) => {
                    let id = &mut class_of_key[key as usize];
                    if *id == NO_CLASS {
                        *id = count;
                        count += 1;
                    }
                    *id
                }
            };
            if ids.last() != Some(&id) {
                starts.push(start);
                ids.push(id);
            }
        };
        let (mut cut, mut resumed, mut last) = (false, false, 0);
        for (start, key) in segments.into_iter().chain([(MAX + 1, 0)]) {
            if start >= HOLE.0 && !cut {
                cut = true;
                push(HOLE.0, None);
            }
            if start > HOLE.1 && !resumed {
                resumed = true;
                if start > HOLE.1 + 1 {
                    push(HOLE.1 + 1, Some(last));
                }
            }
            if start < HOLE.0 || (start > HOLE.1 && start <= MAX) {
                push(start, Some(key));
            }
            last = key;
        }
        (Self::assemble(starts, ids, count as usize), class_of_key)
    }

    fn assemble(starts: Vec<u32>, ids: Vec<ClassId>, classes: usize) -> Self {
        let ends = starts[1..].iter().map(|&s| s - 1).chain([MAX]);
        let mut offsets = vec![0; classes + 1];
        for &id in ids.iter().filter(|&&id| id != NO_CLASS) {
            offsets[id as usize + 1] += 1;
        }
        for class in 0..classes {
            offsets[class + 1] += offsets[class];
        }
        let mut fill = offsets.clone();
        let mut ranges = vec![(0, 0); offsets[classes] as usize];
        let mut ascii = [0; 128];
        for ((&lo, hi), &id) in starts.iter().zip(ends).zip(&ids) {
            if id == NO_CLASS {
                continue;
            }
            ranges[fill[id as usize] as usize] = (lo, hi);
            fill[id as usize] += 1;
            for c in lo..=hi.min(127) {
                ascii[c as usize] = id as u8;
            }
        }
        Self {
            ascii,
            starts: starts.into(),
            ids: ids.into(),
            ranges: ranges.into(),
            offsets: offsets.into(),
        }
    }

    /// The coarsest partition in which every one of `sets` is a union of classes.
    pub(crate) fn refine(sets: &[CharSet]) -> Self {
        let mut starts: Vec<u32> = vec![0];
        for set in sets {
            starts.extend(set.ranges().iter().flat_map(|&(lo, hi)| [lo, hi + 1]));
        }
        starts.sort_unstable();
        starts.dedup();
        if starts.last() == Some(&(MAX + 1)) {
            starts.pop();
        }
        // Split the classes by one set after another; `moved` maps an old key to the key of its
        // part inside the set at hand.
        let mut keys = vec![0; starts.len()];
        let mut moved: Vec<u32> = vec![NO_CLASS];
        let mut touched: Vec<u32> = Vec::new();
        for set in sets {
            for &(lo, hi) in set.ranges() {
                let first = starts.partition_point(|&s| s < lo);
                for at in first..starts.len() {
                    if starts[at] > hi {
                        break;
                    }
                    let old = keys[at] as usize;
                    if moved[old] == NO_CLASS {
                        moved[old] = moved.len() as u32;
                        moved.push(NO_CLASS);
                        touched.push(old as u32);
                    }
                    keys[at] = moved[old];
                }
            }
            for old in touched.drain(..) {
                moved[old as usize] = NO_CLASS;
            }
        }
        Self::from_segments(starts.into_iter().zip(keys), moved.len()).0
    }

    /// The common refinement of `parts`. Also returns, class after class, the class of each part
    /// it lies in.
    pub(crate) fn product(parts: &[&Self]) -> (Self, Vec<ClassId>) {
        let mut starts: Vec<u32> = vec![0];
        for part in parts {
            starts.extend_from_slice(&part.starts);
        }
        starts.sort_unstable();
        starts.dedup();
        let mut tuples = Interner::default();
        let mut at = vec![0usize; parts.len()];
        let mut tuple = vec![0; parts.len()];
        let mut segments = Vec::with_capacity(starts.len());
        for start in starts {
            for (i, part) in parts.iter().enumerate() {
                if part.starts.get(at[i] + 1) == Some(&start) {
                    at[i] += 1;
                }
                tuple[i] = part.ids[at[i]];
            }
            segments.push((start, tuples.intern(&tuple)));
        }
        let (alphabet, class_of_key) = Self::from_segments(segments, tuples.len());
        let mut map = vec![0; alphabet.len() * parts.len()];
        for (key, &class) in class_of_key.iter().enumerate() {
            if class != NO_CLASS {
                let at = class as usize * parts.len();
                map[at..at + parts.len()].copy_from_slice(tuples.get(key as u32));
            }
        }
        (alphabet, map)
    }

    /// Joins the classes which `keys` (one below `count` for each class) maps to the same key.
    pub(crate) fn join(&self, keys: &[u32], count: usize) -> (Self, Vec<ClassId>) {
        let scalar = self
            .starts
            .iter()
            .zip(&self.ids)
            .filter(|&(_, &id)| id != NO_CLASS);
        Self::from_segments(
            scalar.map(|(&start, &id)| (start, keys[id as usize])),
            count,
        )
    }

    /// The number of classes.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn ranges(&self, class: ClassId) -> &[(u32, u32)] {
        let class = class as usize;
        match (
            self.offsets.get(class),
            self.offsets.get(class.saturating_add(1)),
        ) {
            (Some(&lo), Some(&hi)) => &self.ranges[lo as usize..hi as usize],
            _ => &[],
        }
    }

    /// The number of characters in a class.
    pub(crate) fn size(&self, class: ClassId) -> u64 {
        self.ranges(class)
            .iter()
            .map(|&(lo, hi)| u64::from(hi - lo) + 1)
            .sum()
    }

    #[inline]
    pub(crate) fn class_of(&self, c: u32) -> ClassId {
        if let Some(&class) = self.ascii.get(c as usize) {
            return ClassId::from(class);
        }
        if c > MAX {
            return NO_CLASS;
        }
        self.ids[self.segment(c)]
    }

    fn segment(&self, c: u32) -> usize {
        self.starts.partition_point(|&s| s <= c) - 1
    }

    /// The distinct classes with a member in `lo..=hi`, ordered by their first member there.
    ///
    /// O(log n) per segment in the range, and no allocation: a segment yields its class when the
    /// class has no earlier range in `lo..=hi`.
    pub(crate) fn classes_in(&self, lo: u32, hi: u32) -> impl Iterator<Item = ClassId> + '_ {
        let hi = hi.min(MAX);
        let first = if lo > hi {
            self.starts.len()
        } else {
            self.segment(lo)
        };
        let segments = self.starts[first..].iter().zip(&self.ids[first..]);
        segments
            .take_while(move |&(&start, _)| start <= hi)
            .filter_map(move |(&start, &id)| {
                let ranges = self.ranges(id);
                let earliest = ranges.get(ranges.partition_point(|&(_, end)| end < lo))?;
                (earliest.0 == start).then_some(id)
            })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        4 * (self.starts.len() + self.ids.len() + self.offsets.len()) + 8 * self.ranges.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refinement_separates_exactly() {
        let sets = [
            CharSet::word(),
            CharSet::digit(),
            CharSet::from_ranges([(0xD000, 0xE0FF)]),
            CharSet::single('\u{10FFFF}'),
        ];
        let alphabet = Alphabet::refine(&sets);
        assert_eq!(alphabet.len(), 5);
        let total: u64 = (0..5).map(|c| alphabet.size(c)).sum();
        assert_eq!(total, u64::from(CharSet::full().len()));
        for set in &sets {
            for c in 0..5 {
                let class = CharSet::from_ranges(alphabet.ranges(c).iter().copied());
                let both = class.intersect(set);
                assert!(both.is_empty() || both == class);
            }
        }
        assert_eq!(alphabet.class_of(0xD800), NO_CLASS);
        assert_eq!(alphabet.class_of(0x11_0000), NO_CLASS);
        assert_eq!(alphabet.class_of(0xD7FF), alphabet.class_of(0xE000));
    }

    #[test]
    fn classes_in_a_range_are_distinct() {
        let alphabet = Alphabet::refine(&[CharSet::word(), CharSet::single('é')]);
        let all: Vec<_> = alphabet.classes_in(0, MAX).collect();
        assert_eq!(all, [0, 1, 2]);
        let accents: Vec<_> = alphabet.classes_in(0xC0, 0xFF).collect();
        assert_eq!(accents, [0, 2]);
        assert_eq!(alphabet.classes_in('é' as u32, 'é' as u32).count(), 1);
        assert_eq!(alphabet.classes_in(0xD800, 0xDFFF).count(), 0);
        assert_eq!(alphabet.classes_in(5, 4).count(), 0);
        assert_eq!(alphabet.classes_in(0x11_0000, u32::MAX).count(), 0);
    }

    #[test]
    fn product_refines_both() {
        let a = Alphabet::refine(&[CharSet::word()]);
        let b = Alphabet::refine(&[CharSet::from_ranges([('x' as u32, 0x80)])]);
        let (both, map) = Alphabet::product(&[&a, &b]);
        assert_eq!(both.len(), 4);
        for c in ['a', 'y', '~', '!', '\u{80}', '\u{10000}'] {
            let class = both.class_of(c as u32) as usize;
            assert_eq!(map[2 * class], a.class_of(c as u32));
            assert_eq!(map[2 * class + 1], b.class_of(c as u32));
        }
    }
}
