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
//! longest match is cut off first. Then schemas, tokens and grammars within the
//! grammar are refused.
//!
//! Of the extensions of llguidance there are:
//!
//! - `%json {…}`, a JSON text of a schema, `%lark {…}`, a grammar with names of its
//!   own, and `%regex {"substring_words": …}`, a part of a text;
//! - `<name>`, the special token called so in the vocabulary, and `<[12,20-29]>`,
//!   tokens by number, with `^` all others but those that stop, with `*` all;
//! - `&` and `~` in terminals: texts of both, all texts but;
//! - `name[lazy]` and `name[suffix="…"]` for rules that take as little as they can:
//!   no text of theirs begins with a shorter one. `capture` has no effect;
//! - `{n}` and `{n,m}` as repetitions, and `-` in names.
//!
//! Of libraries there is `common`, whose terminals `%override` and `%extend`
//! change. `%declare` is refused. Regular expressions are those of Python, see
//! [`regex`].

mod ast;
mod common;
mod lexer;
mod parser;
mod regex;
mod resolve;
mod substring;

use super::draft::{Draft, Symbol};
use super::error::Fault;
use super::options::SyntaxOptions;

/// The definitions of a text, and the symbol to start from.
pub(super) fn read(text: &str, options: &SyntaxOptions) -> Result<(Draft, Symbol), Vec<Fault>> {
    let file = parser::parse(text, &options.limits)?;
    resolve::resolve(&file, text, options)
}

#[cfg(test)]
mod tests;
