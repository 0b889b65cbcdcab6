//! Typed errors of the engine.

use formwork_vocab::TokenId;

/// A limit of the engine was reached. The state of the matcher is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EngineError {
    /// The text is ambiguous in more ways at once than
    /// [`EngineLimits::max_threads`](crate::EngineLimits::max_threads).
    TooManyThreads {
        /// The limit.
        limit: usize,
    },
    /// The states visited take more memory than
    /// [`EngineLimits::max_bytes`](crate::EngineLimits::max_bytes).
    TooMuchMemory {
        /// The limit, in bytes.
        limit: usize,
    },
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EngineError::TooManyThreads { limit } => write!(
                f,
                "more than {limit} readings of the text are open at once; \
                 make the alternatives of the grammar distinguishable earlier"
            ),
            EngineError::TooMuchMemory { limit } => write!(
                f,
                "the states of this grammar take more than {limit} bytes; \
                 raise the engine's memory limit or compile the grammar anew"
            ),
        }
    }
}

impl std::error::Error for EngineError {}

/// Why a mask was not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MaskError {
    /// The row is shorter than the vocabulary.
    RowTooShort {
        /// Words given.
        words: usize,
        /// Words needed.
        needed: usize,
    },
    /// A limit was reached.
    Engine(EngineError),
}

impl std::fmt::Display for MaskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MaskError::RowTooShort { words, needed } => {
                write!(f, "the row has {words} words, a mask needs {needed}")
            }
            MaskError::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MaskError {}

impl From<EngineError> for MaskError {
    fn from(error: EngineError) -> Self {
        MaskError::Engine(error)
    }
}

/// Why a token or a run of bytes was refused. The matcher is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PushError {
    /// The constraint does not allow it.
    Rejected {
        /// Bytes that could have been read before the offending one.
        offset: usize,
    },
    /// The id is not in the vocabulary, or has no text.
    NoText {
        /// The id.
        token: TokenId,
    },
    /// A stop token came before; nothing can follow.
    Stopped,
    /// A stop token came, but the text is not complete.
    Incomplete,
    /// A limit was reached.
    Engine(EngineError),
}

impl std::fmt::Display for PushError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PushError::Rejected { offset } => {
                write!(f, "not allowed here (at byte {offset} of what was pushed)")
            }
            PushError::NoText { token } => {
                write!(f, "token {} has no text in this vocabulary", token.0)
            }
            PushError::Stopped => f.write_str("the text was ended by a stop token before"),
            PushError::Incomplete => f.write_str("the text is not complete, it cannot stop here"),
            PushError::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PushError {}

impl From<EngineError> for PushError {
    fn from(error: EngineError) -> Self {
        PushError::Engine(error)
    }
}
