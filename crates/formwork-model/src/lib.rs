//! Language models without tensors.
//!
//! What surrounds the arithmetic: the files that models come in, their tokenizers and
//! chat templates, what a model is to the rest, sampling under a mask, and the loop that
//! generates text in a given form.

mod config;
mod error;
mod generate;
mod language_model;
pub mod sampling;
mod weights;

pub use config::{Family, ModelConfig, Rope, RopeScaling};
pub use error::{ModelError, ModelErrorKind};
pub use generate::{
    Drafter, Finish, GenerateError, Generated, Generation, PromptLookup, Request, Stats, generate,
};
pub use language_model::{Draw, LanguageModel, Logits, SequenceId, Step, Wanted};
pub use sampling::Sampling;
pub use weights::{HostTensor, Weights};
