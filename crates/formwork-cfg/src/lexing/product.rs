//! The network without a lexer: rules by the restriction with which they begin and
//! by those, the *goals*, with which they may end.
//!
//! Goals are sets because callers often do not care: of the outcomes after which a
//! caller goes on alike, all are goals of one and the same call. Calls with other
//! goals are other calls, side by side. A call that is the last of its rule gets the
//! rule's own goals, so it stays a last call.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use std::rc::Rc;

use formwork_grammar::ByteDfa;
use rustc_hash::FxHashMap;

use super::context::Context;
use super::outcomes::Outcomes;
use super::restriction::{FREE, Restriction};
use super::table::Table;
use super::tokens::TableId;
use crate::empty;
use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Ends, Network, Position, Symbol};
use crate::utf8;

/// A network over terminals that need no lexer.
pub(super) struct Product {
    pub(super) network: Network,
    /// The words of its terminals.
    pub(super) words: Vec<Option<ByteDfa>>,
}

/// A set of restrictions, ascending.
type Goals = Rc<[Restriction]>;

/// A rule of the product.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Call {
    rule: u32,
    entry: Restriction,
    goals: Goals,
}

/// A position of the product, within a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Place {
    at: Position,
    /// What restricts reading on.
    restriction: Restriction,
    /// Whether the rule ends with a goal if it ends here.
    is_final: bool,
}

/// Builds the product of what is reached from the start. All that is left of it is
/// part of some text.
pub(super) fn build(
    context: &mut Context<'_>,
    outcomes: &Outcomes,
    budget: &mut Budget<'_>,
) -> Result<Product, CfgError> {
    let entry = context.entry(0, FREE, budget)?;
    let mut builder = Builder {
        context,
        outcomes,
        calls: FxHashMap::default(),
        open: Vec::new(),
        terminals: FxHashMap::default(),
        by_table: FxHashMap::default(),
        product: Product {
            network: Network::default(),
            words: Vec::new(),
        },
    };
    // Whatever a text ends with is as good.
    builder.call(0, entry, outcomes.of_start().into(), budget)?;
    while let Some((call, number)) = builder.open.pop() {
        builder.rule(&call, number, budget)?;
    }
    let Product { mut network, words } = builder.product;
    empty::trim(&mut network, |t| words[t as usize].is_some());
    Ok(Product { network, words })
}

struct Builder<'a, 'b> {
    context: &'a mut Context<'b>,
    outcomes: &'a Outcomes,
    calls: FxHashMap<Call, u32>,
    open: Vec<(Call, u32)>,
    /// Terminals by the table whose words they are, and those by the outcomes kept.
    terminals: FxHashMap<(TableId, Goals), u32>,
    by_table: FxHashMap<Table, u32>,
    product: Product,
}

/// The places of the rule that is being built.
struct Places {
    goals: Goals,
    numbers: FxHashMap<Place, Position>,
    open: Vec<Place>,
}

impl Builder<'_, '_> {
    fn call(
        &mut self,
        rule: u32,
        entry: Restriction,
        goals: Goals,
        budget: &mut Budget<'_>,
    ) -> Result<Symbol, CfgError> {
        let call = Call { rule, entry, goals };
        if let Some(&number) = self.calls.get(&call) {
            return Ok(Symbol::Rule(number));
        }
        budget.rules(1)?;
        let network = &mut self.product.network;
        let ends = Ends {
            start: network.position(budget)?,
            end: network.position(budget)?,
        };
        let number = network.rules.len() as u32;
        network.rules.push(ends);
        let origin = self.context.network.origins.get(call.rule as usize);
        network.origins.push(origin.copied().unwrap_or(call.rule));
        self.calls.insert(call.clone(), number);
        self.open.push((call, number));
        Ok(Symbol::Rule(number))
    }

    fn rule(&mut self, call: &Call, number: u32, budget: &mut Budget<'_>) -> Result<(), CfgError> {
        let network = self.context.network;
        let own = network.rules[call.rule as usize];
        let ends = self.product.network.rules[number as usize];
        let start = Place {
            at: own.start,
            restriction: call.entry,
            is_final: false,
        };
        let mut places = Places {
            goals: Rc::clone(&call.goals),
            numbers: FxHashMap::from_iter([(start, ends.start)]),
            open: vec![start],
        };
        while let Some(place) = places.open.pop() {
            let from = places.numbers.get(&place).copied().unwrap_or(ends.start);
            if place.at == own.end && place.is_final {
                self.product.network.empty(from, ends.end, budget)?;
            }
            let ways = &network.ways[place.at as usize];
            for &at in &ways.empty {
                let to = Place {
                    at,
                    restriction: self.context.reading(at, place.restriction, budget)?,
                    is_final: place.is_final && self.context.first.may_end(at),
                };
                let to = self.number(to, &mut places, budget)?;
                self.product.network.empty(from, to, budget)?;
            }
            for &(symbol, to) in &ways.steps {
                self.step(from, place.restriction, symbol, to, &mut places, budget)?;
            }
        }
        Ok(())
    }

    /// Adds the steps that a step becomes: one for each way in which the rule goes
    /// on after it.
    fn step(
        &mut self,
        from: Position,
        restriction: Restriction,
        symbol: Symbol,
        to: Position,
        places: &mut Places,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        match symbol {
            Symbol::Terminal(terminal) => {
                let table = self.context.tokens.read(terminal, restriction, budget)?;
                let outcomes = self.context.tokens.outcomes(table);
                for (place, goals) in self.ways(to, &outcomes, &places.goals, budget)? {
                    let terminal = self.terminal(table, goals, budget)?;
                    let to = self.number(place, places, budget)?;
                    self.product.network.step(from, terminal, to, budget)?;
                }
            }
            Symbol::Rule(rule) => {
                let entry = self.context.entry(rule, restriction, budget)?;
                let outcomes = self.outcomes.of(rule, entry);
                for (place, goals) in self.ways(to, outcomes, &places.goals, budget)? {
                    let callee = self.call(rule, entry, goals, budget)?;
                    let to = self.number(place, places, budget)?;
                    self.product.network.step(from, callee, to, budget)?;
                }
            }
            Symbol::Foreign(_) => {} // refused before
        }
        Ok(())
    }

    /// Where a rule goes on after outcomes of a step, those with which it goes on
    /// alike together.
    fn ways(
        &mut self,
        at: Position,
        outcomes: &[Restriction],
        goals: &[Restriction],
        budget: &mut Budget<'_>,
    ) -> Result<Vec<(Place, Goals)>, CfgError> {
        let mut ways = Vec::with_capacity(outcomes.len());
        for &outcome in outcomes {
            let is_goal = goals.binary_search(&outcome).is_ok();
            let place = Place {
                at,
                restriction: self.context.reading(at, outcome, budget)?,
                is_final: is_goal && self.context.first.may_end(at),
            };
            ways.push((place, outcome));
        }
        ways.sort_unstable();
        let alike = ways.chunk_by(|a, b| a.0 == b.0);
        Ok(alike
            .map(|alike| (alike[0].0, alike.iter().map(|&(_, way)| way).collect()))
            .collect())
    }

    fn number(
        &mut self,
        place: Place,
        places: &mut Places,
        budget: &mut Budget<'_>,
    ) -> Result<Position, CfgError> {
        if let Some(&known) = places.numbers.get(&place) {
            return Ok(known);
        }
        let number = self.product.network.position(budget)?;
        places.numbers.insert(place, number);
        places.open.push(place);
        Ok(number)
    }

    /// The terminal of those words of a table that have some outcomes.
    fn terminal(
        &mut self,
        table: TableId,
        goals: Goals,
        budget: &mut Budget<'_>,
    ) -> Result<Symbol, CfgError> {
        let key = (table, goals);
        if let Some(&known) = self.terminals.get(&key) {
            return Ok(Symbol::Terminal(known));
        }
        let words = self.context.tokens.table(table);
        budget.work(words.size())?;
        let words = words.keep(&key.1);
        let number = match self.by_table.get(&words) {
            Some(&number) => number,
            None => {
                let bytes = utf8::encode(&words.over(self.context.tokens.lexer), budget)?;
                let number = self.product.words.len() as u32;
                self.product.words.push(bytes.dfa);
                self.by_table.insert(words, number);
                number
            }
        };
        self.terminals.insert(key, number);
        Ok(Symbol::Terminal(number))
    }
}
