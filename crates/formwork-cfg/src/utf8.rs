//! Automata over characters as trimmed automata over bytes of UTF-8.
//!
//! The characters are cut into the aligned blocks that one lead byte, or one
//! lead and some continuation bytes, stand for (The Unicode Standard, table
//! 3-7). A block all of whose characters are alike needs no look inside, and
//! equal blocks are the same, so the tree of blocks is made once per automaton
//! and is small however scattered its classes are.

#![expect(
    clippy::indexing_slicing,
    reason = "blocks are numbered as they are made"
)]

use formwork_automata::{ClassId, Dfa, StateId};
use formwork_grammar::{ByteDfa, ByteDfaBuilder};
use rustc_hash::FxHashMap;

use crate::error::CfgError;
use crate::limits::Budget;

/// The terminal of a grammar: its non-empty words as bytes, and what was left
/// out.
#[derive(Debug)]
pub(crate) struct Bytes {
    /// The words but the empty one; `None` if there are none.
    pub(crate) dfa: Option<ByteDfa>,
    /// Whether the empty word is one.
    pub(crate) is_nullable: bool,
}

/// A deterministic automaton over characters, however it is stored.
pub(crate) trait Chars {
    /// The start; `None` if there is no word.
    fn start(&self) -> Option<StateId>;

    /// The state after any character of a class; `None` if no word goes on so.
    fn next(&self, state: StateId, class: ClassId) -> Option<StateId>;

    /// Whether a word may end in a state.
    fn is_match(&self, state: StateId) -> bool;

    /// Ranges of characters, which do not overlap, with their classes. The others
    /// are never read.
    fn segments(&self) -> Vec<(u32, u32, ClassId)>;
}

impl Chars for Dfa {
    fn start(&self) -> Option<StateId> {
        self.start()
    }

    fn next(&self, state: StateId, class: ClassId) -> Option<StateId> {
        self.next_class(state, class)
    }

    fn is_match(&self, state: StateId) -> bool {
        self.is_match(state)
    }

    fn segments(&self) -> Vec<(u32, u32, ClassId)> {
        let ranges = |(class, ranges): (ClassId, &[(u32, u32)])| {
            let ranges = ranges.iter().map(|&(low, high)| (low, high, class));
            ranges.collect::<Vec<_>>()
        };
        self.classes().flat_map(ranges).collect()
    }
}

/// A block of characters, by number.
type Block = u32;

/// What the characters of a block are, seen by an automaton.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Shape {
    /// None of them is ever read.
    Nothing,
    /// A single character, or its last byte was read.
    Class(ClassId),
    /// One block per continuation byte.
    Split(Box<[Block]>),
}

/// The words of an automaton in UTF-8, the empty one left out.
pub(crate) fn encode(dfa: &impl Chars, budget: &mut Budget<'_>) -> Result<Bytes, CfgError> {
    let Some(start) = dfa.start() else {
        return Ok(Bytes {
            dfa: None,
            is_nullable: false,
        });
    };
    let mut blocks = Blocks::new(dfa.segments());
    let mut leads = blocks.leads();
    leads.retain(|&(_, block)| blocks.shapes[block as usize] != Shape::Nothing);
    budget.work(blocks.shapes.len().saturating_mul(64))?;
    let mut states = States {
        dfa,
        shapes: &blocks.shapes,
        builder: ByteDfaBuilder::default(),
        whole: FxHashMap::default(),
        inside: FxHashMap::default(),
        open: Vec::new(),
    };
    // A start of its own: nothing leads back to it, and it never exits.
    let first = states.builder.state();
    states.characters(first, start, &leads, budget)?;
    while let Some((at, state)) = states.open.pop() {
        states.characters(at, state, &leads, budget)?;
    }
    let bytes = states.builder.build(first);
    Ok(Bytes {
        dfa: (!bytes.is_empty()).then_some(bytes),
        is_nullable: dfa.is_match(start),
    })
}

/// The blocks of an automaton's alphabet.
struct Blocks {
    /// Ranges of characters and their class, ascending.
    segments: Vec<(u32, u32, ClassId)>,
    shapes: Vec<Shape>,
    ids: FxHashMap<Shape, Block>,
    /// Blocks of one class, by the continuation bytes they take.
    alike: FxHashMap<(ClassId, u32), Block>,
}

impl Blocks {
    fn new(mut segments: Vec<(u32, u32, ClassId)>) -> Blocks {
        segments.sort_unstable();
        Blocks {
            segments,
            shapes: Vec::new(),
            ids: FxHashMap::default(),
            alike: FxHashMap::default(),
        }
    }

    /// The block of every lead byte that UTF-8 has.
    fn leads(&mut self) -> Vec<(u8, Block)> {
        let ascii = (0x00..=0x7Fu8).map(|lead| (lead, u32::from(lead), 0, 0));
        let two = (0xC2..=0xDFu8).map(|lead| (lead, u32::from(lead & 0x1F) << 6, 1, 0x80));
        let three = (0xE0..=0xEFu8).map(|lead| (lead, u32::from(lead & 0x0F) << 12, 2, 0x800));
        let four = (0xF0..=0xF4u8).map(|lead| (lead, u32::from(lead & 0x07) << 18, 3, 0x1_0000));
        let all: Vec<_> = ascii.chain(two).chain(three).chain(four).collect();
        all.into_iter()
            .map(|(lead, base, rest, least)| (lead, self.block(base, rest, least)))
            .collect()
    }

    /// The block of `64^rest` characters from `base` on, without those below
    /// `least`, whose spelling would be overlong. Recursive, three deep.
    fn block(&mut self, base: u32, rest: u32, least: u32) -> Block {
        let size = 1u32 << (6 * rest);
        let last = base + (size - 1);
        let at = self.segments.partition_point(|&(_, high, _)| high < base);
        let shape = match self.segments.get(at) {
            Some(&(low, high, class)) if low <= base && last <= high && base >= least => {
                return self.alike(class, rest);
            }
            Some(&(low, ..)) if rest > 0 && low <= last && last >= least => {
                let part = size >> 6;
                let parts: Box<[Block]> = (0..64)
                    .map(|part_number| self.block(base + part_number * part, rest - 1, least))
                    .collect();
                let nothing = |&part: &Block| self.shapes[part as usize] == Shape::Nothing;
                if parts.iter().all(nothing) {
                    Shape::Nothing
                } else {
                    Shape::Split(parts)
                }
            }
            _ => Shape::Nothing,
        };
        self.intern(shape)
    }

    /// The block of `64^rest` characters of one class.
    fn alike(&mut self, class: ClassId, rest: u32) -> Block {
        if let Some(&id) = self.alike.get(&(class, rest)) {
            return id;
        }
        let mut id = self.intern(Shape::Class(class));
        for _ in 0..rest {
            id = self.intern(Shape::Split(vec![id; 64].into()));
        }
        self.alike.insert((class, rest), id);
        id
    }

    fn intern(&mut self, shape: Shape) -> Block {
        if let Some(&id) = self.ids.get(&shape) {
            return id;
        }
        let id = self.shapes.len() as Block;
        self.shapes.push(shape.clone());
        self.ids.insert(shape, id);
        id
    }
}

/// The states over bytes: between characters, one per state of the automaton;
/// inside of them, one per way to go on.
struct States<'a, A> {
    dfa: &'a A,
    shapes: &'a [Shape],
    builder: ByteDfaBuilder,
    whole: FxHashMap<StateId, u32>,
    inside: FxHashMap<(StateId, Block), Option<u32>>,
    open: Vec<(u32, StateId)>,
}

impl<A: Chars> States<'_, A> {
    /// Adds the ways on from a place between two characters.
    fn characters(
        &mut self,
        at: u32,
        state: StateId,
        leads: &[(u8, Block)],
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        budget.work(leads.len())?;
        for &(lead, block) in leads {
            if let Some(to) = self.inside(state, block, budget)? {
                self.builder.edge(at, lead, to);
            }
        }
        Ok(())
    }

    /// The state before a character of a block; `None` if none of them can be
    /// read. Recursive, three deep.
    fn inside(
        &mut self,
        state: StateId,
        block: Block,
        budget: &mut Budget<'_>,
    ) -> Result<Option<u32>, CfgError> {
        let shapes = self.shapes;
        let parts = match &shapes[block as usize] {
            Shape::Nothing => return Ok(None),
            &Shape::Class(class) => {
                let Some(next) = self.dfa.next(state, class) else {
                    return Ok(None);
                };
                return self.between(next, budget).map(Some);
            }
            Shape::Split(parts) => parts,
        };
        if let Some(&known) = self.inside.get(&(state, block)) {
            return Ok(known);
        }
        budget.work(parts.len())?;
        let mut edges: Vec<(u8, u32)> = Vec::new();
        for (byte, &part) in (0x80u8..=0xBF).zip(parts.iter()) {
            if let Some(to) = self.inside(state, part, budget)? {
                edges.push((byte, to));
            }
        }
        let mut found = None;
        if !edges.is_empty() {
            budget.terminal_states(1)?;
            let at = self.builder.state();
            for (byte, to) in edges {
                self.builder.edge(at, byte, to);
            }
            found = Some(at);
        }
        self.inside.insert((state, block), found);
        Ok(found)
    }

    fn between(&mut self, state: StateId, budget: &mut Budget<'_>) -> Result<u32, CfgError> {
        if let Some(&at) = self.whole.get(&state) {
            return Ok(at);
        }
        budget.terminal_states(1)?;
        let at = self.builder.state();
        if self.dfa.is_match(state) {
            self.builder.label(at, 0);
        }
        self.whole.insert(state, at);
        self.open.push((at, state));
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::CfgLimits;
    use formwork_automata::{Limits, regex};
    use formwork_grammar::Terminal;

    fn bytes(pattern: &str) -> (Dfa, Bytes) {
        let dfa = regex::compile(pattern, &Limits::default()).expect("a pattern");
        let bytes = encode(&dfa, &mut Budget::new(&CfgLimits::default())).expect("small");
        (dfa, bytes)
    }

    #[test]
    fn every_character_is_read_exactly_if_its_class_is() {
        for pattern in [
            r"^[\u{e9}-\u{10400}]$",
            r"^\p{L}$",
            r"^[^a\u{800}-\u{fffd}]$",
            "^.$",
        ] {
            let (dfa, bytes) = bytes(pattern);
            let bytes = bytes.dfa.expect("words");
            for c in '\0'..=char::MAX {
                let mut buffer = [0; 4];
                let text = c.encode_utf8(&mut buffer);
                assert_eq!(bytes.accepts(text.as_bytes()), dfa.accepts(text), "{c:?}");
            }
        }
    }

    #[test]
    fn nothing_but_utf8_is_read() {
        let any = bytes("^.*$").1.dfa.expect("words");
        for bad in [
            &b"\xC0\xAF"[..],
            b"\xC1\x80",
            b"\xE0\x80\x80",
            b"\xED\xA0\x80",
            b"\xF0\x80\x80\x80",
            b"\xF4\x90\x80\x80",
            b"\xF5\x80\x80\x80",
            b"\x80",
            b"\xFF",
        ] {
            let read = bad.iter().try_fold(any.start(), |s, &b| any.step(s, b));
            assert!(read.is_none(), "{bad:?}");
        }
    }

    #[test]
    fn the_empty_word_is_left_out() {
        let (_, stars) = bytes("^(ab)*$");
        assert!(stars.is_nullable);
        let dfa = stars.dfa.expect("words");
        assert_eq!(dfa.exit(dfa.start()), None);
        assert!(dfa.accepts(b"ab") && dfa.accepts(b"abab") && !dfa.accepts(b"aba"));
        assert_eq!(dfa.min_len(), 2);
        let (_, nothing) = bytes("^$");
        assert!(nothing.is_nullable && nothing.dfa.is_none());
    }
}
