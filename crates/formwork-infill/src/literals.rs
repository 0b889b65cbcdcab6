//! What a literal, read so far, is or may become, however it is spelled.

use std::collections::BTreeSet;

use formwork_grammar::json_text::decode;

use crate::names::{begun, without_space};

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
    pub(crate) fn may_be(&self, literal: &[u8]) -> bool {
        let literal = without_space(literal);
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

#[cfg(test)]
mod tests {
    use formwork_grammar::json_text::encode;

    use super::*;

    fn check(known: impl IntoIterator<Item = Box<[u8]>>, may_be: &[&[u8]], others: &[&[u8]]) {
        let known = Literals::from_iter(known);
        for literal in may_be {
            assert!(known.may_be(literal), "{}", literal.escape_ascii());
        }
        for literal in others {
            assert!(!known.may_be(literal), "{}", literal.escape_ascii());
        }
    }

    #[test]
    fn strings_are_found_however_they_are_spelled() {
        check([], &[], &[b" "]);
        check(
            ["a\u{e9}", "b\u{e9}"].map(|text| encode(text).into()),
            &[
                b"",
                b"  \"",
                b"\"a",
                b"\"\\u00",
                b"\"\\u0061\xc3",
                b"\"a\xc3\xa9\"",
            ],
            &[
                b"1",
                b"\"c",
                b"\"a\xc4",
                b"\"\\u0063",
                b"\"\\n",
                b"\"a\"",
                b"\"a\xc3\xa9x",
                b"\"ab\\u",
            ],
        );
    }

    #[test]
    fn numbers_are_found_however_they_are_spelled() {
        check(
            ["120", "-0.5", "0"].map(|text| text.as_bytes().into()),
            &[
                b"1",
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
            ],
            &[
                b"2", b"121", b"1e1", b"5", b"-12", b"\"12", b"12003", b"12e10", b"12e-", b"0e5",
            ],
        );
    }
}
