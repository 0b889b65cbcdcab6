//! The compiler: what all grammars over a vocabulary share.

use std::sync::Arc;

use formwork_core::{EngineError, EngineLimits, Grammar, IndexError, TokenIndex};
use formwork_schema::{SchemaError, SchemaOptions, TerminalCache};
use formwork_vocab::Vocab;

/// Compiles grammars for one vocabulary. `Send + Sync`; share one.
#[derive(Debug)]
pub struct Compiler {
    index: Arc<TokenIndex>,
    cache: TerminalCache,
    limits: EngineLimits,
}

/// Why a grammar was not compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CompileError {
    /// The schema is at fault, or one of its limits.
    Schema(SchemaError),
    /// A limit of the engine was reached at the very start of the text.
    Engine(EngineError),
}

impl CompileError {
    /// Whether the caller's input is to blame, so that a server should answer
    /// 400 rather than 500.
    pub fn is_user_error(&self) -> bool {
        match self {
            CompileError::Schema(error) => error.is_user_error(),
            CompileError::Engine(_) => false,
        }
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CompileError::Schema(error) => error.fmt(f),
            CompileError::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CompileError {}

impl From<SchemaError> for CompileError {
    fn from(error: SchemaError) -> Self {
        CompileError::Schema(error)
    }
}

impl From<EngineError> for CompileError {
    fn from(error: EngineError) -> Self {
        CompileError::Engine(error)
    }
}

impl Compiler {
    /// Reads the vocabulary once, about 10 ms for 128,000 tokens.
    ///
    /// # Errors
    ///
    /// If exact masks are impossible over the vocabulary.
    pub fn new(vocab: Arc<Vocab>) -> Result<Compiler, IndexError> {
        Compiler::with_limits(vocab, EngineLimits::default())
    }

    /// The same with other limits for its grammars.
    ///
    /// # Errors
    ///
    /// If exact masks are impossible over the vocabulary.
    pub fn with_limits(vocab: Arc<Vocab>, limits: EngineLimits) -> Result<Compiler, IndexError> {
        Ok(Compiler {
            index: Arc::new(TokenIndex::new(vocab)?),
            cache: TerminalCache::default(),
            limits,
        })
    }

    /// The vocabulary.
    pub fn vocab(&self) -> &Arc<Vocab> {
        self.index.vocab()
    }

    /// Compiles a JSON Schema.
    ///
    /// # Errors
    ///
    /// See [`SchemaError`]; nothing is ignored or loosened.
    pub fn json_schema(
        &self,
        text: &str,
        options: &SchemaOptions,
    ) -> Result<Grammar, CompileError> {
        let language = formwork_schema::compile(text, options, &self.cache)?;
        let index = Arc::clone(&self.index);
        Ok(Grammar::new(Box::new(language), index, self.limits)?)
    }
}
