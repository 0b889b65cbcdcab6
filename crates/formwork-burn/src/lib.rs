//! Decoders of the Llama and Qwen families, and models that fill masks, on
//! [burn](https://burn.dev).
//!
//! [`load`] gives a [`LanguageModel`](formwork_model::LanguageModel), [`load_masked`] a
//! [`MaskedModel`](formwork_model::MaskedModel); which device they run on is chosen at run
//! time ([`Device`]), and no type of burn is in any signature. A token of a text takes
//! `O(parameters + layers * length)`: keys and values of what was read are kept (forks
//! share them).
//!
//! The CPU keeps matrices as their file has them, so that a model takes about as much
//! memory as its file; GPUs keep 32-bit floats. Products are of 32-bit floats everywhere.
//!
//! ```no_run
//! use formwork_burn::{Device, load};
//! use formwork_model::ModelFiles;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let files = ModelFiles::open("models/SmolLM2-135M-Instruct.Q4_1.gguf")?;
//! let model = load(&files.config, &*files.weights, Device::Cpu)?;
//! assert_eq!(model.vocab_len(), 49_152);
//! # Ok(())
//! # }
//! ```

mod attention;
mod cache;
mod decoder;
mod device;
mod encoder;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod kernel;
mod layers;
mod masked;
mod matrix;
mod model;
mod network;
mod rows;
mod sampler;
#[cfg(feature = "train")]
pub mod train;

pub use device::{Device, load, load_masked};
