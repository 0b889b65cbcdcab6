//! Reading what commands are about.

use std::io::Read;
use std::path::Path;

use formwork::{LoadOptions, Vocab};
use formwork_bench::Bench;

use crate::error::CliError;

/// The text of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<String, CliError> {
    if path.as_os_str() != "-" {
        return std::fs::read_to_string(path).map_err(|error| CliError::file(path, error));
    }
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(CliError::other(format!("standard input: {error}"))),
    }
}

/// The name of a file as shown.
pub(crate) fn name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        "<stdin>".to_owned()
    } else {
        path.display().to_string()
    }
}

/// A vocabulary with encoder and compiler: of a `tokenizer.json`, or the
/// embedded one.
pub(crate) fn bench(tokenizer: Option<&Path>) -> Result<Bench, CliError> {
    Ok(match tokenizer {
        Some(path) => Bench::load(path)?,
        None => Bench::embedded()?,
    })
}

/// A vocabulary alone, of any format.
pub(crate) fn vocab(tokenizer: Option<&Path>) -> Result<Vocab, CliError> {
    match tokenizer {
        Some(path) => Vocab::load(path, &LoadOptions::new()),
        None => Vocab::embedded(),
    }
    .map_err(CliError::other)
}
