//! A language model behind a prompt, with its logits changed as asked for.

use std::sync::{Arc, Mutex, PoisonError};

use formwork::TokenId;
use formwork_model::{
    LanguageModel, ModelError, ModelErrorKind, Sampling, SequenceId, Step, Wanted,
};
use formwork_vocab::fingerprint::Hasher;

use super::{Model, Read};
use crate::SampleError;

/// A language model that has read a prompt. Temperature, top-k, top-p and min-p are done
/// here, to whole rows, before any constraint: they are part of the law that texts follow.
///
/// Done after a mask, as most servers do, they would cut what is unlikely *among the
/// allowed tokens*, which is another target and one that no sampler here is exact for.
pub struct WarpedModel<'a> {
    model: &'a mut dyn LanguageModel,
    prompt: Vec<TokenId>,
    sampling: Sampling,
    fingerprint: u64,
    /// Texts that no state names any more.
    left: Arc<Mutex<Vec<SequenceId>>>,
}

/// What a [`WarpedModel`] keeps of a text: a shared handle of a sequence of the model, and
/// the last token of the prompt until it is read.
#[derive(Clone, Debug)]
pub struct LanguageState {
    sequence: Arc<Sequence>,
    pending: Option<TokenId>,
}

#[derive(Debug)]
struct Sequence {
    id: SequenceId,
    left: Arc<Mutex<Vec<SequenceId>>>,
}

impl Drop for Sequence {
    fn drop(&mut self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.push(self.id);
    }
}

impl<'a> WarpedModel<'a> {
    /// Behind a prompt of at least one token. `weights` is a number that differs for
    /// models that differ, such as a hash of their files or of where they are: a saved
    /// tree is read again only if it is the same.
    ///
    /// # Errors
    ///
    /// If the prompt is empty or does not fit the model, or a field of `sampling` is out
    /// of its bounds. Temperature 0 is refused: it is no distribution to be faithful to;
    /// the likeliest text under a grammar is another question.
    pub fn new(
        model: &'a mut dyn LanguageModel,
        prompt: &[TokenId],
        sampling: Sampling,
        weights: u64,
    ) -> Result<WarpedModel<'a>, SampleError> {
        sampling.check()?;
        if sampling.temperature <= 0.0 {
            return Err(SampleError::Option {
                name: "temperature",
                wanted: "above 0: the likeliest token is not sampled",
            });
        }
        let wrong = |message: &str| Err(ModelError::new(ModelErrorKind::Request, message).into());
        if prompt.is_empty() {
            return wrong("a prompt has to have a token, such as that for the beginning");
        }
        if prompt.len() >= model.max_len() {
            return wrong("the prompt is as long as the model can read; shorten it");
        }
        let mut hasher = Hasher::new();
        hasher.word(weights);
        hasher.word(model.vocab_len() as u64);
        hasher.word(u64::from(sampling.temperature.to_bits()));
        hasher.word(u64::from(sampling.top_k));
        hasher.word(u64::from(sampling.top_p.to_bits()));
        hasher.word(u64::from(sampling.min_p.to_bits()));
        hasher.word(prompt.len() as u64);
        prompt
            .iter()
            .for_each(|token| hasher.word(u64::from(token.0)));
        Ok(WarpedModel {
            model,
            prompt: prompt.to_vec(),
            sampling,
            fingerprint: hasher.finish(),
            left: Arc::default(),
        })
    }

    fn end_what_is_left(&mut self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        for id in left.drain(..) {
            self.model.end(id);
        }
    }

    fn sequence(&self, id: SequenceId) -> Arc<Sequence> {
        Arc::new(Sequence {
            id,
            left: Arc::clone(&self.left),
        })
    }
}

impl Drop for WarpedModel<'_> {
    fn drop(&mut self) {
        self.end_what_is_left();
    }
}

impl Model for WarpedModel<'_> {
    type State = LanguageState;

    fn vocab_len(&self) -> usize {
        self.model.vocab_len()
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn max_tokens(&self) -> Option<usize> {
        Some(self.model.max_len() - self.prompt.len())
    }

    fn start(&mut self) -> Result<LanguageState, SampleError> {
        self.end_what_is_left();
        let id = self.model.begin();
        let sequence = self.sequence(id);
        let (pending, read) = match self.prompt.split_last() {
            Some((&last, read)) => (Some(last), read),
            None => (None, &[][..]),
        };
        if !read.is_empty() {
            self.model.forward(&[Step {
                sequence: id,
                tokens: read,
                wanted: Wanted::Nothing,
            }])?;
        }
        Ok(LanguageState { sequence, pending })
    }

    fn read(
        &mut self,
        batch: &mut [Read<'_, LanguageState>],
        logits: &mut [f32],
    ) -> Result<(), SampleError> {
        self.end_what_is_left();
        let mut texts = Vec::with_capacity(batch.len());
        for read in batch.iter_mut() {
            // Others may go on from here, too.
            if Arc::get_mut(&mut read.state.sequence).is_none() {
                let id = self.model.fork(read.state.sequence.id)?;
                read.state.sequence = self.sequence(id);
            }
            let mut tokens: Vec<TokenId> = read.state.pending.into_iter().collect();
            tokens.extend_from_slice(read.tokens);
            texts.push((read.state.sequence.id, tokens));
        }
        let steps = texts.iter().map(|(sequence, tokens)| Step {
            sequence: *sequence,
            tokens,
            wanted: Wanted::Last,
        });
        let rows = self.model.forward(&steps.collect::<Vec<_>>())?.to_host()?;
        if rows.len() != logits.len() {
            return Err(SampleError::Vocabulary {
                logits: rows.len(),
                tokens: logits.len(),
            });
        }
        for read in batch {
            read.state.pending = None;
        }
        logits.copy_from_slice(&rows);
        for row in logits.chunks_exact_mut(self.model.vocab_len()) {
            warp(row, &self.sampling);
        }
        Ok(())
    }
}

/// Divides by the temperature and makes minus infinity of what top-k, top-p and min-p
/// leave out, in this order, each on what the one before has left; what ties with the
/// last that is kept is kept, as [`Sampling`] says. `O(n)`, with top-p `O(n log n)`.
pub(crate) fn warp(row: &mut [f32], sampling: &Sampling) {
    for logit in row.iter_mut() {
        *logit = match logit.is_nan() {
            true => f32::NEG_INFINITY,
            false => *logit / sampling.temperature,
        };
    }
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if !max.is_finite() {
        return;
    }
    let k = sampling.top_k as usize;
    if k == 1 {
        // The one choice without ties: the lowest of the likeliest.
        let best = row.iter().position(|&logit| logit == max);
        for (at, logit) in row.iter_mut().enumerate() {
            if Some(at) != best {
                *logit = f32::NEG_INFINITY;
            }
        }
        return;
    }
    if k > 0 && k < row.len() {
        let mut all = row.to_vec();
        let (_, &mut least, _) = all.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        keep_from(row, least);
    }
    if sampling.top_p < 1.0 {
        let mut all: Vec<f32> = row.iter().copied().filter(|l| l.is_finite()).collect();
        all.sort_unstable_by(|a, b| b.total_cmp(a));
        let weight = |logit: f32| f64::from(logit - max).exp();
        let enough = f64::from(sampling.top_p) * all.iter().map(|&l| weight(l)).sum::<f64>();
        let mut sum = 0.0;
        let last = all.iter().find(|&&logit| {
            sum += weight(logit);
            sum >= enough
        });
        if let Some(&least) = last {
            keep_from(row, least);
        }
    }
    if sampling.min_p > 0.0 {
        keep_from(row, max + sampling.min_p.ln());
    }
}

fn keep_from(row: &mut [f32], least: f32) {
    for logit in row.iter_mut().filter(|logit| **logit < least) {
        *logit = f32::NEG_INFINITY;
    }
}

#[cfg(test)]
mod tests;
