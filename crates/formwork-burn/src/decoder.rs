//! A decoder of the Llama or Qwen family: its weights and its pass.

use burn_tensor::activation::silu;
use burn_tensor::backend::Backend;
use burn_tensor::{Int, Tensor, TensorData};
use formwork_model::{Family, ModelConfig, ModelError, ModelErrorKind, Weights};

use crate::layers::{Linear, Turns, rms_norm};

/// Embedding, blocks and head.
#[derive(Clone, Debug)]
pub(crate) struct Decoder<B: Backend> {
    pub(crate) config: ModelConfig,
    pub(crate) device: B::Device,
    embedding: Tensor<B, 2>,
    blocks: Vec<Block<B>>,
    norm: Tensor<B, 1>,
    /// `None` where it is the embedding.
    head: Option<Tensor<B, 2>>,
}

/// Attention and feed-forward, each behind a normalisation and added to what came in.
#[derive(Clone, Debug)]
struct Block<B: Backend> {
    attention_norm: Tensor<B, 1>,
    query: Linear<B>,
    key: Linear<B>,
    value: Linear<B>,
    output: Linear<B>,
    query_norm: Option<Tensor<B, 1>>,
    key_norm: Option<Tensor<B, 1>>,
    feed_norm: Tensor<B, 1>,
    gate: Linear<B>,
    up: Linear<B>,
    down: Linear<B>,
}

/// Queries, keys and values of tokens, `[n, heads, head_dim]` each, turned by their
/// positions.
pub(crate) struct Heads<B: Backend> {
    pub(crate) queries: Tensor<B, 3>,
    pub(crate) keys: Tensor<B, 3>,
    pub(crate) values: Tensor<B, 3>,
}

impl<B: Backend> Decoder<B> {
    /// Reads the weights of a model onto a device, as 32-bit floats.
    ///
    /// # Errors
    ///
    /// If a tensor is missing, of another shape, or cannot be read.
    pub(crate) fn new(
        config: &ModelConfig,
        weights: &dyn Weights,
        device: &B::Device,
    ) -> Result<Decoder<B>, ModelError> {
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
        let ids: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
        let ids = TensorData::new(ids, [tokens.len()]);
        let ids: Tensor<B, 1, Int> = Tensor::from_data(ids, &self.device);
        let turns = Turns::new(positions, &config.rope, config.head_dim, &self.device);
        let mut x = self.embedding.clone().select(0, ids);
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
        x.matmul(head.clone().transpose())
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

impl<B: Backend> Block<B> {
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
        let heads = |layer: &Linear<B>, count| {
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
    pub(crate) fn matrix(&self, name: &str, shape: [usize; 2]) -> Result<Tensor<B, 2>, ModelError> {
        self.tensor(name, shape)
    }

    pub(crate) fn vector(&self, name: &str, len: usize) -> Result<Tensor<B, 1>, ModelError> {
        self.tensor(name, [len])
    }

    pub(crate) fn tensor<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
    ) -> Result<Tensor<B, D>, ModelError> {
        let wrong = |message: String| ModelError::new(ModelErrorKind::Tensor, message);
        match self.weights.shape(name) {
            None => return Err(wrong(format!("there is no tensor {name}"))),
            Some(known) if known != shape => {
                return Err(wrong(format!(
                    "tensor {name} is {known:?} instead of {shape:?}"
                )));
            }
            Some(_) => {}
        }
        let read = self.weights.read(name)?;
        if read.values.len() != shape.iter().product::<usize>() {
            let values = read.values.len();
            return Err(wrong(format!(
                "tensor {name} has {values} values instead of {shape:?}"
            )));
        }
        Ok(Tensor::from_data(
            TensorData::new(read.values, shape),
            &self.device,
        ))
    }
}
