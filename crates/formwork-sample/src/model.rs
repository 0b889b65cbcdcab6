//! What a model is to samplers.

mod closure;
mod language;
mod table;

use formwork::TokenId;

use crate::SampleError;

pub use closure::ClosureModel;
pub use language::{LanguageState, WarpedModel};
pub use table::TableModel;

/// The law that texts are to follow: a prompt that was read, and what comes next with
/// which probability.
///
/// Logits are those **after** temperature, top-k and whatever else is done to them: what
/// an implementation hands out *is* the target. The logarithms of probabilities differ
/// from them by the same number for all tokens of a row; minus infinity, or no number,
/// stands for probability 0.
pub trait Model {
    /// What was read so far. Cloning it is a fork and should be cheap: a number, or a
    /// shared handle of what the model keeps.
    type State: Clone;

    /// The number of logits in a row.
    fn vocab_len(&self) -> usize;

    /// A number that differs for models, prompts and changes to logits that differ.
    fn fingerprint(&self) -> u64;

    /// The state after the prompt.
    ///
    /// # Errors
    ///
    /// If the model fails.
    fn start(&mut self) -> Result<Self::State, SampleError>;

    /// Reads tokens at the end of several states, and writes the logits behind the last
    /// token of each, one row after the other. A state that has just been
    /// [started](Model::start) may read no token: its row is the one behind the prompt.
    ///
    /// `logits` has [`vocab_len`](Model::vocab_len) numbers for every part of the batch.
    ///
    /// # Errors
    ///
    /// If the model fails, or a text becomes too long for it.
    fn read(
        &mut self,
        batch: &mut [Read<'_, Self::State>],
        logits: &mut [f32],
    ) -> Result<(), SampleError>;

    /// The most tokens that may follow the prompt, if there is a limit.
    fn max_tokens(&self) -> Option<usize> {
        None
    }
}

/// Tokens to be read at the end of a state.
#[derive(Debug)]
pub struct Read<'a, S> {
    /// The state; that after the tokens, afterwards.
    pub state: &'a mut S,
    /// The tokens.
    pub tokens: &'a [TokenId],
}
