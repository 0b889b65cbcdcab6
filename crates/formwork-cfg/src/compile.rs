//! From a grammar to its language, stage by stage.

use std::sync::Arc;

use formwork_automata::Dfa;
use formwork_grammar::{ByteDfa, Terminal};
use rustc_hash::FxHashMap;

use crate::analyze::{facts, terminals};
use crate::error::CfgError;
use crate::ir::Grammar;
use crate::language::CfgLanguage;
use crate::limits::{Budget, CfgLimits};
use crate::network::{Network, Symbol};
use crate::{corners, cost, empty, fuse, lexing, normal};

/// Compiles a grammar. Its language is kept exactly, its parse trees are not.
///
/// # Errors
///
/// See [`CfgError`]: nothing is approximated.
pub fn compile(grammar: &Grammar, limits: &CfgLimits) -> Result<CfgLanguage, CfgError> {
    if let Some(lexing) = &grammar.lexing {
        return lexing::compile(grammar, lexing, limits);
    }
    let mut budget = Budget::new(limits);
    let mut network = normal::lower(grammar, &mut budget)?;
    share_terminals(&mut network, &grammar.terminals);
    let words = terminals(grammar, &mut budget)?;
    let analysis = facts(grammar, &network, &words);
    analysis.check(grammar)?;
    let may_be_empty = analysis.is_nullable(grammar.start);
    empty::remove(&mut network, &words, &mut budget)?;
    let network = corners::transform(&network, grammar.start.0, &mut budget)?;
    let words = words.into_iter().map(|bytes| bytes.dfa).collect();
    Ok(finish(network, words, may_be_empty, limits))
}

/// The language of a network's first rule, over terminals that need no lexer.
pub(crate) fn finish(
    mut network: Network,
    mut words: Vec<Option<ByteDfa>>,
    may_be_empty: bool,
    limits: &CfgLimits,
) -> CfgLanguage {
    if limits.max_fused_states > 0 {
        fuse::fuse(&mut network, &mut words, limits.max_fused_states);
    }
    let shortest = |t: u32| {
        let dfa = words.get(t as usize).and_then(Option::as_ref);
        dfa.map_or(u32::MAX, ByteDfa::min_len)
    };
    let costs = cost::to_end(&network, shortest);
    let states = words.iter().flatten().map(ByteDfa::state_count);
    let heap = 64 * states.sum::<usize>();
    let terminal = |dfa: Option<ByteDfa>| Some(Arc::new(dfa?) as Arc<dyn Terminal>);
    CfgLanguage::new(
        network,
        costs,
        words.into_iter().map(terminal).collect(),
        heap,
        may_be_empty,
    )
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
