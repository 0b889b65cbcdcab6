//! Runners that measure formwork and hold it against labelled data. A run takes
//! one mask and one push per token of the data, and keeps one number per token
//! so that its percentiles are exact.
//!
//! - [`maskbench`]: folders of MaskBench files, a schema with labelled
//!   instances each: coverage, wrong verdicts, time per token.
//! - [`golden`]: what an earlier run of that came to, and whether a new one is
//!   worse.
//! - [`documents`]: folders of documents that a schema may refer to.
//! - [`suite`]: the official JSON Schema Test Suite.
//! - [`instructions`]: counts of instructions beside recorded ones.
//! - [`walk`](walk()): one tokenised text through the masks, as both do it.
//! - [`Oracle`]: a second opinion, from the crate `jsonschema`.
//! - [`python`]: instances as the reference runner writes them.
//!
//! # Should I be using this crate?
//!
//! To measure, to test, or behind a command line. Code that generates text
//! needs `formwork` alone: everything here trusts its files, works on one
//! machine and keeps whole data sets in memory.

mod bench;
pub mod documents;
mod error;
pub mod golden;
mod greedy;
mod guard;
pub mod instructions;
pub mod maskbench;
mod oracle;
mod percentiles;
pub mod programs;
pub mod python;
mod refusal;
mod rss;
pub mod suite;
mod walk;

pub use bench::Bench;
pub use error::BenchError;
pub use greedy::longest_match;
pub use guard::WORKER_NAME;
pub use oracle::{Oracle, OracleError};
pub use percentiles::Percentiles;
pub use refusal::reasons;
pub use walk::{Verdict, Walk, walk};
