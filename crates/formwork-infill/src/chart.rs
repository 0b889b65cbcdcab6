//! All ways of a language through a canvas, from left to right.
//!
//! An Earley chart (Earley 1970) whose columns are the positions: column `y` has a
//! *source* for every item in reach at position `y`, and for every dot that is reached
//! in the middle of a token there. A source holds the set of *instances* of rules it is
//! in: an instance is a rule and the place where it was called. Sets are rows of bits,
//! so what is alike for many places of call is done for all of them at once.
//!
//! Columns depend on those before them alone: after a change at a position, the columns
//! up to it stay.
//!
//! At most `O(n * s)` sources for `n` positions and `s` items and dots, each with a row of
//! `O(n * s)` bits; what is in reach is far less.

use std::sync::Arc;

use formwork_grammar::Dot;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::bits::Bits;
use crate::canvas::Cell;
use crate::error::InfillError;
use crate::rest::{Rest, RestId, Rests};
use crate::rules::{Item, ItemId, Moves, Rules};

/// An [`Instance`], by number.
type InstanceId = u32;

/// A rule that was called at some place.
pub(crate) struct Instance {
    /// The column it was called in.
    pub(crate) column: u32,
    /// Who called it, by number in that column, and the dot after the call.
    pub(crate) callers: SmallVec<[(u32, Dot); 2]>,
    /// Where it ended in the column it was called in.
    ended: SmallVec<[(RestId, Option<Dot>); 1]>,
}

/// An item, or a dot in the middle of a token.
pub(crate) struct Source {
    pub(crate) item: ItemId,
    pub(crate) moves: Arc<Moves>,
    /// Where its stays lead, from there on in [`Column::targets`].
    pub(crate) targets: u32,
    /// The instances it is in.
    pub(crate) of: Bits,
    /// Those that were not looked at yet.
    new: Bits,
    queued: bool,
}

/// What is in reach at one position.
pub(crate) struct Column {
    /// What the position holds.
    pub(crate) rest: RestId,
    pub(crate) sources: Vec<Source>,
    /// Sources of the next column that the stays of all sources lead to.
    pub(crate) targets: Vec<u32>,
    index: FxHashMap<(ItemId, RestId), u32>,
    called: FxHashMap<(Dot, RestId), InstanceId>,
    /// The sources that were reached from earlier positions come first: so many.
    pub(crate) arrived: u32,
    /// Instances called before this column.
    instances: u32,
    /// Whether a whole text may end before this position.
    pub(crate) completes: bool,
    heap_bytes: usize,
}

impl Column {
    pub(crate) fn find(&self, item: ItemId, rest: RestId) -> Option<u32> {
        self.index.get(&(item, rest)).copied()
    }
}

/// The chart of a canvas.
#[derive(Default)]
pub(crate) struct Chart {
    pub(crate) columns: Vec<Column>,
    pub(crate) instances: Vec<Instance>,
}

/// The rule of the whole text.
pub(crate) const MAIN: InstanceId = 0;

impl Chart {
    /// Forgets all columns behind the first `keep`.
    pub(crate) fn truncate(&mut self, keep: usize) {
        if let Some(first) = self.columns.get(keep) {
            self.instances.truncate(first.instances as usize);
        }
        self.columns.truncate(keep);
    }

    /// Makes all columns that are missing.
    pub(crate) fn extend(
        &mut self,
        rules: &mut Rules,
        cells: &[Cell],
        max_bytes: usize,
    ) -> Result<(), InfillError> {
        if self.columns.is_empty() {
            self.instances.clear();
            self.instances.push(Instance {
                column: 0,
                callers: SmallVec::new(),
                ended: SmallVec::new(),
            });
            self.push_column(rules, cells, 0);
            let start = rules.start();
            let item = rules.item(Item::Dot(start));
            let rest = self.columns[0].rest;
            let at = self.source(rules, 0, item, rest);
            add(&mut self.columns[0].sources[at as usize], &Bits::one(MAIN));
            // A gap may be left out before anything is read.
            self.finish_column(rules, 0, max_bytes)?;
        }
        for y in self.columns.len()..=cells.len() {
            self.push_column(rules, cells, y);
            self.arrive(rules, cells, y);
            self.finish_column(rules, y, max_bytes)?;
        }
        Ok(())
    }

    fn push_column(&mut self, rules: &mut Rules, cells: &[Cell], y: usize) {
        let rest = match cells.get(y) {
            None | Some(Cell::End) => Rests::END,
            Some(Cell::Open | Cell::Optional { .. }) => Rests::OPEN,
            Some(Cell::Token(token)) => rules.rests.intern(Rest::Token(*token)),
        };
        self.columns.push(Column {
            rest,
            sources: Vec::new(),
            targets: Vec::new(),
            index: FxHashMap::default(),
            called: FxHashMap::default(),
            arrived: 0,
            instances: self.instances.len() as u32,
            completes: false,
            heap_bytes: 0,
        });
    }

    /// What the columns before lead to.
    fn arrive(&mut self, rules: &mut Rules, cells: &[Cell], y: usize) {
        let rest = self.columns[y].rest;
        let (before, now) = self.columns.split_at_mut(y);
        let now = &mut now[0];
        if let Some(last) = before.last_mut() {
            last.targets.clear();
            for source in &mut last.sources {
                source.targets = last.targets.len() as u32;
                for &(item, _) in &source.moves.stays {
                    let at = source_in(now, rules, item, rest);
                    add(&mut now.sources[at as usize], &source.of);
                    last.targets.push(at);
                }
            }
        }
        // Gaps that end here.
        for skipped in before.iter().zip(cells).rev().map_while(|(column, cell)| match cell {
            Cell::Optional { after } if *after == y => Some(column),
            _ => None,
        }) {
            for source in skipped.sources.iter().take(skipped.arrived as usize) {
                let at = source_in(now, rules, source.item, rest);
                add(&mut now.sources[at as usize], &source.of);
            }
        }
    }

    /// Follows calls and ends of rules within a column.
    fn finish_column(
        &mut self,
        rules: &mut Rules,
        y: usize,
        max_bytes: usize,
    ) -> Result<(), InfillError> {
        let column = &mut self.columns[y];
        column.arrived = column.sources.len() as u32;
        let mut open: Vec<u32> = (0..column.arrived).collect();
        for source in &mut column.sources {
            source.queued = true;
        }
        while let Some(at) = open.pop() {
            let source = &mut self.columns[y].sources[at as usize];
            source.queued = false;
            let new = std::mem::take(&mut source.new);
            let moves = Arc::clone(&source.moves);
            for &(callee, rest, ret) in &moves.calls {
                self.call(rules, y, at, (callee, rest, ret), &new, &mut open);
            }
            for &(rest, last) in &moves.exits {
                self.leave(rules, y, rest, last, &new, &mut open);
            }
        }
        let column = &mut self.columns[y];
        let sources = column.sources.iter();
        column.heap_bytes = sources.map(|source| 120 + 2 * source.of.heap_bytes()).sum();
        if std::env::var_os("STATS").is_some() {
            let c = &self.columns[y];
            let stays: usize = c.sources.iter().map(|s| s.moves.stays.len()).sum();
            let calls: usize = c.sources.iter().map(|s| s.moves.calls.len()).sum();
            let exits: usize = c.sources.iter().map(|s| s.moves.exits.len()).sum();
            let mut rests: Vec<u32> = c.index.keys().map(|k| k.1).collect();
            rests.sort(); rests.dedup();
            if y == 3 { rules.dump(); }
            eprintln!("col {y}: arrived {} sources {} rests {} stays {stays} calls {calls} exits {exits} instances {} items {} allrests {}", c.arrived, c.sources.len(), rests.len(), self.instances.len(), rules.item_count(), rules.rests.len());
        }
        let columns = self.columns.iter().map(|column| column.heap_bytes);
        let bytes = columns.sum::<usize>() + 64 * self.instances.len() + rules.heap_bytes();
        if bytes > max_bytes {
            return Err(InfillError::TooMuchMemory { limit: max_bytes });
        }
        Ok(())
    }

    fn call(
        &mut self,
        rules: &mut Rules,
        y: usize,
        caller: u32,
        (callee, rest, ret): (Dot, RestId, Dot),
        new: &Bits,
        open: &mut Vec<u32>,
    ) {
        let column = &mut self.columns[y];
        let id = match column.called.get(&(callee, rest)) {
            Some(&id) => id,
            None => {
                let id = self.instances.len() as InstanceId;
                self.instances.push(Instance {
                    column: y as u32,
                    callers: SmallVec::new(),
                    ended: SmallVec::new(),
                });
                column.called.insert((callee, rest), id);
                let item = rules.item(Item::Dot(callee));
                let at = self.source(rules, y, item, rest);
                self.add(y, at, &Bits::one(id), open);
                id
            }
        };
        let instance = &mut self.instances[id as usize];
        if !instance.callers.contains(&(caller, ret)) {
            instance.callers.push((caller, ret));
        }
        for (rest, last) in instance.ended.clone() {
            let ret = rules.resume(ret, last);
            let item = rules.item(Item::Dot(ret));
            let at = self.source(rules, y, item, rest);
            self.add(y, at, new, open);
        }
    }

    /// The rules of some instances end.
    fn leave(
        &mut self,
        rules: &mut Rules,
        y: usize,
        rest: RestId,
        last: Option<Dot>,
        of: &Bits,
        open: &mut Vec<u32>,
    ) {
        for id in of.iter() {
            if id == MAIN {
                let column = &mut self.columns[y];
                column.completes |= rest == column.rest;
                continue;
            }
            let instance = &mut self.instances[id as usize];
            let called = instance.column as usize;
            if called == y && !instance.ended.contains(&(rest, last)) {
                instance.ended.push((rest, last));
            }
            for (caller, ret) in instance.callers.clone() {
                let ret = rules.resume(ret, last);
                let item = rules.item(Item::Dot(ret));
                let at = self.source(rules, y, item, rest);
                if called == y {
                    let of = self.columns[y].sources[caller as usize].of.clone();
                    self.add(y, at, &of, open);
                } else {
                    let (before, now) = self.columns.split_at_mut(y);
                    let of = &before[called].sources[caller as usize].of;
                    let source = &mut now[0].sources[at as usize];
                    if add(source, of) && !source.queued {
                        source.queued = true;
                        open.push(at);
                    }
                }
            }
        }
    }

    fn source(&mut self, rules: &mut Rules, y: usize, item: ItemId, rest: RestId) -> u32 {
        source_in(&mut self.columns[y], rules, item, rest)
    }

    fn add(&mut self, y: usize, at: u32, of: &Bits, open: &mut Vec<u32>) {
        let source = &mut self.columns[y].sources[at as usize];
        if add(source, of) && !source.queued {
            source.queued = true;
            open.push(at);
        }
    }
}

fn source_in(column: &mut Column, rules: &mut Rules, item: ItemId, rest: RestId) -> u32 {
    let sources = &mut column.sources;
    *column.index.entry((item, rest)).or_insert_with(|| {
        sources.push(Source {
            item,
            moves: rules.moves(item, rest),
            targets: 0,
            of: Bits::default(),
            new: Bits::default(),
            queued: false,
        });
        sources.len() as u32 - 1
    })
}

fn add(source: &mut Source, of: &Bits) -> bool {
    source.of.add(of, &mut source.new)
}
