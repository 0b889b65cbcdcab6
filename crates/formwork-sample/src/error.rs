//! Why there is no sample.

use std::fmt;

use formwork::{EngineError, MaskError, PushError, TokenId};
use formwork_infill::InfillError;
use formwork_model::ModelError;

/// Why there is no sample.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum SampleError {
    /// The constraint has no text at all, or none within the most tokens.
    EmptyLanguage {
        /// The most tokens of a text.
        max_tokens: usize,
    },
    /// The constraint has texts, but the model gives none of them any probability: the
    /// tree has proved it.
    NoMassLeft,
    /// A budget is spent. What was sampled before is right, but a set that ends because
    /// attempts ran out depends a little on what was hard to draw: ask for more attempts,
    /// or count the set as such.
    BudgetSpent {
        /// Which.
        budget: Budget,
        /// How much of it there was.
        limit: u64,
    },
    /// The model failed, or the request does not fit it.
    Model(ModelError),
    /// A row of logits that is no distribution: it has plus infinity, or nothing but
    /// minus infinity.
    BadRow {
        /// How many tokens were read after the prompt.
        depth: usize,
    },
    /// The model and the constraint, or a stop token, are of different vocabularies.
    Vocabulary {
        /// Logits of the model.
        logits: usize,
        /// Tokens of the other side.
        tokens: usize,
    },
    /// The constraint failed at a limit of its own.
    Constraint(EngineError),
    /// The canvas cannot be read, or reached a limit of its own.
    Canvas(InfillError),
    /// The constraint refuses a token that it allowed: a fault of the constraint.
    Refused {
        /// The token.
        token: TokenId,
    },
    /// An option is out of its bounds.
    Option {
        /// Its name.
        name: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
}

/// What can be spent while sampling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Budget {
    /// Attempts for one sample.
    Attempts,
    /// Rows of the model.
    Rows,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SampleError::EmptyLanguage { max_tokens } => write!(
                f,
                "the constraint has no text of at most {max_tokens} tokens; allow more \
                 tokens, or look at the grammar"
            ),
            SampleError::NoMassLeft => f.write_str(
                "the model gives no text of the constraint any probability; a lower top_k, \
                 top_p or min_p cuts less, a prompt may lead closer",
            ),
            SampleError::BudgetSpent { budget, limit } => {
                let (what, option) = match budget {
                    Budget::Attempts => ("attempts", "max_attempts"),
                    Budget::Rows => ("rows of the model", "max_rows"),
                };
                write!(
                    f,
                    "{limit} {what} were not enough for a sample; raise `{option}`, or \
                     warm the tree up first"
                )
            }
            SampleError::Model(error) => error.fmt(f),
            SampleError::BadRow { depth } => write!(
                f,
                "the model's logits after {depth} tokens are no distribution: one is plus \
                 infinity, or all are minus infinity"
            ),
            SampleError::Vocabulary { logits, tokens } => write!(
                f,
                "the model has {logits} logits and the constraint {tokens} tokens; use the \
                 model's own vocabulary"
            ),
            SampleError::Constraint(error) => error.fmt(f),
            SampleError::Canvas(error) => error.fmt(f),
            SampleError::Refused { token } => write!(
                f,
                "the constraint refuses token {} that it allowed: its mask and its steps \
                 disagree",
                token.0
            ),
            SampleError::Option { name, wanted } => write!(f, "`{name}` has to be {wanted}"),
        }
    }
}

impl std::error::Error for SampleError {}

impl From<ModelError> for SampleError {
    fn from(error: ModelError) -> SampleError {
        SampleError::Model(error)
    }
}

impl From<EngineError> for SampleError {
    fn from(error: EngineError) -> SampleError {
        SampleError::Constraint(error)
    }
}

impl From<InfillError> for SampleError {
    fn from(error: InfillError) -> SampleError {
        SampleError::Canvas(error)
    }
}

impl SampleError {
    /// A mask that could not be written into a row of the right length.
    pub(crate) fn mask(error: MaskError) -> SampleError {
        match error {
            MaskError::Engine(error) => SampleError::Constraint(error),
            MaskError::RowTooShort { words, needed } => SampleError::Vocabulary {
                logits: words * 32,
                tokens: needed * 32,
            },
            _ => SampleError::Option {
                name: "constraint",
                wanted: "one whose masks this version knows",
            },
        }
    }

    /// A token that could not be read after it was allowed.
    pub(crate) fn push(token: TokenId, error: PushError) -> SampleError {
        match error {
            PushError::Engine(error) => SampleError::Constraint(error),
            _ => SampleError::Refused { token },
        }
    }
}
