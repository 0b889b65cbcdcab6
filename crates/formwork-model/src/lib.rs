//! Language models without tensors.
//!
//! What surrounds the arithmetic: the files that models come in, their tokenizers and
//! chat templates, what a model is to the rest, sampling under a mask, and the loop that
//! generates text in a given form.

mod chat;
mod config;
mod error;
mod files;
mod generate;
pub mod gguf;
mod language_model;
mod llada;
mod masked_model;
pub mod safetensors;
pub mod sampling;
#[cfg(test)]
mod scratch;
mod source;
mod spans;
mod stored;
mod tokenizer;
mod weights;

pub use chat::{ChatTemplate, Message};
pub use config::{Family, Masked, ModelConfig, Rope, RopeScaling};
pub use error::{ModelError, ModelErrorKind};
pub use files::ModelFiles;
pub use generate::{
    Batch, Drafter, Finish, GenerateError, Generated, Generation, Prepared, Progress, PromptLookup,
    Request, Share, Spent, Stats, TextId, generate,
};
pub use gguf::{Gguf, GgufWeights};
pub use language_model::{Draw, HostLogits, LanguageModel, Logits, SequenceId, Step, Wanted};
pub use llada::{LladaWeights, llada_name};
pub use masked_model::{CanvasId, CanvasStep, MaskedModel};
pub use safetensors::{Safetensors, SafetensorsType, write_safetensors};
pub use sampling::Sampling;
pub use stored::StoredTensor;
pub use tokenizer::{Tokenizer, TokenizerHints};
pub use weights::{HostTensor, Weights};
