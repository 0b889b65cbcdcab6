//! The error of this crate.

use std::fmt;

use crate::TokenId;

/// Why a vocabulary could not be built or loaded.
///
/// The message says what is wrong and what to do about it;
/// [`kind`](VocabError::kind) is for programs that want to react.
#[derive(Clone, Debug)]
pub struct VocabError {
    kind: VocabErrorKind,
    message: Box<str>,
}

/// A coarse classification of [`VocabError`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum VocabErrorKind {
    /// The file could not be read.
    Io(std::io::ErrorKind),
    /// The text is not of the format it was read as.
    Syntax,
    /// The format is understood, but this sort of tokenizer has no exact bytes
    /// per token or is not supported.
    Unsupported,
    /// The pieces are written in another scheme than the file declares.
    SchemeMixUp,
    /// One id was given two meanings.
    DuplicateId(TokenId),
    /// A stop id or stop name is not a special token of the vocabulary.
    BadStop,
    /// A size limit was exceeded.
    Limit,
    /// An encoder refused the text.
    Encode,
}

impl VocabError {
    /// What sort of error this is.
    pub fn kind(&self) -> VocabErrorKind {
        self.kind
    }

    pub(crate) fn new(kind: VocabErrorKind, message: impl Into<Box<str>>) -> VocabError {
        VocabError {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn syntax(message: impl Into<Box<str>>) -> VocabError {
        VocabError::new(VocabErrorKind::Syntax, message)
    }

    pub(crate) fn unsupported(message: impl Into<Box<str>>) -> VocabError {
        VocabError::new(VocabErrorKind::Unsupported, message)
    }

    pub(crate) fn limit(message: impl Into<Box<str>>) -> VocabError {
        VocabError::new(VocabErrorKind::Limit, message)
    }

    pub(crate) fn bad_stop(message: impl Into<Box<str>>) -> VocabError {
        VocabError::new(VocabErrorKind::BadStop, message)
    }

    pub(crate) fn duplicate(id: TokenId) -> VocabError {
        VocabError::new(
            VocabErrorKind::DuplicateId(id),
            format!("token id {id} is given twice; give each id one meaning"),
        )
    }
}

impl fmt::Display for VocabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for VocabError {}
