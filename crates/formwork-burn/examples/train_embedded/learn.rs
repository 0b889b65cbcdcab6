//! The tokenizer, learned from the texts.

use std::path::Path;

use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, DecoderWrapper, PreTokenizerWrapper, TokenizerBuilder};

use crate::training::Result;
use crate::training::bpe::{BEGIN, END, Tokenizer, VOCAB};

/// Byte-level BPE over the corpus, written to `tokenizer.json`.
pub(crate) fn learn(texts: &[String], out: &Path) -> Result<Tokenizer> {
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
