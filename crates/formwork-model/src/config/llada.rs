//! The shape of a model from the `config.json` of LLaDA.

use formwork::TokenId;
use serde::Deserialize;
use serde_json::Value;

use super::json::{required, unusable};
use crate::{Family, Masked, ModelConfig, ModelError, Rope, RopeScaling};

/// Its `model_type`.
pub(super) const KIND: &str = "llada";

/// The fields that are read. Those that are not there are what LLaDA's own code takes
/// them to be.
#[derive(Deserialize)]
struct File {
    vocab_size: Option<usize>,
    embedding_size: Option<usize>,
    d_model: Option<usize>,
    mlp_hidden_size: Option<usize>,
    n_layers: Option<usize>,
    n_heads: Option<usize>,
    n_kv_heads: Option<usize>,
    multi_query_attention: Option<bool>,
    max_sequence_length: Option<usize>,
    rms_norm_eps: Option<f64>,
    rope_theta: Option<f64>,
    weight_tying: Option<bool>,
    mask_token_id: Option<u32>,
    activation_type: Option<String>,
    block_type: Option<String>,
    layer_norm_type: Option<String>,
    rope: Option<bool>,
    alibi: Option<bool>,
    attention_layer_norm: Option<bool>,
    bias_for_layer_norm: Option<bool>,
    include_bias: Option<bool>,
    include_qkv_bias: Option<bool>,
    input_emb_norm: Option<bool>,
    scale_logits: Option<bool>,
    quantization_config: Option<Value>,
}

/// The shape that the text of a `config.json` of LLaDA describes (Nie et al.,
/// arXiv:2502.09992): that of a Llama without a causal mask.
pub(super) fn read(text: &str) -> Result<ModelConfig, ModelError> {
    let file: File = serde_json::from_str(text).map_err(|error| unusable(&error))?;
    file.refuse_extras()?;
    let hidden = required(file.d_model, "d_model")?;
    let heads = required(file.n_heads, "n_heads")?;
    let shared = match file.multi_query_attention {
        Some(true) => 1,
        _ => heads,
    };
    Ok(ModelConfig {
        family: Family::Llama,
        vocab_len: required(file.embedding_size.or(file.vocab_size), "vocab_size")?,
        hidden,
        intermediate: required(file.mlp_hidden_size, "mlp_hidden_size")?,
        layers: required(file.n_layers, "n_layers")?,
        heads,
        kv_heads: file.n_kv_heads.unwrap_or(shared),
        head_dim: ModelConfig::even_share(hidden, heads)?,
        norm_eps: file.rms_norm_eps.unwrap_or(1e-5),
        rope: Rope {
            base: file.rope_theta.unwrap_or(10_000.0),
            scaling: RopeScaling::None,
        },
        max_len: required(file.max_sequence_length, "max_sequence_length")?,
        tied_embedding: file.weight_tying.unwrap_or(true),
        masked: Some(Masked {
            mask_token: TokenId(required(file.mask_token_id, "mask_token_id")?),
            shifted: false,
        }),
    })
}

impl File {
    fn refuse_extras(&self) -> Result<(), ModelError> {
        for (key, value, supported) in [
            ("activation_type", &self.activation_type, "silu"),
            ("block_type", &self.block_type, "llama"),
            ("layer_norm_type", &self.layer_norm_type, "rms"),
        ] {
            if value.as_deref() != Some(supported) {
                return Err(ModelError::unsupported(format!(
                    "{key} is {value:?} in config.json; only {supported:?} is supported"
                )));
            }
        }
        if self.rope != Some(true) {
            return Err(ModelError::unsupported(
                "positions that are not told by rotation (rope) are not supported",
            ));
        }
        for (key, value) in [
            ("alibi", self.alibi),
            ("attention_layer_norm", self.attention_layer_norm),
            ("bias_for_layer_norm", self.bias_for_layer_norm),
            ("include_bias", self.include_bias),
            ("include_qkv_bias", self.include_qkv_bias),
            ("input_emb_norm", self.input_emb_norm),
            ("scale_logits", self.scale_logits),
            (
                "quantization_config",
                self.quantization_config.as_ref().map(|_| true),
            ),
        ] {
            if value == Some(true) {
                return Err(ModelError::unsupported(format!("{key} is not supported")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
