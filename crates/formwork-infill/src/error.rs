//! Why a canvas is refused.

use formwork_vocab::TokenId;

/// Why a canvas cannot be filled, or a position not be set.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum InfillError {
    /// No text of the grammar fits the canvas.
    Infeasible,
    /// The token is not allowed at the position: nothing that fits would be left.
    NotAllowed {
        /// The position.
        position: usize,
        /// The token.
        token: TokenId,
    },
    /// There is no such position, or it is not open, or, when it is opened again, it was
    /// not.
    NoSuchPosition {
        /// The position asked for.
        position: usize,
    },
    /// The canvas is longer than the limit.
    TooLong {
        /// Its positions.
        positions: usize,
        /// The most of them.
        limit: usize,
    },
    /// More memory would be needed than the limit.
    TooMuchMemory {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The canvas has a gap; give it a length first, as [`settle`](crate::settle) does.
    Gap {
        /// Where it begins.
        position: usize,
    },
    /// No text was taken of those drawn by chance: each has too many derivations.
    TooAmbiguous {
        /// Texts drawn.
        draws: usize,
    },
    /// A row of another length than the vocabulary's.
    WrongRow {
        /// Words that it has.
        words: usize,
        /// Words that it needs.
        needed: usize,
    },
}

impl std::fmt::Display for InfillError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            InfillError::Infeasible => {
                write!(f, "no text of the grammar fits the canvas")
            }
            InfillError::NotAllowed { position, token } => write!(
                f,
                "token {} is not allowed at position {position}: no text of the grammar \
                 would fit the canvas any more",
                token.0
            ),
            InfillError::NoSuchPosition { position } => {
                write!(f, "position {position} is not there, or not open")
            }
            InfillError::Gap { position } => write!(
                f,
                "there is a gap at position {position}; settle its length first"
            ),
            InfillError::TooAmbiguous { draws } => write!(
                f,
                "none of {draws} texts drawn was taken, since each is derived in many ways; \
                 make the grammar less ambiguous"
            ),
            InfillError::TooLong { positions, limit } => write!(
                f,
                "the canvas has {positions} positions, more than the limit of {limit}"
            ),
            InfillError::TooMuchMemory { limit } => write!(
                f,
                "the canvas needs more than the limit of {limit} bytes; raise \
                 `max_bytes`, or fix the order of properties"
            ),
            InfillError::WrongRow { words, needed } => write!(
                f,
                "the row has {words} words, where the vocabulary needs {needed}"
            ),
        }
    }
}

impl std::error::Error for InfillError {}
