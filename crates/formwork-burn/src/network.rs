//! What a model is between its tokens and its logits.

use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use formwork_model::ModelConfig;

use crate::decoder::{Decoder, Heads};
use crate::matrix::Matrix;

/// What a token attends to in a block: gets the number of the block and the heads of all
/// tokens, and returns `[n, heads * head_dim]`.
pub(crate) type Attend<'a, B> = dyn FnMut(usize, Heads<B>) -> Tensor<B, 2> + 'a;

/// Blocks of attention that is left to who calls, and a head.
pub(crate) trait Network<B: Backend>: Send {
    /// Its sizes.
    fn config(&self) -> &ModelConfig;

    /// Where it is.
    fn device(&self) -> &B::Device;

    /// Takes tokens at their positions to what the head reads, `[n, hidden]`.
    fn pass(&self, tokens: &[u32], positions: &[usize], attend: &mut Attend<'_, B>)
    -> Tensor<B, 2>;

    /// Logits of what a pass returns, or rows of it.
    fn logits(&self, x: Tensor<B, 2>) -> Tensor<B, 2>;
}

impl<B: Backend, M: Matrix<B>> Network<B> for Decoder<B, M> {
    fn config(&self) -> &ModelConfig {
        &self.config
    }

    fn device(&self) -> &B::Device {
        &self.device
    }

    fn pass(
        &self,
        tokens: &[u32],
        positions: &[usize],
        attend: &mut Attend<'_, B>,
    ) -> Tensor<B, 2> {
        Decoder::pass(self, tokens, positions.iter().copied(), attend)
    }

    fn logits(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        Decoder::logits(self, x)
    }
}
