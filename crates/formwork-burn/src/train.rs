//! Training of small decoders on the CPU, from random weights.

use std::collections::BTreeMap;

use burn_autodiff::Autodiff;
use burn_flex::Flex;
use burn_tensor::activation::log_softmax;
use burn_tensor::{Int, Tensor, TensorData};
use formwork_model::{HostTensor, ModelConfig, ModelError, ModelErrorKind, Weights};

use crate::attention::attend;
use crate::decoder::{Decoder, Parameter};

type Train = Autodiff<Flex>;

/// A decoder in training, with the moments of AdamW (Loshchilov and Hutter,
/// arXiv:1711.05101).
pub struct Trainer {
    decoder: Decoder<Train>,
    moments: Vec<Moments>,
    steps: i32,
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

    /// One step on a batch of equally long rows of tokens; the first `lens` of each are
    /// text, the others are padding. Returns the mean loss of a token in nats.
    pub fn step(&mut self, rows: &[&[u32]], lens: &[usize], rate: f64) -> f64 {
        let loss = self.loss(rows, lens);
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

    /// The mean loss of a batch without a step.
    pub fn evaluate(&self, rows: &[&[u32]], lens: &[usize]) -> f64 {
        scalar(self.loss(rows, lens).inner())
    }

    /// The mean cross entropy of every token but the first of each row.
    fn loss(&self, rows: &[&[u32]], lens: &[usize]) -> Tensor<Train, 1> {
        let texts = rows.len();
        let n = rows.first().map_or(0, |row| row.len().saturating_sub(1));
        let device = Default::default();
        let inputs: Vec<u32> = rows.iter().flat_map(|row| &row[..n]).copied().collect();
        let targets = rows.iter().flat_map(|row| &row[1..]);
        let targets: Vec<i32> = targets.map(|&token| token as i32).collect();
        let counted = lens
            .iter()
            .flat_map(|&len| (1..=n).map(move |at| if at < len { 1.0f32 } else { 0.0 }));
        let counted: Vec<f32> = counted.collect();
        let count: f32 = counted.iter().sum();
        let positions = (0..texts).flat_map(|_| 0..n);
        let x = self.decoder.pass(&inputs, positions, |_, heads| {
            let apart = |all: Tensor<Train, 3>| {
                let [rows, heads, head_dim] = all.dims();
                all.reshape([texts, rows / texts, heads, head_dim])
                    .swap_dims(1, 2)
                    .reshape([texts * heads, rows / texts, head_dim])
            };
            attend(texts, heads.queries, apart(heads.keys), apart(heads.values))
        });
        let likely = log_softmax(self.decoder.logits(x), 1);
        let targets = TensorData::new(targets, [texts * n, 1]);
        let targets: Tensor<Train, 2, Int> = Tensor::from_data(targets, &device);
        let counted = Tensor::from_data(TensorData::new(counted, [texts * n, 1]), &device);
        (likely.gather(1, targets) * counted).sum() / -f64::from(count.max(1.0))
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
