//! Why a canvas was not filled.

use formwork_model::ModelError;

use crate::InfillError;

/// Why a canvas was not filled to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FillError {
    /// The model failed, or the request does not fit it.
    Model(ModelError),
    /// The checker refused.
    Infill(InfillError),
    /// A gap has no length yet.
    Gap {
        /// Its first position that may be left out.
        position: usize,
    },
    /// The scheduler named no position that can be filled.
    Stalled,
    /// A model that reads from left to right has nothing to read.
    NoPrompt,
}

impl std::fmt::Display for FillError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FillError::Model(error) => error.fmt(f),
            FillError::Infill(error) => error.fmt(f),
            FillError::Gap { position } => write!(
                f,
                "the canvas has a gap at position {position}; choose its length first, with \
                 `settle`"
            ),
            FillError::Stalled => write!(f, "the scheduler names no position to be filled"),
            FillError::NoPrompt => write!(
                f,
                "the canvas begins with an open position and the model has to read something \
                 before; give a prompt of at least one token"
            ),
        }
    }
}

impl std::error::Error for FillError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FillError::Model(error) => Some(error),
            FillError::Infill(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ModelError> for FillError {
    fn from(error: ModelError) -> FillError {
        FillError::Model(error)
    }
}

impl From<InfillError> for FillError {
    fn from(error: InfillError) -> FillError {
        FillError::Infill(error)
    }
}
