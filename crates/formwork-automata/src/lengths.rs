//! The lengths that words accepted from each state can have.

#![expect(clippy::indexing_slicing, reason = "there are ends for every state")]

mod component;
mod scc;
mod set;

use crate::dfa::{Dfa, StateId};
use crate::limits::{Budget, Limits, TooLarge};
use set::{LengthSet, Pair};

/// For every state of an automaton, the exact set of lengths (in characters) of the words
/// accepted from it.
///
/// The lengths of a regular language are ultimately periodic. Each set is kept as finite intervals
/// and arithmetic progressions; when every length from some minimum on is possible, as is usual,
/// that is one progression.
///
/// Construction takes time linear in the table where cycles are single states, and follows the
/// lengths of a larger strongly connected component until they become periodic.
#[derive(Clone, Debug)]
pub struct LengthSets {
    runs: Box<[Pair]>,
    progressions: Box<[Pair]>,
    /// Where the runs and the progressions of each state end.
    ends: Box<[(u32, u32)]>,
}

impl LengthSets {
    /// Computes the sets of all states of `dfa`.
    ///
    /// `horizon` is the greatest bound that will be asked for: [`Self::feasible`] is exact for
    /// `hi` up to it, and for unbounded questions. `u32::MAX` makes it exact everywhere.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when more than the default [`Limits::max_steps`] are needed.
    pub fn new(dfa: &Dfa, horizon: u32) -> Result<Self, TooLarge> {
        Self::with_limits(dfa, horizon, &Limits::default())
    }

    /// Like [`Self::new`], with limits of the caller's choice.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when more than [`Limits::max_steps`] are needed.
    pub fn with_limits(dfa: &Dfa, horizon: u32, limits: &Limits) -> Result<Self, TooLarge> {
        let mut budget = Budget::new(limits);
        let mut sets = vec![LengthSet::default(); dfa.state_count()];
        for component in scc::components(dfa) {
            component::solve(dfa, &component, &mut sets, horizon, &mut budget)?;
        }
        let (mut runs, mut progressions) = (Vec::new(), Vec::new());
        let mut ends = Vec::with_capacity(sets.len());
        for set in sets {
            runs.extend_from_slice(&set.runs);
            progressions.extend_from_slice(&set.progressions);
            ends.push((runs.len() as u32, progressions.len() as u32));
        }
        Ok(Self {
            runs: runs.into(),
            progressions: progressions.into(),
            ends: ends.into(),
        })
    }

    /// Whether some word accepted from `s` has a length in `lo..=hi`, or of at least `lo` when
    /// `hi` is `None`.
    ///
    /// O(log r + p) for r intervals and p progressions of the state; usually r + p = 1.
    #[must_use]
    pub fn feasible(&self, s: StateId, lo: u32, hi: Option<u32>) -> bool {
        let (runs, progressions) = self.of(s);
        let top = hi.unwrap_or(u32::MAX);
        if lo > top {
            return false;
        }
        let run = runs.get(runs.partition_point(|&(_, end)| end < lo));
        run.is_some_and(|&(start, _)| start <= top)
            || progressions.iter().any(|&progression| {
                hi.is_none() || set::first_from(progression, lo) <= u64::from(top)
            })
    }

    /// The greatest length of a word accepted from `s`; `None` when there is none, or no state.
    #[must_use]
    pub fn max_len(&self, s: StateId) -> Option<u32> {
        let (runs, progressions) = self.of(s);
        if progressions.is_empty() {
            runs.last().map(|&(_, end)| end)
        } else {
            None
        }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.runs) + size_of_val(&*self.progressions) + size_of_val(&*self.ends)
    }

    /// The intervals and the progressions (first member, difference) of a state.
    fn of(&self, s: StateId) -> (&[Pair], &[Pair]) {
        let s = s as usize;
        let Some(&(runs_end, progressions_end)) = self.ends.get(s) else {
            return (&[], &[]);
        };
        let (runs, progressions) = if s == 0 { (0, 0) } else { self.ends[s - 1] };
        (
            &self.runs[runs as usize..runs_end as usize],
            &self.progressions[progressions as usize..progressions_end as usize],
        )
    }
}
