//! The only place that prints.

use std::fmt::Display;
use std::io::{self, BufWriter, Stdout, Write};

use serde::Serialize;

/// Writes answers to standard output.
pub(crate) struct Printer {
    out: BufWriter<Stdout>,
    quiet: bool,
}

impl Printer {
    /// A quiet printer keeps lines for people to itself; what was made to be used is
    /// always printed.
    pub(crate) fn new(quiet: bool) -> Printer {
        Printer {
            out: BufWriter::new(io::stdout()),
            quiet,
        }
    }

    /// Whether lines for people are kept back.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A line for people.
    pub(crate) fn line(&mut self, line: impl Display) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        writeln!(self.out, "{line}")
    }

    /// Text for people that brings its own line ends.
    pub(crate) fn text(&mut self, text: impl Display) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        write!(self.out, "{text}")
    }

    /// A generated text, and the end of its line.
    #[cfg(feature = "models")]
    pub(crate) fn generated(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// An object on a line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        writeln!(self.out)
    }

    /// Sends everything on its way.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Tells an error on standard error; there is nowhere to complain if that
/// fails.
pub(crate) fn error(error: &impl Display) {
    let _ = writeln!(io::stderr(), "error: {error}");
}

/// Tells something that is no error on standard error.
pub(crate) fn warning(warning: &impl Display) {
    let _ = writeln!(io::stderr(), "warning: {warning}");
}

/// Tells how something went on standard error.
#[cfg(feature = "models")]
pub(crate) fn note(note: &impl Display) {
    let _ = writeln!(io::stderr(), "{note}");
}
