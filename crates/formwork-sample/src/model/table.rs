//! A table of the last token as a model.

use formwork::TokenId;
use formwork_vocab::fingerprint::Hasher;

use super::{Model, Read};
use crate::SampleError;

/// A model that knows the last token alone: a bigram table. For tests, and to see what
/// samplers do without waiting for a network.
#[derive(Clone, PartialEq, Debug)]
pub struct TableModel {
    vocab_len: usize,
    /// The row behind the prompt, then one for each token.
    logits: Vec<f32>,
}

impl TableModel {
    /// Of weights that need not sum to 1: those of the first token, then those behind each
    /// token in turn, `vocab_len + 1` rows in all.
    ///
    /// # Errors
    ///
    /// If there is another number of weights, or one is negative or no number.
    pub fn new(vocab_len: usize, weights: &[f64]) -> Result<TableModel, SampleError> {
        let is_wrong = |weight: &f64| !(weight.is_finite() && *weight >= 0.0);
        if weights.len() != vocab_len * (vocab_len + 1) || weights.iter().any(is_wrong) {
            return Err(SampleError::Option {
                name: "weights",
                wanted: "one row more than tokens, of numbers from 0 on",
            });
        }
        Ok(TableModel {
            vocab_len,
            logits: weights.iter().map(|weight| weight.ln() as f32).collect(),
        })
    }
}

impl Model for TableModel {
    type State = Option<TokenId>;

    fn vocab_len(&self) -> usize {
        self.vocab_len
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = Hasher::new();
        for &logit in &self.logits {
            hasher.word(u64::from(logit.to_bits()));
        }
        hasher.finish()
    }

    fn start(&mut self) -> Result<Option<TokenId>, SampleError> {
        Ok(None)
    }

    fn read(
        &mut self,
        batch: &mut [Read<'_, Option<TokenId>>],
        logits: &mut [f32],
    ) -> Result<(), SampleError> {
        for (read, out) in batch
            .iter_mut()
            .zip(logits.chunks_exact_mut(self.vocab_len))
        {
            *read.state = read.tokens.last().copied().or(*read.state);
            let row = read.state.map_or(0, |token| token.0 as usize + 1);
            let row = self.logits.chunks_exact(self.vocab_len).nth(row);
            let Some(row) = row else {
                return Err(SampleError::Vocabulary {
                    logits: self.vocab_len,
                    tokens: read.state.map_or(0, |token| token.0 as usize + 1),
                });
            };
            out.copy_from_slice(row);
        }
        Ok(())
    }
}
