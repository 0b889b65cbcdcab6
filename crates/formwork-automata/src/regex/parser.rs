//! The grammar of patterns, but for escapes and classes.

#![expect(
    clippy::indexing_slicing,
    reason = "bytes are looked at before the end only"
)]

use rustc_hash::FxHashMap;

use super::ast::{Assert, Ast, Look, Node, Sets, Uses};
use super::error::{RegexError, Unsupported};
use crate::charset::CharSet;
use crate::limits::{LimitKind, Limits, TooLarge};

/// Parses `pattern`. Linear in its length.
pub(super) fn parse(pattern: &str, limits: &Limits) -> Result<Ast, RegexError> {
    let mut parser = Parser::new(pattern, limits);
    let root = parser.alternation()?;
    if parser.peek().is_some() {
        return Err(parser.error("unmatched ')'"));
    }
    Ok(Ast {
        root,
        sets: parser.sets.into_vec(),
        looks: parser.looks,
        behinds: parser.behinds,
    })
}

#[derive(Debug)]
pub(super) struct Parser<'a> {
    pub(super) pattern: &'a str,
    pub(super) at: usize,
    pub(super) captures: u32,
    pub(super) has_names: bool,
    pub(super) sets: Sets,
    /// The properties met so far, which take long to look up.
    pub(super) properties: FxHashMap<&'a str, CharSet>,
    looks: Vec<Look>,
    behinds: Vec<Node>,
    depth: u32,
    max_depth: u32,
}

impl<'a> Parser<'a> {
    fn new(pattern: &'a str, limits: &Limits) -> Self {
        let (captures, has_names) = count_captures(pattern);
        Self {
            pattern,
            at: 0,
            captures,
            has_names,
            sets: Sets::default(),
            properties: FxHashMap::default(),
            looks: Vec::new(),
            behinds: Vec::new(),
            depth: 0,
            max_depth: limits.max_nesting,
        }
    }

    pub(super) fn error(&self, message: &'static str) -> RegexError {
        RegexError::syntax(self.at, message)
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.pattern[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn set(&mut self, set: CharSet) -> Node {
        Node::Set(self.sets.id(set))
    }

    fn alternation(&mut self) -> Result<Node, RegexError> {
        let mut branches = vec![self.sequence()?];
        while self.eat("|") {
            branches.push(self.sequence()?);
        }
        Ok(one_or(branches, Node::Alt))
    }

    fn sequence(&mut self) -> Result<Node, RegexError> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            let term = self.term(c)?;
            nodes.push(term);
        }
        Ok(one_or(nodes, Node::Concat))
    }

    fn term(&mut self, c: char) -> Result<Node, RegexError> {
        let start = self.at;
        let node = self.atom(c)?;
        let Some((min, max)) = self.quantifier()? else {
            return Ok(node);
        };
        if matches!(node, Node::Assert(_)) {
            return Err(RegexError::syntax(start, "an assertion cannot be repeated"));
        }
        Ok(Node::Repeat {
            body: Box::new(node),
            min,
            max,
        })
    }

    fn atom(&mut self, c: char) -> Result<Node, RegexError> {
        match c {
            '(' => self.group(),
            '[' => {
                let set = self.class()?;
                Ok(self.set(set))
            }
            '\\' => self.escape(),
            '*' | '+' | '?' => Err(self.error("nothing to repeat")),
            '{' => {
                let start = self.at;
                if self.quantifier()?.is_some() {
                    return Err(RegexError::syntax(start, "nothing to repeat"));
                }
                self.at += 1;
                Ok(self.set(CharSet::single('{')))
            }
            _ => {
                self.at += c.len_utf8();
                Ok(match c {
                    '^' => Node::Assert(Assert::Start),
                    '$' => Node::Assert(Assert::End),
                    '.' => self.set(CharSet::dot()),
                    _ => self.set(CharSet::single(c)),
                })
            }
        }
    }

    /// A quantifier, if one follows; lazy ones repeat just as often.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        let bounds = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let Some((length, min, max)) = braces(self.rest()) else {
                    return Ok(None);
                };
                if max.is_some_and(|max| max < min) {
                    return Err(self.error("the numbers of a repetition are out of order"));
                }
                self.at += length - 1;
                (min, max)
            }
            _ => return Ok(None),
        };
        self.at += 1;
        self.eat("?");
        Ok(Some(bounds))
    }

    fn group(&mut self) -> Result<Node, RegexError> {
        let start = self.at;
        self.depth += 1;
        if self.depth > self.max_depth {
            let error = TooLarge::new(LimitKind::Nesting, u64::from(self.max_depth));
            return Err(RegexError::too_large(start, error));
        }
        self.at += 1;
        let look = self.group_prefix(start)?;
        let body = self.alternation()?;
        if !self.eat(")") {
            return Err(RegexError::syntax(start, "unclosed group"));
        }
        self.depth -= 1;
        let negative = match look {
            Prefix::Plain => return Ok(body_as_atom(body)),
            Prefix::Behind { negative } => return self.lookbehind(start, negative, body),
            Prefix::Ahead { negative } => negative,
        };
        if body.looks_behind() {
            return Err(RegexError::unsupported(start, Unsupported::Lookbehind));
        }
        let uses = Uses::of(&body, &self.looks);
        self.looks.push(Look {
            negative,
            body,
            uses,
        });
        Ok(Node::Look(self.looks.len() as u32 - 1))
    }

    /// A body that depends on what follows it is refused, and so is a lookbehind in a lookahead.
    fn lookbehind(&mut self, start: usize, negative: bool, body: Node) -> Result<Node, RegexError> {
        if body.looks_around() || self.behinds.len() >= MAX_BEHINDS {
            return Err(RegexError::unsupported(start, Unsupported::Lookbehind));
        }
        self.behinds.push(body);
        let id = self.behinds.len() as u32 - 1;
        Ok(Node::Assert(Assert::Behind(id, !negative)))
    }

    /// What follows the parenthesis.
    fn group_prefix(&mut self, start: usize) -> Result<Prefix, RegexError> {
        if !self.eat("?") || self.eat(":") {
            return Ok(Prefix::Plain);
        }
        let looks = [
            ("=", Prefix::Ahead { negative: false }),
            ("!", Prefix::Ahead { negative: true }),
            ("<=", Prefix::Behind { negative: false }),
            ("<!", Prefix::Behind { negative: true }),
        ];
        for (token, prefix) in looks {
            if self.eat(token) {
                return Ok(prefix);
            }
        }
        let unsupported = |what| Err(RegexError::unsupported(start, what));
        if self.eat("<") || self.eat("P<") {
            return match group_name(self.rest()) {
                Some(length) => {
                    self.at += length;
                    Ok(Prefix::Plain)
                }
                None => Err(RegexError::syntax(start, "invalid group name")),
            };
        }
        match self.peek() {
            Some('>') => unsupported(Unsupported::AtomicGroup),
            Some('i' | 'm' | 's' | 'x' | 'u' | '-') => unsupported(Unsupported::InlineFlags),
            _ => Err(RegexError::syntax(start, "invalid group")),
        }
    }
}

/// The most lookbehinds in one pattern: what is true of them at a place is a word of bits.
const MAX_BEHINDS: usize = 32;

/// What kind of group a parenthesis opens.
enum Prefix {
    Plain,
    Ahead { negative: bool },
    Behind { negative: bool },
}

/// A group of one assertion may be repeated, unlike the bare assertion.
fn body_as_atom(body: Node) -> Node {
    match body {
        Node::Assert(_) => Node::Concat(vec![body]),
        _ => body,
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match (nodes.len(), nodes.pop()) {
        (1, Some(node)) => node,
        (_, None) => Node::Empty,
        (_, Some(last)) => {
            nodes.push(last);
            many(nodes)
        }
    }
}

/// `{n}`, `{n,}` or `{n,m}` at the start of `text`: its length and bounds. Numbers saturate; no
/// limit lets so many copies through.
fn braces(text: &str) -> Option<(usize, u32, Option<u32>)> {
    let inner = &text[1..text.find('}')?];
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (min, max) = match inner.split_once(',') {
        None => (number(inner)?, Some(number(inner)?)),
        Some((min, "")) => (number(min)?, None),
        Some((min, max)) => (number(min)?, Some(number(max)?)),
    };
    Some((inner.len() + 2, min, max))
}

/// The length of `name>` at the start of `text`.
pub(super) fn group_name(text: &str) -> Option<usize> {
    let (name, _) = text.split_once('>')?;
    let head = |c: char| c.is_alphabetic() || c == '_' || c == '$';
    let mut chars = name.chars();
    let valid = chars.next().is_some_and(head) && chars.all(|c| head(c) || c.is_alphanumeric());
    valid.then_some(name.len() + 1)
}

/// The number of capturing groups, and whether any has a name: the meaning of `\1` and `\k`
/// depends on groups further on.
fn count_captures(pattern: &str) -> (u32, bool) {
    let bytes = pattern.as_bytes();
    let (mut count, mut names, mut in_class) = (0, false, false);
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'(' if !in_class => {
                let rest = &bytes[at + 1..];
                let named = (rest.starts_with(b"?<") || rest.starts_with(b"?P<"))
                    && !rest.starts_with(b"?<=")
                    && !rest.starts_with(b"?<!");
                names |= named;
                count += u32::from(named || !rest.starts_with(b"?"));
            }
            _ => {}
        }
        at += 1;
    }
    (count, names)
}
