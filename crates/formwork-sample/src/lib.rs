//! Texts of a grammar that follow the model's own distribution.
//!
//! A mask makes a model write texts of a grammar, but not those that it would have written
//! given the grammar: it does not know how much of what lies behind a token is lost. With
//! P the model's law and L the language, the samplers here aim at **P(w)/P(L)** for w in
//! L, and say how close they come. A new prefix costs a row of the model, a mask and a
//! pass over both; a known one costs its known children, `O(k)`.
//!
//! ```
//! use std::sync::Arc;
//! use formwork::{TokenId, Vocab};
//! use formwork_sample::{FiniteSet, Method, SampleOptions, Sampler, Stop, TableModel};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A fair coin, and a language that masks get wrong: `aaa`, or anything after `b`.
//! let vocab = Vocab::builder().token(TokenId(0), "a").token(TokenId(1), "b").build()?;
//! let texts = FiniteSet::new(Arc::new(vocab), ["aaa", "baa", "bab", "bba", "bbb"]);
//! let coin = TableModel::new(2, &[0.5; 6])?;
//!
//! let options = SampleOptions::new(Method::CARS, Stop::WhenComplete, 3);
//! let mut sampler = Sampler::new(coin, texts, options)?;
//! // Whatever happens, each of the five texts comes with probability 1/5; under masks
//! // `aaa` would come every other time.
//! let tails = sampler.samples(1000).filter(|s| s.as_ref().is_ok_and(|s| s.tokens[0].0 == 0));
//! assert!((150..250).contains(&tails.count()));
//! // All is known by now: the model writes one of them with probability 5/8.
//! assert!((sampler.certificate().ln_lower.exp() - 0.625).abs() < 1e-9);
//! assert!(sampler.certificate().tv < 1e-9);
//! # Ok(())
//! # }
//! ```
//!
//! # Which method?
//!
//! | [`Method`] or call | law of the texts | the catch |
//! |---|---|---|
//! | [`CARS`](Method::CARS) | exact, independent | many attempts at first, where P(L) is small |
//! | [`ARS`](Method::ARS), [`REJECTION`](Method::REJECTION), [`Sampler::awrs_exact`] | exact, independent | more attempts; checks instead of masks |
//! | [`ASAP`](Method::ASAP) | exact in the limit; [certified](Sampler::certificate) at any time | no rate is known |
//! | [`GCD`](Method::GCD) | another one | what masks alone do |
//! | [`Sampler::weighted`], [`Sampler::awrs`] | exact by weights | few texts may carry all weight |
//! | [`Sampler::smc`] | exact by weights, in the limit of many particles | all particles at once |
//! | [`Sampler::mcmc`] | exact in the limit of long chains | rows of the model for every step |
//!
//! [`Sampler::warm_start`] looks behind the likeliest prefixes before anything is drawn,
//! and helps all methods with a tree.
//!
//! # The target
//!
//! * Temperature, top-k, top-p and min-p belong to the [model](WarpedModel): they are
//!   part of P, not of the sampler.
//! * When a text ends is said by a [`Stop`] rule. With a stop token its probability is a
//!   factor of P(w).
//! * Texts of more than [`max_tokens`](SampleOptions::max_tokens) are no texts: the target
//!   is the law given the length as well. Or they are [cut](AtLimit::Cut), and say so.
//! * A text may be spelled in any tokens, or only as the tokenizer would: a
//!   [`Product`] with [`Canonical`]. [`Tally`] counts by bytes.
//!
//! # Modules
//!
//! * `tree`: bounds of the mass behind prefixes (`tree/rows`: rows under a budget,
//!   `tree/save`: files); `row`: probabilities as they are kept.
//! * `explorer`: model and constraint behind the tree; `walk`: the one attempt that all
//!   methods with a tree share; `sampler`: attempts in their order; `warm`, `persist`.
//! * `prefix`: a step without bounds, for `awrs`, `smc` (`resample`) and `mcmc`.
//! * `weights`, `tally`, `certificate`: what is said of texts.
//! * [`Model`], [`Constraint`] and what implements them.
//!
//! # Exactness
//!
//! What rejection leaves follows the target whatever the tree has learnt, since bounds
//! only cut what is not in L; the tests work out the law of an attempt in full after every
//! attempt. Random numbers are keyed by seed, attempt and depth, and texts leave in the
//! order in which their attempts began, so neither batches nor caches change a text. The
//! crate starts no threads; those of a model are its own business.
//! A *set* that ends because attempts ran out, rather than because it is full, depends a
//! little on what was hard to draw.
//!
//! # Untrusted input
//!
//! Grammars may come from strangers: attempts, rows, prefixes and bytes have limits, all
//! of which end in a typed error or a tree that is begun anew. Saved trees are checked.

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
    Canonical, CanonicalState, CanvasConstraint, CanvasState, Constraint, Coverage, Encode,
    FiniteSet, FiniteState, GrammarConstraint, Predicate, Product, Verdict,
};
pub use error::{Budget, SampleError};
/// For the fingerprints of models and constraints.
pub use formwork_vocab::fingerprint::Hasher;
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
