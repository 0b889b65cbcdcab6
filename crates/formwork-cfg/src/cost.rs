//! The fewest bytes from each position to the end of its rule: Knuth's (1977)
//! generalisation of Dijkstra's algorithm to grammars.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::network::{Network, Position, Symbol};

/// For each position, the fewest bytes of a text that leads from it to the end
/// of its rule; `u32::MAX` if that is more than a number holds, or if nothing
/// does. `of` tells the fewest bytes of a symbol that is no rule.
pub(crate) fn to_end(network: &Network, of: impl Fn(Symbol) -> u32) -> Vec<u32> {
    let mut costs = vec![u32::MAX; network.ways.len()];
    let mut before: Vec<Vec<(Option<Symbol>, Position)>> = vec![Vec::new(); network.ways.len()];
    for (from, ways) in network.ways.iter().enumerate() {
        for &to in &ways.empty {
            before[to as usize].push((None, from as Position));
        }
        for &(symbol, to) in &ways.steps {
            before[to as usize].push((Some(symbol), from as Position));
        }
    }
    let mut starts: Vec<Option<u32>> = vec![None; network.ways.len()];
    for (rule, ends) in network.rules.iter().enumerate() {
        starts[ends.start as usize] = Some(rule as u32);
    }
    // Positions before a rule whose own cost is not known yet.
    let mut waiting: Vec<Vec<(Position, u32)>> = vec![Vec::new(); network.rules.len()];
    let ends = network.rules.iter().map(|ends| Reverse((0, ends.end)));
    let mut open: BinaryHeap<Reverse<(u32, Position)>> = ends.collect();
    while let Some(Reverse((cost, at))) = open.pop() {
        if costs[at as usize] != u32::MAX || cost == u32::MAX {
            continue;
        }
        costs[at as usize] = cost;
        if let Some(rule) = starts[at as usize] {
            for (position, rest) in waiting[rule as usize].drain(..) {
                open.push(Reverse((rest.saturating_add(cost), position)));
            }
        }
        for &(symbol, from) in &before[at as usize] {
            let more = match symbol {
                None => 0,
                Some(Symbol::Rule(rule)) => {
                    match costs[network.rules[rule as usize].start as usize] {
                        u32::MAX => {
                            waiting[rule as usize].push((from, cost));
                            continue;
                        }
                        known => known,
                    }
                }
                Some(other) => of(other),
            };
            open.push(Reverse((cost.saturating_add(more), from)));
        }
    }
    costs
}
