//! Sampling where the logits are.

use burn_flex::Flex;
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use formwork::TokenId;
use formwork_model::{Draw, ModelError, ModelErrorKind, sampling};

/// A backend that samples where its logits are.
pub(crate) trait Sampler: Backend {
    /// A token for each draw from rows of logits, `[rows, vocab_len]`.
    ///
    /// # Errors
    ///
    /// Those of [`sampling::sample`], and if the device fails.
    fn sample(rows: &Tensor<Self, 2>, draws: &[Draw<'_>]) -> Result<Vec<TokenId>, ModelError>;
}

impl Sampler for Flex {
    fn sample(rows: &Tensor<Flex, 2>, draws: &[Draw<'_>]) -> Result<Vec<TokenId>, ModelError> {
        let [count, vocab_len] = rows.dims();
        // A token that is tried again needs its own row alone.
        if let &[draw] = draws
            && draw.row < count
        {
            let row = to_host(&rows.clone().narrow(0, draw.row, 1))?;
            let token = sampling::sample(&row, vocab_len, &Draw { row: 0, ..draw })?;
            return Ok(vec![token]);
        }
        let rows = to_host(rows)?;
        let sample = |draw| sampling::sample(&rows, vocab_len, draw);
        draws.iter().map(sample).collect()
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl<R, BT> Sampler for burn_cubecl::CubeBackend<R, f32, i32, BT>
where
    R: burn_cubecl::CubeRuntime,
    BT: burn_cubecl::BoolElement,
{
    fn sample(rows: &Tensor<Self, 2>, draws: &[Draw<'_>]) -> Result<Vec<TokenId>, ModelError> {
        crate::kernel::sample(rows, draws)
    }
}

/// All values of a tensor.
pub(crate) fn to_host<B: Backend, const D: usize>(
    tensor: &Tensor<B, D>,
) -> Result<Vec<f32>, ModelError> {
    let data = tensor.clone().try_into_data();
    let data = data.map_err(|error| failed(&error))?;
    data.into_vec().map_err(|error| failed(&error))
}

/// The error of a device from which nothing can be read.
pub(crate) fn failed(error: &dyn std::fmt::Debug) -> ModelError {
    ModelError::new(
        ModelErrorKind::Device,
        format!("the device failed: {error:?}"),
    )
}
