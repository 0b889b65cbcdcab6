//! The shape of a model from Hugging Face's `config.json`.

use formwork::TokenId;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{bert, llada};
use crate::{Family, Masked, ModelConfig, ModelError, Rope, RopeScaling};

/// The type of Dream (Ye et al., arXiv:2508.15487): the layers of Qwen2, every position
/// attending to all others.
const DREAM: &str = "Dream";

/// The fields that are read. Others say nothing of the arithmetic.
#[derive(Deserialize)]
struct File {
    vocab_size: Option<usize>,
    hidden_size: Option<usize>,
    intermediate_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    max_position_embeddings: Option<usize>,
    rms_norm_eps: Option<f64>,
    rope_theta: Option<f64>,
    rope_scaling: Option<Map<String, Value>>,
    /// What newer files have in place of the two above.
    rope_parameters: Option<Map<String, Value>>,
    partial_rotary_factor: Option<f64>,
    tie_word_embeddings: Option<bool>,
    hidden_act: Option<String>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    use_sliding_window: Option<bool>,
    layer_types: Option<Vec<String>>,
    quantization_config: Option<Value>,
    mask_token_id: Option<u32>,
}

impl ModelConfig {
    /// The shape that the text of a `config.json` describes.
    ///
    /// # Errors
    ///
    /// If the text is not a usable `config.json`, its `model_type` is not `llama`,
    /// `qwen2`, `qwen3`, `llada`, `Dream` or `bert`, the model does something that is not
    /// supported (a bias where its family has none, a sliding window, another activation
    /// than its family's, quantised weights, other ways to scale positions), or sizes do
    /// not fit together.
    pub fn from_json(text: &str) -> Result<ModelConfig, ModelError> {
        let text = text.trim_start_matches('\u{feff}');
        // The type first: the fields of others may be of other types.
        let kind: Kind = serde_json::from_str(text).map_err(|error| unusable(&error))?;
        let kind = kind
            .model_type
            .ok_or_else(|| ModelError::format("config.json has no model_type"))?;
        let is_dream = kind == DREAM;
        let family = match &*kind {
            bert::KIND => return bert::read(text)?.checked(),
            llada::KIND => return llada::read(text)?.checked(),
            DREAM => Family::Qwen2,
            kind => Family::from_name(kind)?,
        };
        let file: File = serde_json::from_str(text).map_err(|error| unusable(&error))?;
        file.refuse_extras(family)?;

        let hidden = required(file.hidden_size, "hidden_size")?;
        let heads = required(file.num_attention_heads, "num_attention_heads")?;
        let max_len = required(file.max_position_embeddings, "max_position_embeddings")?;
        ModelConfig {
            family,
            vocab_len: required(file.vocab_size, "vocab_size")?,
            hidden,
            intermediate: required(file.intermediate_size, "intermediate_size")?,
            layers: required(file.num_hidden_layers, "num_hidden_layers")?,
            heads,
            kv_heads: file.num_key_value_heads.unwrap_or(heads),
            head_dim: match file.head_dim {
                Some(len) => len,
                // Qwen3 has a size of its own where the file does not say one.
                None if family == Family::Qwen3 => 128,
                None => ModelConfig::even_share(hidden, heads)?,
            },
            norm_eps: file.rms_norm_eps.unwrap_or(1e-6),
            rope: file.rope(max_len)?,
            max_len,
            tied_embedding: file.tie_word_embeddings.unwrap_or(false),
            masked: match is_dream {
                true => Some(Masked {
                    mask_token: TokenId(required(file.mask_token_id, "mask_token_id")?),
                    shifted: true,
                }),
                false => None,
            },
        }
        .checked()
    }
}

#[derive(Deserialize)]
struct Kind {
    model_type: Option<String>,
}

pub(super) fn unusable(error: &serde_json::Error) -> ModelError {
    ModelError::format(format!("not a usable config.json: {error}"))
}

pub(super) fn required<T>(value: Option<T>, name: &str) -> Result<T, ModelError> {
    value.ok_or_else(|| ModelError::format(format!("config.json has no {name}")))
}

impl File {
    fn rope(&self, max_len: usize) -> Result<Rope, ModelError> {
        let parameters = self.rope_parameters.as_ref();
        let base = match parameters.and_then(|map| map.get("rope_theta")) {
            Some(base) => Some(base.as_f64().ok_or_else(|| {
                ModelError::format("rope_theta of rope_parameters is not a number")
            })?),
            None => self.rope_theta,
        };
        let scaling = match parameters.or(self.rope_scaling.as_ref()) {
            Some(map) => scaling(map, max_len)?,
            None => RopeScaling::None,
        };
        Ok(Rope {
            base: base.unwrap_or(10_000.0),
            scaling,
        })
    }

    fn refuse_extras(&self, family: Family) -> Result<(), ModelError> {
        let refuse = |what: String| Err(ModelError::unsupported(what));
        if let Some(act) = self.hidden_act.as_deref().filter(|act| *act != "silu") {
            return refuse(format!("the activation {act:?} is not supported; silu is"));
        }
        // Qwen2 has its biases always, and nowhere else.
        if family != Family::Qwen2 && self.attention_bias == Some(true) {
            return refuse("attention_bias is not supported".to_owned());
        }
        if self.mlp_bias == Some(true) {
            return refuse("mlp_bias is not supported".to_owned());
        }
        let slides = |kind: &String| kind != "full_attention";
        if self.use_sliding_window == Some(true) || self.layer_types.iter().flatten().any(slides) {
            return refuse("attention in a sliding window is not supported".to_owned());
        }
        if self
            .partial_rotary_factor
            .is_some_and(|factor| factor != 1.0)
        {
            return refuse("rotation of a part of a head is not supported".to_owned());
        }
        if self.quantization_config.is_some() {
            return refuse(
                "quantised weights in safetensors are not supported; use the model as F16 \
                 or BF16, or a GGUF file"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// `rope_scaling`, or `rope_parameters`.
fn scaling(map: &Map<String, Value>, max_len: usize) -> Result<RopeScaling, ModelError> {
    let number = |key: &str| {
        map.get(key).and_then(Value::as_f64).ok_or_else(|| {
            ModelError::format(format!("config.json scales positions without {key}"))
        })
    };
    if let Some(part) = map.get("partial_rotary_factor").and_then(Value::as_f64)
        && part != 1.0
    {
        return Err(ModelError::unsupported(
            "rotation of a part of a head is not supported",
        ));
    }
    let kind = map.get("rope_type").or_else(|| map.get("type"));
    match kind.map(Value::as_str) {
        // Newer files have the base here and nothing else.
        None if !map.values().any(Value::is_object) && !map.contains_key("factor") => {
            Ok(RopeScaling::None)
        }
        Some(Some("default")) => Ok(RopeScaling::None),
        Some(Some("linear")) => Ok(RopeScaling::Linear(number("factor")?)),
        Some(Some("llama3")) => Ok(RopeScaling::Llama3 {
            factor: number("factor")?,
            low: number("low_freq_factor")?,
            high: number("high_freq_factor")?,
            original_len: match map.get("original_max_position_embeddings") {
                None => max_len,
                Some(len) => len
                    .as_u64()
                    .and_then(|len| usize::try_from(len).ok())
                    .ok_or_else(|| {
                        ModelError::format("original_max_position_embeddings is not a size")
                    })?,
            },
        }),
        Some(Some(other)) => Err(ModelError::unsupported(format!(
            "positions scaled by {other:?} are not supported; default, linear and llama3 are"
        ))),
        None | Some(None) => Err(ModelError::unsupported(
            "config.json does not say how positions are scaled: rope_type is missing",
        )),
    }
}

#[cfg(test)]
mod tests;
