//! Texts that a language wants to remember, as far as they are known.
//!
//! A language that forbids a name or an item twice asks for the text of terminals. Where
//! an open position is part of a text, it may become many texts; only those that equal a
//! text known from elsewhere on the canvas are followed one by one, and the others are
//! *unknown*: different from all that are known.
//!
//! # Limitations
//!
//! Two unknown texts are taken to differ, and mostly can: each has an open position that may
//! hold many tokens. Texts of terminals that have few are followed one by one; so are
//! strings that stand half on a canvas which leaves few of them ([`halves`](crate::halves)),
//! if there are few places for others. What is taken wrongly then are texts in two
//! neighbouring tokens, or in the first of an open position, from their begin to their
//! end, and open positions that only complete a character beyond ASCII. Others within one
//! token are left out. `tests/names.rs` counts both, over a vocabulary made for it.

use std::collections::BTreeSet;

use formwork_grammar::json_text::{decode, encode};
use formwork_grammar::whitespace::is_space;
use formwork_vocab::Vocab;
use rustc_hash::FxHashMap;

use crate::canvas::Cell;

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
}

impl Names {
    /// A text with more bytes behind it; white space in front does not count, nor how
    /// characters are spelled.
    pub(crate) fn append(&mut self, text: Text, bytes: &[u8]) -> Text {
        if text == Text::UNKNOWN {
            return text;
        }
        let longer = [self.bytes(text).unwrap_or_default(), bytes].concat();
        let longer = normal(without_space(&longer));
        if longer.is_empty() {
            return Text::START;
        }
        if let Some(&id) = self.ids.get(longer.as_slice()) {
            return Text(id);
        }
        let longer = longer.into_boxed_slice();
        self.all.push(longer.clone());
        let id = self.all.len() as u32;
        self.ids.insert(longer, id);
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
}

/// What is left of a text behind white space.
pub(crate) fn without_space(text: &[u8]) -> &[u8] {
    let space = text.iter().take_while(|&&byte| is_space(byte)).count();
    &text[space..]
}

/// The whole characters of a literal that is not closed yet, and the bytes of the one
/// that is not finished.
pub(crate) fn begun(literal: &[u8]) -> Option<(String, &[u8])> {
    let body = literal.strip_prefix(b"\"")?;
    // The longest part of a character: two escapes but for a digit.
    (0..=body.len().min(11)).find_map(|cut| {
        let (whole, tail) = body.split_at(body.len() - cut);
        let text = decode(&[b"\"", whole, b"\""].concat())?;
        Some((text, tail))
    })
}

/// One spelling for all of a string literal, be it closed or not; anything else as it is.
fn normal(literal: &[u8]) -> Vec<u8> {
    if let Some(text) = decode(literal) {
        return encode(&text);
    }
    let Some((text, tail)) = begun(literal) else {
        return literal.to_vec();
    };
    let mut spelled = encode(&text);
    spelled.pop(); // it is not closed
    spelled.extend(tail.to_ascii_lowercase());
    spelled
}

/// A string or number in the fixed text of a canvas.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Standing {
    /// It, as a string is spelled by [`encode`].
    pub(crate) literal: Box<[u8]>,
    /// What comes after it and white space, if that is known.
    pub(crate) next: Option<u8>,
}

/// The strings and numbers that stand in the fixed text of a canvas, wherever a quote
/// may open a string and before whatever may follow a name or an item; of those strings that
/// go on in another position than they began in, the ones for which `goes_on` says of the
/// latter that a text to remember may be read there. `O(n)` for each quote, as far as the
/// next.
pub(crate) fn standing(
    cells: &[Cell],
    vocab: &Vocab,
    goes_on: impl Fn(usize) -> bool,
) -> BTreeSet<Standing> {
    let mut all = BTreeSet::new();
    let mut first = 0;
    let is_fixed = |cell: &Cell| matches!(cell, Cell::Token(_));
    for run in cells.chunk_by(|a, b| is_fixed(a) && is_fixed(b)) {
        let tokens = run.iter().filter_map(|cell| match cell {
            Cell::Token(token) => Some(vocab.bytes(*token)),
            _ => None,
        });
        let tokens: Vec<&[u8]> = tokens.collect();
        let text = tokens.concat();
        let begin = first;
        first += run.len();
        for (open, _) in text.iter().enumerate().filter(|&(_, &byte)| byte == b'"') {
            let body = &text[open + 1..];
            let Some(len) = closing(body) else { continue };
            // Where the token ends that opens it.
            let mut end = 0;
            let after = tokens.iter().position(|token| {
                end += token.len();
                open < end
            });
            let after = after.map_or(first, |token| begin + token + 1);
            if open + 1 + len >= end && !goes_on(after) {
                continue;
            }
            let after = &body[len + 1..];
            let next = after.iter().copied().find(|&byte| !is_space(byte));
            if next.is_none_or(|byte| b":,]}".contains(&byte)) {
                let string = decode(&text[open..open + len + 2]);
                all.extend(string.map(|text| Standing {
                    literal: encode(&text).into(),
                    next,
                }));
            }
        }
        all.extend(numbers(&text).map(|(number, next)| Standing {
            literal: number.into(),
            next,
        }));
    }
    all
}

/// Where the quote is that closes string content.
pub(crate) fn closing(body: &[u8]) -> Option<usize> {
    let mut escaped = false;
    body.iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// The numbers that stand in some text as items of arrays may, and what comes next; whole,
/// if nothing is added at the ends of the text.
fn numbers(text: &[u8]) -> impl Iterator<Item = (&[u8], Option<u8>)> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let mut behind = 0;
    let runs = text.chunk_by(move |&a, &b| is_part(a) == is_part(b));
    let runs = runs.map(move |run| {
        behind += run.len();
        (run, behind)
    });
    runs.filter_map(move |(run, behind)| {
        let before = text[..behind - run.len()].trim_ascii_end().last();
        let next = text[behind..].trim_ascii_start().first();
        let mut bytes = run.iter();
        let is_number = bytes.all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
        let is_item = before.is_none_or(|byte| b"[,".contains(byte))
            && next.is_none_or(|byte| b",]".contains(byte));
        (is_number && is_item).then_some((run, next.copied()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_however_they_are_spelled() {
        let mut names = Names::default();
        let plain = names.append(Text::START, b" \"a\\u00E9\\u0");
        let part = names.append(Text::START, b"\"\\u0061");
        let part = names.append(part, b"\xc3");
        assert_eq!(names.append(part, b"\xa9\\u0"), plain);
        assert_eq!(names.append(Text::START, b"\n"), Text::START);
        assert_eq!(names.append(Text::UNKNOWN, b"x"), Text::UNKNOWN);
    }
}
