//! Dense numbers for slices of `u32`: the states of products and of subset constructions.

#![expect(
    clippy::indexing_slicing,
    reason = "numbers were given out here, and the index has a power of two of slots"
)]

use std::hash::Hasher;

use rustc_hash::FxHasher;

const FREE: u32 = u32::MAX;

/// Maps slices to numbers `0, 1, 2, ...` in the order of first sight.
///
/// All slices lie in one vector; the index is open addressing over their numbers, at most half
/// full. Expected O(length) per look-up.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    items: Vec<u32>,
    ends: Vec<u32>,
    index: Vec<u32>,
}

impl Interner {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, id: u32) -> &[u32] {
        let id = id as usize;
        let start = if id == 0 {
            0
        } else {
            self.ends[id - 1] as usize
        };
        &self.items[start..self.ends[id] as usize]
    }

    pub(crate) fn intern(&mut self, slice: &[u32]) -> u32 {
        if self.index.len() <= 2 * self.len() {
            self.grow();
        }
        let mask = self.index.len() - 1;
        let mut at = hash(slice) & mask;
        while self.index[at] != FREE {
            if equal(self.get(self.index[at]), slice) {
                return self.index[at];
            }
            at = (at + 1) & mask;
        }
        let id = self.len() as u32;
        self.index[at] = id;
        self.items.extend_from_slice(slice);
        self.ends.push(self.items.len() as u32);
        id
    }

    fn grow(&mut self) {
        let size = (self.index.len() * 2).max(32);
        let mut index = vec![FREE; size];
        for id in 0..self.len() as u32 {
            let mut at = hash(self.get(id)) & (size - 1);
            while index[at] != FREE {
                at = (at + 1) & (size - 1);
            }
            index[at] = id;
        }
        self.index = index;
    }
}

/// The slices are short: a call costs more than the comparison.
fn equal(a: &[u32], b: &[u32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

fn hash(slice: &[u32]) -> usize {
    let mut hasher = FxHasher::default();
    let (pairs, rest) = slice.as_chunks::<2>();
    for &[a, b] in pairs {
        hasher.write_u64(u64::from(a) << 32 | u64::from(b));
    }
    for &item in rest {
        hasher.write_u32(item);
    }
    hasher.finish() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_slices_in_order() {
        let mut interner = Interner::default();
        assert_eq!(interner.intern(&[]), 0);
        for i in 0..1000 {
            assert_eq!(interner.intern(&[i, i + 1]), i + 1);
        }
        for i in 0..1000 {
            assert_eq!(interner.intern(&[i, i + 1]), i + 1);
            assert_eq!(interner.get(i + 1), [i, i + 1]);
        }
        assert_eq!((interner.len(), interner.intern(&[])), (1001, 0));
    }
}
