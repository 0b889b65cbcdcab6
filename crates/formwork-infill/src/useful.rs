//! Which parts of a chart are part of a whole text, from right to left.

use std::collections::BinaryHeap;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::bits::Bits;
use crate::canvas::Cell;
use crate::chart::{Chart, ClassId, Column, Exit, ExitKey, MAIN_CLASS, Ret};
use crate::lists::Lists;

/// What is of use.
pub(crate) struct Useful {
    /// By column and source, the instances in which the source is part of a whole text.
    pub(crate) of: Vec<Vec<Bits>>,
    /// By column and exit, the instances that end there to some use.
    pub(crate) exits: Vec<FxHashMap<ExitKey, Bits>>,
}

/// A place where callers of a class go on: both by number.
type Place = (ClassId, u32);

/// The callers of a [`Ret`] the other way round: by instance that callers are in, the
/// instances that they called.
struct Called {
    by: Vec<Bits>,
    /// The first of each.
    first: Vec<u32>,
}

impl Called {
    fn of(ret: &Ret) -> Called {
        let mut by: Vec<Bits> = Vec::new();
        for bit in ret.of.iter() {
            for caller in ret.callers_of(bit).above.iter() {
                let len = by.len().max(caller as usize + 1);
                by.resize(len, Bits::default());
                by[caller as usize].insert(bit);
            }
        }
        let first = by.iter().map(|by| by.iter().next().unwrap_or(u32::MAX));
        Called {
            first: first.collect(),
            by,
        }
    }

    /// Those of some instances that were called in some others.
    ///
    /// PERF: the first callers mostly called all that there is, so few sets are looked at,
    /// and not each of `of`: the backward pass over 8 open positions of C++ takes 1.7 s
    /// instead of 14.8.
    fn within(&self, callers: &Bits, of: &Bits) -> Bits {
        let (mut within, mut left) = (Bits::default(), of.clone());
        let mut last = left.last();
        for caller in callers.iter() {
            let caller = caller as usize;
            let first = self.first.get(caller);
            let (Some(&first), Some(known)) = (first, last) else {
                break;
            };
            if first <= known {
                left.move_both(&self.by[caller], &mut within);
                last = left.last();
            }
        }
        within
    }
}

impl Useful {
    /// Looks at all positions.
    ///
    /// `closable[y]` says whether all positions from `y` on can be the end of the text.
    pub(crate) fn of(chart: &Chart, cells: &[Cell], closable: &[bool]) -> Useful {
        let mut pass = Pass::new(chart, cells);
        let mut called = chart.instances.len();
        for y in (0..chart.columns.len()).rev() {
            pass.stays(y);
            let first = chart.columns[y].instances as usize;
            pass.callers(y, first..called);
            called = first;
            pass.exits(y, closable[y]);
        }
        pass.useful
    }
}

/// The way back over a chart.
struct Pass<'a> {
    chart: &'a Chart,
    cells: &'a [Cell],
    useful: Useful,
    /// By class, place where callers go on, and those callers: the instances in which they
    /// do, later than where they called, to some use.
    after: Vec<Vec<Vec<Bits>>>,
    /// By class and place where callers go on: who called whom.
    called: Vec<Vec<Called>>,
}

impl<'a> Pass<'a> {
    fn new(chart: &'a Chart, cells: &'a [Cell]) -> Pass<'a> {
        let columns = chart.columns.iter();
        let classes = chart.classes.iter();
        let after = |ret: &Ret| vec![Bits::default(); ret.callers.len()];
        Pass {
            chart,
            cells,
            useful: Useful {
                of: columns
                    .map(|column| vec![Bits::default(); column.sources.len()])
                    .collect(),
                exits: vec![FxHashMap::default(); chart.columns.len()],
            },
            after: classes
                .clone()
                .map(|class| class.rets.iter().map(after).collect())
                .collect(),
            called: classes
                .map(|class| class.rets.iter().map(Called::of).collect())
                .collect(),
        }
    }

    /// What leads on to the next position.
    fn stays(&mut self, y: usize) {
        let chart = self.chart;
        let column = &chart.columns[y];
        let (now, later) = self.useful.of.split_at_mut(y + 1);
        let now = &mut now[y];
        if let Some(next) = later.first() {
            for (source, useful) in column.sources.iter().zip(now.iter_mut()) {
                let targets = column.targets.iter().skip(source.targets as usize);
                for (_, &target) in source.moves.stays.iter().zip(targets) {
                    useful.add_both(&next[target as usize], &source.of);
                }
            }
        }
        if let Some(Cell::Optional { after }) = self.cells.get(y) {
            let end = &chart.columns[*after];
            for (source, useful) in column.sources.iter().zip(now).take(column.arrived as usize) {
                if let Some(target) = end.arrival(source.item, source.class) {
                    useful.add_both(&later[after - y - 1][target as usize], &source.of);
                }
            }
        }
    }

    /// Marks who called in a column what ends later on.
    fn callers(&mut self, y: usize, called: Range<usize>) {
        let chart = self.chart;
        for instance in &chart.instances[called] {
            let rets = &chart.classes[instance.class as usize].rets;
            for &number in &instance.rets {
                let ret = &rets[number as usize];
                let rank = ret.rank(instance.bit);
                let after = &self.after[instance.class as usize][number as usize][rank];
                for &caller in &ret.callers[rank].sources {
                    let of = &chart.columns[y].sources[caller as usize].of;
                    self.useful.of[y][caller as usize].add_both(after, of);
                }
            }
        }
    }

    /// Finds which rules end to some use, and who called them in the same column.
    fn exits(&mut self, y: usize, closable: bool) {
        let chart = self.chart;
        let column = &chart.columns[y];
        let exits: Vec<(&ExitKey, &Exit)> = column.exits.iter().collect();
        let numbers = exits
            .iter()
            .zip(0..)
            .map(|((key, _), number)| (**key, number));
        let numbers: FxHashMap<ExitKey, u32> = numbers.collect();
        let mut leads = Vec::new();
        for ((_, exit), number) in exits.iter().zip(0..) {
            leads.extend(exit.targets().map(|(source, ret)| (source, (number, ret))));
        }
        let leads: Lists<(u32, u32)> = Lists::by_first(column.sources.len(), leads);
        let mut ends = Vec::new();
        for (source, at) in column.sources.iter().zip(0..) {
            for &(rest, last) in &source.moves.exits {
                let number = numbers.get(&(source.class, rest, last));
                ends.extend(number.map(|&number| (number, at)));
            }
        }
        let ends: Lists<u32> = Lists::by_first(exits.len(), ends);
        let mut useful = vec![Bits::default(); exits.len()];
        let mut open = Open::new(column, &self.useful.of[y]);
        for (number, ((class, rest, _), _)) in exits.iter().enumerate() {
            if closable && *rest == column.rest && *class == MAIN_CLASS {
                useful[number].insert(0);
                self.end(column, y, ends.get(number), &useful[number], &mut open);
            }
        }
        while let Some((at, after)) = open.next() {
            for &(number, place) in leads.get(at) {
                let number = number as usize;
                let ((id, ..), exit) = exits[number];
                let class = &chart.classes[*id as usize];
                let ret = &class.rets[place as usize];
                let (earlier, own) = class.split(column.instances, exit.of.both(&ret.of));
                let left = earlier.without(&useful[number]);
                let mut new = self.called[*id as usize][place as usize].within(&after, &left);
                useful[number].unite(&new);
                for bit in own.iter() {
                    let callers = ret.callers_of(bit);
                    if !callers.above.meets(&after) {
                        continue;
                    }
                    if !useful[number].contains(bit) {
                        useful[number].insert(bit);
                        new.insert(bit);
                    }
                    for &caller in &callers.sources {
                        let of = &column.sources[caller as usize].of;
                        let known = &mut self.useful.of[y][caller as usize];
                        open.add(column, caller as usize, known, &after, of);
                    }
                }
                if !new.is_empty() {
                    self.end(column, y, ends.get(number), &new, &mut open);
                }
            }
        }
        self.returns(y, &leads, &exits, &useful);
        let useful = exits.iter().map(|(key, _)| **key).zip(useful);
        self.useful.exits[y] = useful.filter(|(_, of)| !of.is_empty()).collect();
    }

    /// Keeps where callers of earlier columns go on in this one.
    fn returns(
        &mut self,
        y: usize,
        leads: &Lists<(u32, u32)>,
        exits: &[(&ExitKey, &Exit)],
        useful: &[Bits],
    ) {
        let chart = self.chart;
        let column = &chart.columns[y];
        let mut returns: FxHashMap<(Place, Bits), Bits> = FxHashMap::default();
        for (at, after) in self.useful.of[y].iter().enumerate() {
            if after.is_empty() {
                continue;
            }
            for &(number, place) in leads.get(at) {
                let ((class, ..), _) = exits[number as usize];
                let of = &chart.classes[*class as usize].rets[place as usize].of;
                let ended = useful[number as usize].both(of);
                let (ended, _) = chart.classes[*class as usize].split(column.instances, ended);
                if !ended.is_empty() {
                    let known = returns.entry(((*class, place), ended));
                    known.or_default().unite(after);
                }
            }
        }
        for (((class, place), ended), after) in returns {
            let ret = &chart.classes[class as usize].rets[place as usize];
            let known = &mut self.after[class as usize][place as usize];
            for bit in ended.iter() {
                known[ret.rank(bit)].unite(&after);
            }
        }
    }

    /// Marks the sources at which rules end to some use.
    fn end(&mut self, column: &Column, y: usize, sources: &[u32], useful: &Bits, open: &mut Open) {
        for &at in sources {
            let at = at as usize;
            let of = &column.sources[at].of;
            open.add(column, at, &mut self.useful.of[y][at], useful, of);
        }
    }
}

/// The sources of a column of which it was not looked at yet what leads to them.
struct Open {
    new: Vec<Bits>,
    /// Nothing leads to those that come first from later ones.
    queue: BinaryHeap<(u32, usize)>,
}

impl Open {
    fn new(column: &Column, of: &[Bits]) -> Open {
        let any = (0..of.len()).filter(|&at| !of[at].is_empty());
        Open {
            new: of.to_vec(),
            queue: any.map(|at| (column.sources[at].depth, at)).collect(),
        }
    }

    /// Adds to what is of use of a source what is in both of two sets.
    fn add(&mut self, column: &Column, at: usize, useful: &mut Bits, a: &Bits, b: &Bits) {
        let is_queued = !self.new[at].is_empty();
        if useful.add_new_both(a, b, &mut self.new[at]) && !is_queued {
            self.queue.push((column.sources[at].depth, at));
        }
    }

    fn next(&mut self) -> Option<(usize, Bits)> {
        let (_, at) = self.queue.pop()?;
        Some((at, std::mem::take(&mut self.new[at])))
    }
}
