//! formwork for C. A mask costs what it costs in Rust: the functions here only turn
//! pointers into references.
//!
//! The header is `include/formwork.h`; `tests/c/minimal.c` is a complete program.
//!
//! # Who owns what
//!
//! Every pointer that a function hands out belongs to the caller, who gives it back to the
//! `_free` function of its type once; null may be freed. Nothing that was made of something
//! else needs it to live on: a vocabulary can be freed once there is a compiler. Texts are
//! read during the call and need no end marker. Rows of masks are memory of the caller.
//!
//! # Threads
//!
//! Vocabularies, compilers and grammars can be used by many threads at once. A matcher may
//! wander from thread to thread, but is used by one at a time; `formwork_matcher_fork` makes
//! another.
//!
//! # Errors
//!
//! Functions that can fail return a [`Status`](error::Status). If they are given a place for
//! an error, they leave one there that says more; it is null where all went well.
//!
//! # Untrusted input
//!
//! Texts and tokens may come from strangers, as in Rust. Pointers may not: each function says
//! what it takes to be true of them. Null is an error, not a crash, where a pointer is needed.

// The borders of a foreign language: each function says in its documentation what its
// pointers have to be, and `pointers` is where they are read.
#![allow(unsafe_code)]

pub mod compiler;
pub mod error;
pub mod grammar;
pub mod matcher;
mod pointers;
pub mod vocab;
