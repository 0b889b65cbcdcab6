//! Rules without recursion as single terminals.
//!
//! What a rule derives that comes to no cycle of calls is regular, so the rule
//! can be determinised into one automaton over bytes. Then the engine knows of
//! every token at once whether it stays inside, instead of finding out call by
//! call: `string: "\"" char* "\""` is read like a terminal, as its author meant
//! it. Rules that would grow too large stay calls; the language is the same
//! either way.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use formwork_grammar::{ByteDfa, ByteDfaBuilder, LexState, Terminal};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;

use crate::analyze::empty_graph;
use crate::network::{Ends, Network, Position, Symbol};

/// Elementary steps spent on all rules of a grammar.
const MAX_STEPS: usize = 20_000_000;

/// Replaces the rules that are regular, callees first, by new terminals of at
/// most `max_states` states. Expects that no rule or terminal derives the empty
/// text.
pub(crate) fn fuse(network: &mut Network, terminals: &mut Vec<Option<ByteDfa>>, max_states: usize) {
    let mut calls = empty_graph(network);
    for rule in 0..network.rules.len() as u32 {
        for callee in network.callees(rule) {
            calls.add_edge(
                NodeIndex::new(rule as usize),
                NodeIndex::new(callee as usize),
                (),
            );
        }
    }
    let mut fused: FxHashMap<u32, u32> = FxHashMap::default();
    // Equal automata are one terminal.
    let known = terminals.iter().zip(0..);
    let mut alike: FxHashMap<ByteDfa, u32> = known
        .filter_map(|(dfa, number)| Some((dfa.clone()?, number)))
        .collect();
    let mut steps_left = MAX_STEPS;
    // Components come callees first.
    for component in kosaraju_scc(&calls) {
        let [rule] = component.as_slice() else {
            continue;
        };
        if calls
            .neighbors(*rule)
            .any(|callee| !fused.contains_key(&(callee.index() as u32)))
        {
            continue;
        }
        let Ends { start, end } = network.rules[rule.index()];
        let positions = network.closure([start], |_| true);
        let is_foreign = |(symbol, _): &(Symbol, _)| matches!(symbol, Symbol::Foreign(_));
        let steps = |&at: &Position| network.ways[at as usize].steps.iter();
        if positions.iter().flat_map(steps).any(is_foreign) {
            continue;
        }
        for &at in &positions {
            for (symbol, _) in &mut network.ways[at as usize].steps {
                if let Symbol::Rule(callee) = *symbol
                    && let Some(&terminal) = fused.get(&callee)
                {
                    *symbol = Symbol::Terminal(terminal);
                }
            }
        }
        let subsets = Subsets {
            network,
            terminals,
            end,
            entries: FxHashMap::default(),
            max_states,
            steps_left: &mut steps_left,
        };
        let Some(dfa) = subsets.determinise(start) else {
            continue;
        };
        let next = terminals.len() as u32;
        let terminal = *alike.entry(dfa).or_insert_with_key(|dfa| {
            terminals.push(Some(dfa.clone()));
            next
        });
        fused.insert(rule.index() as u32, terminal);
        for &at in &positions {
            network.ways[at as usize] = Default::default();
        }
        network.ways[start as usize].steps = vec![(Symbol::Terminal(terminal), end)];
    }
    for ways in &mut network.ways {
        for (symbol, _) in &mut ways.steps {
            if let Symbol::Rule(callee) = *symbol
                && let Some(&terminal) = fused.get(&callee)
            {
                *symbol = Symbol::Terminal(terminal);
            }
        }
    }
}

/// Inside a terminal, in some state, on the way to a position.
type Item = (u32, u32, Position);

/// What a set of items is, and whether the rule may end there.
type Set = (bool, Box<[Item]>);

/// The subset construction of a rule that reads terminals only.
struct Subsets<'a> {
    network: &'a Network,
    terminals: &'a [Option<ByteDfa>],
    end: Position,
    /// The items at a position, before the next byte.
    entries: FxHashMap<Position, Set>,
    max_states: usize,
    steps_left: &'a mut usize,
}

impl Subsets<'_> {
    /// `None` if that takes too many states or steps.
    fn determinise(mut self, start: Position) -> Option<ByteDfa> {
        let alike = self.bytes_alike(start);
        let mut builder = ByteDfaBuilder::default();
        let mut ids: FxHashMap<Set, u32> = FxHashMap::default();
        let first = self.entry(start).clone();
        let start = builder.state();
        let mut open = vec![(first, start)];
        while let Some(((is_final, items), from)) = open.pop() {
            if is_final {
                builder.label(from, 0);
            }
            *self.steps_left = self.steps_left.checked_sub(alike.len() * items.len())?;
            for bytes in &alike {
                let Some(next) = self.step(&items, bytes[0]) else {
                    continue;
                };
                let to = match ids.get(&next) {
                    Some(&to) => to,
                    None => {
                        if builder.len() >= self.max_states {
                            return None;
                        }
                        let to = builder.state();
                        ids.insert(next.clone(), to);
                        open.push((next, to));
                        to
                    }
                };
                for &byte in bytes {
                    builder.edge(from, byte, to);
                }
            }
        }
        let dfa = builder.build(start);
        (!dfa.is_empty()).then_some(dfa)
    }

    /// All bytes, those together that no terminal of the rule tells apart.
    fn bytes_alike(&self, start: Position) -> Vec<Vec<u8>> {
        let mut read: Vec<u32> = Vec::new();
        for at in self.network.closure([start], |_| true) {
            for &(symbol, _) in &self.network.ways[at as usize].steps {
                if let Symbol::Terminal(terminal) = symbol {
                    read.push(terminal);
                }
            }
        }
        read.sort_unstable();
        read.dedup();
        let mut groups: FxHashMap<Vec<u8>, Vec<u8>> = FxHashMap::default();
        for byte in 0..=u8::MAX {
            let dfas = read.iter().filter_map(|&t| self.terminals.get(t as usize));
            let classes = dfas.flatten().map(|dfa| dfa.class(byte)).collect();
            groups.entry(classes).or_default().push(byte);
        }
        let mut alike: Vec<Vec<u8>> = groups.into_values().collect();
        alike.sort_unstable();
        alike
    }

    fn step(&mut self, items: &[Item], byte: u8) -> Option<Set> {
        let mut is_final = false;
        let mut next: Vec<Item> = Vec::new();
        for &(terminal, state, to) in items {
            let Some(Some(dfa)) = self.terminals.get(terminal as usize) else {
                continue;
            };
            let Some(state) = dfa.step(LexState([state, 0, 0, 0]), byte) else {
                continue;
            };
            if dfa.can_continue(state) {
                next.push((terminal, state.0[0], to));
            }
            if dfa.exit(state).is_some() {
                let (ends, items) = self.entry(to);
                is_final |= ends;
                next.extend_from_slice(items);
            }
        }
        next.sort_unstable();
        next.dedup();
        (is_final || !next.is_empty()).then(|| (is_final, next.into()))
    }

    fn entry(&mut self, position: Position) -> &Set {
        let (network, terminals, end) = (self.network, self.terminals, self.end);
        self.entries.entry(position).or_insert_with(|| {
            let positions = network.closure([position], |_| false);
            let mut items: Vec<Item> = Vec::new();
            for &at in &positions {
                for &(symbol, to) in &network.ways[at as usize].steps {
                    if let Symbol::Terminal(terminal) = symbol
                        && let Some(Some(dfa)) = terminals.get(terminal as usize)
                    {
                        items.push((terminal, dfa.start().0[0], to));
                    }
                }
            }
            items.sort_unstable();
            items.dedup();
            (positions.contains(&end), items.into())
        })
    }
}
