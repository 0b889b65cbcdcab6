//! Scalars and names whose text the language wants to see, because items of an array
//! around them must differ.

#![expect(
    clippy::indexing_slicing,
    reason = "the end is found in the token before"
)]

use std::sync::{Arc, PoisonError, RwLock};

use formwork_grammar::json_text::decode;
use formwork_grammar::{AnyContent, Bulk, Bytes, Label, LexState, Space, Terminal};
use rustc_hash::FxHashSet;

use crate::count::MANY;
use crate::shape::{Shapes, ValueId};

/// Where a remembered value is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Place {
    /// It is an item of an array whose items must differ, and nothing around it
    /// has rivals.
    Item,
    /// It is a part of such an item.
    Part,
    /// A value around it has rivals.
    Rivals,
}

/// What is around a remembered value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Around {
    pub(crate) place: Place,
    pub(crate) items: Items,
}

/// What is known of the items of an array that must differ, whatever came before
/// them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Items {
    /// All are of one kind, or of kinds that each have too many values to run out. So
    /// an item that was seen leaves the next ones no more ways than one that was not.
    even: bool,
    /// There always is a value left.
    exist: bool,
    /// If it may be a string, an object or an array at all, there is one left.
    strings: bool,
    objects: bool,
    arrays: bool,
    /// Any string may be one.
    any_string: bool,
}

impl Items {
    /// Nothing is known of them.
    pub(crate) const UNKNOWN: Items = Items {
        even: false,
        exist: false,
        strings: false,
        objects: false,
        arrays: false,
        any_string: false,
    };

    /// What holds for items that are each one of some values.
    pub(crate) fn of(shapes: &Shapes, values: &[ValueId]) -> Items {
        let mut all = Items {
            even: true,
            exist: true,
            strings: true,
            objects: true,
            arrays: true,
            any_string: true,
        };
        let alive = values.iter().copied().filter(|&v| shapes.is_alive(v));
        let first = alive.clone().next();
        let alike = alive.clone().all(|value| Some(value) == first);
        for (id, value) in alive.filter_map(|v| Some((v, shapes.values.get(v as usize)?))) {
            let many = |count| count >= MANY;
            let strings = value.texts.iter().map(|text| text.count());
            let objects = value
                .objects
                .iter()
                .filter_map(|&o| shapes.objects.get(o as usize));
            let objects = objects.map(|object| shapes.count_members(object, &object.all()));
            let arrays = value
                .arrays
                .iter()
                .filter_map(|&a| shapes.arrays.get(a as usize));
            let arrays = arrays.map(|array| shapes.count_items(array, 0));
            all.exist &= many(shapes.count(id));
            all.strings &= strings.max().is_none_or(many);
            all.objects &= objects.max().is_none_or(many);
            all.arrays &= arrays.max().is_none_or(many);
            all.any_string &= value.texts.iter().any(|text| text.is_any());
        }
        all.even = alike || all.exist;
        all
    }

    /// The same for items of an array in an item of another.
    pub(crate) fn within(self, outer: Items) -> Items {
        Items {
            even: self.even && outer.even,
            exist: self.exist && outer.exist,
            strings: self.strings && outer.strings,
            objects: self.objects && outer.objects,
            arrays: self.arrays && outer.arrays,
            any_string: self.any_string && outer.any_string,
        }
    }

    /// Whether the start of an item may depend on what the items before it were:
    /// how it opens does not, where there are many ways to go on.
    fn may_depend(self, start: &[u8]) -> bool {
        let start = start.trim_ascii_start();
        let free = match start.split_first() {
            None => self.exist,
            Some((b'"', [])) => self.strings || self.any_string,
            Some((b'"', body)) => self.any_string && !body.contains(&b'"'),
            Some((b'[', inside)) => self.arrays && inside.trim_ascii().is_empty(),
            Some((b'{', inside)) => self.objects && matches!(inside.trim_ascii(), b"" | b"\""),
            Some(_) => false,
        };
        !free
    }

    /// A number for each of them.
    fn scope(self) -> u32 {
        let flags = [
            self.exist,
            self.strings,
            self.objects,
            self.arrays,
            self.any_string,
        ];
        flags
            .into_iter()
            .fold(0, |bits, flag| bits << 1 | u32::from(flag))
    }
}

/// The strings and names of all values that were remembered. Whoever has rivals
/// finds theirs here.
#[derive(Default, Debug)]
pub(crate) struct Known(RwLock<FxHashSet<Box<str>>>);

impl Known {
    pub(crate) fn add(&self, text: &str) {
        if !self.has(text) {
            let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(text.into());
        }
    }

    fn has(&self, text: &str) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.contains(text)
    }
}

/// A terminal whose text the language wants to see.
pub(crate) struct Captured<T> {
    terminal: T,
    /// Whether it is a name, on which later names of the object depend too.
    is_name: bool,
    around: Around,
    /// Whether nothing needs the same text again.
    only_forbids: bool,
    known: Arc<Known>,
}

impl<T> Captured<T> {
    /// A scalar; `repeats` if something may need the same text again.
    pub(crate) fn new(terminal: T, around: Around, repeats: bool, known: &Arc<Known>) -> Self {
        // Among rivals an item that was seen may be one of them, and so one less.
        let even = around.items.even && (around.place != Place::Rivals || around.items.exist);
        Captured {
            terminal,
            is_name: false,
            around,
            only_forbids: !repeats && even,
            known: Arc::clone(known),
        }
    }

    /// The name of a member.
    pub(crate) fn name(terminal: T, around: Around, repeats: bool, known: &Arc<Known>) -> Self {
        Captured {
            is_name: true,
            ..Captured::new(terminal, around, repeats, known)
        }
    }

    /// Whether an item that comes later within `rest` may depend on the text.
    fn later_items_depend(&self, rest: &[u8]) -> bool {
        let outside = match self.around.place {
            Place::Part => after(is_bracket, rest),
            // With rivals it may be either.
            Place::Item | Place::Rivals => Some(rest),
        };
        let next = outside.and_then(|rest| after(|byte| byte == b',', rest));
        next.is_some_and(|start| self.around.items.may_depend(start))
    }
}

fn is_bracket(byte: u8) -> bool {
    matches!(byte, b'}' | b']')
}

/// What comes after the first byte of some kind.
fn after(is_it: impl Fn(u8) -> bool, bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.iter().position(|&byte| is_it(byte))?;
    bytes.get(at + 1..)
}

/// The body of a string literal, of which `text` is read and `token` comes next, in two
/// pieces, and what follows it; `None` if it is no string, or does not end in the token.
fn body<'a>(text: &'a [u8], token: &'a [u8]) -> Option<([&'a [u8]; 2], &'a [u8])> {
    let (begun, token) = match text.trim_ascii_start() {
        [] => (&[][..], token.trim_ascii_start().strip_prefix(b"\"")?),
        text => (text.strip_prefix(b"\"")?, token),
    };
    let end = token.iter().position(|&byte| byte == b'"')?;
    Some(([begun, &token[..end]], &token[end + 1..]))
}

impl<T: Terminal> Terminal for Captured<T> {
    fn start(&self) -> LexState {
        self.terminal.start()
    }

    fn step(&self, state: LexState, byte: u8) -> Option<LexState> {
        self.terminal.step(state, byte)
    }

    fn exit(&self, state: LexState) -> Option<Label> {
        self.terminal.exit(state)
    }

    fn can_continue(&self, state: LexState) -> bool {
        self.terminal.can_continue(state)
    }

    fn canonical(&self, state: LexState) -> LexState {
        self.terminal.canonical(state)
    }

    fn next_bytes(&self, state: LexState) -> Bytes {
        self.terminal.next_bytes(state)
    }

    fn space(&self, state: LexState) -> Option<Space> {
        self.terminal.space(state)
    }

    fn captures(&self) -> bool {
        true
    }

    fn scope(&self) -> Option<u32> {
        let own = match self.is_name {
            true => self.terminal.scope()? + 1,
            false => 0,
        };
        Some(
            CAPTURED_SCOPES
                + (own << 7 | (self.around.place as u32) << 5 | self.around.items.scope()),
        )
    }

    /// Fresh items have no rivals, fresh names none that others have; and where items
    /// are even, no item is more of a rival than a fresh one.
    fn only_forbids(&self) -> bool {
        self.only_forbids
    }

    /// A text that no rival has is as good as a fresh one, but for what comes after the
    /// item that it is in, and later names of the object.
    fn may_forbid(&self, text: &[u8], token: &[u8]) -> bool {
        let Some((pieces, rest)) = body(text, token) else {
            return true;
        };
        let is_known = || {
            let literal = [b"\"", pieces[0], pieces[1], b"\""].concat();
            decode(&literal).is_none_or(|text| self.known.has(&text))
        };
        self.around.place == Place::Rivals && is_known()
            || self.is_name && self.terminal.depends_on_text(rest)
            || self.later_items_depend(rest)
    }

    fn depends_on_text(&self, rest: &[u8]) -> bool {
        // Nothing else comes after a name or a value.
        let goes_on = match rest.trim_ascii_start().first() {
            Some(b':') => self.is_name,
            Some(b',' | b'}' | b']') => !self.is_name,
            _ => false,
        };
        if !goes_on {
            return false;
        }
        let rivals = self.around.place == Place::Rivals
            && after(|byte| byte == b',' || is_bracket(byte), rest).is_some();
        rivals
            || self.is_name && self.terminal.depends_on_text(rest)
            || self.later_items_depend(rest)
    }

    fn bulk(&self, state: LexState) -> Bulk {
        self.terminal.bulk(state)
    }

    fn any_content(&self, state: LexState) -> Option<AnyContent> {
        self.terminal.any_content(state)
    }

    fn ways_out(&self, state: LexState, out: &mut Vec<(Label, u32)>) {
        self.terminal.ways_out(state, out);
    }

    fn words(&self, out: &mut Vec<Vec<u8>>) {
        self.terminal.words(out);
    }
}

/// The first [scope](Terminal::scope) of remembered texts; those below are of names.
const CAPTURED_SCOPES: u32 = 16;
