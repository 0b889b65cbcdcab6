//! The layers that decoders are made of.

use burn_tensor::backend::Backend;
use burn_tensor::{Tensor, TensorData};

use formwork_model::Rope;

use crate::matrix::Matrix;

/// A linear layer.
#[derive(Clone, Debug)]
pub(crate) struct Linear<B: Backend, M> {
    /// A row for each output.
    pub(crate) weight: M,
    /// A value for each output, if there is a bias.
    pub(crate) bias: Option<Tensor<B, 1>>,
}

impl<B: Backend, M: Matrix<B>> Linear<B, M> {
    /// Takes `[n, inputs]` to `[n, outputs]`.
    pub(crate) fn forward(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let y = self.weight.forward(x);
        match &self.bias {
            Some(bias) => y + bias.clone().unsqueeze(),
            None => y,
        }
    }
}

/// Root mean square normalisation of the last dimension (Zhang and Sennrich,
/// arXiv:1910.07467).
pub(crate) fn rms_norm<B: Backend, const D: usize>(
    x: Tensor<B, D>,
    weight: &Tensor<B, 1>,
    eps: f64,
) -> Tensor<B, D> {
    let square = (x.clone() * x.clone()).mean_dim(D - 1);
    x / (square + eps).sqrt() * weight.clone().unsqueeze()
}

/// What positions turn queries and keys by.
pub(crate) struct Turns<B: Backend> {
    /// `[n, 1, head_dim]`, each angle twice.
    cos: Tensor<B, 3>,
    /// The same, the first half negative.
    sin: Tensor<B, 3>,
}

impl<B: Backend> Turns<B> {
    /// Those of some positions.
    pub(crate) fn new(
        positions: impl Iterator<Item = usize>,
        rope: &Rope,
        head_dim: usize,
        device: &B::Device,
    ) -> Turns<B> {
        let frequencies = rope.frequencies(head_dim);
        let (mut cos, mut sin) = (Vec::new(), Vec::new());
        for position in positions {
            let angles = frequencies.iter().map(|turn| turn * position as f64);
            let angles: Vec<f64> = angles.collect();
            let twice = || angles.iter().chain(&angles);
            cos.extend(twice().map(|angle| angle.cos() as f32));
            sin.extend(angles.iter().map(|angle| -angle.sin() as f32));
            sin.extend(angles.iter().map(|angle| angle.sin() as f32));
        }
        let n = cos.len() / head_dim.max(1);
        let tensor = |values| Tensor::from_data(TensorData::new(values, [n, 1, head_dim]), device);
        Turns {
            cos: tensor(cos),
            sin: tensor(sin),
        }
    }

    /// Turns the heads `[n, heads, head_dim]` of tokens at those positions.
    pub(crate) fn turn(&self, x: Tensor<B, 3>) -> Tensor<B, 3> {
        let half = x.dims()[2] / 2;
        let first = x.clone().narrow(2, 0, half);
        let second = x.clone().narrow(2, half, half);
        let swapped = Tensor::cat(vec![second, first], 2);
        x * self.cos.clone() + swapped * self.sin.clone()
    }
}
