//! The parts of a `tokenizer.json` that token bytes depend on.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::pieces::Pieces;
use crate::VocabError;

/// Fields not listed are skipped without being stored.
#[derive(Deserialize)]
pub(super) struct File {
    #[serde(default)]
    pub(super) added_tokens: Vec<AddedToken>,
    /// The steps around the model are small and nest, so they stay generic.
    #[serde(default)]
    pub(super) normalizer: Value,
    #[serde(default)]
    pub(super) pre_tokenizer: Value,
    #[serde(default)]
    pub(super) decoder: Value,
    pub(super) model: Model,
}

#[derive(Deserialize)]
pub(super) struct AddedToken {
    pub(super) id: u32,
    pub(super) content: String,
    #[serde(default)]
    pub(super) special: bool,
}

#[derive(Deserialize)]
pub(super) struct Model {
    /// Absent in old files.
    #[serde(rename = "type")]
    kind: Option<String>,
    pub(super) vocab: Pieces,
    merges: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) byte_fallback: bool,
    pub(super) unk_token: Option<String>,
    pub(super) unk_id: Option<u32>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
}

impl File {
    pub(super) fn parse(text: &str) -> Result<File, VocabError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: File = serde_json::from_str(text).map_err(|error| {
            VocabError::syntax(format!(
                "not a usable tokenizer.json: {error}; expected an object with a \"model\" \
                 that has a \"vocab\""
            ))
        })?;
        file.model.check()?;
        Ok(file)
    }
}

impl Model {
    /// Refuses models whose pieces do not determine bytes.
    fn check(&self) -> Result<(), VocabError> {
        let kind = match &self.kind {
            Some(kind) => kind.as_str(),
            None if self.vocab.is_list() => "Unigram",
            None if self.merges.is_some() => "BPE",
            None => "unnamed",
        };
        if !matches!(kind, "BPE" | "Unigram") {
            return Err(VocabError::unsupported(format!(
                "a {kind} model does not determine the bytes of its tokens; \
                 use a tokenizer with a BPE or Unigram model"
            )));
        }
        for affix in [&self.continuing_subword_prefix, &self.end_of_word_suffix] {
            if let Some(affix) = affix.as_deref().filter(|affix| !affix.is_empty()) {
                return Err(VocabError::unsupported(format!(
                    "the model marks word parts with {affix:?}, so its pieces do not determine \
                     bytes; use a tokenizer without word prefixes and suffixes"
                )));
            }
        }
        Ok(())
    }
}
