//! Which parts of a chart are part of a whole text, from right to left, and so which
//! tokens a position may take.

use crate::bits::Bits;
use crate::canvas::Cell;
use crate::chart::{Chart, MAIN};
use crate::rules::{Item, Rules};
use crate::token_sets::{SetId, TokenSets};

/// What is of use.
#[derive(Default)]
pub(crate) struct Useful {
    /// By column and source, the instances in which the source is part of a whole text.
    of: Vec<Vec<Bits>>,
    /// By position, the tokens that some whole text has there, but for its end.
    pub(crate) tokens: Vec<SetId>,
}

impl Useful {
    /// Looks at all positions from `from` on.
    ///
    /// `closable[y]` says whether all positions from `y` on can be the end of the text.
    pub(crate) fn find(
        &mut self,
        chart: &Chart,
        rules: &mut Rules,
        cells: &[Cell],
        closable: &[bool],
        from: usize,
    ) {
        self.of.resize_with(chart.columns.len(), Vec::new);
        self.of.truncate(chart.columns.len());
        for (of, column) in self.of.iter_mut().zip(&chart.columns).skip(from) {
            of.clear();
            of.resize_with(column.sources.len(), Bits::default);
        }
        self.tokens.resize(cells.len(), TokenSets::NONE);
        let mut sets = Vec::new();
        for y in (from..chart.columns.len()).rev() {
            sets.clear();
            self.stays(chart, cells, y, &mut sets);
            while self.exits(chart, rules, y, closable[y], from) {}
            if let Some(tokens) = self.tokens.get_mut(y) {
                sets.sort_unstable();
                sets.dedup();
                *tokens = rules.sets.union(&sets);
            }
        }
    }

    /// What leads on to the next position, and the tokens that do.
    fn stays(&mut self, chart: &Chart, cells: &[Cell], y: usize, sets: &mut Vec<SetId>) {
        let column = &chart.columns[y];
        let (now, later) = self.of.split_at_mut(y + 1);
        let now = &mut now[y];
        if let Some(next) = later.first() {
            for (source, useful) in column.sources.iter().zip(now.iter_mut()) {
                let targets = column.targets.iter().skip(source.targets as usize);
                for (&(_, set), &target) in source.moves.stays.iter().zip(targets) {
                    let (_, any) = useful.add_both(&next[target as usize], &source.of);
                    if any {
                        sets.push(set);
                    }
                }
            }
        }
        if let Some(Cell::Optional { after }) = cells.get(y) {
            let end = &chart.columns[*after];
            for (source, useful) in column.sources.iter().zip(now).take(column.arrived as usize) {
                let target = end.find(source.item, end.rest);
                if let Some(target) = target {
                    useful.add_both(&later[after - y - 1][target as usize], &source.of);
                }
            }
        }
    }

    /// What ends a rule to some use, and who called it. Returns whether anything was new
    /// in this column.
    fn exits(
        &mut self,
        chart: &Chart,
        rules: &mut Rules,
        y: usize,
        closable: bool,
        from: usize,
    ) -> bool {
        let column = &chart.columns[y];
        let mut changed = false;
        for (at, source) in column.sources.iter().enumerate().rev() {
            for &(rest, last) in &source.moves.exits {
                for id in source.of.iter() {
                    if id == MAIN {
                        if closable && rest == column.rest {
                            changed |= self.of[y][at].add(&Bits::one(MAIN), &mut Bits::default());
                        }
                        continue;
                    }
                    let instance = &chart.instances[id as usize];
                    let called = instance.column as usize;
                    for &(caller, ret) in &instance.callers {
                        let ret = rules.resume(ret, last);
                        let item = rules.item(Item::Dot(ret));
                        let Some(after) = column.find(item, rest) else {
                            continue;
                        };
                        let of = &chart.columns[called].sources[caller as usize].of;
                        if !self.of[y][after as usize].meets(of) {
                            continue;
                        }
                        changed |= self.of[y][at].add(&Bits::one(id), &mut Bits::default());
                        if called >= from {
                            let after = std::mem::take(&mut self.of[y][after as usize]);
                            let (new, _) = self.of[called][caller as usize].add_both(&after, of);
                            self.of[y][column.find(item, rest).unwrap_or(0) as usize] = after;
                            changed |= new && called == y;
                        }
                    }
                }
            }
        }
        changed
    }
}
