//! What can go wrong with a model.

use std::fmt;

/// Why a model cannot be read or run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelError {
    kind: ModelErrorKind,
    message: Box<str>,
}

/// What sort of thing went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// A file cannot be opened or read.
    Io,
    /// A file is not what it says it is, or is cut off.
    Format,
    /// A file is well formed, but of a kind of model that is not supported.
    Unsupported,
    /// A tensor is missing or of another shape.
    Tensor,
    /// The request does not fit the model: too long, an unknown token or sequence.
    Request,
    /// There is no such device, or no driver for it.
    Device,
}

impl ModelError {
    /// An error of a kind; the message says where and what to do.
    pub fn new(kind: ModelErrorKind, message: impl Into<Box<str>>) -> ModelError {
        ModelError {
            kind,
            message: message.into(),
        }
    }

    /// What sort of thing went wrong.
    pub fn kind(&self) -> ModelErrorKind {
        self.kind
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ModelError {}
