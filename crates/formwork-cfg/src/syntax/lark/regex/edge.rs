//! Word boundaries.

use std::fmt::Write;

use super::{ASCII_SPACE, Translator, UNICODE_SPACE};

/// The kind of the character before a place, as far as it is plain to see.
///
/// Where it is known, a word boundary looks ahead only, and so may stand where
/// looking back is not supported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edge {
    Word,
    /// Another one, or none.
    Other,
    Unknown,
}

impl Edge {
    pub(super) fn of(is_word: bool) -> Self {
        if is_word { Self::Word } else { Self::Other }
    }

    pub(super) fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Unknown }
    }
}

impl Translator<'_> {
    pub(super) fn edge_of_char(&self, c: char) -> Edge {
        if c.is_ascii() || self.flags.ascii {
            return Edge::of(c == '_' || c.is_ascii_alphanumeric());
        }
        // Marks can be alphabetic, too; and folding may change the kind.
        if self.flags.ignore_case || c.is_alphabetic() {
            return Edge::Unknown;
        }
        Edge::of(c.is_numeric())
    }

    pub(super) fn word_boundary(&mut self, negated: bool, word: &str) {
        let is = format!("(?=[{word}])");
        let is_not = format!("(?![{word}])");
        let (after_word, after_other) = if negated { (is, is_not) } else { (is_not, is) };
        let _ = match self.edge {
            Edge::Word => write!(self.out, "{after_word}"),
            Edge::Other => write!(self.out, "{after_other}"),
            // ECMA-262 has the same boundaries.
            Edge::Unknown if self.flags.ascii => {
                write!(self.out, "{}", if negated { r"\B" } else { r"\b" })
            }
            Edge::Unknown => write!(
                self.out,
                "(?:(?<=[{word}]){after_word}|(?<![{word}]){after_other})"
            ),
        };
    }

    /// The kind of the characters of an escape.
    pub(super) fn edge_of(&self, members: &str) -> Edge {
        match members {
            _ if members == self.word() => Edge::Word,
            "0-9" => Edge::Word,
            r"\p{Nd}" if !self.flags.ascii => Edge::Word,
            UNICODE_SPACE | ASCII_SPACE => Edge::Other,
            _ => Edge::Unknown,
        }
    }

    /// Whether all of `lo..=hi` are of the same plain kind.
    pub(super) fn edge_of_range(&self, lo: char, hi: char) -> Edge {
        let within = |set: std::ops::RangeInclusive<char>| set.contains(&lo) && set.contains(&hi);
        if lo == hi {
            self.edge_of_char(lo)
        } else if within('0'..='9') || within('a'..='z') || within('A'..='Z') {
            Edge::Word
        } else {
            Edge::Unknown
        }
    }
}
