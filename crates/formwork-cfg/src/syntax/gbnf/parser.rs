//! Recursive descent over the tokens of GBNF.

use formwork_automata::CharSet;

use super::lexer::{Token, lex};
use crate::ir::Span;
use crate::syntax::draft::{Draft, Node, Symbol};
use crate::syntax::error::{Fault, MAX_ERRORS};
use crate::syntax::escape::Escapes;
use crate::syntax::options::{SyntaxLimits, SyntaxOptions};

pub(super) fn parse(text: &str, options: &SyntaxOptions) -> Result<(Draft, Symbol), Vec<Fault>> {
    let (tokens, mut faults) = lex(text);
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        depth: 0,
        draft: Draft::default(),
        limits: &options.limits,
    };
    while parser.skip_lines() {
        if let Err(fault) = parser.rule() {
            faults.push(fault);
            parser.recover();
        }
        if faults.len() >= MAX_ERRORS {
            break;
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let root = options.start.as_deref().unwrap_or("root");
    let Some(start) = parser.draft.find(root) else {
        let message = format!("no rule `{root}`, where texts start; add `{root} ::= …`");
        return Err(vec![Fault::undefined(Span::default(), message)]);
    };
    Ok((parser.draft, start))
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Span)>,
    at: usize,
    /// How many groups are open.
    depth: u32,
    draft: Draft,
    limits: &'a SyntaxLimits,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).map(|&(token, _)| token)
    }

    /// The place of the next token, or of the end.
    fn here(&self) -> Span {
        let end = Span {
            start: self.text.len(),
            end: self.text.len(),
        };
        self.tokens.get(self.at).map_or(end, |&(_, span)| span)
    }

    fn source(&self, span: Span) -> &str {
        &self.text[span.start..span.end]
    }

    fn eat(&mut self, token: Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: Token, message: &str) -> Result<(), Fault> {
        if self.eat(token) {
            return Ok(());
        }
        Err(Fault::malformed(self.here(), message))
    }

    /// Skips line ends; whether anything is left.
    fn skip_lines(&mut self) -> bool {
        while self.eat(Token::Newline) {}
        self.peek().is_some()
    }

    /// Skips to the next token that begins a rule.
    fn recover(&mut self) {
        self.depth = 0;
        self.at += 1;
        while let Some(rest) = self.tokens.get(self.at..).filter(|rest| !rest.is_empty()) {
            if let [(Token::Word, _), (Token::Defines, _), ..] = rest {
                return;
            }
            self.at += 1;
        }
    }

    fn rule(&mut self) -> Result<(), Fault> {
        let span = self.here();
        self.expect(Token::Word, "expected the name of a rule")?;
        self.expect(Token::Defines, "expected `::=` after the name of a rule")?;
        self.skip_lines();
        let body = self.alternatives()?;
        match self.peek() {
            None | Some(Token::Newline) => {}
            Some(Token::Close) => {
                return Err(Fault::malformed(self.here(), "no group is open here"));
            }
            Some(_) => {
                return Err(Fault::malformed(
                    self.here(),
                    "expected the end of the rule",
                ));
            }
        }
        let name = self.source(span).to_owned();
        self.draft.define(&name, span, body)?;
        Ok(())
    }

    fn alternatives(&mut self) -> Result<Node, Fault> {
        let mut parts = vec![self.sequence()?];
        while self.next_alternative() {
            self.skip_lines();
            parts.push(self.sequence()?);
        }
        Ok(Node::alt(parts))
    }

    /// Reads a `|`, line ends before it included.
    fn next_alternative(&mut self) -> bool {
        let start = self.at;
        self.skip_lines();
        let found = self.eat(Token::Or);
        if !found {
            self.at = start;
        }
        found
    }

    fn sequence(&mut self) -> Result<Node, Fault> {
        let mut parts = Vec::new();
        loop {
            if self.depth > 0 {
                self.skip_lines();
            }
            let start = self.at;
            let Some(atom) = self.atom()? else {
                return Ok(Node::seq(parts));
            };
            parts.push(self.repeated(atom)?);
            // The next rule may follow a rule that ends in a line end.
            if let [(Token::Word, _), (Token::Defines, span)] =
                self.tokens.get(start..start + 2).unwrap_or(&[])
            {
                let message = "a rule begins in the middle of another; \
                               close its groups and start a new line";
                return Err(Fault::malformed(*span, message));
            }
        }
    }

    fn atom(&mut self) -> Result<Option<Node>, Fault> {
        let span = self.here();
        let inside = Span {
            start: span.start + 1,
            end: span.end.saturating_sub(1),
        };
        let Some(token) = self.peek() else {
            return Ok(None);
        };
        let node = match token {
            Token::Word => {
                let name = self.source(span).to_owned();
                Node::Name(self.draft.symbol(&name, span))
            }
            Token::Text => Node::Text(Escapes::new(self.text, inside).text()?),
            Token::Class => class(Escapes::new(self.text, inside), span)?,
            Token::Dot => Node::Set(CharSet::full()),
            Token::Open => return self.group().map(Some),
            Token::Special => {
                let message = "token references are not supported yet; write the text of the token";
                return Err(Fault::unsupported(span, message));
            }
            Token::Star | Token::Plus | Token::Question | Token::OpenBrace => {
                return Err(Fault::malformed(
                    span,
                    "nothing to repeat stands before this",
                ));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(node))
    }

    fn group(&mut self) -> Result<Node, Fault> {
        let open = self.here();
        self.at += 1;
        self.depth += 1;
        if self.depth > self.limits.max_nesting {
            let max = self.limits.max_nesting;
            return Err(Fault::limit(open, "nested groups", "max_nesting", max));
        }
        let node = self.alternatives()?;
        self.skip_lines();
        if !self.eat(Token::Close) {
            let message = match self.peek() {
                None => "the group has no closing `)`".to_owned(),
                Some(_) => format!(
                    "`{}` cannot stand in this group; is its `)` missing?",
                    self.source(self.here())
                ),
            };
            let span = if self.peek().is_none() {
                open
            } else {
                self.here()
            };
            return Err(Fault::malformed(span, message));
        }
        self.depth -= 1;
        Ok(node)
    }

    fn repeated(&mut self, mut node: Node) -> Result<Node, Fault> {
        let mut count = self.depth;
        loop {
            let span = self.here();
            let (min, max) = match self.peek() {
                Some(Token::Star) => (0, None),
                Some(Token::Plus) => (1, None),
                Some(Token::Question) => (0, Some(1)),
                Some(Token::OpenBrace) => self.bounds()?,
                _ => return Ok(node),
            };
            self.at += 1;
            count += 1;
            if count > self.limits.max_nesting {
                let max = self.limits.max_nesting;
                return Err(Fault::limit(span, "nested operators", "max_nesting", max));
            }
            node = node.repeat(min, max);
        }
    }

    /// `{n}`, `{n,}`, `{,m}` or `{n,m}` up to the closing brace.
    fn bounds(&mut self) -> Result<(u32, Option<u32>), Fault> {
        let open = self.here();
        self.at += 1;
        let min = self.number()?;
        let (min, max) = if self.eat(Token::Comma) {
            (min.unwrap_or(0), self.number()?)
        } else {
            let Some(exact) = min else {
                return Err(Fault::malformed(self.here(), "expected a number"));
            };
            (exact, Some(exact))
        };
        if self.peek() != Some(Token::CloseBrace) {
            let message = "expected `}`: a repetition is {n}, {n,} or {n,m}";
            return Err(Fault::malformed(self.here(), message));
        }
        if max.is_some_and(|max| max < min) {
            let span = Span {
                start: open.start,
                end: self.here().end,
            };
            let message = "the most is less than the least; exchange the numbers";
            return Err(Fault::malformed(span, message));
        }
        Ok((min, max))
    }

    fn number(&mut self) -> Result<Option<u32>, Fault> {
        let span = self.here();
        if !self.eat(Token::Word) {
            return Ok(None);
        }
        crate::syntax::count(self.source(span), span, self.limits).map(Some)
    }
}

/// A class without its brackets.
fn class(mut inside: Escapes<'_>, span: Span) -> Result<Node, Fault> {
    let negated = inside.eat('^');
    let mut ranges = Vec::new();
    loop {
        let start = inside.at();
        let Some((low, _)) = inside.next()? else {
            break;
        };
        let dash = inside.rest().starts_with('-') && inside.rest().len() > 1;
        if !dash {
            ranges.push((low as u32, low as u32));
            continue;
        }
        inside.eat('-');
        let high = inside.next()?.map_or(low, |(high, _)| high);
        if high < low {
            let message = "the range ends before it starts; exchange its ends";
            return Err(Fault::malformed(inside.since(start), message));
        }
        ranges.push((low as u32, high as u32));
    }
    if ranges.is_empty() && !negated {
        return Err(Fault::malformed(
            span,
            "a class without characters matches nothing",
        ));
    }
    let set = CharSet::from_ranges(ranges);
    Ok(Node::Set(if negated { set.complement() } else { set }))
}
