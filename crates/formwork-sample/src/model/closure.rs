//! A function as a model.

use formwork::TokenId;

use super::{Model, Read};
use crate::SampleError;

/// A model that is a function from the tokens after the prompt to logits.
///
/// ```
/// use formwork_sample::{ClosureModel, Model};
///
/// // Five tokens; whatever was written, the next one is equally likely.
/// let model = ClosureModel::new(5, 1, |_tokens, logits| logits.fill(0.0));
/// assert_eq!(model.vocab_len(), 5);
/// ```
#[derive(Clone, Debug)]
pub struct ClosureModel<F> {
    vocab_len: usize,
    fingerprint: u64,
    logits: F,
}

impl<F: FnMut(&[TokenId], &mut [f32])> ClosureModel<F> {
    /// Of so many tokens. The fingerprint is the caller's, since functions cannot be told
    /// apart: give another one to another function, or saved trees are read that do not
    /// belong to it.
    pub fn new(vocab_len: usize, fingerprint: u64, logits: F) -> ClosureModel<F> {
        ClosureModel {
            vocab_len,
            fingerprint,
            logits,
        }
    }
}

impl<F: FnMut(&[TokenId], &mut [f32])> Model for ClosureModel<F> {
    type State = Vec<TokenId>;

    fn vocab_len(&self) -> usize {
        self.vocab_len
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn start(&mut self) -> Result<Vec<TokenId>, SampleError> {
        Ok(Vec::new())
    }

    fn read(
        &mut self,
        batch: &mut [Read<'_, Vec<TokenId>>],
        logits: &mut [f32],
    ) -> Result<(), SampleError> {
        for (read, row) in batch
            .iter_mut()
            .zip(logits.chunks_exact_mut(self.vocab_len))
        {
            read.state.extend_from_slice(read.tokens);
            (self.logits)(read.state, row);
        }
        Ok(())
    }
}
