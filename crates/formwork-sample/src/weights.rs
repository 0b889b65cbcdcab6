//! Sets of texts with weights.

use crate::Sample;
use crate::numbers::ln_sum;
use crate::random::{Chance, Streams};
use crate::resample::Resampler;

/// Texts with weights, whose averages follow the target.
#[derive(Clone, PartialEq, Debug)]
pub struct WeightedSet {
    samples: Vec<Sample>,
    draws: usize,
}

impl WeightedSet {
    /// Of the texts that came of so many draws; the others weigh nothing.
    #[must_use]
    pub fn new(samples: Vec<Sample>, draws: usize) -> WeightedSet {
        let draws = draws.max(samples.len());
        WeightedSet { samples, draws }
    }

    /// The texts.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The draws that the texts came of.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.draws
    }

    /// The weights, so that they sum to 1; all 0 if the set is empty.
    #[must_use]
    pub fn normalized(&self) -> Vec<f64> {
        let logs: Vec<f64> = self.samples.iter().map(|sample| sample.log_w).collect();
        let total = ln_sum(&logs);
        let weight = |log: f64| {
            if total.is_finite() {
                (log - total).exp()
            } else {
                0.0
            }
        };
        logs.into_iter().map(weight).collect()
    }

    /// The effective sample size (Kong 1992), (Σw)²/Σw²: so many texts without weights
    /// would be worth as much, roughly. Weights that were not met do not show in it.
    #[must_use]
    pub fn ess(&self) -> f64 {
        let squares: f64 = self.normalized().iter().map(|weight| weight * weight).sum();
        if squares > 0.0 { 1.0 / squares } else { 0.0 }
    }

    /// ln of the mean weight of all draws: an unbiased estimate of P(L), the probability
    /// that the model writes a text of the constraint.
    #[must_use]
    pub fn log_mean_weight(&self) -> f64 {
        let logs: Vec<f64> = self.samples.iter().map(|sample| sample.log_w).collect();
        ln_sum(&logs) - (self.draws as f64).ln()
    }

    /// The average of a function of texts under the target; no number if the set is empty.
    pub fn expectation(&self, mut f: impl FnMut(&Sample) -> f64) -> f64 {
        let weights = self.normalized();
        match weights.iter().any(|&weight| weight > 0.0) {
            true => self
                .samples
                .iter()
                .zip(weights)
                .map(|(sample, w)| w * f(sample))
                .sum(),
            false => f64::NAN,
        }
    }

    /// The standard error of [`expectation`](WeightedSet::expectation), by the delta
    /// method.
    pub fn std_err(&self, mut f: impl FnMut(&Sample) -> f64) -> f64 {
        let mean = self.expectation(&mut f);
        let part = |(sample, w): (&Sample, f64)| (w * (f(sample) - mean)).powi(2);
        self.samples
            .iter()
            .zip(self.normalized())
            .map(part)
            .sum::<f64>()
            .sqrt()
    }

    /// So many texts, each as often as its weight says, without weights.
    #[must_use]
    pub fn resample(&self, n: usize, resampler: Resampler, seed: u64) -> Vec<Sample> {
        let mut chance = Streams::new(seed, 0);
        chance.go_to(0, 0);
        let chosen = resampler.choose(&self.normalized(), n, &mut chance);
        let samples = chosen.into_iter().filter_map(|at| self.samples.get(at));
        let samples = samples.map(|sample| Sample {
            log_w: 0.0,
            ..sample.clone()
        });
        samples.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::WeightedSet;
    use crate::{Resampler, Sample};

    fn sample(log_w: f64) -> Sample {
        Sample {
            tokens: Vec::new(),
            stop: None,
            log_p: 0.0,
            log_q: -log_w,
            log_w,
            attempts: 1,
            model_rows: 0,
            checks: 0,
            truncated: false,
        }
    }

    #[test]
    fn averages_are_weighted() {
        let weights = [0.5f64, 0.25, 0.25];
        // Far below what exp can hold.
        let samples = weights.iter().map(|w| sample(w.ln() - 2000.0)).collect();
        let set = WeightedSet::new(samples, 4);
        let normalized = set.normalized();
        assert!(
            normalized
                .iter()
                .zip(weights)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
        assert!((set.ess() - 1.0 / 0.375).abs() < 1e-9);
        assert!((set.log_mean_weight() - (0.25f64.ln() - 2000.0)).abs() < 1e-9);
        let is_heavy = |sample: &Sample| f64::from(sample.log_w > -2001.0);
        assert!((set.expectation(is_heavy) - 0.5).abs() < 1e-9);
        let expected = (0.25f64.powi(2) + 2.0 * 0.125f64.powi(2)).sqrt();
        assert!((set.std_err(is_heavy) - expected).abs() < 1e-9);
        let chosen = set.resample(8, Resampler::Systematic, 1);
        assert_eq!(chosen.iter().filter(|s| s.log_q < 2001.0).count(), 4);
        assert!(chosen.iter().all(|sample| sample.log_w == 0.0));
    }

    #[test]
    fn sets_without_weight() {
        for samples in [Vec::new(), vec![sample(f64::NEG_INFINITY)]] {
            let set = WeightedSet::new(samples, 3);
            assert_eq!((set.ess(), set.log_mean_weight()), (0.0, f64::NEG_INFINITY));
            assert!(set.expectation(|_| 1.0).is_nan());
            assert!(set.resample(2, Resampler::Stratified, 0).is_empty());
        }
    }
}
