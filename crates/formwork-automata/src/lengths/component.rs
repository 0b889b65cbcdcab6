//! The length sets of one strongly connected component, from those of its successors.

#![expect(
    clippy::indexing_slicing,
    reason = "states and members of a component are numbers of the tables made here"
)]

use smallvec::SmallVec;

use super::set::LengthSet;
use crate::dfa::{Dfa, StateId};
use crate::limits::{Budget, TooLarge};

/// Fills in the sets of `component`; those of all other successors are known.
pub(super) fn solve(
    dfa: &Dfa,
    component: &[StateId],
    sets: &mut [LengthSet],
    horizon: u32,
    budget: &mut Budget<'_>,
) -> Result<(), TooLarge> {
    match component {
        &[s] => {
            let (mut set, loops) = base(dfa, s, sets, budget)?;
            if loops {
                // A loop on one state: every length from the least on.
                let from = set.min().unwrap_or(0);
                set = LengthSet::default();
                set.progressions.push((from, 1));
            }
            sets[s as usize] = set;
            Ok(())
        }
        _ => {
            let graph = Graph::new(dfa, component, sets, budget)?;
            for (&s, set) in component.iter().zip(graph.solve(horizon, budget)?) {
                sets[s as usize] = set;
            }
            Ok(())
        }
    }
}

/// The lengths of a state by way of others, and whether it is among its successors.
fn base(
    dfa: &Dfa,
    s: StateId,
    sets: &[LengthSet],
    budget: &mut Budget<'_>,
) -> Result<(LengthSet, bool), TooLarge> {
    let mut next: SmallVec<[StateId; 16]> = dfa.successors(s).collect();
    next.sort_unstable();
    next.dedup();
    let mut base = LengthSet::default();
    if dfa.is_match(s) {
        base.runs.push((0, 0));
    }
    for &t in next.iter().filter(|&&t| t != s) {
        base.add_shifted(&sets[t as usize]);
    }
    budget.steps(next.len() + base.parts())?;
    base.normalize();
    Ok((base, next.contains(&s)))
}

/// A component with its states numbered from 0.
struct Graph {
    /// Distinct successors inside the component.
    inner: Vec<Vec<u32>>,
    /// The lengths of words that leave the component with their first character, or are empty.
    bases: Vec<LengthSet>,
}

impl Graph {
    fn new(
        dfa: &Dfa,
        component: &[StateId],
        sets: &[LengthSet],
        budget: &mut Budget<'_>,
    ) -> Result<Self, TooLarge> {
        let mut members: Vec<(StateId, u32)> = component.iter().copied().zip(0..).collect();
        members.sort_unstable();
        let (mut inner, mut bases) = (Vec::new(), Vec::new());
        let mut next: Vec<StateId> = Vec::new();
        for &s in component {
            next.clear();
            next.extend(dfa.successors(s));
            next.sort_unstable();
            next.dedup();
            let mut inside = Vec::new();
            let mut base = LengthSet::default();
            if dfa.is_match(s) {
                base.runs.push((0, 0));
            }
            for &t in &next {
                match members.binary_search_by_key(&t, |member| member.0) {
                    Ok(at) => inside.push(members[at].1),
                    Err(_) => base.add_shifted(&sets[t as usize]),
                }
            }
            budget.steps(next.len() + base.parts())?;
            base.normalize();
            inner.push(inside);
            bases.push(base);
        }
        Ok(Self { inner, bases })
    }

    /// Follows the lengths up from the least, until they are what they will be for ever.
    ///
    /// Let d be the greatest common divisor of the component's cycles. From some length on, a
    /// state has exactly the lengths whose residues modulo d its words can have at all; and once
    /// all states agree with that at one length, they do at the next.
    fn solve(&self, horizon: u32, budget: &mut Budget<'_>) -> Result<Vec<LengthSet>, TooLarge> {
        let count = self.inner.len();
        let phases = self.phases(budget)?;
        let least = self
            .bases
            .iter()
            .filter_map(LengthSet::min)
            .min()
            .unwrap_or(0);
        let mut sets = vec![LengthSet::default(); count];
        // The first length from which each state has been as expected.
        let mut steady = vec![least; count];
        // Which states have the length before the one at hand, and which have that one.
        let (mut before, mut has) = (vec![false; count], vec![false; count]);
        let mut n = least;
        loop {
            let (mut settled, mut work) = (true, 1);
            for s in phases.expected(n) {
                let inner = &self.inner[s];
                work += inner.len();
                has[s] = inner.iter().any(|&t| before[t as usize]) || self.bases[s].contains(n);
                if has[s] {
                    sets[s].push(n);
                } else {
                    settled = false;
                    steady[s] = n + 1;
                }
            }
            budget.steps(work + phases.residues.len())?;
            if settled || n >= horizon {
                break;
            }
            phases
                .expected(n.wrapping_sub(1))
                .for_each(|s| before[s] = false);
            std::mem::swap(&mut before, &mut has);
            n += 1;
        }
        for (s, set) in sets.iter_mut().enumerate() {
            set.truncate(steady[s]);
            set.progressions
                .extend(phases.members(s, steady[s]).map(|n| (n, phases.period)));
            budget.steps(set.parts())?;
            set.normalize();
        }
        Ok(sets)
    }

    /// Distances from the first state, and the greatest common divisor of all cycles.
    fn levels(&self) -> (Vec<u32>, u32) {
        let mut levels = vec![u32::MAX; self.inner.len()];
        levels[0] = 0;
        let mut queue = vec![0u32];
        let (mut at, mut period) = (0, 0);
        while let Some(&s) = queue.get(at) {
            at += 1;
            let level = levels[s as usize];
            for &t in &self.inner[s as usize] {
                if levels[t as usize] == u32::MAX {
                    levels[t as usize] = level + 1;
                    queue.push(t);
                } else {
                    period = gcd(period, (level + 1).abs_diff(levels[t as usize]));
                }
            }
        }
        (levels, period.max(1))
    }

    fn phases(&self, budget: &mut Budget<'_>) -> Result<Phases, TooLarge> {
        let (levels, period) = self.levels();
        let mut possible = vec![false; period as usize];
        let mut mark = |n: u64| possible[(n % u64::from(period)) as usize] = true;
        for (base, &level) in self.bases.iter().zip(&levels) {
            for &(lo, hi) in &base.runs {
                let hi = hi.min(lo.saturating_add(period - 1));
                budget.steps((hi - lo) as usize)?;
                (lo..=hi).for_each(|n| mark(u64::from(n) + u64::from(level)));
            }
            for &(from, step) in &base.progressions {
                let rounds = period / gcd(period, step);
                budget.steps(rounds as usize)?;
                for i in 0..u64::from(rounds) {
                    mark(u64::from(from) + u64::from(level) + i * u64::from(step));
                }
            }
        }
        let residues = (0..period).filter(|&r| possible[r as usize]).collect();
        let mut by_phase = vec![Vec::new(); period as usize];
        let phase: Vec<u32> = levels.iter().map(|level| level % period).collect();
        for (s, &phase) in phase.iter().enumerate() {
            by_phase[phase as usize].push(s as u32);
        }
        Ok(Phases {
            period,
            residues,
            phase,
            by_phase,
        })
    }
}

/// The lengths a component's states have in the long run.
///
/// The level of a state plus the length of a word from it, modulo the period, does not change
/// when the word is read inside the component; so it is one of the residues that the words which
/// leave the component have.
struct Phases {
    period: u32,
    residues: Vec<u32>,
    /// The level of each state modulo the period, and the states of each such phase.
    phase: Vec<u32>,
    by_phase: Vec<Vec<u32>>,
}

impl Phases {
    /// The states that have length `n` in the long run; no others ever have it.
    fn expected(&self, n: u32) -> impl Iterator<Item = usize> + '_ {
        let n = n % self.period;
        let phases = self
            .residues
            .iter()
            .map(move |&r| (r + self.period - n) % self.period);
        phases
            .flat_map(|phase| &self.by_phase[phase as usize])
            .map(|&s| s as usize)
    }

    /// For each residue, the least length from `from` on that `s` has in the long run.
    fn members(&self, s: usize, from: u32) -> impl Iterator<Item = u32> + '_ {
        let now = (from % self.period + self.phase[s]) % self.period;
        let gaps = self
            .residues
            .iter()
            .map(move |&r| (r + self.period - now) % self.period);
        gaps.map(move |gap| from.saturating_add(gap))
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
