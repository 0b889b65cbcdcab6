//! Plain lists of byte strings: the id of a token is its position.

use serde::Deserialize;

use super::LoadOptions;
use super::assemble::Assembler;
use crate::{MAX_TOKENS, TokenId, Vocab, VocabError};

impl Vocab {
    /// Makes a vocabulary of byte strings; the position of each is its id. An
    /// empty string leaves its id unused. Special tokens come from `options`.
    ///
    /// # Errors
    ///
    /// As [`VocabBuilder::build`](crate::VocabBuilder::build), and if a stop
    /// name is unknown.
    pub fn from_byte_strings(
        tokens: impl IntoIterator<Item = impl AsRef<[u8]>>,
        options: &LoadOptions,
    ) -> Result<Vocab, VocabError> {
        let mut assembler = Assembler::new([], options);
        // One more than allowed is enough for `build` to notice.
        for (id, bytes) in tokens.into_iter().take(MAX_TOKENS + 1).enumerate() {
            assembler.text(TokenId(id as u32), bytes.as_ref());
        }
        assembler.finish()
    }

    /// Loads a JSON array with one item for each id: a string (its UTF-8 bytes
    /// are meant), an array of numbers below 256, or `null` for an unused id.
    ///
    /// # Errors
    ///
    /// If the text is not such an array, and as
    /// [`from_byte_strings`](Vocab::from_byte_strings).
    pub fn from_byte_json(text: &str, options: &LoadOptions) -> Result<Vocab, VocabError> {
        let items: Vec<Option<Item>> = serde_json::from_str(text).map_err(|error| {
            VocabError::syntax(format!(
                "not a JSON list of byte strings: {error}; expected an array of strings, \
                 arrays of bytes, or nulls"
            ))
        })?;
        Vocab::from_byte_strings(items.into_iter().map(Option::unwrap_or_default), options)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Text(String),
    Bytes(Vec<u8>),
}

impl Default for Item {
    fn default() -> Item {
        Item::Bytes(Vec::new())
    }
}

impl AsRef<[u8]> for Item {
    fn as_ref(&self) -> &[u8] {
        match self {
            Item::Text(text) => text.as_bytes(),
            Item::Bytes(bytes) => bytes,
        }
    }
}
