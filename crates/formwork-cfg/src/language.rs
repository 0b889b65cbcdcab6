//! A grammar as a language of dots.
//!
//! A dot is a set of positions of one rule: the subset construction, done for
//! the sets that a text reaches and for no others. So alternatives that begin
//! alike are one reading until they differ, and a rule that would have
//! exponentially many sets does no harm.

use std::sync::Arc;

use formwork_grammar::{Dot, Edge, Expansion, Label, Language, Terminal};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::network::{Network, Position, Symbol};

/// A compiled grammar.
///
/// None of its rules derives the empty text, and none is left-recursive.
/// Whether a whole text may be empty is a matter of the dot where it starts.
pub struct CfgLanguage {
    network: Network,
    /// The fewest bytes from each position to the end of its rule.
    costs: Vec<u32>,
    is_end: Vec<bool>,
    terminals: Vec<Option<Arc<dyn Terminal>>>,
    may_be_empty: bool,
    dots: Vec<State>,
    ids: FxHashMap<Box<[Position]>, Dot>,
    heap_bytes: usize,
}

struct State {
    positions: Box<[Position]>,
    /// The dot after each edge, once they are known.
    targets: Box<[Dot]>,
}

/// The dot of a whole text. No rule starts there, so it alone may be final
/// though nothing was read.
const WHOLE: Dot = 0;

impl CfgLanguage {
    /// The language of the network's first rule.
    pub(crate) fn new(
        network: Network,
        costs: Vec<u32>,
        terminals: Vec<Option<Arc<dyn Terminal>>>,
        terminal_bytes: usize,
        may_be_empty: bool,
    ) -> CfgLanguage {
        let mut is_end = vec![false; network.ways.len()];
        for ends in &network.rules {
            is_end[ends.end as usize] = true;
        }
        let steps: usize = network.ways.iter().map(|w| w.steps.len()).sum();
        let start = network.rules.first().map(|ends| ends.start);
        CfgLanguage {
            heap_bytes: 64 * network.ways.len() + 12 * steps + terminal_bytes,
            costs,
            is_end,
            terminals,
            may_be_empty,
            dots: vec![State {
                positions: start.into_iter().collect(),
                targets: Box::default(),
            }],
            ids: FxHashMap::default(),
            network,
        }
    }

    /// The number of positions in rules, a measure of the size of the grammar.
    pub fn position_count(&self) -> usize {
        self.network.ways.len()
    }

    /// The number of rules left.
    pub fn rule_count(&self) -> usize {
        self.network.rules.len()
    }

    /// The dot of some positions and what they lead to without a symbol.
    fn dot(&mut self, from: impl IntoIterator<Item = Position>) -> Dot {
        let mut positions = self.network.closure(from, |_| false);
        // A position that only leads on to others says nothing itself.
        positions.retain(|&at| {
            self.is_end[at as usize] || !self.network.ways[at as usize].steps.is_empty()
        });
        positions.sort_unstable();
        if let Some(&dot) = self.ids.get(positions.as_slice()) {
            return dot;
        }
        let dot = self.dots.len() as Dot;
        let positions = positions.into_boxed_slice();
        self.heap_bytes += 8 * positions.len() + 100;
        self.dots.push(State {
            positions: positions.clone(),
            targets: Box::default(),
        });
        self.ids.insert(positions, dot);
        dot
    }

    fn positions(&self, dot: Dot) -> &[Position] {
        self.dots
            .get(dot as usize)
            .map_or(&[], |state| &state.positions)
    }

    fn is_final(&self, dot: Dot) -> bool {
        let ends = |&at: &Position| self.is_end[at as usize];
        (dot == WHOLE && self.may_be_empty) || self.positions(dot).iter().any(ends)
    }
}

/// How many dots are looked at to see whether one is a repetition.
const MAX_LOOK: usize = 64;

impl CfgLanguage {
    /// The steps of a dot, those with equal symbols together.
    fn steps(&mut self, dot: Dot) -> Vec<(Symbol, Dot)> {
        let mut steps: Vec<(Symbol, Position)> = Vec::new();
        for &at in self.positions(dot) {
            steps.extend_from_slice(&self.network.ways[at as usize].steps);
        }
        steps.sort_unstable();
        let alike = steps.chunk_by(|a, b| a.0 == b.0);
        alike
            .map(|alike| (alike[0].0, self.dot(alike.iter().map(|&(_, to)| to))))
            .collect()
    }
}

impl Language for CfgLanguage {
    fn start(&self) -> Dot {
        WHOLE
    }

    fn expand(&mut self, dot: Dot) -> Expansion {
        let mut edges = Vec::new();
        let mut targets = Vec::new();
        for (symbol, ret) in self.steps(dot) {
            match symbol {
                Symbol::Terminal(terminal) => {
                    if let Some(Some(terminal)) = self.terminals.get(terminal as usize) {
                        edges.push(Edge::Terminal(Arc::clone(terminal)));
                        targets.push(ret);
                    }
                }
                Symbol::Rule(rule) => {
                    let callee = self.dot([self.network.rules[rule as usize].start]);
                    edges.push(Edge::Call { callee, ret });
                    targets.push(ret);
                }
            }
        }
        self.heap_bytes += 4 * targets.len();
        if let Some(state) = self.dots.get_mut(dot as usize) {
            state.targets = targets.into_boxed_slice();
        }
        Expansion {
            is_final: self.is_final(dot),
            returns: false,
            edges,
        }
    }

    fn follow(&mut self, dot: Dot, edge: u32, _label: Label, _text: Option<&[u8]>) -> Dot {
        let state = self.dots.get(dot as usize);
        let target = state.and_then(|state| state.targets.get(edge as usize));
        target.copied().unwrap_or(WHOLE)
    }

    fn has_plain_returns(&self) -> bool {
        true
    }

    /// If no other final dot comes after a final dot, then what can be read from
    /// it are its ways back to itself, any number of them.
    fn is_repetition(&mut self, dot: Dot) -> bool {
        if !self.is_final(dot) {
            return false;
        }
        let mut seen: FxHashSet<Dot> = FxHashSet::from_iter([dot]);
        let mut open = vec![dot];
        while let Some(at) = open.pop() {
            for (_, next) in self.steps(at) {
                if seen.insert(next) {
                    if self.is_final(next) || seen.len() > MAX_LOOK {
                        return false;
                    }
                    open.push(next);
                }
            }
        }
        true
    }

    fn min_bytes(&mut self, dot: Dot) -> u32 {
        if self.is_final(dot) {
            return 0;
        }
        let costs = self
            .positions(dot)
            .iter()
            .map(|&at| self.costs[at as usize]);
        costs.min().unwrap_or(0)
    }

    fn least_bytes(&mut self) -> u32 {
        self.min_bytes(WHOLE)
    }

    fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }
}

impl std::fmt::Debug for CfgLanguage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CfgLanguage")
            .field("rules", &self.rule_count())
            .field("positions", &self.position_count())
            .finish_non_exhaustive()
    }
}
