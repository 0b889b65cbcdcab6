//! GBNF, the notation of llama.cpp.
//!
//! Complete, with tokens of a vocabulary (`<think>`, `!</think>`, `<[12]>`).
//! Classes and `.` are sets of characters, `.` and negated classes with line ends
//! among them; `\xHH` is the character U+00HH. Two things are read that llama.cpp
//! refuses: `|` at the start of a line, and escapes of any ASCII punctuation.

mod lexer;
mod parser;

use super::draft::{Draft, Symbol};
use super::error::Fault;
use super::options::SyntaxOptions;

/// The definitions of a text, and the symbol to start from.
pub(super) fn read(text: &str, options: &SyntaxOptions) -> Result<(Draft, Symbol), Vec<Fault>> {
    parser::parse(text, options)
}

#[cfg(test)]
mod tests;
