//! Which parts of a chart are part of a whole text, from right to left, and so which
//! tokens a position may take.

use formwork_grammar::Dot;
use rustc_hash::FxHashMap;

use crate::bits::Bits;
use crate::canvas::Cell;
use crate::chart::{Chart, Exit, MAIN};
use crate::rest::RestId;
use crate::rules::Rules;
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
                    if useful.add_both(&next[target as usize], &source.of) {
                        sets.push(set);
                    }
                }
            }
        }
        if let Some(Cell::Optional { after }) = cells.get(y) {
            let end = &chart.columns[*after];
            for (source, useful) in column.sources.iter().zip(now).take(column.arrived as usize) {
                if let Some(target) = end.find(source.item, end.rest) {
                    useful.add_both(&later[after - y - 1][target as usize], &source.of);
                }
            }
        }
    }

    /// Finds which rules end to some use, and who called them. Returns whether that made
    /// more of use in this column.
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
        let mut ends: FxHashMap<(RestId, Option<Dot>), Bits> = FxHashMap::default();
        for (&(rest, last), exit) in &column.exits {
            let mut useful = Bits::default();
            if closable && rest == column.rest && exit.of.contains(MAIN) {
                useful.insert(MAIN);
            }
            if self.leads_on(y, exit) {
                for id in exit.of.iter().filter(|&id| id != MAIN) {
                    let instance = &chart.instances[id as usize];
                    for (ret, callers) in &instance.callers {
                        let ret = rules.resume(*ret, last);
                        let known = exit.returns.iter().find(|(item, _)| *item == ret);
                        let Some(&(_, after)) = known.filter(|&&(_, at)| at != u32::MAX) else {
                            continue;
                        };
                        for &caller in callers {
                            let called = (instance.column as usize, caller as usize);
                            let (is_useful, is_new) = self.caller(chart, (y, after), called, from);
                            if is_useful {
                                useful.insert(id);
                            }
                            changed |= is_new && called.0 == y;
                        }
                    }
                }
            }
            if !useful.is_empty() {
                ends.insert((rest, last), useful);
            }
        }
        for (source, useful) in column.sources.iter().zip(&mut self.of[y]) {
            for exit in &source.moves.exits {
                if let Some(ends) = ends.get(exit) {
                    changed |= useful.add_new(ends, &source.of);
                }
            }
        }
        changed
    }

    /// Whether some caller of what ends goes on to some use.
    fn leads_on(&self, y: usize, exit: &Exit) -> bool {
        let of = |&(_, at): &(_, u32)| self.of[y].get(at as usize);
        let mut returns = exit.returns.iter().filter_map(of);
        returns.any(|useful| !useful.is_empty())
    }

    /// Marks a caller as far as it goes on to some use at a source of column `y`. Returns
    /// whether it does, and whether that was new.
    fn caller(
        &mut self,
        chart: &Chart,
        (y, after): (usize, u32),
        (called, caller): (usize, usize),
        from: usize,
    ) -> (bool, bool) {
        let of = &chart.columns[called].sources[caller].of;
        let after = &self.of[y][after as usize];
        if !after.meets(of) {
            return (false, false);
        }
        if called < from {
            return (true, false);
        }
        let after = after.clone();
        (true, self.of[called][caller].add_new(&after, of))
    }
}
