//! The notation of the XML specification, section 6.
//!
//! Numbers before rules, comments and the constraints `[wfc: …]` and `[vc: …]`
//! are skipped. Rules have numbers if the first one has; else `[1]` is a class
//! wherever it stands. Texts and classes have no escapes but `#xN`.

use formwork_automata::CharSet;
use logos::Logos;

use crate::ir::Span;
use crate::syntax::draft::{Draft, Node, Symbol};
use crate::syntax::error::Fault;
use crate::syntax::options::SyntaxLimits;
use crate::syntax::rules::Rules;

#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t\r\n]+")]
#[logos(skip r"/\*([^*]|\*+[^*/])*\*+/")]
#[logos(skip(r"\[[ \t]*([wW][fF][cC]|[vV][cC])[ \t]*:[^\]]*\]", priority = 200))]
enum Token {
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*")]
    Name,
    /// The number of a rule, or a class of digits.
    #[regex(r"\[[0-9]+[a-z]?\]", priority = 100)]
    Number,
    #[token("::=")]
    Defines,
    #[regex("\"[^\"]*\"|'[^']*'")]
    Text,
    #[regex(r"#x[0-9A-Fa-f]+")]
    Char,
    #[regex(r"\[[^\]]+\]", priority = 50)]
    Class,
    #[token("|")]
    Or,
    #[token("-")]
    Minus,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[token("*")]
    Star,
    #[token("+")]
    Plus,
    #[token("?")]
    Question,
}

fn explain(rest: &str) -> &'static str {
    match rest.chars().next() {
        Some('"' | '\'') => "the text has no closing quote",
        Some('[') => "the class has no closing `]`",
        Some('/') => "the comment has no closing `*/`",
        _ => "no token of this EBNF begins like this; quote it if it is text",
    }
}

/// The definitions of `text`, and the first symbol.
pub(super) fn parse(
    text: &str,
    limits: &SyntaxLimits,
) -> Result<(Draft, Option<Symbol>), Vec<Fault>> {
    Rules::read(text, limits, explain, Rules::rule, Rules::recover)
}

type Parser<'a> = Rules<'a, Token>;

impl Parser<'_> {
    /// Skips to the next rule.
    fn recover(&mut self) {
        self.tokens.at += 1;
        while self.tokens.peek().is_some() && !self.at_rule() {
            self.tokens.at += 1;
        }
    }

    /// Whether a rule begins here.
    fn at_rule(&self) -> bool {
        // A number is one of a rule if the first rule has one, else a class.
        let numbered = self.tokens.first() == Some(Token::Number);
        let name = usize::from(numbered && self.tokens.peek() == Some(Token::Number));
        self.tokens.peek_nth(name) == Some(Token::Name)
            && self.tokens.peek_nth(name + 1) == Some(Token::Defines)
    }

    fn rule(&mut self) -> Result<Option<Symbol>, Fault> {
        self.tokens.eat(Token::Number);
        let span = self
            .tokens
            .expect(Token::Name, "expected the name of a rule")?;
        self.tokens
            .expect(Token::Defines, "expected `::=` after the name of a rule")?;
        let body = self.alternatives()?;
        if self.tokens.peek().is_some() && !self.at_rule() {
            return self.tokens.fail("expected another rule, `name ::= …`");
        }
        let symbol = self.draft.define(self.tokens.source(span), span, body);
        symbol.map(Some)
    }

    fn alternatives(&mut self) -> Result<Node, Fault> {
        let mut parts = vec![self.sequence()?];
        while self.tokens.eat(Token::Or) {
            parts.push(self.sequence()?);
        }
        Ok(Node::alt(parts))
    }

    fn sequence(&mut self) -> Result<Node, Fault> {
        let mut parts = Vec::new();
        while !self.at_rule()
            && let Some(part) = self.difference()?
        {
            parts.push(part);
        }
        Ok(Node::seq(parts))
    }

    fn difference(&mut self) -> Result<Option<Node>, Fault> {
        let Some(mut node) = self.repeated()? else {
            return Ok(None);
        };
        let mut level = self.depth;
        loop {
            let sign = self.tokens.here();
            if !self.tokens.eat(Token::Minus) {
                return Ok(Some(node));
            }
            level += 1;
            self.check_nesting(level, sign)?;
            let Some(other) = self.repeated()? else {
                return self.tokens.fail("expected what `-` takes away");
            };
            node = Node::Minus(Box::new(node), Box::new(other), sign);
        }
    }

    fn repeated(&mut self) -> Result<Option<Node>, Fault> {
        let Some(mut node) = self.atom()? else {
            return Ok(None);
        };
        let mut level = self.depth;
        loop {
            let (min, max) = match self.tokens.peek() {
                Some(Token::Star) => (0, None),
                Some(Token::Plus) => (1, None),
                Some(Token::Question) => (0, Some(1)),
                _ => return Ok(Some(node)),
            };
            level += 1;
            self.check_nesting(level, self.tokens.here())?;
            self.tokens.at += 1;
            node = node.repeat(min, max);
        }
    }

    fn atom(&mut self) -> Result<Option<Node>, Fault> {
        let span = self.tokens.here();
        let source = self.tokens.source(span);
        let Some(token) = self.tokens.peek() else {
            return Ok(None);
        };
        let node = match token {
            Token::Name => Node::Name(self.draft.symbol(source, span)),
            Token::Text => Node::Text(source[1..source.len() - 1].to_owned()),
            Token::Char => {
                let value = u32::from_str_radix(&source[2..], 16).ok();
                match value.and_then(char::from_u32) {
                    Some(c) => Node::Set(CharSet::single(c)),
                    None => return self.tokens.fail("not the number of a character"),
                }
            }
            Token::Class | Token::Number => class(source, span)?,
            Token::Open => {
                self.tokens.at += 1;
                self.enter(span)?;
                let inner = self.alternatives()?;
                if self.tokens.peek() != Some(Token::Close) {
                    return Err(Fault::malformed(span, "the group has no closing `)`"));
                }
                self.depth -= 1;
                inner
            }
            Token::Star | Token::Plus | Token::Question => {
                return self.tokens.fail("nothing to repeat stands before this");
            }
            _ => return Ok(None),
        };
        self.tokens.at += 1;
        Ok(Some(node))
    }
}

/// `[a-z#xN]` or `[^…]`. A dash at either end is a member.
fn class(source: &str, span: Span) -> Result<Node, Fault> {
    let inside = &source[1..source.len() - 1];
    let (inside, negated) = match inside.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (inside, false),
    };
    let mut rest = inside;
    let mut ranges = Vec::new();
    while let Some((low, after)) = member(rest) {
        rest = after;
        let mut high = low;
        if let Some(end) = rest.strip_prefix('-')
            && let Some((last, after)) = member(end)
        {
            high = last;
            rest = after;
        }
        if high < low {
            let message = "a range ends before it starts; exchange its ends";
            return Err(Fault::malformed(span, message));
        }
        ranges.push((low, high));
    }
    let set = CharSet::from_ranges(ranges);
    Ok(Node::Set(if negated { set.complement() } else { set }))
}

/// A character or `#xN`, and what follows it.
fn member(text: &str) -> Option<(u32, &str)> {
    if let Some(digits) = text.strip_prefix("#x") {
        let end = digits
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        if let Ok(value) = u32::from_str_radix(&digits[..end], 16) {
            return Some((value, &digits[end..]));
        }
    }
    let mut chars = text.chars();
    let c = chars.next()?;
    Some((c as u32, chars.as_str()))
}
