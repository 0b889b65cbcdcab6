//! ISO/IEC 14977.
//!
//! Names may have several words or numbers, and underscores. All
//! alternative signs of the standard are read: `/` and `!` for `|`, `(/ /)` for
//! `[ ]`, `(: :)` for `{ }`, and `.` for `;`. Special sequences `? … ?` are
//! refused: their meaning is not in the text.

use logos::Logos;

use crate::ir::Span;
use crate::syntax::draft::{Draft, Node, Symbol};
use crate::syntax::error::Fault;
use crate::syntax::options::SyntaxLimits;
use crate::syntax::rules::Rules;

#[derive(Logos, Clone, Copy, PartialEq, Eq, Debug)]
#[logos(skip r"[ \t\r\n\f\x0b]+")]
#[logos(skip r"\(\*([^*]|\*+[^*)])*\*+\)")]
enum Token {
    /// One word of a name.
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
    Word,
    #[regex(r"[0-9]+")]
    Number,
    #[token("=")]
    Defines,
    #[regex(r"[;.]")]
    End,
    #[token(",")]
    Comma,
    #[regex(r"[|/!]")]
    Or,
    #[token("-")]
    Minus,
    #[token("*")]
    Times,
    #[token("(")]
    Open,
    #[token(")")]
    Close,
    #[regex(r"\[|\(/")]
    OpenOption,
    #[regex(r"\]|/\)")]
    CloseOption,
    #[regex(r"\{|\(:")]
    OpenRepeat,
    #[regex(r"\}|:\)")]
    CloseRepeat,
    #[regex("\"[^\"]+\"|'[^']+'")]
    Text,
    #[regex(r"\?[^?]*\?")]
    Special,
}

fn explain(rest: &str) -> &'static str {
    match rest.chars().next() {
        Some('"' | '\'') => "the text has no closing quote, or nothing in it",
        Some('?') => "the special sequence has no closing `?`",
        _ => "no token of ISO 14977 begins like this; quote it if it is text",
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
    /// Skips to what follows the next `;`.
    fn recover(&mut self) {
        while let Some(token) = self.tokens.peek() {
            self.tokens.at += 1;
            if token == Token::End {
                return;
            }
        }
    }

    fn rule(&mut self) -> Result<Option<Symbol>, Fault> {
        let Some((name, span)) = self.name() else {
            return self.tokens.fail("expected the name of a rule");
        };
        self.tokens
            .expect(Token::Defines, "expected `=` after the name of a rule")?;
        let body = self.alternatives()?;
        if !self.tokens.eat(Token::End) {
            let message = match self.tokens.peek() {
                None => "the rule has no `;` at its end",
                Some(Token::Defines) => {
                    "a rule begins before the last one ended; is a `;` missing?"
                }
                Some(Token::Close | Token::CloseOption | Token::CloseRepeat) => {
                    "this closes no bracket that is open"
                }
                Some(_) => "expected `,`, `|` or `;`",
            };
            return self.tokens.fail(message);
        }
        self.draft.define(&name, span, body).map(Some)
    }

    /// A name of one word or several.
    fn name(&mut self) -> Option<(String, Span)> {
        let mut span = self.tokens.here();
        if !self.tokens.eat(Token::Word) {
            return None;
        }
        let mut name = self.tokens.source(span).to_owned();
        loop {
            let next = self.tokens.here();
            if !self.tokens.eat(Token::Word) && !self.tokens.eat(Token::Number) {
                return Some((name, span));
            }
            name.push(' ');
            name.push_str(self.tokens.source(next));
            span.end = next.end;
        }
    }

    fn alternatives(&mut self) -> Result<Node, Fault> {
        let mut parts = vec![self.sequence()?];
        while self.tokens.eat(Token::Or) {
            parts.push(self.sequence()?);
        }
        Ok(Node::alt(parts))
    }

    fn sequence(&mut self) -> Result<Node, Fault> {
        let mut parts = vec![self.term()?];
        while self.tokens.eat(Token::Comma) {
            parts.push(self.term()?);
        }
        Ok(Node::seq(parts))
    }

    /// A factor, and what is excepted from it.
    fn term(&mut self) -> Result<Node, Fault> {
        let factor = self.factor()?;
        let sign = self.tokens.here();
        if !self.tokens.eat(Token::Minus) {
            return Ok(factor);
        }
        let exception = self.factor()?;
        Ok(Node::Minus(Box::new(factor), Box::new(exception), sign))
    }

    fn factor(&mut self) -> Result<Node, Fault> {
        let span = self.tokens.here();
        if !self.tokens.eat(Token::Number) {
            return self.primary();
        }
        let times = crate::syntax::count(self.tokens.source(span), span, self.limits)?;
        self.tokens
            .expect(Token::Times, "expected `*` after the number")?;
        Ok(self.primary()?.repeat(times, Some(times)))
    }

    fn primary(&mut self) -> Result<Node, Fault> {
        if let Some((name, span)) = self.name() {
            return Ok(Node::Name(self.draft.symbol(&name, span)));
        }
        let span = self.tokens.here();
        match self.tokens.peek() {
            Some(Token::Text) => {
                let source = self.tokens.source(span);
                self.tokens.at += 1;
                Ok(Node::Text(source[1..source.len() - 1].to_owned()))
            }
            Some(Token::Open) => self.bracket(Token::Close, "`)`"),
            Some(Token::OpenOption) => {
                let inner = self.bracket(Token::CloseOption, "`]`")?;
                Ok(inner.repeat(0, Some(1)))
            }
            Some(Token::OpenRepeat) => {
                let inner = self.bracket(Token::CloseRepeat, "`}`")?;
                Ok(inner.repeat(0, None))
            }
            Some(Token::Special) => {
                let message = "a special sequence has no meaning of its own; \
                               write out what it stands for";
                Err(Fault::unsupported(span, message))
            }
            _ => Ok(Node::empty()),
        }
    }

    fn bracket(&mut self, close: Token, sign: &str) -> Result<Node, Fault> {
        let open = self.tokens.here();
        self.tokens.at += 1;
        self.enter(open)?;
        let inner = self.alternatives()?;
        if !self.tokens.eat(close) {
            let message = format!("expected {sign}, which closes this bracket");
            let at_end = self.tokens.peek().is_none();
            let span = if at_end { open } else { self.tokens.here() };
            return Err(Fault::malformed(span, message));
        }
        self.depth -= 1;
        Ok(inner)
    }
}
