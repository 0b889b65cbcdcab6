//! The tiny models: their `config.json` and their tensors.

use serde_json::{Value, json};

pub const VOCABULARY: usize = 64;
pub const HIDDEN: usize = 32;
pub const INTERMEDIATE: usize = 48;
pub const LAYERS: usize = 2;
pub const HEADS: usize = 4;
pub const KV_HEADS: usize = 2;

/// A tiny model, random weights apart.
pub struct Architecture {
    /// The name of its folder.
    pub name: &'static str,
    /// What Hugging Face's `transformers` 4 would write to `config.json`.
    pub config: Value,
    head_dim: usize,
    qkv_bias: bool,
    qk_norm: bool,
    tied: bool,
}

/// The name and the dimensions of a tensor, and where its values lie.
pub struct Spec {
    pub name: String,
    pub shape: Vec<usize>,
    pub centre: f32,
    pub spread: f32,
}

/// All architectures.
pub fn all() -> Vec<Architecture> {
    vec![
        Architecture {
            name: "llama",
            config: config(
                "llama",
                "LlamaForCausalLM",
                json!({
                    "attention_bias": false,
                    "head_dim": 8,
                    "mlp_bias": false,
                    "pretraining_tp": 1,
                    "rope_scaling": null,
                    "rope_theta": 10000.0,
                    "tie_word_embeddings": false,
                }),
            ),
            head_dim: 8,
            qkv_bias: false,
            qk_norm: false,
            tied: false,
        },
        Architecture {
            name: "llama3-rope",
            config: config(
                "llama",
                "LlamaForCausalLM",
                json!({
                    "attention_bias": false,
                    "head_dim": 8,
                    "mlp_bias": false,
                    "pretraining_tp": 1,
                    // The four waves are 6, 30, 140 and 660 tokens long: one is short,
                    // one is blended, two are long.
                    "rope_scaling": {
                        "factor": 8.0,
                        "high_freq_factor": 4.0,
                        "low_freq_factor": 1.0,
                        "original_max_position_embeddings": 64,
                        "rope_type": "llama3",
                    },
                    "rope_theta": 500.0,
                    "tie_word_embeddings": true,
                }),
            ),
            head_dim: 8,
            qkv_bias: false,
            qk_norm: false,
            tied: true,
        },
        Architecture {
            name: "qwen2",
            config: config(
                "qwen2",
                "Qwen2ForCausalLM",
                json!({
                    "max_window_layers": LAYERS,
                    "rope_theta": 1000000.0,
                    "sliding_window": 128,
                    "tie_word_embeddings": true,
                    "use_sliding_window": false,
                }),
            ),
            head_dim: 8,
            qkv_bias: true,
            qk_norm: false,
            tied: true,
        },
        Architecture {
            name: "qwen3",
            config: config(
                "qwen3",
                "Qwen3ForCausalLM",
                json!({
                    "attention_bias": false,
                    "head_dim": 16,
                    "max_window_layers": LAYERS,
                    "rope_scaling": null,
                    "rope_theta": 1000000.0,
                    "sliding_window": null,
                    "tie_word_embeddings": false,
                    "use_sliding_window": false,
                }),
            ),
            head_dim: 16,
            qkv_bias: false,
            qk_norm: true,
            tied: false,
        },
    ]
}

pub fn config(model_type: &str, class: &str, own: Value) -> Value {
    let mut config = json!({
        "architectures": [class],
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": HIDDEN,
        "initializer_range": 0.02,
        "intermediate_size": INTERMEDIATE,
        "max_position_embeddings": 128,
        "model_type": model_type,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": KV_HEADS,
        // Larger than in any real model, so that logits tell whether it is heeded.
        "rms_norm_eps": 0.001,
        "torch_dtype": "float32",
        "transformers_version": "4.51.3",
        "use_cache": true,
        "vocab_size": VOCABULARY,
    });
    if let (Value::Object(all), Value::Object(own)) = (&mut config, own) {
        all.extend(own);
    }
    config
}

impl Architecture {
    /// The tensors of its `model.safetensors`.
    pub fn tensors(&self) -> Vec<Spec> {
        let (q, kv) = (HEADS * self.head_dim, KV_HEADS * self.head_dim);
        let mut specs = vec![
            weight("model.embed_tokens".into(), VOCABULARY, HIDDEN),
            norm("model.norm".into(), HIDDEN),
        ];
        for layer in 0..LAYERS {
            let name = |part: &str| format!("model.layers.{layer}.{part}");
            specs.extend([
                norm(name("input_layernorm"), HIDDEN),
                weight(name("self_attn.q_proj"), q, HIDDEN),
                weight(name("self_attn.k_proj"), kv, HIDDEN),
                weight(name("self_attn.v_proj"), kv, HIDDEN),
                weight(name("self_attn.o_proj"), HIDDEN, q),
                norm(name("post_attention_layernorm"), HIDDEN),
                weight(name("mlp.gate_proj"), INTERMEDIATE, HIDDEN),
                weight(name("mlp.up_proj"), INTERMEDIATE, HIDDEN),
                weight(name("mlp.down_proj"), HIDDEN, INTERMEDIATE),
            ]);
            if self.qkv_bias {
                specs.extend([
                    bias(name("self_attn.q_proj"), q),
                    bias(name("self_attn.k_proj"), kv),
                    bias(name("self_attn.v_proj"), kv),
                ]);
            }
            if self.qk_norm {
                specs.extend([
                    norm(name("self_attn.q_norm"), self.head_dim),
                    norm(name("self_attn.k_norm"), self.head_dim),
                ]);
            }
        }
        if !self.tied {
            specs.push(weight("lm_head".into(), VOCABULARY, HIDDEN));
        }
        specs
    }
}

/// A standard deviation of 0.2: logits are a few units apart, and no softmax is flat.
pub fn weight(layer: String, rows: usize, columns: usize) -> Spec {
    Spec {
        name: layer + ".weight",
        shape: vec![rows, columns],
        centre: 0.0,
        spread: 0.35,
    }
}

pub fn bias(layer: String, len: usize) -> Spec {
    Spec {
        name: layer + ".bias",
        shape: vec![len],
        centre: 0.0,
        spread: 0.5,
    }
}

pub fn norm(layer: String, len: usize) -> Spec {
    Spec {
        name: layer + ".weight",
        shape: vec![len],
        centre: 1.0,
        spread: 0.3,
    }
}
