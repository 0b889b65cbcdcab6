//! A grammar as a language of dots.
//!
//! A dot is a set of positions of one rule: the subset construction, done for
//! the sets that a text reaches and for no others. So alternatives that begin
//! alike are one reading until they differ, and a rule that would have
//! exponentially many sets does no harm.
//!
//! Where the grammar reads another language, that one's dots get numbers here, and
//! every question about them is passed on to it. It is called like a rule, and
//! calls nothing of the grammar.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use std::sync::Arc;

use formwork_grammar::{Bytes, Dot, Edge, Expansion, Label, Language, Status, Terminal};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::foreign::{ForeignDot, ForeignParts};
use crate::network::{Network, Position, Symbol};
use crate::next::unite;

/// A compiled grammar.
///
/// None of its rules derives the empty text, and none is left-recursive.
/// Whether a whole text may be empty is a matter of the dot where it starts.
pub struct CfgLanguage {
    network: Network,
    /// What the source calls its rules.
    names: Vec<String>,
    /// Which rule begins at each dot that was called.
    called: FxHashMap<Dot, u32>,
    /// The fewest bytes from each position to the end of its rule.
    costs: Vec<u32>,
    /// The fewest bytes of a whole text, or less.
    least: u32,
    /// See [`Language::next_bytes`], by position.
    next_bytes: Vec<Bytes>,
    is_end: Vec<bool>,
    terminals: Vec<Option<Arc<dyn Terminal>>>,
    foreign: ForeignParts,
    may_be_empty: bool,
    dots: Vec<State>,
    ids: FxHashMap<Box<[Position]>, Dot>,
    /// See [`CfgLanguage::close`]; empty where not known yet.
    closed: Vec<Box<[Position]>>,
    foreign_ids: FxHashMap<ForeignDot, Dot>,
    /// See [`Language::breaks_cycles`], by rule, once somebody has asked.
    cycle_breakers: Option<Vec<bool>>,
    heap_bytes: usize,
}

enum State {
    Own {
        positions: Box<[Position]>,
        /// Where each edge leads, once they are known.
        targets: Box<[Target]>,
    },
    Foreign(ForeignDot),
}

/// Where an edge leads.
#[derive(Clone, Copy)]
enum Target {
    Dot(Dot),
    /// To the dot after this symbol, which is not made yet: many a text never gets
    /// there.
    After(Symbol),
}

/// The parts of a language, all but the dots.
pub(crate) struct Parts {
    pub(crate) network: Network,
    /// What the source calls its rules.
    pub(crate) names: Vec<String>,
    /// The fewest bytes from each position to the end of its rule: an upper bound,
    /// and a lower one, which differ where the grammar reads other languages.
    pub(crate) costs: (Vec<u32>, Vec<u32>),
    /// The bytes that may come next at each position.
    pub(crate) next_bytes: Vec<Bytes>,
    pub(crate) terminals: Vec<Option<Arc<dyn Terminal>>>,
    /// The heap use of the terminals.
    pub(crate) terminal_bytes: usize,
    pub(crate) foreign: ForeignParts,
    pub(crate) may_be_empty: bool,
}

/// The dot of a whole text. No rule starts there, so it alone may be final
/// though nothing was read.
const WHOLE: Dot = 0;

impl CfgLanguage {
    /// The language of the network's first rule.
    pub(crate) fn new(parts: Parts) -> CfgLanguage {
        let Parts {
            network,
            names,
            costs: (costs, lowest),
            next_bytes,
            terminals,
            terminal_bytes,
            foreign,
            may_be_empty,
        } = parts;
        let mut is_end = vec![false; network.ways.len()];
        for ends in &network.rules {
            is_end[ends.end as usize] = true;
        }
        let steps: usize = network.ways.iter().map(|w| w.steps.len()).sum();
        let start = network.rules.first().map(|ends| ends.start);
        let least = start.and_then(|at| lowest.get(at as usize).copied());
        CfgLanguage {
            heap_bytes: 112 * network.ways.len() + 12 * steps + terminal_bytes,
            least: least.filter(|_| !may_be_empty).unwrap_or(0),
            costs,
            next_bytes,
            is_end,
            terminals,
            foreign,
            may_be_empty,
            dots: vec![State::Own {
                positions: network.closure(start, |_| false).into_boxed_slice(),
                targets: Box::default(),
            }],
            ids: FxHashMap::default(),
            closed: vec![Box::default(); network.ways.len()],
            foreign_ids: FxHashMap::default(),
            names,
            cycle_breakers: None,
            called: FxHashMap::from_iter([(WHOLE, 0)]),
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
        let mut positions: Vec<Position> = Vec::new();
        for at in from {
            self.close(at);
            positions.extend_from_slice(&self.closed[at as usize]);
        }
        positions.sort_unstable();
        positions.dedup();
        if let Some(&dot) = self.ids.get(positions.as_slice()) {
            return dot;
        }
        let dot = self.dots.len() as Dot;
        let positions = positions.into_boxed_slice();
        self.heap_bytes += 8 * positions.len() + 100;
        self.dots.push(State::Own {
            positions: positions.clone(),
            targets: Box::default(),
        });
        self.ids.insert(positions, dot);
        dot
    }

    /// Finds out what a position leads to without a symbol, itself included, but
    /// for positions that only lead on to others: those say nothing themselves.
    fn close(&mut self, at: Position) {
        if !self.closed[at as usize].is_empty() {
            return;
        }
        let mut closed = self.network.closure([at], |_| false);
        let ways = &self.network.ways;
        closed.retain(|&at| self.is_end[at as usize] || !ways[at as usize].steps.is_empty());
        self.heap_bytes += 4 * closed.len();
        self.closed[at as usize] = closed.into_boxed_slice();
    }

    /// The number here of a dot of another language.
    fn foreign_dot(&mut self, part: u32, dot: Dot) -> Dot {
        let foreign = ForeignDot { part, dot };
        let dots = &mut self.dots;
        *self.foreign_ids.entry(foreign).or_insert_with(|| {
            dots.push(State::Foreign(foreign));
            (dots.len() - 1) as Dot
        })
    }

    /// The dot of another language that has a number here.
    fn behind(&self, dot: Dot) -> Option<ForeignDot> {
        match self.dots.get(dot as usize)? {
            State::Foreign(foreign) => Some(*foreign),
            State::Own { .. } => None,
        }
    }

    fn positions(&self, dot: Dot) -> &[Position] {
        match self.dots.get(dot as usize) {
            Some(State::Own { positions, .. }) => positions,
            _ => &[],
        }
    }

    fn is_final(&self, dot: Dot) -> bool {
        let ends = |&at: &Position| self.is_end[at as usize];
        (dot == WHOLE && self.may_be_empty) || self.positions(dot).iter().any(ends)
    }
}

/// How many dots are looked at to see whether one is a repetition.
const MAX_LOOK: usize = 64;

impl CfgLanguage {
    /// The edges of a dot of another language, with the numbers of dots here.
    fn expand_foreign(&mut self, ForeignDot { part, dot }: ForeignDot) -> Expansion {
        let Some(other) = self.foreign.language_mut(part) else {
            return Expansion::default();
        };
        let mut expansion = other.expand(dot);
        for edge in &mut expansion.edges {
            if let Edge::Call { callee, ret } = edge {
                *callee = self.foreign_dot(part, *callee);
                *ret = self.foreign_dot(part, *ret);
            }
        }
        expansion
    }

    /// The symbols that can be read at a dot.
    fn symbols(&self, dot: Dot) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = Vec::new();
        for &at in self.positions(dot) {
            let steps = self.network.ways[at as usize].steps.iter();
            symbols.extend(steps.map(|&(symbol, _)| symbol));
        }
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// The dot after a symbol.
    fn after(&mut self, dot: Dot, symbol: Symbol) -> Dot {
        let mut after: Vec<Position> = Vec::new();
        for &at in self.positions(dot) {
            let steps = self.network.ways[at as usize].steps.iter();
            let same = steps.filter(|&&(read, _)| read == symbol);
            after.extend(same.map(|&(_, to)| to));
        }
        self.dot(after)
    }
}

impl Language for CfgLanguage {
    fn start(&self) -> Dot {
        WHOLE
    }

    fn expand(&mut self, dot: Dot) -> Expansion {
        if let Some(foreign) = self.behind(dot) {
            return self.expand_foreign(foreign);
        }
        let mut edges = Vec::new();
        let mut targets = Vec::new();
        for symbol in self.symbols(dot) {
            match symbol {
                Symbol::Terminal(terminal) => {
                    if let Some(Some(terminal)) = self.terminals.get(terminal as usize) {
                        edges.push(Edge::Terminal(Arc::clone(terminal)));
                        targets.push(Target::After(symbol));
                    }
                }
                Symbol::Rule(rule) => {
                    let ret = self.after(dot, symbol);
                    let callee = self.dot([self.network.rules[rule as usize].start]);
                    self.called.entry(callee).or_insert(rule);
                    edges.push(Edge::Call { callee, ret });
                    targets.push(Target::Dot(ret));
                }
                Symbol::Foreign(part) => {
                    let ret = self.after(dot, symbol);
                    let start = self.foreign.language(part).map(|other| other.start());
                    if let Some(start) = start {
                        let callee = self.foreign_dot(part, start);
                        edges.push(Edge::Call { callee, ret });
                        targets.push(Target::Dot(ret));
                    } else if let Some(set) = self.foreign.tokens(part) {
                        edges.push(Edge::Token(set.clone()));
                        targets.push(Target::Dot(ret));
                    }
                }
            }
        }
        self.heap_bytes += size_of::<Target>() * targets.len();
        if let Some(State::Own { targets: known, .. }) = self.dots.get_mut(dot as usize) {
            *known = targets.into_boxed_slice();
        }
        Expansion {
            is_final: self.is_final(dot),
            returns: false,
            edges,
        }
    }

    fn follow(&mut self, dot: Dot, edge: u32, label: Label, text: Option<&[u8]>) -> Dot {
        match self.dots.get(dot as usize) {
            Some(State::Own { targets, .. }) => match targets.get(edge as usize) {
                Some(Target::Dot(target)) => Some(*target),
                Some(&Target::After(symbol)) => {
                    let target = self.after(dot, symbol);
                    if let Some(State::Own { targets, .. }) = self.dots.get_mut(dot as usize)
                        && let Some(known) = targets.get_mut(edge as usize)
                    {
                        *known = Target::Dot(target);
                    }
                    Some(target)
                }
                None => None,
            },
            Some(&State::Foreign(ForeignDot { part, dot })) => {
                let other = self.foreign.language_mut(part);
                let target = other.map(|other| other.follow(dot, edge, label, text));
                target.map(|target| self.foreign_dot(part, target))
            }
            None => None,
        }
        .unwrap_or(WHOLE)
    }

    fn resume(&mut self, ret: Dot, last: Dot) -> Dot {
        let (Some(to), Some(from)) = (self.behind(ret), self.behind(last)) else {
            return ret; // how another language ended is nothing to the grammar
        };
        let other = self.foreign.language_mut(to.part);
        match other.map(|other| other.resume(to.dot, from.dot)) {
            Some(target) => self.foreign_dot(to.part, target),
            None => ret,
        }
    }

    fn has_plain_returns(&self, dot: Dot) -> bool {
        self.behind(dot).is_none_or(|foreign| {
            let other = self.foreign.language(foreign.part);
            other.is_some_and(|other| other.has_plain_returns(foreign.dot))
        })
    }

    fn is_plain(&self) -> bool {
        !self.foreign.has_languages()
    }

    fn next_bytes(&mut self, dot: Dot) -> Bytes {
        let mut next = [0; 4];
        for &at in self.positions(dot) {
            unite(&mut next, &self.next_bytes[at as usize]);
        }
        next
    }

    /// If no other final dot comes after a final dot, then what can be read from
    /// it are its ways back to itself, any number of them.
    fn is_repetition(&mut self, dot: Dot) -> bool {
        if let Some(foreign) = self.behind(dot) {
            let other = self.foreign.language_mut(foreign.part);
            return other.is_some_and(|other| other.is_repetition(foreign.dot));
        }
        if !self.is_final(dot) {
            return false;
        }
        let mut seen: FxHashSet<Dot> = FxHashSet::from_iter([dot]);
        let mut open = vec![dot];
        while let Some(at) = open.pop() {
            for symbol in self.symbols(at) {
                let next = self.after(at, symbol);
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

    fn breaks_cycles(&mut self, callee: Dot) -> bool {
        let Some(&rule) = self.called.get(&callee) else {
            return true; // of another language
        };
        let cycle_breakers = self
            .cycle_breakers
            .get_or_insert_with(|| self.network.cycle_breakers());
        cycle_breakers.get(rule as usize).copied().unwrap_or(true)
    }

    fn min_bytes(&mut self, dot: Dot) -> u32 {
        if let Some(foreign) = self.behind(dot) {
            let other = self.foreign.language_mut(foreign.part);
            return other.map_or(0, |other| other.min_bytes(foreign.dot));
        }
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
        self.least
    }

    fn name(&self, dot: Dot) -> Option<String> {
        if let Some(foreign) = self.behind(dot) {
            return self.foreign.language(foreign.part)?.name(foreign.dot);
        }
        let rule = *self.called.get(&dot)?;
        let origin = self.network.origins.get(rule as usize)?;
        self.names.get(*origin as usize).cloned()
    }

    fn status(&self) -> Status {
        self.foreign.status()
    }

    fn heap_bytes(&self) -> usize {
        self.heap_bytes + 48 * self.foreign_ids.len() + self.foreign.heap_bytes()
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
