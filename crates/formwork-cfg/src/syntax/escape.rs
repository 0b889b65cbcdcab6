//! Escapes in quoted texts and classes.

use super::error::Fault;
use crate::ir::Span;

/// Reads the characters of a quoted text, whose quotes and escapes are in bounds.
#[derive(Clone)]
pub(super) struct Escapes<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Escapes<'a> {
    /// The characters of `text` in `span`.
    pub(super) fn new(text: &'a str, span: Span) -> Self {
        Self {
            text,
            at: span.start,
            end: span.end.min(text.len()),
        }
    }

    /// What is left, unread.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..self.end]
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// The place from `start` to here.
    pub(super) fn since(&self, start: usize) -> Span {
        Span {
            start,
            end: self.at,
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next character, and whether it was escaped; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(char, bool)>, Fault> {
        let start = self.at;
        let Some(c) = self.bump() else {
            return Ok(None);
        };
        if c != '\\' {
            return Ok(Some((c, false)));
        }
        let Some(kind) = self.bump() else {
            let message = "nothing follows the backslash; write `\\\\` for one";
            return Err(Fault::malformed(self.since(start), message));
        };
        let c = match kind {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'x' => self.hex(start, 2)?,
            'u' => self.hex(start, 4)?,
            'U' => self.hex(start, 8)?,
            c if c.is_ascii_punctuation() => c,
            _ => {
                let message = "unknown escape; there are \\n, \\r, \\t, \\xHH, \\uHHHH, \
                               \\UHHHHHHHH and escapes of punctuation";
                return Err(Fault::malformed(self.since(start), message));
            }
        };
        Ok(Some((c, true)))
    }

    fn hex(&mut self, start: usize, count: usize) -> Result<char, Fault> {
        let digits = self.rest().get(..count).unwrap_or("");
        let plain = digits.len() == count && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| plain);
        let Some(value) = value else {
            let message = format!("the escape needs {count} hexadecimal digits");
            return Err(Fault::malformed(self.since(start), message));
        };
        self.at += count;
        char::from_u32(value).ok_or_else(|| {
            let message = "not a character: surrogates and numbers over 10FFFF are none";
            Fault::malformed(self.since(start), message)
        })
    }

    /// All characters to the end.
    pub(super) fn text(mut self) -> Result<String, Fault> {
        let mut text = String::new();
        while let Some((c, _)) = self.next()? {
            text.push(c);
        }
        Ok(text)
    }
}
