//! Reading what commands are about.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use formwork::{Compiler, LoadOptions, Vocab};
use formwork_bench::Bench;

use crate::args::CacheArgs;
use crate::cache;
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
pub(crate) fn bench(tokenizer: Option<&Path>, kept: &CacheArgs) -> Result<Bench, CliError> {
    let bench = match tokenizer {
        Some(path) => Bench::load(path)?,
        None => Bench::embedded()?,
    };
    cache::prepare(bench.compiler(), kept.folder());
    Ok(bench)
}

/// The compiler of a vocabulary alone, of any format.
pub(crate) fn compiler(tokenizer: Option<&Path>, kept: &CacheArgs) -> Result<Compiler, CliError> {
    let vocab = match tokenizer {
        Some(path) => Vocab::load(path, &LoadOptions::new()),
        None => Vocab::embedded(),
    };
    let vocab = Arc::new(vocab.map_err(CliError::other)?);
    let compiler = Compiler::new(vocab).map_err(CliError::other)?;
    cache::prepare(&compiler, kept.folder());
    Ok(compiler)
}
