//! Recursive descent over the tokens of GBNF.

use formwork_automata::CharSet;

use super::lexer::{Token, explain};
use crate::ir::{ForeignKind, Span};
use crate::syntax::draft::{Draft, Node, Symbol};
use crate::syntax::error::Fault;
use crate::syntax::escape::Escapes;
use crate::syntax::options::SyntaxOptions;
use crate::syntax::rules::Rules;
use crate::syntax::token_names;

pub(super) fn parse(text: &str, options: &SyntaxOptions) -> Result<(Draft, Symbol), Vec<Fault>> {
    let read = Rules::read(text, &options.limits, explain, Rules::rule, Rules::recover);
    let (draft, _) = read?;
    let root = options.start.as_deref().unwrap_or("root");
    let Some(start) = draft.find(root) else {
        let message = format!("no rule `{root}`, where texts start; add `{root} ::= …`");
        return Err(vec![Fault::undefined(Span::default(), message)]);
    };
    Ok((draft, start))
}

type Parser<'a> = Rules<'a, Token>;

impl Parser<'_> {
    /// Skips line ends; whether anything is left.
    fn skip_lines(&mut self) -> bool {
        while self.tokens.eat(Token::Newline) {}
        self.tokens.peek().is_some()
    }

    /// Skips to the next token that begins a rule.
    fn recover(&mut self) {
        self.tokens.at += 1;
        while self.tokens.peek().is_some() && !self.at_rule() {
            self.tokens.at += 1;
        }
    }

    /// Whether a name and `::=` come next.
    fn at_rule(&self) -> bool {
        self.tokens.peek() == Some(Token::Word) && self.tokens.peek_nth(1) == Some(Token::Defines)
    }

    fn rule(&mut self) -> Result<Option<Symbol>, Fault> {
        if !self.skip_lines() {
            return Ok(None);
        }
        let span = self.tokens.here();
        self.tokens
            .expect(Token::Word, "expected the name of a rule")?;
        self.tokens
            .expect(Token::Defines, "expected `::=` after the name of a rule")?;
        self.skip_lines();
        let body = self.alternatives()?;
        match self.tokens.peek() {
            None | Some(Token::Newline) => {}
            Some(Token::Close) => {
                return Err(Fault::malformed(
                    self.tokens.here(),
                    "no group is open here",
                ));
            }
            Some(_) => {
                return Err(Fault::malformed(
                    self.tokens.here(),
                    "expected the end of the rule",
                ));
            }
        }
        let name = self.tokens.source(span).to_owned();
        self.draft.define(&name, span, body).map(Some)
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
        let start = self.tokens.at;
        self.skip_lines();
        let found = self.tokens.eat(Token::Or);
        if !found {
            self.tokens.at = start;
        }
        found
    }

    fn sequence(&mut self) -> Result<Node, Fault> {
        let mut parts = Vec::new();
        loop {
            if self.depth > 0 {
                self.skip_lines();
            }
            if self.at_rule() && !parts.is_empty() {
                let message = "a rule begins in the middle of another; \
                               close its groups and start a new line";
                return self.tokens.fail(message);
            }
            let Some(atom) = self.atom()? else {
                return Ok(Node::seq(parts));
            };
            parts.push(self.repeated(atom)?);
        }
    }

    fn atom(&mut self) -> Result<Option<Node>, Fault> {
        let span = self.tokens.here();
        let inside = Span {
            start: span.start + 1,
            end: span.end.saturating_sub(1),
        };
        let Some(token) = self.tokens.peek() else {
            return Ok(None);
        };
        let node = match token {
            Token::Word => {
                let name = self.tokens.source(span).to_owned();
                Node::Name(self.draft.symbol(&name, span))
            }
            Token::Text => Node::Text(Escapes::new(self.tokens.text(), inside).text()?),
            Token::Class => class(Escapes::new(self.tokens.text(), inside), span)?,
            Token::Dot => Node::Set(CharSet::full()),
            Token::Open => return self.group().map(Some),
            Token::Special => {
                let source = self.tokens.source(span);
                let (source, is_negated) = match source.strip_prefix('!') {
                    Some(rest) => (rest, true),
                    None => (source, false),
                };
                let mut pattern = token_names::parse(source, span)?;
                pattern.is_negated ^= is_negated;
                self.draft.foreign(ForeignKind::Token(pattern), span)
            }
            Token::Star | Token::Plus | Token::Question | Token::OpenBrace => {
                return Err(Fault::malformed(
                    span,
                    "nothing to repeat stands before this",
                ));
            }
            _ => return Ok(None),
        };
        self.tokens.at += 1;
        Ok(Some(node))
    }

    fn group(&mut self) -> Result<Node, Fault> {
        let open = self.tokens.here();
        self.tokens.at += 1;
        self.enter(open)?;
        let node = self.alternatives()?;
        self.skip_lines();
        if !self.tokens.eat(Token::Close) {
            let message = match self.tokens.peek() {
                None => "the group has no closing `)`".to_owned(),
                Some(_) => format!(
                    "`{}` cannot stand in this group; is its `)` missing?",
                    self.tokens.source(self.tokens.here())
                ),
            };
            let span = if self.tokens.peek().is_none() {
                open
            } else {
                self.tokens.here()
            };
            return Err(Fault::malformed(span, message));
        }
        self.depth -= 1;
        Ok(node)
    }

    fn repeated(&mut self, mut node: Node) -> Result<Node, Fault> {
        let mut count = self.depth;
        loop {
            let span = self.tokens.here();
            let (min, max) = match self.tokens.peek() {
                Some(Token::Star) => (0, None),
                Some(Token::Plus) => (1, None),
                Some(Token::Question) => (0, Some(1)),
                Some(Token::OpenBrace) => self.bounds()?,
                _ => return Ok(node),
            };
            self.tokens.at += 1;
            count += 1;
            self.check_nesting(count, span)?;
            node = node.repeat(min, max);
        }
    }

    /// `{n}`, `{n,}`, `{,m}` or `{n,m}` up to the closing brace.
    fn bounds(&mut self) -> Result<(u32, Option<u32>), Fault> {
        let open = self.tokens.here();
        self.tokens.at += 1;
        let min = self.number()?;
        let (min, max) = if self.tokens.eat(Token::Comma) {
            (min.unwrap_or(0), self.number()?)
        } else {
            let Some(exact) = min else {
                return Err(Fault::malformed(self.tokens.here(), "expected a number"));
            };
            (exact, Some(exact))
        };
        if self.tokens.peek() != Some(Token::CloseBrace) {
            let message = "expected `}`: a repetition is {n}, {n,} or {n,m}";
            return Err(Fault::malformed(self.tokens.here(), message));
        }
        if max.is_some_and(|max| max < min) {
            let span = Span {
                start: open.start,
                end: self.tokens.here().end,
            };
            let message = "the most is less than the least; exchange the numbers";
            return Err(Fault::malformed(span, message));
        }
        Ok((min, max))
    }

    fn number(&mut self) -> Result<Option<u32>, Fault> {
        let span = self.tokens.here();
        if !self.tokens.eat(Token::Word) {
            return Ok(None);
        }
        crate::syntax::count(self.tokens.source(span), span, self.limits).map(Some)
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
