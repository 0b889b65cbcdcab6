//! What a grammar leaves out, told.

use std::path::Path;

use formwork::{Restriction, Status};
use serde::Serialize;

use crate::input;
use crate::printer::{self, Printer};

/// A restriction as an object.
#[derive(Serialize)]
pub(crate) struct LeftOut<'a> {
    place: &'a str,
    reason: &'a str,
}

impl LeftOut<'_> {
    pub(crate) fn of(restriction: &Restriction) -> LeftOut<'_> {
        LeftOut {
            place: &restriction.place,
            reason: &restriction.reason,
        }
    }
}

/// Says on standard error what a subset leaves out; nothing about exact
/// grammars.
pub(crate) fn warn(schema: &Path, status: &Status, printer: &Printer) {
    if printer.is_quiet() {
        return;
    }
    for restriction in status.restrictions() {
        let name = input::name(schema);
        printer::warning(&format_args!("{name}: a subset: {restriction}"));
    }
}
