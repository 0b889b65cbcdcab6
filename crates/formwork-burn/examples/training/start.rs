//! Weights before training.

use std::collections::BTreeMap;

use formwork_model::{HostTensor, ModelConfig, ModelError, StoredTensor, Weights};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::SEED;

/// Normal numbers, smaller where blocks add to what came in.
pub(crate) struct Start {
    tensors: BTreeMap<String, HostTensor>,
}

impl Start {
    pub(crate) fn new(config: &ModelConfig) -> Start {
        let mut random = ChaCha8Rng::seed_from_u64(SEED + 1);
        let mut uniform = || (f64::from(random.next_u32()) + 0.5) / f64::from(u32::MAX);
        let mut normal = |scale: f64| {
            // Box and Muller, 1958.
            let radius = (-2.0 * uniform().ln()).sqrt();
            (scale * radius * (std::f64::consts::TAU * uniform()).cos()) as f32
        };
        let small = 0.02 / (2.0 * config.layers as f64).sqrt();
        let (hidden, feed) = (config.hidden, config.intermediate);
        let (all, shared) = (
            config.heads * config.head_dim,
            config.kv_heads * config.head_dim,
        );
        let mut tensors = BTreeMap::new();
        let mut add = |name: String, shape: Vec<usize>, scale: Option<f64>| {
            let n = shape.iter().product();
            let values = match scale {
                Some(scale) => (0..n).map(|_| normal(scale)).collect(),
                None => vec![1.0; n],
            };
            tensors.insert(name, HostTensor { shape, values });
        };
        let embedding = vec![config.vocab_len, hidden];
        add(
            "model.embed_tokens.weight".to_owned(),
            embedding,
            Some(0.02),
        );
        add("model.norm.weight".to_owned(), vec![hidden], None);
        for layer in 0..config.layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}.weight");
            add(name("input_layernorm"), vec![hidden], None);
            add(name("post_attention_layernorm"), vec![hidden], None);
            add(name("self_attn.q_proj"), vec![all, hidden], Some(0.02));
            add(name("self_attn.k_proj"), vec![shared, hidden], Some(0.02));
            add(name("self_attn.v_proj"), vec![shared, hidden], Some(0.02));
            add(name("self_attn.o_proj"), vec![hidden, all], Some(small));
            add(name("mlp.gate_proj"), vec![feed, hidden], Some(0.02));
            add(name("mlp.up_proj"), vec![feed, hidden], Some(0.02));
            add(name("mlp.down_proj"), vec![hidden, feed], Some(small));
        }
        Start { tensors }
    }
}

impl Weights for Start {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.get(name).map(|tensor| tensor.shape.clone())
    }

    fn stored(&self, name: &str) -> Result<StoredTensor, ModelError> {
        // Whoever reads has asked for the shape.
        self.tensors[name].clone().try_into()
    }
}
