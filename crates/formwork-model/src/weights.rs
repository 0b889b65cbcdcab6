//! Tensors by name.

use crate::{ModelError, StoredTensor};

/// A tensor on the host, row by row.
#[derive(Clone, PartialEq, Debug)]
pub struct HostTensor {
    /// Its dimensions, the slowest first.
    pub shape: Vec<usize>,
    /// As many values as the product of the dimensions.
    pub values: Vec<f32>,
}

/// The tensors of a model under the names that Hugging Face's `transformers` gives
/// them, such as `model.layers.0.self_attn.q_proj.weight`; a weight of a linear layer
/// has a row for each output.
pub trait Weights: Send {
    /// The names of all tensors, in no particular order.
    fn names(&self) -> Vec<String>;

    /// The dimensions of a tensor, the slowest first; `None` if there is no such tensor.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Reads a tensor as it is stored.
    ///
    /// # Errors
    ///
    /// If there is no such tensor, or it cannot be read.
    fn stored(&self, name: &str) -> Result<StoredTensor, ModelError>;

    /// Reads a tensor as 32-bit floats.
    ///
    /// # Errors
    ///
    /// As [`stored`](Weights::stored).
    fn read(&self, name: &str) -> Result<HostTensor, ModelError> {
        self.stored(name).map(HostTensor::from)
    }
}
