//! The tokenizer of the embedded model.

use std::path::Path;

use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    TokenizerBuilder, TokenizerImpl,
};

use crate::Result;

/// All tokens.
pub(crate) const VOCAB: usize = 1536;
const BEGIN: &str = "<|begin|>";
const END: &str = "<|end|>";

pub(crate) type Tokenizer = TokenizerImpl<
    BPE,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// Byte-level BPE over the corpus, written to `tokenizer.json`.
pub(crate) fn train(texts: &[String], out: &Path) -> Result<Tokenizer> {
    let wrong = |error: tokenizers::Error| error.to_string();
    let special = |text: &str| AddedToken::from(text, true);
    let mut trainer = BpeTrainerBuilder::new()
        .show_progress(false)
        .vocab_size(VOCAB)
        .min_frequency(2)
        .special_tokens(vec![special(BEGIN), special(END)])
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let mut tokenizer: Tokenizer = TokenizerBuilder::default()
        .with_model(BPE::default())
        .with_pre_tokenizer(Some(PreTokenizerWrapper::ByteLevel(ByteLevel::new(
            false, true, true,
        ))))
        .with_decoder(Some(DecoderWrapper::ByteLevel(ByteLevel::default())))
        .build()
        .map_err(wrong)?;
    tokenizer.train(&mut trainer, texts.iter()).map_err(wrong)?;
    let path = out.join("tokenizer.json");
    tokenizer.save(path, false).map_err(wrong)?;
    Ok(tokenizer)
}

/// A document between begin and end.
pub(crate) fn encode(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>> {
    let encoded = tokenizer
        .encode(text, false)
        .map_err(|error| error.to_string())?;
    let id = |name: &str| {
        tokenizer
            .token_to_id(name)
            .ok_or("a special token is missing")
    };
    let mut tokens = vec![id(BEGIN)?];
    tokens.extend(encoded.get_ids());
    tokens.push(id(END)?);
    Ok(tokens)
}
