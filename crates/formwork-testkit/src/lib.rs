//! What formwork's own tests are made with: oracles that share no code with the
//! engine, generators of schemas, values and vocabularies, and the walks of a
//! sampler. Everything random comes from a seed, so every run is the same.
//!
//! * [`oracle`]: which texts spell one of finitely many values, by brute force.
//! * [`judge`]: which values satisfy a schema, by another validator.
//! * [`vocab`]: small vocabularies with every awkward kind of token.
//! * [`schema`], [`universe`]: random schemas, and values near them.
//! * [`spell`]: one random spelling of a value.
//! * [`mod@cfg`]: random context-free grammars, and which texts they derive.
//! * [`lexed`]: the same with a lexer before the rules.
//! * [`walk`]: generation under masks, and masks by trying every token.
//! * [`mod@corpus`]: the project's own schemas with labelled instances.
//! * [`shared`]: large test data that may lie beside the checkout.
//!
//! # Panics
//!
//! Functions panic where a test would fail anyway, with the reason.

// A failed expectation is a failed test here.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod cfg;
pub mod corpus;
pub mod decimal;
pub mod judge;
pub mod lexed;
pub mod oracle;
pub mod pools;
pub mod rng;
pub mod schema;
pub mod shared;
pub mod spell;
pub mod universe;
pub mod vocab;
pub mod walk;

pub use corpus::corpus;
pub use judge::Judge;
pub use oracle::Oracle;
pub use rng::Rng;
