//! Rules put where they are called, as far as that costs little.
//!
//! A call after which its rule can only end is a jump: the called rule's automaton
//! goes on in the caller's. Rules that call each other so become one automaton, as
//! the states of a scanner would be. And a rule that is called from one place only
//! stands there. The fewer calls, the fewer frames and dots the engine meets, and
//! what alternatives have in common is read once.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Ends, Network, Position, Symbol};
use crate::rewrite::{Copies, Rewrite};

/// The network with last calls as jumps. It has at most about `GROWTH` times as
/// many positions; once that many are reached, last calls stay calls.
pub(crate) fn jumps(network: &Network, budget: &mut Budget<'_>) -> Result<Network, CfgError> {
    let mut ends_of: FxHashMap<Position, u32> = FxHashMap::default();
    let mut sizes = Vec::with_capacity(network.rules.len());
    for (rule, ends) in network.rules.iter().enumerate() {
        ends_of.insert(ends.end, rule as u32);
        sizes.push(network.closure([ends.start], |_| true).len());
    }
    let only_ends = |at: &Position| {
        let after = network.closure([*at], |_| false);
        let mut ways = after.iter().map(|&at| &network.ways[at as usize]);
        after.iter().any(|at| ends_of.contains_key(at)) && ways.all(|ways| ways.steps.is_empty())
    };
    let targets = network.ways.iter().flat_map(|ways| &ways.steps);
    let targets: FxHashSet<Position> = targets.map(|&(_, to)| to).collect();
    let last = targets.into_iter().filter(only_ends).collect();
    let mut goals = Goals {
        last,
        ends_of,
        left: GROWTH * network.ways.len(),
        sizes,
        rewrite: Rewrite::new(network),
    };
    goals.rewrite.number(0, budget)?;
    while let Some((goal, ends)) = goals.rewrite.next() {
        goals.goal(goal, ends, budget)?;
    }
    Ok(goals.rewrite.new)
}

const GROWTH: usize = 4;

struct Goals<'a> {
    /// The positions from which a rule can only end.
    last: FxHashSet<Position>,
    ends_of: FxHashMap<Position, u32>,
    sizes: Vec<usize>,
    /// How many positions may still be copied.
    left: usize,
    rewrite: Rewrite<'a>,
}

impl Goals<'_> {
    /// Works out the automaton of a rule.
    fn goal(
        &mut self,
        goal: u32,
        Ends { start, end }: Ends,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        let network = self.rewrite.old;
        let mut copies = Copies::default();
        let mut inside: FxHashSet<u32> = FxHashSet::default();
        inside.insert(goal);
        let first = network.rules[goal as usize].start;
        let copy = copies.of(first, &mut self.rewrite.new, budget)?;
        self.rewrite.new.empty(start, copy, budget)?;
        while let Some((position, at)) = copies.next() {
            if self.ends_of.contains_key(&position) {
                self.rewrite.new.empty(at, end, budget)?;
            }
            let ways = &network.ways[position as usize];
            for &to in &ways.empty {
                let to = copies.of(to, &mut self.rewrite.new, budget)?;
                self.rewrite.new.empty(at, to, budget)?;
            }
            for &(symbol, to) in &ways.steps {
                if let Symbol::Rule(rule) = symbol
                    && self.jumps(rule, to, &mut inside)
                {
                    let first = network.rules[rule as usize].start;
                    let first = copies.of(first, &mut self.rewrite.new, budget)?;
                    self.rewrite.new.empty(at, first, budget)?;
                    continue;
                }
                let to = copies.of(to, &mut self.rewrite.new, budget)?;
                self.rewrite.step(at, symbol, to, budget)?;
            }
        }
        Ok(())
    }

    /// Whether a call is a jump: it is the last one, and the rule is part of the
    /// automaton already or may become so.
    fn jumps(&mut self, rule: u32, to: Position, inside: &mut FxHashSet<u32>) -> bool {
        if !self.last.contains(&to) {
            return false;
        }
        if inside.contains(&rule) {
            return true;
        }
        let Some(left) = self.left.checked_sub(self.sizes[rule as usize]) else {
            return false;
        };
        self.left = left;
        inside.insert(rule)
    }
}

/// Puts rules that are called once where they are called. All rules but the first
/// have to be reachable from it.
pub(crate) fn single(network: &mut Network, budget: &mut Budget<'_>) -> Result<(), CfgError> {
    let mut calls: Vec<usize> = vec![0; network.rules.len()];
    for &(symbol, _) in network.ways.iter().flat_map(|ways| &ways.steps) {
        if let Symbol::Rule(rule) = symbol {
            calls[rule as usize] += 1;
        }
    }
    calls[0] = usize::MAX; // whole texts start there
    for at in 0..network.ways.len() {
        let steps = std::mem::take(&mut network.ways[at].steps);
        let (once, kept) = steps.into_iter().partition(
            |&(symbol, _)| matches!(symbol, Symbol::Rule(rule) if calls[rule as usize] == 1),
        );
        network.ways[at].steps = kept;
        let once: Vec<(Symbol, Position)> = once;
        for (symbol, to) in once {
            if let Symbol::Rule(rule) = symbol {
                let Ends { start, end } = network.rules[rule as usize];
                network.empty(at as Position, start, budget)?;
                network.empty(end, to, budget)?;
            }
        }
    }
    drop_rules(network, &calls);
    Ok(())
}

/// Drops the rules that are not called any more, and numbers the others anew.
fn drop_rules(network: &mut Network, calls: &[usize]) {
    let mut numbers: Vec<u32> = vec![0; calls.len()];
    let (mut kept, mut origins) = (Vec::new(), Vec::new());
    for (rule, &ends) in network.rules.iter().enumerate() {
        if calls[rule] != 1 {
            numbers[rule] = kept.len() as u32;
            kept.push(ends);
            origins.extend(network.origins.get(rule));
        }
    }
    network.rules = kept;
    network.origins = origins;
    for ways in &mut network.ways {
        for (symbol, _) in &mut ways.steps {
            if let Symbol::Rule(rule) = symbol {
                *rule = numbers[*rule as usize];
            }
        }
    }
}
