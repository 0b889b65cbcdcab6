//! All ways of a language through a canvas, from left to right.
//!
//! An Earley chart (Earley 1970) whose columns are the positions: column `y` has a
//! *source* for every item in reach at position `y`, and for every item that is reached
//! in the middle of a token there. A source holds the set of *instances* of rules it is
//! in: an instance is a rule and the place where it was called. Sets are rows of bits,
//! so what is alike for many places of call is done for all of them at once. Instances are
//! numbered by the rule they are of, their *class*: a source belongs to one class, and its
//! row has a bit for each instance of that class alone.
//!
//! At most `O(n * s)` sources for `n` positions and `s` items, each with a row of
//! `O(n * r)` bits if a rule is called at `r` places of a position; what is in reach is far
//! less.

mod calls;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::Arc;

use formwork_grammar::Dot;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::bits::Bits;
use crate::canvas::Cell;
use crate::error::InfillError;
use crate::rest::{Rest, RestId, Rests};
use crate::rules::{ItemId, Moves, Rules};
use calls::Above;
pub(crate) use calls::{Class, Instance, Ret};

/// An [`Instance`], by number.
pub(crate) type InstanceId = u32;

/// A rule, by number; the text as a whole is one that nothing calls.
pub(crate) type ClassId = u32;

/// An item at a position, or in the middle of a token there.
pub(crate) struct Source {
    pub(crate) item: ItemId,
    pub(crate) class: ClassId,
    pub(crate) moves: Arc<Moves>,
    /// Where its stays lead, from there on in [`Column::targets`].
    pub(crate) targets: u32,
    /// The instances it is in.
    pub(crate) of: Bits,
    /// Those that were not looked at yet.
    new: Bits,
    queued: bool,
    /// Whether it has made its calls.
    called: bool,
    /// How far into the position it is: nothing leads from a source to one with a lower
    /// number.
    pub(crate) depth: u32,
    /// The same item in another class, or [`NOWHERE`]: for those at the position alone.
    also: u32,
}

/// The class of the rules that end, what is left of the position then, and the dot they
/// end at, if callers learn of it.
pub(crate) type ExitKey = (ClassId, RestId, Option<Dot>);

/// The end of rules in the middle of a position.
#[derive(Default)]
pub(crate) struct Exit {
    /// The instances that end.
    pub(crate) of: Bits,
    /// By number of where callers go on: the source there, [`NOWHERE`] if there is none
    /// since nothing can be read there, or [`UNKNOWN`].
    pub(crate) targets: Vec<u32>,
}

impl Exit {
    /// The sources where callers go on, and by which of their places.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let targets = self.targets.iter().copied().zip(0..);
        targets.filter(|&(source, _)| source < UNKNOWN)
    }
}

/// No source.
const NOWHERE: u32 = u32::MAX;
/// Nobody has asked yet.
const UNKNOWN: u32 = u32::MAX - 1;

/// What is in reach at one position.
pub(crate) struct Column {
    /// What the position holds.
    pub(crate) rest: RestId,
    pub(crate) sources: Vec<Source>,
    /// Sources of the next column that the stays of all sources lead to.
    pub(crate) targets: Vec<u32>,
    /// The sources in the middle of tokens.
    index: FxHashMap<(ItemId, ClassId, RestId), u32>,
    pub(crate) called: FxHashMap<(Dot, RestId), InstanceId>,
    pub(crate) exits: FxHashMap<ExitKey, Exit>,
    /// The exits of those that were called here.
    ended: FxHashMap<InstanceId, SmallVec<[ExitKey; 4]>>,
    /// The sources that were reached from earlier positions come first: so many.
    pub(crate) arrived: u32,
    /// Instances called before this column.
    pub(crate) instances: u32,
    /// Whether a whole text may end before this position.
    pub(crate) completes: bool,
    heap_bytes: usize,
}

impl Column {
    /// The source of an item in a class that was reached from earlier positions.
    pub(crate) fn arrival(&self, item: ItemId, class: ClassId) -> Option<u32> {
        let arrived = self.sources.iter().take(self.arrived as usize);
        let is_it = |source: &Source| (source.item, source.class) == (item, class);
        let at = arrived.zip(0..).find(|(source, _)| is_it(source));
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
    pub(crate) classes: Vec<Class>,
    class_ids: FxHashMap<Dot, ClassId>,
    slots: Slots,
    /// Of the newest column: what [`Class::above`] said.
    known_above: FxHashMap<(ClassId, Bits), Rc<[Above]>>,
    queue: Queue,
}

/// Sources to be looked at: those that least of the position was read for come first, so
/// that most are looked at once.
type Queue = BinaryHeap<Reverse<(u32, u32)>>;

/// The rule of the whole text: its instance, and the class that it is alone in.
pub(crate) const MAIN: InstanceId = 0;
pub(crate) const MAIN_CLASS: ClassId = 0;

impl Chart {
    /// Makes all columns that are missing.
    pub(crate) fn extend(
        &mut self,
        rules: &mut Rules,
        cells: &[Cell],
        max_bytes: usize,
    ) -> Result<(), InfillError> {
        if self.columns.is_empty() {
            self.classes.push(Class::default());
            self.instance(MAIN_CLASS, 0);
        }
        for y in self.columns.len()..=cells.len() {
            self.push_column(rules, cells, y);
            self.arrive(rules, cells, y);
            if y == 0 {
                let start = rules.start();
                let column = &mut self.columns[y];
                let slots = &mut self.slots;
                let at = source_in(column, slots, rules, (start, MAIN_CLASS), column.rest);
                add(&mut column.sources[at as usize], &Bits::one(0));
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

    /// A rule that is called in a column.
    fn instance(&mut self, class: ClassId, column: usize) -> InstanceId {
        let id = self.instances.len() as InstanceId;
        let members = &mut self.classes[class as usize].instances;
        self.instances.push(Instance {
            class,
            bit: members.len() as u32,
            column: column as u32,
            start: 0,
            rets: SmallVec::new(),
        });
        members.push(id);
        id
    }

    fn class(&mut self, callee: Dot) -> ClassId {
        let classes = &mut self.classes;
        *self.class_ids.entry(callee).or_insert_with(|| {
            classes.push(Class::default());
            classes.len() as ClassId - 1
        })
    }

    fn push_column(&mut self, rules: &mut Rules, cells: &[Cell], y: usize) {
        let rest = match cells.get(y) {
            None | Some(Cell::End) => Rests::END,
            Some(Cell::Open | Cell::Optional { .. }) => Rests::OPEN,
            Some(Cell::Token(token)) => rules.lexer.rests.intern(Rest::Token(*token)),
        };
        self.slots.column = self.slots.column.wrapping_add(1).max(1);
        for class in &mut self.classes {
            class.earlier = class.instances.len() as u32;
        }
        self.columns.push(Column {
            rest,
            sources: Vec::new(),
            targets: Vec::new(),
            index: FxHashMap::default(),
            called: FxHashMap::default(),
            exits: FxHashMap::default(),
            ended: FxHashMap::default(),
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
                    let to = (item, source.class);
                    let at = source_in(now, &mut self.slots, rules, to, rest);
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
                let to = (source.item, source.class);
                let at = source_in(now, &mut self.slots, rules, to, rest);
                add(&mut now.sources[at as usize], &source.of);
            }
        }
    }

    /// Follows calls and ends of rules within a column.
    fn close(&mut self, rules: &mut Rules, y: usize) {
        let column = &mut self.columns[y];
        column.arrived = column.sources.len() as u32;
        for (source, at) in column.sources.iter_mut().zip(0..) {
            source.queued = true;
            self.queue.push(Reverse((source.depth, at)));
        }
        while let Some(Reverse((_, at))) = self.queue.pop() {
            let source = &mut self.columns[y].sources[at as usize];
            source.queued = false;
            let is_first = !std::mem::replace(&mut source.called, true);
            let new = std::mem::take(&mut source.new);
            let (class, moves) = (source.class, Arc::clone(&source.moves));
            for &call in &moves.calls {
                self.call(rules, y, at, call, &new, is_first);
            }
            for &(rest, last) in &moves.exits {
                self.leave(rules, y, (class, rest, last), &new);
            }
        }
        self.known_above.clear();
        let column = &mut self.columns[y];
        let sources = &column.sources;
        let bytes = sources.iter().map(|source| {
            let rows = source.of.heap_bytes() + source.new.heap_bytes();
            // And its share of the index, and of what it leads to.
            size_of::<Source>() + 24 + rows
        });
        let exits = column.exits.values();
        let exits = exits.map(|exit| 64 + exit.of.heap_bytes() + 4 * exit.targets.len());
        column.heap_bytes = bytes.sum::<usize>() + exits.sum::<usize>();
        column.ended = FxHashMap::default();
        let sources = &column.sources;
        for instance in self.instances.iter().skip(column.instances as usize) {
            let class = &mut self.classes[instance.class as usize];
            for &ret in &instance.rets {
                let ret = &mut class.rets[ret as usize];
                column.heap_bytes += ret.close(instance.bit, sources);
            }
        }
    }

    /// A source calls a rule in those of its instances that are new.
    fn call(
        &mut self,
        rules: &mut Rules,
        y: usize,
        caller: u32,
        (callee, rest, ret): (Dot, RestId, ItemId),
        new: &Bits,
        is_first: bool,
    ) {
        let id = match self.columns[y].called.get(&(callee, rest)) {
            Some(&id) => id,
            None => {
                let class = self.class(callee);
                let id = self.instance(class, y);
                let instance = &mut self.instances[id as usize];
                let column = &mut self.columns[y];
                column.called.insert((callee, rest), id);
                let start = (rules.callee(callee), class);
                let at = source_in(column, &mut self.slots, rules, start, rest);
                instance.start = at;
                enqueue(column, at, &Bits::one(instance.bit), &mut self.queue);
                id
            }
        };
        let column = &mut self.columns[y];
        let instance = &mut self.instances[id as usize];
        let class = &mut self.classes[instance.class as usize];
        let ret = class.ret((ret, column.sources[caller as usize].class));
        if is_first {
            let callers = class.rets[ret as usize].callers_mut(instance.bit);
            if callers.sources.is_empty() {
                instance.rets.push(ret);
            }
            callers.sources.push(caller);
        }
        // It may have ended already, in the same position.
        let ended = column.ended.get(&id).cloned().unwrap_or_default();
        for key in ended {
            if let Some(at) = returns_to(column, &mut self.slots, rules, (class, ret), key) {
                enqueue(column, at, new, &mut self.queue);
            }
        }
    }

    /// The rules of some instances end.
    ///
    /// PERF: what has earlier callers is done for all instances and rests at once: rules that
    /// end before many rests mostly do so in the same instances.
    fn leave(&mut self, rules: &mut Rules, y: usize, key: ExitKey, of: &Bits) {
        let column = &mut self.columns[y];
        let mut new = Bits::default();
        column.exits.entry(key).or_default().of.add(of, &mut new);
        let (number, rest, _) = key;
        if number == MAIN_CLASS {
            column.completes |= rest == column.rest;
            return;
        }
        let class = &self.classes[number as usize];
        let (earlier, own) = new.split(class.earlier);
        let (slots, queue) = (&mut self.slots, &mut self.queue);
        if !earlier.is_empty() {
            let above = self.known_above.entry((number, earlier));
            let above = above.or_insert_with_key(|(_, of)| class.above(of));
            for (ret, above) in above.iter() {
                if let Some(at) = returns_to(column, slots, rules, (class, *ret), key) {
                    enqueue(column, at, above, queue);
                }
            }
        }
        for bit in own.iter() {
            let id = class.instances[bit as usize];
            column.ended.entry(id).or_default().push(key);
            for &ret in &self.instances[id as usize].rets {
                let Some(at) = returns_to(column, slots, rules, (class, ret), key) else {
                    continue;
                };
                let mut above = Bits::default();
                for &caller in &class.rets[ret as usize].callers_of(bit).sources {
                    above.unite(&column.sources[caller as usize].of);
                }
                enqueue(column, at, &above, queue);
            }
        }
    }
}

/// The source where callers go on after the end of a rule, at one of the places of its
/// class where they do; if they can go on at all.
fn returns_to(
    column: &mut Column,
    slots: &mut Slots,
    rules: &mut Rules,
    (class, ret): (&Class, u32),
    key: ExitKey,
) -> Option<u32> {
    let exit = column.exits.get(&key)?;
    let known = exit.targets.get(ret as usize);
    let known = known.copied().unwrap_or(UNKNOWN);
    if known != UNKNOWN {
        return (known != NOWHERE).then_some(known);
    }
    let (_, rest, last) = key;
    let (item, above) = class.rets[ret as usize].to;
    let item = rules.resume(item, last);
    let source = match rules.returns(item, rest) {
        None => NOWHERE,
        Some(rest) => source_in(column, slots, rules, (item, above), rest),
    };
    let targets = &mut column.exits.get_mut(&key)?.targets;
    let len = targets.len().max(ret as usize + 1);
    targets.resize(len, UNKNOWN);
    targets[ret as usize] = source;
    (source != NOWHERE).then_some(source)
}

/// The source of an item in a class, made if it is new.
fn source_in(
    column: &mut Column,
    slots: &mut Slots,
    rules: &mut Rules,
    (item, class): (ItemId, ClassId),
    rest: RestId,
) -> u32 {
    let new = column.sources.len() as u32;
    let mut also = NOWHERE;
    if rest == column.rest {
        if slots.slots.len() <= item as usize {
            slots.slots.resize(item as usize + 1, (0, 0));
        }
        let slot = &mut slots.slots[item as usize];
        if slot.0 == slots.column {
            also = slot.1;
            let mut at = slot.1;
            while let Some(known) = column.sources.get(at as usize) {
                if known.class == class {
                    return at;
                }
                at = known.also;
            }
        }
        *slot = (slots.column, new);
    } else {
        let at = *column.index.entry((item, class, rest)).or_insert(new);
        if at != new {
            return at;
        }
    }
    let moves = rules.moves(item, rest);
    column.sources.push(Source {
        item,
        class,
        moves,
        targets: 0,
        of: Bits::default(),
        new: Bits::default(),
        queued: false,
        called: false,
        depth: rules.lexer.rests.depth(rest),
        also,
    });
    new
}

fn enqueue(column: &mut Column, at: u32, of: &Bits, queue: &mut Queue) {
    let source = &mut column.sources[at as usize];
    if add(source, of) && !source.queued {
        source.queued = true;
        queue.push(Reverse((source.depth, at)));
    }
}

fn add(source: &mut Source, of: &Bits) -> bool {
    source.of.add(of, &mut source.new)
}
