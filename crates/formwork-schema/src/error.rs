//! Why a schema was not compiled.

use formwork_grammar::{shown_name, shown_sentence};

/// So many places are named in a message.
const MAX_SHOWN: usize = 20;

/// A place in a schema and what is the matter there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// JSON Pointer (RFC 6901) of the schema that holds the keyword.
    pub pointer: String,
    /// The keyword.
    pub keyword: String,
    /// What is wrong with it, or not supported, and what to do.
    pub reason: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = match self.pointer.as_str() {
            "" => "the root",
            pointer => pointer,
        };
        let (place, keyword) = (shown_name(place), shown_name(&self.keyword));
        write!(
            f,
            "at {place}: `{keyword}`: {}",
            shown_sentence(&self.reason)
        )
    }
}

/// Why a schema was not compiled. Nothing is ever ignored or loosened: a schema
/// compiles exactly or ends in one of these.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SchemaError {
    /// The text is not JSON.
    Syntax {
        /// Byte offset of the error.
        offset: usize,
        /// What is wrong there.
        message: String,
    },
    /// The document is JSON, but keywords have values that no draft allows.
    Invalid(Vec<Refusal>),
    /// Keywords, or uses of them, that are not supported.
    Refused(Vec<Refusal>),
    /// No JSON value satisfies the schema.
    Unsatisfiable(Vec<Refusal>),
    /// A limit of [`SchemaLimits`](crate::SchemaLimits) was reached.
    Limit {
        /// The limit's name.
        name: &'static str,
        /// Its value.
        limit: u64,
        /// Where, as far as known.
        place: String,
    },
    /// The owner of [`SchemaLimits::fuel`](crate::SchemaLimits::fuel) said stop.
    Stopped,
}

impl SchemaError {
    /// A refusal of a keyword of which the place is not known.
    pub(crate) fn refused(keyword: &str, reason: &str) -> SchemaError {
        SchemaError::Refused(vec![Refusal {
            pointer: String::new(),
            keyword: keyword.into(),
            reason: reason.into(),
        }])
    }

    /// Whether the schema is to blame rather than a limit of this process.
    pub fn is_user_error(&self) -> bool {
        !matches!(self, SchemaError::Limit { .. } | SchemaError::Stopped)
    }

    /// The places concerned; empty for syntax errors and limits.
    pub fn refusals(&self) -> &[Refusal] {
        match self {
            SchemaError::Invalid(list)
            | SchemaError::Refused(list)
            | SchemaError::Unsatisfiable(list) => list,
            SchemaError::Syntax { .. } | SchemaError::Limit { .. } | SchemaError::Stopped => &[],
        }
    }
}

impl std::fmt::Display for SchemaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self {
            SchemaError::Syntax { offset, message } => {
                let message = shown_sentence(message);
                return write!(f, "not JSON: {message} (at byte {offset})");
            }
            SchemaError::Limit { name, limit, place } => {
                let place = shown_name(place);
                return write!(
                    f,
                    "the limit `{name}` of {limit} was reached at {place}; \
                     simplify the schema or raise the limit"
                );
            }
            SchemaError::Stopped => return f.write_str("compiling the schema was stopped"),
            SchemaError::Invalid(_) => "the schema is invalid",
            SchemaError::Refused(_) => "the schema is not supported",
            SchemaError::Unsatisfiable(_) => "no value satisfies the schema",
        };
        f.write_str(what)?;
        let refusals = self.refusals();
        for refusal in refusals.iter().take(MAX_SHOWN) {
            write!(f, "\n  {refusal}")?;
        }
        match refusals.len().saturating_sub(MAX_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl std::error::Error for SchemaError {}
