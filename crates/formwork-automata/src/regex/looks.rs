//! Lookaheads as automata over the rest of the string.

#![expect(
    clippy::indexing_slicing,
    reason = "lookarounds are numbered as they are parsed"
)]

use super::ast::{Ast, LookId};
use super::closure::Before;
use super::determinize::determinize;
use super::nfa::{Ends, Nfa};
use crate::dfa::Dfa;
use crate::limits::{Budget, TooLarge};

/// For every lookahead of a pattern, the strings that may follow it.
///
/// A positive lookahead admits what begins with a match of its body, a negative one all the rest.
/// Since `^` and `\b` in a body look back over its start, there is one automaton for each kind of
/// character before it, shared where the body has no such assertion.
#[derive(Debug, Default)]
pub(super) struct LookTable {
    dfas: Vec<Dfa>,
    /// The automaton of each lookahead by [`Before`].
    variants: Vec<[u32; 3]>,
}

impl LookTable {
    /// Builds inner lookaheads first; each is built at most three times.
    pub(super) fn new(ast: &Ast, budget: &mut Budget<'_>) -> Result<Self, TooLarge> {
        let mut table = Self::default();
        for look in &ast.looks {
            let nfa = Nfa::new(&look.body, Ends::Prefix, budget.limits())?;
            budget.steps(nfa.states.len())?;
            let mut variant = |table: &mut Self, before| {
                let mut dfa = determinize(&nfa, ast, table, &[], before, budget)?;
                if look.negative {
                    dfa = dfa.complement(budget.limits())?;
                }
                // Equal lookaheads share one automaton, so that their duties coincide.
                let at = table.dfas.iter().position(|other| *other == dfa);
                let at = at.unwrap_or_else(|| {
                    table.dfas.push(dfa);
                    table.dfas.len() - 1
                });
                Ok(at as u32)
            };
            let other = variant(&mut table, Before::Other)?;
            let word = if look.uses.word {
                variant(&mut table, Before::Word)?
            } else {
                other
            };
            let start = if look.uses.start {
                variant(&mut table, Before::Start)?
            } else {
                other
            };
            let mut ids = [other; 3];
            ids[Before::Start as usize] = start;
            ids[Before::Word as usize] = word;
            table.variants.push(ids);
        }
        Ok(table)
    }

    /// The number of the automaton of `look` after `before`.
    pub(super) fn variant(&self, look: LookId, before: Before) -> u32 {
        self.variants[look as usize][before as usize]
    }

    pub(super) fn dfa(&self, number: u32) -> &Dfa {
        &self.dfas[number as usize]
    }

    /// The automata of some lookaheads.
    pub(super) fn numbers(&self, looks: &[LookId]) -> Vec<u32> {
        let mut numbers: Vec<u32> = looks
            .iter()
            .flat_map(|&look| self.variants[look as usize])
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}
