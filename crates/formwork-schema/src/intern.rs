//! Dense numbers for formulas: the index behind [`Nodes`](crate::node::Nodes).

#![expect(
    clippy::indexing_slicing,
    reason = "numbers are given out here, and the index has a power of two of slots"
)]

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

const FREE: u32 = u32::MAX;

/// Numbers in the order of insertion, found by hash; what they stand for is kept elsewhere, once.
/// Open addressing, at most half full.
#[derive(Default)]
pub(crate) struct Index {
    hashes: Vec<u64>,
    slots: Vec<u32>,
}

impl Index {
    /// The number with this hash for which `equal` holds.
    pub(crate) fn find(&self, hash: u64, equal: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let id = *self.slots.get(at)?;
            if id == FREE {
                return None;
            }
            if self.hashes.get(id as usize) == Some(&hash) && equal(id) {
                return Some(id);
            }
            at = (at + 1) & mask;
        }
    }

    /// The next number, to be found by this hash.
    pub(crate) fn add(&mut self, hash: u64) -> u32 {
        let id = self.hashes.len() as u32;
        self.hashes.push(hash);
        if self.slots.len() < 2 * self.hashes.len() {
            let size = (2 * self.slots.len()).max(64);
            self.slots = vec![FREE; size];
            for id in 0..=id {
                self.place(id);
            }
        } else {
            self.place(id);
        }
        id
    }

    fn place(&mut self, id: u32) {
        let mask = self.slots.len() - 1;
        let mut at = self.hashes[id as usize] as usize & mask;
        while self.slots[at] != FREE {
            at = (at + 1) & mask;
        }
        self.slots[at] = id;
    }
}

pub(crate) fn hash_of(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A set of small numbers that is emptied at no cost.
pub(crate) struct Marks {
    marks: Vec<u32>,
    /// The mark of what is in the set; never 0.
    mark: u32,
}

impl Default for Marks {
    fn default() -> Self {
        Marks {
            marks: Vec::new(),
            mark: 1,
        }
    }
}

impl Marks {
    /// Takes out everything.
    pub(crate) fn clear(&mut self) {
        self.mark = self.mark.wrapping_add(1);
        if self.mark == 0 {
            self.marks.clear();
            self.mark = 1;
        }
    }

    pub(crate) fn contains(&self, id: u32) -> bool {
        self.marks.get(id as usize) == Some(&self.mark)
    }

    /// Adds a number; says whether it is new.
    pub(crate) fn insert(&mut self, id: u32) -> bool {
        let at = id as usize;
        if self.marks.len() <= at {
            self.marks.resize((at + 1).next_power_of_two(), 0);
        }
        std::mem::replace(&mut self.marks[at], self.mark) != self.mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_again() {
        let mut index = Index::default();
        // All in one place.
        for n in 0..1000 {
            assert_eq!(index.find(7, |id| id == n), None);
            assert_eq!(index.add(7), n);
            assert_eq!(index.find(7, |id| id == n), Some(n));
        }
        assert_eq!(index.find(8, |_| true), None);
    }

    #[test]
    fn marks_are_cleared() {
        let mut marks = Marks::default();
        assert!(!marks.contains(3) && marks.insert(3) && !marks.insert(3) && marks.contains(3));
        marks.clear();
        assert!(!marks.contains(3) && marks.insert(3));
    }
}
