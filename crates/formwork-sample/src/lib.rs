//! Texts of a grammar that follow the model's own distribution.
//!
//! A mask makes a model write texts of a grammar, but not those that it would have written
//! given the grammar: it does not know how much of what lies behind a token is lost. With
//! P the model's law and L the language, the samplers here aim at **P(w)/P(L)** for w in
//! L, and say how close they come. An attempt takes a step per token; what was learnt of a
//! prefix is never asked of model or constraint again.

mod awrs;
mod certificate;
mod constraint;
mod error;
mod explorer;
mod mcmc;
mod model;
mod numbers;
mod options;
mod persist;
mod prefix;
mod random;
mod resample;
mod row;
mod sample;
mod sampler;
mod smc;
mod stop;
mod tally;
mod tree;
mod walk;
mod warm;
mod weights;

pub use certificate::Certificate;
pub use constraint::{
    Canonical, CanonicalState, Constraint, Coverage, FiniteSet, FiniteState, GrammarConstraint,
    Predicate, Product, Verdict,
};
pub use error::{Budget, SampleError};
pub use mcmc::{Cut, Mcmc};
pub use model::{ClosureModel, LanguageState, Model, Read, TableModel, WarpedModel};
pub use options::{Finish, Lookahead, Method, SampleOptions};
pub use resample::Resampler;
pub use row::LogitCache;
pub use sample::{Sample, Stats};
pub use sampler::Sampler;
pub use smc::{Propose, Smc};
pub use stop::{AtLimit, Stop};
pub use tally::Tally;
pub use tree::{Fingerprints, RestoreTreeError};
pub use weights::WeightedSet;

#[cfg(test)]
mod tests;
