//! tiktoken rank files: on each line a token in base64, a space, and its id.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::LoadOptions;
use super::assemble::Assembler;
use crate::{TokenId, Vocab, VocabError};

impl Vocab {
    /// Loads a tiktoken rank file. Such files list no special tokens: give them
    /// with [`LoadOptions::special`].
    ///
    /// # Errors
    ///
    /// If a line is not a base64 token and an id, and as
    /// [`VocabBuilder::build`](crate::VocabBuilder::build).
    pub fn from_tiktoken(text: &str, options: &LoadOptions) -> Result<Vocab, VocabError> {
        let mut assembler = Assembler::new([], options);
        let mut bytes = Vec::new();
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            bytes.clear();
            let id = parse_line(line, &mut bytes).ok_or_else(|| {
                VocabError::syntax(format!(
                    "line {} is not a tiktoken rank line; expected a token in base64, \
                     a space and its id",
                    number + 1
                ))
            })?;
            assembler.text(id, &bytes);
        }
        assembler.finish()
    }
}

fn parse_line(line: &str, bytes: &mut Vec<u8>) -> Option<TokenId> {
    let (token, rank) = line.trim().split_once(' ')?;
    STANDARD.decode_vec(token, bytes).ok()?;
    Some(TokenId(rank.trim_start().parse().ok()?))
}
