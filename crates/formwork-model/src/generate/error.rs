//! Why generation stops before its end.

use std::fmt;

use formwork::{EngineError, MaskError, PushError};

use crate::ModelError;

/// Why generation stops before its end.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum GenerateError {
    /// The model failed, or the request does not fit it.
    Model(ModelError),
    /// A limit of the constraint was reached.
    Constraint(EngineError),
    /// A text of the constraint cannot be had within the allowed tokens.
    TooFewTokens {
        /// So many would do.
        needed: usize,
        /// So many are allowed.
        allowed: usize,
    },
    /// A mask could not be filled.
    Mask(MaskError),
    /// A token that the mask allows was not read: a fault of the engine.
    Push(PushError),
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GenerateError::Model(error) => error.fmt(f),
            GenerateError::Constraint(error) => error.fmt(f),
            GenerateError::TooFewTokens { needed, allowed } => write!(
                f,
                "a complete text takes {needed} tokens, and {allowed} are allowed"
            ),
            GenerateError::Mask(error) => error.fmt(f),
            GenerateError::Push(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for GenerateError {}

impl From<ModelError> for GenerateError {
    fn from(error: ModelError) -> GenerateError {
        GenerateError::Model(error)
    }
}

impl From<EngineError> for GenerateError {
    fn from(error: EngineError) -> GenerateError {
        GenerateError::Constraint(error)
    }
}

impl From<MaskError> for GenerateError {
    fn from(error: MaskError) -> GenerateError {
        GenerateError::Mask(error)
    }
}

impl From<PushError> for GenerateError {
    fn from(error: PushError) -> GenerateError {
        GenerateError::Push(error)
    }
}
