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

/// A rule, by number; the text as a whole is one that nothing calls.
pub(crate) type ClassId = u32;

/// A rule that was called at some place.
pub(crate) struct Instance {
    pub(crate) class: ClassId,
    /// Its number among those of its class.
    pub(crate) bit: u32,
    /// The column it was called in.
    pub(crate) column: u32,
    /// The source at which it starts.
    pub(crate) start: u32,
    pub(crate) callers: SmallVec<[Callers; 1]>,
}

/// The callers of an instance that go on alike.
pub(crate) struct Callers {
    /// The item after the call, and the class that it is in.
    pub(crate) ret: (ItemId, ClassId),
    /// The sources of the instance's column that call it.
    pub(crate) sources: SmallVec<[u32; 2]>,
    /// In which instances they are; once the column is done.
    pub(crate) above: Bits,
}

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
    /// Where their callers go on, if they can.
    pub(crate) returns: SmallVec<[Return; 2]>,
}

/// Where callers go on after the end of a rule.
pub(crate) struct Return {
    /// The item after the call, and the class that it is in.
    ret: (ItemId, ClassId),
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
    /// By class and bit.
    pub(crate) classes: Vec<Vec<InstanceId>>,
    class_ids: FxHashMap<Dot, ClassId>,
    slots: Slots,
}

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
            self.classes.push(Vec::new());
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
        let members = &mut self.classes[class as usize];
        self.instances.push(Instance {
            class,
            bit: members.len() as u32,
            column: column as u32,
            start: 0,
            callers: SmallVec::new(),
        });
        members.push(id);
        id
    }

    fn class(&mut self, callee: Dot) -> ClassId {
        let classes = &mut self.classes;
        *self.class_ids.entry(callee).or_insert_with(|| {
            classes.push(Vec::new());
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
            let class = self.columns[y].sources[at as usize].class;
            for &(rest, last) in &moves.exits {
                self.leave(rules, y, (class, rest, last), &new, &mut open);
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
        column.ended = FxHashMap::default();
        let sources = &column.sources;
        for instance in self.instances.iter_mut().skip(column.instances as usize) {
            for callers in &mut instance.callers {
                for &caller in &callers.sources {
                    callers.above.unite(&sources[caller as usize].of);
                }
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
                enqueue(column, at, &Bits::one(instance.bit), open);
                id
            }
        };
        let column = &mut self.columns[y];
        let ret = (ret, column.sources[caller as usize].class);
        let instance = &mut self.instances[id as usize];
        let known = instance.callers.iter().position(|known| known.ret == ret);
        let which = known.unwrap_or(instance.callers.len());
        match instance.callers.get_mut(which) {
            Some(callers) if callers.sources.contains(&caller) => {}
            Some(callers) => callers.sources.push(caller),
            None => instance.callers.push(Callers {
                ret,
                sources: SmallVec::from_slice(&[caller]),
                above: Bits::default(),
            }),
        }
        // It may have ended already, in the same position.
        let ended = column.ended.get(&id).cloned().unwrap_or_default();
        let new_list = known.is_none().then_some((id, which as u32));
        for key in ended {
            if let Some(at) = returns_to(column, &mut self.slots, rules, ret, key, new_list) {
                enqueue(column, at, new, open);
            }
        }
    }

    /// The rules of some instances end.
    fn leave(&mut self, rules: &mut Rules, y: usize, key: ExitKey, of: &Bits, open: &mut Vec<u32>) {
        let column = &mut self.columns[y];
        let mut new = Bits::default();
        column.exits.entry(key).or_default().of.add(of, &mut new);
        let (class, rest, _) = key;
        if class == MAIN_CLASS {
            column.completes |= rest == column.rest;
            return;
        }
        for bit in new.iter() {
            let id = self.classes[class as usize][bit as usize];
            let instance = &self.instances[id as usize];
            if instance.column as usize == y {
                column.ended.entry(id).or_default().push(key);
            }
            for (which, callers) in instance.callers.iter().enumerate() {
                let list = Some((id, which as u32));
                let slots = &mut self.slots;
                let Some(at) = returns_to(column, slots, rules, callers.ret, key, list) else {
                    continue;
                };
                if (instance.column as usize) < y {
                    enqueue(column, at, &callers.above, open);
                } else {
                    for &caller in &callers.sources {
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
    (ret, above): (ItemId, ClassId),
    key: ExitKey,
    list: Option<(InstanceId, u32)>,
) -> Option<u32> {
    let (_, rest, last) = key;
    let ret = rules.resume(ret, last);
    let exit = column.exits.get_mut(&key)?;
    let mut returns = exit.returns.iter_mut();
    if let Some(known) = returns.find(|known| known.ret == (ret, above)) {
        known.of.extend(list);
        return (known.source != NOWHERE).then_some(known.source);
    }
    let source = match rules.returns(ret, rest) {
        None => NOWHERE,
        Some(rest) => source_in(column, slots, rules, (ret, above), rest),
    };
    let exit = column.exits.get_mut(&key)?;
    exit.returns.push(Return {
        ret: (ret, above),
        source,
        of: list.into_iter().collect(),
    });
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
        also,
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
