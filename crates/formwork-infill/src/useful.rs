//! Which parts of a chart are part of a whole text, from right to left.

use formwork_grammar::Dot;
use rustc_hash::FxHashMap;

use crate::bits::Bits;
use crate::canvas::Cell;
use crate::chart::{Chart, Column, Exit, MAIN};
use crate::rest::RestId;

/// What is of use.
pub(crate) struct Useful {
    /// By column and source, the instances in which the source is part of a whole text.
    pub(crate) of: Vec<Vec<Bits>>,
    /// By column and exit, the instances that end there to some use.
    pub(crate) exits: Vec<FxHashMap<(RestId, Option<Dot>), Bits>>,
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
                if let Some(target) = end.arrival(source.item) {
                    useful.add_both(&later[after - y - 1][target as usize], &source.of);
                }
            }
        }
    }

    /// Finds which rules end to some use, and who called them.
    fn exits(&mut self, chart: &Chart, y: usize, closable: bool) {
        let column = &chart.columns[y];
        let exits: Vec<(&(RestId, Option<Dot>), &Exit)> = column.exits.iter().collect();
        let numbers = exits
            .iter()
            .zip(0..)
            .map(|((key, _), number)| (**key, number));
        let numbers: FxHashMap<(RestId, Option<Dot>), usize> = numbers.collect();
        // Which exits lead to a source, and which sources to an exit.
        let mut leads = vec![Vec::new(); column.sources.len()];
        for (number, (_, exit)) in exits.iter().enumerate() {
            for (which, ret) in exit.returns.iter().enumerate() {
                if let Some(leads) = leads.get_mut(ret.source as usize) {
                    leads.push((number, which));
                }
            }
        }
        let mut ends = vec![Vec::new(); exits.len()];
        for (at, source) in column.sources.iter().enumerate() {
            for exit in &source.moves.exits {
                if let Some(&number) = numbers.get(exit) {
                    ends[number].push(at);
                }
            }
        }
        let mut useful = vec![Bits::default(); exits.len()];
        let mut open: Vec<usize> = (0..leads.len())
            .filter(|&at| !leads[at].is_empty())
            .collect();
        for (number, ((rest, _), exit)) in exits.iter().enumerate() {
            if closable && *rest == column.rest && exit.of.contains(MAIN) {
                useful[number].insert(MAIN);
                self.end(column, y, &ends[number], &useful[number], &mut open);
            }
        }
        // Later sources mostly come of earlier ones.
        while let Some(at) = open.pop() {
            let after = self.of[y][at].clone();
            if after.is_empty() {
                continue;
            }
            for &(number, which) in &leads[at] {
                let mut new = false;
                for &(id, list) in &exits[number].1.returns[which].of {
                    let instance = &chart.instances[id as usize];
                    if !instance.above[list as usize].meets(&after) {
                        continue;
                    }
                    new |= !useful[number].contains(id);
                    useful[number].insert(id);
                    let called = instance.column as usize;
                    for &caller in &instance.callers[list as usize].1 {
                        let of = &chart.columns[called].sources[caller as usize].of;
                        if self.of[called][caller as usize].add_both(&after, of) && called == y {
                            open.push(caller as usize);
                        }
                    }
                }
                if new {
                    self.end(column, y, &ends[number], &useful[number], &mut open);
                }
            }
        }
        let useful = exits.iter().map(|(key, _)| **key).zip(useful);
        self.exits[y] = useful.filter(|(_, of)| !of.is_empty()).collect();
    }

    /// Marks the sources at which rules end to some use.
    fn end(
        &mut self,
        column: &Column,
        y: usize,
        sources: &[usize],
        useful: &Bits,
        open: &mut Vec<usize>,
    ) {
        for &at in sources {
            if self.of[y][at].add_both(useful, &column.sources[at].of) {
                open.push(at);
            }
        }
    }
}
