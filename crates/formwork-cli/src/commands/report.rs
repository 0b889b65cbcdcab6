//! What the commands that run data sets share.

use std::fmt::Display;
use std::path::Path;

use formwork_bench::WORKER_NAME;
use serde::Serialize;

use crate::error::CliError;
use crate::printer::Printer;

/// Prints a result for people, and writes it as JSON where asked to. JSON on
/// standard output takes the place of what is for people.
pub(super) fn write<T: Serialize + Display>(
    result: &T,
    json: Option<&Path>,
    printer: &mut Printer,
) -> Result<(), CliError> {
    match json {
        Some(path) if path.as_os_str() == "-" => return Ok(printer.json(result)?),
        Some(path) => {
            let mut text = serde_json::to_string_pretty(result).map_err(CliError::other)?;
            text.push('\n');
            std::fs::write(path, text).map_err(|error| CliError::file(path, error))?;
        }
        None => {}
    }
    Ok(printer.text(result)?)
}

/// Keeps panics of code under test off standard error: they are counted.
pub(super) fn silence_workers() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some(WORKER_NAME) {
            hook(info);
        }
    }));
}
