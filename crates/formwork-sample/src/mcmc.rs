//! Chains of texts.

use crate::prefix::Prefix;
use crate::random::{Chance, Streams};
use crate::tree::NodeId;
use crate::{Constraint, Model, Sample, SampleError, Sampler};

/// Markov chains (arXiv:2506.05754): a text under masks, of which again and again the end
/// is written anew, and the new text is taken with the probability of Metropolis and
/// Hastings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mcmc {
    /// The steps of a chain, each a proposal. More steps bring the law of a sample nearer
    /// to the target, never further from it; 0 is decoding under masks.
    pub steps: usize,
    /// From where on a text is written anew.
    pub cut: Cut,
}

/// From where on a text is written anew.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum Cut {
    /// From its beginning.
    Restart,
    /// From anywhere, all places alike.
    #[default]
    Prefix,
    /// From where there is something to choose: in proportion to exp(H) − 1, where H is
    /// the entropy of the next token under the mask.
    Priority,
}

/// A text, and what was open at each of its tokens, that which ended it included.
#[derive(Clone)]
pub(crate) struct Path<S> {
    /// The text before each token.
    before: Vec<Prefix<S>>,
    pub(crate) text: Prefix<S>,
    /// ln of the probability of each token under its mask.
    ln_q: Vec<f64>,
    /// exp(H) − 1 of each token.
    choices: Vec<f64>,
}

impl<S: Clone> Path<S> {
    fn starting_with(&self, tokens: usize) -> Path<S> {
        let text = self.before.get(tokens).unwrap_or(&self.text).clone();
        let head = |all: &[f64]| all.iter().take(tokens).copied().collect();
        Path {
            before: self.before.iter().take(tokens).cloned().collect(),
            text,
            ln_q: head(&self.ln_q),
            choices: head(&self.choices),
        }
    }

    /// The tokens that this and another text begin with.
    fn common(&self, other: &Path<S>) -> usize {
        let (ours, theirs) = (&self.text, &other.text);
        let both = ours.tokens.iter().zip(&theirs.tokens);
        let common = both.take_while(|(a, b)| a == b).count();
        let is_same = ours.tokens == theirs.tokens && ours.stop == theirs.stop;
        if is_same { self.ln_q.len() } else { common }
    }

    fn is_same(&self, other: &Path<S>) -> bool {
        self.text.tokens == other.text.tokens && self.text.stop == other.text.stop
    }

    /// How likely it is to be cut before each token.
    fn cuts(&self, cut: Cut) -> Vec<f64> {
        let n = self.ln_q.len();
        let weights: Vec<f64> = match cut {
            Cut::Restart => (0..n).map(|at| f64::from(u8::from(at == 0))).collect(),
            Cut::Prefix => vec![1.0; n],
            Cut::Priority => self.choices.clone(),
        };
        let total: f64 = weights.iter().sum();
        match total > 0.0 {
            true => weights.into_iter().map(|weight| weight / total).collect(),
            // No choice anywhere: there is no other text.
            false => vec![1.0 / n.max(1) as f64; n],
        }
    }

    /// The probability to propose another text: over all cuts that lead there.
    fn proposes(&self, other: &Path<S>, cut: Cut) -> f64 {
        let cuts = self.cuts(cut).into_iter().enumerate();
        let way = |(at, p): (usize, f64)| {
            let tail: f64 = other.ln_q.get(at..).unwrap_or_default().iter().sum();
            p * tail.exp()
        };
        cuts.take(self.common(other) + 1).map(way).sum()
    }
}

impl<M: Model, C: Constraint> Sampler<M, C> {
    /// The end of a chain of its own, independent of those before. Bounds of the tree are
    /// neither used nor learnt, so that the chain is one of a single kernel.
    ///
    /// # Errors
    ///
    /// As [`sample`](Sampler::sample); attempts are those to find a first text.
    pub fn mcmc(&mut self, mcmc: &Mcmc) -> Result<Sample, SampleError> {
        let mut chance = Streams::new(self.options.seed, self.attempt);
        let mut tries = 0;
        let mut path = loop {
            chance.go_to(0, 0);
            let empty = self.new_path()?;
            if let Some(path) = self.write_on(empty, tries, &mut chance)? {
                break path;
            }
            tries += 1;
            if tries >= self.options.max_attempts {
                let (budget, limit) = (crate::Budget::Attempts, tries);
                return Err(SampleError::BudgetSpent { budget, limit });
            }
        };
        for step in 0..mcmc.steps {
            path = self.mcmc_step(path, mcmc.cut, tries + 1 + step as u64, &mut chance)?;
        }
        self.attempt += tries + 1 + mcmc.steps as u64;
        self.explorer.stats.samples += 1;
        let ln_q = path.ln_q.iter().sum();
        Ok(self.sample_of(path.text, ln_q, 0.0))
    }

    /// A step of a chain.
    pub(crate) fn mcmc_step(
        &mut self,
        path: Path<C::State>,
        cut: Cut,
        stream: u64,
        chance: &mut dyn Chance,
    ) -> Result<Path<C::State>, SampleError> {
        chance.go_to(stream, self.options.max_tokens + 1);
        let Some(at) = chance.pick(&path.cuts(cut)) else {
            return Ok(path);
        };
        let Some(other) = self.write_on(path.starting_with(at), stream, chance)? else {
            return Ok(path);
        };
        if other.is_same(&path) {
            return Ok(path);
        }
        let (to, back) = (path.proposes(&other, cut), other.proposes(&path, cut));
        let ln_ratio = other.text.ln_p - path.text.ln_p + back.ln() - to.ln();
        let accept = ln_ratio.min(0.0).exp();
        chance.go_to(stream, self.options.max_tokens + 2);
        match chance.pick(&[accept, 1.0 - accept]) {
            Some(0) => Ok(other),
            _ => Ok(path),
        }
    }

    pub(crate) fn new_path(&self) -> Result<Path<C::State>, SampleError> {
        Ok(Path {
            before: Vec::new(),
            text: self.empty()?,
            ln_q: Vec::new(),
            choices: Vec::new(),
        })
    }

    /// Writes a text to its end under masks; none, if nothing can follow somewhere.
    pub(crate) fn write_on(
        &mut self,
        mut path: Path<C::State>,
        stream: u64,
        chance: &mut dyn Chance,
    ) -> Result<Option<Path<C::State>>, SampleError> {
        self.make_room_for_path(&mut path);
        self.explorer.stats.attempts += 1;
        while !path.text.is_text() {
            let next = match path.text.is_dead() {
                true => None,
                false => Some(self.next(&path.text)?),
            };
            chance.go_to(stream, path.text.tokens.len());
            let shares = next.as_ref().map(|next| next.shares()).unwrap_or_default();
            let at = chance.pick(&shares);
            let token = next
                .as_ref()
                .zip(at)
                .and_then(|(next, at)| next.tokens.get(at));
            let (Some(next), Some(&token)) = (&next, token) else {
                self.explorer.stats.dead += 1;
                return Ok(None);
            };
            let entropy: f64 = shares
                .iter()
                .filter(|p| **p > 0.0)
                .map(|p| -p * p.ln())
                .sum();
            path.before.push(path.text.clone());
            path.ln_q.push(token.ln_p - next.ln_z());
            path.choices.push(entropy.exp_m1().max(0.0));
            self.extend(&mut path.text, token, next.is_checked)?;
        }
        Ok(Some(path))
    }

    /// Makes room for another text. The path may stand in a tree that was begun anew since:
    /// it is put in again.
    fn make_room_for_path(&mut self, path: &mut Path<C::State>) {
        self.make_room_for(2);
        let (mut node, mut ln_p) = (NodeId::ROOT, 0.0);
        for (at, prefix) in path.before.iter_mut().chain([&mut path.text]).enumerate() {
            if let (1.., Some(&token)) = (at, prefix.tokens.last()) {
                node = self.tree.child(node, token, prefix.ln_p - ln_p);
            }
            prefix.node = node;
            ln_p = prefix.ln_p;
        }
    }
}
