//! Deterministic automata over Unicode scalar values, and ECMA-262 regular expressions compiled to
//! them.
//!
//! Stepping an automaton costs O(1) per ASCII character and O(log n) per other one; every
//! construction is bounded by [`Limits`] and is exact or refused.
//!
//! ```
//! use formwork_automata::{Dfa, LengthSets, Limits, regex};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let limits = Limits::default();
//! let name = regex::compile("^[a-z]+(-[a-z]+)*$", &limits)?;
//! let reserved = Dfa::from_words(["self", "super"]);
//! let free = name.difference(&reserved, &limits)?;
//! assert!(free.accepts("self-made") && !free.accepts("self"));
//!
//! let lengths = LengthSets::new(&free, u32::MAX)?;
//! let start = free.start().ok_or("empty")?;
//! assert!(lengths.feasible(start, 4, Some(4)));
//! assert!(!lengths.feasible(start, 0, Some(0)));
//! # Ok(())
//! # }
//! ```
//!
//! # Contents
//!
//! - [`CharSet`]: sets of characters.
//! - [`Dfa`]: a trimmed automaton with labelled states, its boolean operations and its facts.
//! - [`LengthSets`]: which word lengths are possible from each state.
//! - [`Fuel`]: what all work on one input may cost, and how to stop it.
//! - [`regex`]: patterns, as JSON Schema reads them.
//!
//! # Untrusted input
//!
//! Patterns may come from anywhere. No input makes this crate panic or recurse deeper than
//! [`Limits::max_nesting`]; what would take too long or too much memory ends in [`TooLarge`].

#![warn(clippy::indexing_slicing)]

mod alphabet;
mod charset;
mod dfa;
mod fuel;
mod interner;
mod lengths;
mod limits;
pub mod regex;

pub use alphabet::ClassId;
pub use charset::CharSet;
pub use dfa::{Chars, Dfa, Safe, StateId};
pub use fuel::{Burner, Fuel, Spent};
pub use lengths::LengthSets;
pub use limits::{LimitKind, Limits, TooLarge};
