//! Why a command gives no answer.

use std::fmt;
use std::path::Path;

use formwork_bench::{BenchError, OracleError};

/// Why a command gives no answer.
#[derive(Debug)]
pub(crate) enum CliError {
    /// The answer cannot be printed.
    Output(std::io::Error),
    /// Anything else, told in full.
    Message(String),
}

impl CliError {
    /// About a file.
    pub(crate) fn file(path: &Path, error: impl fmt::Display) -> CliError {
        CliError::Message(format!("{}: {error}", path.display()))
    }

    /// About anything else.
    pub(crate) fn other(error: impl fmt::Display) -> CliError {
        CliError::Message(error.to_string())
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CliError::Output(error) => write!(f, "cannot print: {error}"),
            CliError::Message(message) => f.write_str(message),
        }
    }
}

/// Every plain I/O error is about output; input goes through
/// [`input`](crate::input).
impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        CliError::Output(error)
    }
}

impl From<BenchError> for CliError {
    fn from(error: BenchError) -> Self {
        CliError::other(error)
    }
}

impl From<OracleError> for CliError {
    fn from(error: OracleError) -> Self {
        CliError::other(error)
    }
}
