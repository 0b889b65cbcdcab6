use formwork::{TokenId, mask};
use proptest::prelude::*;

use super::{Sampling, sample};
use crate::language_model::Draw;

/// The probabilities of all tokens, by the definition: sorts, and keeps ties.
fn distribution(logits: &[f32], allowed: &[bool], sampling: &Sampling) -> Vec<f64> {
    let mut kept: Vec<usize> = (0..logits.len()).filter(|&t| allowed[t]).collect();
    let by_logit = |kept: &[usize]| {
        let mut sorted = kept.to_vec();
        sorted.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
        sorted
    };
    if sampling.is_greedy() {
        let best = by_logit(&kept)[0];
        return (0..logits.len()).map(|t| f64::from(t == best)).collect();
    }
    if sampling.top_k > 0 {
        let least = by_logit(&kept)
            .get(sampling.top_k as usize - 1)
            .map(|&t| logits[t]);
        kept.retain(|&t| least.is_none_or(|least| logits[t] >= least));
    }
    let max = kept.iter().map(|&t| logits[t]).fold(f32::MIN, f32::max);
    let weight = |t: usize| f64::from(((logits[t] - max) / sampling.temperature).exp());
    if sampling.top_p < 1.0 {
        let total: f64 = kept.iter().map(|&t| weight(t)).sum();
        let sorted = by_logit(&kept);
        let mass = |n: usize| sorted[..n].iter().map(|&t| weight(t)).sum::<f64>();
        let n = (1..=sorted.len()).find(|&n| mass(n) >= f64::from(sampling.top_p) * total);
        let least = weight(sorted[n.unwrap_or(sorted.len()) - 1]);
        kept.retain(|&t| weight(t) >= least);
    }
    kept.retain(|&t| weight(t) >= f64::from(sampling.min_p));
    let total: f64 = kept.iter().map(|&t| weight(t)).sum();
    (0..logits.len())
        .map(|t| match kept.contains(&t) {
            true => weight(t) / total,
            false => 0.0,
        })
        .collect()
}

fn row(allowed: &[bool]) -> Vec<u32> {
    let mut row = vec![0; allowed.len().div_ceil(32)];
    for (t, _) in allowed.iter().enumerate().filter(|(_, is)| **is) {
        mask::set(&mut row, TokenId(t as u32));
    }
    row
}

fn samplings() -> impl Strategy<Value = Sampling> {
    let temperature = prop_oneof![Just(0.0f32), Just(1.0), 0.2f32..3.0];
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
    /// Points laid evenly over 0 to 1 meet every token as often as it is likely.
    #[test]
    fn tokens_come_as_often_as_they_are_likely(
        tokens in prop::collection::vec(((-8i8..8).prop_map(|x| f32::from(x) / 2.0), any::<bool>()), 1..70),
        sampling in samplings(),
    ) {
        let (logits, mut allowed): (Vec<f32>, Vec<bool>) = tokens.into_iter().unzip();
        allowed[0] |= !allowed.contains(&true);
        let expected = distribution(&logits, &allowed, &sampling);
        let mask = row(&allowed);
        const POINTS: usize = 512;
        let mut met = vec![0usize; logits.len()];
        for point in 0..POINTS {
            let uniform = (point as f32 + 0.5) / POINTS as f32;
            let draw = Draw { row: 0, mask: &mask, sampling, uniform };
            met[sample(&logits, logits.len(), &draw).expect("a token").0 as usize] += 1;
        }
        for (met, expected) in met.iter().zip(&expected) {
            let share = *met as f64 / POINTS as f64;
            prop_assert!((share - expected).abs() <= 2.0 / POINTS as f64, "{share} {expected}");
            prop_assert!(*met == 0 || *expected > 0.0);
        }
    }
}

#[test]
fn rows_lie_one_behind_the_other() {
    let logits = [0.0, 1.0, 0.0, 3.0, 0.0, 1.0];
    let draw = |row| Draw {
        row,
        mask: &[0b111],
        sampling: Sampling::GREEDY,
        uniform: 0.0,
    };
    let tokens = [0, 1].map(|row| sample(&logits, 3, &draw(row)).expect("a token"));
    assert_eq!(tokens, [TokenId(1), TokenId(0)]);
    assert!(sample(&logits, 3, &draw(2)).is_err());
}

#[test]
fn what_is_no_number_is_not_chosen_unless_alone() {
    let logits = [f32::NAN, f32::NEG_INFINITY, -3.0];
    for sampling in [Sampling::GREEDY, Sampling::default()] {
        let token = |mask: u32| {
            let draw = Draw {
                row: 0,
                mask: &[mask],
                sampling,
                uniform: 0.99,
            };
            sample(&logits, 3, &draw)
        };
        assert_eq!(token(0b111), Ok(TokenId(2)));
        assert_eq!(token(0b011), Ok(TokenId(0)));
        assert!(token(0).is_err());
    }
}

#[test]
fn fields_have_bounds() {
    let bad = [
        Sampling {
            temperature: -1.0,
            ..Sampling::default()
        },
        Sampling {
            temperature: f32::NAN,
            ..Sampling::default()
        },
        Sampling {
            top_p: 0.0,
            ..Sampling::default()
        },
        Sampling {
            min_p: 1.5,
            ..Sampling::default()
        },
    ];
    assert!(bad.iter().all(|sampling| sampling.check().is_err()));
    assert_eq!(Sampling::GREEDY.check(), Ok(()));
}
