use formwork::TokenId;

use super::ModelFiles;
use crate::gguf::tests::Builder;
use crate::scratch::Folder;
use crate::tokenizer::tests::small;
use crate::{HostTensor, Message, ModelErrorKind, SafetensorsType, write_safetensors};

const CONFIG: &str = r#"{"model_type": "llama", "vocab_size": 258, "hidden_size": 8,
    "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    "max_position_embeddings": 16, "eos_token_id": 1}"#;

/// The message of the refusal.
fn refusal(folder: &Folder) -> String {
    let opened = ModelFiles::open(folder.path());
    opened.map(drop).expect_err("a refusal").to_string()
}

fn open(folder: &Folder) -> ModelFiles {
    match ModelFiles::open(folder.path()) {
        Ok(model) => model,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_folder_file_by_file() {
    let folder = Folder::new();
    assert!(refusal(&folder).contains("config.json is missing"));
    folder.write("config.json", CONFIG);
    assert!(refusal(&folder).contains("tokenizer.json is missing"));
    folder.write("tokenizer.json", small().to_string());
    assert!(refusal(&folder).contains("model.safetensors"));
    let tensor = HostTensor {
        shape: vec![1],
        values: vec![1.0],
    };
    let weights = folder.path().join("model.safetensors");
    write_safetensors(weights, [("a", &tensor)], SafetensorsType::F32).expect("weights");

    let model = open(&folder);
    assert_eq!(model.tokenizer.stop_ids(), [TokenId(1)]);
    assert_eq!(model.weights.names(), ["a"]);
    assert!(model.chat.is_none());

    folder.write("generation_config.json", r#"{"eos_token_id": [0, 1]}"#);
    folder.write(
        "tokenizer_config.json",
        r#"{"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "<end>",
            "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"}"#,
    );
    let model = open(&folder);
    assert_eq!(model.tokenizer.stop_ids(), [TokenId(0), TokenId(1)]);
    let render = |model: &ModelFiles| {
        let (bos, eos) = (model.tokenizer.bos_text(), model.tokenizer.eos_text());
        let chat = model.chat.as_ref().expect("a template");
        chat.render(&[Message::new("user", "Hi")], true, &bos, &eos)
    };
    assert_eq!(render(&model).as_deref(), Ok("<s>Hi<end>"));

    folder.write("chat_template.jinja", "{{ messages[0].role }}");
    assert_eq!(render(&open(&folder)).as_deref(), Ok("user"));
    folder.write("chat_template.jinja", "{% if %}");
    assert!(refusal(&folder).contains("chat template"));
}

#[test]
fn a_folder_of_llada() {
    let folder = Folder::new();
    let config = r#"{"model_type": "llada", "vocab_size": 258, "d_model": 8,
        "mlp_hidden_size": 8, "n_layers": 1, "n_heads": 2, "max_sequence_length": 16,
        "mask_token_id": 257, "eos_token_id": 1, "activation_type": "silu",
        "block_type": "llama", "layer_norm_type": "rms", "rope": true}"#;
    folder.write("config.json", config);
    folder.write("tokenizer.json", small().to_string());
    let tensor = HostTensor {
        shape: vec![1],
        values: vec![1.0],
    };
    let tensors = ["model.transformer.wte.weight", "else"].map(|name| (name, &tensor));
    let weights = folder.path().join("model.safetensors");
    write_safetensors(weights, tensors, SafetensorsType::F32).expect("weights");
    let model = open(&folder);
    assert_eq!(
        model.config.masked.map(|masked| masked.mask_token),
        Some(TokenId(257))
    );
    assert_eq!(model.weights.names(), ["model.embed_tokens.weight"]);
    assert_eq!(
        model.weights.read("model.embed_tokens.weight").as_ref(),
        Ok(&tensor)
    );
    let missing = model.weights.read("model.norm.weight").expect_err("none");
    assert_eq!(missing.kind(), ModelErrorKind::Tensor);
    assert_eq!(model.tokenizer.stop_ids(), [TokenId(1)]);
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_models() {
    let causal = ModelFiles::embedded().map_err(|error| error.to_string());
    let masked = ModelFiles::embedded_masked().map_err(|error| error.to_string());
    let (Ok(causal), Ok(masked)) = (causal, masked) else {
        panic!("the files in the crate are not whole");
    };
    assert_eq!(causal.config.masked, None);
    let mask = masked.config.masked.map(|masked| masked.mask_token);
    let mask = mask.expect("a mask");
    // The same tokens, and the mask, which has no bytes.
    let tokens = causal.tokenizer.vocab().len();
    assert_eq!(mask.index(), tokens);
    assert!(masked.tokenizer.vocab().is_special(mask));
    assert_eq!(masked.tokenizer.stop_ids(), causal.tokenizer.stop_ids());
    for text in ["{\"a\":[1,true]}", "medical note\n"] {
        assert_eq!(masked.tokenizer.encode(text), causal.tokenizer.encode(text));
    }
}

#[test]
fn several_templates() {
    let folder = Folder::new();
    folder.write("config.json", CONFIG);
    folder.write("tokenizer.json", small().to_string());
    write_safetensors(
        folder.path().join("model.safetensors"),
        [],
        SafetensorsType::F32,
    )
    .expect("weights");
    for (templates, wanted) in [
        (
            r#"[{"name": "tool_use", "template": "x"}, {"name": "default", "template": "y"}]"#,
            true,
        ),
        (r#"[{"name": "tool_use", "template": "x"}]"#, false),
        ("null", false),
    ] {
        let text = format!(r#"{{"bos_token": null, "chat_template": {templates}}}"#);
        folder.write("tokenizer_config.json", text);
        assert_eq!(open(&folder).chat.is_some(), wanted, "{templates}");
    }
}

#[test]
fn files_of_two_models() {
    let folder = Folder::new();
    folder.write("config.json", CONFIG.replace("258", "257"));
    folder.write("tokenizer.json", small().to_string());
    write_safetensors(
        folder.path().join("model.safetensors"),
        [],
        SafetensorsType::F32,
    )
    .expect("weights");
    assert!(refusal(&folder).contains("258 tokens"));
    for name in ["tokenizer.json", "tokenizer_config.json", "config.json"] {
        folder.write(name, "{");
        assert!(refusal(&folder).contains(name));
    }
}

#[test]
fn a_file() {
    let folder = Folder::new();
    let tokens: Vec<String> = ["<s>", "a", "b"].map(str::to_owned).into();
    let gguf = Builder::decoder("llama", 3)
        .text("tokenizer.ggml.model", "gpt2")
        .texts("tokenizer.ggml.tokens", &tokens)
        .i32s("tokenizer.ggml.token_type", &[3, 1, 1])
        .texts("tokenizer.ggml.merges", &[])
        .u32("tokenizer.ggml.eos_token_id", 0)
        .text("tokenizer.chat_template", "{{ messages | length }}")
        .build();
    let path = folder.write("model.bin", gguf);
    let model = match ModelFiles::open(path) {
        Ok(model) => model,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(model.tokenizer.stop_ids(), [TokenId(0)]);
    assert!(model.chat.is_some());
    assert!(
        model
            .weights
            .read("model.layers.0.mlp.up_proj.weight")
            .is_ok()
    );

    let kind = |path| {
        ModelFiles::open(path)
            .map(drop)
            .map_err(|error| error.kind())
    };
    assert_eq!(
        kind(folder.write("short", "GG")),
        Err(ModelErrorKind::Format)
    );
    assert_eq!(
        kind(folder.write("other", "{\"model\": 1}")),
        Err(ModelErrorKind::Format)
    );
    assert_eq!(kind(folder.path().join("none")), Err(ModelErrorKind::Io));
}
