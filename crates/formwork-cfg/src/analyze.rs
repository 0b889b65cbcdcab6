//! What holds of the rules of a grammar: which can end, which are used, which
//! derive the empty text, and which are recursive in what way.
//!
//! Components are found by Kosaraju's algorithm, which needs no recursion.

#![expect(
    clippy::indexing_slicing,
    reason = "what the grammar names was checked when it became a network"
)]

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Dfs;

use crate::error::{CfgError, Place};
use crate::ir::{Grammar, RuleId};
use crate::limits::{Budget, CfgLimits};
use crate::network::{Network, Symbol};
use crate::normal::lower;
use crate::utf8::{self, Bytes};

/// The graph of rules in which an edge means "refers to", in some sense.
pub(crate) type Rules = DiGraph<(), (), u32>;

/// Facts about the rules of a grammar.
#[derive(Clone, Debug)]
pub struct Analysis {
    productive: Vec<bool>,
    reachable: Vec<bool>,
    nullable: Vec<bool>,
    left_recursive: Vec<bool>,
    cyclic: Vec<bool>,
    recursive: Vec<bool>,
    start: RuleId,
}

impl Analysis {
    /// Whether the rule derives any text.
    pub fn is_productive(&self, rule: RuleId) -> bool {
        at(&self.productive, rule)
    }

    /// Whether a derivation from the start can come to the rule.
    pub fn is_reachable(&self, rule: RuleId) -> bool {
        at(&self.reachable, rule)
    }

    /// Whether the rule derives the empty text.
    pub fn is_nullable(&self, rule: RuleId) -> bool {
        at(&self.nullable, rule)
    }

    /// Whether the rule derives something with itself in it.
    pub fn is_recursive(&self, rule: RuleId) -> bool {
        at(&self.recursive, rule)
    }

    /// Whether the rule derives something that begins with itself, at once,
    /// by way of others, or after what may be empty.
    pub fn is_left_recursive(&self, rule: RuleId) -> bool {
        at(&self.left_recursive, rule)
    }

    /// Whether the rule derives just itself, so that a text may have infinitely
    /// many readings.
    pub fn is_cyclic(&self, rule: RuleId) -> bool {
        at(&self.cyclic, rule)
    }

    /// The rules that are no part of any text: those that cannot be reached and
    /// those that cannot end.
    pub fn useless(&self) -> impl Iterator<Item = RuleId> + '_ {
        (0..self.productive.len() as u32)
            .map(RuleId)
            .filter(|&rule| !self.is_productive(rule) || !self.is_reachable(rule))
    }

    /// Refuses a grammar without any text, and names the rules that cannot end.
    pub(crate) fn check(&self, grammar: &Grammar) -> Result<(), CfgError> {
        if self.is_productive(self.start) {
            return Ok(());
        }
        let endless = |rule: &(usize, _)| {
            let rule = RuleId(rule.0 as u32);
            self.is_reachable(rule) && !self.is_productive(rule)
        };
        let rules = grammar.rules.iter().enumerate().filter(endless);
        Err(CfgError::Unproductive {
            rules: rules
                .map(|(_, rule)| Place {
                    rule: rule.name.clone(),
                    span: rule.span,
                })
                .collect(),
        })
    }
}

fn at(facts: &[bool], rule: RuleId) -> bool {
    facts.get(rule.0 as usize).copied().unwrap_or(false)
}

/// Finds out about the rules of a grammar.
///
/// # Errors
///
/// If the grammar names what it does not define, or a limit is reached. A
/// grammar that derives no text is no error here.
pub fn analyze(grammar: &Grammar, limits: &CfgLimits) -> Result<Analysis, CfgError> {
    let mut budget = Budget::new(limits);
    let network = lower(grammar, &mut budget)?;
    let terminals = terminals(grammar, &mut budget)?;
    Ok(facts(grammar, &network, &terminals))
}

/// The terminals over bytes; those with equal automata share one.
pub(crate) fn terminals(
    grammar: &Grammar,
    budget: &mut Budget<'_>,
) -> Result<Vec<Bytes>, CfgError> {
    let encode = |dfa: &std::sync::Arc<formwork_automata::Dfa>| utf8::encode(&**dfa, budget);
    grammar.terminals.iter().map(encode).collect()
}

/// Facts of all rules, those made for repetitions included.
pub(crate) fn facts(grammar: &Grammar, network: &Network, terminals: &[Bytes]) -> Analysis {
    let has_texts = |symbol| match symbol {
        Symbol::Terminal(t) => {
            let terminal = &terminals[t as usize];
            terminal.is_nullable || terminal.dfa.is_some()
        }
        _ => true,
    };
    let productive = network.readable(has_texts);
    let nullable = nullable(network, terminals);
    let is_empty = |symbol| match symbol {
        Symbol::Terminal(t) => terminals[t as usize].is_nullable,
        Symbol::Rule(rule) => nullable[rule as usize],
        Symbol::Foreign(_) => false,
    };

    let mut calls = empty_graph(network);
    let mut corners = empty_graph(network);
    let mut units = empty_graph(network);
    let reverse = reversed(network, is_empty);
    for (rule, ends) in network.rules.iter().enumerate() {
        let from = NodeIndex::new(rule);
        let first = network.closure([ends.start], is_empty);
        let last: rustc_hash::FxHashSet<u32> =
            reverse.closure([ends.end], |_| false).into_iter().collect();
        for callee in network.callees(rule as u32) {
            calls.add_edge(from, NodeIndex::new(callee as usize), ());
        }
        for &position in &first {
            for &(symbol, to) in &network.ways[position as usize].steps {
                if let Symbol::Rule(callee) = symbol {
                    let callee = NodeIndex::new(callee as usize);
                    corners.add_edge(from, callee, ());
                    if last.contains(&to) {
                        units.add_edge(from, callee, ());
                    }
                }
            }
        }
    }
    let mut reachable = vec![false; network.rules.len()];
    let mut walk = Dfs::new(&calls, NodeIndex::new(grammar.start.0 as usize));
    while let Some(rule) = walk.next(&calls) {
        reachable[rule.index()] = true;
    }
    Analysis {
        productive,
        reachable,
        nullable,
        left_recursive: on_cycles(&corners),
        cyclic: on_cycles(&units),
        recursive: on_cycles(&calls),
        start: grammar.start,
    }
}

/// Which rules derive the empty text.
pub(crate) fn nullable(network: &Network, terminals: &[Bytes]) -> Vec<bool> {
    network.readable(|symbol| match symbol {
        Symbol::Terminal(t) => terminals[t as usize].is_nullable,
        _ => false,
    })
}

pub(crate) fn empty_graph(network: &Network) -> Rules {
    let mut graph = Rules::default();
    for _ in &network.rules {
        graph.add_node(());
    }
    graph
}

/// The steps that may read nothing, backwards.
fn reversed(network: &Network, is_empty: impl Fn(Symbol) -> bool) -> Network {
    let mut reverse = Network::default();
    reverse
        .ways
        .resize_with(network.ways.len(), Default::default);
    for (from, ways) in network.ways.iter().enumerate() {
        let steps = ways.steps.iter().filter(|&&(symbol, _)| is_empty(symbol));
        for &to in ways.empty.iter().chain(steps.map(|(_, to)| to)) {
            reverse.ways[to as usize].empty.push(from as u32);
        }
    }
    reverse
}

/// The component of each rule, by number, for those on a cycle.
pub(crate) fn components(graph: &Rules) -> Vec<Option<u32>> {
    let mut component = vec![None; graph.node_count()];
    for (number, members) in kosaraju_scc(graph).iter().enumerate() {
        let is_cycle = match members.as_slice() {
            [only] => graph.contains_edge(*only, *only),
            _ => true,
        };
        if is_cycle {
            for member in members {
                component[member.index()] = Some(number as u32);
            }
        }
    }
    component
}

fn on_cycles(graph: &Rules) -> Vec<bool> {
    components(graph).iter().map(Option::is_some).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Expr, Rule, Span, TerminalId};
    use formwork_automata::Dfa;
    use std::sync::Arc;

    /// Rules from texts: choices of symbols, digits for rules, letters for
    /// terminals.
    fn grammar(rules: &[&[&str]]) -> Grammar {
        let symbol = |c: char| match c.to_digit(10) {
            Some(rule) => Expr::Rule(RuleId(rule)),
            None => Expr::Terminal(TerminalId(c as u32 - 'a' as u32)),
        };
        let choice = |text: &&str| Expr::Sequence(text.chars().map(symbol).collect());
        Grammar {
            rules: rules
                .iter()
                .map(|choices| Rule {
                    name: String::new(),
                    span: Span::default(),
                    body: Expr::Choice(choices.iter().map(choice).collect()),
                })
                .collect(),
            terminals: ["a", "b", "c"]
                .iter()
                .map(|word| Arc::new(Dfa::from_words([*word])))
                .collect(),
            foreign: Vec::new(),
            start: RuleId(0),
            lexing: None,
        }
    }

    fn all(rules: &[&[&str]], fact: fn(&Analysis, RuleId) -> bool) -> Vec<u32> {
        let facts = analyze(&grammar(rules), &CfgLimits::default()).expect("facts");
        let rules = 0..rules.len() as u32;
        rules.filter(|&rule| fact(&facts, RuleId(rule))).collect()
    }

    #[test]
    fn facts_of_rules() {
        let rules: &[&[&str]] = &[
            &["1a", "3"],  // 0
            &["20b", "b"], // 1, hidden left recursion by way of 0
            &["", "c"],    // 2
            &["a3"],       // 3, endless
            &["4", "b"],   // 4, a cycle, not reached
            &["a5", "a"],  // 5, right recursion, not reached
        ];
        assert_eq!(all(rules, Analysis::is_productive), [0, 1, 2, 4, 5]);
        assert_eq!(all(rules, Analysis::is_reachable), [0, 1, 2, 3]);
        assert_eq!(all(rules, Analysis::is_nullable), [2]);
        assert_eq!(all(rules, Analysis::is_left_recursive), [0, 1, 4]);
        assert_eq!(all(rules, Analysis::is_recursive), [0, 1, 3, 4, 5]);
        assert_eq!(all(rules, Analysis::is_cyclic), [4]);
        let facts = analyze(&grammar(rules), &CfgLimits::default()).expect("facts");
        let useless: Vec<u32> = facts.useless().map(|rule| rule.0).collect();
        assert_eq!(useless, [3, 4, 5]);
    }

    #[test]
    fn cycles_through_what_may_be_empty() {
        let rules: &[&[&str]] = &[&["12", "a"], &["202"], &["", "b"]];
        assert_eq!(all(rules, Analysis::is_cyclic), [0, 1]);
        assert_eq!(all(rules, Analysis::is_left_recursive), [0, 1]);
    }

    #[test]
    fn many_empty_parts_stay_linear() {
        // Sixty parts, each of which may be empty: productions without empty
        // parts would be 2^60.
        let parts = "1".repeat(60);
        let rules: &[&[&str]] = &[&[&parts], &["", "a"]];
        let language = crate::compile(&grammar(rules), &CfgLimits::default()).expect("small");
        assert!(language.position_count() < 300);
    }

    #[test]
    fn large_components_are_quadratic_at_most() {
        // Each rule begins with each: one component of nine rules.
        let choices: Vec<String> = (0..9).map(|rule| format!("{rule}a{rule}")).collect();
        let mut choices: Vec<&str> = choices.iter().map(String::as_str).collect();
        choices.push("b");
        let rules: Vec<&[&str]> = vec![&choices; 9];
        let language = crate::compile(&grammar(&rules), &CfgLimits::default()).expect("small");
        assert!(language.position_count() <= 9 * 9 * 30);
    }
}
