//! Escapes, inside classes and out.

use formwork_automata::{CharSet, Limits, regex};

use super::{
    ASCII_NO_SPACE, ASCII_SPACE, RegexFault, Translator, UNICODE_NO_SPACE, UNICODE_SPACE,
    push_ranges,
};

/// What an escape stands for.
pub(super) enum Escaped {
    Char(char),
    /// Members of a class in ECMA-262.
    Set(String),
}

impl Translator<'_> {
    /// Whether three octal digits follow, of which the value is a byte.
    pub(super) fn is_octal(&self) -> bool {
        let digits = self.rest().as_bytes();
        matches!(digits, [b'0'..=b'3', b'0'..=b'7', b'0'..=b'7', ..])
    }

    /// An escape for characters; the backslash is read already.
    pub(super) fn escaped(&mut self, start: usize, in_class: bool) -> Result<Escaped, RegexFault> {
        let Some(c) = self.bump() else {
            return self.malformed(start, "nothing follows the backslash");
        };
        let ascii = self.flags.ascii;
        let pick = |a: &str, u: &str| Escaped::Set(if ascii { a } else { u }.to_owned());
        let escaped = match c {
            'd' => pick("0-9", r"\p{Nd}"),
            'D' => pick(r"\D", r"\P{Nd}"),
            's' => pick(ASCII_SPACE, UNICODE_SPACE),
            'S' => pick(ASCII_NO_SPACE, UNICODE_NO_SPACE),
            'w' => Escaped::Set(self.word().to_owned()),
            'W' => Escaped::Set(complement(self.word())),
            'p' | 'P' => self.property(start, c)?,
            'a' => Escaped::Char('\u{7}'),
            'b' if in_class => Escaped::Char('\u{8}'),
            'f' => Escaped::Char('\u{c}'),
            'n' => Escaped::Char('\n'),
            'r' => Escaped::Char('\r'),
            't' => Escaped::Char('\t'),
            'v' => Escaped::Char('\u{b}'),
            'x' => Escaped::Char(self.hex(start, 2)?),
            'u' => Escaped::Char(self.hex(start, 4)?),
            'U' => Escaped::Char(self.hex(start, 8)?),
            '0'..='7' => Escaped::Char(self.octal(c)),
            c if c.is_ascii_alphanumeric() => {
                return self.malformed(start, "unknown escape; a letter needs no backslash");
            }
            c => Escaped::Char(c),
        };
        Ok(escaped)
    }

    pub(super) fn property(&mut self, start: usize, kind: char) -> Result<Escaped, RegexFault> {
        if self.flags.ignore_case {
            let message = "properties are not supported where case is ignored";
            return self.unsupported(start, message);
        }
        let name = self
            .rest()
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'));
        match name {
            Some((name, _)) => {
                self.at += name.len() + 2;
                Ok(Escaped::Set(format!("\\{kind}{{{name}}}")))
            }
            None => self.malformed(start, "expected `{`, the name of a property and `}`"),
        }
    }

    pub(super) fn hex(&mut self, start: usize, count: usize) -> Result<char, RegexFault> {
        let braced = self
            .rest()
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'));
        let (digits, length) = match braced {
            Some((digits, _)) => (digits, digits.len() + 2),
            None => (self.rest().get(..count).unwrap_or(""), count),
        };
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| plain);
        match value.and_then(char::from_u32) {
            Some(c) => {
                self.at += length;
                Ok(c)
            }
            None => self.malformed(start, "expected the hexadecimal digits of a character"),
        }
    }

    pub(super) fn octal(&mut self, first: char) -> char {
        let mut value = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else {
                break;
            };
            if value * 8 + digit > 0xFF {
                break;
            }
            self.at += 1;
            value = value * 8 + digit;
        }
        char::from_u32(value).unwrap_or('\0')
    }
}

/// Members of a class that has all characters but `members`.
fn complement(members: &str) -> String {
    let pattern = format!("[^{members}]");
    let mut out = String::new();
    if let Ok(dfa) = regex::compile_whole(&pattern, &Limits::default())
        && let Some(start) = dfa.start()
    {
        let inside = dfa
            .classes()
            .filter(|&(class, _)| dfa.next_class(start, class).is_some());
        let ranges = inside.flat_map(|(_, ranges)| ranges.iter().copied());
        push_ranges(&mut out, CharSet::from_ranges(ranges).ranges());
    }
    out
}
