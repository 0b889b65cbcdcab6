//! How a token is chosen among those that are allowed, on the host.

use formwork::{TokenId, mask};

use crate::language_model::Draw;
use crate::{ModelError, ModelErrorKind};

/// How to choose among the allowed tokens. The steps are taken in the order of the
/// fields, each on what the one before has left, and none depends on the order of equal
/// tokens: those that tie with the last one kept are kept.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sampling {
    /// Logits are divided by it; at 0 the largest logit is taken, of equal ones the
    /// lowest token.
    pub temperature: f32,
    /// So many of the largest logits are kept; 0 for all.
    pub top_k: u32,
    /// The largest probabilities that come to this together are kept; 1 for all
    /// (Holtzman et al., arXiv:1904.09751).
    pub top_p: f32,
    /// Probabilities of at least this part of the largest are kept; 0 for all (Nguyen et
    /// al., arXiv:2407.01082).
    pub min_p: f32,
}

impl Default for Sampling {
    /// The model's own distribution.
    fn default() -> Sampling {
        Sampling {
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
        }
    }
}

impl Sampling {
    /// The largest logit.
    pub const GREEDY: Sampling = Sampling {
        temperature: 0.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
    };

    /// Whether the largest logit is taken.
    #[must_use]
    pub fn is_greedy(&self) -> bool {
        self.temperature <= 0.0 || self.top_k == 1
    }

    /// Checks that every field is a number within its bounds.
    ///
    /// # Errors
    ///
    /// With the field that is not.
    pub fn check(&self) -> Result<(), ModelError> {
        let checks = [
            ("temperature", self.temperature, 0.0, f32::MAX),
            ("top_p", self.top_p, f32::MIN_POSITIVE, 1.0),
            ("min_p", self.min_p, 0.0, 1.0),
        ];
        for (name, value, least, most) in checks {
            if !(least..=most).contains(&value) {
                return Err(ModelError::new(
                    ModelErrorKind::Request,
                    format!("{name} is {value}, which is not within {least} and {most}"),
                ));
            }
        }
        Ok(())
    }
}

/// Samples a token from rows of logits that are on the host, each `vocab_len` long.
///
/// Linear in the allowed tokens; with `top_p` they are sorted. A logit that is no number
/// counts as minus infinity.
///
/// # Errors
///
/// If the draw names no row, or its mask has not a bit for every logit or allows no
/// token.
pub fn sample(logits: &[f32], vocab_len: usize, draw: &Draw<'_>) -> Result<TokenId, ModelError> {
    check(draw, logits.len() / vocab_len.max(1), vocab_len)?;
    let begin = draw.row * vocab_len;
    let row = logits.get(begin..begin + vocab_len).unwrap_or_default();
    let allowed = mask::iter_ones(draw.mask)
        .filter_map(|token| Some((token, *row.get(token.0 as usize)?)))
        .map(|(token, logit)| match logit.is_nan() {
            true => (token, f32::NEG_INFINITY),
            false => (token, logit),
        });
    if draw.sampling.is_greedy() {
        return largest(allowed).ok_or_else(nothing_allowed);
    }
    let mut kept: Vec<(TokenId, f32)> = allowed.collect();
    let best = largest(kept.iter().copied()).ok_or_else(nothing_allowed)?;
    keep_top_k(&mut kept, draw.sampling.top_k);
    let Some(max) = kept.iter().map(|&(_, logit)| logit).reduce(f32::max) else {
        return Ok(best);
    };
    if !max.is_finite() {
        return Ok(best);
    }
    for (_, weight) in &mut kept {
        *weight = ((*weight - max) / draw.sampling.temperature).exp();
    }
    keep_top_p(&mut kept, draw.sampling.top_p);
    kept.retain(|&(_, weight)| weight >= draw.sampling.min_p);
    Ok(at(&kept, draw.uniform).unwrap_or(best))
}

/// That a token can be sampled from so many rows of logits; whoever samples elsewhere
/// refuses the same.
///
/// # Errors
///
/// If the draw names no row, or its mask has not a bit for every logit or allows no
/// token.
pub fn check(draw: &Draw<'_>, rows: usize, vocab_len: usize) -> Result<(), ModelError> {
    if draw.row >= rows {
        return Err(request(format!("there is no row {} of logits", draw.row)));
    }
    if draw.mask.len() != vocab_len.div_ceil(32) {
        return Err(request(format!(
            "a mask has {} words instead of {} for {vocab_len} logits",
            draw.mask.len(),
            vocab_len.div_ceil(32)
        )));
    }
    let first = mask::iter_ones(draw.mask).next();
    match first.is_some_and(|token| (token.0 as usize) < vocab_len) {
        true => Ok(()),
        false => Err(nothing_allowed()),
    }
}

fn nothing_allowed() -> ModelError {
    request("the mask allows no token".to_owned())
}

fn request(message: String) -> ModelError {
    ModelError::new(ModelErrorKind::Request, message)
}

/// The token with the largest logit; the lowest of equal ones.
fn largest(tokens: impl Iterator<Item = (TokenId, f32)>) -> Option<TokenId> {
    let better = |best: (TokenId, f32), next: (TokenId, f32)| match next.1 > best.1 {
        true => next,
        false => best,
    };
    tokens.reduce(better).map(|(token, _)| token)
}

fn keep_top_k(kept: &mut Vec<(TokenId, f32)>, k: u32) {
    let k = k as usize;
    if k == 0 || k >= kept.len() {
        return;
    }
    let mut logits: Vec<f32> = kept.iter().map(|&(_, logit)| logit).collect();
    let (_, &mut least, _) = logits.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    kept.retain(|&(_, logit)| logit >= least);
}

fn keep_top_p(kept: &mut Vec<(TokenId, f32)>, p: f32) {
    if p >= 1.0 {
        return;
    }
    let mut weights: Vec<f32> = kept.iter().map(|&(_, weight)| weight).collect();
    weights.sort_unstable_by(|a, b| b.total_cmp(a));
    let enough = f64::from(p) * weights.iter().copied().map(f64::from).sum::<f64>();
    let mut sum = 0.0;
    let last = weights.iter().find(|&&weight| {
        sum += f64::from(weight);
        sum >= enough
    });
    if let Some(&least) = last {
        kept.retain(|&(_, weight)| weight >= least);
    }
}

/// The token at a point of the weights laid end to end, which is given as a part of
/// their sum.
fn at(weights: &[(TokenId, f32)], uniform: f32) -> Option<TokenId> {
    let total: f64 = weights.iter().map(|&(_, weight)| f64::from(weight)).sum();
    let point = f64::from(uniform) * total;
    let mut sum = 0.0;
    let mut positive = weights.iter().filter(|&&(_, weight)| weight > 0.0);
    let found = positive.clone().find(|&&(_, weight)| {
        sum += f64::from(weight);
        sum > point
    });
    found
        .or_else(|| positive.next_back())
        .map(|&(token, _)| token)
}

#[cfg(test)]
mod tests;
