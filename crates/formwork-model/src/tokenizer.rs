//! From text to tokens and back.

mod gguf;

use std::str::FromStr;
use std::sync::Arc;

use formwork::{LoadOptions, TokenId, Vocab};
use tokenizers::ModelWrapper;

use crate::{ModelError, ModelErrorKind};

/// A tokenizer, and the vocabulary of its tokens.
///
/// Both come from the text of one `tokenizer.json`; that of a GGUF file is written from
/// its metadata first. Encoding takes time linear in the text for all but odd texts, as
/// the crate `tokenizers` does it.
#[derive(Debug)]
pub struct Tokenizer {
    /// Special tokens in a text are text to it.
    plain: tokenizers::Tokenizer,
    /// Special tokens in a text are tokens to it.
    chat: tokenizers::Tokenizer,
    vocab: Arc<Vocab>,
    /// Bytes that are dropped without a word where a text has them.
    dropped: Vec<u8>,
    bos: Option<TokenId>,
    eos: Option<TokenId>,
    adds_bos: bool,
}

/// What a `tokenizer.json` does not say and the files around it do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TokenizerHints {
    /// The token that begins a text. Unknown by default: then it is the one, if any,
    /// that the tokenizer itself puts in front.
    pub bos: Option<String>,
    /// The token that ends a text.
    pub eos: Option<String>,
    /// More tokens that end a generation. If there are none and no `eos`, every special
    /// token with a well-known name such as `<|eot_id|>` does.
    pub stop_ids: Vec<TokenId>,
}

impl Tokenizer {
    /// The tokenizer of the text of a `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// If the text is no `tokenizer.json`, or its tokens have no exact bytes (see
    /// [`Vocab::from_hf`]).
    pub fn from_json(text: &str) -> Result<Tokenizer, ModelError> {
        Tokenizer::with_hints(text, &TokenizerHints::default())
    }

    /// The tokenizer of the text of a `tokenizer.json`, and what is known besides.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Tokenizer::from_json), and if a token that `hints` names is not
    /// there.
    pub fn with_hints(text: &str, hints: &TokenizerHints) -> Result<Tokenizer, ModelError> {
        // The vocabulary first: it refuses what `tokenizers` may stumble over.
        let vocab = vocab(text, None)?;
        let mut chat = tokenizers::Tokenizer::from_str(text)
            .map_err(|error| ModelError::format(format!("not a usable tokenizer.json: {error}")))?;
        // Files of encoders cut and fill texts; a prompt is taken as it is.
        chat.with_truncation(None).map_err(refused)?;
        chat.with_padding(None);
        let id = |name: &Option<String>| match name {
            None => Ok(None),
            Some(name) => chat
                .token_to_id(name)
                .map(TokenId)
                .map(Some)
                .ok_or_else(|| ModelError::format(format!("tokenizer.json has no token {name:?}"))),
        };
        let (bos, eos) = (id(&hints.bos)?, id(&hints.eos)?);
        let stop: Vec<TokenId> = hints.stop_ids.iter().copied().chain(eos).collect();
        let vocab = match stop.is_empty() {
            true => vocab,
            false => self::vocab(text, Some(stop))?,
        };
        let first = first_added(&chat)?.filter(|&id| vocab.is_special(id));
        let mut plain = chat.clone();
        plain.set_encode_special_tokens(true);
        Ok(Tokenizer {
            dropped: if drops(&chat) {
                vocab.missing_bytes()
            } else {
                Vec::new()
            },
            bos: bos.or(first),
            eos: eos.or_else(|| vocab.stop_ids().first().copied()),
            adds_bos: first.is_some() && (bos.is_none() || bos == first),
            plain,
            chat,
            vocab: Arc::new(vocab),
        })
    }

    /// The vocabulary: the bytes of all tokens, and those that end a generation.
    #[must_use]
    pub fn vocab(&self) -> &Arc<Vocab> {
        &self.vocab
    }

    /// The tokens of a text, none of them special: where the text spells the name of a
    /// special token, that is text. Nothing is put in front.
    ///
    /// # Errors
    ///
    /// If the vocabulary has no tokens for a part of the text.
    pub fn encode(&self, text: &str) -> Result<Vec<TokenId>, ModelError> {
        let ids = encode(&self.plain, text)?;
        if ids.iter().any(|&id| self.vocab.is_special(id)) {
            return Err(ModelError::new(
                ModelErrorKind::Request,
                "the vocabulary has no tokens for a part of the text",
            ));
        }
        self.check(text, &ids)?;
        Ok(ids)
    }

    /// The tokens of a text in which the names of special tokens are those tokens: a
    /// rendered chat. Who may write such a name may end a message and begin another,
    /// so texts of users should not come here alone. Nothing is put in front.
    ///
    /// # Errors
    ///
    /// As [`encode`](Tokenizer::encode).
    pub fn encode_with_specials(&self, text: &str) -> Result<Vec<TokenId>, ModelError> {
        let ids = encode(&self.chat, text)?;
        self.check(text, &ids)?;
        Ok(ids)
    }

    /// The bytes of tokens, put together; special ones have none. Tokens may end within
    /// a character, so this need not be UTF-8.
    #[must_use]
    pub fn decode(&self, ids: &[TokenId]) -> Vec<u8> {
        let bytes = ids.iter().flat_map(|&id| self.vocab.bytes(id));
        bytes.copied().collect()
    }

    /// The token that begins a text, if the model has one.
    #[must_use]
    pub fn bos(&self) -> Option<TokenId> {
        self.bos
    }

    /// Whether a text that is no chat should begin with [`bos`](Tokenizer::bos). In
    /// chats the template writes it.
    #[must_use]
    pub fn adds_bos(&self) -> bool {
        self.adds_bos
    }

    /// The tokens of a prompt that is no chat, behind [`bos`](Tokenizer::bos) where the model
    /// wants it.
    ///
    /// # Errors
    ///
    /// As [`encode`](Tokenizer::encode).
    pub fn prompt(&self, text: &str) -> Result<Vec<TokenId>, ModelError> {
        let mut tokens = self.encode(text)?;
        if self.adds_bos {
            tokens.splice(0..0, self.bos);
        }
        Ok(tokens)
    }

    /// The same tokens, or the one that texts begin with if there are none, since a model has
    /// to read something.
    #[must_use]
    pub fn or_first(&self, mut tokens: Vec<TokenId>) -> Vec<TokenId> {
        if tokens.is_empty() {
            tokens.extend(self.bos.or(self.stop_ids().first().copied()));
        }
        tokens
    }

    /// The name of the token that begins a text, for chat templates; empty if there is
    /// none.
    #[must_use]
    pub fn bos_text(&self) -> String {
        self.name(self.bos)
    }

    /// The name of the token that ends a text, for chat templates; empty if there is
    /// none.
    #[must_use]
    pub fn eos_text(&self) -> String {
        self.name(self.eos)
    }

    /// The tokens that end a generation, ascending.
    #[must_use]
    pub fn stop_ids(&self) -> &[TokenId] {
        self.vocab.stop_ids()
    }

    fn name(&self, id: Option<TokenId>) -> String {
        id.and_then(|id| self.chat.id_to_token(id.0))
            .unwrap_or_default()
    }

    /// Fails if bytes of the text have been dropped.
    fn check(&self, text: &str, ids: &[TokenId]) -> Result<(), ModelError> {
        for &byte in &self.dropped {
            let count = |bytes: &[u8]| bytes.iter().filter(|&&b| b == byte).count();
            let wanted = count(text.as_bytes());
            if wanted == 0 {
                continue;
            }
            let names = ids.iter().filter_map(|&id| self.vocab.special_name(id));
            let found = ids
                .iter()
                .map(|&id| count(self.vocab.bytes(id)))
                .sum::<usize>()
                + names.map(|name| count(name.as_bytes())).sum::<usize>();
            if found < wanted {
                return Err(ModelError::new(
                    ModelErrorKind::Request,
                    format!(
                        "the vocabulary has no token for the byte {byte:#04x}, which is in \
                         the text; leave that character out"
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn vocab(text: &str, stop: Option<Vec<TokenId>>) -> Result<Vocab, ModelError> {
    let options = match stop {
        None => LoadOptions::new(),
        Some(stop) => LoadOptions::new().stop_ids(stop),
    };
    Vocab::from_hf(text, &options).map_err(|error| ModelError::format(error.to_string()))
}

fn encode(tokenizer: &tokenizers::Tokenizer, text: &str) -> Result<Vec<TokenId>, ModelError> {
    let encoding = tokenizer.encode_fast(text, false).map_err(refused)?;
    Ok(encoding.get_ids().iter().copied().map(TokenId).collect())
}

fn refused(error: tokenizers::Error) -> ModelError {
    ModelError::new(
        ModelErrorKind::Request,
        format!("the tokenizer refuses the text: {error}"),
    )
}

/// The token that the tokenizer puts in front of a text, if any.
fn first_added(tokenizer: &tokenizers::Tokenizer) -> Result<Option<TokenId>, ModelError> {
    let ids = |specials| {
        let encoding = tokenizer.encode_fast("a", specials).map_err(refused)?;
        Ok::<_, ModelError>(encoding.get_ids().to_vec())
    };
    let (with, without) = (ids(true)?, ids(false)?);
    Ok(
        (with.len() > without.len() && with.first() != without.first())
            .then(|| with.first().copied().map(TokenId))
            .flatten(),
    )
}

/// Whether the tokenizer drops characters that it has no token for.
fn drops(tokenizer: &tokenizers::Tokenizer) -> bool {
    match tokenizer.get_model() {
        ModelWrapper::BPE(bpe) => bpe.get_unk_token().is_none(),
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod tests;
