//! Exact grammar constraints on a canvas, for models that fill masks in any order.
//!
//! A [`Canvas`] is a text with open positions. [`Checker::open`] tells whether any text of
//! a grammar fits it, and a [`Filling`] tells for every open position which tokens it may
//! take so that the rest can still be filled, inside the canvas and up to its end.
//!
//! Opening a canvas takes `O(n)` columns of all items in reach, `n` the positions, times
//! the rules that are open at once. Filling positions after that only takes ways away,
//! each once: a commit costs as much as what it rules out. To open a position again costs
//! as much as a new canvas; so does a commit that completes a string which a grammar has
//! to remember, such as a name that its schema does not list.
//!
//! A large grammar without a lexer, such as one of C++, is better compiled with a
//! `CfgLimits::max_fused_states` of 0: fused terminals repeat the white space in front of
//! them, and there are as many more places for a text to be at. Even so, some eight open
//! positions of C++ in a row take seconds, and sixteen reach [`InfillLimits::max_bytes`].
//!
//! ```
//! use std::sync::Arc;
//! use formwork::{Compiler, SchemaOptions, Vocab};
//! use formwork_infill::{Canvas, Checker, InfillError};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
//! let vocab = compiler.vocab();
//! let byte = |b: u8| {
//!     let node = vocab.trie().descend(vocab.trie().root(), &[b]).expect("a byte");
//!     vocab.trie().tokens(node)[0]
//! };
//! let schema = r#"{"type": "array", "items": {"type": "boolean"}, "minItems": 1}"#;
//! let language = compiler.json_schema_language(schema, &SchemaOptions::default())?;
//! let checker = Checker::new(language, Arc::clone(vocab));
//!
//! let canvas = Canvas::new().fixed([byte(b'[')]).masks(2).end();
//! let mut filling = checker.open(&canvas)?;
//! // The bracket has to be closed by what is left.
//! assert!(filling.allows(2, byte(b']')) && !filling.allows(2, byte(b'[')));
//! // `[false` cannot be closed without another token.
//! let canvas = Canvas::new().fixed([byte(b'[')]).masks(1).fixed([byte(b'[')]).end();
//! assert_eq!(checker.open(&canvas).err(), Some(InfillError::Infeasible));
//! # Ok(())
//! # }
//! ```
//!
//! * `rules`: a language and a vocabulary as moves of items over positions; `reading`,
//!   `content`, `rest`, `token_sets`: what tokens are to a terminal.
//! * `chart`, `useful`: all ways through a canvas, and what of them is part of a text.
//! * `live`: that part, kept up to date as positions are filled.
//! * [`schedule`], [`fill`]: which positions a model fills next, and the loop.
//!
//! # Exactness
//!
//! Feasibility and every allowed set are exact for context-free grammars, whatever the
//! vocabulary, and for JSON Schemas but for texts that have to differ (names that a schema
//! does not list, items under `uniqueItems`). Each is kept different from all that stand
//! on the canvas, and from those of which it leaves few; two others that both have an open
//! position are taken to differ. They may not be able to if both lie within two neighbouring
//! tokens, or if the canvas is mostly open and later leaves one text for both: a canvas may
//! be accepted then that has no completion, and a commit may be [refused](Filling::commit)
//! with [`InfillError::Infeasible`] that was allowed. Some texts that lie within one token are left
//! out, as are some objects with open names that have to differ as items. Registers, such as
//! which properties were seen, are all followed: schemas with many optional properties in
//! any order may reach [`InfillLimits::max_bytes`]; `PropertyOrder::Schema` needs far less.

mod bits;
mod canvas;
mod captured;
mod causal;
mod cells;
mod chart;
mod checker;
mod complete;
mod content;
mod error;
mod fill;
mod halves;
mod lexer;
mod lists;
mod literals;
mod live;
mod names;
mod node_rows;
mod reading;
mod rest;
mod row;
mod rules;
pub mod schedule;
mod settle;
mod token_sets;
mod useful;

pub use canvas::{Canvas, Piece};
pub use causal::fill_left_to_right;
pub use cells::{Cells, FreeCells};
pub use checker::{Checker, Filling, InfillLimits};
pub use error::InfillError;
pub use fill::{FillError, FillOptions, FillStep, Report, fill};
pub use settle::settle;
