//! Language models without tensors.
//!
//! What surrounds the arithmetic: the files that models come in, their tokenizers and
//! chat templates, what a model is to the rest, sampling under a mask, and the loop that
//! generates text in a given form.

mod config;
mod error;
mod weights;

pub use config::{Family, ModelConfig, Rope, RopeScaling};
pub use error::{ModelError, ModelErrorKind};
pub use weights::{HostTensor, Weights};
