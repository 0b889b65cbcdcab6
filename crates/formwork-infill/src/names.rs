//! Texts that a language wants to remember, as far as they are known.
//!
//! A language that forbids a name or an item twice asks for the text of terminals. Where
//! an open position is part of a text, it may become many texts; only those that equal a
//! text known from elsewhere on the canvas are followed one by one, and the others are
//! *unknown*: different from all that are known.
//!
//! # Limitations
//!
//! Two unknown texts are taken to differ. They are strings of which there are more than
//! a canvas could name; texts of which there are few are all followed one by one, so far
//! as they are listed, and otherwise may have one open position, at their beginning.

use formwork_grammar::json_text::decode;
use formwork_grammar::whitespace::is_space;
use rustc_hash::{FxHashMap, FxHashSet};

/// A text of a terminal, by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Text(u32);

impl Text {
    /// Nothing but white space was read yet.
    pub(crate) const START: Text = Text(0);
    /// None of those that are known.
    pub(crate) const UNKNOWN: Text = Text(u32::MAX);
}

/// All known texts.
#[derive(Default)]
pub(crate) struct Names {
    all: Vec<Box<[u8]>>,
    ids: FxHashMap<Box<[u8]>, u32>,
    /// The strings that were read to their end, decoded.
    known: FxHashSet<String>,
}

impl Names {
    /// A text with more bytes behind it; white space in front does not count.
    pub(crate) fn append(&mut self, text: Text, bytes: &[u8]) -> Text {
        if text == Text::UNKNOWN {
            return text;
        }
        let begun = self.bytes(text).unwrap_or_default();
        let longer = [begun, bytes].concat();
        let space = longer.iter().take_while(|&&byte| is_space(byte)).count();
        let longer = &longer[space..];
        if longer.is_empty() {
            return Text::START;
        }
        if let Some(&id) = self.ids.get(longer) {
            return Text(id);
        }
        self.all.push(longer.into());
        let id = self.all.len() as u32;
        self.ids.insert(longer.into(), id);
        Text(id)
    }

    /// The bytes of a text, if they are known.
    pub(crate) fn bytes(&self, text: Text) -> Option<&[u8]> {
        match text {
            Text::UNKNOWN => None,
            Text::START => Some(&[]),
            Text(id) => self.all.get(id as usize - 1).map(|bytes| &**bytes),
        }
    }

    /// Notes a text that was read to its end; it can be forbidden from now on.
    pub(crate) fn note(&mut self, text: Text) {
        let literal = self.bytes(text).and_then(decode);
        self.known.extend(literal);
    }

    /// How many strings are known.
    pub(crate) fn known_count(&self) -> usize {
        self.known.len()
    }

    /// Whether a literal, read so far, is or may become one of the known strings.
    pub(crate) fn may_be_known(&self, literal: &[u8]) -> bool {
        let space = literal.iter().take_while(|&&byte| is_space(byte)).count();
        let Some((quote, body)) = literal[space..].split_first() else {
            return !self.known.is_empty();
        };
        if *quote != b'"' {
            return false;
        }
        let is_closed = decode(literal);
        if let Some(text) = is_closed {
            return self.known.contains(&text);
        }
        // Leave out the character that is not finished, if one is not.
        let longest = (0..=body.len().min(12)).find_map(|cut| {
            let whole = body.get(..body.len() - cut)?;
            decode(&[b"\"", whole, b"\""].concat())
        });
        longest.is_some_and(|begun| self.known.iter().any(|known| known.starts_with(&begun)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_strings_are_found_however_they_are_spelled() {
        let mut names = Names::default();
        assert!(!names.may_be_known(b" "));
        let text = names.append(Text::START, b" \"a");
        let whole = names.append(text, b"\\u00e9\"");
        names.note(whole);
        assert_eq!(names.known_count(), 1);
        for literal in [
            &b""[..],
            b"  \"",
            b"\"a",
            b"\"\\u00",
            b"\"\\u0061\xc3",
            b"\"a\xc3\xa9\"",
        ] {
            assert!(names.may_be_known(literal), "{literal:?}");
        }
        for literal in [&b"1"[..], b"\"b", b"\"a\"", b"\"a\xc3\xa9x", b"\"ab\\u"] {
            assert!(!names.may_be_known(literal), "{literal:?}");
        }
        assert_eq!(names.append(Text::START, b"\n"), Text::START);
        assert_eq!(names.append(Text::UNKNOWN, b"x"), Text::UNKNOWN);
    }
}
