//! Why a grammar text was not read, and where.

use std::fmt;

use formwork_grammar::shown_sentence;

use crate::ir::Span;

/// What sort of mistake a [`SyntaxError`] is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// The text is not of its notation.
    Malformed,
    /// A symbol is used that nothing defines.
    Undefined,
    /// A symbol is defined twice.
    Duplicate,
    /// The notation has the construct, but it is not supported.
    Unsupported,
    /// A limit of [`SyntaxLimits`](super::SyntaxLimits) was crossed.
    Limit,
}

/// A mistake before its place is known in lines and columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    pub(super) kind: SyntaxErrorKind,
    pub(super) span: Span,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn malformed(span: Span, message: impl Into<String>) -> Self {
        Self::new(SyntaxErrorKind::Malformed, span, message)
    }

    pub(super) fn undefined(span: Span, message: impl Into<String>) -> Self {
        Self::new(SyntaxErrorKind::Undefined, span, message)
    }

    pub(super) fn duplicate(span: Span, message: impl Into<String>) -> Self {
        Self::new(SyntaxErrorKind::Duplicate, span, message)
    }

    pub(super) fn unsupported(span: Span, message: impl Into<String>) -> Self {
        Self::new(SyntaxErrorKind::Unsupported, span, message)
    }

    /// `what` may be at most `max`, a field of the limits called `name`.
    pub(super) fn limit(span: Span, what: &str, name: &str, max: impl fmt::Display) -> Self {
        let message =
            format!("{what}: more than {max}; simplify the grammar or raise the limit `{name}`");
        Self::new(SyntaxErrorKind::Limit, span, message)
    }

    pub(super) fn too_large(span: Span, message: impl Into<String>) -> Self {
        Self::new(SyntaxErrorKind::Limit, span, message)
    }

    fn new(kind: SyntaxErrorKind, span: Span, message: impl Into<String>) -> Self {
        Self {
            kind,
            span,
            message: message.into(),
        }
    }
}

/// A mistake in a grammar text.
///
/// Displayed, it shows the line of the text with carets under the mistake:
///
/// ```text
/// line 2, column 9: `digt` is not defined; define it or correct the name
///   |
/// 2 | int ::= digt+
///   |         ^^^^
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SyntaxError {
    /// What sort of mistake it is.
    pub kind: SyntaxErrorKind,
    /// Where it is, in bytes of the text.
    pub span: Span,
    /// The line where it starts, counted from 1.
    pub line: usize,
    /// The character of the line where it starts, counted from 1.
    pub column: usize,
    /// What is wrong, and what to do.
    pub message: String,
    /// The line, or for a long one the part around the mistake.
    pub excerpt: String,
    /// The characters of the excerpt that are at fault: the first, and how many.
    pub marked: (usize, usize),
}

/// The characters of a line that are shown before a mistake.
const BEFORE: usize = 60;
/// The characters of a line that are shown.
const SHOWN: usize = 100;

impl SyntaxError {
    pub(super) fn new(text: &str, fault: Fault) -> Self {
        let start = floor(text, fault.span.start);
        let end = floor(text, fault.span.end).max(start);
        let head = &text[..start];
        let line_start = head.rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
        let line_text = text[line_start..line_end].trim_end_matches('\r');
        let column = text[line_start..start].chars().count();
        let skipped = column.saturating_sub(BEFORE);
        // What would move the cursor stays a character, so that carets stand where they should.
        let still = |c: char| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        };
        let excerpt = line_text.chars().skip(skipped).take(SHOWN);
        let excerpt: String = excerpt.map(still).collect();
        let width = text[start..end.min(line_end)].chars().count();
        let first = column - skipped;
        let room = excerpt.chars().count().saturating_sub(first);
        Self {
            kind: fault.kind,
            span: Span { start, end },
            line: head.matches('\n').count() + 1,
            column: column + 1,
            message: fault.message,
            excerpt,
            marked: (first, width.min(room).max(1)),
        }
    }
}

/// The nearest boundary of characters at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let (first, count) = self.marked;
        // Tabs stay tabs, so that the carets stand where the text does.
        let keep_tab = |c: char| if c == '\t' { '\t' } else { ' ' };
        let indent: String = self.excerpt.chars().take(first).map(keep_tab).collect();
        let message = shown_sentence(&self.message);
        writeln!(f, "line {number}, column {}: {message}", self.column)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", self.excerpt)?;
        write!(f, "{gutter} | {indent}{}", "^".repeat(count))
    }
}

impl std::error::Error for SyntaxError {}

/// The mistakes found in a grammar text: at least one, in the order of the text.
///
/// Reading goes on after a mistake where the next definition can be told, so that
/// several can be mended at once; those after the twentieth are left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxErrors {
    errors: Vec<SyntaxError>,
}

pub(super) const MAX_ERRORS: usize = 20;

impl SyntaxErrors {
    pub(super) fn new(text: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.span.start);
        faults.dedup();
        faults.truncate(MAX_ERRORS);
        let errors = faults.into_iter();
        Self {
            errors: errors.map(|fault| SyntaxError::new(text, fault)).collect(),
        }
    }

    /// The mistakes.
    #[must_use]
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// Whether a limit of the caller is to blame for all of them rather than the text.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        let mut kinds = self.errors.iter().map(|error| error.kind);
        kinds.all(|kind| kind == SyntaxErrorKind::Limit)
    }
}

impl fmt::Display for SyntaxErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.errors.iter().enumerate() {
            let break_before = if n == 0 { "" } else { "\n" };
            write!(f, "{break_before}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SyntaxErrors {}
