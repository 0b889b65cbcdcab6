//! Takes the empty text out of every rule.
//!
//! A step that may read nothing gets an empty step beside it, and a rule a start
//! that never is its end: after that, every symbol stands for its non-empty texts
//! only. In a network this adds at most one empty step per step and one step per
//! step of a rule, where productions would multiply.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use crate::analyze::nullable;
use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Network, Symbol};
use crate::utf8::Bytes;

/// Changes the network so that every rule derives what it did but the empty
/// text, and drops all positions and steps that are part of no text.
///
/// Afterwards nothing leads from a start without reading a symbol, and every
/// position left can reach the end of its rule.
pub(crate) fn remove(
    network: &mut Network,
    terminals: &[Bytes],
    budget: &mut Budget<'_>,
) -> Result<(), CfgError> {
    let nullable = nullable(network, terminals);
    let is_empty = |symbol| match symbol {
        Symbol::Terminal(t) => terminals[t as usize].is_nullable,
        Symbol::Rule(rule) => nullable[rule as usize],
        Symbol::Foreign(_) => false,
    };
    for ways in &mut network.ways {
        let steps = ways.steps.iter().filter(|&&(symbol, _)| is_empty(symbol));
        ways.empty.extend(steps.map(|&(_, to)| to));
        budget.work(ways.empty.len())?;
    }
    for rule in 0..network.rules.len() {
        let first = network.closure([network.rules[rule].start], |_| false);
        let start = network.position(budget)?;
        for position in first {
            let steps = network.ways[position as usize].steps.clone();
            budget.work(steps.len())?;
            network.ways[start as usize].steps.extend(steps);
        }
        network.ways[start as usize].steps.sort_unstable();
        network.ways[start as usize].steps.dedup();
        network.rules[rule].start = start;
    }
    trim(network, |t| terminals[t as usize].dfa.is_some());
    Ok(())
}

/// Drops the steps that lead to no text.
pub(crate) fn trim(network: &mut Network, has_words: impl Fn(u32) -> bool) {
    let has_texts = |symbol| match symbol {
        Symbol::Terminal(t) => has_words(t),
        _ => true,
    };
    let productive = network.readable(has_texts);
    for ways in &mut network.ways {
        ways.steps.retain(|&(symbol, _)| match symbol {
            Symbol::Rule(rule) => productive[rule as usize],
            other => has_texts(other),
        });
    }
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); network.ways.len()];
    for (from, ways) in network.ways.iter().enumerate() {
        for &to in ways.empty.iter().chain(ways.steps.iter().map(|(_, to)| to)) {
            before[to as usize].push(from as u32);
        }
    }
    let mut live = vec![false; network.ways.len()];
    let mut open: Vec<u32> = network.rules.iter().map(|ends| ends.end).collect();
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut live[at as usize], true) {
            open.append(&mut before[at as usize]);
        }
    }
    for ways in &mut network.ways {
        ways.empty.retain(|&to| live[to as usize]);
        ways.steps.retain(|&(_, to)| live[to as usize]);
    }
}
