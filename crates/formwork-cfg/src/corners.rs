//! Takes left recursion out: the left-corner transform (Rosenkrantz and Lewis
//! 1970), restricted to left-recursive rules (Moore 2000), on networks.
//!
//! Read bottom-up, a left-recursive rule `A` is: a symbol that begins some rule
//! of its component and is not in the component; the rest of that rule, which is
//! then read in full; the rest of a rule that begins with that one; and so on,
//! until it is `A` that was read. In a network this is an automaton again: the
//! positions of all rules of the component, where the end of a rule leads on to
//! wherever that rule is a left corner. So left recursion becomes iteration and
//! costs no stack, and no rule has to be added.
//!
//! The automaton of `A` holds each position of the component at most once, so
//! the result has at most as many positions as the component has, times the
//! number of its rules that are called from elsewhere.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;

use crate::analyze::{components, empty_graph};
use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Ends, Network, Position, Symbol};
use crate::rewrite::{Copies, Rewrite};

/// The rules that a text can come to, none of them left-recursive; the one that
/// starts gets number 0. Expects that no rule derives the empty text.
pub(crate) fn transform(
    network: &Network,
    start: u32,
    budget: &mut Budget<'_>,
) -> Result<Network, CfgError> {
    let mut graph = empty_graph(network);
    for (rule, ends) in network.rules.iter().enumerate() {
        for &(symbol, _) in &network.ways[ends.start as usize].steps {
            if let Symbol::Rule(corner) = symbol {
                graph.add_edge(NodeIndex::new(rule), NodeIndex::new(corner as usize), ());
            }
        }
    }
    let component = components(&graph);
    let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    // Where a rule is read if it begins a rule of its own component.
    let mut read_at: Vec<Vec<Position>> = vec![Vec::new(); network.rules.len()];
    for (rule, ends) in network.rules.iter().enumerate() {
        let Some(own) = component[rule] else { continue };
        members.entry(own).or_default().push(rule as u32);
        for &(symbol, to) in &network.ways[ends.start as usize].steps {
            if let Symbol::Rule(corner) = symbol
                && component[corner as usize] == Some(own)
            {
                read_at[corner as usize].push(to);
            }
        }
    }
    let mut ends_of: FxHashMap<Position, u32> = FxHashMap::default();
    for (rule, ends) in network.rules.iter().enumerate() {
        ends_of.insert(ends.end, rule as u32);
    }
    let mut goals = Goals {
        component,
        members,
        read_at,
        ends_of,
        rewrite: Rewrite::new(network),
    };
    goals.rewrite.number(start, budget)?;
    while let Some((goal, ends)) = goals.rewrite.next() {
        goals.goal(goal, ends, budget)?;
    }
    Ok(goals.rewrite.new)
}

struct Goals<'a> {
    component: Vec<Option<u32>>,
    members: FxHashMap<u32, Vec<u32>>,
    read_at: Vec<Vec<Position>>,
    ends_of: FxHashMap<Position, u32>,
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
        let own = self.component[goal as usize];
        let network = self.rewrite.old;
        let rewrite = &mut self.rewrite;
        let mut copies = Copies::default();

        let begins = match own {
            Some(own) => self.members.get(&own).cloned().unwrap_or_default(),
            None => vec![goal],
        };
        for rule in begins {
            let first = network.rules[rule as usize].start;
            for &(symbol, to) in &network.ways[first as usize].steps {
                let is_inner = match symbol {
                    Symbol::Rule(corner) => own.is_some() && self.component[corner as usize] == own,
                    Symbol::Terminal(_) | Symbol::Foreign(_) => false,
                };
                if !is_inner {
                    let to = copies.of(to, &mut rewrite.new, budget)?;
                    rewrite.step(start, symbol, to, budget)?;
                }
            }
        }
        while let Some((position, at)) = copies.next() {
            let ways = &network.ways[position as usize];
            for &to in &ways.empty {
                let to = copies.of(to, &mut rewrite.new, budget)?;
                rewrite.new.empty(at, to, budget)?;
            }
            for &(symbol, to) in &ways.steps {
                let to = copies.of(to, &mut rewrite.new, budget)?;
                rewrite.step(at, symbol, to, budget)?;
            }
            let Some(&rule) = self.ends_of.get(&position) else {
                continue;
            };
            if rule == goal {
                rewrite.new.empty(at, end, budget)?;
            }
            if own.is_some() {
                for index in 0..self.read_at[rule as usize].len() {
                    let to = self.read_at[rule as usize][index];
                    let to = copies.of(to, &mut rewrite.new, budget)?;
                    rewrite.new.empty(at, to, budget)?;
                }
            }
        }
        Ok(())
    }
}
