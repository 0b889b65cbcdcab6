//! Compiled grammars that are kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use formwork::Grammar;

use crate::constraint::Source;

/// Grammars by what they were made of, bounded by number and bytes; those that were not
/// used for longest go first.
pub(crate) struct GrammarCache {
    max_grammars: usize,
    max_bytes: usize,
    /// A grammar that has learnt more than this is compiled anew, before it comes to its
    /// own limit.
    max_grammar_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    grammars: HashMap<Source, (Grammar, u64)>,
    /// Counts uses.
    clock: u64,
}

impl GrammarCache {
    pub(crate) fn new(
        max_grammars: usize,
        max_bytes: usize,
        max_grammar_bytes: usize,
    ) -> GrammarCache {
        GrammarCache {
            max_grammars,
            max_bytes,
            max_grammar_bytes,
            kept: Mutex::default(),
        }
    }

    /// The grammar of a source, if it is kept.
    pub(crate) fn get(&self, source: &Source) -> Option<Grammar> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let clock = kept.clock;
        if let Some((_, used)) = kept.grammars.get_mut(source) {
            *used = clock;
        }
        self.trim(&mut kept);
        let (grammar, _) = kept.grammars.get(source)?;
        if grammar.heap_bytes() > self.max_grammar_bytes {
            kept.grammars.remove(source);
            return None;
        }
        Some(grammar.clone())
    }

    /// Keeps a grammar.
    pub(crate) fn put(&self, source: &Source, grammar: &Grammar) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let entry = (grammar.clone(), kept.clock);
        kept.grammars.insert(source.clone(), entry);
        self.trim(&mut kept);
    }

    /// Lets go what is too much. Grammars grow while they are used, so each is weighed
    /// every time: linear in their number.
    fn trim(&self, kept: &mut Kept) {
        let weigh = |(source, (grammar, used)): (&Source, &(Grammar, u64))| {
            (*used, grammar.heap_bytes() + source.bytes())
        };
        let mut weights: Vec<(u64, usize)> = kept.grammars.iter().map(weigh).collect();
        weights.sort_unstable();
        let mut bytes: usize = weights.iter().map(|(_, bytes)| bytes).sum();
        let mut count = weights.len();
        let mut oldest = 0;
        for (used, weight) in weights {
            if count <= self.max_grammars && bytes <= self.max_bytes {
                break;
            }
            (count, bytes, oldest) = (count - 1, bytes - weight, used);
        }
        kept.grammars.retain(|_, (_, used)| *used > oldest);
    }

    /// The number of grammars, and their bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let weigh = |(source, (grammar, _)): (&Source, &(Grammar, u64))| {
            grammar.heap_bytes() + source.bytes()
        };
        (kept.grammars.len(), kept.grammars.iter().map(weigh).sum())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use formwork::{Compiler, SchemaOptions, Vocab};

    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let vocab = Arc::new(Vocab::embedded().expect("a vocabulary"));
        let compiler = Compiler::new(vocab).expect("a compiler");
        let grammar = |n: usize| {
            let schema = format!(r#"{{"const": {n}}}"#);
            let grammar = compiler.json_schema(&schema, &SchemaOptions::default());
            (Source::Schema(schema), grammar.expect("a grammar"))
        };
        let all: Vec<(Source, Grammar)> = (0..5).map(grammar).collect();
        let cache = GrammarCache::new(3, usize::MAX, usize::MAX);
        for (source, grammar) in &all[..3] {
            cache.put(source, grammar);
        }
        assert!(cache.get(&all[0].0).is_some());
        cache.put(&all[3].0, &all[3].1);
        let is_kept: Vec<bool> = all.iter().map(|(s, _)| cache.get(s).is_some()).collect();
        assert_eq!(is_kept, [true, false, true, true, false]);
        // Bytes bound as well, even for the last one.
        let bytes = all[0].1.heap_bytes() + all[0].0.bytes();
        let narrow = GrammarCache::new(9, 2 * bytes + bytes / 2, usize::MAX);
        all.iter().for_each(|(s, grammar)| narrow.put(s, grammar));
        assert!(narrow.size().1 <= 2 * bytes + bytes / 2 && narrow.size().0 == 2);
        let none = GrammarCache::new(9, 1, usize::MAX);
        none.put(&all[0].0, &all[0].1);
        assert_eq!(none.size(), (0, 0));
        // One that has grown too far is made anew.
        let small = GrammarCache::new(9, usize::MAX, 1);
        small.put(&all[0].0, &all[0].1);
        assert!(small.get(&all[0].0).is_none());
        assert_eq!(small.size().0, 0);
    }
}
