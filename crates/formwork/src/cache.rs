//! Grammars that were compiled, under a bound on their bytes.

use std::hash::RandomState;
use std::sync::{Mutex, MutexGuard, PoisonError};

use formwork_core::{EngineLimits, Grammar};
use lru::LruCache;

use crate::limits::Limits;
use crate::spec::Spec;

/// So many of the grammars used last are weighed anew whenever one comes in.
const WEIGHED: usize = 32;
/// What an entry takes beside its text and its grammar.
const ENTRY: usize = 1024;

/// The grammars used last.
pub(crate) struct Grammars {
    max_bytes: usize,
    /// A grammar that takes more is compiled anew, before it comes to its own limit.
    max_grammar: usize,
    kept: Mutex<Kept>,
}

/// Texts are hashed with keys of the process: who sends them cannot make them collide.
struct Kept {
    grammars: LruCache<Spec, Entry, RandomState>,
    bytes: usize,
}

struct Entry {
    grammar: Grammar,
    /// When last weighed.
    bytes: usize,
}

impl Grammars {
    pub(crate) fn new(limits: &Limits) -> Grammars {
        let EngineLimits {
            max_bytes,
            max_mask_bytes,
            ..
        } = limits.engine;
        Grammars {
            max_bytes: limits.cache_bytes,
            max_grammar: max_bytes / 2 + max_mask_bytes,
            kept: Mutex::new(Kept {
                grammars: LruCache::unbounded_with_hasher(RandomState::new()),
                bytes: 0,
            }),
        }
    }

    pub(crate) fn get(&self, spec: &Spec) -> Option<Grammar> {
        let mut kept = self.kept();
        let grammar = kept.grammars.get(spec)?.grammar.clone();
        let bytes = grammar.try_heap_bytes();
        if bytes.is_some_and(|bytes| bytes > self.max_grammar) {
            let dropped = kept.grammars.pop(spec);
            kept.bytes -= dropped.map_or(0, |dropped| dropped.bytes);
            return None;
        }
        Some(grammar)
    }

    pub(crate) fn keep(&self, spec: &Spec, grammar: &Grammar) {
        let bytes = weight(spec, grammar.heap_bytes());
        if bytes > self.max_bytes {
            return;
        }
        let mut kept = self.kept();
        let entry = Entry {
            grammar: grammar.clone(),
            bytes,
        };
        kept.bytes += bytes;
        if let Some(before) = kept.grammars.put(spec.clone(), entry) {
            kept.bytes -= before.bytes;
        }
        kept.weigh();
        while kept.bytes > self.max_bytes {
            match kept.grammars.pop_lru() {
                Some((_, dropped)) => kept.bytes -= dropped.bytes,
                None => break,
            }
        }
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        kept.grammars.clear();
        kept.bytes = 0;
    }

    /// How many grammars there are, and their bytes when last weighed.
    pub(crate) fn size(&self) -> (usize, usize) {
        let kept = self.kept();
        (kept.grammars.len(), kept.bytes)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Only counts could be amiss.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Grammars learn while they run: those used last, most. One that learns just now keeps
    /// its weight: nobody may wait for somebody else's grammar.
    fn weigh(&mut self) {
        for (spec, entry) in self.grammars.iter_mut().take(WEIGHED) {
            let Some(bytes) = entry.grammar.try_heap_bytes() else {
                continue;
            };
            let bytes = weight(spec, bytes);
            self.bytes = self.bytes - entry.bytes + bytes;
            entry.bytes = bytes;
        }
    }
}

impl std::fmt::Debug for Grammars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (grammars, bytes) = self.size();
        f.debug_struct("Grammars")
            .field("grammars", &grammars)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

fn weight(spec: &Spec, grammar: usize) -> usize {
    ENTRY + spec.text_bytes() + grammar
}
