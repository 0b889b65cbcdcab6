//! Automata given by a transition function.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::{DEAD, Dfa, Raw, StateId};
use crate::alphabet::{Alphabet, ClassId};
use crate::charset::CharSet;
use crate::limits::{Budget, Limits, TooLarge};

impl Dfa {
    /// The automaton whose states are all values that `step` reaches from `start`, labelled 0
    /// where `accepts` says so.
    ///
    /// `step` must not tell characters apart that lie in the same of `sets`. It is asked once for
    /// each state and class, so time is linear in the table.
    ///
    /// ```
    /// use formwork_automata::{CharSet, Dfa, Limits};
    ///
    /// # fn main() -> Result<(), formwork_automata::TooLarge> {
    /// let brackets = [CharSet::single('('), CharSet::single(')')];
    /// let step = |depth: &u32, c: char| match c {
    ///     '(' if *depth < 3 => Some(depth + 1),
    ///     ')' => depth.checked_sub(1),
    ///     _ => None,
    /// };
    /// let dfa = Dfa::unfold(0, &brackets, step, |depth| *depth == 0, &Limits::default())?;
    /// assert!(dfa.accepts("(()())") && !dfa.accepts("(()") && !dfa.accepts("(((())))"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when there are more states, counted before trimming, than `limits` allows.
    pub fn unfold<S: Clone + Eq + Hash>(
        start: S,
        sets: &[CharSet],
        step: impl Fn(&S, char) -> Option<S>,
        accepts: impl Fn(&S) -> bool,
        limits: &Limits,
    ) -> Result<Self, TooLarge> {
        let mut budget = Budget::new(limits);
        let alphabet = Alphabet::refine(sets);
        let faces: Vec<Option<char>> = (0..alphabet.len() as ClassId)
            .map(|class| alphabet.ranges(class).first())
            .map(|range| range.and_then(|&(lo, _)| char::from_u32(lo)))
            .collect();
        let mut ids: FxHashMap<S, StateId> = FxHashMap::default();
        ids.insert(start.clone(), 0);
        let mut states = vec![start];
        let (mut table, mut labels) = (Vec::new(), Vec::new());
        while let Some(state) = states.get(labels.len()).cloned() {
            budget.table(states.len(), alphabet.len())?;
            labels.push(accepts(&state).then_some(0));
            // Neighbouring classes mostly lead to the same state.
            let mut last: Option<(S, StateId)> = None;
            for face in &faces {
                let Some(next) = face.and_then(|c| step(&state, c)) else {
                    table.push(DEAD);
                    continue;
                };
                let id = match &last {
                    Some((known, id)) if *known == next => *id,
                    _ => *ids.entry(next.clone()).or_insert_with_key(|next| {
                        states.push(next.clone());
                        states.len() as StateId - 1
                    }),
                };
                table.push(id);
                last = Some((next, id));
            }
        }
        Ok(Raw {
            alphabet,
            table,
            labels,
        }
        .finish())
    }
}
