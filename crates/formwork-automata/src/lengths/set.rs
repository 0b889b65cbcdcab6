//! Ultimately periodic sets of numbers.

use smallvec::SmallVec;

/// An interval (least and greatest member), or a progression (first member and difference).
pub(super) type Pair = (u32, u32);

/// Pairs kept in place while there is but one, as in nearly all sets.
pub(super) type Pairs = SmallVec<[Pair; 1]>;

/// A union of finite intervals and arithmetic progressions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LengthSet {
    /// Ascending, disjoint, not adjacent.
    pub(super) runs: Pairs,
    pub(super) progressions: Pairs,
}

/// The first member of a progression that is at least `lo`.
pub(super) fn first_from((from, period): Pair, lo: u32) -> u64 {
    let (from, period, lo) = (u64::from(from), u64::from(period), u64::from(lo));
    if lo <= from {
        from
    } else {
        from + (lo - from).div_ceil(period) * period
    }
}

impl LengthSet {
    /// The number of intervals and progressions.
    pub(super) fn parts(&self) -> usize {
        self.runs.len() + self.progressions.len()
    }

    pub(super) fn min(&self) -> Option<u32> {
        let run = self.runs.first().map(|&(lo, _)| lo);
        let progression = self.progressions.iter().map(|&(from, _)| from).min();
        run.into_iter().chain(progression).min()
    }

    pub(super) fn contains(&self, n: u32) -> bool {
        let run = self.runs.get(self.runs.partition_point(|&(_, hi)| hi < n));
        run.is_some_and(|&(lo, _)| lo <= n)
            || self
                .progressions
                .iter()
                .any(|&p| first_from(p, n) == u64::from(n))
    }

    /// Adds all of `other`, each plus one; to be followed by [`Self::normalize`].
    pub(super) fn add_shifted(&mut self, other: &Self) {
        let runs = other.runs.iter();
        self.runs
            .extend(runs.map(|&(lo, hi)| (lo.saturating_add(1), hi.saturating_add(1))));
        let progressions = other.progressions.iter();
        self.progressions
            .extend(progressions.map(|&(from, p)| (from.saturating_add(1), p)));
    }

    /// Adds `n`, which is greater than all members.
    pub(super) fn push(&mut self, n: u32) {
        match self.runs.last_mut() {
            Some(last) if last.1.saturating_add(1) == n => last.1 = n,
            _ => self.runs.push((n, n)),
        }
    }

    /// Removes all members of runs from `end` on.
    pub(super) fn truncate(&mut self, end: u32) {
        self.runs.retain(|run| run.0 < end);
        if let Some(last) = self.runs.last_mut() {
            last.1 = last.1.min(end.saturating_sub(1));
        }
    }

    /// Joins what overlaps or adjoins.
    pub(super) fn normalize(&mut self) {
        self.join_progressions();
        self.runs.sort_unstable();
        let mut joined = Pairs::new();
        for &(lo, hi) in &self.runs {
            match joined.last_mut() {
                Some(last) if lo <= last.1.saturating_add(1) => last.1 = last.1.max(hi),
                _ => joined.push((lo, hi)),
            }
        }
        self.runs = joined;
        let all = self
            .progressions
            .iter_mut()
            .find(|progression| progression.1 == 1);
        if let Some((from, _)) = all {
            while let Some(last) = self.runs.last_mut() {
                if last.1 < from.saturating_sub(1) {
                    break;
                }
                *from = last.0.min(*from);
                self.runs.pop();
            }
        }
    }

    fn join_progressions(&mut self) {
        let list = &mut self.progressions;
        if list.len() <= 1 {
            return;
        }
        let residue = |&(from, period): &Pair| from % period;
        list.sort_unstable_by_key(|p| (p.1, residue(p), p.0));
        list.dedup_by(|b, a| a.1 == b.1 && residue(a) == residue(b));
        if let Some(&(from, 1)) = list.first() {
            list.retain(|p| p.1 == 1 || p.0 < from);
        }
    }
}
