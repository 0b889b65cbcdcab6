//! What the readers of notations that are lists of rules have in common.

use logos::Logos;

use super::draft::{Draft, Symbol};
use super::error::{Fault, MAX_ERRORS};
use super::options::SyntaxLimits;
use super::tokens::Tokens;
use crate::ir::Span;

/// A text half read.
pub(super) struct Rules<'a, T> {
    pub(super) tokens: Tokens<'a, T>,
    /// How many groups are open.
    pub(super) depth: u32,
    pub(super) draft: Draft,
    pub(super) limits: &'a SyntaxLimits,
}

impl<'a, T> Rules<'a, T>
where
    T: Logos<'a, Source = str, Error = ()> + Copy + PartialEq,
    T::Extras: Default,
{
    /// The definitions of `text`, and the first symbol. `rule` reads one rule, or
    /// nothing at the end of the text; after a fault, `recover` skips to the next.
    pub(super) fn read(
        text: &'a str,
        limits: &'a SyntaxLimits,
        explain: fn(&str) -> &'static str,
        rule: fn(&mut Self) -> Result<Option<Symbol>, Fault>,
        recover: fn(&mut Self),
    ) -> Result<(Draft, Option<Symbol>), Vec<Fault>> {
        let (tokens, mut faults) = Tokens::lex(text, explain);
        let mut rules = Rules {
            tokens,
            depth: 0,
            draft: Draft::default(),
            limits,
        };
        let mut first = None;
        while rules.tokens.peek().is_some() && faults.len() < MAX_ERRORS {
            match rule(&mut rules) {
                Ok(symbol) => first = first.or(symbol),
                Err(fault) => {
                    faults.push(fault);
                    rules.depth = 0;
                    recover(&mut rules);
                }
            }
        }
        if faults.is_empty() {
            Ok((rules.draft, first))
        } else {
            Err(faults)
        }
    }

    /// Refuses a level of nesting beyond the limit.
    pub(super) fn check_nesting(&self, level: u32, span: Span) -> Result<(), Fault> {
        let max = self.limits.max_nesting;
        if level > max {
            return Err(Fault::limit(span, "nesting", "max_nesting", max));
        }
        Ok(())
    }

    /// One more group is open from `span` on.
    pub(super) fn enter(&mut self, span: Span) -> Result<(), Fault> {
        self.depth += 1;
        self.check_nesting(self.depth, span)
    }
}
