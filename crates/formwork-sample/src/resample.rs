//! Which particles go on.

use crate::random::Chance;

/// How particles are chosen by weight. All of them choose each particle in proportion to
/// its weight on average; they differ in how much they leave to chance beyond that.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum Resampler {
    /// Independently of each other.
    Multinomial,
    /// One in each of n equal parts of the weights laid end to end (Kitagawa 1996).
    #[default]
    Stratified,
    /// The same with one number for all parts.
    Systematic,
    /// The whole parts of n times the weights for certain, what is left independently
    /// (Liu and Chen 1998).
    Residual,
}

impl Resampler {
    /// `n` particles by number, given weights that sum to 1; none, if no weight is
    /// positive. `O(n + w)`, for `w` weights; multinomial and residual `O(n·w)`.
    pub(crate) fn choose(self, weights: &[f64], n: usize, chance: &mut dyn Chance) -> Vec<usize> {
        if !weights.iter().any(|&weight| weight > 0.0) {
            return Vec::new();
        }
        match self {
            Resampler::Multinomial => (0..n).filter_map(|_| chance.pick(weights)).collect(),
            Resampler::Stratified => {
                let points = (0..n).map(|at| (at as f64 + chance.uniform()) / n as f64);
                at_points(weights, &points.collect::<Vec<_>>())
            }
            Resampler::Systematic => {
                let shift = chance.uniform();
                let points = (0..n).map(|at| (at as f64 + shift) / n as f64);
                at_points(weights, &points.collect::<Vec<_>>())
            }
            Resampler::Residual => {
                let mut chosen = Vec::with_capacity(n);
                let mut left = Vec::with_capacity(weights.len());
                for (at, weight) in weights.iter().enumerate() {
                    let share = weight * n as f64;
                    // A whole number that rounding has made a little less.
                    let whole = (share + 1e-9).floor().min(n as f64);
                    chosen.extend(std::iter::repeat_n(at, whole as usize));
                    left.push((share - whole).max(0.0));
                }
                chosen.truncate(n);
                while chosen.len() < n {
                    let Some(at) = chance.pick(&left).or_else(|| chance.pick(weights)) else {
                        break;
                    };
                    chosen.push(at);
                }
                chosen.sort_unstable();
                chosen
            }
        }
    }
}

/// Where ascending points fall among weights laid end to end.
fn at_points(weights: &[f64], points: &[f64]) -> Vec<usize> {
    let total: f64 = weights.iter().sum();
    let mut positive = weights
        .iter()
        .enumerate()
        .filter(|(_, weight)| **weight > 0.0);
    let Some((mut at, &first)) = positive.next() else {
        return Vec::new();
    };
    let mut end = first;
    let place = |&point: &f64| {
        while point * total >= end {
            let Some((next, weight)) = positive.next() else {
                break;
            };
            at = next;
            end += weight;
        }
        at
    };
    points.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Resampler;
    use crate::random::{Chance, Streams};

    proptest! {
        /// Whole parts are certain where they should be, nothing without weight is
        /// chosen, and on average all are chosen as they should.
        #[test]
        fn particles_are_chosen_by_weight(
            weights in prop::collection::vec(prop_oneof![Just(0.0), 0.01f64..1.0], 1..8),
            n in 1usize..9,
        ) {
            let total: f64 = weights.iter().sum();
            prop_assume!(total > 0.0);
            let weights: Vec<f64> = weights.iter().map(|w| w / total).collect();
            const RUNS: u64 = 4000;
            for resampler in [
                Resampler::Multinomial,
                Resampler::Stratified,
                Resampler::Systematic,
                Resampler::Residual,
            ] {
                let mut counts = vec![0.0; weights.len()];
                let mut chance = Streams::new(1, 0);
                for run in 0..RUNS {
                    chance.go_to(run, 0);
                    let chosen = resampler.choose(&weights, n, &mut chance);
                    prop_assert_eq!(chosen.len(), n);
                    for (at, weight) in weights.iter().enumerate() {
                        let met = chosen.iter().filter(|&&one| one == at).count() as f64;
                        counts[at] += met;
                        let share = weight * n as f64;
                        match resampler {
                            Resampler::Systematic => prop_assert!((met - share).abs() < 1.0 + 1e-9),
                            Resampler::Stratified => prop_assert!((met - share).abs() < 2.0 + 1e-9),
                            Resampler::Residual => prop_assert!(met > share - 1.0 - 1e-8),
                            Resampler::Multinomial => {}
                        }
                        prop_assert!(*weight > 0.0 || met == 0.0);
                    }
                }
                for (count, weight) in counts.iter().zip(&weights) {
                    // Hoeffding: off by more than 0.1 n of the mean with probability below
                    // 2 exp(−2·4000·0.01) < 1e-34.
                    let mean = count / RUNS as f64;
                    prop_assert!((mean - weight * n as f64).abs() < 0.1 * n as f64);
                }
            }
        }
    }
}
