//! Exact percentiles.

use serde::Serialize;

/// A summary of samples. Percentiles are exact, by the nearest-rank rule: `p90`
/// is the smallest sample that at least 90 % of the samples do not exceed. All
/// fields are 0 if there are no samples.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Percentiles {
    /// The arithmetic mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The 99.9th percentile.
    pub p999: f64,
    /// The largest sample.
    pub max: f64,
}

impl Percentiles {
    /// Summarises `samples`, sorting them. Values are rounded to thousandths.
    pub fn of(samples: &mut [f32]) -> Percentiles {
        samples.sort_unstable_by(f32::total_cmp);
        let sum = samples
            .iter()
            .fold(0.0, |sum, &sample| sum + f64::from(sample));
        let at = |per_mille| rank(samples, per_mille);
        Percentiles {
            mean: round(sum / samples.len().max(1) as f64),
            p50: at(500),
            p90: at(900),
            p99: at(990),
            p999: at(999),
            max: at(1000),
        }
    }
}

/// The sample at `per_mille` of sorted samples.
fn rank(sorted: &[f32], per_mille: usize) -> f64 {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    let sample = sorted.get(rank.saturating_sub(1)).copied();
    round(sample.map_or(0.0, f64::from))
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank() {
        let mut samples: Vec<f32> = (1..=1000).rev().map(|n| n as f32).collect();
        let summary = Percentiles::of(&mut samples);
        let expected = Percentiles {
            mean: 500.5,
            p50: 500.0,
            p90: 900.0,
            p99: 990.0,
            p999: 999.0,
            max: 1000.0,
        };
        assert_eq!(summary, expected);
    }

    #[test]
    fn few_samples() {
        assert_eq!(Percentiles::of(&mut []), Percentiles::default());
        let one = Percentiles::of(&mut [2.5]);
        assert_eq!((one.p50, one.p999, one.max), (2.5, 2.5, 2.5));
        let three = Percentiles::of(&mut [3.0, 1.0, 2.0]);
        assert_eq!((three.p50, three.p90), (2.0, 3.0));
    }
}
