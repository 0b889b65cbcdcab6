//! The tokenizer of the embedded models.

use tokenizers::models::bpe::BPE;
use tokenizers::{
    DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, TokenizerImpl,
};

use super::Result;

/// All tokens.
pub(crate) const VOCAB: usize = 1536;
pub(crate) const BEGIN: &str = "<|begin|>";
pub(crate) const END: &str = "<|end|>";

pub(crate) type Tokenizer = TokenizerImpl<
    BPE,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

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
