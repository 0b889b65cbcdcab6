//! What is known of the language from each state.

#![expect(
    clippy::indexing_slicing,
    reason = "states are numbers of the same automaton"
)]

use super::finish::Predecessors;
use super::{DEAD, Dfa, StateId};

/// Computed together, since all follow the transitions backwards.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    min_len: Box<[u32]>,
    words: Box<[u64]>,
    total: Box<[bool]>,
    universal: Box<[bool]>,
}

impl Facts {
    fn new(dfa: &Dfa) -> Self {
        let stride = dfa.alphabet.len();
        let preds = Predecessors::new(&dfa.table, stride, dfa.state_count());
        let not_universal = preds.gaps().iter().zip(0..);
        let not_universal = not_universal.map(|(gap, s)| *gap || !dfa.is_match(s));
        Self {
            min_len: min_len(dfa, &preds),
            words: words(dfa, &preds),
            universal: unless(&preds, not_universal.collect()),
            total: unless(&preds, preds.gaps().to_vec()),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        (4 + 8 + 1 + 1) * self.min_len.len()
    }
}

impl Dfa {
    fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| Facts::new(self))
    }

    /// The fewest characters that lead from `s` to a match.
    #[must_use]
    pub fn min_len(&self, s: StateId) -> u32 {
        self.facts()
            .min_len
            .get(s as usize)
            .copied()
            .unwrap_or(u32::MAX)
    }

    /// The number of words accepted from `s`; `u64::MAX` when infinite or too many to count.
    #[must_use]
    pub fn word_count(&self, s: StateId) -> u64 {
        self.facts().words.get(s as usize).copied().unwrap_or(0)
    }

    /// Whether every string whatsoever can be read from `s` and still be completed to a match.
    #[must_use]
    pub fn is_total(&self, s: StateId) -> bool {
        self.facts().total.get(s as usize).copied().unwrap_or(false)
    }

    /// Whether every string is accepted from `s`.
    #[must_use]
    pub fn is_universal(&self, s: StateId) -> bool {
        self.facts()
            .universal
            .get(s as usize)
            .copied()
            .unwrap_or(false)
    }
}

/// Breadth-first distances to the matching states.
fn min_len(dfa: &Dfa, preds: &Predecessors) -> Box<[u32]> {
    let mut dist = vec![u32::MAX; dfa.state_count()];
    let mut queue: Vec<StateId> = (0..dfa.state_count() as StateId)
        .filter(|&s| dfa.is_match(s))
        .collect();
    for &s in &queue {
        dist[s as usize] = 0;
    }
    let mut at = 0;
    while let Some(&s) = queue.get(at) {
        at += 1;
        for &p in preds.of(s) {
            if dist[p as usize] == u32::MAX {
                dist[p as usize] = dist[s as usize] + 1;
                queue.push(p);
            }
        }
    }
    dist.into()
}

/// Counts from the last states backwards. A state that this never settles reaches a cycle, and
/// in a trimmed automaton every cycle yields infinitely many words.
fn words(dfa: &Dfa, preds: &Predecessors) -> Box<[u64]> {
    let sizes: Vec<u64> = (0..dfa.alphabet.len() as u32)
        .map(|class| dfa.alphabet.size(class))
        .collect();
    let mut words = vec![u64::MAX; dfa.state_count()];
    let mut open: Vec<u32> = preds.leaving().to_vec();
    let mut work: Vec<StateId> = (0..dfa.state_count() as StateId)
        .filter(|&s| open[s as usize] == 0)
        .collect();
    while let Some(s) = work.pop() {
        let mut count = u64::from(dfa.is_match(s));
        for (&next, &size) in dfa.row(s).iter().zip(&sizes) {
            if next != DEAD {
                count = count.saturating_add(size.saturating_mul(words[next as usize]));
            }
        }
        words[s as usize] = count;
        for &p in preds.of(s) {
            open[p as usize] -= 1;
            if open[p as usize] == 0 {
                work.push(p);
            }
        }
    }
    words.into()
}

/// The greatest set of states that `bad` does not hold for and that no transition leaves.
fn unless(preds: &Predecessors, mut bad: Vec<bool>) -> Box<[bool]> {
    let mut work: Vec<StateId> = (0..bad.len() as StateId)
        .filter(|&s| bad[s as usize])
        .collect();
    if work.len() == bad.len() {
        work.clear();
    }
    while let Some(s) = work.pop() {
        for &p in preds.of(s) {
            if !bad[p as usize] {
                bad[p as usize] = true;
                work.push(p);
            }
        }
    }
    bad.into_iter().map(|bad| !bad).collect()
}
