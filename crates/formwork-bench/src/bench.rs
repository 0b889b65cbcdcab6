//! What every run needs.

use std::path::Path;
use std::sync::Arc;

use formwork::{Compiler, Encoder, LoadOptions, Vocab};

use crate::BenchError;

/// A vocabulary with its encoder and a compiler for it.
pub struct Bench {
    encoder: Encoder,
    compiler: Compiler,
}

impl Bench {
    /// With the vocabulary that needs no file.
    ///
    /// # Errors
    ///
    /// If the vocabulary cannot be built.
    pub fn embedded() -> Result<Bench, BenchError> {
        Bench::new(Vocab::embedded()?, Encoder::embedded()?)
    }

    /// With a HF `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no such file.
    pub fn load(path: &Path) -> Result<Bench, BenchError> {
        Bench::new(
            Vocab::load(path, &LoadOptions::new())?,
            Encoder::from_hf_file(path)?,
        )
    }

    fn new(vocab: Vocab, encoder: Encoder) -> Result<Bench, BenchError> {
        let compiler =
            Compiler::new(Arc::new(vocab)).map_err(|error| BenchError::Setup(error.to_string()))?;
        Ok(Bench { encoder, compiler })
    }

    /// The vocabulary.
    pub fn vocab(&self) -> &Vocab {
        self.compiler.vocab()
    }

    /// The encoder of that vocabulary.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The compiler for that vocabulary.
    pub fn compiler(&self) -> &Compiler {
        &self.compiler
    }
}
