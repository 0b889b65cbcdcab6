//! Expressions to automata, after Thompson (1968): linear in the expressions.
//!
//! A repetition `{m,n}` of something longer than one symbol first becomes a rule
//! of its own, equal ones the same rule. Up to [`CHAIN`] times it is a chain of
//! steps; beyond, rules that double: `E(2k) = E(k) E(k)` for exactly so many, and
//! `U(n) = U(h-1) | E(h) U(n-h)` with `h` half of `n` for at most so many, which
//! is logarithmic and leaves one reading per count.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes are numbered as they are made; the names in a grammar are checked, not indexed"
)]

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::error::{CfgError, Place};
use crate::ir::{Expr, Grammar, RuleId};
use crate::limits::Budget;
use crate::network::{Ends, Network, Position, Symbol};

/// Repetitions that are spelt out.
const CHAIN: u32 = 16;

/// An expression whose parts are numbers, equal ones alike.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Node {
    Symbol(Symbol),
    Sequence(Box<[u32]>),
    Choice(Box<[u32]>),
    Repeat(u32, u32, Option<u32>),
}

/// What a rule made for a repetition derives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Helper {
    /// An expression.
    Once(u32),
    /// A symbol so many times.
    Exactly(Symbol, u32),
    /// A symbol at most so many times.
    UpTo(Symbol, u32),
}

/// The network of a grammar. Its first rules are the grammar's, in order.
pub(crate) fn lower(grammar: &Grammar, budget: &mut Budget<'_>) -> Result<Network, CfgError> {
    budget.rules(grammar.rules.len())?;
    if grammar.start.0 as usize >= grammar.rules.len() {
        return Err(CfgError::Undefined {
            place: None,
            number: grammar.start.0,
        });
    }
    let mut lowering = Lowering {
        budget,
        grammar,
        nodes: Vec::new(),
        ids: FxHashMap::default(),
        helpers: FxHashMap::default(),
        queue: VecDeque::new(),
        network: Network::default(),
    };
    for _ in &grammar.rules {
        lowering.rule()?;
    }
    for (number, rule) in grammar.rules.iter().enumerate() {
        let node = lowering.node(&rule.body, RuleId(number as u32))?;
        let Ends { start, end } = lowering.network.rules[number];
        lowering.expression(node, start, end)?;
    }
    while let Some((helper, rule)) = lowering.queue.pop_front() {
        let ends = lowering.network.rules[rule as usize];
        lowering.helper(helper, ends)?;
    }
    Ok(lowering.network)
}

struct Lowering<'a, 'b> {
    budget: &'a mut Budget<'b>,
    grammar: &'a Grammar,
    nodes: Vec<Node>,
    ids: FxHashMap<Node, u32>,
    helpers: FxHashMap<Helper, u32>,
    queue: VecDeque<(Helper, u32)>,
    network: Network,
}

impl Lowering<'_, '_> {
    /// A new rule without a way from its start to its end.
    fn rule(&mut self) -> Result<u32, CfgError> {
        let start = self.network.position(self.budget)?;
        let end = self.network.position(self.budget)?;
        self.network.rules.push(Ends { start, end });
        Ok((self.network.rules.len() - 1) as u32)
    }

    /// The number of an expression; without recursion, so that its depth does
    /// not matter.
    fn node(&mut self, body: &Expr, rule: RuleId) -> Result<u32, CfgError> {
        let mut open = vec![(body, false)];
        let mut done: Vec<u32> = Vec::new();
        while let Some((expr, parts_done)) = open.pop() {
            self.budget.work(1)?;
            if !parts_done {
                open.push((expr, true));
                match expr {
                    Expr::Terminal(_) | Expr::Rule(_) | Expr::Foreign(_) => {}
                    Expr::Sequence(parts) | Expr::Choice(parts) => {
                        open.extend(parts.iter().rev().map(|part| (part, false)));
                    }
                    Expr::Repeat { inner, .. } => open.push((inner, false)),
                }
                continue;
            }
            let node = match expr {
                Expr::Terminal(terminal) => {
                    self.defined(terminal.0, self.grammar.terminals.len(), rule)?;
                    Node::Symbol(Symbol::Terminal(terminal.0))
                }
                Expr::Rule(callee) => {
                    self.defined(callee.0, self.grammar.rules.len(), rule)?;
                    Node::Symbol(Symbol::Rule(callee.0))
                }
                Expr::Foreign(foreign) => {
                    self.defined(foreign.0, self.grammar.foreign.len(), rule)?;
                    Node::Symbol(Symbol::Foreign(foreign.0))
                }
                Expr::Sequence(parts) => {
                    let parts = done.split_off(done.len().saturating_sub(parts.len()));
                    Node::Sequence(parts.into())
                }
                Expr::Choice(parts) => {
                    let parts = done.split_off(done.len().saturating_sub(parts.len()));
                    Node::Choice(parts.into())
                }
                Expr::Repeat { min, max, .. } => {
                    Node::Repeat(done.pop().unwrap_or_default(), *min, *max)
                }
            };
            done.push(self.intern(node));
        }
        Ok(done.pop().unwrap_or_default())
    }

    fn defined(&self, number: u32, count: usize, rule: RuleId) -> Result<(), CfgError> {
        if (number as usize) < count {
            return Ok(());
        }
        Err(CfgError::Undefined {
            place: self.grammar.rules.get(rule.0 as usize).map(|rule| Place {
                rule: rule.name.clone(),
                span: rule.span,
            }),
            number,
        })
    }

    fn intern(&mut self, node: Node) -> u32 {
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        let id = self.nodes.len() as u32;
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        id
    }

    /// Adds the ways by which an expression leads from one position to another.
    fn expression(&mut self, node: u32, from: Position, to: Position) -> Result<(), CfgError> {
        let mut open = vec![(node, from, to)];
        while let Some((node, from, to)) = open.pop() {
            match self.nodes[node as usize].clone() {
                Node::Symbol(symbol) => self.network.step(from, symbol, to, self.budget)?,
                Node::Choice(parts) => open.extend(parts.iter().map(|&part| (part, from, to))),
                Node::Sequence(parts) => {
                    let mut at = from;
                    for (index, &part) in parts.iter().enumerate() {
                        let next = if index + 1 == parts.len() {
                            to
                        } else {
                            self.network.position(self.budget)?
                        };
                        open.push((part, at, next));
                        at = next;
                    }
                    if parts.is_empty() {
                        self.network.empty(from, to, self.budget)?;
                    }
                }
                Node::Repeat(_, min, Some(max)) if min > max => {}
                Node::Repeat(_, _, Some(0)) => self.network.empty(from, to, self.budget)?,
                Node::Repeat(inner, 0, Some(1)) => {
                    self.network.empty(from, to, self.budget)?;
                    open.push((inner, from, to));
                }
                Node::Repeat(inner, 1, Some(1)) => open.push((inner, from, to)),
                Node::Repeat(inner, 0, None) => {
                    let around = self.network.position(self.budget)?;
                    self.network.empty(from, around, self.budget)?;
                    self.network.empty(around, to, self.budget)?;
                    open.push((inner, around, around));
                }
                Node::Repeat(inner, 1, None) => {
                    let first = self.network.position(self.budget)?;
                    let last = self.network.position(self.budget)?;
                    self.network.empty(from, first, self.budget)?;
                    self.network.empty(last, first, self.budget)?;
                    self.network.empty(last, to, self.budget)?;
                    open.push((inner, first, last));
                }
                Node::Repeat(inner, min, max) => {
                    let symbol = match self.nodes[inner as usize] {
                        Node::Symbol(symbol) => symbol,
                        _ => self.helper_rule(Helper::Once(inner))?,
                    };
                    self.repeat(symbol, min, max, from, to)?;
                }
            }
        }
        Ok(())
    }

    /// A symbol `min` to `max` times.
    fn repeat(
        &mut self,
        symbol: Symbol,
        min: u32,
        max: Option<u32>,
        from: Position,
        to: Position,
    ) -> Result<(), CfgError> {
        let at = self.network.position(self.budget)?;
        self.exactly(symbol, min, from, at)?;
        match max {
            None => {
                self.network.step(at, symbol, at, self.budget)?;
                self.network.empty(at, to, self.budget)
            }
            Some(max) => self.up_to(symbol, max.saturating_sub(min), at, to),
        }
    }

    fn exactly(
        &mut self,
        symbol: Symbol,
        times: u32,
        from: Position,
        to: Position,
    ) -> Result<(), CfgError> {
        if times > CHAIN {
            let rule = self.helper_rule(Helper::Exactly(symbol, times))?;
            return self.network.step(from, rule, to, self.budget);
        }
        let mut at = from;
        for _ in 0..times {
            let next = self.network.position(self.budget)?;
            self.network.step(at, symbol, next, self.budget)?;
            at = next;
        }
        self.network.empty(at, to, self.budget)
    }

    fn up_to(
        &mut self,
        symbol: Symbol,
        times: u32,
        from: Position,
        to: Position,
    ) -> Result<(), CfgError> {
        if times > CHAIN {
            let rule = self.helper_rule(Helper::UpTo(symbol, times))?;
            return self.network.step(from, rule, to, self.budget);
        }
        let mut at = from;
        self.network.empty(at, to, self.budget)?;
        for _ in 0..times {
            let next = self.network.position(self.budget)?;
            self.network.step(at, symbol, next, self.budget)?;
            self.network.empty(next, to, self.budget)?;
            at = next;
        }
        Ok(())
    }

    /// The rule of a helper, which is worked out later if it is new.
    fn helper_rule(&mut self, helper: Helper) -> Result<Symbol, CfgError> {
        if let Some(&rule) = self.helpers.get(&helper) {
            return Ok(Symbol::Rule(rule));
        }
        self.budget.rules(1)?;
        let rule = self.rule()?;
        self.helpers.insert(helper, rule);
        self.queue.push_back((helper, rule));
        Ok(Symbol::Rule(rule))
    }

    fn helper(&mut self, helper: Helper, Ends { start, end }: Ends) -> Result<(), CfgError> {
        match helper {
            Helper::Once(node) => self.expression(node, start, end),
            Helper::Exactly(symbol, times) => {
                let half = times / 2;
                let middle = self.network.position(self.budget)?;
                self.exactly(symbol, half, start, middle)?;
                if times % 2 == 0 {
                    return self.exactly(symbol, half, middle, end);
                }
                let last = self.network.position(self.budget)?;
                self.exactly(symbol, half, middle, last)?;
                self.exactly(symbol, 1, last, end)
            }
            Helper::UpTo(symbol, times) => {
                let half = times.div_ceil(2);
                self.up_to(symbol, half - 1, start, end)?;
                let middle = self.network.position(self.budget)?;
                self.exactly(symbol, half, start, middle)?;
                self.up_to(symbol, times - half, middle, end)
            }
        }
    }
}
