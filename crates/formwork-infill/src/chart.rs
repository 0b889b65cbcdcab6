//! All ways of a language through a canvas, from left to right.
//!
//! An Earley chart (Earley 1970) whose columns are the positions: column `y` has a
//! *source* for every item in reach at position `y`, and for every item that is reached
//! in the middle of a token there. A source holds the set of *instances* of rules it is
//! in: an instance is a rule and the place where it was called. Sets are rows of bits,
//! so what is alike for many places of call is done for all of them at once.
//!
//! At most `O(n * s)` sources for `n` positions and `s` items, each with a row of
//! `O(n * s)` bits; what is in reach is far less.

use std::sync::Arc;

use formwork_grammar::Dot;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::bits::Bits;
use crate::canvas::Cell;
use crate::error::InfillError;
use crate::rest::{Rest, RestId, Rests};
use crate::rules::{ItemId, Moves, Rules};

/// An [`Instance`], by number.
pub(crate) type InstanceId = u32;

/// A rule that was called at some place.
pub(crate) struct Instance {
    /// Where the rule begins.
    pub(crate) callee: Dot,
    /// The column it was called in.
    pub(crate) column: u32,
    /// The source at which it starts.
    pub(crate) start: u32,
    /// The items after the call, and who called it to go on there, by number in that
    /// column.
    pub(crate) callers: SmallVec<[(ItemId, SmallVec<[u32; 2]>); 1]>,
    /// In which instances they are, all callers that go on alike together; once the
    /// column is done.
    pub(crate) above: Vec<Bits>,
}

/// An item at a position, or in the middle of a token there.
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

/// The end of rules in the middle of a position.
#[derive(Default)]
pub(crate) struct Exit {
    /// The instances that end.
    pub(crate) of: Bits,
    /// Where their callers go on, if they can.
    pub(crate) returns: SmallVec<[Return; 2]>,
}

/// Where callers go on after the end of a rule.
pub(crate) struct Return {
    /// The item after the call.
    item: ItemId,
    /// That item in the middle of the position, or [`NOWHERE`].
    pub(crate) source: u32,
    /// The instances that were called to go on there, and which of their lists of
    /// callers those are.
    pub(crate) of: Vec<(InstanceId, u32)>,
}

/// No source.
const NOWHERE: u32 = u32::MAX;

/// What is in reach at one position.
pub(crate) struct Column {
    /// What the position holds.
    pub(crate) rest: RestId,
    pub(crate) sources: Vec<Source>,
    /// Sources of the next column that the stays of all sources lead to.
    pub(crate) targets: Vec<u32>,
    /// The sources in the middle of tokens.
    index: FxHashMap<(ItemId, RestId), u32>,
    pub(crate) called: FxHashMap<(Dot, RestId), InstanceId>,
    /// What is left when rules end, and the dots they end at.
    pub(crate) exits: FxHashMap<(RestId, Option<Dot>), Exit>,
    /// The sources that were reached from earlier positions come first: so many.
    pub(crate) arrived: u32,
    /// Instances called before this column.
    pub(crate) instances: u32,
    /// Whether a whole text may end before this position.
    pub(crate) completes: bool,
    heap_bytes: usize,
}

impl Column {
    /// The source of an item that was reached from earlier positions.
    pub(crate) fn arrival(&self, item: ItemId) -> Option<u32> {
        let arrived = self.sources.iter().take(self.arrived as usize);
        let at = arrived.zip(0..).find(|(source, _)| source.item == item);
        at.map(|(_, at)| at)
    }
}

/// Where the items at the position of the newest column are among its sources.
#[derive(Default)]
struct Slots {
    /// By item: the column, counted from 1, and the source.
    slots: Vec<(u32, u32)>,
    column: u32,
}

/// The chart of a canvas.
#[derive(Default)]
pub(crate) struct Chart {
    pub(crate) columns: Vec<Column>,
    pub(crate) instances: Vec<Instance>,
    slots: Slots,
}

/// The rule of the whole text.
pub(crate) const MAIN: InstanceId = 0;

impl Chart {
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
                callee: rules.start_dot(),
                column: 0,
                start: 0,
                callers: SmallVec::new(),
                above: Vec::new(),
            });
        }
        for y in self.columns.len()..=cells.len() {
            self.push_column(rules, cells, y);
            self.arrive(rules, cells, y);
            if y == 0 {
                let start = rules.start();
                let column = &mut self.columns[y];
                let slots = &mut self.slots;
                let at = source_in(column, slots, rules, start, column.rest);
                add(&mut column.sources[at as usize], &Bits::one(MAIN));
            }
            self.close(rules, y);
            let columns = self.columns.iter().map(|column| column.heap_bytes);
            let bytes = columns.sum::<usize>() + 64 * self.instances.len();
            if bytes.saturating_add(rules.heap_bytes()) > max_bytes {
                return Err(InfillError::TooMuchMemory { limit: max_bytes });
            }
        }
        Ok(())
    }

    fn push_column(&mut self, rules: &mut Rules, cells: &[Cell], y: usize) {
        let rest = match cells.get(y) {
            None | Some(Cell::End) => Rests::END,
            Some(Cell::Open | Cell::Optional { .. }) => Rests::OPEN,
            Some(Cell::Token(token)) => rules.lexer.rests.intern(Rest::Token(*token)),
        };
        self.slots.column = self.slots.column.wrapping_add(1).max(1);
        self.columns.push(Column {
            rest,
            sources: Vec::new(),
            targets: Vec::new(),
            index: FxHashMap::default(),
            called: FxHashMap::default(),
            exits: FxHashMap::default(),
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
                    let at = source_in(now, &mut self.slots, rules, item, rest);
                    add(&mut now.sources[at as usize], &source.of);
                    last.targets.push(at);
                }
            }
        }
        // Gaps that end here.
        let ends_here = |(column, cell)| match cell {
            &Cell::Optional { after } if after == y => Some(column),
            _ => None,
        };
        for skipped in before.iter().zip(cells).rev().map_while(ends_here) {
            for source in skipped.sources.iter().take(skipped.arrived as usize) {
                let at = source_in(now, &mut self.slots, rules, source.item, rest);
                add(&mut now.sources[at as usize], &source.of);
            }
        }
    }

    /// Follows calls and ends of rules within a column.
    fn close(&mut self, rules: &mut Rules, y: usize) {
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
            for &call in &moves.calls {
                self.call(rules, y, at, call, &new, &mut open);
            }
            for &(rest, last) in &moves.exits {
                self.leave(rules, y, rest, last, &new, &mut open);
            }
        }
        let column = &mut self.columns[y];
        let sources = &column.sources;
        let bytes = sources.iter().map(|source| {
            let rows = source.of.heap_bytes() + source.new.heap_bytes();
            // And its share of the index, and of what it leads to.
            size_of::<Source>() + 24 + rows
        });
        let returns = column.exits.values().map(|exit| {
            let returns = exit.returns.iter();
            let of = returns.map(|back| size_of::<Return>() + 8 * back.of.len());
            64 + exit.of.heap_bytes() + of.sum::<usize>()
        });
        column.heap_bytes = bytes.sum::<usize>() + returns.sum::<usize>();
        for instance in self.instances.iter_mut().skip(column.instances as usize) {
            instance.above.clear();
            for (_, callers) in &instance.callers {
                let mut all = Bits::default();
                for &caller in callers {
                    all.unite(&sources[caller as usize].of);
                }
                instance.above.push(all);
            }
        }
    }

    fn call(
        &mut self,
        rules: &mut Rules,
        y: usize,
        caller: u32,
        (callee, rest, ret): (Dot, RestId, ItemId),
        new: &Bits,
        open: &mut Vec<u32>,
    ) {
        let column = &mut self.columns[y];
        let id = match column.called.get(&(callee, rest)) {
            Some(&id) => id,
            None => {
                let id = self.instances.len() as InstanceId;
                column.called.insert((callee, rest), id);
                let item = rules.callee(callee);
                let slots = &mut self.slots;
                let at = source_in(column, slots, rules, item, rest);
                self.instances.push(Instance {
                    callee,
                    column: y as u32,
                    start: at,
                    callers: SmallVec::new(),
                    above: Vec::new(),
                });
                enqueue(column, at, &Bits::one(id), open);
                id
            }
        };
        let callers = &mut self.instances[id as usize].callers;
        let known = callers.iter().position(|(item, _)| *item == ret);
        let which = known.unwrap_or(callers.len());
        match callers.get_mut(which) {
            Some((_, callers)) if callers.contains(&caller) => {}
            Some((_, callers)) => callers.push(caller),
            None => callers.push((ret, SmallVec::from_slice(&[caller]))),
        }
        // It may have ended already, in the same position.
        let column = &mut self.columns[y];
        let ended = column.exits.iter().filter(|(_, exit)| exit.of.contains(id));
        let ended: SmallVec<[(RestId, Option<Dot>); 4]> = ended.map(|(&key, _)| key).collect();
        let new_list = known.is_none().then_some((id, which as u32));
        for (rest, last) in ended {
            let ret = rules.resume(ret, last);
            let to = (ret, rest, last);
            if let Some(at) = returns_to(column, &mut self.slots, rules, to, new_list) {
                enqueue(column, at, new, open);
            }
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
        let (before, now) = self.columns.split_at_mut(y);
        let column = &mut now[0];
        let mut new = Bits::default();
        column
            .exits
            .entry((rest, last))
            .or_default()
            .of
            .add(of, &mut new);
        for id in new.iter() {
            if id == MAIN {
                column.completes |= rest == column.rest;
                continue;
            }
            let instance = &self.instances[id as usize];
            for (which, (ret, callers)) in instance.callers.iter().enumerate() {
                let ret = rules.resume(*ret, last);
                let to = (ret, rest, last);
                let list = Some((id, which as u32));
                let Some(at) = returns_to(column, &mut self.slots, rules, to, list) else {
                    continue;
                };
                if (instance.column as usize) < before.len() {
                    enqueue(column, at, &instance.above[which], open);
                } else {
                    for &caller in callers {
                        let of = column.sources[caller as usize].of.clone();
                        enqueue(column, at, &of, open);
                    }
                }
            }
        }
    }
}

/// Where callers of an instance go on after its end, if they can go on at all; `list` is
/// a list of them that did not come here before.
fn returns_to(
    column: &mut Column,
    slots: &mut Slots,
    rules: &mut Rules,
    (ret, rest, last): (ItemId, RestId, Option<Dot>),
    list: Option<(InstanceId, u32)>,
) -> Option<u32> {
    let exit = column.exits.get_mut(&(rest, last))?;
    if let Some(known) = exit.returns.iter_mut().find(|known| known.item == ret) {
        known.of.extend(list);
        return (known.source != NOWHERE).then_some(known.source);
    }
    let moves = rules.moves(ret, rest);
    let source = match moves.is_nothing() {
        true => NOWHERE,
        false => source_in(column, slots, rules, ret, rest),
    };
    let exit = column.exits.get_mut(&(rest, last))?;
    exit.returns.push(Return {
        item: ret,
        source,
        of: list.into_iter().collect(),
    });
    (source != NOWHERE).then_some(source)
}

/// The source of an item, made if it is new.
fn source_in(
    column: &mut Column,
    slots: &mut Slots,
    rules: &mut Rules,
    item: ItemId,
    rest: RestId,
) -> u32 {
    let new = column.sources.len() as u32;
    if rest == column.rest {
        if slots.slots.len() <= item as usize {
            slots.slots.resize(item as usize + 1, (0, 0));
        }
        let slot = &mut slots.slots[item as usize];
        if slot.0 == slots.column {
            return slot.1;
        }
        *slot = (slots.column, new);
    } else {
        let at = *column.index.entry((item, rest)).or_insert(new);
        if at != new {
            return at;
        }
    }
    let moves = rules.moves(item, rest);
    column.sources.push(Source {
        item,
        moves,
        targets: 0,
        of: Bits::default(),
        new: Bits::default(),
        queued: false,
    });
    new
}

fn enqueue(column: &mut Column, at: u32, of: &Bits, open: &mut Vec<u32>) {
    let source = &mut column.sources[at as usize];
    if add(source, of) && !source.queued {
        source.queued = true;
        open.push(at);
    }
}

fn add(source: &mut Source, of: &Bits) -> bool {
    source.of.add(of, &mut source.new)
}
