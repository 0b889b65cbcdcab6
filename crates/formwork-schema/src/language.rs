//! A compiled schema as a language: positions in values as dots.

#![expect(
    clippy::indexing_slicing,
    reason = "values, objects and arrays are numbered as they are worked out"
)]

use std::sync::Arc;

use formwork_grammar::json_text::decode;
use formwork_grammar::{
    Dot, Edge, Expansion, JsonText, Label, Language, Restriction, Spaced, Status, Terminal,
};
use rustc_hash::FxHashMap;

use crate::array::Cursor;
use crate::datum::DatumId;
use crate::error::Refusal;
use crate::key::{Key, KeyIdentity};
use crate::options::{PropertyOrder, SchemaOptions};
use crate::record::{RecordId, Recorded, Records};
use crate::registers::{RegisterFile, RegsId};
use crate::repeat::{Copies, Copy, DoneId, Repeat, Search};
use crate::shape::{Explored, Shapes, ValueId};
use crate::terminals::{COMMA, Punctuation};

/// A position. Objects and arrays carry their registers in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Position {
    /// Before the text.
    Start,
    /// After the value of the text.
    End,
    /// After a value.
    Done,
    Value(ValueId),
    /// After `{`.
    ObjectOpen(u32, RegsId),
    /// After a comma in an object.
    ObjectKey(u32, RegsId),
    /// After a member's name, given by its label.
    ObjectColon(u32, RegsId, Label),
    /// After its colon.
    ObjectMember(u32, RegsId, ValueId),
    /// After its value.
    ObjectNext(u32, RegsId),
    /// After `[`.
    ArrayOpen(u32),
    /// Before an item, which has to come.
    ArrayItem(u32, Cursor),
    /// After an item.
    ArrayNext(u32, Cursor),
    /// In a value that is remembered.
    Recorded(Recorded),
    /// In an array that still needs two equal items.
    Repeat(Repeat),
    /// In a value that has to equal a known one.
    Copy(Copy),
}

/// What leaving a terminal leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exit {
    To(Position),
    /// The label says which member was named.
    Name(u32, RegsId),
    /// The label says whether a comma came or the end.
    ObjectNext(u32, RegsId),
    ArrayNext(u32, Cursor),
    /// Punctuation of a value that is remembered.
    Recorded(Recorded),
    /// A remembered scalar has ended.
    Scalar,
    /// The label and the text say which member was named.
    RecordedName(u32, RegsId, RecordId),
    /// The comma of an array that still needs two equal items.
    Repeat(Repeat),
    /// The label says which member was named.
    CopiedName(DatumId, DoneId),
}

/// A JSON Schema, compiled. Everything a text can reach is worked out, so
/// running it cannot fail.
pub struct JsonLanguage {
    pub(crate) shapes: Shapes,
    pub(crate) order: PropertyOrder,
    pub(crate) registers: RegisterFile,
    pub(crate) records: Records,
    pub(crate) copies: Copies,
    /// Name terminals, shared by objects that may go on alike.
    keys: FxHashMap<KeyIdentity, Arc<dyn Terminal>>,
    /// Terminals of all names of a table, by its address, and how many classes of
    /// others there are.
    all_names: FxHashMap<(usize, usize), Arc<dyn Terminal>>,
    positions: Vec<Position>,
    dots: FxHashMap<Position, Dot>,
    /// What the terminals of each expanded dot lead to, by edge.
    exits: FxHashMap<Dot, Vec<Exit>>,
    root: ValueId,
    /// Whether some array needs two equal items.
    pub(crate) repeats: bool,
    status: Status,
    /// Heap use of what does not change.
    shape_bytes: usize,
}

impl JsonLanguage {
    pub(crate) fn new(explored: Explored, options: &SchemaOptions) -> JsonLanguage {
        let mut language = JsonLanguage {
            repeats: explored.shapes.arrays.iter().any(|array| array.repeats),
            shapes: explored.shapes,
            order: options.order,
            registers: RegisterFile::default(),
            records: Records::default(),
            copies: Copies::default(),
            keys: FxHashMap::default(),
            all_names: FxHashMap::default(),
            positions: Vec::new(),
            dots: FxHashMap::default(),
            exits: FxHashMap::default(),
            root: explored.root,
            status: status(explored.left_out),
            shape_bytes: 0,
        };
        language.shape_bytes = language.shapes.heap_bytes();
        language.dot(Position::Start);
        language
    }

    /// Bytes of the shortest text, up to an estimate of invented names.
    pub fn min_text_bytes(&self) -> u32 {
        self.shapes.bytes(self.root)
    }

    pub(crate) fn dot(&mut self, position: Position) -> Dot {
        if let Some(&dot) = self.dots.get(&position) {
            return dot;
        }
        let dot = self.positions.len() as Dot;
        self.positions.push(position);
        self.dots.insert(position, dot);
        dot
    }

    fn position(&self, dot: Dot) -> Position {
        self.positions
            .get(dot as usize)
            .copied()
            .unwrap_or(Position::Done)
    }

    fn punctuation(&self) -> Arc<Punctuation> {
        Arc::clone(&self.shapes.punctuation)
    }

    fn call(&mut self, value: ValueId, then: Position) -> Edge {
        self.call_of(Position::Value(value), then)
    }

    fn call_of(&mut self, callee: Position, then: Position) -> Edge {
        Edge::Call {
            callee: self.dot(callee),
            ret: self.dot(then),
        }
    }

    pub(crate) fn call_position(&mut self, callee: Position, then: Position, way: &mut Ways) {
        let call = self.call_of(callee, then);
        way.call(call);
    }

    fn value_edges(&self, value: ValueId, way: &mut Ways) {
        let punctuation = &self.shapes.punctuation;
        let Some(value) = self.shapes.values.get(value as usize) else {
            return;
        };
        for scalar in value.strings.iter().chain(&value.numbers) {
            way.terminal(Arc::clone(scalar), Exit::To(Position::Done));
        }
        if value.null || value.bools != [false; 2] {
            let literals = punctuation.literals(value.null, value.bools);
            way.terminal(literals, Exit::To(Position::Done));
        }
    }

    fn array_edges(&mut self, value: ValueId, way: &mut Ways) {
        for array in self.shapes.values[value as usize].arrays.clone() {
            let shape = &self.shapes.arrays[array as usize];
            let inside = if shape.unique {
                self.unique_array(array)
            } else if shape.repeats {
                Position::Repeat(Repeat::Item(array, 0, Search::Before))
            } else {
                Position::ArrayOpen(array)
            };
            let open = Arc::clone(&self.shapes.punctuation.open_array);
            way.terminal(open, Exit::To(inside));
        }
    }

    fn object_edges(&mut self, value: ValueId, way: &mut Ways) {
        let Some(value) = self.shapes.values.get(value as usize) else {
            return;
        };
        for &id in &value.objects {
            let open = Arc::clone(&self.shapes.punctuation.open_object);
            let regs = self.registers.start(&self.shapes.objects[id as usize]);
            way.terminal(open, Exit::To(Position::ObjectOpen(id, regs)));
        }
    }

    fn item_edges(&mut self, array: u32, cursor: Cursor, way: &mut Ways) {
        let items = self.shapes.arrays[array as usize].items(&self.shapes, cursor);
        for (value, next) in items {
            let call = self.call(value, Position::ArrayNext(array, next));
            way.call(call);
        }
    }

    /// The edge that reads a member's name, if one may come.
    fn name_edge(&mut self, object: u32, regs: RegsId, way: &mut Ways) {
        let shape = &self.shapes.objects[object as usize];
        if let Some(mut key) = self.registers.key(&self.shapes, shape, regs, self.order) {
            let which = (Arc::as_ptr(&shape.names) as usize, shape.others.len());
            let wider = match self.all_names.get(&which) {
                Some(known) => Arc::clone(known),
                None => {
                    let all = Key::all(&shape.names, shape.others.len());
                    let all = self.name_terminal(all);
                    self.all_names.insert(which, Arc::clone(&all));
                    all
                }
            };
            key.set_wider(wider);
            let terminal = self.name_terminal(key);
            way.terminal(terminal, Exit::Name(object, regs));
        }
    }

    fn name_terminal(&mut self, key: Key) -> Arc<dyn Terminal> {
        let space = self.shapes.punctuation.space;
        let literal = |key| Arc::new(Spaced::new(space, JsonText::new(key))) as Arc<dyn Terminal>;
        let known = self.keys.entry(key.identity());
        Arc::clone(known.or_insert_with(|| literal(key)))
    }
}

/// The status of a language that leaves something out, or nothing.
pub(crate) fn status(left_out: Vec<Refusal>) -> Status {
    let restrictions = left_out.into_iter().map(|left_out| Restriction {
        place: format!("{}/{}", left_out.pointer, left_out.keyword),
        reason: left_out.reason,
    });
    let restrictions: Vec<Restriction> = restrictions.collect();
    match restrictions[..] {
        [] => Status::Exact,
        _ => Status::Subset(restrictions),
    }
}

/// Edges on the way, and what their terminals lead to.
#[derive(Default)]
pub(crate) struct Ways {
    pub(crate) expansion: Expansion,
    exits: Vec<Exit>,
}

impl Ways {
    pub(crate) fn terminal(&mut self, terminal: Arc<dyn Terminal>, exit: Exit) {
        self.expansion.edges.push(Edge::Terminal(terminal));
        self.exits.push(exit);
    }

    /// Calls come after all terminals, so that exits and edges have the same
    /// numbers.
    pub(crate) fn call(&mut self, call: Edge) {
        self.expansion.edges.push(call);
    }
}

impl Language for JsonLanguage {
    fn start(&self) -> Dot {
        0
    }

    fn expand(&mut self, dot: Dot) -> Expansion {
        let mut way = Ways::default();
        let punctuation = self.punctuation();
        match self.position(dot) {
            Position::Start => {
                let call = self.call(self.root, Position::End);
                way.call(call);
            }
            Position::End => {
                way.expansion.is_final = true;
                if let Some(space) = &punctuation.trailing {
                    way.terminal(Arc::clone(space), Exit::To(Position::Done));
                }
            }
            Position::Done => way.expansion.is_final = true,
            Position::Value(value) => {
                self.value_edges(value, &mut way);
                self.array_edges(value, &mut way);
                self.object_edges(value, &mut way);
            }
            Position::ObjectOpen(object, regs) => {
                self.name_edge(object, regs, &mut way);
                let shape = &self.shapes.objects[object as usize];
                if self.registers.may_close(shape, regs) {
                    let close = punctuation.object_next(false, true);
                    way.terminal(close, Exit::ObjectNext(object, regs));
                }
            }
            Position::ObjectKey(object, regs) => self.name_edge(object, regs, &mut way),
            Position::ObjectColon(object, regs, label) => {
                let shape = &self.shapes.objects[object as usize];
                for (paid, value) in self.registers.ways(&self.shapes, shape, regs, label) {
                    let regs = self.registers.pay(regs, paid);
                    let member = Position::ObjectMember(object, regs, value);
                    way.terminal(Arc::clone(&punctuation.colon), Exit::To(member));
                }
            }
            Position::ObjectMember(object, regs, value) => {
                let call = self.call(value, Position::ObjectNext(object, regs));
                way.call(call);
            }
            Position::ObjectNext(object, regs) => {
                let shape = &self.shapes.objects[object as usize];
                let close = self.registers.may_close(shape, regs);
                let comma = self.registers.key(&self.shapes, shape, regs, self.order);
                let next = punctuation.object_next(comma.is_some(), close);
                way.terminal(next, Exit::ObjectNext(object, regs));
            }
            Position::ArrayOpen(array) => {
                let shape = &self.shapes.arrays[array as usize];
                if shape.may_close(0) {
                    let close = punctuation.array_next(false, true);
                    way.terminal(close, Exit::ArrayNext(array, 0));
                }
                self.item_edges(array, 0, &mut way);
            }
            Position::ArrayItem(array, cursor) => self.item_edges(array, cursor, &mut way),
            Position::ArrayNext(array, cursor) => {
                let shape = &self.shapes.arrays[array as usize];
                let close = shape.may_close(cursor);
                let comma = !shape.items(&self.shapes, cursor).is_empty();
                let next = punctuation.array_next(comma, close);
                way.terminal(next, Exit::ArrayNext(array, cursor));
            }
            Position::Recorded(recorded) => self.expand_recorded(recorded, &mut way),
            Position::Repeat(repeat) => self.expand_repeat(repeat, &mut way),
            Position::Copy(copy) => self.expand_copy(copy, &mut way),
        }
        self.exits.insert(dot, way.exits);
        way.expansion
    }

    fn follow(&mut self, dot: Dot, edge: u32, label: Label, text: Option<&[u8]>) -> Dot {
        let exit = self
            .exits
            .get(&dot)
            .and_then(|exits| exits.get(edge as usize));
        let position = match exit.copied() {
            None => Position::Done,
            Some(Exit::To(position)) => position,
            Some(Exit::ObjectNext(object, regs)) if label == COMMA => {
                Position::ObjectKey(object, regs)
            }
            Some(Exit::ArrayNext(array, read)) if label == COMMA => {
                Position::ArrayItem(array, read)
            }
            Some(Exit::ObjectNext(..) | Exit::ArrayNext(..)) => Position::Done,
            Some(Exit::Recorded(position)) => self.follow_recorded(position, label),
            Some(Exit::Scalar) => self.follow_scalar(text),
            Some(Exit::Repeat(position)) => JsonLanguage::follow_repeat(position),
            Some(Exit::CopiedName(datum, done)) => self.follow_copied_name(datum, done, label),
            Some(Exit::RecordedName(object, regs, record)) => {
                self.follow_recorded_name(object, regs, record, label, text)
            }
            Some(Exit::Name(object, regs)) => {
                let shape = &self.shapes.objects[object as usize];
                let name = text.and_then(decode);
                let after = self.registers.after(shape, regs, label, name, self.order);
                Position::ObjectColon(object, after, label)
            }
        };
        self.dot(position)
    }

    fn resume(&mut self, ret: Dot, last: Dot) -> Dot {
        let Position::Recorded(Recorded::Done(part)) = self.position(last) else {
            return ret;
        };
        let position = match self.position(ret) {
            Position::Recorded(recorded) => self.resume_recorded(recorded, part),
            Position::Repeat(repeat) => JsonLanguage::resume_repeat(repeat, part),
            _ => return ret,
        };
        self.dot(position)
    }

    fn min_bytes(&mut self, dot: Dot) -> u32 {
        let position = match self.position(dot) {
            Position::Recorded(recorded) => JsonLanguage::without_record(recorded),
            position => position,
        };
        let shapes = &self.shapes;
        let rest = |object: u32, regs, least, first| {
            let shape = &shapes.objects[object as usize];
            self.registers.rest_bytes(shapes, shape, regs, least, first)
        };
        let items = |array: u32, cursor, first| {
            shapes.arrays[array as usize].rest_bytes(shapes, cursor, first)
        };
        match position {
            Position::Start => shapes.bytes(self.root),
            Position::End | Position::Done | Position::Recorded(_) => 0,
            Position::Value(value) => shapes.bytes(value),
            Position::Repeat(repeat) => self.repeat_min_bytes(repeat),
            Position::Copy(copy) => self.copy_min_bytes(copy),
            Position::ObjectOpen(object, regs) => rest(object, regs, 0, true),
            Position::ObjectKey(object, regs) => rest(object, regs, 1, true),
            Position::ObjectColon(object, regs, label) => {
                let shape = &shapes.objects[object as usize];
                let ways = self.registers.ways(shapes, shape, regs, label);
                let bytes = ways.into_iter().map(|(paid, value)| {
                    let paid = self.registers.pay(regs, paid);
                    let rest = self.registers.rest_bytes(shapes, shape, paid, 0, false);
                    shapes.bytes(value).saturating_add(1).saturating_add(rest)
                });
                bytes.min().unwrap_or(u32::MAX)
            }
            Position::ObjectMember(object, regs, value) => shapes
                .bytes(value)
                .saturating_add(rest(object, regs, 0, false)),
            Position::ObjectNext(object, regs) => rest(object, regs, 0, false),
            Position::ArrayOpen(array) => items(array, 0, true),
            Position::ArrayItem(array, cursor) => {
                let shape = &shapes.arrays[array as usize];
                let bytes = shape
                    .items(shapes, cursor)
                    .into_iter()
                    .map(|(value, next)| {
                        shapes
                            .bytes(value)
                            .saturating_add(items(array, next, false))
                    });
                bytes.min().unwrap_or(u32::MAX)
            }
            Position::ArrayNext(array, cursor) => items(array, cursor, false),
        }
    }

    fn least_bytes(&mut self) -> u32 {
        self.shapes.least_bytes(self.root)
    }

    fn status(&self) -> Status {
        self.status.clone()
    }

    fn heap_bytes(&self) -> usize {
        self.shape_bytes
            + self.positions.len() * 64
            + self.keys.len() * 400
            + self.exits.len() * 64
            + self.registers.heap_bytes()
            + self.records.heap_bytes()
    }
}
