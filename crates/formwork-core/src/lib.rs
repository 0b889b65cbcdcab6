//! The mask engine: runs a [`Language`](formwork_grammar::Language) as a
//! pushdown machine over bytes and derives exact token masks from it. Reading a
//! byte costs one hash probe when the step was taken before; a mask costs a
//! copy when its state is known, and otherwise what the terminals in reach read of
//! all tokens, and what may follow them reads of the rest.
//!
//! * `machine`: the one transition function; states are sets of threads on a
//!   graph-structured stack, hash-consed and free of positions.
//! * [`TokenIndex`]: what can be learnt of a vocabulary without a grammar.
//! * `residual`: what is left of tokens that were read in part.
//! * `reading`, `readings`: what one terminal reads of a residual, and what is known
//!   of that for all grammars.
//! * `store`, `summary`: the same for plain languages, summed up dot by dot.
//! * `mask`: readings along the dots of the machine, or summaries.
//! * `bases`: rows that masks share, by number; [`MaskParts`] are made of them.
//! * [`Grammar`], [`Matcher`]: the public face.
//!
//! # Exactness
//!
//! A mask bit is set if and only if pushing that token succeeds: both come from
//! the same transition function. No state is dead: every accepted token leaves
//! a text that can be completed, because terminals and dots are live by
//! contract (see [`formwork_grammar`]).

#![warn(clippy::indexing_slicing)]

mod arena;
mod bases;
mod batch;
mod beneath;
mod closers;
mod error;
mod grammar;
mod history;
mod index;
mod intern;
mod leads;
mod limits;
mod machine;
mod mask;
mod matcher;
mod parts;
mod picture;
mod reading;
mod readings;
mod recent;
mod residual;
mod saved;
mod shortest;
mod stepper;
mod store;
mod summary;
mod token_set;

pub use bases::BaseMask;
pub use batch::{fill_mask_parts, fill_masks};
pub use error::{EngineError, MaskError, PushError};
pub use grammar::Grammar;
pub use index::{IndexError, TokenIndex};
pub use limits::EngineLimits;
pub use mask::MaskKind;
pub use matcher::{ByteSet, Matcher};
pub use parts::MaskParts;
pub use saved::RestoreError;
pub use shortest::Completion;
