use formwork::{TokenId, mask};
use formwork_model::{Draw, Sampling, sampling};
use proptest::prelude::*;

use super::warp;

fn samplings() -> impl Strategy<Value = Sampling> {
    let temperature = prop_oneof![Just(1.0f32), 0.2f32..3.0];
    let top_p = prop_oneof![Just(1.0f32), 0.05f32..1.0];
    let min_p = prop_oneof![Just(0.0f32), 0.0f32..0.9];
    (temperature, 0u32..6, top_p, min_p).prop_map(|(temperature, top_k, top_p, min_p)| Sampling {
        temperature,
        top_k,
        top_p,
        min_p,
    })
}

proptest! {
    /// Warped rows are what the project's sampler draws from, with nothing masked.
    #[test]
    fn rows_are_those_that_are_drawn_from(
        logits in prop::collection::vec((-8i8..8).prop_map(|x| f32::from(x) / 2.0), 2..40),
        sampling in samplings(),
    ) {
        let mut row = logits.clone();
        warp(&mut row, &sampling);
        let total: f64 = row.iter().map(|&l| f64::from(l).exp()).sum();
        let mut all = vec![0u32; logits.len().div_ceil(32)];
        (0..logits.len() as u32).for_each(|t| mask::set(&mut all, TokenId(t)));
        const POINTS: usize = 512;
        let mut met = vec![0usize; logits.len()];
        for point in 0..POINTS {
            let uniform = (point as f32 + 0.5) / POINTS as f32;
            let draw = Draw { row: 0, mask: &all, sampling, uniform };
            met[sampling::sample(&logits, logits.len(), &draw).unwrap().0 as usize] += 1;
        }
        for (&logit, &met) in row.iter().zip(&met) {
            let (p, share) = (f64::from(logit).exp() / total, met as f64 / POINTS as f64);
            prop_assert!((p - share).abs() <= 2.0 / POINTS as f64, "{p} {share}");
            prop_assert!(met == 0 || p > 0.0);
        }
    }
}
