use formwork::TokenId;
use serde_json::{Value, json};

use crate::{Family, Masked, ModelConfig, ModelErrorKind, Rope, RopeScaling};

/// As LLaDA-8B has it, without what says nothing.
fn llada() -> Value {
    json!({
        "activation_type": "silu", "alibi": false, "architectures": ["LLaDAModelLM"],
        "attention_layer_norm": false, "bias_for_layer_norm": false, "block_type": "llama",
        "d_model": 4096, "embedding_size": 126464, "eos_token_id": 126081,
        "include_bias": false, "include_qkv_bias": false, "input_emb_norm": false,
        "layer_norm_type": "rms", "mask_token_id": 126336, "max_sequence_length": 4096,
        "mlp_hidden_size": 12288, "mlp_ratio": 4, "model_type": "llada",
        "multi_query_attention": null, "n_heads": 32, "n_kv_heads": 32, "n_layers": 32,
        "rms_norm_eps": 1e-05, "rope": true, "rope_theta": 500000.0, "scale_logits": false,
        "vocab_size": 126464, "weight_tying": false,
    })
}

/// The model with a field of another value, or without it.
fn with(key: &str, value: Value) -> Result<ModelConfig, crate::ModelError> {
    let mut file = llada();
    if let Value::Object(file) = &mut file {
        match value {
            Value::Null => file.remove(key),
            value => file.insert(key.to_owned(), value),
        };
    }
    ModelConfig::from_json(&file.to_string())
}

#[test]
fn the_model_of_the_paper() {
    assert_eq!(
        ModelConfig::from_json(&llada().to_string()),
        Ok(ModelConfig {
            family: Family::Llama,
            vocab_len: 126_464,
            hidden: 4096,
            intermediate: 12_288,
            layers: 32,
            heads: 32,
            kv_heads: 32,
            head_dim: 128,
            norm_eps: 1e-5,
            rope: Rope {
                base: 500_000.0,
                scaling: RopeScaling::None,
            },
            max_len: 4096,
            tied_embedding: false,
            masked: Some(Masked {
                mask_token: TokenId(126_336),
                shifted: false,
            }),
        })
    );
}

#[test]
fn what_is_not_said() {
    let config = with("n_kv_heads", Value::Null).expect("a shape");
    assert_eq!(config.kv_heads, 32);
    let config = with("embedding_size", Value::Null).expect("a shape");
    assert_eq!(config.vocab_len, 126_464);
    for key in [
        "d_model",
        "mask_token_id",
        "max_sequence_length",
        "mlp_hidden_size",
        "n_heads",
        "n_layers",
    ] {
        let error = with(key, Value::Null).expect_err(key);
        assert!(error.to_string().contains(key), "{error}");
    }
}

#[test]
fn what_is_not_supported() {
    for (key, value) in [
        ("activation_type", json!("gelu")),
        ("block_type", json!("sequential")),
        ("layer_norm_type", json!("default")),
        ("rope", json!(false)),
        ("alibi", json!(true)),
        ("include_qkv_bias", json!(true)),
        ("quantization_config", json!({})),
    ] {
        let error = with(key, value).expect_err(key);
        assert_eq!(error.kind(), ModelErrorKind::Unsupported, "{key}");
    }
    let error = with("mask_token_id", json!(126_464)).expect_err("no such token");
    assert_eq!(error.kind(), ModelErrorKind::Format);
}
