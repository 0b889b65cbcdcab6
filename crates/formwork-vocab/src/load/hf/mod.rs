//! HF `tokenizer.json` files.
//!
//! Byte-level BPE, SentencePiece-style BPE and Unigram models are supported.
//! The file is parsed in one pass that skips what the bytes of tokens do not
//! depend on, the merges above all.

mod alphabet;
mod file;
mod pieces;
mod scheme;

use std::collections::BTreeMap;

use file::{File, Model};
use scheme::Scheme;

use super::LoadOptions;
use super::assemble::Assembler;
use crate::{TokenId, Vocab, VocabError};

impl Vocab {
    /// Loads the text of a HF `tokenizer.json`.
    ///
    /// - Byte-level BPE: pieces are mapped back from the GPT-2 alphabet.
    /// - SentencePiece-style BPE and Unigram: the space marker, usually `▁`, is
    ///   a space, and `<0xNN>` pieces are bytes if the file says so. That HF
    ///   decoders drop one leading space of a whole text is a matter of the
    ///   text's start, not of a token: bytes here keep it.
    /// - Added tokens are special where the file says so, and ordinary text
    ///   otherwise. The model's unknown token is special in any case.
    ///
    /// # Errors
    ///
    /// If the text is not a `tokenizer.json`, the model has no exact bytes per
    /// token (WordPiece, WordLevel, models with word suffixes), the pieces
    /// contradict the scheme the file declares, or as
    /// [`VocabBuilder::build`](crate::VocabBuilder::build).
    pub fn from_hf(text: &str, options: &LoadOptions) -> Result<Vocab, VocabError> {
        let file = File::parse(text)?;
        let scheme = Scheme::detect(&file)?;
        let pieces = &file.model.vocab;
        let added = added_tokens(&file)?;

        let mut specials: BTreeMap<TokenId, String> = BTreeMap::new();
        if let Some((id, piece)) = unknown_token(&file.model) {
            specials.insert(id, piece.to_owned());
        }
        for (&id, token) in added.iter().filter(|(_, token)| token.special) {
            specials.insert(id, token.content.clone());
        }

        let mut assembler = Assembler::new(specials, options);
        let mut decoder = scheme.decoder();
        for (id, piece) in pieces.iter().filter(|(id, _)| !added.contains_key(id)) {
            assembler.text(id, decoder.piece(piece));
        }
        decoder.check()?;
        for (&id, token) in added.iter().filter(|(_, token)| !token.special) {
            assembler.text(id, decoder.added(&token.content));
        }
        assembler.finish()
    }
}

fn added_tokens(file: &File) -> Result<BTreeMap<TokenId, &file::AddedToken>, VocabError> {
    let mut by_id = BTreeMap::new();
    for token in &file.added_tokens {
        let known = by_id.insert(TokenId(token.id), token);
        if known.is_some_and(|known| known.content != token.content) {
            return Err(VocabError::duplicate(TokenId(token.id)));
        }
    }
    Ok(by_id)
}

/// The piece that stands for whatever cannot be encoded; it has no bytes.
fn unknown_token(model: &Model) -> Option<(TokenId, &str)> {
    if model.unk_token.is_none() && model.unk_id.is_none() {
        return None;
    }
    let named = |piece| model.unk_token.as_deref() == Some(piece);
    let numbered = |id: TokenId| model.unk_id == Some(id.0);
    model
        .vocab
        .iter()
        .find(|&(id, piece)| named(piece) || numbered(id))
}

#[cfg(test)]
mod tests;
