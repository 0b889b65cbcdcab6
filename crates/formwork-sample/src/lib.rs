//! Texts of a grammar that follow the model's own distribution.
//!
//! A mask makes a model write texts of a grammar, but not those that it would have written
//! given the grammar: it does not know how much of what lies behind a token is lost. With
//! P the model's law and L the language, the samplers here aim at **P(w)/P(L)** for w in
//! L, and say how close they come. An attempt takes a step per token; what was learnt of a
//! prefix is never asked of model or constraint again.

mod certificate;
mod constraint;
mod error;
mod explorer;
mod model;
mod numbers;
mod options;
mod persist;
mod random;
mod row;
mod sample;
mod sampler;
mod stop;
mod tree;
mod walk;
mod warm;

pub use certificate::Certificate;
pub use constraint::{
    Canonical, CanonicalState, Constraint, Coverage, FiniteSet, FiniteState, GrammarConstraint,
    Predicate, Product, Verdict,
};
pub use error::{Budget, SampleError};
pub use model::{ClosureModel, LanguageState, Model, Read, TableModel, WarpedModel};
pub use options::{Finish, Lookahead, Method, SampleOptions};
pub use row::LogitCache;
pub use sample::{Sample, Stats};
pub use sampler::Sampler;
pub use stop::{AtLimit, Stop};
pub use tree::{Fingerprints, RestoreTreeError};

#[cfg(test)]
mod tests;
