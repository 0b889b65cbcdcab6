//! A text cut into tokens, and a place among them.

use logos::Logos;

use super::error::Fault;
use crate::ir::Span;

/// The tokens of a text with their places, read from the first on.
#[derive(Debug)]
pub(super) struct Tokens<'a, T> {
    text: &'a str,
    list: Vec<(T, Span)>,
    /// The next token.
    pub(super) at: usize,
}

impl<'a, T> Tokens<'a, T>
where
    T: Logos<'a, Source = str, Error = ()> + Copy + PartialEq,
    T::Extras: Default,
{
    /// Cuts `text`; for what begins no token, `explain` gets it and what follows.
    pub(super) fn lex(text: &'a str, explain: impl Fn(&str) -> &'static str) -> (Self, Vec<Fault>) {
        let (mut list, mut faults) = (Vec::new(), Vec::new());
        for (token, range) in T::lexer(text).spanned() {
            let span = Span {
                start: range.start,
                end: range.end,
            };
            match token {
                Ok(token) => list.push((token, span)),
                Err(()) => faults.push(Fault::malformed(span, explain(&text[span.start..]))),
            }
        }
        (Self { text, list, at: 0 }, faults)
    }

    pub(super) fn peek(&self) -> Option<T> {
        self.peek_nth(0)
    }

    /// The first token of the text.
    pub(super) fn first(&self) -> Option<T> {
        self.list.first().map(|&(token, _)| token)
    }

    /// The `n`th token after the next.
    pub(super) fn peek_nth(&self, n: usize) -> Option<T> {
        self.list.get(self.at + n).map(|&(token, _)| token)
    }

    /// The place of the next token, or of the end.
    pub(super) fn here(&self) -> Span {
        let end = Span {
            start: self.text.len(),
            end: self.text.len(),
        };
        self.list.get(self.at).map_or(end, |&(_, span)| span)
    }

    pub(super) fn source(&self, span: Span) -> &'a str {
        &self.text[span.start..span.end]
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn eat(&mut self, token: T) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    pub(super) fn fail<R>(&self, message: &str) -> Result<R, Fault> {
        Err(Fault::malformed(self.here(), message))
    }

    /// Reads a token of this kind and says where it was.
    pub(super) fn expect(&mut self, token: T, message: &str) -> Result<Span, Fault> {
        let span = self.here();
        if self.eat(token) {
            Ok(span)
        } else {
            self.fail(message)
        }
    }
}
