//! Rows of logits on a device.

use burn_tensor::backend::Backend;
use burn_tensor::{Int, Tensor, TensorData};
use formwork::TokenId;
use formwork_model::{Draw, Logits, ModelError, sampling};

use crate::network::Network;
use crate::sampler::{Sampler, to_host};

/// Rows of logits on a device.
pub(crate) struct Rows<B: Backend> {
    /// `[rows, vocab_len]`, if there are any.
    rows: Option<Tensor<B, 2>>,
    vocab_len: usize,
}

impl<B: Backend> Rows<B> {
    /// Without rows.
    pub(crate) fn none(network: &dyn Network<B>) -> Rows<B> {
        Rows {
            rows: None,
            vocab_len: network.config().vocab_len,
        }
    }

    /// The logits of some rows of what a pass returned.
    pub(crate) fn select(network: &dyn Network<B>, x: Tensor<B, 2>, wanted: &[usize]) -> Rows<B> {
        let mut rows = Rows::none(network);
        if wanted.is_empty() {
            return rows;
        }
        let is_all = wanted.iter().copied().eq(0..x.dims()[0]);
        rows.rows = Some(network.logits(match is_all {
            true => x,
            false => {
                let ids: Vec<i32> = wanted.iter().map(|&row| row as i32).collect();
                let ids = TensorData::new(ids, [wanted.len()]);
                let ids: Tensor<B, 1, Int> = Tensor::from_data(ids, network.device());
                x.select(0, ids)
            }
        }));
        rows
    }
}

impl<B: Sampler> Logits for Rows<B> {
    fn rows(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.dims()[0])
    }

    fn to_host(&self) -> Result<Vec<f32>, ModelError> {
        self.rows.as_ref().map_or(Ok(Vec::new()), to_host)
    }

    fn sample(&self, draws: &[Draw<'_>]) -> Result<Vec<TokenId>, ModelError> {
        match &self.rows {
            Some(rows) => B::sample(rows, draws),
            None => {
                let no_row = |draw| sampling::sample(&[], self.vocab_len, draw);
                draws.iter().map(no_row).collect()
            }
        }
    }
}
