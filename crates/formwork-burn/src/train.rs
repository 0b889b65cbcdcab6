//! Training of small decoders on the CPU, from random weights.

use std::collections::BTreeMap;

use burn_autodiff::Autodiff;
use burn_flex::Flex;
use burn_tensor::activation::log_softmax;
use burn_tensor::{Int, Tensor, TensorData};
use formwork_model::{HostTensor, ModelConfig, ModelError, ModelErrorKind, Weights};

use crate::attention::{Reach, attend};
use crate::decoder::{Decoder, Parameter};

type Train = Autodiff<Flex>;

/// A decoder in training, with the moments of AdamW (Loshchilov and Hutter,
/// arXiv:1711.05101).
pub struct Trainer {
    decoder: Decoder<Train>,
    moments: Vec<Moments>,
    steps: i32,
}

/// Equally long texts, and what a decoder should say to them.
pub struct Batch {
    texts: usize,
    reach: Reach,
    /// Those of all texts, one behind the other.
    tokens: Vec<u32>,
    /// The tokens whose output counts, what it should predict, and how much it counts.
    places: Vec<i32>,
    targets: Vec<i32>,
    weights: Vec<f32>,
}

impl Batch {
    /// Every token but the first is predicted from those before it. Rows are equally
    /// long; the first `lens` tokens of each are text, the others are padding. The loss
    /// is the mean of a token.
    #[must_use]
    pub fn causal(rows: &[&[u32]], lens: &[usize]) -> Batch {
        let n = rows.first().map_or(0, |row| row.len().saturating_sub(1));
        let mut batch = Batch::new(rows.len(), Reach::Before);
        for (row, &len) in rows.iter().zip(lens) {
            let first = batch.tokens.len();
            batch.tokens.extend(&row[..n]);
            for at in 1..len.min(row.len()) {
                batch.count(first + at - 1, row[at], 1.0);
            }
        }
        let count = batch.weights.len().max(1) as f32;
        batch.weights.iter_mut().for_each(|weight| *weight /= count);
        batch
    }

    /// Masked tokens are predicted from all others (Nie et al., arXiv:2502.09992,
    /// equation 3). Rows are equally long; `is_masked` says of each token whether `mask`
    /// stands in its place, and `weights` how much such a token of a row counts: one
    /// divided by the probability that it is masked. The loss is a bound of the mean of
    /// a token.
    #[must_use]
    pub fn masked(rows: &[&[u32]], is_masked: &[Vec<bool>], weights: &[f32], mask: u32) -> Batch {
        let mut batch = Batch::new(rows.len(), Reach::All);
        for ((row, is_masked), &weight) in rows.iter().zip(is_masked).zip(weights) {
            for (&token, &is_masked) in row.iter().zip(is_masked) {
                if is_masked {
                    batch.count(batch.tokens.len(), token, weight);
                }
                batch.tokens.push(if is_masked { mask } else { token });
            }
        }
        let count = batch.tokens.len().max(1) as f32;
        batch.weights.iter_mut().for_each(|weight| *weight /= count);
        batch
    }

    fn new(texts: usize, reach: Reach) -> Batch {
        Batch {
            texts,
            reach,
            tokens: Vec::new(),
            places: Vec::new(),
            targets: Vec::new(),
            weights: Vec::new(),
        }
    }

    fn count(&mut self, place: usize, target: u32, weight: f32) {
        self.places.push(place as i32);
        self.targets.push(target as i32);
        self.weights.push(weight);
    }
}

/// Running means of a gradient and of its square, as matrices.
struct Moments {
    first: Tensor<Flex, 2>,
    second: Tensor<Flex, 2>,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.98;
const DECAY: f64 = 0.05;
/// Gradients are scaled down to this length.
const MAX_NORM: f64 = 1.0;

impl Trainer {
    /// Begins with given weights.
    ///
    /// # Errors
    ///
    /// If a tensor is missing or of another shape.
    pub fn new(config: &ModelConfig, weights: &dyn Weights) -> Result<Trainer, ModelError> {
        let mut decoder = Decoder::<Train>::new(config, weights, &Default::default())?;
        let mut moments = Vec::new();
        for (_, parameter) in decoder.parameters() {
            let shape = match parameter {
                Parameter::Matrix(tensor) => {
                    *tensor = tensor.clone().require_grad();
                    tensor.dims()
                }
                Parameter::Vector(tensor) => {
                    *tensor = tensor.clone().require_grad();
                    [1, tensor.dims()[0]]
                }
            };
            let zeros = || Tensor::zeros(shape, &Default::default());
            moments.push(Moments {
                first: zeros(),
                second: zeros(),
            });
        }
        Ok(Trainer {
            decoder,
            moments,
            steps: 0,
        })
    }

    /// One step on a batch. Returns its loss in nats.
    pub fn step(&mut self, batch: &Batch, rate: f64) -> f64 {
        let loss = self.loss(batch);
        let value = scalar(loss.clone().inner());
        let gradients = loss.backward();
        let mut found = Vec::new();
        for (_, parameter) in self.decoder.parameters() {
            found.push(match parameter {
                Parameter::Matrix(tensor) => tensor.grad(&gradients),
                Parameter::Vector(tensor) => tensor.grad(&gradients).map(Tensor::unsqueeze),
            });
        }
        let squares = found.iter().flatten();
        let squares = squares.map(|gradient| scalar((gradient.clone() * gradient.clone()).sum()));
        let norm = squares.sum::<f64>().sqrt();
        let scale = (MAX_NORM / norm).min(1.0);
        self.steps += 1;
        let (one, two) = (1.0 - BETA1.powi(self.steps), 1.0 - BETA2.powi(self.steps));
        let moments = self.moments.iter_mut().zip(found);
        for ((_, parameter), (moments, gradient)) in
            self.decoder.parameters().iter_mut().zip(moments)
        {
            let Some(gradient) = gradient else { continue };
            let gradient = gradient * scale;
            let square = gradient.clone() * gradient.clone();
            moments.first = moments.first.clone() * BETA1 + gradient * (1.0 - BETA1);
            moments.second = moments.second.clone() * BETA2 + square * (1.0 - BETA2);
            let mean = moments.first.clone() / one;
            let change = mean / ((moments.second.clone() / two).sqrt() + 1e-8);
            match parameter {
                Parameter::Matrix(tensor) => {
                    let old = tensor.clone().inner();
                    let new = old * (1.0 - rate * DECAY) - change * rate;
                    **tensor = Tensor::from_inner(new).require_grad();
                }
                Parameter::Vector(tensor) => {
                    let new = tensor.clone().inner() - change.squeeze::<1>() * rate;
                    **tensor = Tensor::from_inner(new).require_grad();
                }
            }
        }
        value
    }

    /// The loss of a batch without a step.
    pub fn evaluate(&self, batch: &Batch) -> f64 {
        scalar(self.loss(batch).inner())
    }

    fn loss(&self, batch: &Batch) -> Tensor<Train, 1> {
        let &Batch { texts, reach, .. } = batch;
        let device = Default::default();
        let positions = (0..texts).flat_map(|_| 0..batch.tokens.len() / texts);
        let x = self.decoder.pass(&batch.tokens, positions, |_, heads| {
            let apart = |all: Tensor<Train, 3>| {
                let [rows, heads, head_dim] = all.dims();
                all.reshape([texts, rows / texts, heads, head_dim])
                    .swap_dims(1, 2)
                    .reshape([texts * heads, rows / texts, head_dim])
            };
            let (keys, values) = (apart(heads.keys), apart(heads.values));
            attend(texts, reach, heads.queries, keys, values)
        });
        let n = batch.places.len();
        let ids = |ids: &[i32]| -> Tensor<Train, 1, Int> {
            Tensor::from_data(TensorData::new(ids.to_vec(), [n]), &device)
        };
        // PERF: what does not count needs no head, a good part of a small model's work.
        let x = x.select(0, ids(&batch.places));
        let likely = log_softmax(self.decoder.logits(x), 1);
        let likely = likely.gather(1, ids(&batch.targets).unsqueeze_dim(1));
        let weights = TensorData::new(batch.weights.clone(), [n, 1]);
        -(likely * Tensor::from_data(weights, &device)).sum()
    }

    /// The weights as they are.
    ///
    /// # Errors
    ///
    /// None on the CPU.
    pub fn weights(&mut self) -> Result<BTreeMap<String, HostTensor>, ModelError> {
        let mut all = BTreeMap::new();
        for (name, parameter) in self.decoder.parameters() {
            let (shape, data) = match parameter {
                Parameter::Matrix(tensor) => (tensor.dims().to_vec(), tensor.to_data()),
                Parameter::Vector(tensor) => (tensor.dims().to_vec(), tensor.to_data()),
            };
            let values = data.into_vec().map_err(|error| {
                ModelError::new(ModelErrorKind::Device, format!("{name}: {error:?}"))
            })?;
            all.insert(name, HostTensor { shape, values });
        }
        Ok(all)
    }
}

fn scalar(tensor: Tensor<Flex, 1>) -> f64 {
    f64::from(tensor.into_scalar())
}
