//! Loading vocabularies from files.
//!
//! | format | function |
//! |-|-|
//! | HF `tokenizer.json` | [`Vocab::from_hf`] |
//! | tiktoken rank file | [`Vocab::from_tiktoken`] |
//! | list of byte strings | [`Vocab::from_byte_strings`], [`Vocab::from_byte_json`] |
//! | built in | `Vocab::embedded`, with feature `embedded` |
//!
//! [`Vocab::load`] picks one by looking at the file.

mod assemble;
mod bytes;
#[cfg(feature = "embedded")]
mod embedded;
mod hf;
mod options;
mod tiktoken;

use std::path::Path;

pub use options::LoadOptions;

use crate::{Vocab, VocabError, VocabErrorKind};

/// The size of the largest file that [`Vocab::load`] reads, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 28;

impl Vocab {
    /// Loads a vocabulary file. A file that starts with `{` is read as a HF
    /// `tokenizer.json`, one that starts with `[` as a JSON list of byte
    /// strings, and everything else as a tiktoken rank file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is larger than [`MAX_FILE_BYTES`], or the
    /// function for its format fails.
    pub fn load(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Vocab, VocabError> {
        let text = read(path.as_ref())?;
        match text
            .trim_start_matches('\u{feff}')
            .trim_start()
            .bytes()
            .next()
        {
            Some(b'{') => Vocab::from_hf(&text, options),
            Some(b'[') => Vocab::from_byte_json(&text, options),
            _ => Vocab::from_tiktoken(&text, options),
        }
    }
}

/// Reads a vocabulary file whole.
pub(crate) fn read(path: &Path) -> Result<String, VocabError> {
    let failed = |error: std::io::Error| {
        VocabError::new(
            VocabErrorKind::Io(error.kind()),
            format!("cannot read {}: {error}", path.display()),
        )
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_FILE_BYTES {
        return Err(VocabError::limit(format!(
            "{} has {size} bytes; the limit is {MAX_FILE_BYTES}",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(failed)
}

#[cfg(test)]
pub(crate) mod tests;
