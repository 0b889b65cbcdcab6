//! Which parts of a chart are part of a whole text, from right to left.

use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use crate::bits::Bits;
use crate::canvas::Cell;
use crate::chart::{Chart, Column, Exit, ExitKey, InstanceId, MAIN_CLASS};

/// What is of use.
pub(crate) struct Useful {
    /// By column and source, the instances in which the source is part of a whole text.
    pub(crate) of: Vec<Vec<Bits>>,
    /// By column and exit, the instances that end there to some use.
    pub(crate) exits: Vec<FxHashMap<ExitKey, Bits>>,
}

impl Useful {
    /// Looks at all positions.
    ///
    /// `closable[y]` says whether all positions from `y` on can be the end of the text.
    pub(crate) fn of(chart: &Chart, cells: &[Cell], closable: &[bool]) -> Useful {
        let columns = chart.columns.iter();
        let mut useful = Useful {
            of: columns
                .map(|column| vec![Bits::default(); column.sources.len()])
                .collect(),
            exits: vec![FxHashMap::default(); chart.columns.len()],
        };
        for y in (0..chart.columns.len()).rev() {
            useful.stays(chart, cells, y);
            useful.exits(chart, y, closable[y]);
        }
        useful
    }

    /// What leads on to the next position.
    fn stays(&mut self, chart: &Chart, cells: &[Cell], y: usize) {
        let column = &chart.columns[y];
        let (now, later) = self.of.split_at_mut(y + 1);
        let now = &mut now[y];
        if let Some(next) = later.first() {
            for (source, useful) in column.sources.iter().zip(now.iter_mut()) {
                let targets = column.targets.iter().skip(source.targets as usize);
                for (_, &target) in source.moves.stays.iter().zip(targets) {
                    useful.add_both(&next[target as usize], &source.of);
                }
            }
        }
        if let Some(Cell::Optional { after }) = cells.get(y) {
            let end = &chart.columns[*after];
            for (source, useful) in column.sources.iter().zip(now).take(column.arrived as usize) {
                if let Some(target) = end.arrival(source.item, source.class) {
                    useful.add_both(&later[after - y - 1][target as usize], &source.of);
                }
            }
        }
    }

    /// Finds which rules end to some use, and who called them.
    fn exits(&mut self, chart: &Chart, y: usize, closable: bool) {
        let column = &chart.columns[y];
        let exits: Vec<(&ExitKey, &Exit)> = column.exits.iter().collect();
        let numbers = exits
            .iter()
            .zip(0..)
            .map(|((key, _), number)| (**key, number));
        let numbers: FxHashMap<ExitKey, usize> = numbers.collect();
        let mut leads: Vec<Vec<Lead>> = Vec::new();
        leads.resize_with(column.sources.len(), Vec::new);
        for (number, (_, exit)) in exits.iter().enumerate() {
            for ret in &exit.returns {
                if let Some(leads) = leads.get_mut(ret.source as usize) {
                    leads.push(Lead::new(chart, y, number, &ret.of));
                }
            }
        }
        let mut ends = vec![Vec::new(); exits.len()];
        for (at, source) in column.sources.iter().enumerate() {
            for &(rest, last) in &source.moves.exits {
                if let Some(&number) = numbers.get(&(source.class, rest, last)) {
                    ends[number].push(at);
                }
            }
        }
        let mut useful = vec![Bits::default(); exits.len()];
        let mut open = Open::new(&self.of[y]);
        for (number, ((class, rest, _), _)) in exits.iter().enumerate() {
            if closable && *rest == column.rest && *class == MAIN_CLASS {
                useful[number].insert(0);
                self.end(column, y, &ends[number], &useful[number], &mut open);
            }
        }
        while let Some((at, after)) = open.next() {
            for lead in &mut leads[at] {
                let number = lead.exit;
                let mut new = lead.end(chart, &after, &mut useful[number]);
                for &(id, list) in &lead.own {
                    let instance = &chart.instances[id as usize];
                    let callers = &instance.callers[list as usize];
                    if !callers.above.meets(&after) {
                        continue;
                    }
                    if !useful[number].contains(instance.bit) {
                        useful[number].insert(instance.bit);
                        new.insert(instance.bit);
                    }
                    for &caller in &callers.sources {
                        let of = &column.sources[caller as usize].of;
                        let known = &mut self.of[y][caller as usize];
                        open.add(caller as usize, known, &after, of);
                    }
                }
                if !new.is_empty() {
                    self.end(column, y, &ends[number], &new, &mut open);
                }
            }
        }
        self.callers(chart, y, &leads);
        let useful = exits.iter().map(|(key, _)| **key).zip(useful);
        self.exits[y] = useful.filter(|(_, of)| !of.is_empty()).collect();
    }

    /// Marks who called in earlier columns what ends in this one.
    fn callers(&mut self, chart: &Chart, y: usize, leads: &[Vec<Lead>]) {
        let (before, now) = self.of.split_at_mut(y);
        for (after, leads) in now[0].iter().zip(leads) {
            if after.is_empty() {
                continue;
            }
            for &(id, list) in leads.iter().flat_map(|lead| &lead.earlier) {
                let instance = &chart.instances[id as usize];
                let callers = &instance.callers[list as usize];
                if !callers.above.meets(after) {
                    continue;
                }
                let called = instance.column as usize;
                for &caller in &callers.sources {
                    let of = &chart.columns[called].sources[caller as usize].of;
                    before[called][caller as usize].add_both(after, of);
                }
            }
        }
    }

    /// Marks the sources at which rules end to some use.
    fn end(
        &mut self,
        column: &Column,
        y: usize,
        sources: &[usize],
        useful: &Bits,
        open: &mut Open,
    ) {
        for &at in sources {
            let of = &column.sources[at].of;
            open.add(at, &mut self.of[y][at], useful, of);
        }
    }
}

/// An exit after which callers go on at a source.
struct Lead {
    exit: usize,
    /// The instances that were called in the column, by their lists of callers.
    own: Vec<(InstanceId, u32)>,
    /// Those called earlier; first those not known yet to end to some use, so many.
    earlier: Vec<(InstanceId, u32)>,
    left: usize,
}

impl Lead {
    fn new(chart: &Chart, y: usize, exit: usize, of: &[(InstanceId, u32)]) -> Lead {
        let is_own = |&(id, _): &(InstanceId, u32)| {
            let instance = &chart.instances[id as usize];
            instance.column as usize == y
        };
        let (own, earlier): (Vec<_>, Vec<_>) = of.iter().copied().partition(is_own);
        Lead {
            exit,
            own,
            left: earlier.len(),
            earlier,
        }
    }

    /// Adds the instances called earlier whose end is of use if callers go on in some
    /// instances; returns those that were added.
    fn end(&mut self, chart: &Chart, after: &Bits, useful: &mut Bits) -> Bits {
        let mut new = Bits::default();
        let mut at = 0;
        while at < self.left {
            let (id, list) = self.earlier[at];
            let instance = &chart.instances[id as usize];
            let is_known = useful.contains(instance.bit);
            if is_known || instance.callers[list as usize].above.meets(after) {
                if !is_known {
                    useful.insert(instance.bit);
                    new.insert(instance.bit);
                }
                self.left -= 1;
                self.earlier.swap(at, self.left);
            } else {
                at += 1;
            }
        }
        new
    }
}

/// The sources of a column of which it was not looked at yet what leads to them.
struct Open {
    new: Vec<Bits>,
    /// Later ones mostly come of earlier ones, and are looked at first.
    queue: BinaryHeap<usize>,
}

impl Open {
    fn new(of: &[Bits]) -> Open {
        let any = (0..of.len()).filter(|&at| !of[at].is_empty());
        Open {
            new: of.to_vec(),
            queue: any.collect(),
        }
    }

    /// Adds to what is of use of a source what is in both of two sets.
    fn add(&mut self, at: usize, useful: &mut Bits, a: &Bits, b: &Bits) {
        let is_queued = !self.new[at].is_empty();
        if useful.add_new_both(a, b, &mut self.new[at]) && !is_queued {
            self.queue.push(at);
        }
    }

    fn next(&mut self) -> Option<(usize, Bits)> {
        let at = self.queue.pop()?;
        Some((at, std::mem::take(&mut self.new[at])))
    }
}
