//! What a model is to samplers and loops.

use formwork::TokenId;

use crate::{ModelError, Sampling, sampling};

/// A text that a model has read, by number; what the model keeps of it, keys and values,
/// stays with the model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SequenceId(pub u64);

/// A causal language model: reads tokens at the end of several texts at once, and tells
/// what may come next.
///
/// A text is read once. Its state is kept under a [`SequenceId`] and can be
/// [forked](LanguageModel::fork) at no cost that grows with its length, or cut back to
/// an earlier length, as when drafted tokens were refused.
pub trait LanguageModel: Send {
    /// The number of logits: at least the tokens of the vocabulary.
    fn vocab_len(&self) -> usize;

    /// The most tokens in a text.
    fn max_len(&self) -> usize;

    /// Begins an empty text.
    fn begin(&mut self) -> SequenceId;

    /// Another text that begins with all of `sequence`.
    ///
    /// # Errors
    ///
    /// If there is no such text.
    fn fork(&mut self, sequence: SequenceId) -> Result<SequenceId, ModelError>;

    /// The number of tokens read of a text.
    ///
    /// # Errors
    ///
    /// If there is no such text.
    fn len(&self, sequence: SequenceId) -> Result<usize, ModelError>;

    /// Forgets what was read past the first `len` tokens.
    ///
    /// # Errors
    ///
    /// If there is no such text, or it is shorter.
    fn truncate(&mut self, sequence: SequenceId, len: usize) -> Result<(), ModelError>;

    /// Forgets a text.
    fn end(&mut self, sequence: SequenceId);

    /// Reads tokens at the end of texts, all in one pass. The rows of the result are
    /// those that the steps ask for, in their order.
    ///
    /// On a device that works by itself, this returns once the work is queued.
    ///
    /// # Errors
    ///
    /// If a text is named twice or unknown, becomes too long, or a token is none of the
    /// model's; no text has changed then. If the device fails.
    fn forward(&mut self, steps: &[Step<'_>]) -> Result<Box<dyn Logits>, ModelError>;
}

/// Tokens to be read at the end of a text.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The text.
    pub sequence: SequenceId,
    /// At least one token.
    pub tokens: &'a [TokenId],
    /// Behind which of them logits are wanted.
    pub wanted: Wanted,
}

/// Behind which tokens of a step logits are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// Behind none, as when a prompt is read ahead.
    Nothing,
    /// Behind the last.
    Last,
    /// Behind the last so many.
    Tail(usize),
}

impl Wanted {
    /// The rows that a step of so many tokens has.
    #[must_use]
    pub fn rows(self, tokens: usize) -> usize {
        match self {
            Wanted::Nothing => 0,
            Wanted::Last => 1.min(tokens),
            Wanted::Tail(n) => n.min(tokens),
        }
    }
}

/// Rows of logits, wherever the model left them.
pub trait Logits: Send {
    /// The number of rows.
    fn rows(&self) -> usize;

    /// All rows, one behind the other, each as long as the model's vocabulary.
    ///
    /// # Errors
    ///
    /// If the device fails.
    fn to_host(&self) -> Result<Vec<f32>, ModelError>;

    /// Samples a token for every draw, where the logits are.
    ///
    /// # Errors
    ///
    /// If a draw names no row, its mask has not a bit for every logit or allows no
    /// token, or the device fails.
    fn sample(&self, draws: &[Draw<'_>]) -> Result<Vec<TokenId>, ModelError>;
}

/// Rows of logits in memory, for models that compute them there.
#[derive(Clone, PartialEq, Debug)]
pub struct HostLogits {
    rows: Vec<f32>,
    vocab_len: usize,
}

impl HostLogits {
    /// Rows of `vocab_len` logits, one behind the other; what is beyond the last whole row is
    /// of none.
    #[must_use]
    pub fn new(rows: Vec<f32>, vocab_len: usize) -> HostLogits {
        HostLogits { rows, vocab_len }
    }
}

impl Logits for HostLogits {
    fn rows(&self) -> usize {
        self.rows.len().checked_div(self.vocab_len).unwrap_or(0)
    }

    fn to_host(&self) -> Result<Vec<f32>, ModelError> {
        Ok(self.rows.clone())
    }

    fn sample(&self, draws: &[Draw<'_>]) -> Result<Vec<TokenId>, ModelError> {
        let sample = |draw| sampling::sample(&self.rows, self.vocab_len, draw);
        draws.iter().map(sample).collect()
    }
}

/// One token to be sampled.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// The row of logits.
    pub row: usize,
    /// The allowed tokens, as [`formwork::mask`] lays them out.
    pub mask: &'a [u32],
    /// How to choose among them.
    pub sampling: Sampling,
    /// A number from 0 on and below 1, equally distributed.
    pub uniform: f32,
}
