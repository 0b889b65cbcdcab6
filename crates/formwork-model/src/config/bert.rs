//! The shape of a model from the `config.json` of BERT.

use formwork::TokenId;
use serde::Deserialize;

use super::json::{required, unusable};
use crate::{Family, Masked, ModelConfig, ModelError, Rope, RopeScaling};

/// Its `model_type`.
pub(super) const KIND: &str = "bert";

/// The fields that are read. Those that are not there are what `transformers` takes them
/// to be.
#[derive(Deserialize)]
struct File {
    vocab_size: Option<usize>,
    hidden_size: Option<usize>,
    intermediate_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    max_position_embeddings: Option<usize>,
    layer_norm_eps: Option<f64>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
    is_decoder: Option<bool>,
    mask_token_id: Option<u32>,
}

/// The shape that the text of a `config.json` of BERT describes. `transformers` does not
/// write `mask_token_id`, which has to be there.
pub(super) fn read(text: &str) -> Result<ModelConfig, ModelError> {
    let file: File = serde_json::from_str(text).map_err(|error| unusable(&error))?;
    for (key, value, supported) in [
        ("hidden_act", &file.hidden_act, "gelu"),
        (
            "position_embedding_type",
            &file.position_embedding_type,
            "absolute",
        ),
    ] {
        if let Some(value) = value.as_deref().filter(|value| *value != supported) {
            return Err(ModelError::unsupported(format!(
                "{key} is {value:?} in config.json; only {supported:?} is supported"
            )));
        }
    }
    if file.is_decoder == Some(true) {
        return Err(ModelError::unsupported(
            "a BERT that writes on is not supported",
        ));
    }
    let hidden = required(file.hidden_size, "hidden_size")?;
    let heads = required(file.num_attention_heads, "num_attention_heads")?;
    Ok(ModelConfig {
        family: Family::Bert,
        vocab_len: required(file.vocab_size, "vocab_size")?,
        hidden,
        intermediate: required(file.intermediate_size, "intermediate_size")?,
        layers: required(file.num_hidden_layers, "num_hidden_layers")?,
        heads,
        kv_heads: heads,
        head_dim: ModelConfig::even_share(hidden, heads)?,
        norm_eps: file.layer_norm_eps.unwrap_or(1e-12),
        rope: Rope {
            base: 10_000.0,
            scaling: RopeScaling::None,
        },
        max_len: required(file.max_position_embeddings, "max_position_embeddings")?,
        tied_embedding: true,
        masked: Some(Masked {
            mask_token: TokenId(required(file.mask_token_id, "mask_token_id")?),
            shifted: false,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelErrorKind;

    const FILE: &str = r#"{"model_type": "bert", "vocab_size": 25, "hidden_size": 512,
        "intermediate_size": 2048, "num_hidden_layers": 8, "num_attention_heads": 8,
        "max_position_embeddings": 512, "hidden_act": "gelu", "mask_token_id": 4}"#;

    #[test]
    fn a_bert() {
        let config = ModelConfig::from_json(FILE).expect("a shape");
        assert_eq!((config.family, config.head_dim), (Family::Bert, 64));
        assert_eq!((config.vocab_len, config.norm_eps), (25, 1e-12));
        let masked = config.masked.map(|masked| masked.mask_token);
        assert_eq!(masked, Some(TokenId(4)));
    }

    #[test]
    fn what_is_not_supported() {
        for (from, to, kind) in [
            ("\"gelu\"", "\"relu\"", ModelErrorKind::Unsupported),
            ("mask_token_id", "mask", ModelErrorKind::Format),
            (
                "hidden_act",
                "position_embedding_type",
                ModelErrorKind::Unsupported,
            ),
            (
                "\"hidden_act\": \"gelu\"",
                "\"is_decoder\": true",
                ModelErrorKind::Unsupported,
            ),
        ] {
            let error = ModelConfig::from_json(&FILE.replace(from, to)).expect_err(to);
            assert_eq!(error.kind(), kind, "{to}: {error}");
        }
    }
}
