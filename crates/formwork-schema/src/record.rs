//! Values that are remembered while they are read, because items of an array
//! around them must differ.
//!
//! A value is read with *rivals*: values that it must not equal. Parts are
//! remembered in a [`Record`], and rivals that differ in a part are dropped.
//! What is left decides, part by part, which values are still open: a part is
//! forbidden to take a rival's value if after it no fewer rivals agree than
//! there are ways to go on. So no prefix is accepted whose only completions
//! repeat a value.

#![expect(
    clippy::indexing_slicing,
    reason = "values, objects and arrays are numbered as they are worked out"
)]

use std::sync::Arc;

use formwork_grammar::json_text::{decode, encode};
use formwork_grammar::{ByteDfa, Dot, JsonText, Label, Spaced, Terminal};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::array::Cursor;
use crate::captured::{Around, Captured, Items, Place};
use crate::count::Count;
use crate::datum::{Data, Datum, DatumId, UNSEEN};
use crate::except::Except;
use crate::key::Key;
use crate::language::{Exit, JsonLanguage, Position, Ways};
use crate::number;
use crate::registers::RegsId;
use crate::shape::ValueId;
use crate::terminals::COMMA;

/// A set of rivals; see [`Records`].
pub(crate) type RivalsId = u32;
/// What was read of a value.
pub(crate) type RecordId = u32;

/// A position in a value that is remembered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Recorded {
    Value(ValueId, RivalsId, Around),
    /// After a value, which is returned.
    Done(DatumId),
    ObjectOpen(u32, RegsId, RecordId),
    ObjectKey(u32, RegsId, RecordId),
    ObjectColon(u32, RegsId, RecordId, Label),
    ObjectMember(u32, RegsId, RecordId, ValueId),
    ObjectNext(u32, RegsId, RecordId),
    ArrayOpen(u32, RecordId),
    ArrayItem(u32, Cursor, RecordId),
    ArrayNext(u32, Cursor, RecordId),
}

/// What was read of an array or object, and the rivals that agree with it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Record {
    array: bool,
    parts: Vec<(Box<str>, DatumId)>,
    /// The name of the member being read.
    name: Option<Box<str>>,
    rivals: Vec<DatumId>,
    /// What parts of this value have around them, once no rivals are left.
    around: Around,
}

impl Record {
    /// What the next part has around it.
    fn around_parts(&self) -> Around {
        match self.rivals[..] {
            [] => self.around,
            _ => Around {
                place: Place::Rivals,
                ..self.around
            },
        }
    }
}

/// Everything that is remembered.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) data: Data,
    records: Vec<Arc<Record>>,
    record_ids: FxHashMap<Arc<Record>, RecordId>,
    rivals: Vec<Arc<[DatumId]>>,
    rivals_ids: FxHashMap<Arc<[DatumId]>, RivalsId>,
    /// What is known of the items of arrays.
    items: FxHashMap<u32, Items>,
}

impl Records {
    fn record(&mut self, record: Record) -> RecordId {
        if let Some(&id) = self.record_ids.get(&record) {
            return id;
        }
        let record = Arc::new(record);
        let id = self.records.len() as RecordId;
        self.records.push(Arc::clone(&record));
        self.record_ids.insert(record, id);
        id
    }

    fn get(&self, id: RecordId) -> Arc<Record> {
        Arc::clone(&self.records[id as usize])
    }

    pub(crate) fn rivals(&mut self, mut rivals: Vec<DatumId>) -> RivalsId {
        rivals.sort_unstable();
        rivals.dedup();
        if let Some(&id) = self.rivals_ids.get(&rivals[..]) {
            return id;
        }
        let rivals: Arc<[DatumId]> = rivals.into();
        let id = self.rivals.len() as RivalsId;
        self.rivals.push(Arc::clone(&rivals));
        self.rivals_ids.insert(rivals, id);
        id
    }

    /// The start of an array or object that must not equal any of some values.
    fn start(&mut self, array: bool, rivals: &[DatumId], around: Around) -> RecordId {
        let same_kind = |&&rival: &&DatumId| match self.data.get(rival) {
            Some(Datum::Array(_)) => array,
            Some(Datum::Object(_)) => !array,
            _ => false,
        };
        let rivals = rivals.iter().filter(same_kind).copied().collect();
        self.record(Record {
            array,
            parts: Vec::new(),
            name: None,
            rivals,
            around,
        })
    }

    /// The rivals' values for the next part, each with how many share it.
    fn next_parts(&self, record: &Record) -> Vec<(DatumId, Count)> {
        let mut parts: FxHashMap<DatumId, Count> = FxHashMap::default();
        for &rival in &record.rivals {
            let part = match &record.name {
                Some(name) => self.data.member(rival, name),
                None => self.data.item(rival, record.parts.len()),
            };
            if let Some(part) = part {
                *parts.entry(part).or_default() += 1;
            }
        }
        let mut parts: Vec<_> = parts.into_iter().collect();
        parts.sort_unstable();
        parts
    }

    /// The record after its next part.
    fn after_part(&mut self, id: RecordId, part: DatumId) -> RecordId {
        let mut record = (*self.get(id)).clone();
        let at = record.parts.len();
        let name = record.name.take();
        let data = &self.data;
        record.rivals.retain(|&rival| {
            let known = match &name {
                Some(name) => data.member(rival, name),
                None => data.item(rival, at),
            };
            known == Some(part)
        });
        record.parts.push((name.unwrap_or_default(), part));
        self.record(record)
    }

    /// Whether the value read so far, if it ended here, would repeat a rival.
    fn repeats(&self, record: &Record) -> bool {
        let whole = |&rival: &DatumId| self.data.len(rival) == Some(record.parts.len());
        record.rivals.iter().any(whole)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.records.len() * 200 + self.rivals.len() * 64
    }
}

impl JsonLanguage {
    /// The position after `[` of an array whose items must differ.
    pub(crate) fn unique_array(&mut self, array: u32) -> Position {
        let around = Around {
            place: Place::Item,
            items: self.items(array),
        };
        let record = self.records.start(true, &[], around);
        Position::Recorded(Recorded::ArrayOpen(array, record))
    }

    fn items(&mut self, array: u32) -> Items {
        let (shapes, known) = (&self.shapes, self.records.items.entry(array));
        let values = || shapes.arrays[array as usize].values();
        *known.or_insert_with(|| Items::of(shapes, &values()))
    }

    pub(crate) fn expand_recorded(&mut self, position: Recorded, way: &mut Ways) {
        match position {
            Recorded::Value(value, rivals, around) => {
                self.recorded_value(value, rivals, around, way);
            }
            Recorded::Done(_) => {
                way.expansion.is_final = true;
                way.expansion.returns = true;
            }
            Recorded::ObjectOpen(object, regs, record) => {
                self.recorded_name(object, regs, record, way);
                if self.may_close_recorded(object, regs, record) {
                    let close = self.shapes.punctuation.object_next(false, true);
                    way.terminal(close, Exit::Recorded(position));
                }
            }
            Recorded::ObjectKey(object, regs, record) => {
                self.recorded_name(object, regs, record, way);
            }
            Recorded::ObjectColon(object, regs, record, label) => {
                for (regs, value) in self.recorded_ways(object, regs, record, label) {
                    let member = Recorded::ObjectMember(object, regs, record, value);
                    let colon = Arc::clone(&self.shapes.punctuation.colon);
                    way.terminal(colon, Exit::To(Position::Recorded(member)));
                }
            }
            Recorded::ObjectMember(object, regs, record, value) => {
                let rivals = self.member_rivals(object, regs, record);
                let rivals = self.records.rivals(rivals);
                let next = Recorded::ObjectNext(object, regs, record);
                self.recorded_call(value, rivals, record, next, way);
            }
            Recorded::ObjectNext(object, regs, record) => {
                let close = self.may_close_recorded(object, regs, record);
                let comma = self.recorded_key(object, regs, record).is_some();
                let next = self.shapes.punctuation.object_next(comma, close);
                way.terminal(next, Exit::Recorded(position));
            }
            Recorded::ArrayOpen(array, record) => {
                let known = self.records.get(record);
                let shape = &self.shapes.arrays[array as usize];
                if shape.may_close(0) && !self.records.repeats(&known) {
                    let close = self.shapes.punctuation.array_next(false, true);
                    way.terminal(close, Exit::Recorded(position));
                }
                self.recorded_items(array, 0, record, way);
            }
            Recorded::ArrayItem(array, cursor, record) => {
                self.recorded_items(array, cursor, record, way);
            }
            Recorded::ArrayNext(array, cursor, record) => {
                let known = self.records.get(record);
                let shape = &self.shapes.arrays[array as usize];
                let close = shape.may_close(cursor) && !self.records.repeats(&known);
                let comma = !self.item_ways(array, cursor, record).is_empty();
                let next = self.shapes.punctuation.array_next(comma, close);
                way.terminal(next, Exit::Recorded(position));
            }
        }
    }

    /// Where the exit of punctuation leads.
    pub(crate) fn follow_recorded(&mut self, position: Recorded, label: Label) -> Position {
        Position::Recorded(match position {
            Recorded::ObjectNext(object, regs, record) if label == COMMA => {
                Recorded::ObjectKey(object, regs, record)
            }
            Recorded::ArrayNext(array, cursor, record) if label == COMMA => {
                Recorded::ArrayItem(array, cursor, record)
            }
            Recorded::ObjectOpen(_, _, record)
            | Recorded::ObjectNext(_, _, record)
            | Recorded::ArrayOpen(_, record)
            | Recorded::ArrayNext(_, _, record) => {
                let record = self.records.get(record);
                let whole = self.records.data.compound(record.array, &record.parts);
                Recorded::Done(whole)
            }
            other => other,
        })
    }

    /// Where the end of a scalar leads.
    pub(crate) fn follow_scalar(&mut self, text: Option<&[u8]>) -> Position {
        let datum = text.map_or(UNSEEN, |text| self.records.data.scalar(text));
        Position::Recorded(Recorded::Done(datum))
    }

    /// Where the end of a member's name leads.
    pub(crate) fn follow_recorded_name(
        &mut self,
        object: u32,
        regs: RegsId,
        record: RecordId,
        label: Label,
        text: Option<&[u8]>,
    ) -> Position {
        let shape = &self.shapes.objects[object as usize];
        let name = text.and_then(decode);
        let after = self
            .registers
            .after(shape, regs, label, name.clone(), self.order);
        let listed = shape.names.listed.get(label as usize).cloned();
        let mut known = (*self.records.get(record)).clone();
        let name = listed.or(name.map(Box::from));
        match &name {
            Some(name) => {
                let data = &self.records.data;
                known
                    .rivals
                    .retain(|&rival| data.member(rival, name).is_some());
            }
            // A name that nobody else has.
            None => known.rivals.clear(),
        }
        known.name = Some(name.unwrap_or_default());
        let record = self.records.record(known);
        Position::Recorded(Recorded::ObjectColon(object, after, record, label))
    }

    /// The dot after a remembered part, given the position it returns to.
    pub(crate) fn resume_recorded(&mut self, ret: Recorded, part: DatumId) -> Position {
        Position::Recorded(match ret {
            Recorded::ObjectNext(object, regs, record) => {
                Recorded::ObjectNext(object, regs, self.records.after_part(record, part))
            }
            Recorded::ArrayNext(array, cursor, record) => {
                Recorded::ArrayNext(array, cursor, self.records.after_part(record, part))
            }
            other => other,
        })
    }

    /// The plain position with the same surroundings, for measuring.
    pub(crate) fn without_record(position: Recorded) -> Position {
        match position {
            Recorded::Value(value, ..) => Position::Value(value),
            Recorded::Done(_) => Position::Done,
            Recorded::ObjectOpen(o, regs, _) => Position::ObjectOpen(o, regs),
            Recorded::ObjectKey(o, regs, _) => Position::ObjectKey(o, regs),
            Recorded::ObjectColon(o, regs, _, label) => Position::ObjectColon(o, regs, label),
            Recorded::ObjectMember(o, regs, _, v) => Position::ObjectMember(o, regs, v),
            Recorded::ObjectNext(o, regs, _) => Position::ObjectNext(o, regs),
            Recorded::ArrayOpen(a, _) => Position::ArrayOpen(a),
            Recorded::ArrayItem(a, cursor, _) => Position::ArrayItem(a, cursor),
            Recorded::ArrayNext(a, cursor, _) => Position::ArrayNext(a, cursor),
        }
    }

    fn recorded_call(
        &mut self,
        value: ValueId,
        rivals: RivalsId,
        record: RecordId,
        then: Recorded,
        way: &mut Ways,
    ) {
        let around = self.records.get(record).around_parts();
        let callee: Dot = self.dot(Position::Recorded(Recorded::Value(value, rivals, around)));
        let ret = self.dot(Position::Recorded(then));
        way.call(formwork_grammar::Edge::Call { callee, ret });
    }

    fn recorded_value(&mut self, value: ValueId, rivals: RivalsId, around: Around, way: &mut Ways) {
        let rivals = Arc::clone(&self.records.rivals[rivals as usize]);
        let data = &self.records.data;
        let space = self.shapes.punctuation.space;
        let shape = &self.shapes.values[value as usize];
        let known = Arc::clone(&data.known);
        let repeats = self.repeats;
        let words = rivals.iter().filter_map(|&rival| match data.get(rival) {
            Some(Datum::String(word)) => Some(&**word),
            _ => None,
        });
        let words: Vec<&str> = words.collect();
        let mut scalars: Vec<Arc<dyn Terminal>> = Vec::new();
        for text in &shape.texts {
            let except = Except::new(text.clone(), words.iter().copied());
            if except.is_live() {
                let literal = Spaced::new(space, JsonText::new(except));
                scalars.push(Arc::new(Captured::new(literal, around, repeats, &known)));
            }
        }
        let numbers = rivals.iter().filter_map(|&rival| match data.get(rival) {
            Some(Datum::Number(number)) => Some(number.clone()),
            _ => None,
        });
        let numbers: Vec<_> = numbers.collect();
        for digits in &shape.digits {
            let left = if numbers.is_empty() {
                Some(digits.dfa.clone())
            } else {
                let used = number::finite(numbers.clone());
                ByteDfa::product(&[(&digits.dfa, true), (&used, false)], 1 << 20)
            };
            if let Some(left) = left.filter(|dfa| !dfa.is_empty()) {
                let number = Spaced::new(space, left);
                scalars.push(Arc::new(Captured::new(number, around, repeats, &known)));
            }
        }
        let free = |datum: &Datum| !rivals.iter().any(|&rival| data.get(rival) == Some(datum));
        let words: Vec<(&[u8], Label)> = [
            (&b"null"[..], shape.null && free(&Datum::Null)),
            (b"false", shape.bools[0] && free(&Datum::Bool(false))),
            (b"true", shape.bools[1] && free(&Datum::Bool(true))),
        ]
        .into_iter()
        .filter_map(|(word, may)| may.then_some((word, 0)))
        .collect();
        if !words.is_empty() {
            let literals = Spaced::new(space, ByteDfa::from_words(words));
            scalars.push(Arc::new(Captured::new(literals, around, repeats, &known)));
        }
        for scalar in scalars {
            way.terminal(scalar, Exit::Scalar);
        }
        let (objects, arrays) = (shape.objects.clone(), shape.arrays.clone());
        let inside = match around.place {
            Place::Rivals => around,
            _ => Around {
                place: Place::Part,
                ..around
            },
        };
        for array in arrays {
            // The items of an array in an item may have to differ as well.
            let mut inside = inside;
            if self.shapes.arrays[array as usize].unique {
                inside.items = self.items(array).within(around.items);
                if inside.place == Place::Part {
                    inside.place = Place::Item;
                }
            }
            let record = self.records.start(true, &rivals, inside);
            let count = self
                .shapes
                .count_items(&self.shapes.arrays[array as usize], 0);
            if count > self.records.get(record).rivals.len() as Count {
                let open = Arc::clone(&self.shapes.punctuation.open_array);
                let then = Recorded::ArrayOpen(array, record);
                way.terminal(open, Exit::To(Position::Recorded(then)));
            }
        }
        for object in objects {
            let record = self.records.start(false, &rivals, inside);
            let regs = self.registers.start(&self.shapes.objects[object as usize]);
            let count = self.completions(object, regs);
            if count > self.records.get(record).rivals.len() as Count {
                let open = Arc::clone(&self.shapes.punctuation.open_object);
                let then = Recorded::ObjectOpen(object, regs, record);
                way.terminal(open, Exit::To(Position::Recorded(then)));
            }
        }
    }

    /// The ways to complete an object from its registers: a lower bound.
    fn completions(&self, object: u32, regs: RegsId) -> Count {
        let shape = &self.shapes.objects[object as usize];
        self.registers.completions(&self.shapes, shape, regs)
    }

    fn may_close_recorded(&self, object: u32, regs: RegsId, record: RecordId) -> bool {
        let shape = &self.shapes.objects[object as usize];
        self.registers.may_close(shape, regs) && !self.records.repeats(&self.records.get(record))
    }

    /// The values that the member being read must not take.
    fn member_rivals(&self, object: u32, regs: RegsId, record: RecordId) -> Vec<DatumId> {
        let record = self.records.get(record);
        let ways = self.completions(object, regs);
        let parts = self.records.next_parts(&record).into_iter();
        parts
            .filter(|&(_, n)| ways <= n)
            .map(|(part, _)| part)
            .collect()
    }

    /// What the member just named may be.
    fn recorded_ways(
        &mut self,
        object: u32,
        regs: RegsId,
        record: RecordId,
        label: Label,
    ) -> Vec<(RegsId, ValueId)> {
        let shape = &self.shapes.objects[object as usize];
        let ways = self.registers.ways(&self.shapes, shape, regs, label);
        let mut open = Vec::new();
        for (paid, value) in ways {
            let regs = self.registers.pay(regs, paid);
            let rivals = self.member_rivals(object, regs, record).len() as Count;
            if self.shapes.count(value) > rivals {
                open.push((regs, value));
            }
        }
        open
    }

    /// The next name of a remembered object.
    fn recorded_key(&mut self, object: u32, regs: RegsId, record: RecordId) -> Option<Key> {
        let known = self.records.get(record);
        let shape = &self.shapes.objects[object as usize];
        let key = self.registers.key(&self.shapes, shape, regs, self.order)?;
        if known.rivals.is_empty() {
            return Some(key);
        }
        // A name that a rival has may leave its value no choice.
        let data = &self.records.data;
        let names: FxHashSet<Box<str>> = known
            .rivals
            .iter()
            .filter_map(|&rival| match data.get(rival) {
                Some(Datum::Object(members)) => Some(members.iter().map(|(n, _)| n.clone())),
                _ => None,
            })
            .flatten()
            .collect();
        let table = Arc::clone(&shape.names);
        let mut closed: FxHashSet<Box<str>> = FxHashSet::default();
        for name in names {
            let listed = table.listed.iter().position(|known| *known == name);
            let class = table
                .class_of(&name)
                .map(|class| class as usize + table.listed.len());
            let Some(label) = listed.or(class) else {
                continue;
            };
            let Position::Recorded(Recorded::ObjectColon(_, after, named, _)) = self
                .follow_recorded_name(object, regs, record, label as Label, Some(&encode(&name)))
            else {
                continue;
            };
            if self
                .recorded_ways(object, after, named, label as Label)
                .is_empty()
            {
                closed.insert(name);
            }
        }
        let key = key.without(&closed);
        key.is_live().then_some(key)
    }

    fn recorded_name(&mut self, object: u32, regs: RegsId, record: RecordId, way: &mut Ways) {
        if let Some(key) = self.recorded_key(object, regs, record) {
            let around = self.records.get(record).around_parts();
            let literal = Spaced::new(self.shapes.punctuation.space, JsonText::new(key));
            let exit = Exit::RecordedName(object, regs, record);
            // A name is remembered even if no other may repeat it.
            let known = &self.records.data.known;
            let name = Captured::name(literal, around, self.repeats, known);
            way.terminal(Arc::new(name), exit);
        }
    }

    /// The ways to go on with an item: its value, what it must not be, and the
    /// cursor after it.
    fn item_ways(
        &self,
        array: u32,
        cursor: Cursor,
        record: RecordId,
    ) -> Vec<(ValueId, Vec<DatumId>, Cursor)> {
        let shape = &self.shapes.arrays[array as usize];
        let known = self.records.get(record);
        let parts = self.records.next_parts(&known);
        let mut ways = Vec::new();
        for (value, next) in shape.items(&self.shapes, cursor) {
            let after = self.shapes.count_items(shape, next);
            let forced = parts.iter().filter(|&&(_, n)| after <= n);
            let mut rivals: Vec<DatumId> = forced.map(|&(part, _)| part).collect();
            if shape.unique {
                let parts = (0u32..).zip(&known.parts);
                let parts = parts.filter(|&(at, _)| shape.may_meet(at, cursor));
                rivals.extend(parts.map(|(_, &(_, part))| part));
            }
            // An item that was not looked at is one more that differs from all.
            let seen = rivals.len();
            rivals.retain(|&rival| rival != UNSEEN);
            let unseen = seen - rivals.len();
            rivals.retain(|&rival| self.shapes.may_hold(&self.records.data, value, rival));
            rivals.sort_unstable();
            rivals.dedup();
            if self.shapes.count(value) > (rivals.len() + unseen) as Count {
                ways.push((value, rivals, next));
            }
        }
        ways
    }

    fn recorded_items(&mut self, array: u32, cursor: Cursor, record: RecordId, way: &mut Ways) {
        for (value, rivals, next) in self.item_ways(array, cursor, record) {
            let rivals = self.records.rivals(rivals);
            let next = Recorded::ArrayNext(array, next, record);
            self.recorded_call(value, rivals, record, next, way);
        }
    }
}
