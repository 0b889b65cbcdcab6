//! From a grammar to its language, stage by stage.

use std::sync::Arc;

use formwork_automata::Dfa;
use formwork_grammar::Terminal;
use rustc_hash::FxHashMap;

use crate::analyze::{facts, terminals};
use crate::error::CfgError;
use crate::ir::Grammar;
use crate::language::CfgLanguage;
use crate::limits::{Budget, CfgLimits};
use crate::network::{Network, Symbol};
use crate::{corners, cost, empty, normal};

/// Compiles a grammar. Its language is kept exactly, its parse trees are not.
///
/// # Errors
///
/// See [`CfgError`]: nothing is approximated.
pub fn compile(grammar: &Grammar, limits: &CfgLimits) -> Result<CfgLanguage, CfgError> {
    let mut budget = Budget::new(limits);
    let mut network = normal::lower(grammar, &mut budget)?;
    share_terminals(&mut network, &grammar.terminals);
    let words = terminals(grammar, &mut budget)?;
    let analysis = facts(grammar, &network, &words);
    analysis.check(grammar)?;
    let may_be_empty = analysis.is_nullable(grammar.start);
    empty::remove(&mut network, &words, &mut budget)?;
    let network = corners::transform(&network, grammar.start.0, &mut budget)?;
    let shortest = |t: u32| {
        let dfa = words.get(t as usize).and_then(|bytes| bytes.dfa.as_ref());
        dfa.map_or(u32::MAX, |dfa| dfa.min_len())
    };
    let costs = cost::to_end(&network, shortest);
    let states = words.iter().filter_map(|bytes| bytes.dfa.as_ref());
    let heap = states.map(|dfa| 64 * dfa.state_count()).sum();
    let words = words.into_iter().map(|bytes| {
        let dfa = bytes.dfa?;
        Some(Arc::new(dfa) as Arc<dyn Terminal>)
    });
    Ok(CfgLanguage::new(
        network,
        costs,
        words.collect(),
        heap,
        may_be_empty,
    ))
}

/// Lets terminals with equal automata be one.
fn share_terminals(network: &mut Network, terminals: &[Arc<Dfa>]) {
    let mut alike: FxHashMap<(usize, usize), Vec<u32>> = FxHashMap::default();
    let mut first = Vec::with_capacity(terminals.len());
    for (number, dfa) in terminals.iter().enumerate() {
        let size = (dfa.state_count(), dfa.class_count());
        let group = alike.entry(size).or_default();
        let equal = |&&other: &&u32| terminals[other as usize] == *dfa;
        match group.iter().find(equal) {
            Some(&other) => first.push(other),
            None => {
                group.push(number as u32);
                first.push(number as u32);
            }
        }
    }
    for ways in &mut network.ways {
        for (symbol, _) in &mut ways.steps {
            if let Symbol::Terminal(terminal) = symbol {
                *terminal = first[*terminal as usize];
            }
        }
    }
}
