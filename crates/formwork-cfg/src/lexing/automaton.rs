//! All terminals as one automaton: which terminal a longest match is.

#![expect(
    clippy::indexing_slicing,
    reason = "terminals are those of the grammar; a label for each part"
)]

use std::collections::VecDeque;

use formwork_automata::{ClassId, Dfa, Limits, StateId, TooLarge};

use crate::error::CfgError;
use crate::ir::{Grammar, Lexeme, LongestMatch};
use crate::limits::Budget;

/// Entries of the table for each state that the limit allows, on average.
const CLASSES: u32 = 400;
/// Entries that are as much work as a step of the compiler.
const CELLS: usize = 16;

/// The automaton of all words of all terminals.
pub(super) struct Lexer {
    /// Its labels are ranks: places in `by_rank`.
    dfa: Dfa,
    /// The terminals, the one that wins first.
    by_rank: Vec<u32>,
}

impl Lexer {
    /// Refuses terminals with the empty word, and automata that are too large.
    pub(super) fn new(
        grammar: &Grammar,
        lexing: &LongestMatch,
        budget: &mut Budget<'_>,
    ) -> Result<Lexer, CfgError> {
        let unnamed = Lexeme::default();
        let lexeme = |t: u32| lexing.lexemes.get(t as usize).unwrap_or(&unnamed);
        let has_empty = |dfa: &Dfa| dfa.start().is_some_and(|start| dfa.is_match(start));
        if let Some(at) = grammar.terminals.iter().position(|dfa| has_empty(dfa)) {
            let Lexeme { name, span, .. } = lexeme(at as u32).clone();
            return Err(CfgError::EmptyTerminal { name, span });
        }
        let mut by_rank: Vec<u32> = (0..grammar.terminals.len() as u32).collect();
        by_rank.sort_by_key(|&t| {
            let lexeme = lexeme(t);
            (std::cmp::Reverse(lexeme.priority), !lexeme.is_text, t)
        });
        let dfa = union(grammar, &by_rank, budget)?;
        Ok(Lexer { dfa, by_rank })
    }

    /// The number of terminals.
    pub(super) fn terminal_count(&self) -> usize {
        self.by_rank.len()
    }

    pub(super) fn start(&self) -> Option<StateId> {
        self.dfa.start()
    }

    pub(super) fn state_count(&self) -> usize {
        self.dfa.state_count()
    }

    pub(super) fn class_count(&self) -> usize {
        self.dfa.class_count()
    }

    /// The ranges of characters of a class.
    pub(super) fn ranges(&self, class: ClassId) -> &[(u32, u32)] {
        self.dfa.class_ranges(class)
    }

    pub(super) fn next(&self, state: StateId, class: ClassId) -> Option<StateId> {
        self.dfa.next_class(state, class)
    }

    /// The terminal that has what leads to a state as a word, the one of highest
    /// rank if there are more.
    pub(super) fn token(&self, state: StateId) -> Option<u32> {
        let rank = self.dfa.label(state)?;
        self.by_rank.get(rank as usize).copied()
    }
}

/// Pairs of automata are joined, and then pairs of those: so a state is never a
/// tuple of as many parts as there are terminals.
fn union(grammar: &Grammar, by_rank: &[u32], budget: &mut Budget<'_>) -> Result<Dfa, CfgError> {
    let max_states = budget.limits().max_lexer_states;
    let limits = Limits {
        max_states,
        max_cells: max_states.saturating_mul(CLASSES),
        fuel: budget.limits().fuel.clone(),
        ..Limits::default()
    };
    let fuel = &budget.limits().fuel;
    let too_large = |_: TooLarge| match fuel.spent() {
        Some(spent) => CfgError::Fuel(spent),
        None => CfgError::Limit {
            name: "max_lexer_states",
            limit: u64::from(max_states),
        },
    };
    let best = |labels: &[Option<u32>]| labels.iter().flatten().min().copied();
    let mut parts: VecDeque<Dfa> = VecDeque::with_capacity(by_rank.len());
    for (rank, &terminal) in by_rank.iter().enumerate() {
        let part = &grammar.terminals[terminal as usize];
        let ranked = |labels: &[Option<u32>]| labels[0].map(|_| rank as u32);
        parts.push_back(Dfa::combine(&[part], &ranked, &limits).map_err(too_large)?);
    }
    while parts.len() > 1 {
        if let (Some(one), Some(other)) = (parts.pop_front(), parts.pop_front()) {
            let states = one.state_count().saturating_mul(other.state_count());
            let classes = one.class_count() + other.class_count();
            budget.work(states.min(max_states as usize) * classes / CELLS)?;
            parts.push_back(Dfa::combine(&[&one, &other], &best, &limits).map_err(too_large)?);
        }
    }
    match parts.pop_front() {
        Some(dfa) => Ok(dfa),
        None => Dfa::combine(&[], &|_| None, &limits).map_err(too_large),
    }
}
