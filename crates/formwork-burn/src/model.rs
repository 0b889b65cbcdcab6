//! A decoder as a language model: texts with their caches, and passes over batches.

use std::collections::{BTreeMap, BTreeSet};

use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use formwork::TokenId;
use formwork_model::{
    LanguageModel, Logits, ModelConfig, ModelError, ModelErrorKind, SequenceId, Step, Weights,
};

use crate::attention::{Reach, attend};
use crate::cache::Cache;
use crate::decoder::Decoder;
use crate::matrix::Matrix;
use crate::rows::Rows;
use crate::sampler::Sampler;

/// A decoder with the texts that it has read.
///
/// Texts of a batch need not be equally long: all layers but attention take the tokens
/// of all texts as rows of one matrix, without padding, and each text attends to itself.
pub(crate) struct Model<B: Backend, M = Tensor<B, 2>> {
    decoder: Decoder<B, M>,
    texts: BTreeMap<SequenceId, Text<B>>,
    next: u64,
}

/// What is kept of a text.
#[derive(Clone)]
struct Text<B: Backend> {
    len: usize,
    /// One by block.
    caches: Vec<Cache<B>>,
}

impl<B: Backend, M: Matrix<B>> Model<B, M> {
    pub(crate) fn new(
        config: &ModelConfig,
        weights: &dyn Weights,
        device: &B::Device,
    ) -> Result<Model<B, M>, ModelError> {
        if config.masked.is_some() {
            return Err(ModelError::new(
                ModelErrorKind::Unsupported,
                "the model fills masks and does not write on; load it as a masked model",
            ));
        }
        Ok(Model {
            decoder: Decoder::new(config, weights, device)?,
            texts: BTreeMap::new(),
            next: 0,
        })
    }

    fn text(&self, sequence: SequenceId) -> Result<&Text<B>, ModelError> {
        self.texts.get(&sequence).ok_or_else(|| unknown(sequence))
    }

    fn add(&mut self, text: Text<B>) -> SequenceId {
        let id = SequenceId(self.next);
        self.next += 1;
        self.texts.insert(id, text);
        id
    }

    /// That every step can be taken.
    fn check(&self, steps: &[Step<'_>]) -> Result<(), ModelError> {
        let config = &self.decoder.config;
        let mut seen = BTreeSet::new();
        for step in steps {
            let SequenceId(number) = step.sequence;
            let len = self.text(step.sequence)?.len;
            if !seen.insert(step.sequence) {
                return Err(request(format!("text {number} is in two steps")));
            }
            if step.tokens.is_empty() {
                return Err(request(format!(
                    "there is nothing to read of text {number}"
                )));
            }
            if len + step.tokens.len() > config.max_len {
                return Err(request(format!(
                    "text {number} would have {} tokens; the model reads {}",
                    len + step.tokens.len(),
                    config.max_len
                )));
            }
            let is_known = |token: &TokenId| (token.0 as usize) < config.vocab_len;
            if let Some(token) = step.tokens.iter().find(|token| !is_known(token)) {
                return Err(request(format!("the model has no token {}", token.0)));
            }
        }
        Ok(())
    }
}

impl<B: Sampler, M: Matrix<B>> LanguageModel for Model<B, M> {
    fn vocab_len(&self) -> usize {
        self.decoder.config.vocab_len
    }

    fn max_len(&self) -> usize {
        self.decoder.config.max_len
    }

    fn begin(&mut self) -> SequenceId {
        let config = &self.decoder.config;
        let cache = || Cache::new(config.kv_heads, config.head_dim, &self.decoder.device);
        let caches = (0..config.layers).map(|_| cache()).collect();
        self.add(Text { len: 0, caches })
    }

    fn fork(&mut self, sequence: SequenceId) -> Result<SequenceId, ModelError> {
        let text = self.text(sequence)?.clone();
        Ok(self.add(text))
    }

    fn len(&self, sequence: SequenceId) -> Result<usize, ModelError> {
        self.text(sequence).map(|text| text.len)
    }

    fn truncate(&mut self, sequence: SequenceId, len: usize) -> Result<(), ModelError> {
        let text = self.texts.get_mut(&sequence);
        let text = text.ok_or_else(|| unknown(sequence))?;
        if len > text.len {
            let SequenceId(number) = sequence;
            let has = text.len;
            return Err(request(format!(
                "text {number} has {has} tokens, not {len}"
            )));
        }
        // What lies behind is written over.
        text.len = len;
        Ok(())
    }

    fn end(&mut self, sequence: SequenceId) {
        self.texts.remove(&sequence);
    }

    fn forward(&mut self, steps: &[Step<'_>]) -> Result<Box<dyn Logits>, ModelError> {
        self.check(steps)?;
        if steps.is_empty() {
            return Ok(Box::new(Rows::<B>::none(&self.decoder)));
        }
        let Model { decoder, texts, .. } = self;
        let mut tokens = Vec::new();
        let mut positions = Vec::new();
        let mut wanted = Vec::new();
        let mut lens = Vec::new();
        for step in steps {
            let len = texts.get(&step.sequence).map_or(0, |text| text.len);
            tokens.extend(step.tokens.iter().map(|token| token.0));
            positions.extend(len..len + step.tokens.len());
            let end = tokens.len();
            let rows = step.wanted.rows(step.tokens.len());
            wanted.extend(end - rows..end);
            lens.push(len);
        }
        let x = decoder.pass(&tokens, positions.into_iter(), |layer, heads| {
            let mut end = 0;
            let mut parts = Vec::with_capacity(steps.len());
            for (step, &len) in steps.iter().zip(&lens) {
                let (first, n) = (end, step.tokens.len());
                end += n;
                let own = |all: &Tensor<B, 3>| all.clone().narrow(0, first, n);
                let queries = own(&heads.queries);
                let keys = own(&heads.keys).swap_dims(0, 1);
                let values = own(&heads.values).swap_dims(0, 1);
                let text = texts.get_mut(&step.sequence);
                let cache = text.and_then(|text| text.caches.get_mut(layer));
                let (keys, values) = match cache {
                    Some(cache) => cache.append(len, keys, values),
                    None => (keys, values), // every step was looked up before
                };
                parts.push(attend(1, Reach::Before, queries, keys, values));
            }
            match parts.len() {
                1 => parts.swap_remove(0),
                _ => Tensor::cat(parts, 0),
            }
        });
        for (step, len) in steps.iter().zip(lens) {
            if let Some(text) = texts.get_mut(&step.sequence) {
                text.len = len + step.tokens.len();
            }
        }
        Ok(Box::new(Rows::select(decoder, x, &wanted)))
    }
}

fn unknown(SequenceId(number): SequenceId) -> ModelError {
    request(format!("there is no text {number}"))
}

pub(crate) fn request(message: String) -> ModelError {
    ModelError::new(ModelErrorKind::Request, message)
}
