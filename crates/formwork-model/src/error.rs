//! What can go wrong with a model.

use std::fmt;
use std::path::Path;

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

    pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> ModelError {
        ModelError::new(
            ModelErrorKind::Io,
            format!("cannot {doing} {}: {error}", path.display()),
        )
    }

    pub(crate) fn format(message: impl Into<Box<str>>) -> ModelError {
        ModelError::new(ModelErrorKind::Format, message)
    }

    pub(crate) fn unsupported(message: impl Into<Box<str>>) -> ModelError {
        ModelError::new(ModelErrorKind::Unsupported, message)
    }

    /// The same error, with the place it is about in front.
    pub(crate) fn at(self, place: impl fmt::Display) -> ModelError {
        ModelError::new(self.kind, format!("{place}: {}", self.message))
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
