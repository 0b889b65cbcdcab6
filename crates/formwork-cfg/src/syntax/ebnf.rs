//! Two notations called EBNF.
//!
//! That of the XML specification, section 6 ([`w3c`]), and ISO/IEC 14977
//! ([`iso`]). In both, `A - B` is read where neither side is recursive.

mod iso;
mod w3c;

use super::draft::{Draft, Symbol};
use super::error::Fault;
use super::options::{EbnfDialect, SyntaxOptions};
use crate::ir::Span;

/// The definitions of a text, and the symbol to start from.
pub(super) fn read(text: &str, options: &SyntaxOptions) -> Result<(Draft, Symbol), Vec<Fault>> {
    let dialect = match options.ebnf {
        EbnfDialect::Detect => detect(text),
        dialect => dialect,
    };
    let (draft, first) = match dialect {
        EbnfDialect::Iso => iso::parse(text, &options.limits)?,
        EbnfDialect::W3c | EbnfDialect::Detect => w3c::parse(text, &options.limits)?,
    };
    let start = match &options.start {
        Some(name) => draft.find(name),
        None => first,
    };
    match (start, &options.start) {
        (Some(start), _) => Ok((draft, start)),
        (None, Some(name)) => {
            let message = format!("no rule `{name}`, where texts start");
            Err(vec![Fault::undefined(Span::default(), message)])
        }
        (None, None) => {
            let message = "there is no rule; write `name ::= …` or `name = … ;`";
            Err(vec![Fault::undefined(Span::default(), message)])
        }
    }
}

/// Tells the dialect by the first sign of a definition outside of comments.
fn detect(text: &str) -> EbnfDialect {
    let mut rest = text;
    loop {
        let Some(at) = rest.find(['=', '(', '/']) else {
            return EbnfDialect::W3c;
        };
        let (before, here) = rest.split_at(at);
        let end = match here.get(..2) {
            Some("(*") => "*)",
            Some("/*") => "*/",
            _ if here.starts_with('=') => {
                return if before.ends_with("::") {
                    EbnfDialect::W3c
                } else {
                    EbnfDialect::Iso
                };
            }
            _ => {
                rest = &here[1..];
                continue;
            }
        };
        rest = match here[2..].split_once(end) {
            Some((_, rest)) => rest,
            None => return EbnfDialect::W3c,
        };
    }
}

#[cfg(test)]
mod tests;
