//! A vocabulary that needs no file.

use super::LoadOptions;
use super::assemble::Assembler;
use crate::{TokenId, Vocab, VocabError};

impl Vocab {
    /// The `o200k_base` vocabulary of the crate tiktoken-rs: 200,019 ids, of
    /// which 199,998 are text, with the special tokens `<|endoftext|>` (which
    /// is the stop token) and `<|endofprompt|>`.
    ///
    /// Every call builds it anew, which takes a few hundred milliseconds, most
    /// of it in tiktoken-rs: its public interface offers no way to the tokens
    /// but by way of a complete encoder. Callers that need it often should keep
    /// it.
    ///
    /// # Errors
    ///
    /// If tiktoken-rs cannot decode its own data, which would be a defect of
    /// that crate.
    pub fn embedded() -> Result<Vocab, VocabError> {
        let bpe = tiktoken_rs::o200k_base().map_err(|error| {
            VocabError::syntax(format!("tiktoken-rs cannot load o200k_base: {error}"))
        })?;
        let mut specials = Vec::new();
        for name in bpe.special_tokens() {
            if let [id] = bpe.encode_with_special_tokens(name)[..] {
                specials.push((TokenId(id), name.to_owned()));
            }
        }
        let options = LoadOptions::new();
        let end = specials.iter().map(|(id, _)| id.0 + 1).max().unwrap_or(0);
        let mut assembler = Assembler::new(specials, &options);
        for id in 0..end {
            // Ids between the text tokens and the special ones stand for nothing.
            if let Ok(bytes) = bpe.decode_bytes(&[id]) {
                assembler.text(TokenId(id), &bytes);
            }
        }
        assembler.finish()
    }
}
