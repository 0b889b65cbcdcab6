//! Why a pattern has no automaton.

use std::fmt;

use crate::limits::TooLarge;

/// A pattern is malformed, not supported, or too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexError {
    offset: usize,
    kind: RegexErrorKind,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegexErrorKind {
    /// It is not a regular expression of ECMA-262.
    Syntax(&'static str),
    /// It uses a construct that is not supported.
    Unsupported(Unsupported),
    /// Its automaton would cross a limit.
    TooLarge(TooLarge),
}

/// A construct that is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unsupported {
    /// `\1` or `\k<name>`: the language is not regular.
    Backreference,
    /// `(?<=...)` or `(?<!...)`.
    Lookbehind,
    /// `(?i)` or `(?i:...)`.
    InlineFlags,
    /// `(?>...)`, which is not ECMA-262.
    AtomicGroup,
}

impl RegexError {
    pub(crate) fn syntax(offset: usize, message: &'static str) -> Self {
        Self {
            offset,
            kind: RegexErrorKind::Syntax(message),
        }
    }

    pub(crate) fn unsupported(offset: usize, what: Unsupported) -> Self {
        Self {
            offset,
            kind: RegexErrorKind::Unsupported(what),
        }
    }

    pub(crate) fn too_large(offset: usize, error: TooLarge) -> Self {
        Self {
            offset,
            kind: RegexErrorKind::TooLarge(error),
        }
    }

    /// The byte offset in the pattern; 0 when the whole pattern is at fault.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong there.
    #[must_use]
    pub fn kind(&self) -> &RegexErrorKind {
        &self.kind
    }
}

impl From<TooLarge> for RegexError {
    fn from(error: TooLarge) -> Self {
        Self::too_large(0, error)
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backreference => "backreference",
            Self::Lookbehind => "lookbehind",
            Self::InlineFlags => "inline flags",
            Self::AtomicGroup => "atomic group",
        })
    }
}

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            RegexErrorKind::Syntax(message) => write!(f, "{message}")?,
            RegexErrorKind::Unsupported(what) => write!(f, "{what} is not supported")?,
            RegexErrorKind::TooLarge(error) => return write!(f, "the pattern {error}"),
        }
        write!(f, " at offset {}", self.offset)
    }
}

impl std::error::Error for RegexError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            RegexErrorKind::TooLarge(error) => Some(error),
            _ => None,
        }
    }
}
