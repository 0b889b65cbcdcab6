//! Regular expressions as Python has them, by way of ECMA-262.
//!
//! A pattern stands for the strings it matches from end to end (`re.fullmatch`):
//! assertions and looks around see the terminal's own text and nothing beyond.
//! `\d`, `\w`, `\s` and `\b` are those of Unicode, as for `str` in Python, and
//! ASCII under the flag `a`, and case is ignored by simple case folding, under `a`
//! of ASCII letters. `\B` holds in the empty text, as it does since Python 3.14.
//! Laziness and captures do not change which strings match. `\p{…}`, `\x{…}` and
//! `(?<name>…)` are read too.
//!
//! # Limitations
//!
//! Backreferences, conditions, atomic groups, possessive quantifiers, the flag `L`
//! and properties under the flag `i` are refused.

#![expect(
    clippy::indexing_slicing,
    reason = "places are found in the slice before"
)]

mod class;
mod edge;
mod escape;

use std::fmt::Write;

use formwork_automata::{Dfa, LimitKind, Limits, regex};

use crate::syntax::fold;
use crate::syntax::options::SyntaxLimits;
use edge::Edge;
use escape::Escaped;

/// What is wrong with a pattern, and at which byte.
#[derive(Debug)]
pub(super) struct RegexFault {
    pub(super) at: usize,
    pub(super) kind: FaultKind,
    pub(super) message: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FaultKind {
    Malformed,
    Unsupported,
    Limit,
}

/// The automaton of `pattern` under `flags`, a list of their letters. What it
/// takes is taken from `work`, rounded up.
pub(super) fn compile(
    pattern: &str,
    flags: &str,
    limits: &SyntaxLimits,
    work: &mut u64,
) -> Result<Dfa, RegexFault> {
    let mut translator = Translator {
        text: pattern,
        at: 0,
        out: String::new(),
        places: Vec::new(),
        flags: Flags::default(),
        groups: Vec::new(),
        edge: Edge::Other,
        before_atom: Edge::Other,
    };
    for letter in flags.chars() {
        let flags = translator.flags.with(letter, true);
        translator.flags = flags.ok_or_else(|| translator.unknown_flag(letter))?;
    }
    translator.run()?;
    build(&translator.out, limits, work).map_err(|error| {
        let Some(error) = error else {
            return RegexFault {
                at: 0,
                kind: FaultKind::Limit,
                message: format!(
                    "the regular expressions need more work than {} steps",
                    limits.max_pattern_work
                ),
            };
        };
        let kind = match error.kind() {
            regex::RegexErrorKind::Unsupported(_) => FaultKind::Unsupported,
            regex::RegexErrorKind::TooLarge(_) => FaultKind::Limit,
            _ => FaultKind::Malformed,
        };
        let message = match error.kind() {
            regex::RegexErrorKind::Syntax(message) => (*message).to_owned(),
            regex::RegexErrorKind::Unsupported(regex::Unsupported::Lookbehind) => {
                "looking back is not supported in a lookahead; `\\b` there needs a plain \
                 letter, digit or sign before it, or the flag `a`"
                    .to_owned()
            }
            regex::RegexErrorKind::Unsupported(what) => format!("{what}: not supported"),
            _ => error.to_string(),
        };
        RegexFault {
            at: translator.origin(error.offset()),
            kind,
            message,
        }
    })
}

/// Bytes of a pattern in ECMA-262.
const MAX_BYTES: usize = 64 << 10;

/// Tries with few steps first, so that simple patterns take little of `work`;
/// `None` if nothing is left of it.
fn build(
    pattern: &str,
    limits: &SyntaxLimits,
    work: &mut u64,
) -> Result<Dfa, Option<regex::RegexError>> {
    const STEPS: [u32; 3] = [10_000, 400_000, 16_000_000];
    /// To look up a property.
    const PROPERTY: u64 = 90_000;
    let has_property = pattern.contains(r"\p{") || pattern.contains(r"\P{");
    for steps in STEPS {
        let cost = u64::from(steps) + if has_property { PROPERTY } else { 0 };
        *work = work.checked_sub(cost).ok_or(None)?;
        let limits = Limits {
            max_steps: steps,
            max_pattern_bytes: 2 * MAX_BYTES,
            ..limits.automata()
        };
        match regex::compile_whole(pattern, &limits) {
            Ok(dfa) => return Ok(dfa),
            Err(error) if steps < STEPS[STEPS.len() - 1] && lacks_steps(&error) => {}
            Err(error) => return Err(Some(error)),
        }
    }
    Err(None)
}

fn lacks_steps(error: &regex::RegexError) -> bool {
    match error.kind() {
        regex::RegexErrorKind::TooLarge(error) => error.limit() == LimitKind::Steps,
        _ => false,
    }
}

#[derive(Clone, Copy, Default)]
struct Flags {
    ascii: bool,
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
    verbose: bool,
}

impl Flags {
    fn with(mut self, letter: char, on: bool) -> Option<Self> {
        match letter {
            'a' => self.ascii = on,
            'i' => self.ignore_case = on,
            'm' => self.multi_line = on,
            's' => self.dot_all = on,
            'x' => self.verbose = on,
            'u' => self.ascii = !on,
            _ => return None,
        }
        Some(self)
    }
}

struct Translator<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// Places in `out` and where they come from, ascending.
    places: Vec<(usize, usize)>,
    flags: Flags,
    /// The open groups.
    groups: Vec<Group>,
    /// What comes before this place.
    edge: Edge,
    /// What comes before the last atom.
    before_atom: Edge,
}

struct Group {
    /// The flags outside.
    flags: Flags,
    before: Edge,
    /// At the start of each alternative.
    inside: Edge,
    /// At the ends of the alternatives read so far.
    ends: Option<Edge>,
    /// Whether the group looks around, and reads nothing.
    looks: bool,
}

const UNICODE_WORD: &str = r"\p{L}\p{N}_";
const ASCII_WORD: &str = r"0-9A-Z_a-z";
const UNICODE_SPACE: &str =
    r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
const ASCII_SPACE: &str = r"\t-\r\x20";
const UNICODE_NO_SPACE: &str = r"\0-\x08\x0e-\x1b\x21-\x84\x86-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\u{10ffff}";
const ASCII_NO_SPACE: &str = r"\0-\x08\x0e-\x1f\x21-\u{10ffff}";

impl<'a> Translator<'a> {
    fn malformed<T>(&self, at: usize, message: &str) -> Result<T, RegexFault> {
        Err(RegexFault {
            at,
            kind: FaultKind::Malformed,
            message: message.to_owned(),
        })
    }

    fn unsupported<T>(&self, at: usize, message: &str) -> Result<T, RegexFault> {
        Err(RegexFault {
            at,
            kind: FaultKind::Unsupported,
            message: message.to_owned(),
        })
    }

    fn unknown_flag(&self, letter: char) -> RegexFault {
        RegexFault {
            at: 0,
            kind: FaultKind::Unsupported,
            message: format!("flag `{letter}` is not supported; there are a, i, m, s, u and x"),
        }
    }

    /// Where the text of the output at `offset` comes from.
    fn origin(&self, offset: usize) -> usize {
        let at = self.places.partition_point(|&(out, _)| out <= offset);
        self.places[..at].last().map_or(0, |&(_, from)| from)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Notes that what is written next comes from `at`.
    fn mark(&mut self, at: usize) -> Result<(), RegexFault> {
        if self.out.len() > MAX_BYTES {
            return Err(RegexFault {
                at,
                kind: FaultKind::Limit,
                message: format!("the pattern needs more than {MAX_BYTES} bytes in ECMA-262"),
            });
        }
        self.places.push((self.out.len(), at));
        Ok(())
    }

    fn run(&mut self) -> Result<(), RegexFault> {
        loop {
            let start = self.at;
            self.mark(start)?;
            let Some(c) = self.bump() else {
                return Ok(());
            };
            match c {
                '\\' => self.escape(start)?,
                '[' => self.class(start)?,
                '(' => self.group(start)?,
                ')' => {
                    let Some(group) = self.groups.pop() else {
                        return self.malformed(start, "no group is open here");
                    };
                    self.flags = group.flags;
                    self.out.push(')');
                    let end = group.ends.map_or(self.edge, |ends| ends.or(self.edge));
                    self.edge = group.before;
                    self.read(if group.looks { group.before } else { end });
                }
                '.' => {
                    let any = self.flags.dot_all;
                    self.out.push_str(if any { r"[^]" } else { r"[^\n]" });
                    self.read(Edge::Unknown);
                }
                '^' if self.flags.multi_line => self.out.push_str(r"(?<![^\n])"),
                '^' => self.out.push('^'),
                '$' if self.flags.multi_line => self.out.push_str(r"(?![^\n])"),
                '$' => self.out.push_str(r"(?=\n?$)"),
                '|' => {
                    self.out.push('|');
                    let edge = self.edge;
                    self.edge = match self.groups.last_mut() {
                        Some(group) => {
                            group.ends = Some(group.ends.map_or(edge, |ends| ends.or(edge)));
                            group.inside
                        }
                        None => Edge::Other,
                    };
                }
                '*' | '+' | '?' => {
                    self.out.push(c);
                    self.after_quantifier(c != '+')?;
                }
                '{' => self.braces()?,
                '#' if self.flags.verbose => {
                    let length = self.rest().find('\n');
                    self.at += length.unwrap_or(self.rest().len());
                }
                c if self.flags.verbose && c.is_ascii_whitespace() => {}
                c => self.push_char(c),
            }
        }
    }

    /// Notes that an atom was read.
    fn read(&mut self, edge: Edge) {
        self.before_atom = self.edge;
        self.edge = edge;
    }

    fn push_char(&mut self, c: char) {
        self.read(self.edge_of_char(c));
        if !self.flags.ignore_case {
            if c.is_alphanumeric() || matches!(c, ' ' | '_' | '"' | '\'') {
                self.out.push(c);
                return;
            }
            let _ = write!(self.out, "\\u{{{:x}}}", c as u32);
            return;
        }
        self.out.push('[');
        self.push_range(c, c);
        self.out.push(']');
    }

    /// Members of a class.
    fn push_range(&mut self, lo: char, hi: char) {
        let ranges = match (self.flags.ignore_case, self.flags.ascii) {
            (true, false) => fold::ranges(lo, hi),
            (true, true) => fold::ascii_ranges(lo, hi),
            (false, _) => vec![(lo as u32, hi as u32)],
        };
        push_ranges(&mut self.out, &ranges);
    }

    fn after_quantifier(&mut self, may_be_none: bool) -> Result<(), RegexFault> {
        if may_be_none {
            self.edge = self.edge.or(self.before_atom);
        }
        if self.rest().starts_with('+') {
            return self.unsupported(self.at, "possessive quantifiers are not supported");
        }
        self.eat("?");
        Ok(())
    }

    /// `{n}`, `{n,}`, `{,m}` or `{n,m}`; anything else is a brace.
    fn braces(&mut self) -> Result<(), RegexFault> {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let inner = self.rest().split_once('}').map(|(inner, _)| inner);
        let bounds = inner.filter(|inner| !inner.is_empty()).and_then(|inner| {
            let (min, max) = inner.split_once(',').unwrap_or((inner, inner));
            (digits(min) && digits(max)).then_some((inner, min, max))
        });
        let Some((inner, min, max)) = bounds else {
            self.push_char('{');
            return Ok(());
        };
        let min = if min.is_empty() { "0" } else { min };
        if inner.contains(',') {
            let _ = write!(self.out, "{{{min},{max}}}");
        } else {
            let _ = write!(self.out, "{{{min}}}");
        }
        self.at += inner.len() + 1;
        let zero = min.bytes().all(|digit| digit == b'0');
        self.after_quantifier(zero)
    }

    fn group(&mut self, start: usize) -> Result<(), RegexFault> {
        if !self.eat("?") {
            return self.open("(?:");
        }
        for look in ["=", "!", "<=", "<!"] {
            if self.eat(look) {
                return self.open(&format!("(?{look}"));
            }
        }
        if self.eat(":") {
            return self.open("(?:");
        }
        if self.eat("#") {
            return match self.rest().find(')') {
                Some(length) => {
                    self.at += length + 1;
                    Ok(())
                }
                None => self.malformed(start, "the comment has no closing `)`"),
            };
        }
        if self.eat("P<") || self.eat("<") {
            let name = self.rest().split_once('>').map(|(name, _)| name);
            let valid = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
            return match name.filter(|name| !name.is_empty()).filter(valid) {
                Some(name) => {
                    self.at += name.len() + 1;
                    self.open("(?:")
                }
                None => self.malformed(start, "expected the name of the group and `>`"),
            };
        }
        match self.peek() {
            Some('P') => self.unsupported(start, "backreferences are not regular"),
            Some('(') => self.unsupported(start, "conditions are not supported"),
            Some('>') => self.unsupported(start, "atomic groups are not supported"),
            _ => self.inline_flags(start),
        }
    }

    fn open(&mut self, prefix: &str) -> Result<(), RegexFault> {
        let looks = prefix != "(?:";
        let inside = match prefix {
            "(?=" | "(?!" => self.edge,
            // A group may be repeated, and something may come before looking back.
            _ => Edge::Unknown,
        };
        self.groups.push(Group {
            flags: self.flags,
            before: self.edge,
            inside,
            ends: None,
            looks,
        });
        self.edge = inside;
        self.out.push_str(prefix);
        Ok(())
    }

    /// `(?i)` at the start of the pattern, or `(?i-s:` anywhere.
    fn inline_flags(&mut self, start: usize) -> Result<(), RegexFault> {
        let mut flags = self.flags;
        let mut on = true;
        while let Some(c) = self.bump() {
            match c {
                '-' if on => on = false,
                ':' => {
                    self.open("(?:")?;
                    self.flags = flags;
                    return Ok(());
                }
                ')' if self.out.is_empty() && on => {
                    self.flags = flags;
                    return Ok(());
                }
                ')' => {
                    let message = "flags of a whole pattern have to come first; \
                                   write `(?i:…)` for a part";
                    return self.malformed(start, message);
                }
                letter => match flags.with(letter, on) {
                    Some(more) => flags = more,
                    None => return self.unsupported(start, "unknown flag or kind of group"),
                },
            }
        }
        self.malformed(start, "the group has no closing `)`")
    }

    fn word(&self) -> &'static str {
        if self.flags.ascii {
            ASCII_WORD
        } else {
            UNICODE_WORD
        }
    }

    /// An escape outside of classes.
    fn escape(&mut self, start: usize) -> Result<(), RegexFault> {
        let word = self.word();
        match self.peek() {
            Some('A') => self.out.push('^'),
            Some('Z' | 'z') => self.out.push('$'),
            Some(c @ ('b' | 'B')) => self.word_boundary(c == 'B', word),
            Some('1'..='9') if !self.is_octal() => {
                return self.unsupported(start, "backreferences are not regular");
            }
            Some('W') => {
                let _ = write!(self.out, "[^{word}]");
                self.read(Edge::Other);
            }
            _ => {
                match self.escaped(start, false)? {
                    Escaped::Char(c) => self.push_char(c),
                    Escaped::Set(members) => {
                        let _ = write!(self.out, "[{members}]");
                        let edge = self.edge_of(&members);
                        self.read(edge);
                    }
                }
                return Ok(());
            }
        }
        self.at += 1;
        Ok(())
    }
}

fn push_ranges(out: &mut String, ranges: &[(u32, u32)]) {
    for &(lo, hi) in ranges {
        let _ = write!(out, "\\u{{{lo:x}}}");
        if lo != hi {
            let _ = write!(out, "-\\u{{{hi:x}}}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, flags: &str, valid: &[&str], invalid: &[&str]) {
        let dfa = compile(
            pattern,
            flags,
            &SyntaxLimits::default(),
            &mut u64::MAX.clone(),
        )
        .unwrap_or_else(|fault| panic!("{pattern}: {fault:?}"));
        for text in valid {
            assert!(dfa.accepts(text), "{pattern} on {text:?}");
        }
        for text in invalid {
            assert!(!dfa.accepts(text), "{pattern} on {text:?}");
        }
    }

    #[test]
    fn python() {
        check(
            r"(?P<y>\d{4})-(?<m>\d\d)",
            "",
            &["2024-01", "٢٠٢٤-01"],
            &["24-01"],
        );
        check(r"\d", "a", &["1"], &["٢"]);
        check(r"\A[^\W\d]\w*\Z", "", &["été", "_1"], &["1a", "a-"]);
        check(r"[]a]+[^]]", "", &["]ab"], &["a]"]);
        check("a # one\n b", "x", &["ab"], &["a b"]);
        check(".", "", &["a", "\r", "\u{2028}"], &["\n"]);
        check(".", "s", &["\n"], &["ab"]);
        check("select", "i", &["SELECT", "ſelect"], &["selekt"]);
        check("(?i:a)b", "", &["Ab"], &["AB"]);
        check("(?ai)[^k][Y-b]", "", &["\u{212a}A", "az"], &["KA", "ac"]);
        check("(?i)[a-c]k", "", &["AK", "b\u{212a}"], &["dk"]);
        check("a{,2}b{x}", "", &["aab{x}", "b{x}"], &["aaab{x}"]);
        check("(?m)a$\n^b", "", &["a\nb"], &["ab"]);
        check("a$", "", &["a"], &["ab", "a\n"]);
        check("a$\n?", "", &["a", "a\n"], &["a\n\n"]);
        check(r"\bété\b.*", "", &["été !"], &["étés"]);
        check(r"(?#note)\x41\u0042\U00000043\101\0", "", &["ABCA\0"], &[]);
        check(r"/\*.*?\*/", "s", &["/* \n */"], &["/* "]);
        check(r"(?!(if|else)\b)[a-z]+", "", &["iff", "i"], &["if", "else"]);
        check(r"(?!a?[^b]\b)[a-z]*", "a", &["ab", "aac"], &["a", "ac"]);
        check(r"(?!if$)[a-z]+", "", &["iff", "i"], &["if"]);
        check(r"\S+\s", "", &["a\u{85}"], &["a b"]);
    }

    #[test]
    fn refusals() {
        for (pattern, at) in [
            (r"(a)\1", 3),
            ("a++", 2),
            ("x(?>a)", 1),
            ("(a", 0),
            ("a)", 1),
            ("[a", 0),
            (r"a\q", 1),
            ("(?P=n)", 0),
            ("ab*{2}", 3),
            ("[b-a]", 1),
            ("é[a", 2),
        ] {
            let fault =
                compile(pattern, "", &SyntaxLimits::default(), &mut u64::MAX.clone()).unwrap_err();
            assert_eq!(fault.at, at, "{pattern}: {fault:?}");
        }
    }
}
