//! What a masked diffusion model is to schedulers.

use std::ops::Range;

use formwork::TokenId;

use crate::{Logits, ModelError};

/// A text with open positions that a model has looked at, by number; what the model
/// keeps of it stays with the model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CanvasId(pub u64);

/// A masked diffusion language model (Nie et al., LLaDA, arXiv:2502.09992): looks at
/// whole texts in which tokens are masked, and tells what each of them may be.
///
/// Every position attends to every other, so a commit anywhere changes all logits, and
/// an exact pass computes all positions anew. A pass may compute a few only; the others
/// are then attended to by the keys and values of the last pass that computed them (Ma
/// et al., dKV-Cache, arXiv:2505.15781; Wu et al., Fast-dLLM, arXiv:2505.22618).
pub trait MaskedModel: Send {
    /// The number of logits: at least the tokens of the vocabulary.
    fn vocab_len(&self) -> usize;

    /// The most tokens in a text.
    fn max_len(&self) -> usize;

    /// What stands at an open position.
    fn mask_token(&self) -> TokenId;

    /// Begins a canvas that has not been looked at yet.
    fn begin(&mut self) -> CanvasId;

    /// Forgets a canvas.
    fn end(&mut self, canvas: CanvasId);

    /// Looks at canvases, all in one pass. The rows of the result are those that the
    /// steps ask for, in their order; the row of a position predicts the token *at* it.
    ///
    /// Takes `O(parameters * refresh + layers * refresh * length)` for each canvas, and
    /// the head for every row. On a device that works by itself, this returns once the
    /// work is queued.
    ///
    /// # Errors
    ///
    /// If a canvas is named twice or unknown, its text is too long, a token is none of
    /// the model's, or a step asks for positions that it cannot have (see
    /// [`CanvasStep`]); no canvas has changed then. If the device fails.
    fn forward(&mut self, steps: &[CanvasStep<'_>]) -> Result<Box<dyn Logits>, ModelError>;
}

/// A look at a canvas.
#[derive(Clone, Debug)]
pub struct CanvasStep<'a> {
    /// The canvas.
    pub canvas: CanvasId,
    /// The whole text, a prompt before the open part included, with
    /// [`mask_token`](MaskedModel::mask_token) at open positions. Those outside
    /// `refresh` count by what they were when they were last computed.
    pub tokens: &'a [TokenId],
    /// The positions computed anew, at least one: all of them the first time, and
    /// whenever the length has changed. A model that predicts a position from the one
    /// before computes that one too.
    pub refresh: Range<usize>,
    /// The positions whose logits are wanted, all in `refresh`, in the order of the rows.
    pub wanted: &'a [usize],
}
