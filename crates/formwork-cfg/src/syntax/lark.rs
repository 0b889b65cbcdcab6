//! The grammar notation of Lark.
//!
//! By default a grammar is read without a lexer: a terminal stands for its set of texts, and
//! a text is derived if it can be cut into terminals in any way. Hence priorities,
//! aliases, `?` and `!`, which choose among trees, are read and have no effect;
//! and a text is derived also where Lark's lexer, which takes the longest match,
//! would cut it otherwise and fail. What `%ignore` names may stand after any
//! terminal and before the first, any number of times.
//!
//! With a lexer ([`Lexing`](super::Lexing)) terminals stay whole and apart, and the
//! longest match is cut off first.
//!
//! Of libraries there is `common`. Special tokens, inline schemas, attributes of
//! rules, `%declare`, `%override` and `%extend` are refused. Regular expressions
//! are those of Python, see [`regex`].

mod ast;
mod common;
mod lexer;
mod parser;
mod regex;
mod resolve;

use super::draft::{Draft, Symbol};
use super::error::Fault;
use super::options::SyntaxOptions;

/// The definitions of a text, and the symbol to start from.
pub(super) fn read(text: &str, options: &SyntaxOptions) -> Result<(Draft, Symbol), Vec<Fault>> {
    let file = parser::parse(text, &options.limits)?;
    resolve::resolve(&file, options)
}

#[cfg(test)]
mod tests;
