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
use crate::halves::closing;

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

/// Literals that a text may have to differ from.
#[derive(Default)]
pub(crate) struct Literals {
    strings: BTreeSet<String>,
    numbers: Vec<Number>,
}

impl FromIterator<Box<[u8]>> for Literals {
    fn from_iter<T: IntoIterator<Item = Box<[u8]>>>(all: T) -> Literals {
        let mut literals = Literals::default();
        for literal in all {
            match decode(&literal) {
                Some(text) => _ = literals.strings.insert(text),
                None => literals.numbers.push(Number::of(&literal)),
            }
        }
        literals
    }
}

impl Literals {
    pub(crate) fn is_empty(&self) -> bool {
        self.strings.is_empty() && self.numbers.is_empty()
    }

    /// Whether a literal, read so far, is or may become one of these.
    pub(crate) fn may_be(&self, literal: Vec<u8>) -> bool {
        let literal = without_space(&literal);
        match literal.first() {
            None => !self.is_empty(),
            Some(b'"') => self.may_be_string(literal),
            Some(_) => {
                let number = Number::of(literal);
                self.numbers.iter().any(|known| number.may_become(known))
            }
        }
    }

    fn may_be_string(&self, literal: &[u8]) -> bool {
        let strings = &self.strings;
        if let Some(text) = decode(literal) {
            return strings.contains(&text);
        }
        begun(literal).is_some_and(|(text, tail)| {
            let from = strings.range(text.clone()..);
            let mut longer = from.map_while(|string| string.strip_prefix(&text));
            longer.any(|rest| match tail {
                [] => true,
                tail => rest.chars().next().is_some_and(|c| may_spell(tail, c)),
            })
        })
    }
}

/// A number, read so far: `0.d₁d₂… · 10^(point + exponent)`.
struct Number {
    is_negative: bool,
    /// Its digits from the first that is not 0.
    digits: Vec<u8>,
    /// Where the point is, if no more digits come before it.
    point: i64,
    /// What is behind the `e`, if that was read.
    exponent: Option<Vec<u8>>,
}

impl Number {
    fn of(literal: &[u8]) -> Number {
        let begin = literal.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = literal.split_at(begin.unwrap_or(literal.len()));
        let digits = |of: &[u8]| of.iter().copied().filter(u8::is_ascii_digit).collect();
        let all: Vec<u8> = digits(mantissa);
        let zeros = all.iter().take_while(|&&digit| digit == b'0').count();
        let whole = mantissa.iter().take_while(|&&byte| byte != b'.');
        let whole = whole.filter(|byte| byte.is_ascii_digit()).count();
        Number {
            is_negative: literal.first() == Some(&b'-'),
            digits: all[zeros..].to_vec(),
            point: whole as i64 - zeros as i64,
            exponent: begin.map(|_| exponent[1..].to_vec()),
        }
    }

    /// Whether it is another number that is whole, or may become that.
    ///
    /// Zeros with an exponent are not counted: there is no end of them.
    fn may_become(&self, whole: &Number) -> bool {
        if whole.digits.is_empty() {
            return self.digits.is_empty() && self.exponent.is_none();
        }
        let digit = |of: &Number, at: usize| of.digits.get(at).copied().unwrap_or(b'0');
        let alike = |len: usize| (0..len).all(|at| digit(self, at) == digit(whole, at));
        self.is_negative == whole.is_negative
            && match &self.exponent {
                None => alike(self.digits.len()),
                Some(begun) => {
                    let needed = whole.power() + whole.point - self.point;
                    let len = self.digits.len().max(whole.digits.len());
                    !self.digits.is_empty() && alike(len) && may_become_power(begun, needed)
                }
            }
    }

    /// The exponent of one that is whole.
    fn power(&self) -> i64 {
        let Some(exponent) = &self.exponent else {
            return 0;
        };
        let text = String::from_utf8_lossy(exponent);
        // One that is out of range is far from all others anyway.
        text.parse::<i32>().unwrap_or(i32::MAX).into()
    }
}

/// Whether an exponent, read so far, is a number or may become it.
fn may_become_power(begun: &[u8], power: i64) -> bool {
    let digits = begun.iter().skip_while(|byte| b"+-0".contains(byte));
    let digits: Vec<u8> = digits.copied().collect();
    let sign_fits = match begun.first() {
        None => true,
        Some(b'-') => power <= 0,
        Some(_) => power >= 0,
    };
    sign_fits
        && match power {
            0 => digits.is_empty(),
            _ => power
                .unsigned_abs()
                .to_string()
                .into_bytes()
                .starts_with(&digits),
        }
}

/// What is left of a text behind white space.
fn without_space(text: &[u8]) -> &[u8] {
    let space = text.iter().take_while(|&&byte| is_space(byte)).count();
    &text[space..]
}

/// The whole characters of a literal that is not closed yet, and the bytes of the one
/// that is not finished.
fn begun(literal: &[u8]) -> Option<(String, &[u8])> {
    let body = literal.strip_prefix(b"\"")?;
    // The longest part of a character: two escapes but for a digit.
    (0..=body.len().min(11)).find_map(|cut| {
        let (whole, tail) = body.split_at(body.len() - cut);
        let text = decode(&[b"\"", whole, b"\""].concat())?;
        Some((text, tail))
    })
}

/// Whether some bytes begin a spelling of a character.
fn may_spell(bytes: &[u8], c: char) -> bool {
    let units = |unit: &mut u16| format!("\\u{unit:04x}");
    let escaped: String = c.encode_utf16(&mut [0; 2]).iter_mut().map(units).collect();
    let short = match c {
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '"' => "\\\"",
        '\\' => "\\\\",
        '/' => "\\/",
        _ => "",
    };
    c.encode_utf8(&mut [0; 4]).as_bytes().starts_with(bytes)
        || escaped.as_bytes().starts_with(&bytes.to_ascii_lowercase())
        || short.as_bytes().starts_with(bytes)
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
    fn known_strings_are_found_however_they_are_spelled() {
        let mut names = Names::default();
        assert!(!Literals::default().may_be(b" ".to_vec()));
        let known = ["a\u{e9}", "b\u{e9}"].map(|text| Box::from(encode(text)));
        let known = Literals::from_iter(known);
        for literal in [
            &b""[..],
            b"  \"",
            b"\"a",
            b"\"\\u00",
            b"\"\\u0061\xc3",
            b"\"a\xc3\xa9\"",
        ] {
            assert!(known.may_be(literal.to_vec()), "{literal:?}");
        }
        for literal in [
            &b"1"[..],
            b"\"c",
            b"\"a\xc4",
            b"\"\\u0063",
            b"\"\\n",
            b"\"a\"",
            b"\"a\xc3\xa9x",
            b"\"ab\\u",
        ] {
            assert!(!known.may_be(literal.to_vec()), "{literal:?}");
        }
        let known = ["120", "-0.5", "0"].map(|text| Box::from(text.as_bytes()));
        let known = Literals::from_iter(known);
        for literal in [
            &b"1"[..],
            b"1.20",
            b"0.0012",
            b"12e1",
            b"12000",
            b"-",
            b"-5E-1",
            b"-0",
            b"00",
            b"12e",
            b"-5e-",
            b"120E+0",
            b"1.2e+002",
        ] {
            assert!(known.may_be(literal.to_vec()), "{literal:?}");
        }
        for literal in [
            &b"2"[..],
            b"121",
            b"1e1",
            b"5",
            b"-12",
            b"\"12",
            b"12e10",
            b"12e-",
            b"0e5",
        ] {
            assert!(!known.may_be(literal.to_vec()), "{literal:?}");
        }
        let plain = names.append(Text::START, b" \"a\\u00E9\\u0");
        let part = names.append(Text::START, b"\"\\u0061");
        let part = names.append(part, b"\xc3");
        assert_eq!(names.append(part, b"\xa9\\u0"), plain);
        assert_eq!(names.append(Text::START, b"\n"), Text::START);
        assert_eq!(names.append(Text::UNKNOWN, b"x"), Text::UNKNOWN);
    }
}
