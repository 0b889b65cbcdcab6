//! The commands, one a file.

mod check;
mod dot;
#[cfg(feature = "models")]
mod generate;
#[cfg(feature = "models")]
mod infill;
mod mask;
mod maskbench;
mod report;
#[cfg(feature = "models")]
mod sample;
#[cfg(feature = "models")]
mod serve;
mod suite;
mod validate;
mod witness;

use crate::args::{Args, Command};
use crate::error::CliError;
use crate::printer::Printer;
use crate::status::ExitStatus;

/// Runs the command that was asked for.
pub(crate) fn run(args: &Args, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    match &args.command {
        Command::Check(args) => check::run(args, printer),
        Command::Witness(args) => witness::run(args, printer),
        Command::Validate(args) => validate::run(args, printer),
        #[cfg(feature = "models")]
        Command::Generate(args) => generate::run(args, printer),
        #[cfg(feature = "models")]
        Command::Sample(args) => sample::run(args, printer),
        #[cfg(feature = "models")]
        Command::Infill(args) => infill::run(args, printer),
        #[cfg(feature = "models")]
        Command::Serve(args) => serve::run(args, printer),
        Command::Dot(args) => dot::run(args, printer),
        Command::Mask(args) => mask::run(args, printer),
        Command::Maskbench(args) => maskbench::run(args, printer),
        Command::Suite(args) => suite::run(args, printer),
    }
}
