//! Automata that many schemas ask for in the same words, kept for as long as a compiler lives.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use formwork_automata::regex::{self, RegexError};
use formwork_automata::{Dfa, Limits};
use formwork_grammar::ByteDfa;
use rustc_hash::FxHashMap;

use crate::number::Interval;

/// Bytes of automata of one kind kept at most, about; beyond that all are forgotten.
const MAX_BYTES: usize = 8 << 20;
/// Larger ones are not kept.
const MAX_SINGLE: usize = MAX_BYTES / 8;

/// A pattern, and how many states it may take.
type PatternKey = (Box<str>, u32);

/// Patterns and intervals of numbers, by what they say.
#[derive(Default)]
pub(crate) struct Memo {
    patterns: Mutex<Kept<PatternKey, Arc<Dfa>>>,
    /// Addresses of small languages among these, and maybe of some that are no longer.
    small: Mutex<FxHashMap<usize, Weak<Dfa>>>,
    intervals: Mutex<Kept<Interval, ByteDfa>>,
}

/// Languages above this are not shared as terminals: those live longer.
const MAX_SHARED: usize = 16 << 10;

struct Kept<K, V> {
    known: FxHashMap<K, V>,
    bytes: usize,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Kept {
            known: FxHashMap::default(),
            bytes: 0,
        }
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    fn keep(&mut self, key: K, value: V, bytes: usize) {
        if bytes > MAX_SINGLE {
            return;
        }
        if self.bytes + bytes > MAX_BYTES {
            self.known.clear();
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.known.insert(key, value);
    }
}

impl Memo {
    /// The strings in which a pattern matches.
    pub(crate) fn pattern(&self, pattern: &str, limits: &Limits) -> Result<Arc<Dfa>, RegexError> {
        let key = (Box::from(pattern), limits.max_states);
        let kept = || self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().known.get(&key) {
            return Ok(Arc::clone(known));
        }
        let dfa = Arc::new(regex::compile(pattern, limits)?);
        // The facts about it come on top.
        let bytes = 256 + pattern.len() + dfa.heap_bytes() + 14 * dfa.state_count();
        kept().keep(key, Arc::clone(&dfa), bytes);
        if bytes <= MAX_SHARED {
            let mut small = self.small.lock().unwrap_or_else(PoisonError::into_inner);
            if small.len() >= MAX_BYTES / 1024 {
                small.clear();
            }
            small.insert(Arc::as_ptr(&dfa) as usize, Arc::downgrade(&dfa));
        }
        Ok(dfa)
    }

    /// Whether a language is that of a pattern, and a small one.
    pub(crate) fn is_small_pattern(&self, dfa: &Arc<Dfa>) -> bool {
        let small = self.small.lock().unwrap_or_else(PoisonError::into_inner);
        let known = small.get(&(Arc::as_ptr(dfa) as usize));
        known
            .and_then(Weak::upgrade)
            .is_some_and(|known| Arc::ptr_eq(&known, dfa))
    }

    /// The numbers of an interval.
    pub(crate) fn interval(&self, interval: &Interval) -> ByteDfa {
        let kept = || {
            self.intervals
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = kept().known.get(interval) {
            return known.clone();
        }
        let dfa = interval.build();
        let bytes = 512 + 128 * dfa.state_count();
        kept().keep(interval.clone(), dfa.clone(), bytes);
        dfa
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_the_same_automaton() {
        let memo = Memo::default();
        let limits = Limits::default();
        let first = memo.pattern("^a+$", &limits).expect("a pattern");
        let again = memo.pattern("^a+$", &limits).expect("a pattern");
        assert!(Arc::ptr_eq(&first, &again));
        assert!(memo.is_small_pattern(&first));
        assert!(!memo.is_small_pattern(&Arc::new((*first).clone())));
        let fewer = Limits {
            max_states: 2,
            ..Limits::default()
        };
        assert!(memo.pattern("^a{5}$", &limits).is_ok());
        assert!(memo.pattern("^a{5}$", &fewer).is_err());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut kept = Kept::default();
        for n in 0..1000 {
            kept.keep(n, n, MAX_SINGLE / 2);
            assert!(kept.bytes <= MAX_BYTES && kept.known.len() <= 16);
        }
        kept.keep(1000, 1000, MAX_SINGLE + 1);
        assert!(!kept.known.contains_key(&1000));
    }
}
