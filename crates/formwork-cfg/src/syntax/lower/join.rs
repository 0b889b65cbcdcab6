//! Regular trees to automata: Thompson's construction and subsets of its items.

#![expect(
    clippy::indexing_slicing,
    reason = "operations are numbered as they are made"
)]

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use formwork_automata::{CharSet, Dfa, Fuel, Limits, StateId};
use rustc_hash::FxHashSet;

use crate::syntax::draft::{Node, Symbol};
use crate::syntax::words;

/// The automaton would be too large, or no work is left to build it with.
#[derive(Debug)]
pub(super) struct TooMuch;

/// Bytes of the automaton of alternative texts.
const MAX_WORD_BYTES: usize = 16 << 20;

type OpId = u32;

enum Op {
    Char(char, OpId),
    Set(CharSet, OpId),
    /// Reads a word of the automaton.
    Words(Arc<Dfa>, OpId),
    /// Goes on in all of these places.
    Split(Vec<OpId>),
    Match,
}

/// An operation that reads, and the state of its automaton if it has one.
type Item = (OpId, StateId);

/// The automaton of `parts` in a row, symbols being what `words` says.
///
/// Time is exponential in the tree at worst, and bounded by `max_states` and
/// by `work`, from which it is taken.
pub(super) fn join<'a>(
    parts: &'a [Node],
    words: &'a dyn Fn(Symbol) -> Option<Arc<Dfa>>,
    max_states: u32,
    work: &mut u64,
    fuel: &Fuel,
) -> Result<Dfa, TooMuch> {
    if *work == 0 {
        return Err(TooMuch);
    }
    let mut builder = Builder {
        ops: vec![Op::Match],
        max_ops: max_states.saturating_mul(4) as usize,
        words,
    };
    let start = builder.sequence(parts, 0);
    *work = work.saturating_sub(builder.ops.len() as u64);
    let start = start?;
    let machine = Machine::new(builder.ops, *work);
    let sets = machine.sets();
    machine.pay(sets.iter().map(|set| set.ranges().len() as u64 + 1).sum());
    let limits = Limits {
        max_states,
        fuel: fuel.clone(),
        ..Limits::default()
    };
    let built = Dfa::unfold(
        machine.start(start),
        &sets,
        |items, c| machine.step(items, c),
        |items| items.iter().any(|&(op, _)| op == 0),
        &limits,
    );
    let left = machine.work.get();
    *work = left;
    match built {
        Ok(dfa) if left > 0 => Ok(dfa),
        _ => Err(TooMuch),
    }
}

/// Builds from the end to the start, so that every edge is known when made.
struct Builder<'a> {
    ops: Vec<Op>,
    max_ops: usize,
    words: &'a dyn Fn(Symbol) -> Option<Arc<Dfa>>,
}

impl Builder<'_> {
    fn push(&mut self, op: Op) -> Result<OpId, TooMuch> {
        if self.ops.len() >= self.max_ops {
            return Err(TooMuch);
        }
        self.ops.push(op);
        Ok(self.ops.len() as OpId - 1)
    }

    fn sequence(&mut self, parts: &[Node], next: OpId) -> Result<OpId, TooMuch> {
        let mut backwards = parts.iter().rev();
        backwards.try_fold(next, |next, part| self.node(part, next))
    }

    /// The entry to `node` that goes on to `next`.
    fn node(&mut self, node: &Node, next: OpId) -> Result<OpId, TooMuch> {
        match node {
            Node::Text(text) => {
                let mut backwards = text.chars().rev();
                backwards.try_fold(next, |next, c| self.push(Op::Char(c, next)))
            }
            Node::Set(set) => self.push(Op::Set(set.clone(), next)),
            Node::Words(dfa) => self.push(Op::Words(dfa.clone(), next)),
            Node::Name(symbol) => {
                let dfa = (self.words)(*symbol).ok_or(TooMuch)?;
                self.push(Op::Words(dfa, next))
            }
            Node::Seq(parts) => self.sequence(parts, next),
            Node::Alt(parts) => self.alternatives(parts, next),
            Node::Repeat(inner, min, max) => self.repeat(inner, *min, *max, next),
            Node::Minus(..) | Node::Shortest(..) | Node::Foreign(_) => Err(TooMuch), // resolved before
        }
    }

    /// Plain texts become one automaton, which is minimal from the start.
    fn alternatives(&mut self, parts: &[Node], next: OpId) -> Result<OpId, TooMuch> {
        let mut texts = Vec::new();
        let mut entries = Vec::new();
        for part in parts {
            match part {
                Node::Text(text) => texts.push(text.as_str()),
                part => entries.push(self.node(part, next)?),
            }
        }
        if !texts.is_empty() {
            let dfa = words::automaton(texts, MAX_WORD_BYTES).ok_or(TooMuch)?;
            entries.push(self.push(Op::Words(Arc::new(dfa), next))?);
        }
        self.push(Op::Split(entries))
    }

    fn repeat(
        &mut self,
        inner: &Node,
        min: u32,
        max: Option<u32>,
        next: OpId,
    ) -> Result<OpId, TooMuch> {
        // Copies of what takes no operation would not count against the limit.
        let most = max.unwrap_or(min);
        if most as usize > self.max_ops {
            return Err(TooMuch);
        }
        let mut entry = next;
        match max {
            None => {
                let fork = self.push(Op::Split(Vec::new()))?;
                let inside = self.node(inner, fork)?;
                self.ops[fork as usize] = Op::Split(vec![inside, next]);
                entry = fork;
            }
            Some(max) => {
                for _ in min..max {
                    let inside = self.node(inner, entry)?;
                    entry = self.push(Op::Split(vec![inside, next]))?;
                }
            }
        }
        for _ in 0..min {
            entry = self.node(inner, entry)?;
        }
        Ok(entry)
    }
}

struct Machine {
    ops: Vec<Op>,
    work: Cell<u64>,
    scratch: RefCell<Scratch>,
}

struct Scratch {
    /// For each operation, when it was last met.
    stamps: Vec<u32>,
    stamp: u32,
    stack: Vec<OpId>,
    items: Vec<Item>,
}

impl Scratch {
    fn begin(&mut self) {
        self.items.clear();
        self.stamp += 1;
    }
}

impl Machine {
    fn new(ops: Vec<Op>, work: u64) -> Self {
        let scratch = Scratch {
            stamps: vec![0; ops.len()],
            stamp: 0,
            stack: Vec::new(),
            items: Vec::new(),
        };
        Self {
            ops,
            work: Cell::new(work),
            scratch: RefCell::new(scratch),
        }
    }

    /// Sets that tell apart all characters that any operation does.
    fn sets(&self) -> Vec<CharSet> {
        let mut sets = FxHashSet::default();
        let mut seen = FxHashSet::default();
        for op in &self.ops {
            match op {
                Op::Char(c, _) => {
                    sets.insert(CharSet::single(*c));
                }
                Op::Set(set, _) => {
                    sets.insert(set.clone());
                }
                Op::Words(dfa, _) if seen.insert(Arc::as_ptr(dfa)) => {
                    let classes = dfa.classes();
                    sets.extend(
                        classes.map(|(_, ranges)| CharSet::from_ranges(ranges.iter().copied())),
                    );
                }
                Op::Words(..) | Op::Split(_) | Op::Match => {}
            }
        }
        let mut sets: Vec<CharSet> = sets.into_iter().collect();
        sets.sort_unstable();
        sets
    }

    fn pay(&self, cost: u64) {
        self.work.set(self.work.get().saturating_sub(cost));
    }

    fn start(&self, entry: OpId) -> Box<[Item]> {
        let scratch = &mut *self.scratch.borrow_mut();
        scratch.begin();
        self.enter(entry, scratch);
        settled(scratch)
    }

    fn step(&self, items: &[Item], c: char) -> Option<Box<[Item]>> {
        // Stops everything once no work is left; the caller asks.
        self.pay(items.len() as u64 + 1);
        if self.work.get() == 0 {
            return None;
        }
        let scratch = &mut *self.scratch.borrow_mut();
        scratch.begin();
        for &(op, s) in items {
            match &self.ops[op as usize] {
                Op::Char(own, next) if *own == c => self.enter(*next, scratch),
                Op::Set(set, next) if set.contains(c) => self.enter(*next, scratch),
                Op::Words(dfa, next) => {
                    if let Some(t) = dfa.next(s, c) {
                        scratch.items.push((op, t));
                        if dfa.is_match(t) {
                            self.enter(*next, scratch);
                        }
                    }
                }
                _ => {}
            }
        }
        let next = settled(scratch);
        (!next.is_empty()).then_some(next)
    }

    /// Adds the items at `entry` and wherever it leads without reading.
    fn enter(&self, entry: OpId, scratch: &mut Scratch) {
        scratch.stack.push(entry);
        while let Some(op) = scratch.stack.pop() {
            let stamp = &mut scratch.stamps[op as usize];
            if *stamp == scratch.stamp {
                continue;
            }
            *stamp = scratch.stamp;
            match &self.ops[op as usize] {
                Op::Split(ways) => scratch.stack.extend_from_slice(ways),
                Op::Words(dfa, next) => {
                    if let Some(s) = dfa.start() {
                        scratch.items.push((op, s));
                        if dfa.is_match(s) {
                            scratch.stack.push(*next);
                        }
                    }
                }
                Op::Char(..) | Op::Set(..) | Op::Match => scratch.items.push((op, 0)),
            }
        }
    }
}

fn settled(scratch: &mut Scratch) -> Box<[Item]> {
    scratch.items.sort_unstable();
    scratch.items.dedup();
    scratch.items.as_slice().into()
}
