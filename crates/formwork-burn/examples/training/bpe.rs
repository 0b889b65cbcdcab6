//! The tokenizer of the embedded models.

use std::path::Path;

use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    TokenizerBuilder, TokenizerImpl,
};

use super::Result;

/// All tokens.
pub(crate) const VOCAB: usize = 1536;
pub(crate) const BEGIN: &str = "<|begin|>";
pub(crate) const END: &str = "<|end|>";
/// What the masked model reads at open positions.
pub(crate) const MASK: &str = "<|mask|>";

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
    let mut tokens = vec![id(tokenizer, BEGIN)?];
    tokens.extend(encoded.get_ids());
    tokens.push(id(tokenizer, END)?);
    Ok(tokens)
}

/// The number of a token.
pub(crate) fn id(tokenizer: &Tokenizer, name: &str) -> Result<u32> {
    let id = tokenizer.token_to_id(name);
    id.ok_or_else(|| format!("there is no token {name:?}").into())
}

/// The tokenizer of a file with one more token, [`MASK`], written to `tokenizer.json`.
pub(crate) fn with_mask(file: &Path, out: &Path) -> Result<Tokenizer> {
    let wrong = |error: tokenizers::Error| error.to_string();
    let mut tokenizer = Tokenizer::from_file(file).map_err(wrong)?;
    tokenizer.add_special_tokens(&[AddedToken::from(MASK, true)]);
    let path = out.join("tokenizer.json");
    tokenizer.save(path, false).map_err(wrong)?;
    Ok(tokenizer)
}
