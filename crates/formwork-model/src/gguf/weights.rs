//! The tensors of a GGUF file as [`Weights`].

use std::collections::HashMap;

use super::Gguf;
use super::names::{Part, ROPE_FACTORS, split_halves, translate};
use crate::{Family, ModelConfig, ModelError, ModelErrorKind, StoredTensor, Weights};

/// The tensors of a GGUF file under their names in `transformers`, with the rows of
/// queries and keys in the order that [`Rope`](crate::Rope) expects.
#[derive(Debug)]
pub struct GgufWeights {
    gguf: Gguf,
    tensors: HashMap<String, Entry>,
    head_dim: usize,
}

#[derive(Debug)]
struct Entry {
    /// The name in the file.
    name: String,
    /// Heads whose rows turn side by side; 0 if none do.
    heads: usize,
}

impl Gguf {
    /// The tensors. What the metadata holds is forgotten.
    ///
    /// # Errors
    ///
    /// If there is a tensor that a model of this shape does not have: to leave it out
    /// would silently change what the model says.
    pub fn into_weights(mut self, config: &ModelConfig) -> Result<GgufWeights, ModelError> {
        let mut tensors = HashMap::new();
        for (theirs, tensor) in &self.tensors {
            if theirs == ROPE_FACTORS {
                continue;
            }
            let name = translate(theirs)
                .filter(|name| name.block.is_none_or(|block| block < config.layers));
            let Some(name) = name else {
                return Err(ModelError::unsupported(format!(
                    "{}: nothing is known of the tensor {theirs:?}, so this model would be \
                     computed wrongly",
                    self.source.path().display()
                )));
            };
            // Only Llama's converter moves rows.
            let heads = match (config.family, name.part) {
                (Family::Llama, Part::Queries) => config.heads,
                (Family::Llama, Part::Keys) => config.kv_heads,
                _ => 0,
            };
            let rows = heads.saturating_mul(config.head_dim);
            if heads > 0 && tensor.shape.first() != Some(&rows) {
                return Err(ModelError::new(
                    ModelErrorKind::Tensor,
                    format!(
                        "{}: {theirs:?} has the shape {:?}; {rows} rows are expected",
                        self.source.path().display(),
                        tensor.shape
                    ),
                ));
            }
            let entry = Entry {
                name: theirs.clone(),
                heads,
            };
            tensors.insert(name.text, entry);
        }
        self.metadata = HashMap::new();
        Ok(GgufWeights {
            gguf: self,
            tensors,
            head_dim: config.head_dim,
        })
    }
}

impl Weights for GgufWeights {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let entry = self.tensors.get(name)?;
        self.gguf.shape(&entry.name).map(<[usize]>::to_vec)
    }

    fn stored(&self, name: &str) -> Result<StoredTensor, ModelError> {
        let Some(entry) = self.tensors.get(name) else {
            return Err(ModelError::new(
                ModelErrorKind::Tensor,
                format!(
                    "{} has no tensor for {name:?}",
                    self.gguf.source.path().display()
                ),
            ));
        };
        let mut tensor = self.gguf.stored(&entry.name)?;
        split_halves(tensor.bytes_mut(), entry.heads, self.head_dim / 2);
        Ok(tensor)
    }
}
