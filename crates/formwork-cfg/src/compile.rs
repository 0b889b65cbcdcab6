//! From a grammar to its language, stage by stage.

#![expect(
    clippy::indexing_slicing,
    reason = "what the grammar names was checked when it became a network"
)]

use std::sync::Arc;

use formwork_automata::Dfa;
use formwork_grammar::{ByteDfa, Language, Terminal, TokenSet};
use rustc_hash::FxHashMap;

use crate::analyze::{facts, terminals};
use crate::error::CfgError;
use crate::foreign::ForeignParts;
use crate::ir::Grammar;
use crate::language::{CfgLanguage, Parts};
use crate::limits::{Budget, CfgLimits};
use crate::network::{Network, Symbol};
use crate::{corners, cost, empty, fuse, inline, lexing, next, normal};

/// What something [foreign](crate::ir::Foreign) stands for.
pub enum Resolved {
    /// A language none of whose texts is empty.
    Language(Box<dyn Language>),
    /// One token of a set that is not empty.
    Token(TokenSet),
}

/// Compiles a grammar in which nothing is foreign. Its language is kept exactly,
/// its parse trees are not.
///
/// # Errors
///
/// See [`CfgError`]: nothing is approximated.
pub fn compile(grammar: &Grammar, limits: &CfgLimits) -> Result<CfgLanguage, CfgError> {
    compile_with(grammar, Vec::new(), limits)
}

/// Compiles a grammar, given what its [foreign](Grammar::foreign) parts stand
/// for, in their order.
///
/// # Errors
///
/// See [`CfgError`]: nothing is approximated.
pub fn compile_with(
    grammar: &Grammar,
    foreign: Vec<Resolved>,
    limits: &CfgLimits,
) -> Result<CfgLanguage, CfgError> {
    let foreign = ForeignParts::new(grammar, foreign)?;
    if let Some(lexing) = &grammar.lexing {
        if let Some(part) = grammar.foreign.first() {
            return Err(CfgError::ForeignWithLexer { span: part.span });
        }
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
    let plain = Plain {
        network,
        words: words.into_iter().map(|bytes| bytes.dfa).collect(),
        foreign,
        may_be_empty,
    };
    finish(grammar, plain, limits, &mut budget)
}

/// What rules, the first of which derives whole texts, are over terminals that need
/// no lexer.
pub(crate) struct Plain {
    pub(crate) network: Network,
    pub(crate) words: Vec<Option<ByteDfa>>,
    pub(crate) foreign: ForeignParts,
    pub(crate) may_be_empty: bool,
}

/// The language of a grammar that has become plain.
pub(crate) fn finish(
    grammar: &Grammar,
    plain: Plain,
    limits: &CfgLimits,
    budget: &mut Budget<'_>,
) -> Result<CfgLanguage, CfgError> {
    let Plain {
        mut network,
        mut words,
        foreign,
        may_be_empty,
    } = plain;
    if limits.max_fused_states > 0 {
        fuse::fuse(&mut network, &mut words, limits.max_fused_states);
        network = inline::jumps(&network, budget)?;
        inline::single(&mut network, budget)?;
    }
    let shortest = |symbol| match symbol {
        Symbol::Terminal(t) => {
            let dfa = words.get(t as usize).and_then(Option::as_ref);
            dfa.map_or(u32::MAX, ByteDfa::min_len)
        }
        Symbol::Foreign(f) => foreign.most(f),
        Symbol::Rule(_) => u32::MAX,
    };
    let costs = cost::to_end(&network, shortest);
    // The bounds differ only where other languages are read.
    let lowest = if foreign.has_languages() {
        cost::to_end(&network, |symbol| match symbol {
            Symbol::Foreign(f) => foreign.least(f),
            other => shortest(other),
        })
    } else {
        costs.clone()
    };
    let next_bytes = next::bytes(&network, &words);
    let states = words.iter().flatten().map(ByteDfa::state_count);
    let heap = 64 * states.sum::<usize>();
    let terminal = |dfa: Option<ByteDfa>| Some(Arc::new(dfa?) as Arc<dyn Terminal>);
    Ok(CfgLanguage::new(Parts {
        network,
        names: grammar.rules.iter().map(|rule| rule.name.clone()).collect(),
        costs: (costs, lowest),
        next_bytes,
        terminals: words.into_iter().map(terminal).collect(),
        terminal_bytes: heap,
        foreign,
        may_be_empty,
    }))
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
