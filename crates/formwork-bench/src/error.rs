//! Why a run could not be made.

use std::fmt;
use std::path::{Path, PathBuf};

use formwork::VocabError;

/// Why a run could not be made. What goes wrong with a single schema is a
/// result of the run, not an error.
#[derive(Debug)]
#[non_exhaustive]
pub enum BenchError {
    /// A file or folder cannot be read or written.
    Io {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file does not have the expected layout.
    Layout {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A folder has more than is read of one.
    Limit {
        /// The folder.
        path: PathBuf,
        /// What it has more of.
        what: &'static str,
        /// How many are read.
        limit: u64,
    },
    /// The vocabulary cannot be used.
    Vocab(VocabError),
    /// The compiler or a worker cannot be set up.
    Setup(String),
}

impl BenchError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> BenchError {
        |source| BenchError::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn layout(path: &Path, message: impl fmt::Display) -> BenchError {
        BenchError::Layout {
            path: path.to_owned(),
            message: message.to_string(),
        }
    }
}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BenchError::Io { path, source } => write!(f, "{}: {source}", path.display()),
            BenchError::Layout { path, message } => write!(f, "{}: {message}", path.display()),
            BenchError::Limit { path, what, limit } => {
                write!(f, "{}: more than {limit} {what}", path.display())
            }
            BenchError::Vocab(error) => error.fmt(f),
            BenchError::Setup(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for BenchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BenchError::Io { source, .. } => Some(source),
            BenchError::Vocab(error) => Some(error),
            BenchError::Layout { .. } | BenchError::Limit { .. } | BenchError::Setup(_) => None,
        }
    }
}

impl From<VocabError> for BenchError {
    fn from(error: VocabError) -> Self {
        BenchError::Vocab(error)
    }
}
