//! The models that are part of this crate.

use super::ModelFiles;
use crate::{
    ChatTemplate, LladaWeights, ModelConfig, ModelError, Safetensors, Tokenizer, TokenizerHints,
    Weights,
};

/// That of both: a text begins with what it is about, as a line.
const CHAT: &str = include_str!("../../embedded/chat_template.jinja");

impl ModelFiles {
    /// The embedded model: a very small Llama that was trained on JSON made from the
    /// schemas of the project and knows nothing else (see `embedded/README.md`). It is
    /// there so that generation works without a download.
    ///
    /// # Errors
    ///
    /// None, as long as the files in the crate are whole.
    pub fn embedded() -> Result<ModelFiles, ModelError> {
        let weights = include_bytes!("../../embedded/model.safetensors");
        embedded(
            include_str!("../../embedded/config.json"),
            include_str!("../../embedded/tokenizer.json"),
            Box::new(Safetensors::from_bytes(
                "the embedded model",
                weights.to_vec(),
            )?),
        )
    }

    /// The embedded masked model: a very small LLaDA (arXiv:2502.09992) that was trained
    /// on the same texts (see `embedded-masked/README.md`), so that infilling works
    /// without a download.
    ///
    /// # Errors
    ///
    /// None, as long as the files in the crate are whole.
    pub fn embedded_masked() -> Result<ModelFiles, ModelError> {
        let weights = include_bytes!("../../embedded-masked/model.safetensors");
        let weights = Safetensors::from_bytes("the embedded masked model", weights.to_vec())?;
        embedded(
            include_str!("../../embedded-masked/config.json"),
            include_str!("../../embedded-masked/tokenizer.json"),
            Box::new(LladaWeights::new(weights)),
        )
    }
}

fn embedded(
    config: &str,
    tokenizer: &str,
    weights: Box<dyn Weights>,
) -> Result<ModelFiles, ModelError> {
    let hints = TokenizerHints {
        bos: Some("<|begin|>".to_owned()),
        eos: Some("<|end|>".to_owned()),
        stop_ids: Vec::new(),
    };
    Ok(ModelFiles {
        config: ModelConfig::from_json(config)?,
        weights,
        tokenizer: Tokenizer::with_hints(tokenizer, &hints)?,
        chat: Some(ChatTemplate::from_text(CHAT)?),
    })
}
