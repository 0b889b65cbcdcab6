//! A row of probabilities, as it is kept.

use formwork::{TokenId, mask};
use half::f16;

/// How rows of logits are kept, so that a prefix that comes up again needs no model.
///
/// What is kept *is* the model from then on: a rounded row is normalised after rounding,
/// and proposals and weights alike read it. Rows that are dropped for want of memory are
/// asked of the model again; a model whose rows depend on what else is in a batch may then
/// give slightly other ones.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum LogitCache {
    /// Not at all: the model is asked at every token of every attempt.
    None,
    /// The allowed tokens and their logits: 8 bytes each.
    #[default]
    Sparse,
    /// All logits, in 16 bits below the largest: 2 bytes each, and a bit for the mask.
    F16,
    /// All logits: 4 bytes each, and a bit for the mask.
    F32,
}

/// The probabilities of the tokens that may come next.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    numbers: Numbers,
    /// What is subtracted from a logit, which makes it the logarithm of a probability.
    ln_norm: f64,
    /// Whether its tokens are known to be allowed; otherwise each is checked when drawn.
    pub(crate) is_checked: bool,
    /// The stop tokens among them end the text; none, where it may not end.
    pub(crate) may_stop: bool,
}

#[derive(Clone, Debug)]
enum Numbers {
    Sparse {
        tokens: Box<[u32]>,
        logits: Box<[f32]>,
    },
    F16 {
        mask: Box<[u32]>,
        logits: Box<[f16]>,
    },
    F32 {
        mask: Box<[u32]>,
        logits: Box<[f32]>,
    },
}

impl Row {
    /// Of logits and the tokens that are allowed. `None` if the logits are no distribution.
    ///
    /// Linear in the tokens.
    pub(crate) fn new(
        logits: &[f32],
        mask: &[u32],
        cache: LogitCache,
        is_checked: bool,
        may_stop: bool,
    ) -> Option<Row> {
        let largest = |max: f32, logit: &f32| if *logit > max { *logit } else { max };
        let max = logits.iter().fold(f32::NEG_INFINITY, largest);
        if !max.is_finite() {
            return None;
        }
        let number = |logit: f32| {
            if logit.is_nan() {
                f32::NEG_INFINITY
            } else {
                logit
            }
        };
        let norm = |kept: &mut dyn Iterator<Item = f64>, max: f64| {
            max + kept.map(|logit| (logit - max).exp()).sum::<f64>().ln()
        };
        let mut exact = logits.iter().map(|&logit| f64::from(number(logit)));
        let (numbers, ln_norm) = match cache {
            LogitCache::None | LogitCache::Sparse => {
                let allowed = mask::iter_ones(mask).filter_map(|token| {
                    let logit = number(*logits.get(token.0 as usize)?);
                    (logit > f32::NEG_INFINITY).then_some((token.0, logit))
                });
                let (tokens, kept): (Vec<u32>, Vec<f32>) = allowed.unzip();
                let (tokens, logits) = (tokens.into(), kept.into());
                let numbers = Numbers::Sparse { tokens, logits };
                (numbers, norm(&mut exact, f64::from(max)))
            }
            LogitCache::F16 => {
                let rounded = logits
                    .iter()
                    .map(|&logit| f16::from_f32(number(logit) - max));
                let logits: Box<[f16]> = rounded.collect();
                let ln_norm = norm(&mut logits.iter().map(|&logit| f64::from(logit)), 0.0);
                (
                    Numbers::F16 {
                        mask: mask.into(),
                        logits,
                    },
                    ln_norm,
                )
            }
            LogitCache::F32 => {
                let ln_norm = norm(&mut exact, f64::from(max));
                let logits = logits.iter().map(|&logit| number(logit)).collect();
                (
                    Numbers::F32 {
                        mask: mask.into(),
                        logits,
                    },
                    ln_norm,
                )
            }
        };
        Some(Row {
            numbers,
            ln_norm,
            is_checked,
            may_stop,
        })
    }

    /// The allowed tokens that have any probability, ascending, with its logarithm.
    pub(crate) fn each(&self, mut f: impl FnMut(TokenId, f64)) {
        let mut give = |token: u32, logit: f64| {
            if logit > f64::NEG_INFINITY {
                f(TokenId(token), logit - self.ln_norm);
            }
        };
        match &self.numbers {
            Numbers::Sparse { tokens, logits } => {
                let both = tokens.iter().zip(logits);
                both.for_each(|(&token, &logit)| give(token, f64::from(logit)));
            }
            Numbers::F16 { mask, logits } => mask::iter_ones(mask).for_each(|token| {
                let logit = logits.get(token.0 as usize);
                give(token.0, logit.map_or(f64::NEG_INFINITY, |&l| f64::from(l)));
            }),
            Numbers::F32 { mask, logits } => mask::iter_ones(mask).for_each(|token| {
                let logit = logits.get(token.0 as usize);
                give(token.0, logit.map_or(f64::NEG_INFINITY, |&l| f64::from(l)));
            }),
        }
    }

    /// The bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let kept = match &self.numbers {
            Numbers::Sparse { tokens, .. } => 8 * tokens.len(),
            Numbers::F16 { mask, logits } => 4 * mask.len() + 2 * logits.len(),
            Numbers::F32 { mask, logits } => 4 * mask.len() + 4 * logits.len(),
        };
        kept + size_of::<Row>()
    }
}

#[cfg(test)]
mod tests {
    use formwork::{TokenId, mask};
    use proptest::prelude::*;

    use super::{LogitCache, Row};

    fn rows() -> impl Strategy<Value = (Vec<f32>, Vec<u32>)> {
        let logit =
            prop_oneof![8 => -20.0f32..20.0, 1 => Just(f32::NEG_INFINITY), 1 => Just(f32::NAN)];
        prop::collection::vec((logit, any::<bool>()), 1..70).prop_map(|mut tokens| {
            tokens[0].0 = 1.0;
            let mut row = vec![0; tokens.len().div_ceil(32)];
            for (t, _) in tokens.iter().enumerate().filter(|(_, (_, is))| *is) {
                mask::set(&mut row, TokenId(t as u32));
            }
            (tokens.into_iter().map(|(logit, _)| logit).collect(), row)
        })
    }

    proptest! {
        /// Whatever is kept, probabilities are those of the definition, and of all tokens
        /// together 1.
        #[test]
        fn probabilities_are_normalised((logits, allowed) in rows()) {
            let all = vec![u32::MAX; allowed.len()];
            let weight = |l: f32| if l.is_nan() { 0.0 } else { f64::from(l).exp() };
            let total: f64 = logits.iter().map(|&l| weight(l)).sum();
            let kinds = [LogitCache::None, LogitCache::Sparse, LogitCache::F16, LogitCache::F32];
            for cache in kinds {
                let row = Row::new(&logits, &allowed, cache, true, false).unwrap();
                let tolerance = if cache == LogitCache::F16 { 0.03 } else { 1e-12 };
                let mut met = Vec::new();
                row.each(|token, ln_p| {
                    met.push(token);
                    let p = weight(logits[token.0 as usize]) / total;
                    assert!((ln_p.exp() - p).abs() <= tolerance * p, "{cache:?} {p} {ln_p}");
                });
                let expected: Vec<TokenId> = mask::iter_ones(&allowed)
                    .filter(|t| weight(logits[t.0 as usize]) > 0.0)
                    .collect();
                prop_assert_eq!(met, expected);
                let mut sum = 0.0;
                let whole = Row::new(&logits, &all, cache, true, false).unwrap();
                whole.each(|_, ln_p| sum += ln_p.exp());
                prop_assert!((sum - 1.0).abs() < 1e-12, "{} {}", sum, whole.bytes());
            }
        }
    }

    #[test]
    fn rows_that_are_no_distribution() {
        for bad in [[f32::INFINITY, 0.0], [f32::NEG_INFINITY, f32::NAN]] {
            assert!(Row::new(&bad, &[3], LogitCache::F32, true, false).is_none());
        }
    }
}
