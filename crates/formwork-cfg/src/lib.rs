//! Context-free grammars, as a [`Language`](formwork_grammar::Language) for the
//! mask engine.
//!
//! The way of a grammar, one module each: a front end under `syntax` reads text
//! into the representation of [`ir`].

pub mod ir;
pub mod syntax;

pub use ir::{Expr, Grammar, Rule, RuleId, Span, TerminalId};
