//! The `formwork` command.
//!
//! Exit status: 0 for yes or done, 1 if the command ran and the answer is no,
//! 2 for an error.

mod args;
mod cache;
mod commands;
mod error;
mod expect;
mod explain;
#[cfg(feature = "models")]
mod holes;
mod input;
mod location;
#[cfg(feature = "models")]
mod plot;
mod printer;
mod progress;
#[cfg(feature = "models")]
mod prompt;
mod restrictions;
mod source;
mod status;
mod text;
mod verdict;

use std::process::ExitCode;

use clap::Parser;

use args::Args;
use error::CliError;
use printer::Printer;
use status::ExitStatus;

fn main() -> ExitCode {
    let args = Args::parse();
    let mut printer = Printer::new(args.quiet);
    let result = commands::run(&args, &mut printer).and_then(|status| {
        printer.flush()?;
        Ok(status)
    });
    match result {
        Ok(status) => status.into(),
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitStatus::Yes.into()
        }
        Err(error) => {
            printer::error(&error);
            ExitStatus::Error.into()
        }
    }
}
