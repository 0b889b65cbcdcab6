//! Text to token ids, by way of the reference implementations.

use std::path::Path;
use std::str::FromStr;

use crate::{TokenId, VocabError, VocabErrorKind, load};

/// Turns text into token ids. Meant for tests and tools.
///
/// Special tokens are never produced: where the text spells one, that is text.
pub struct Encoder {
    inner: Inner,
}

enum Inner {
    Hf(Box<tokenizers::Tokenizer>),
    Tiktoken(Box<tiktoken_rs::CoreBPE>),
}

impl Encoder {
    /// The encoder of the text of a HF `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// If the crate `tokenizers` does not accept the text.
    pub fn from_hf(text: &str) -> Result<Encoder, VocabError> {
        let mut tokenizer = tokenizers::Tokenizer::from_str(text)
            .map_err(|error| VocabError::syntax(format!("not a usable tokenizer.json: {error}")))?;
        tokenizer.set_encode_special_tokens(true);
        Ok(Encoder {
            inner: Inner::Hf(Box::new(tokenizer)),
        })
    }

    /// The encoder of a HF `tokenizer.json` file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, and as [`from_hf`](Encoder::from_hf).
    pub fn from_hf_file(path: impl AsRef<Path>) -> Result<Encoder, VocabError> {
        Encoder::from_hf(&load::read(path.as_ref())?)
    }

    /// The encoder of `Vocab::embedded`.
    ///
    /// # Errors
    ///
    /// If tiktoken-rs cannot load its own data.
    pub fn embedded() -> Result<Encoder, VocabError> {
        let bpe = tiktoken_rs::o200k_base().map_err(|error| {
            VocabError::syntax(format!("tiktoken-rs cannot load o200k_base: {error}"))
        })?;
        Ok(Encoder {
            inner: Inner::Tiktoken(Box::new(bpe)),
        })
    }

    /// The tokens of `text`, no special tokens added. Their bytes, put
    /// together, are the text as the tokenizer normalizes it.
    ///
    /// # Errors
    ///
    /// If the tokenizer refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<TokenId>, VocabError> {
        match &self.inner {
            Inner::Hf(tokenizer) => match tokenizer.encode_fast(text, false) {
                Ok(encoding) => Ok(encoding.get_ids().iter().copied().map(TokenId).collect()),
                Err(error) => Err(VocabError::new(
                    VocabErrorKind::Encode,
                    format!("the tokenizer refuses the text: {error}"),
                )),
            },
            Inner::Tiktoken(bpe) => {
                Ok(bpe.encode_ordinary(text).into_iter().map(TokenId).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests;
