//! Context-free grammars, as a [`Language`](formwork_grammar::Language) for the
//! mask engine.
//!
//! The way of a grammar, one module each: a front end under `syntax` reads text
//! into the representation of [`ir`]; `normal` lowers its expressions to a
//! network of automata, `empty` takes the empty text out of the rules, `corners`
//! takes out left recursion, `fuse` makes rules without recursion terminals,
//! `inline` puts rules where they are called, `cost` finds shortest texts, and
//! [`CfgLanguage`] is what the engine runs. Terminals go from characters to bytes in
//! `utf8`.
//!
//! A grammar with a [lexer](ir::LongestMatch) goes through `lexing` after `corners`,
//! which works the longest match into the network, so that what follows need not
//! know.
//!
//! Any grammar will do: ambiguous, left-recursive in whatever way, with rules
//! that derive the empty text or just themselves. What is kept is the language,
//! exactly.

#![warn(clippy::indexing_slicing)]

mod analyze;
mod compile;
mod corners;
mod cost;
mod empty;
mod error;
mod foreign;
mod fuse;
mod inline;
pub mod ir;
mod language;
mod lexing;
mod limits;
mod network;
mod next;
mod normal;
mod rewrite;
mod spelling;
pub mod syntax;
mod utf8;

pub use analyze::{Analysis, analyze};
pub use compile::{Resolved, compile, compile_with};
pub use error::{CfgError, Place};
pub use ir::{
    Expr, Foreign, ForeignId, ForeignKind, Grammar, Lexeme, LongestMatch, Rule, RuleId, Span,
    TerminalId, TokenName, TokenPattern,
};
pub use language::CfgLanguage;
pub use limits::CfgLimits;
pub use spelling::check_spelling;
