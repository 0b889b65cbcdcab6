//! Notations of grammars, each read into the representation of [`ir`](crate::ir).
//!
//! Reading is linear in the text but for the automata of terminals, and bounded
//! by [`SyntaxLimits`] in all: text of any origin ends in a grammar or in
//! [`SyntaxErrors`] with places.
//!
//! All notations are read without a lexer: a grammar means the set of its texts,
//! character by character. What a front end reads is either exactly that or
//! refused. Lark grammars can be read with one, see [`Lexing`].
//!
//! ```
//! use formwork_cfg::syntax::{Format, SyntaxLimits, parse};
//!
//! # fn main() -> Result<(), formwork_cfg::syntax::SyntaxErrors> {
//! let list = "root ::= \"[\" (item (\",\" item)*)? \"]\"\nitem ::= [0-9]+ | root";
//! let grammar = parse(list, Format::Gbnf, &SyntaxLimits::default())?;
//! assert_eq!(grammar.rules.len(), 2);
//!
//! let errors = parse("root ::= itme", Format::Gbnf, &SyntaxLimits::default());
//! let error = errors.err().map(|errors| errors.to_string()).unwrap_or_default();
//! assert!(error.ends_with("root ::= itme\n  |          ^^^^"));
//! # Ok(())
//! # }
//! ```

mod draft;
mod ebnf;
mod error;
mod escape;
mod fold;
mod gbnf;
mod lark;
mod lower;
mod options;
mod plain;
mod rules;
mod tags;
mod token_names;
mod tokens;
mod words;

pub use error::{SyntaxError, SyntaxErrorKind, SyntaxErrors};
pub use options::{EbnfDialect, Lexing, SyntaxLimits, SyntaxOptions, Undefined};
pub use plain::{choice, json_object, json_schema, json_value};
pub use tags::think_first;

use crate::ir::{Grammar, Span};
use error::Fault;

/// A notation of grammars.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Format {
    /// The notation of llama.cpp.
    Gbnf,
    /// The notation of the parser generator Lark.
    Lark,
    /// The notation of the XML specification, or that of ISO/IEC 14977.
    Ebnf,
    /// One regular expression of ECMA-262 that matches whole texts.
    Regex,
    /// Free text with tool calls in it, as JSON: the structural tags of XGrammar
    /// and vLLM.
    StructuralTag,
}

impl Format {
    /// The notation of files whose names end in `.extension`.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "gbnf" => Some(Self::Gbnf),
            "lark" => Some(Self::Lark),
            "ebnf" => Some(Self::Ebnf),
            "regex" => Some(Self::Regex),
            "json" => Some(Self::StructuralTag),
            _ => None,
        }
    }
}

/// Reads a grammar with the default options.
///
/// # Errors
///
/// [`SyntaxErrors`]: all mistakes that were found, with their places.
pub fn parse(text: &str, format: Format, limits: &SyntaxLimits) -> Result<Grammar, SyntaxErrors> {
    let options = SyntaxOptions {
        limits: limits.clone(),
        ..SyntaxOptions::default()
    };
    parse_with(text, format, &options)
}

/// Reads a grammar.
///
/// # Errors
///
/// [`SyntaxErrors`]: all mistakes that were found, with their places.
pub fn parse_with(
    text: &str,
    format: Format,
    options: &SyntaxOptions,
) -> Result<Grammar, SyntaxErrors> {
    let result = read(text, format, options);
    // Some work may be left undone without harm to the grammar, but not to its speed.
    match options.limits.fuel.spent() {
        Some(spent) => {
            let fault = Fault::too_large(Span::default(), format!("reading the grammar {spent}"));
            Err(SyntaxErrors::new("", vec![fault]))
        }
        None => result.map_err(|faults| SyntaxErrors::new(text, faults)),
    }
}

fn read(text: &str, format: Format, options: &SyntaxOptions) -> Result<Grammar, Vec<Fault>> {
    let max = options.limits.max_bytes;
    if text.len() > max {
        let fault = Fault::limit(Span::default(), "bytes of text", "max_bytes", max);
        return Err(vec![fault]);
    }
    if options.lexing == Lexing::LongestMatch && format != Format::Lark {
        let message = "this notation has no terminals, which a lexer needs; read the grammar \
                       without one, or write it in the notation of Lark";
        return Err(vec![Fault::unsupported(Span::default(), message)]);
    }
    let (draft, start) = match format {
        Format::Gbnf => gbnf::read(text, options)?,
        Format::Lark => lark::read(text, options)?,
        Format::Ebnf => ebnf::read(text, options)?,
        Format::Regex => plain::regex(text, options)?,
        Format::StructuralTag => tags::read(text, options)?,
    };
    lower::lower(draft, start, options)
}

/// The number `digits` of a repetition.
fn count(digits: &str, span: Span, limits: &SyntaxLimits) -> Result<u32, Fault> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::malformed(span, "expected a number"));
    }
    match digits.parse() {
        Ok(n) if n <= limits.max_repeat => Ok(n),
        _ => {
            let what = "the number of a repetition";
            Err(Fault::limit(span, what, "max_repeat", limits.max_repeat))
        }
    }
}

#[cfg(test)]
mod earley;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod robust;
#[cfg(test)]
mod samples;
