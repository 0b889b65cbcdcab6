//! The shape of a model.

use formwork::TokenId;

mod bert;
mod check;
mod json;
mod llada;

/// What kind of network a model is. Decoders differ in what attention does to queries
/// and keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Family {
    /// Llama 2 and 3, SmolLM2, TinyLlama.
    Llama,
    /// Qwen2 and Qwen2.5: queries, keys and values with a bias.
    Qwen2,
    /// Qwen3: queries and keys normalised by head.
    Qwen3,
    /// BERT (arXiv:1810.04805), which only fills masks: other norms, a bias everywhere, a
    /// feed-forward layer without a gate, positions learned as vectors.
    Bert,
}

/// The sizes of a decoder and the constants of its arithmetic.
#[derive(Clone, PartialEq, Debug)]
pub struct ModelConfig {
    /// The kind of network.
    pub family: Family,
    /// Rows of the embedding: at least the tokenizer's tokens.
    pub vocab_len: usize,
    /// Length of the vector of a token.
    pub hidden: usize,
    /// Length of the vector inside a feed-forward layer.
    pub intermediate: usize,
    /// Blocks of attention and feed-forward.
    pub layers: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values; a divisor of `heads`.
    pub kv_heads: usize,
    /// Length of the vector of a head: even.
    pub head_dim: usize,
    /// What keeps the root mean square off zero.
    pub norm_eps: f64,
    /// How positions are told; says nothing of a BERT.
    pub rope: Rope,
    /// The most tokens in a text.
    pub max_len: usize,
    /// Whether the head that makes logits is the embedding.
    pub tied_embedding: bool,
    /// What it is besides, if it is a masked diffusion model and no causal one.
    pub masked: Option<Masked>,
}

/// What a masked diffusion model has that a causal one has not. Its positions attend to
/// all others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Masked {
    /// What stands at an open position.
    pub mask_token: TokenId,
    /// Whether the output at a position predicts the *next* one, as in models that began
    /// as causal ones (Dream, arXiv:2508.15487); the first predicts itself too.
    pub shifted: bool,
}

/// Rotary position embedding (Su et al., RoFormer, arXiv:2104.09864): the pair of
/// components `i` and `i + head_dim / 2` turns by `position / base^(2 i / head_dim)`.
#[derive(Clone, PartialEq, Debug)]
pub struct Rope {
    /// The base of the wave lengths.
    pub base: f64,
    /// How the angles are changed.
    pub scaling: RopeScaling,
}

/// How angles are made to fit texts longer than those of the first training.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// All angles are divided by a factor.
    Linear(f64),
    /// As Llama 3.1 does it: long waves are divided by a factor, short ones stay, and
    /// those between are blended.
    Llama3 {
        /// What long waves are divided by.
        factor: f64,
        /// Waves longer than `original_len / low` are long.
        low: f64,
        /// Waves shorter than `original_len / high` are short.
        high: f64,
        /// The length of texts in the first training.
        original_len: usize,
    },
    /// Every angle is divided by a factor of its own: `head_dim / 2` of them.
    Factors(Vec<f32>),
}

impl Rope {
    /// The angle per position of every pair of components.
    #[must_use]
    pub fn frequencies(&self, head_dim: usize) -> Vec<f64> {
        let plain = (0..head_dim / 2).map(|i| {
            let exponent = (2 * i) as f64 / head_dim as f64;
            self.base.powf(-exponent)
        });
        match &self.scaling {
            RopeScaling::None => plain.collect(),
            RopeScaling::Linear(factor) => plain.map(|angle| angle / factor).collect(),
            RopeScaling::Factors(factors) => plain
                .zip(factors)
                .map(|(angle, &factor)| angle / f64::from(factor))
                .collect(),
            &RopeScaling::Llama3 {
                factor,
                low,
                high,
                original_len,
            } => plain
                .map(|angle| {
                    let waves = original_len as f64 * angle / std::f64::consts::TAU;
                    // 0 for long waves, 1 for short ones.
                    let short = ((waves - low) / (high - low)).clamp(0.0, 1.0);
                    angle * (short + (1.0 - short) / factor)
                })
                .collect(),
        }
    }
}
