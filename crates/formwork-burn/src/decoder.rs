//! A decoder of the Llama or Qwen family: its weights and its pass.

use burn_tensor::activation::silu;
use burn_tensor::backend::Backend;
use burn_tensor::{Tensor, TensorData};
use formwork_model::{
    Family, HostTensor, ModelConfig, ModelError, ModelErrorKind, StoredTensor, Weights,
};

use crate::layers::{Linear, Turns, rms_norm};
use crate::matrix::Matrix;

/// Embedding, blocks and head.
#[derive(Clone, Debug)]
pub(crate) struct Decoder<B: Backend, M = Tensor<B, 2>> {
    pub(crate) config: ModelConfig,
    pub(crate) device: B::Device,
    embedding: M,
    blocks: Vec<Block<B, M>>,
    norm: Tensor<B, 1>,
    /// `None` where it is the embedding.
    head: Option<M>,
}

/// Attention and feed-forward, each behind a normalisation and added to what came in.
#[derive(Clone, Debug)]
struct Block<B: Backend, M> {
    attention_norm: Tensor<B, 1>,
    query: Linear<B, M>,
    key: Linear<B, M>,
    value: Linear<B, M>,
    output: Linear<B, M>,
    query_norm: Option<Tensor<B, 1>>,
    key_norm: Option<Tensor<B, 1>>,
    feed_norm: Tensor<B, 1>,
    gate: Linear<B, M>,
    up: Linear<B, M>,
    down: Linear<B, M>,
}

/// Queries, keys and values of tokens, `[n, heads, head_dim]` each, turned by their
/// positions.
pub(crate) struct Heads<B: Backend> {
    pub(crate) queries: Tensor<B, 3>,
    pub(crate) keys: Tensor<B, 3>,
    pub(crate) values: Tensor<B, 3>,
}

impl<B: Backend, M: Matrix<B>> Decoder<B, M> {
    /// Reads the weights of a model onto a device.
    ///
    /// # Errors
    ///
    /// If a tensor is missing, of another shape, or cannot be read.
    pub(crate) fn new(
        config: &ModelConfig,
        weights: &dyn Weights,
        device: &B::Device,
    ) -> Result<Decoder<B, M>, ModelError> {
        let loader = Loader {
            weights,
            device: device.clone(),
        };
        let &ModelConfig {
            vocab_len, hidden, ..
        } = config;
        let embedding = loader.matrix("model.embed_tokens.weight", [vocab_len, hidden])?;
        let head = match config.tied_embedding {
            true => None,
            false => Some(loader.matrix("lm_head.weight", [vocab_len, hidden])?),
        };
        let blocks = (0..config.layers).map(|layer| Block::new(config, layer, &loader));
        Ok(Decoder {
            blocks: blocks.collect::<Result<_, _>>()?,
            norm: loader.vector("model.norm.weight", hidden)?,
            head,
            embedding,
            device: device.clone(),
            config: config.clone(),
        })
    }

    /// Takes tokens at their positions to what the head reads, `[n, hidden]`. `attend`
    /// gets the number of a block and the heads of all tokens, and returns what they
    /// attend to, `[n, heads * head_dim]`.
    pub(crate) fn pass(
        &self,
        tokens: &[u32],
        positions: impl Iterator<Item = usize>,
        mut attend: impl FnMut(usize, Heads<B>) -> Tensor<B, 2>,
    ) -> Tensor<B, 2> {
        let config = &self.config;
        let turns = Turns::new(positions, &config.rope, config.head_dim, &self.device);
        let mut x = self.embedding.lookup(tokens, &self.device);
        for (layer, block) in self.blocks.iter().enumerate() {
            let normed = rms_norm(x.clone(), &block.attention_norm, config.norm_eps);
            let heads = block.heads(normed, config, &turns);
            x = x + block.output.forward(attend(layer, heads));
            let normed = rms_norm(x.clone(), &block.feed_norm, config.norm_eps);
            x = x + block.feed(normed);
        }
        rms_norm(x, &self.norm, config.norm_eps)
    }

    /// Logits of what a pass returns, or rows of it.
    pub(crate) fn logits(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let head = self.head.as_ref().unwrap_or(&self.embedding);
        head.forward(x)
    }
}

/// A tensor that training changes.
#[cfg(feature = "train")]
pub(crate) enum Parameter<'a, B: Backend> {
    Matrix(&'a mut Tensor<B, 2>),
    Vector(&'a mut Tensor<B, 1>),
}

#[cfg(feature = "train")]
impl<B: Backend> Decoder<B> {
    /// All tensors under the names of [`Weights`].
    pub(crate) fn parameters(&mut self) -> Vec<(String, Parameter<'_, B>)> {
        use Parameter::{Matrix, Vector};
        let mut all = vec![
            (
                "model.embed_tokens.weight".to_owned(),
                Matrix(&mut self.embedding),
            ),
            ("model.norm.weight".to_owned(), Vector(&mut self.norm)),
        ];
        let head = self.head.iter_mut();
        all.extend(head.map(|head| ("lm_head.weight".to_owned(), Matrix(head))));
        for (layer, block) in self.blocks.iter_mut().enumerate() {
            let linear = [
                ("self_attn.q_proj", &mut block.query),
                ("self_attn.k_proj", &mut block.key),
                ("self_attn.v_proj", &mut block.value),
                ("self_attn.o_proj", &mut block.output),
                ("mlp.gate_proj", &mut block.gate),
                ("mlp.up_proj", &mut block.up),
                ("mlp.down_proj", &mut block.down),
            ];
            let name = |part: &str, what: &str| format!("model.layers.{layer}.{part}.{what}");
            for (part, Linear { weight, bias }) in linear {
                all.push((name(part, "weight"), Matrix(weight)));
                all.extend(
                    bias.iter_mut()
                        .map(|bias| (name(part, "bias"), Vector(bias))),
                );
            }
            let norms = [
                ("input_layernorm", Some(&mut block.attention_norm)),
                ("post_attention_layernorm", Some(&mut block.feed_norm)),
                ("self_attn.q_norm", block.query_norm.as_mut()),
                ("self_attn.k_norm", block.key_norm.as_mut()),
            ];
            for (part, norm) in norms {
                all.extend(norm.map(|norm| (name(part, "weight"), Vector(norm))));
            }
        }
        all
    }
}

impl<B: Backend, M: Matrix<B>> Block<B, M> {
    fn new(config: &ModelConfig, layer: usize, loader: &Loader<'_, B>) -> Result<Self, ModelError> {
        let &ModelConfig {
            hidden,
            intermediate,
            head_dim,
            ..
        } = config;
        let (all, shared) = (config.heads * head_dim, config.kv_heads * head_dim);
        let name = |part: &str| format!("model.layers.{layer}.{part}");
        let linear = |part: &str, shape: [usize; 2], has_bias: bool| {
            let bias = has_bias.then(|| loader.vector(&name(&format!("{part}.bias")), shape[0]));
            Ok(Linear {
                weight: loader.matrix(&name(&format!("{part}.weight")), shape)?,
                bias: bias.transpose()?,
            })
        };
        let norm = |part: &str, len| loader.vector(&name(&format!("{part}.weight")), len);
        let (has_bias, has_norms) = match config.family {
            Family::Qwen2 => (true, false),
            Family::Qwen3 => (false, true),
            _ => (false, false),
        };
        let head_norm = |part: &str| has_norms.then(|| norm(part, head_dim)).transpose();
        Ok(Block {
            attention_norm: norm("input_layernorm", hidden)?,
            query: linear("self_attn.q_proj", [all, hidden], has_bias)?,
            key: linear("self_attn.k_proj", [shared, hidden], has_bias)?,
            value: linear("self_attn.v_proj", [shared, hidden], has_bias)?,
            output: linear("self_attn.o_proj", [hidden, all], false)?,
            query_norm: head_norm("self_attn.q_norm")?,
            key_norm: head_norm("self_attn.k_norm")?,
            feed_norm: norm("post_attention_layernorm", hidden)?,
            gate: linear("mlp.gate_proj", [intermediate, hidden], false)?,
            up: linear("mlp.up_proj", [intermediate, hidden], false)?,
            down: linear("mlp.down_proj", [hidden, intermediate], false)?,
        })
    }

    fn heads(&self, x: Tensor<B, 2>, config: &ModelConfig, turns: &Turns<B>) -> Heads<B> {
        let n = x.dims()[0];
        let heads = |layer: &Linear<B, M>, count| {
            layer
                .forward(x.clone())
                .reshape([n, count, config.head_dim])
        };
        let normed = |x: Tensor<B, 3>, norm: &Option<Tensor<B, 1>>| match norm {
            Some(weight) => rms_norm(x, weight, config.norm_eps),
            None => x,
        };
        let queries = normed(heads(&self.query, config.heads), &self.query_norm);
        let keys = normed(heads(&self.key, config.kv_heads), &self.key_norm);
        Heads {
            queries: turns.turn(queries),
            keys: turns.turn(keys),
            values: heads(&self.value, config.kv_heads),
        }
    }

    /// The gated feed-forward layer (Shazeer, arXiv:2002.05202).
    fn feed(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let gate = silu(self.gate.forward(x.clone()));
        self.down.forward(gate * self.up.forward(x))
    }
}

/// Reads tensors of known shapes.
pub(crate) struct Loader<'a, B: Backend> {
    pub(crate) weights: &'a dyn Weights,
    pub(crate) device: B::Device,
}

impl<B: Backend> Loader<'_, B> {
    pub(crate) fn matrix<M: Matrix<B>>(
        &self,
        name: &str,
        shape: [usize; 2],
    ) -> Result<M, ModelError> {
        Ok(M::load(self.stored(name, &shape)?, &self.device))
    }

    pub(crate) fn vector(&self, name: &str, len: usize) -> Result<Tensor<B, 1>, ModelError> {
        let HostTensor { values, .. } = self.stored(name, &[len])?.into();
        Ok(Tensor::from_data(
            TensorData::new(values, [len]),
            &self.device,
        ))
    }

    /// A tensor of that shape, with all of its values.
    fn stored(&self, name: &str, shape: &[usize]) -> Result<StoredTensor, ModelError> {
        let wrong = |message: String| ModelError::new(ModelErrorKind::Tensor, message);
        if self.weights.shape(name).is_none() {
            return Err(wrong(format!("there is no tensor {name}")));
        }
        let stored = self.weights.stored(name)?;
        match stored.shape() == shape {
            true => Ok(stored),
            false => Err(wrong(format!(
                "tensor {name} is {:?} instead of {shape:?}",
                stored.shape()
            ))),
        }
    }
}
