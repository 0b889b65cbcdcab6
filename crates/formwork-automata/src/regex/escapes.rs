//! Escapes, inside classes and out.

use super::ast::{Assert, Node};
use super::error::{RegexError, Unsupported};
use super::parser::{Parser, group_name};
use crate::charset::CharSet;

/// What an escape stands for, where a character or class may stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Escaped {
    /// One code point, perhaps a surrogate.
    Point(u32),
    Set(CharSet),
}

impl Parser<'_> {
    /// An escape outside of classes.
    pub(super) fn escape(&mut self) -> Result<Node, RegexError> {
        let start = self.at;
        self.at += 1;
        let assert = match self.peek() {
            Some('b') => Some(Assert::WordBoundary),
            Some('B') => Some(Assert::NotWordBoundary),
            _ => None,
        };
        if let Some(assert) = assert {
            self.at += 1;
            return Ok(Node::Assert(assert));
        }
        if self.is_backreference()? {
            return Err(RegexError::unsupported(start, Unsupported::Backreference));
        }
        let set = match self.escaped(false)? {
            Escaped::Point(c) => CharSet::from_ranges([(c, c)]),
            Escaped::Set(set) => set,
        };
        Ok(self.set(set))
    }

    fn is_backreference(&mut self) -> Result<bool, RegexError> {
        let rest = self.rest();
        if rest.starts_with('k') && self.has_names {
            let name = rest[1..].strip_prefix('<').and_then(group_name);
            return name
                .map(|_| true)
                .ok_or_else(|| self.error("invalid named reference"));
        }
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let digits = &rest[..end];
        if digits.is_empty() || digits.starts_with('0') {
            return Ok(false);
        }
        Ok(digits.parse::<u32>().is_ok_and(|n| n <= self.captures))
    }

    /// An escape that stands for characters; the backslash is read already.
    pub(super) fn escaped(&mut self, in_class: bool) -> Result<Escaped, RegexError> {
        let Some(c) = self.bump() else {
            return Err(self.error("the pattern ends in a backslash"));
        };
        let set = match c {
            'd' => CharSet::digit(),
            'D' => CharSet::digit().complement(),
            'w' => CharSet::word(),
            'W' => CharSet::word().complement(),
            's' => CharSet::space(),
            'S' => CharSet::space().complement(),
            'p' | 'P' if self.peek() == Some('{') => self.property(c == 'P')?,
            _ => return Ok(Escaped::Point(self.escaped_point(c, in_class))),
        };
        Ok(Escaped::Set(set))
    }

    fn escaped_point(&mut self, c: char, in_class: bool) -> u32 {
        match c {
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            'b' if in_class => 0x08,
            '0'..='7' => self.octal(c),
            'c' => self.control(in_class),
            'x' => self.hex(2).unwrap_or('x' as u32),
            'u' => self.unicode(),
            _ => c as u32,
        }
    }

    /// `\0`, and the octal escapes of Annex B: at most three digits, at most 255.
    fn octal(&mut self, first: char) -> u32 {
        let mut value = first as u32 - '0' as u32;
        let more = if value <= 3 { 2 } else { 1 };
        for _ in 0..more {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else {
                break;
            };
            self.at += 1;
            value = value * 8 + digit;
        }
        value
    }

    /// `\cX`. Without a letter the backslash stands for itself and `c` is read again.
    fn control(&mut self, in_class: bool) -> u32 {
        match self.peek() {
            Some(c)
                if c.is_ascii_alphabetic() || (in_class && (c.is_ascii_digit() || c == '_')) =>
            {
                self.at += 1;
                c as u32 % 32
            }
            _ => {
                self.at -= 1;
                '\\' as u32
            }
        }
    }

    /// Exactly `count` hexadecimal digits, or nothing.
    fn hex(&mut self, count: usize) -> Option<u32> {
        let digits = self.rest().get(..count)?;
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
        self.at += count;
        Some(value)
    }

    /// `\uHHHH`, a pair of them, or `\u{H...}`; anything else is the letter itself.
    fn unicode(&mut self) -> u32 {
        if let Some(value) = self.braced() {
            return value;
        }
        let Some(value) = self.hex(4) else {
            return 'u' as u32;
        };
        let start = self.at;
        if (0xD800..0xDC00).contains(&value) && self.eat("\\u") {
            if let Some(low @ 0xDC00..=0xDFFF) = self.hex(4) {
                return 0x1_0000 + ((value - 0xD800) << 10) + (low - 0xDC00);
            }
            self.at = start;
        }
        value
    }

    fn braced(&mut self) -> Option<u32> {
        let (digits, _) = self.rest().strip_prefix('{')?.split_once('}')?;
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok();
        let value = value.filter(|&value| plain && value <= char::MAX as u32)?;
        self.at += digits.len() + 2;
        Some(value)
    }

    /// `\p{...}` or `\P{...}`, from the brace on.
    fn property(&mut self, negated: bool) -> Result<CharSet, RegexError> {
        let Some((name, _)) = self.rest()[1..].split_once('}') else {
            return Err(self.error("unclosed property name"));
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'=';
        let known = match self.properties.get(name) {
            Some(set) => Some(set.clone()),
            None if name == "Any" => Some(CharSet::full()),
            None if !name.is_empty() && name.bytes().all(plain) => property_set(name),
            None => None,
        };
        let set = known.ok_or_else(|| self.error("unknown Unicode property"))?;
        self.properties.entry(name).or_insert_with(|| set.clone());
        self.at += name.len() + 2;
        Ok(if negated { set.complement() } else { set })
    }
}

/// The characters with a Unicode property, general category or script.
fn property_set(name: &str) -> Option<CharSet> {
    use regex_syntax::hir::{Class, HirKind};
    let hir = regex_syntax::parse(&format!("\\p{{{name}}}")).ok()?;
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class
                .iter()
                .map(|range| (range.start() as u32, range.end() as u32));
            Some(CharSet::from_ranges(ranges))
        }
        HirKind::Literal(literal) => {
            let c = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(CharSet::single(c))
        }
        _ => None,
    }
}
