//! The shape of a model from GGUF metadata.

use super::names::ROPE_FACTORS;
use super::{Gguf, Value};
use crate::{Family, ModelConfig, ModelError, Rope, RopeScaling};

/// The entries of one architecture, such as `llama.block_count`.
struct Keys<'a> {
    gguf: &'a Gguf,
    architecture: &'a str,
}

impl Gguf {
    /// The shape of the model.
    ///
    /// # Errors
    ///
    /// If an entry is missing or of another type, the architecture is not `llama`,
    /// `qwen2` or `qwen3`, the model does something that is not supported (experts, a
    /// sliding window, other ways to scale positions), or sizes do not fit together.
    pub fn config(&self) -> Result<ModelConfig, ModelError> {
        self.shape_of_model()
            .and_then(ModelConfig::checked)
            .map_err(|error| error.at(self.source.path().display()))
    }

    fn shape_of_model(&self) -> Result<ModelConfig, ModelError> {
        let architecture = self
            .get("general.architecture")
            .and_then(Value::as_str)
            .ok_or_else(|| ModelError::format("general.architecture is missing"))?;
        let family = Family::from_name(architecture)?;
        let keys = Keys {
            gguf: self,
            architecture,
        };
        keys.refuse_extras(family)?;

        let hidden = keys.size("embedding_length")?;
        let heads = keys.size("attention.head_count")?;
        let head_dim = match keys.optional_size("attention.key_length")? {
            Some(len) => len,
            None => ModelConfig::even_share(hidden, heads)?,
        };
        for key in ["attention.value_length", "rope.dimension_count"] {
            if let Some(len) = keys.optional_size(key)?.filter(|&len| len != head_dim) {
                return Err(ModelError::unsupported(format!(
                    "{architecture}.{key} is {len}, but heads have {head_dim} components; \
                     they must be equal"
                )));
            }
        }
        let (embedding, width) = match self.shape("token_embd.weight") {
            Some(&[rows, width]) => (rows, width),
            _ => return Err(ModelError::format("there is no matrix token_embd.weight")),
        };
        if width != hidden {
            return Err(ModelError::format(format!(
                "rows of token_embd.weight have {width} values; \
                 {architecture}.embedding_length is {hidden}"
            )));
        }
        Ok(ModelConfig {
            family,
            vocab_len: embedding,
            hidden,
            intermediate: keys.size("feed_forward_length")?,
            layers: keys.size("block_count")?,
            heads,
            kv_heads: keys
                .optional_size("attention.head_count_kv")?
                .unwrap_or(heads),
            head_dim,
            norm_eps: keys
                .float("attention.layer_norm_rms_epsilon")?
                .ok_or_else(|| keys.missing("attention.layer_norm_rms_epsilon"))?,
            rope: Rope {
                base: keys.float("rope.freq_base")?.unwrap_or(10_000.0),
                scaling: keys.scaling(head_dim)?,
            },
            max_len: keys.size("context_length")?,
            tied_embedding: self.shape("output.weight").is_none(),
            masked: None,
        })
    }
}

impl Keys<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.gguf.get(&format!("{}.{key}", self.architecture))
    }

    fn missing(&self, key: &str) -> ModelError {
        ModelError::format(format!("{}.{key} is missing", self.architecture))
    }

    fn wrong(&self, key: &str, value: &Value, wanted: &str) -> ModelError {
        ModelError::unsupported(format!(
            "{}.{key} is {}; it should be {wanted}",
            self.architecture,
            value.sort()
        ))
    }

    fn size(&self, key: &str) -> Result<usize, ModelError> {
        self.optional_size(key)?.ok_or_else(|| self.missing(key))
    }

    fn optional_size(&self, key: &str) -> Result<Option<usize>, ModelError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
        size.map(Some)
            .ok_or_else(|| self.wrong(key, value, "a size, the same for all blocks"))
    }

    fn float(&self, key: &str) -> Result<Option<f64>, ModelError> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(x) => Ok(Some(x)),
                None => Err(self.wrong(key, value, "a number")),
            },
        }
    }

    fn scaling(&self, head_dim: usize) -> Result<RopeScaling, ModelError> {
        let kind = match self.get("rope.scaling.type") {
            None => None,
            Some(value) => Some(
                value
                    .as_str()
                    .ok_or_else(|| self.wrong("rope.scaling.type", value, "a text"))?,
            ),
        };
        // Old files have only the factor.
        let factor = match self.float("rope.scaling.factor")? {
            Some(factor) => Some(factor),
            None => self.float("rope.scale_linear")?,
        };
        let scaling = match (kind, factor) {
            (Some("none"), _) | (None, None) => RopeScaling::None,
            (Some("linear") | None, Some(1.0)) => RopeScaling::None,
            (Some("linear") | None, Some(factor)) => RopeScaling::Linear(factor),
            (Some("linear"), None) => return Err(self.missing("rope.scaling.factor")),
            (Some(other), _) => {
                return Err(ModelError::unsupported(format!(
                    "positions scaled by {other:?} are not supported; linear and none are"
                )));
            }
        };
        if self.gguf.shape(ROPE_FACTORS).is_none() {
            return Ok(scaling);
        }
        if scaling != RopeScaling::None {
            return Err(ModelError::unsupported(format!(
                "positions are scaled by {ROPE_FACTORS} and by rope.scaling at once"
            )));
        }
        let factors = self.gguf.read(ROPE_FACTORS)?.values;
        if factors.len() != head_dim / 2 {
            return Err(ModelError::format(format!(
                "{ROPE_FACTORS} has {} values; heads have {} pairs",
                factors.len(),
                head_dim / 2
            )));
        }
        Ok(RopeScaling::Factors(factors))
    }

    /// What would be computed wrongly if it were passed over.
    fn refuse_extras(&self, family: Family) -> Result<(), ModelError> {
        let some = |key| Ok::<_, ModelError>(self.optional_size(key)?.is_some_and(|n| n > 0));
        if some("expert_count")? {
            return Err(ModelError::unsupported(
                "models with experts are not supported",
            ));
        }
        if some("attention.sliding_window")? {
            return Err(ModelError::unsupported(
                "attention in a sliding window is not supported",
            ));
        }
        let bias = |name: &str| name.ends_with(".bias");
        if family == Family::Llama && self.gguf.tensor_names().any(bias) {
            return Err(ModelError::unsupported(
                "Llama models with a bias are not supported",
            ));
        }
        Ok(())
    }
}
