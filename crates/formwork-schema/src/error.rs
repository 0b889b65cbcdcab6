//! Why a schema was not compiled.

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
        write!(f, "at {place}: `{}`: {}", self.keyword, self.reason)
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
        !matches!(self, SchemaError::Limit { .. })
    }

    /// The places concerned; empty for syntax errors and limits.
    pub fn refusals(&self) -> &[Refusal] {
        match self {
            SchemaError::Invalid(list)
            | SchemaError::Refused(list)
            | SchemaError::Unsatisfiable(list) => list,
            SchemaError::Syntax { .. } | SchemaError::Limit { .. } => &[],
        }
    }
}

impl std::fmt::Display for SchemaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self {
            SchemaError::Syntax { offset, message } => {
                return write!(f, "not JSON: {message} (at byte {offset})");
            }
            SchemaError::Limit { name, limit, place } => {
                return write!(
                    f,
                    "the limit `{name}` of {limit} was reached at {place}; \
                     simplify the schema or raise the limit"
                );
            }
            SchemaError::Invalid(_) => "the schema is invalid",
            SchemaError::Refused(_) => "the schema is not supported",
            SchemaError::Unsatisfiable(_) => "no value satisfies the schema",
        };
        f.write_str(what)?;
        for refusal in self.refusals() {
            write!(f, "\n  {refusal}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SchemaError {}
