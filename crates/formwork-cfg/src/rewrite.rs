//! A network made anew from another, rule by rule, as far as rules are called.

use rustc_hash::FxHashMap;

use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Ends, Network, Position, Symbol};

/// A new network, and the rules of the old one that are still to be worked out.
pub(crate) struct Rewrite<'a> {
    pub(crate) old: &'a Network,
    pub(crate) new: Network,
    numbers: FxHashMap<u32, u32>,
    open: Vec<u32>,
}

impl<'a> Rewrite<'a> {
    pub(crate) fn new(old: &'a Network) -> Rewrite<'a> {
        Rewrite {
            old,
            new: Network::default(),
            numbers: FxHashMap::default(),
            open: Vec::new(),
        }
    }

    /// The new number of a rule that is called. The first one asked for gets 0.
    pub(crate) fn number(&mut self, rule: u32, budget: &mut Budget<'_>) -> Result<u32, CfgError> {
        if let Some(&number) = self.numbers.get(&rule) {
            return Ok(number);
        }
        let start = self.new.position(budget)?;
        let end = self.new.position(budget)?;
        let number = self.new.rules.len() as u32;
        self.new.rules.push(Ends { start, end });
        let origin = self.old.origins.get(rule as usize);
        self.new.origins.push(origin.copied().unwrap_or(rule));
        self.numbers.insert(rule, number);
        self.open.push(rule);
        Ok(number)
    }

    /// A rule to be worked out, by its old number, and its new ends.
    pub(crate) fn next(&mut self) -> Option<(u32, Ends)> {
        let rule = self.open.pop()?;
        let number = *self.numbers.get(&rule)?;
        Some((rule, *self.new.rules.get(number as usize)?))
    }

    /// Adds a step that reads what one of the old network does.
    pub(crate) fn step(
        &mut self,
        from: Position,
        symbol: Symbol,
        to: Position,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        let symbol = match symbol {
            Symbol::Rule(rule) => Symbol::Rule(self.number(rule, budget)?),
            other => other,
        };
        self.new.step(from, symbol, to, budget)
    }
}

/// The positions of the old network within one new rule.
#[derive(Default)]
pub(crate) struct Copies {
    known: FxHashMap<Position, Position>,
    open: Vec<(Position, Position)>,
}

impl Copies {
    /// The new position of an old one.
    pub(crate) fn of(
        &mut self,
        old: Position,
        new: &mut Network,
        budget: &mut Budget<'_>,
    ) -> Result<Position, CfgError> {
        if let Some(&copy) = self.known.get(&old) {
            return Ok(copy);
        }
        let copy = new.position(budget)?;
        self.known.insert(old, copy);
        self.open.push((old, copy));
        Ok(copy)
    }

    /// A position whose ways are to be worked out: the old one and the new one.
    pub(crate) fn next(&mut self) -> Option<(Position, Position)> {
        self.open.pop()
    }
}
