//! The deterministic automaton: its table and how to step it.

#![expect(clippy::indexing_slicing, reason = "a state is a row of its own table")]

mod chars;
mod combine;
mod facts;
mod finish;
mod minimize;
mod unfold;
mod words;

use std::sync::OnceLock;

use crate::alphabet::{Alphabet, ClassId};
use crate::charset::CharSet;
use chars::CharFacts;
pub use chars::{Chars, Safe};
use facts::Facts;
pub(crate) use finish::Raw;

/// The number of a state of one [`Dfa`]: dense, from 0.
pub type StateId = u32;

/// The transition to nowhere.
pub(crate) const DEAD: StateId = StateId::MAX;

/// A deterministic automaton over scalar values.
///
/// It is immutable and trimmed: every state is reachable from the start, and from every state a
/// labelled state is reachable. So a string is a prefix of an accepted word exactly when stepping
/// through it never yields `None`. Matching states carry a label; plain languages use label 0.
///
/// Facts about states (`min_len`, `word_count`, `is_total`, `is_universal`) are computed together
/// on first use, in time linear in the table, and kept; those about characters (`next_chars`,
/// `max_len`, `safe_chars`) likewise.
#[derive(Clone, Debug)]
pub struct Dfa {
    alphabet: Alphabet,
    table: Box<[StateId]>,
    labels: Box<[Option<u32>]>,
    facts: OnceLock<Facts>,
    chars: OnceLock<CharFacts>,
}

impl Dfa {
    /// The start state; `None` when the language is empty.
    #[must_use]
    pub fn start(&self) -> Option<StateId> {
        (!self.labels.is_empty()).then_some(0)
    }

    /// Whether no string at all is accepted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The state after reading `c` in `s`; `None` when no accepted word goes on that way.
    ///
    /// O(1) for ASCII, else O(log n) in the number of segments of the alphabet.
    #[inline]
    #[must_use]
    pub fn next(&self, s: StateId, c: char) -> Option<StateId> {
        self.next_class(s, self.alphabet.class_of(c as u32))
    }

    /// The state after reading any character of `class` in `s`. O(1).
    #[inline]
    #[must_use]
    pub fn next_class(&self, s: StateId, class: ClassId) -> Option<StateId> {
        let stride = self.alphabet.len();
        if class as usize >= stride {
            return None;
        }
        let next = *self.table.get(s as usize * stride + class as usize)?;
        (next != DEAD).then_some(next)
    }

    /// The class of code point `c`. Surrogates, and values over U+10FFFF, get an id of no class,
    /// from which [`Self::next_class`] leads nowhere.
    #[inline]
    #[must_use]
    pub fn class_of(&self, c: u32) -> ClassId {
        self.alphabet.class_of(c)
    }

    /// The number of character classes; their ids are `0..class_count()`.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.alphabet.len()
    }

    /// All character classes with their ranges. They partition the scalar values.
    pub fn classes(&self) -> impl Iterator<Item = (ClassId, &[(u32, u32)])> + '_ {
        (0..self.alphabet.len() as ClassId).map(|class| (class, self.alphabet.ranges(class)))
    }

    /// The ranges of one class: inclusive, ascending; empty for an id of no class.
    #[must_use]
    pub fn class_ranges(&self, class: ClassId) -> &[(u32, u32)] {
        self.alphabet.ranges(class)
    }

    /// The distinct classes that have a member in the code point range `lo..=hi`, in the order of
    /// their first member there. O(log n) per segment of the alphabet within the range.
    pub fn classes_in(&self, lo: u32, hi: u32) -> impl Iterator<Item = ClassId> + '_ {
        self.alphabet.classes_in(lo, hi)
    }

    /// The label of `s`; `None` when the word read so far is not accepted.
    #[inline]
    #[must_use]
    pub fn label(&self, s: StateId) -> Option<u32> {
        self.labels.get(s as usize).copied().flatten()
    }

    /// Whether the word read so far is accepted.
    #[inline]
    #[must_use]
    pub fn is_match(&self, s: StateId) -> bool {
        self.label(s).is_some()
    }

    /// The number of states; their ids are `0..state_count()`.
    #[must_use]
    pub fn state_count(&self) -> usize {
        self.labels.len()
    }

    /// Whether every character leads from `s` back to `s`.
    #[must_use]
    pub fn is_sink(&self, s: StateId) -> bool {
        self.row(s).iter().all(|&next| next == s)
    }

    /// The characters that lead from `s` back to `s`.
    #[must_use]
    pub fn loops(&self, s: StateId) -> CharSet {
        let looping = self
            .classes()
            .filter(|&(class, _)| self.next_class(s, class) == Some(s));
        CharSet::from_ranges(looping.flat_map(|(_, ranges)| ranges.iter().copied()))
    }

    /// The state after reading all of `word` from the start.
    #[must_use]
    pub fn walk(&self, word: &str) -> Option<StateId> {
        word.chars().try_fold(self.start()?, |s, c| self.next(s, c))
    }

    /// Whether `word` is accepted.
    #[must_use]
    pub fn accepts(&self, word: &str) -> bool {
        self.walk(word).is_some_and(|s| self.is_match(s))
    }

    /// Bytes on the heap, without facts not computed yet.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.alphabet.heap_bytes()
            + size_of_val(&*self.table)
            + size_of_val(&*self.labels)
            + self.facts.get().map_or(0, Facts::heap_bytes)
    }

    pub(crate) fn row(&self, s: StateId) -> &[StateId] {
        let stride = self.alphabet.len();
        &self.table[s as usize * stride..][..stride]
    }

    /// The states after `s`, of which those of neighbouring classes count as one.
    pub(crate) fn successors(&self, s: StateId) -> impl Iterator<Item = StateId> + '_ {
        let mut last = DEAD;
        self.row(s).iter().copied().filter(move |&t| {
            let new = t != DEAD && t != last;
            last = t;
            new
        })
    }
}

impl PartialEq for Dfa {
    /// Structural equality; equality of languages when both automata are minimal.
    fn eq(&self, other: &Self) -> bool {
        self.alphabet == other.alphabet && self.table == other.table && self.labels == other.labels
    }
}

impl Eq for Dfa {}
