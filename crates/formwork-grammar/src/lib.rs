//! The representation every front end of formwork lowers to, and the only
//! thing the mask engine knows of a grammar: a [`Language`] of dots whose edges
//! are [`Terminal`]s (byte automata), [`TokenSet`]s or calls.
//!
//! A *dot* is a position in a rule together with whatever registers the rule
//! carries (which object keys were seen, how many items were read). Dots are
//! plain numbers to the engine; the language makes them on demand, so a grammar
//! with counters or seen-sets is as finite as the texts it is run on.
//!
//! # Contracts
//!
//! Two promises make masks exact; every implementation keeps them:
//!
//! * **Live terminals.** [`Terminal::step`] returns a state only if some
//!   further bytes lead from it to an exit that the language accepts.
//! * **Live dots.** [`Language::follow`] is called only for exits, and the dot
//!   it returns, like the callee and return dots of a call, can always be
//!   completed.
//!
//! Hence a state of the machine is dead exactly if it has no threads, and no
//! look-ahead is ever needed.
//!
//! # Limitations
//!
//! Dots must not be left-recursive: expanding calls without reading a byte has
//! to end. JSON never is, and context-free grammars are rewritten to keep that.

#![warn(clippy::indexing_slicing)]

pub mod bytes;
pub mod graphviz;
pub mod json_text;
pub mod language;
mod shown;
pub mod status;
pub mod terminal;
pub mod tokens;
pub mod whitespace;

pub use bytes::{ByteDfa, ByteDfaBuilder};
pub use json_text::{CharAutomaton, JsonText};
pub use language::{Bytes, Dot, Edge, Expansion, Language};
pub use shown::{shown_name, shown_sentence};
pub use status::{Restriction, Status};
pub use terminal::{AnyContent, Bulk, Label, LexState, Run, Shared, Space, Terminal};
pub use tokens::TokenSet;
pub use whitespace::{Spaced, Whitespace};
