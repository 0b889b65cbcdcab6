//! Valid tokens with unbiased weights, from checks alone.

use crate::prefix::{Next, NextToken, Prefix};
use crate::random::{Chance, Streams};
use crate::{Constraint, Model, Sample, SampleError, Sampler, WeightedSet};

/// A token that may follow, with a weight ŵ from 0 to 1 such that E[ŵ·1(x)] = p(x) for
/// every valid token x and 0 for the others: adaptive weighted rejection sampling
/// (arXiv:2504.05410), the recursive form. None if nothing is valid.
///
/// Tokens are visited in random order without replacement, likely ones first, until one
/// is valid; whether the one after it is valid, too, decides about the weight. Checks grow
/// as −ln of the valid mass, not with the vocabulary; each costs a pass over it.
pub(crate) fn draw(
    next: &Next,
    valid: &mut dyn FnMut(NextToken) -> Result<bool, SampleError>,
    chance: &mut dyn Chance,
) -> Result<Option<(NextToken, f64)>, SampleError> {
    let mut left: Vec<(NextToken, f64)> = next
        .tokens
        .iter()
        .map(|&next| (next, next.ln_p.exp()))
        .collect();
    let mass = |left: &[(NextToken, f64)]| left.iter().map(|(_, p)| p).sum::<f64>();
    // Logits beyond the vocabulary were refused already, with all their mass.
    let mut weight = mass(&left);
    loop {
        let total = mass(&left);
        let Some((token, p)) = take(&mut left, chance) else {
            return Ok(None);
        };
        if valid(token)? {
            let second = take(&mut left, chance);
            let second_is_valid = match second {
                Some((second, _)) => valid(second)?,
                None => false,
            };
            let factor = if second_is_valid { 1.0 } else { p / total };
            return Ok(Some((token, weight * factor)));
        }
        // 1 − p/total, as a sum.
        weight *= mass(&left) / total;
    }
}

/// One of what is left, as often as it is likely.
fn take(left: &mut Vec<(NextToken, f64)>, chance: &mut dyn Chance) -> Option<(NextToken, f64)> {
    let weights: Vec<f64> = left.iter().map(|(_, p)| *p).collect();
    let at = chance.pick(&weights)?;
    (at < left.len()).then(|| left.remove(at))
}

/// A text and ln of its weight.
type Weighted<S> = (Prefix<S>, f64);

impl<M: Model, C: Constraint> Sampler<M, C> {
    /// So many texts, token by token by adaptive weighted rejection, with unbiased
    /// weights: checks alone, for constraints that have no masks. To be used with
    /// [`Lookahead::Check`](crate::Lookahead::Check).
    ///
    /// A weight is random given its text, so `log_q` is that of a proposal that would
    /// have given the same one.
    ///
    /// # Errors
    ///
    /// If model or constraint fail, or a budget of rows is spent.
    pub fn awrs(&mut self, draws: usize) -> Result<WeightedSet, SampleError> {
        let mut samples = Vec::new();
        for _ in 0..draws {
            let mut chance = Streams::new(self.options.seed, self.attempt);
            self.attempt += 1;
            if let Some((text, ln_w)) = self.awrs_text(&mut chance, false)? {
                let ln_q = text.ln_p - ln_w;
                samples.push(self.sample_of(text, ln_q, ln_w));
            }
        }
        Ok(WeightedSet::new(samples, draws))
    }

    /// The next text by exact rejection from checks alone: a token is kept with
    /// probability ŵ, or everything is begun anew. Follows the target, independently of
    /// what came before; takes 1/P(L) attempts on average.
    ///
    /// # Errors
    ///
    /// As [`sample`](Sampler::sample).
    pub fn awrs_exact(&mut self) -> Result<Sample, SampleError> {
        for _ in 0..self.options.max_attempts {
            let mut chance = Streams::new(self.options.seed, self.attempt);
            self.attempt += 1;
            if let Some((text, _)) = self.awrs_text(&mut chance, true)? {
                let ln_p = text.ln_p;
                return Ok(self.sample_of(text, ln_p, 0.0));
            }
        }
        Err(SampleError::BudgetSpent {
            budget: crate::Budget::Attempts,
            limit: self.options.max_attempts,
        })
    }

    /// A text and ln of its weight; none, if nothing can follow, or if `flips` and it was
    /// given up.
    pub(crate) fn awrs_text(
        &mut self,
        chance: &mut dyn Chance,
        flips: bool,
    ) -> Result<Option<Weighted<C::State>>, SampleError> {
        self.make_room_for(1);
        self.explorer.stats.attempts += 1;
        let (mut text, mut ln_w) = (self.empty()?, 0.0);
        while !text.is_text() {
            chance.go_to(0, text.tokens.len());
            let Some(weight) = self.awrs_step(&mut text, chance)? else {
                self.explorer.stats.dead += 1;
                return Ok(None);
            };
            ln_w += weight.ln();
            if flips && chance.pick(&[weight, 1.0 - weight]) != Some(0) {
                self.explorer.stats.rejected += 1;
                return Ok(None);
            }
        }
        self.explorer.stats.samples += 1;
        Ok(Some((text, ln_w)))
    }

    /// Extends a text by a token, with numbers from where `chance` is, and returns the
    /// weight of that; `None` if nothing can follow.
    pub(crate) fn awrs_step(
        &mut self,
        text: &mut Prefix<C::State>,
        chance: &mut dyn Chance,
    ) -> Result<Option<f64>, SampleError> {
        if text.is_dead() {
            return Ok(None);
        }
        let next = self.next(text)?;
        let mut first = None;
        let from = text.clone();
        let mut valid = |token: NextToken| {
            let mut after = from.clone();
            self.extend(&mut after, token, next.is_checked)?;
            let is_valid = !after.is_dead();
            if is_valid && first.is_none() {
                first = Some(after);
            }
            Ok(is_valid)
        };
        let drawn = draw(&next, &mut valid, chance)?;
        let (Some((_, weight)), Some(after)) = (drawn, first) else {
            return Ok(None);
        };
        *text = after;
        Ok(Some(weight))
    }
}
