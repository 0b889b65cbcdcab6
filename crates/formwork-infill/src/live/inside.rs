//! What all texts that fit a canvas weigh together, or the heaviest of them.
//!
//! The inside algorithm (Baker 1979) and its variant for maxima (Viterbi 1967), over what
//! is of use of a chart: the value of a fact is that of all ways from where its instance
//! was called to its node (Stolcke 1995 calls it the inner probability). Facts of earlier
//! positions come first; within a position no fact depends on itself, since no rule is
//! called within itself without reading anything.

use rustc_hash::FxHashMap;

use super::{Live, NOWHERE};
use crate::canvas::Cell;
use crate::lists::Lists;
use crate::row::{both, has, ones};
use crate::token_sets::SetId;

/// A fact: a column, a node there, and the bit of an instance of its class.
type Fact = (u32, u32, u32);

/// What tokens weigh, as logarithms.
pub(crate) trait Weights {
    /// All tokens of a set at an open position together, or the heaviest.
    fn set(&mut self, position: usize, set: SetId) -> f64;

    /// The end of text at an open position.
    fn end(&mut self, position: usize) -> f64;

    /// Several ways together, or the heaviest.
    fn join(&self, ways: &[f64]) -> f64;

    /// One of several ways: by chance, as they weigh, or the heaviest.
    fn choose(&mut self, ways: &[f64]) -> usize;
}

/// How a fact came about.
#[derive(Clone, Copy)]
enum Way {
    /// Its instance was called there.
    Called,
    /// By a token of a set, from a fact of the column before.
    Read(Fact, SetId),
    /// From a fact of the same column, which ends there.
    Ended(Fact),
    /// From a caller, after an end.
    Returned(Fact, Fact),
}

/// The values of all facts on a canvas without gaps.
pub(crate) struct Inside<'a> {
    live: &'a Live,
    cells: &'a [Cell],
    values: Vec<FxHashMap<(u32, u32), f64>>,
    /// By column and arrival: sources of the column before, and the tokens between.
    preds: Vec<Lists<(u32, SetId)>>,
    /// What sets of tokens weigh, by position.
    weights: Vec<FxHashMap<SetId, f64>>,
}

impl<'a> Inside<'a> {
    /// Works out all values: `O(facts)` times the ways to each.
    pub(crate) fn new(live: &'a Live, cells: &'a [Cell], weights: &mut impl Weights) -> Self {
        let mut inside = Inside {
            live,
            cells,
            values: vec![FxHashMap::default(); live.columns.len()],
            preds: Vec::new(),
            weights: vec![FxHashMap::default(); cells.len()],
        };
        for y in 0..live.columns.len() {
            inside.find_preds(y, weights);
            let column = &live.columns[y];
            for node in 0..column.class.len() {
                for bit in ones(column.rows.live(node)) {
                    inside.find((y as u32, node as u32, bit as u32), weights);
                }
            }
        }
        inside
    }

    /// The ends of whole texts, and what each of them weighs.
    pub(crate) fn ends(&self, weights: &mut impl Weights) -> Vec<(Ending, f64)> {
        let mut ends = Vec::new();
        let mut tail = 0.0;
        for y in (0..self.live.columns.len()).rev() {
            if self.cells.get(y) == Some(&Cell::Open) {
                tail += weights.end(y);
            }
            let column = &self.live.columns[y];
            if !column.closable {
                break;
            }
            for &exit in &column.accepts {
                if column.rows.has(exit as usize, 0) {
                    let fact = (y as u32, exit, 0);
                    ends.push((Ending { fact }, self.value(fact) + tail));
                }
            }
        }
        ends
    }

    /// Chooses one of the texts that end somewhere: for each position before the end, the
    /// set that its token is of.
    pub(crate) fn choose(&self, ending: Ending, weights: &mut impl Weights) -> Vec<SetId> {
        let length = ending.fact.0 as usize;
        let mut sets = vec![0; length];
        let mut open = vec![ending.fact];
        while let Some(fact) = open.pop() {
            let ways = self.ways(fact);
            let values: Vec<f64> = ways.iter().map(|&way| self.weight(fact, way)).collect();
            match ways.get(weights.choose(&values)) {
                None | Some(Way::Called) => {}
                Some(&Way::Read(from, set)) => {
                    if let Some(chosen) = sets.get_mut(from.0 as usize) {
                        *chosen = set;
                    }
                    open.push(from);
                }
                Some(&Way::Ended(from)) => open.push(from),
                Some(&Way::Returned(caller, end)) => open.extend([caller, end]),
            }
        }
        sets
    }

    fn value(&self, (y, node, bit): Fact) -> f64 {
        let value = self.values[y as usize].get(&(node, bit));
        value.copied().unwrap_or(f64::NEG_INFINITY)
    }

    fn weight(&self, (y, ..): Fact, way: Way) -> f64 {
        match way {
            Way::Called => 0.0,
            Way::Read(from, set) => {
                let weights = &self.weights[y as usize - 1];
                self.value(from) + weights.get(&set).copied().unwrap_or(0.0)
            }
            Way::Ended(from) => self.value(from),
            Way::Returned(caller, end) => self.value(caller) + self.value(end),
        }
    }

    fn find_preds(&mut self, y: usize, weights: &mut impl Weights) {
        let arrived = self.live.columns[y].arrived;
        let before = y.checked_sub(1).map(|before| &self.live.columns[before]);
        let mut pairs = Vec::new();
        if let Some(before) = before {
            let is_open = self.cells.get(y - 1) == Some(&Cell::Open);
            for source in 0..before.sources {
                for &(to, set) in before.stays.get(source) {
                    pairs.push((to, (source as u32, set)));
                    if is_open {
                        let known = self.weights[y - 1].entry(set);
                        known.or_insert_with(|| weights.set(y - 1, set));
                    }
                }
            }
        }
        self.preds.push(Lists::by_first(arrived, pairs));
    }

    /// Works out a fact, and before it those of the same column that it comes of.
    fn find(&mut self, fact: Fact, weights: &mut impl Weights) {
        let mut open = vec![fact];
        while let Some(&fact) = open.last() {
            let (y, node, bit) = fact;
            if self.values[y as usize].contains_key(&(node, bit)) {
                open.pop();
                continue;
            }
            let ways = self.ways(fact);
            let before = open.len();
            for &way in &ways {
                let froms = match way {
                    Way::Called => [None, None],
                    Way::Read(from, _) | Way::Ended(from) => [Some(from), None],
                    Way::Returned(caller, end) => [Some(caller), Some(end)],
                };
                let values = &self.values;
                let is_new =
                    |&(y, node, bit): &Fact| !values[y as usize].contains_key(&(node, bit));
                open.extend(froms.into_iter().flatten().filter(is_new));
            }
            if open.len() == before {
                open.pop();
                let values: Vec<f64> = ways.iter().map(|&way| self.weight(fact, way)).collect();
                let value = weights.join(&values);
                self.values[y as usize].insert((node, bit), value);
            }
        }
    }

    fn ways(&self, (y, node, bit): Fact) -> Vec<Way> {
        let live = self.live;
        let now = &live.columns[y as usize];
        let mut ways = Vec::new();
        if node as usize >= now.sources {
            for &source in now.feeders.get(node as usize - now.sources) {
                if now.rows.has(source as usize, bit as usize) {
                    ways.push(Way::Ended((y, source, bit)));
                }
            }
            return ways;
        }
        for &(source, set) in self.preds[y as usize].get(node as usize) {
            let before = &live.columns[y as usize - 1];
            if before.rows.has(source as usize, bit as usize) {
                ways.push(Way::Read((y - 1, source, bit), set));
            }
        }
        for &(exit, ret) in now.returned.get(node as usize) {
            let class = &live.classes[now.class[exit as usize] as usize];
            let ret = &class.rets[ret as usize];
            for end in ones(&both(now.rows.live(exit as usize), &ret.of)) {
                let instance = &live.instances[class.instances[end] as usize];
                let list = &instance.lists[ret.lists[end] as usize];
                if !has(&list.above, bit as usize) {
                    continue;
                }
                let called = &live.columns[instance.column as usize];
                for &caller in &list.callers {
                    if called.rows.has(caller as usize, bit as usize) {
                        let caller = (instance.column, caller, bit);
                        ways.push(Way::Returned(caller, (y, exit, end as u32)));
                    }
                }
            }
        }
        let class = &live.classes[now.class[node as usize] as usize];
        let instance = &live.instances[class.instances[bit as usize] as usize];
        if (instance.column, instance.start) == (y, node) && instance.start != NOWHERE {
            ways.push(Way::Called);
        }
        ways
    }
}

/// The end of some texts.
#[derive(Clone, Copy)]
pub(crate) struct Ending {
    fact: Fact,
}

impl Ending {
    /// The position that such a text ends before.
    pub(crate) fn position(self) -> usize {
        self.fact.0 as usize
    }
}
