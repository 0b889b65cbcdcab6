//! A BERT with its head for masked tokens (Devlin et al., arXiv:1810.04805).

use burn_tensor::Tensor;
use burn_tensor::activation::gelu;
use burn_tensor::backend::Backend;
use formwork_model::{ModelConfig, ModelError, Weights};

use crate::decoder::{Heads, Loader};
use crate::layers::Linear;
use crate::matrix::Matrix;
use crate::network::{Attend, Network};

/// Embeddings, blocks and head. Every token is of the first segment.
pub(crate) struct Encoder<B: Backend, M> {
    config: ModelConfig,
    device: B::Device,
    words: M,
    positions: Tensor<B, 2>,
    segment: Tensor<B, 2>,
    norm: LayerNorm<B>,
    blocks: Vec<Block<B, M>>,
    transform: Linear<B, M>,
    transform_norm: LayerNorm<B>,
    bias: Tensor<B, 1>,
}

/// Attention and feed-forward, each added to what came in and normalised then.
struct Block<B: Backend, M> {
    query: Linear<B, M>,
    key: Linear<B, M>,
    value: Linear<B, M>,
    output: Linear<B, M>,
    attention_norm: LayerNorm<B>,
    up: Linear<B, M>,
    down: Linear<B, M>,
    feed_norm: LayerNorm<B>,
}

/// Normalisation of the last dimension (Ba et al., arXiv:1607.06450).
struct LayerNorm<B: Backend> {
    weight: Tensor<B, 1>,
    bias: Tensor<B, 1>,
    eps: f64,
}

impl<B: Backend> LayerNorm<B> {
    fn forward(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let x = x.clone() - x.mean_dim(1);
        let square = (x.clone() * x.clone()).mean_dim(1);
        let x = x / (square + self.eps).sqrt();
        x * self.weight.clone().unsqueeze() + self.bias.clone().unsqueeze()
    }
}

impl<B: Backend, M: Matrix<B>> Encoder<B, M> {
    /// Reads the weights of a model onto a device.
    ///
    /// # Errors
    ///
    /// If a tensor is missing, of another shape, or cannot be read.
    pub(crate) fn new(
        config: &ModelConfig,
        weights: &dyn Weights,
        device: &B::Device,
    ) -> Result<Encoder<B, M>, ModelError> {
        let &ModelConfig {
            vocab_len, hidden, ..
        } = config;
        let parts = Parts {
            loader: Loader {
                weights,
                device: device.clone(),
            },
            eps: config.norm_eps,
        };
        let name = |part: &str| format!("bert.embeddings.{part}.weight");
        let (words, positions) = (name("word_embeddings"), name("position_embeddings"));
        // The number of segments is in no configuration that is read.
        let name = name("token_type_embeddings");
        let segments = weights.shape(&name);
        let segments = segments.and_then(|shape| shape.first().copied());
        let shape = [segments.unwrap_or(1).max(1), hidden];
        let segments: Tensor<B, 2> = parts.loader.matrix(&name, shape)?;
        let blocks = (0..config.layers).map(|layer| Block::<B, M>::new(config, layer, &parts));
        Ok(Encoder {
            words: parts.loader.matrix(&words, [vocab_len, hidden])?,
            positions: parts.loader.matrix(&positions, [config.max_len, hidden])?,
            segment: segments.narrow(0, 0, 1),
            norm: parts.norm("bert.embeddings.LayerNorm", hidden)?,
            blocks: blocks.collect::<Result<_, _>>()?,
            transform: parts.linear("cls.predictions.transform.dense", [hidden, hidden])?,
            transform_norm: parts.norm("cls.predictions.transform.LayerNorm", hidden)?,
            bias: parts.loader.vector("cls.predictions.bias", vocab_len)?,
            config: config.clone(),
            device: device.clone(),
        })
    }
}

impl<B: Backend, M: Matrix<B>> Network<B> for Encoder<B, M> {
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
        let words = self.words.lookup(tokens, &self.device);
        let positions: Vec<u32> = positions.iter().map(|&at| at as u32).collect();
        let places = self.positions.lookup(&positions, &self.device);
        let mut x = self.norm.forward(words + places + self.segment.clone());
        for (layer, block) in self.blocks.iter().enumerate() {
            let attended = attend(layer, block.heads(&x, &self.config));
            x = block
                .attention_norm
                .forward(x + block.output.forward(attended));
            let feed = block.down.forward(gelu(block.up.forward(x.clone())));
            x = block.feed_norm.forward(x + feed);
        }
        x
    }

    fn logits(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let x = self.transform_norm.forward(gelu(self.transform.forward(x)));
        self.words.forward(x) + self.bias.clone().unsqueeze()
    }
}

impl<B: Backend, M: Matrix<B>> Block<B, M> {
    fn new(config: &ModelConfig, layer: usize, parts: &Parts<'_, B>) -> Result<Self, ModelError> {
        let &ModelConfig {
            hidden,
            intermediate,
            ..
        } = config;
        let name = |part: &str| format!("bert.encoder.layer.{layer}.{part}");
        let square = |part: &str| parts.linear(&name(part), [hidden, hidden]);
        Ok(Block {
            query: square("attention.self.query")?,
            key: square("attention.self.key")?,
            value: square("attention.self.value")?,
            output: square("attention.output.dense")?,
            attention_norm: parts.norm(&name("attention.output.LayerNorm"), hidden)?,
            up: parts.linear(&name("intermediate.dense"), [intermediate, hidden])?,
            down: parts.linear(&name("output.dense"), [hidden, intermediate])?,
            feed_norm: parts.norm(&name("output.LayerNorm"), hidden)?,
        })
    }

    fn heads(&self, x: &Tensor<B, 2>, config: &ModelConfig) -> Heads<B> {
        let n = x.dims()[0];
        let heads = |layer: &Linear<B, M>| {
            let y = layer.forward(x.clone());
            y.reshape([n, config.heads, config.head_dim])
        };
        Heads {
            queries: heads(&self.query),
            keys: heads(&self.key),
            values: heads(&self.value),
        }
    }
}

/// Reads layers by name.
struct Parts<'a, B: Backend> {
    loader: Loader<'a, B>,
    eps: f64,
}

impl<B: Backend> Parts<'_, B> {
    fn linear<M: Matrix<B>>(
        &self,
        name: &str,
        shape: [usize; 2],
    ) -> Result<Linear<B, M>, ModelError> {
        let bias = self.loader.vector(&format!("{name}.bias"), shape[0])?;
        Ok(Linear {
            weight: self.loader.matrix(&format!("{name}.weight"), shape)?,
            bias: Some(bias),
        })
    }

    fn norm(&self, name: &str, len: usize) -> Result<LayerNorm<B>, ModelError> {
        Ok(LayerNorm {
            weight: self.loader.vector(&format!("{name}.weight"), len)?,
            bias: self.loader.vector(&format!("{name}.bias"), len)?,
            eps: self.eps,
        })
    }
}
