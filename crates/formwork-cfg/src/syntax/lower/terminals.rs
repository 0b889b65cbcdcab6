//! The terminals of a grammar, each language of the same automaton once.

#![expect(
    clippy::indexing_slicing,
    reason = "terminals are numbered as they are kept"
)]

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use formwork_automata::Dfa;
use rustc_hash::{FxHashMap, FxHasher};

use crate::ir::{Expr, TerminalId};

#[derive(Default)]
pub(super) struct Terminals {
    pub(super) all: Vec<Arc<Dfa>>,
    by_hash: FxHashMap<u64, Vec<TerminalId>>,
    /// Bytes of all terminals.
    pub(super) bytes: usize,
}

impl Terminals {
    /// An expression for the words of `dfa`. Terminals neither are empty nor
    /// have the empty word: both are said by expressions around them.
    pub(super) fn expression(&mut self, dfa: &Arc<Dfa>) -> Expr {
        let Some(start) = dfa.start() else {
            return Expr::Choice(Vec::new());
        };
        if !dfa.is_match(start) {
            return Expr::Terminal(self.intern(dfa));
        }
        let epsilon = Expr::Sequence(Vec::new());
        match without_empty_word(dfa) {
            Some(rest) if rest.is_empty() => epsilon,
            Some(rest) => {
                let terminal = Expr::Terminal(self.intern(&Arc::new(rest)));
                Expr::Repeat {
                    inner: Box::new(terminal),
                    min: 0,
                    max: Some(1),
                }
            }
            None => Expr::Terminal(self.intern(dfa)),
        }
    }

    fn intern(&mut self, dfa: &Arc<Dfa>) -> TerminalId {
        let same_hash = self.by_hash.entry(hash(dfa)).or_default();
        let known = same_hash
            .iter()
            .find(|&&id| *self.all[id.0 as usize] == **dfa);
        if let Some(&known) = known {
            return known;
        }
        let id = TerminalId(self.all.len() as u32);
        same_hash.push(id);
        self.bytes += dfa.heap_bytes();
        self.all.push(dfa.clone());
        id
    }
}

/// The words of `dfa` but for the empty one: its start is split off, so at most
/// one state more.
fn without_empty_word(dfa: &Dfa) -> Option<Dfa> {
    let limits = formwork_automata::Limits {
        max_states: u32::MAX,
        max_cells: u32::MAX,
        ..Default::default()
    };
    dfa.difference(&Dfa::from_words([""]), &limits).ok()
}

fn hash(dfa: &Dfa) -> u64 {
    let mut hasher = FxHasher::default();
    for (class, ranges) in dfa.classes() {
        ranges.hash(&mut hasher);
        for s in 0..dfa.state_count() as u32 {
            dfa.next_class(s, class).hash(&mut hasher);
        }
    }
    hasher.finish()
}
