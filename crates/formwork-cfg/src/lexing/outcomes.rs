//! With which restrictions a rule may end, by the one with which it begins: a least
//! fixpoint.

#![expect(
    clippy::indexing_slicing,
    reason = "calls are numbered as they are made"
)]

use rustc_hash::{FxHashMap, FxHashSet};

use super::context::Context;
use super::restriction::{FREE, Restriction};
use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Position, Symbol};

/// The rule of whole texts.
const START: u32 = 0;

pub(super) struct Outcomes {
    ids: FxHashMap<(u32, Restriction), u32>,
    calls: Vec<Call>,
}

impl Outcomes {
    /// The outcomes of a rule that is entered after a restriction, ascending.
    pub(super) fn of(&self, rule: u32, entry: Restriction) -> &[Restriction] {
        let id = self.ids.get(&(rule, entry));
        id.map_or(&[], |&id| &self.calls[id as usize].outcomes)
    }

    pub(super) fn of_start(&self) -> &[Restriction] {
        self.of(START, FREE)
    }
}

/// A rule that is entered after some restriction.
struct Call {
    rule: u32,
    reached: FxHashSet<(Position, Restriction)>,
    outcomes: Vec<Restriction>,
    /// The calls that go on when this one ends, and where.
    callers: Vec<(u32, Position)>,
}

/// Works out what happens from the start on.
pub(super) fn of_rules(
    context: &mut Context<'_>,
    budget: &mut Budget<'_>,
) -> Result<Outcomes, CfgError> {
    let mut search = Search {
        context,
        known: Outcomes {
            ids: FxHashMap::default(),
            calls: Vec::new(),
        },
        open: Vec::new(),
    };
    let entry = search.context.entry(START, FREE, budget)?;
    search.call(START, entry, budget)?;
    while let Some((call, at, restriction)) = search.open.pop() {
        search.visit(call, at, restriction, budget)?;
    }
    for call in &mut search.known.calls {
        call.outcomes.sort_unstable();
        call.reached = FxHashSet::default();
    }
    Ok(search.known)
}

struct Search<'a, 'b> {
    context: &'a mut Context<'b>,
    known: Outcomes,
    open: Vec<(u32, Position, Restriction)>,
}

impl Search<'_, '_> {
    fn call(
        &mut self,
        rule: u32,
        entry: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<u32, CfgError> {
        if let Some(&id) = self.known.ids.get(&(rule, entry)) {
            return Ok(id);
        }
        let id = self.known.calls.len() as u32;
        self.known.ids.insert((rule, entry), id);
        self.known.calls.push(Call {
            rule,
            reached: FxHashSet::default(),
            outcomes: Vec::new(),
            callers: Vec::new(),
        });
        budget.rules(1)?;
        let start = self.context.network.rules[rule as usize].start;
        self.reach(id, start, entry, budget)?;
        Ok(id)
    }

    /// Notes that a call comes to a position with a restriction.
    fn reach(
        &mut self,
        call: u32,
        at: Position,
        restriction: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        budget.work(1)?;
        let restriction = if self.context.first.may_end(at) {
            restriction
        } else {
            self.context.reading(at, restriction, budget)?
        };
        let reached = &mut self.known.calls[call as usize].reached;
        if reached.insert((at, restriction)) {
            budget.position()?;
            self.open.push((call, at, restriction));
        }
        Ok(())
    }

    fn visit(
        &mut self,
        call: u32,
        at: Position,
        restriction: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        let network = self.context.network;
        let Call { rule, .. } = self.known.calls[call as usize];
        if at == network.rules[rule as usize].end {
            self.end(call, restriction, budget)?;
        }
        let ways = &network.ways[at as usize];
        for &to in &ways.empty {
            self.reach(call, to, restriction, budget)?;
        }
        for &(symbol, to) in &ways.steps {
            match symbol {
                Symbol::Terminal(terminal) => {
                    let tokens = &mut self.context.tokens;
                    let table = tokens.read(terminal, restriction, budget)?;
                    for &outcome in &*tokens.outcomes(table) {
                        self.reach(call, to, outcome, budget)?;
                    }
                }
                Symbol::Rule(callee) => {
                    let entry = self.context.entry(callee, restriction, budget)?;
                    let callee = self.call(callee, entry, budget)?;
                    self.wait(callee, call, to, budget)?;
                }
                Symbol::Foreign(_) => {} // refused before
            }
        }
        Ok(())
    }

    /// Lets a call go on wherever a callee ends.
    fn wait(
        &mut self,
        callee: u32,
        caller: u32,
        to: Position,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        let known = &mut self.known.calls[callee as usize];
        known.callers.push((caller, to));
        for outcome in known.outcomes.clone() {
            self.reach(caller, to, outcome, budget)?;
        }
        Ok(())
    }

    fn end(
        &mut self,
        call: u32,
        outcome: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        let known = &mut self.known.calls[call as usize];
        known.outcomes.push(outcome);
        for (caller, to) in known.callers.clone() {
            self.reach(caller, to, outcome, budget)?;
        }
        Ok(())
    }
}
