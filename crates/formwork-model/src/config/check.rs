//! Whether the sizes of a model fit together.

use crate::{Family, Masked, ModelConfig, ModelError, RopeScaling};

/// The names of families in files.
const FAMILIES: &[(&str, Family)] = &[
    ("llama", Family::Llama),
    ("qwen2", Family::Qwen2),
    ("qwen3", Family::Qwen3),
];

impl Family {
    /// The family that files call `name`.
    pub(crate) fn from_name(name: &str) -> Result<Family, ModelError> {
        let found = FAMILIES.iter().find(|&&(known, _)| known == name);
        found.map(|&(_, family)| family).ok_or_else(|| {
            ModelError::unsupported(format!(
                "models of type {name:?} are not supported; llama, qwen2 and qwen3 are, \
                 and bert, llada and Dream as safetensors"
            ))
        })
    }
}

impl ModelConfig {
    /// The configuration, if its sizes fit together and are none that only a broken
    /// file has. Sizes within the limits can be multiplied by twos in 64 bits.
    pub(crate) fn checked(self) -> Result<ModelConfig, ModelError> {
        for (name, size, limit) in [
            ("vocabulary", self.vocab_len, 1 << 22),
            ("hidden size", self.hidden, 1 << 17),
            ("intermediate size", self.intermediate, 1 << 20),
            ("number of layers", self.layers, 1 << 12),
            ("number of heads", self.heads, 1 << 12),
            ("number of key and value heads", self.kv_heads, 1 << 12),
            ("head size", self.head_dim, 1 << 12),
            ("greatest length", self.max_len, 1 << 28),
        ] {
            if size == 0 || size > limit {
                return Err(ModelError::format(format!(
                    "the {name} is {size}; it must be from 1 to {limit}"
                )));
            }
        }
        ModelConfig::even_share(self.heads, self.kv_heads)?;
        if !self.head_dim.is_multiple_of(2) {
            return Err(ModelError::format(format!(
                "the head size is {}; it must be even",
                self.head_dim
            )));
        }
        if !(self.norm_eps >= 0.0 && self.norm_eps < 1.0) {
            return Err(ModelError::format(format!(
                "the norm's epsilon is {}; it must be from 0 to 1",
                self.norm_eps
            )));
        }
        if !positive(self.rope.base) || self.rope.base < 1.0 {
            return Err(ModelError::format(format!(
                "the base of rotation is {}; it must be at least 1",
                self.rope.base
            )));
        }
        if let Some(Masked { mask_token, .. }) = self.masked
            && mask_token.index() >= self.vocab_len
        {
            return Err(ModelError::format(format!(
                "the mask is token {mask_token}; there are {} tokens",
                self.vocab_len
            )));
        }
        if !self.rope.scaling.is_sound() {
            return Err(ModelError::format(format!(
                "positions cannot be scaled by {:?}: factors must be positive, and the \
                 low one below the high one",
                self.rope.scaling
            )));
        }
        Ok(self)
    }

    /// `whole / parts`, which must have no rest.
    pub(crate) fn even_share(whole: usize, parts: usize) -> Result<usize, ModelError> {
        match whole.checked_rem(parts) {
            Some(0) => Ok(whole / parts),
            _ => Err(ModelError::format(format!(
                "{whole} cannot be shared evenly among {parts} heads"
            ))),
        }
    }
}

impl RopeScaling {
    fn is_sound(&self) -> bool {
        match self {
            RopeScaling::None => true,
            RopeScaling::Linear(factor) => positive(*factor),
            RopeScaling::Factors(factors) => factors.iter().all(|&f| positive(f.into())),
            &RopeScaling::Llama3 {
                factor,
                low,
                high,
                original_len,
            } => {
                positive(factor)
                    && positive(low)
                    && positive(high)
                    && low < high
                    && original_len > 0
            }
        }
    }
}

fn positive(x: f64) -> bool {
    x > 0.0 && x.is_finite()
}
