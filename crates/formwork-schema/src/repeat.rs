//! Arrays in which two items have to be equal: the negation of `uniqueItems`.
//!
//! A reading guesses which item is the first of the two and remembers it; a
//! later item is then read as exactly that value, in whatever spelling and
//! order of members. There is a reading for every guess, so none of them has
//! to be right.

#![expect(
    clippy::indexing_slicing,
    reason = "values, objects and arrays are numbered as they are worked out"
)]

use std::sync::Arc;

use formwork_automata::Dfa;
use formwork_grammar::{ByteDfa, JsonText, Label, Spaced, Terminal};
use rustc_hash::FxHashMap;

use crate::array::{Array, Cursor, Pair, Slot};
use crate::captured::{Around, Items, Place};
use crate::datum::{Datum, DatumId, UNSEEN};
use crate::error::SchemaError;
use crate::key::Key;
use crate::language::{Exit, JsonLanguage, Position, Ways};
use crate::name_table::{Classes, NameTable};
use crate::number;
use crate::record::Recorded;
use crate::shape::{EMPTY, Shapes, ValueId};
use crate::text::Text;

/// How far the two equal items have come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Search {
    /// The first of them is still to come.
    Before,
    /// The first of this pair is being read.
    First(u32),
    /// The first of this pair was read.
    Between(u32, DatumId),
}

/// A position in an array that needs two equal items, before it has them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Repeat {
    /// Before an item.
    Item(u32, Cursor, Search),
    /// After an item.
    Next(u32, Cursor, Search),
}

/// Names of an object that were read, one bit each; see [`Copies`].
pub(crate) type DoneId = u32;

/// A position in a value that has to equal a known one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Copy {
    Value(DatumId),
    /// Before an item, or the end of an empty array.
    Item(DatumId, usize),
    /// Before the comma of an item, or the end.
    ItemNext(DatumId, usize),
    /// Before a name, or the end of an empty object.
    Key(DatumId, DoneId),
    /// After the name of a member with the first value, in the second.
    Colon(DatumId, DatumId, DoneId),
    /// After its colon.
    Member(DatumId, DatumId, DoneId),
    /// After its value.
    MemberNext(DatumId, DoneId),
}

/// Which members of objects were copied.
#[derive(Default)]
pub(crate) struct Copies {
    done: Vec<Arc<[bool]>>,
    ids: FxHashMap<Arc<[bool]>, DoneId>,
}

impl Copies {
    fn id(&mut self, done: Vec<bool>) -> DoneId {
        let done: Arc<[bool]> = done.into();
        if let Some(&id) = self.ids.get(&done) {
            return id;
        }
        let id = self.done.len() as DoneId;
        self.done.push(Arc::clone(&done));
        self.ids.insert(done, id);
        id
    }

    fn get(&self, id: DoneId) -> Arc<[bool]> {
        self.done.get(id as usize).cloned().unwrap_or_default()
    }
}

impl Array {
    /// Bytes from a cursor to the closing bracket, that included, with two equal
    /// items on the way; a comma stands before each item. [`EMPTY`] if there
    /// cannot be two.
    pub(crate) fn repeat_bytes(
        &self,
        shapes: &Shapes,
        cursor: Cursor,
        search: Search,
        copy_bytes: u32,
    ) -> u32 {
        match search {
            Search::Before => {
                let pairs = self.pairs.iter();
                let bytes = pairs.map(|pair| self.pair_bytes(shapes, cursor, pair, None));
                bytes.min().unwrap_or(EMPTY)
            }
            Search::First(pair) | Search::Between(pair, _) => match self.pairs.get(pair as usize) {
                Some(pair) => self.pair_bytes(shapes, cursor, pair, Some(copy_bytes)),
                None => EMPTY,
            },
        }
    }

    fn pair_bytes(&self, shapes: &Shapes, cursor: Cursor, pair: &Pair, copy: Option<u32>) -> u32 {
        let mut at = cursor;
        let mut bytes = 0u32;
        let to_read = [
            (pair.first, shapes.bytes(pair.value), copy.is_none()),
            (pair.second, copy.unwrap_or(shapes.bytes(pair.value)), true),
        ];
        for (slot, cost, open) in to_read {
            if !open {
                continue;
            }
            let Some(reached) = self.reach(shapes, at, slot) else {
                return EMPTY;
            };
            let (between, here) = reached;
            let items = here - at + 1;
            bytes = bytes
                .saturating_add(between)
                .saturating_add(cost)
                .saturating_add(items);
            at = self.after(here);
        }
        bytes.saturating_add(self.rest_bytes(shapes, at, false))
    }

    /// The bytes of items on the way to a slot, and the cursor there; `None` if
    /// it cannot be reached.
    fn reach(&self, shapes: &Shapes, cursor: Cursor, slot: Slot) -> Option<(u32, Cursor)> {
        let here = match slot {
            Slot::Listed(at) => at,
            Slot::Tail => cursor.max(self.listed()),
        };
        if here < cursor || self.max.is_some_and(|max| here >= max) {
            return None;
        }
        let between = (cursor..here).map(|at| shapes.bytes(self.item(at)));
        let bytes = between.fold(0, u32::saturating_add);
        (bytes != EMPTY).then_some((bytes, here))
    }
}

impl Shapes {
    /// Refuses arrays that need two equal items inside of values that are
    /// compared with others.
    pub(crate) fn settle_repeats(&self) -> Result<(), SchemaError> {
        let mut open: Vec<ValueId> = Vec::new();
        for array in &self.arrays {
            if array.unique {
                open.extend(array.values());
            }
            open.extend(array.pairs.iter().map(|pair| pair.value));
        }
        let mut seen = vec![false; self.values.len()];
        while let Some(value) = open.pop() {
            let is_new = seen
                .get_mut(value as usize)
                .map(|seen| std::mem::replace(seen, true));
            let (Some(false), Some(value)) = (is_new, self.values.get(value as usize)) else {
                continue;
            };
            for &array in &value.arrays {
                let array = &self.arrays[array as usize];
                if array.repeats {
                    return Err(SchemaError::refused(
                        "uniqueItems",
                        "arrays that must repeat an item, inside of items that are \
                                 compared, are not supported",
                    ));
                }
                open.extend(array.values());
            }
            for &object in &value.objects {
                open.extend(self.objects[object as usize].all_values());
            }
        }
        Ok(())
    }
}

impl JsonLanguage {
    pub(crate) fn expand_repeat(&mut self, position: Repeat, way: &mut Ways) {
        match position {
            Repeat::Item(array, cursor, search) => {
                let ways = self.repeat_ways(array, cursor, search);
                for (value, next, search) in ways {
                    let then = Repeat::Next(array, next, search);
                    if let Search::First(_) = search {
                        let rivals = self.records.rivals(Vec::new());
                        let around = Around {
                            place: Place::Rivals,
                            items: Items::UNKNOWN,
                        };
                        let first = Recorded::Value(value, rivals, around);
                        self.call_position(Position::Recorded(first), Position::Repeat(then), way);
                    } else {
                        self.call_position(Position::Value(value), Position::Repeat(then), way);
                    }
                }
                if let Search::Between(pair, datum) = search
                    && datum != UNSEEN
                {
                    let shape = &self.shapes.arrays[array as usize];
                    let pair = shape.pairs.get(pair as usize);
                    if pair.is_some_and(|pair| shape.is_at(pair.second, cursor)) {
                        let then = Position::ArrayNext(array, shape.after(cursor));
                        self.call_position(Position::Copy(Copy::Value(datum)), then, way);
                    }
                }
            }
            Repeat::Next(..) => {
                let comma = self.shapes.punctuation.array_next(true, false);
                way.terminal(comma, Exit::Repeat(position));
            }
        }
    }

    pub(crate) fn follow_repeat(position: Repeat) -> Position {
        Position::Repeat(match position {
            Repeat::Next(array, cursor, search) => Repeat::Item(array, cursor, search),
            other => other,
        })
    }

    /// The position after the first of two equal items.
    pub(crate) fn resume_repeat(position: Repeat, datum: DatumId) -> Position {
        Position::Repeat(match position {
            Repeat::Next(array, cursor, Search::First(pair)) => {
                Repeat::Next(array, cursor, Search::Between(pair, datum))
            }
            other => other,
        })
    }

    /// What an item may be that is not the second of the two: its value, the
    /// cursor after it, and how far the search is then.
    fn repeat_ways(
        &self,
        array: u32,
        cursor: Cursor,
        search: Search,
    ) -> Vec<(ValueId, Cursor, Search)> {
        let shape = &self.shapes.arrays[array as usize];
        let mut ways: Vec<(ValueId, Cursor, Search)> = shape
            .items(&self.shapes, cursor)
            .into_iter()
            .map(|(value, next)| (value, next, search))
            .collect();
        if search == Search::Before {
            let next = shape.after(cursor);
            let pairs = (0..shape.pairs.len() as u32).zip(&shape.pairs);
            let first = pairs.filter(|(_, pair)| shape.is_at(pair.first, cursor));
            ways.extend(first.map(|(id, pair)| (pair.value, next, Search::First(id))));
        }
        ways.retain(|&(value, next, search)| {
            let rest = shape.repeat_bytes(&self.shapes, next, search, 1);
            self.shapes.is_alive(value) && rest != EMPTY
        });
        ways
    }

    pub(crate) fn repeat_min_bytes(&self, position: Repeat) -> u32 {
        let (Repeat::Item(array, cursor, search) | Repeat::Next(array, cursor, search)) = position;
        let shape = &self.shapes.arrays[array as usize];
        let copy_bytes = match search {
            Search::Before => 0,
            Search::First(pair) => {
                let pair = shape.pairs.get(pair as usize);
                pair.map_or(0, |pair| self.shapes.bytes(pair.value))
            }
            Search::Between(_, datum) => self.datum_bytes(datum),
        };
        shape.repeat_bytes(&self.shapes, cursor, search, copy_bytes)
    }

    pub(crate) fn expand_copy(&mut self, position: Copy, way: &mut Ways) {
        let punctuation = Arc::clone(&self.shapes.punctuation);
        match position {
            Copy::Value(datum) => self.copied_value(datum, way),
            Copy::Item(datum, at) => match self.records.data.item(datum, at) {
                Some(item) => {
                    let then = Position::Copy(Copy::ItemNext(datum, at + 1));
                    self.call_position(Position::Copy(Copy::Value(item)), then, way);
                }
                None => {
                    let close = punctuation.array_next(false, true);
                    way.terminal(close, Exit::To(Position::Done));
                }
            },
            Copy::ItemNext(datum, at) => {
                let more = self.records.data.item(datum, at).is_some();
                let then = match more {
                    true => Position::Copy(Copy::Item(datum, at)),
                    false => Position::Done,
                };
                way.terminal(punctuation.array_next(more, !more), Exit::To(then));
            }
            Copy::Key(datum, done) => {
                let left: Vec<bool> = self.copies.get(done).iter().map(|done| !done).collect();
                let Some(Datum::Object(members)) = self.records.data.get(datum) else {
                    return;
                };
                if !left.contains(&true) {
                    let close = punctuation.object_next(false, true);
                    way.terminal(close, Exit::To(Position::Done));
                    return;
                }
                let names = members.iter().map(|(name, _)| name.clone()).collect();
                let table = NameTable::new(names, Classes::new(Arc::clone(&punctuation.no_name)));
                let key = Key::new(Arc::new(table), left, 0, []);
                let literal = Spaced::new(punctuation.space, JsonText::new(key));
                way.terminal(Arc::new(literal), Exit::CopiedName(datum, done));
            }
            Copy::Colon(value, datum, done) => {
                let member = Position::Copy(Copy::Member(value, datum, done));
                way.terminal(Arc::clone(&punctuation.colon), Exit::To(member));
            }
            Copy::Member(value, datum, done) => {
                let then = Position::Copy(Copy::MemberNext(datum, done));
                self.call_position(Position::Copy(Copy::Value(value)), then, way);
            }
            Copy::MemberNext(datum, done) => {
                let more = self.copies.get(done).contains(&false);
                let then = match more {
                    true => Position::Copy(Copy::Key(datum, done)),
                    false => Position::Done,
                };
                way.terminal(punctuation.object_next(more, !more), Exit::To(then));
            }
        }
    }

    fn copied_value(&mut self, datum: DatumId, way: &mut Ways) {
        let punctuation = Arc::clone(&self.shapes.punctuation);
        let space = punctuation.space;
        let Some(known) = self.records.data.get(datum).cloned() else {
            return;
        };
        let scalar: Arc<dyn Terminal> = match known {
            Datum::Null => punctuation.literals(true, [false; 2]),
            Datum::Bool(value) => punctuation.literals(false, [!value, value]),
            Datum::Number(number) if number.is_integer() && self.shapes.integers_by_spelling => {
                let text = number.to_string();
                let plain = ByteDfa::from_words([(text.as_bytes(), 0)]);
                Arc::new(Spaced::new(space, plain))
            }
            Datum::Number(number) => Arc::new(Spaced::new(space, number::finite(vec![number]))),
            Datum::String(text) => {
                let word = Arc::new(Dfa::from_words([&*text]));
                match Text::new(word, 0, None) {
                    Ok(Some(text)) => Arc::new(Spaced::new(space, JsonText::new(text))),
                    _ => return,
                }
            }
            Datum::Array(_) => {
                let items = Position::Copy(Copy::Item(datum, 0));
                way.terminal(Arc::clone(&punctuation.open_array), Exit::To(items));
                return;
            }
            Datum::Object(members) => {
                let done = self.copies.id(vec![false; members.len()]);
                let members = Position::Copy(Copy::Key(datum, done));
                way.terminal(Arc::clone(&punctuation.open_object), Exit::To(members));
                return;
            }
        };
        way.terminal(scalar, Exit::To(Position::Done));
    }

    /// The position after a name of a value that is copied.
    pub(crate) fn follow_copied_name(
        &mut self,
        datum: DatumId,
        done: DoneId,
        label: Label,
    ) -> Position {
        let mut after = self.copies.get(done).to_vec();
        if let Some(done) = after.get_mut(label as usize) {
            *done = true;
        }
        let after = self.copies.id(after);
        match self.records.data.get(datum) {
            Some(Datum::Object(members)) => match members.get(label as usize) {
                Some(&(_, value)) => Position::Copy(Copy::Colon(value, datum, after)),
                None => Position::Done,
            },
            _ => Position::Done,
        }
    }

    /// Bytes that complete a copy, at most.
    pub(crate) fn copy_min_bytes(&self, position: Copy) -> u32 {
        let data = &self.records.data;
        let items = |datum: DatumId, from: usize| {
            let rest = (from..).map_while(|at| data.item(datum, at));
            let bytes = rest.map(|item| self.datum_bytes(item).saturating_add(1));
            bytes.fold(1, u32::saturating_add)
        };
        let members = |datum: DatumId, done: DoneId| {
            let done = self.copies.get(done);
            let Some(Datum::Object(members)) = data.get(datum) else {
                return 1;
            };
            let left = members.iter().zip(&*done).filter(|(_, done)| !**done);
            let bytes = left.map(|((name, value), _)| {
                name_bytes(name).saturating_add(self.datum_bytes(*value))
            });
            bytes.fold(1, u32::saturating_add)
        };
        match position {
            Copy::Value(datum) => self.datum_bytes(datum),
            Copy::Item(datum, at) | Copy::ItemNext(datum, at) => items(datum, at),
            Copy::Key(datum, done) | Copy::MemberNext(datum, done) => members(datum, done),
            Copy::Colon(value, datum, done) | Copy::Member(value, datum, done) => self
                .datum_bytes(value)
                .saturating_add(1)
                .saturating_add(members(datum, done)),
        }
    }

    /// The bytes of a value, written plainly; an upper bound.
    fn datum_bytes(&self, datum: DatumId) -> u32 {
        let mut bytes = 0u32;
        let mut open = vec![datum];
        while let Some(datum) = open.pop() {
            let own = match self.records.data.get(datum) {
                None => 1,
                Some(Datum::Null | Datum::Bool(_)) => 5,
                Some(Datum::Number(number)) => number.to_string().len() as u32,
                Some(Datum::String(text)) => 2 + 6 * text.len() as u32,
                Some(Datum::Array(items)) => {
                    open.extend(items.iter());
                    2 + items.len() as u32
                }
                Some(Datum::Object(members)) => {
                    open.extend(members.iter().map(|&(_, value)| value));
                    let names = members.iter().map(|(name, _)| name_bytes(name));
                    2 + names.sum::<u32>()
                }
            };
            bytes = bytes.saturating_add(own);
        }
        bytes.min(EMPTY - 1)
    }
}

/// Bytes of a name, its colon and a comma, at most.
fn name_bytes(name: &str) -> u32 {
    4 + 6 * name.len() as u32
}
