use formwork::TokenId;
use serde_json::{Value, json};

use crate::{Family, Masked, ModelConfig, ModelErrorKind, Rope, RopeScaling};

fn llama() -> Value {
    json!({
        "model_type": "llama", "vocab_size": 100, "hidden_size": 64, "intermediate_size": 96,
        "num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 2,
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-05, "rope_theta": 500000.0,
        "tie_word_embeddings": true, "hidden_act": "silu", "attention_bias": false,
        "mlp_bias": false, "torch_dtype": "bfloat16", "rope_scaling": null,
        "architectures": ["LlamaForCausalLM"],
    })
}

/// The file with fields changed.
fn with(mut file: Value, changes: Value) -> Value {
    if let (Value::Object(file), Value::Object(changes)) = (&mut file, changes) {
        file.extend(changes);
    }
    file
}

fn read(file: &Value) -> Result<ModelConfig, crate::ModelError> {
    ModelConfig::from_json(&file.to_string())
}

#[test]
fn a_llama() {
    assert_eq!(
        read(&llama()),
        Ok(ModelConfig {
            family: Family::Llama,
            vocab_len: 100,
            hidden: 64,
            intermediate: 96,
            layers: 2,
            heads: 8,
            kv_heads: 2,
            head_dim: 8,
            norm_eps: 1e-5,
            rope: Rope {
                base: 500_000.0,
                scaling: RopeScaling::None,
            },
            max_len: 2048,
            tied_embedding: true,
            masked: None,
        })
    );
}

#[test]
fn what_is_not_said() {
    let mut file = llama();
    let fields = file.as_object_mut().expect("an object");
    for field in [
        "num_key_value_heads",
        "rms_norm_eps",
        "rope_theta",
        "tie_word_embeddings",
    ] {
        fields.remove(field);
    }
    let config = read(&file).expect("a shape");
    assert_eq!((config.kv_heads, config.norm_eps), (8, 1e-6));
    assert_eq!((config.rope.base, config.tied_embedding), (10_000.0, false));

    fields_must_be_there(&llama());
}

fn fields_must_be_there(file: &Value) {
    for field in [
        "model_type",
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "max_position_embeddings",
    ] {
        let mut file = file.clone();
        file.as_object_mut().expect("an object").remove(field);
        let error = read(&file).expect_err(field);
        assert!(error.to_string().contains(field), "{error}");
    }
}

#[test]
fn qwens() {
    let qwen2 = json!({"model_type": "qwen2", "use_sliding_window": false, "sliding_window": 64,
        "max_window_layers": 2});
    let config = read(&with(llama(), qwen2)).expect("a shape");
    assert_eq!((config.family, config.head_dim), (Family::Qwen2, 8));
    let qwen3 = json!({"model_type": "qwen3", "head_dim": 128,
        "layer_types": ["full_attention", "full_attention"]});
    let config = read(&with(llama(), qwen3)).expect("a shape");
    assert_eq!((config.family, config.head_dim), (Family::Qwen3, 128));
}

#[test]
fn a_dream() {
    let dream = json!({"model_type": "Dream", "mask_token_id": 7});
    let config = read(&with(llama(), dream)).expect("a shape");
    assert_eq!(config.family, Family::Qwen2);
    let masked = Masked {
        mask_token: TokenId(7),
        shifted: true,
    };
    assert_eq!(config.masked, Some(masked));
    for mask in [Value::Null, json!(100)] {
        let dream = json!({"model_type": "Dream", "mask_token_id": mask});
        let error = read(&with(llama(), dream)).expect_err("no mask");
        assert_eq!(error.kind(), ModelErrorKind::Format, "{mask}");
    }
}

#[test]
fn scaled_positions() {
    let llama3 = RopeScaling::Llama3 {
        factor: 8.0,
        low: 1.0,
        high: 4.0,
        original_len: 8192,
    };
    let llama3_fields = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192});
    for (changes, wanted) in [
        (
            json!({"rope_scaling": {"rope_type": "default"}}),
            RopeScaling::None,
        ),
        (
            json!({"rope_scaling": {"type": "linear", "factor": 2}}),
            RopeScaling::Linear(2.0),
        ),
        (json!({"rope_scaling": llama3_fields}), llama3.clone()),
        (json!({"rope_parameters": llama3_fields}), llama3),
        (
            json!({"rope_parameters": {"rope_theta": 7.0}}),
            RopeScaling::None,
        ),
    ] {
        let config = read(&with(llama(), changes.clone())).expect("a shape");
        assert_eq!(config.rope.scaling, wanted, "{changes}");
    }
    let newer = json!({"rope_parameters": {"rope_theta": 7.0, "rope_type": "default"}});
    assert_eq!(read(&with(llama(), newer)).expect("a shape").rope.base, 7.0);
}

#[test]
fn what_is_not_supported() {
    for (changes, what) in [
        (json!({"model_type": "gemma3"}), "llama, qwen2 and qwen3"),
        (json!({"attention_bias": true}), "attention_bias"),
        (json!({"mlp_bias": true}), "mlp_bias"),
        (json!({"hidden_act": "gelu"}), "gelu"),
        (json!({"use_sliding_window": true}), "window"),
        (
            json!({"layer_types": ["full_attention", "sliding_attention"]}),
            "window",
        ),
        (json!({"quantization_config": {"bits": 4}}), "quantised"),
        (json!({"partial_rotary_factor": 0.5}), "part of a head"),
        (
            json!({"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}),
            "yarn",
        ),
        (json!({"rope_scaling": {"factor": 2.0}}), "rope_type"),
        (
            json!({"rope_parameters": {"full_attention": {"rope_theta": 1.0}}}),
            "rope_type",
        ),
    ] {
        let error = read(&with(llama(), changes)).expect_err(what);
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(error.kind(), ModelErrorKind::Unsupported, "{error}");
    }
}

#[test]
fn sizes_that_do_not_fit() {
    for changes in [
        json!({"hidden_size": 0}),
        json!({"hidden_size": 60}),
        json!({"num_attention_heads": 0}),
        json!({"num_attention_heads": 64}),
        json!({"num_key_value_heads": 3}),
        json!({"num_key_value_heads": 0}),
        json!({"head_dim": 7}),
        json!({"vocab_size": u64::MAX}),
        json!({"vocab_size": 1 << 30}),
        json!({"vocab_size": -1}),
        json!({"num_hidden_layers": 100_000}),
        json!({"rms_norm_eps": -1.0}),
        json!({"rope_theta": 0.0}),
        json!({"rope_scaling": {"type": "linear", "factor": 0.0}}),
        json!({"rope_scaling": {"type": "linear"}}),
        json!({"rope_scaling": {"type": "llama3", "factor": 8.0, "low_freq_factor": 4.0,
            "high_freq_factor": 4.0}}),
    ] {
        let error = read(&with(llama(), changes.clone())).expect_err("a refusal");
        assert_eq!(error.kind(), ModelErrorKind::Format, "{changes}: {error}");
    }
    for text in ["", "[]", "{", "null", "{\"model_type\": 3}"] {
        let error = ModelConfig::from_json(text).expect_err(text);
        assert_eq!(error.kind(), ModelErrorKind::Format, "{text}");
    }
}
