//! Sets of small numbers that grow as they must.

use smallvec::SmallVec;

use crate::row;

/// A set of numbers, one bit each.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Bits {
    /// Most sets of a chart are small.
    words: SmallVec<[u64; 2]>,
}

impl Bits {
    /// The set of one number.
    pub(crate) fn one(number: u32) -> Bits {
        let mut bits = Bits::default();
        bits.insert(number);
        bits
    }

    pub(crate) fn insert(&mut self, number: u32) {
        let at = number as usize / 64;
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        self.words[at] |= 1 << (number % 64);
    }

    pub(crate) fn contains(&self, number: u32) -> bool {
        row::has(&self.words, number as usize)
    }

    pub(crate) fn is_empty(&self) -> bool {
        !row::any(&self.words)
    }

    /// Adds all of `more`; what was new goes to `new`. Returns whether any was.
    pub(crate) fn add(&mut self, more: &Bits, new: &mut Bits) -> bool {
        if self.words.len() < more.words.len() {
            self.words.resize(more.words.len(), 0);
        }
        let mut any = 0;
        for (at, (word, &add)) in self.words.iter_mut().zip(&more.words).enumerate() {
            let fresh = add & !*word;
            if fresh != 0 {
                *word |= fresh;
                any |= fresh;
                if new.words.len() <= at {
                    new.words.resize(at + 1, 0);
                }
                new.words[at] |= fresh;
            }
        }
        any != 0
    }

    /// Adds all of `more`.
    pub(crate) fn unite(&mut self, more: &Bits) {
        if self.words.len() < more.words.len() {
            self.words.resize(more.words.len(), 0);
        }
        for (word, add) in self.words.iter_mut().zip(&more.words) {
            *word |= add;
        }
    }

    /// Adds what is in both of two others. Returns whether any was new.
    pub(crate) fn add_both(&mut self, a: &Bits, b: &Bits) -> bool {
        let both = a.words.len().min(b.words.len());
        if self.words.len() < both {
            self.words.resize(both, 0);
        }
        let mut fresh = 0;
        for (word, (a, b)) in self.words.iter_mut().zip(a.words.iter().zip(&b.words)) {
            let add = a & b;
            fresh |= add & !*word;
            *word |= add;
        }
        fresh != 0
    }

    /// Adds what is in both of two others; what was new goes to `new`. Returns whether any
    /// was.
    pub(crate) fn add_new_both(&mut self, a: &Bits, b: &Bits, new: &mut Bits) -> bool {
        let mut any = false;
        for (at, (a, b)) in a.words.iter().zip(&b.words).enumerate() {
            let fresh = a & b & !self.words.get(at).copied().unwrap_or(0);
            if fresh == 0 {
                continue;
            }
            any = true;
            for words in [&mut self.words, &mut new.words] {
                if words.len() <= at {
                    words.resize(at + 1, 0);
                }
                words[at] |= fresh;
            }
        }
        any
    }

    /// What is in both of two sets.
    pub(crate) fn both(&self, other: &Bits) -> Bits {
        let words = self.words.iter().zip(&other.words);
        let words = words.map(|(a, b)| a & b).collect();
        Bits { words }.trimmed()
    }

    /// Without words at its end that are 0: equal sets are written alike then.
    fn trimmed(mut self) -> Bits {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
        self
    }

    /// What is not in another set.
    pub(crate) fn without(mut self, other: &Bits) -> Bits {
        row::without(&mut self.words, &other.words);
        self
    }

    /// Moves what is in another set to a third one.
    pub(crate) fn move_both(&mut self, other: &Bits, to: &mut Bits) {
        let both = self.words.len().min(other.words.len());
        if to.words.len() < both {
            to.words.resize(both, 0);
        }
        let words = self.words.iter_mut().zip(&other.words);
        for ((word, other), to) in words.zip(&mut to.words) {
            *to |= *word & other;
            *word &= !other;
        }
    }

    /// Whether two sets have a number in common.
    pub(crate) fn meets(&self, other: &Bits) -> bool {
        row::meet(&self.words, &other.words)
    }

    /// Those below some number, and the others.
    pub(crate) fn split(mut self, number: u32) -> (Bits, Bits) {
        let (at, bit) = (number as usize / 64, number % 64);
        if self.words.len() <= at {
            return (self, Bits::default());
        }
        let mut others = Bits::default();
        others.words.resize(at, 0);
        others.words.extend_from_slice(&self.words[at..]);
        let below = (1 << bit) - 1;
        others.words[at] &= !below;
        self.words[at] &= below;
        self.words.truncate(at + 1);
        (self.trimmed(), others)
    }

    /// Its numbers, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        row::ones(&self.words).map(|number| number as u32)
    }

    /// Its numbers, descending.
    pub(crate) fn iter_down(&self) -> impl Iterator<Item = u32> + '_ {
        row::ones_down(&self.words).map(|number| number as u32)
    }

    /// The last of its numbers.
    pub(crate) fn last(&self) -> Option<u32> {
        self.iter_down().next()
    }

    /// Heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self.words.spilled() {
            true => self.words.capacity() * 8,
            false => 0,
        }
    }
}

impl FromIterator<u32> for Bits {
    fn from_iter<T: IntoIterator<Item = u32>>(numbers: T) -> Bits {
        let mut bits = Bits::default();
        for number in numbers {
            bits.insert(number);
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_split() {
        let mut all = Bits::one(3);
        all.insert(64);
        all.insert(130);
        for (number, below) in [(0, 0), (3, 0), (4, 1), (64, 1), (65, 2), (130, 2), (999, 3)] {
            let (few, others) = all.clone().split(number);
            assert_eq!(
                (few.iter().count(), others.iter().count()),
                (below, 3 - below)
            );
            assert!(few.iter().all(|bit| bit < number) && others.iter().all(|bit| bit >= number));
        }
        let (mut left, mut moved) = (all.clone(), Bits::default());
        left.move_both(&Bits::one(64), &mut moved);
        assert!(!left.meets(&moved) && moved == Bits::one(64).without(&left));
        assert_eq!(all.both(&Bits::one(64)), Bits::one(64));
        assert_eq!(all.both(&Bits::one(2)), Bits::default());
    }

    #[test]
    fn sets_grow_and_meet() {
        let mut all = Bits::one(3);
        let mut new = Bits::default();
        let mut more = Bits::one(130);
        more.insert(3);
        assert!(all.add(&more, &mut new));
        assert_eq!(new.iter().collect::<Vec<_>>(), [130]);
        assert!(!all.add(&more, &mut new));
        assert!(all.contains(130) && all.contains(3) && !all.contains(4));
        let mut both = Bits::default();
        assert!(both.add_both(&all, &new) && !both.add_both(&all, &new));
        assert_eq!(both, new);
        let (mut all, mut fresh) = (Bits::one(3), Bits::default());
        assert!(all.add_new_both(&more, &more, &mut fresh) && fresh == Bits::one(130));
        assert!(!all.add_new_both(&more, &more, &mut fresh) && all == more);
        assert!(Bits::default().is_empty());
    }
}
