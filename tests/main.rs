//! The conformance tests of the workspace, one module per topic.
//!
//! Every test is deterministic. `FORMWORK_LONG=1` runs twenty times as many
//! random cases; see `README.md`.

// Tests fail by panicking, and say what they skipped.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod cfg_oracle;
mod embedding;
mod fuzz_seeds;
mod generation;
mod grammar_scale;
mod grammar_walks;
mod grammars;
mod hash_model;
mod hostile;
mod humaneval;
mod keywords;
mod lexing;
mod lexing_oracle;
mod limits;
mod mask_oracle;
mod mask_parts;
mod matcher;
mod missing_bytes;
mod nesting;
mod real_vocab;
mod regressions;
mod remembered;
mod saved_rows;
mod scale;
mod schemas;
mod soak;
mod soundness;
mod support;
mod threads;
mod tool_calls;
mod walks;
mod witness;
