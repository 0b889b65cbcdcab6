//! Explicit labelled DFAs over bytes: punctuation, literals, numbers.

#![expect(
    clippy::indexing_slicing,
    reason = "states are numbered as they are built, a byte has a class"
)]

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::language::Bytes;
use crate::terminal::{Label, LexState, Terminal};

const DEAD: u32 = u32::MAX;
const NO_LABEL: u32 = u32::MAX;

/// A trimmed deterministic automaton over bytes, with a label on each state
/// that may end it. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct ByteDfa {
    table: Arc<Table>,
}

#[derive(Debug)]
struct Table {
    class: [u8; 256],
    classes: usize,
    next: Box<[u32]>,
    label: Box<[u32]>,
    /// Whether a byte can follow in each state.
    goes_on: Box<[bool]>,
    /// Fewest bytes from each state to a labelled one, and that one's label.
    nearest: Box<[(u32, Label)]>,
    /// Every label and its distance, where a state reaches more than one.
    ways: FxHashMap<u32, Vec<(Label, u32)>>,
    start: u32,
}

impl ByteDfa {
    /// Heap use in bytes, about; shared with all clones.
    pub fn heap_bytes(&self) -> usize {
        let table = &*self.table;
        let ways = table.ways.values().map(|ways| 64 + 8 * ways.len());
        size_of::<Table>()
            + 4 * (table.next.len() + table.label.len())
            + 9 * table.nearest.len()
            + ways.sum::<usize>()
    }

    /// The words of a finite list, each with its label.
    ///
    /// Words must be non-empty; if two are equal the first label wins.
    pub fn from_words<'a>(words: impl IntoIterator<Item = (&'a [u8], Label)>) -> ByteDfa {
        let mut builder = ByteDfaBuilder::default();
        let start = builder.state();
        for (word, label) in words {
            let mut at = start;
            for &byte in word {
                at = match builder.target(at, byte) {
                    Some(next) => next,
                    None => {
                        let next = builder.state();
                        builder.edge(at, byte, next);
                        next
                    }
                };
            }
            if builder.label_of(at).is_none() {
                builder.label(at, label);
            }
        }
        builder.build(start)
    }

    /// The words that every part accepts, or rejects where its flag is false;
    /// their label is 0. `None` if that takes more than `max_states` states.
    pub fn product(parts: &[(&ByteDfa, bool)], max_states: usize) -> Option<ByteDfa> {
        let mut builder = ByteDfaBuilder::default();
        let mut ids: FxHashMap<Vec<u32>, u32> = FxHashMap::default();
        let first: Vec<u32> = parts.iter().map(|(dfa, _)| dfa.table.start).collect();
        let start = builder.state();
        ids.insert(first.clone(), start);
        let mut open = vec![(first, start)];
        let mut next = Vec::with_capacity(parts.len());
        while let Some((states, from)) = open.pop() {
            let accepts = |(&state, (dfa, wanted)): (&u32, &(&ByteDfa, bool))| {
                dfa.exit(LexState([state, 0, 0, 0])).is_some() == *wanted
            };
            if states.iter().zip(parts).all(accepts) {
                builder.label(from, 0);
            }
            for byte in 0..=255u8 {
                next.clear();
                for (&state, (dfa, wanted)) in states.iter().zip(parts) {
                    match dfa.step(LexState([state, 0, 0, 0]), byte) {
                        Some(to) => next.push(to.0[0]),
                        None if *wanted => break,
                        None => next.push(DEAD),
                    }
                }
                if next.len() < parts.len() {
                    continue;
                }
                let to = match ids.get(&next) {
                    Some(&to) => to,
                    None => {
                        if builder.len() >= max_states {
                            return None;
                        }
                        let to = builder.state();
                        ids.insert(next.clone(), to);
                        open.push((next.clone(), to));
                        to
                    }
                };
                builder.edge(from, byte, to);
            }
        }
        Some(builder.build(start))
    }

    /// Whether no word is accepted. Such an automaton must not be used as a
    /// terminal.
    pub fn is_empty(&self) -> bool {
        self.table.start == DEAD
    }

    /// The number of states.
    pub fn state_count(&self) -> usize {
        self.table.label.len()
    }

    /// The class of a byte. Bytes of one class lead alike from every state.
    pub fn class(&self, byte: u8) -> u8 {
        self.table.class[usize::from(byte)]
    }

    /// The fewest bytes of a word; 0 if there is none.
    pub fn min_len(&self) -> u32 {
        self.table
            .nearest
            .get(self.table.start as usize)
            .map_or(0, |&(bytes, _)| bytes)
    }

    /// Whether `word` is accepted.
    pub fn accepts(&self, word: &[u8]) -> bool {
        let mut state = self.start();
        if self.is_empty() {
            return false;
        }
        for &byte in word {
            match self.step(state, byte) {
                Some(next) => state = next,
                None => return false,
            }
        }
        self.exit(state).is_some()
    }
}

/// Equal automata have equal states.
impl PartialEq for ByteDfa {
    fn eq(&self, other: &ByteDfa) -> bool {
        let (a, b) = (&*self.table, &*other.table);
        Arc::ptr_eq(&self.table, &other.table)
            || (a.start == b.start && a.class == b.class && a.label == b.label && a.next == b.next)
    }
}

impl Eq for ByteDfa {}

impl Hash for ByteDfa {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.table.class.hash(hasher);
        self.table.label.hash(hasher);
        self.table.next.hash(hasher);
    }
}

impl Terminal for ByteDfa {
    fn start(&self) -> LexState {
        LexState([self.table.start, 0, 0, 0])
    }

    fn step(&self, state: LexState, byte: u8) -> Option<LexState> {
        let t = &*self.table;
        let class = t.class[byte as usize] as usize;
        let row = (state.0[0] as usize).checked_mul(t.classes)?;
        let next = *t.next.get(row + class)?;
        (next != DEAD).then_some(LexState([next, 0, 0, 0]))
    }

    fn exit(&self, state: LexState) -> Option<Label> {
        let label = *self.table.label.get(state.0[0] as usize)?;
        (label != NO_LABEL).then_some(label)
    }

    fn can_continue(&self, state: LexState) -> bool {
        let goes_on = self.table.goes_on.get(state.0[0] as usize);
        goes_on.copied().unwrap_or(false)
    }

    fn next_bytes(&self, state: LexState) -> Bytes {
        let t = &*self.table;
        let from = state.0[0] as usize * t.classes;
        let next = t.next.get(from..from + t.classes).unwrap_or_default();
        let mut bytes = [0; 4];
        for (byte, &class) in (0..=u8::MAX).zip(&t.class) {
            let live = next.get(usize::from(class)).is_some_and(|&to| to != DEAD);
            bytes[usize::from(byte / 64)] |= u64::from(live) << (byte % 64);
        }
        bytes
    }

    fn as_byte_dfa(&self) -> Option<&ByteDfa> {
        Some(self)
    }

    fn ways_out(&self, state: LexState, out: &mut Vec<(Label, u32)>) {
        if let Some(ways) = self.table.ways.get(&state.0[0]) {
            out.extend_from_slice(ways);
        } else if let Some(&(bytes, label)) = self.table.nearest.get(state.0[0] as usize) {
            out.push((label, bytes));
        }
    }
}

/// Builds a [`ByteDfa`] state by state.
#[derive(Default, Debug)]
pub struct ByteDfaBuilder {
    edges: Vec<Vec<(u8, u32)>>,
    labels: Vec<Option<Label>>,
}

impl ByteDfaBuilder {
    /// Adds a state without edges or label; returns its number.
    pub fn state(&mut self) -> u32 {
        self.edges.push(Vec::new());
        self.labels.push(None);
        (self.labels.len() - 1) as u32
    }

    /// The number of states so far.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no state yet.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Adds the edge `from --byte--> to`. The first edge for a byte wins.
    pub fn edge(&mut self, from: u32, byte: u8, to: u32) {
        let Some(edges) = self.edges.get_mut(from as usize) else {
            return;
        };
        // Kept in order; they mostly come so.
        match edges.last() {
            Some(&(last, _)) if last >= byte => {
                if let Err(at) = edges.binary_search_by_key(&byte, |&(b, _)| b) {
                    edges.insert(at, (byte, to));
                }
            }
            _ => edges.push((byte, to)),
        }
    }

    /// Where `byte` leads from `from`.
    pub fn target(&self, from: u32, byte: u8) -> Option<u32> {
        let edges = self.edges.get(from as usize)?;
        let at = edges.binary_search_by_key(&byte, |&(b, _)| b).ok()?;
        Some(edges[at].1)
    }

    /// Lets the automaton end in `state`.
    pub fn label(&mut self, state: u32, label: Label) {
        if let Some(slot) = self.labels.get_mut(state as usize) {
            *slot = Some(label);
        }
    }

    /// The label of `state`.
    pub fn label_of(&self, state: u32) -> Option<Label> {
        self.labels.get(state as usize).copied().flatten()
    }

    /// Trims the automaton to the states that are reachable and live, and
    /// freezes it. Linear in states and edges, times the number of labels.
    pub fn build(self, start: u32) -> ByteDfa {
        let n = self.labels.len();
        let mut reverse: Vec<Vec<u32>> = vec![Vec::new(); n];
        for (from, edges) in self.edges.iter().enumerate() {
            for &(_, to) in edges {
                if let Some(list) = reverse.get_mut(to as usize) {
                    list.push(from as u32);
                }
            }
        }
        let mut distinct: Vec<Label> = self.labels.iter().flatten().copied().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let mut nearest = vec![(u32::MAX, NO_LABEL); n];
        let mut ways: Vec<Vec<(Label, u32)>> = vec![Vec::new(); n];
        for &label in &distinct {
            let mut queue: std::collections::VecDeque<(u32, u32)> = (0..n as u32)
                .filter(|&s| self.label_of(s) == Some(label))
                .map(|s| (s, 0))
                .collect();
            let mut seen = vec![false; n];
            while let Some((s, bytes)) = queue.pop_front() {
                let at = s as usize;
                if std::mem::replace(&mut seen[at], true) {
                    continue;
                }
                ways[at].push((label, bytes));
                if bytes < nearest[at].0 {
                    nearest[at] = (bytes, label);
                }
                queue.extend(reverse[at].iter().map(|&from| (from, bytes + 1)));
            }
        }
        self.freeze(start, &nearest, &ways)
    }

    fn freeze(self, start: u32, nearest: &[(u32, Label)], ways: &[Vec<(Label, u32)>]) -> ByteDfa {
        let live = |s: u32| nearest.get(s as usize).is_some_and(|&(n, _)| n != u32::MAX);
        // Renumber in breadth-first order from the start, live states only.
        let mut order: Vec<u32> = Vec::new();
        let mut number = vec![DEAD; self.labels.len()];
        if live(start) {
            number[start as usize] = 0;
            order.push(start);
        }
        let mut done = 0;
        while let Some(&s) = order.get(done) {
            done += 1;
            for &(_, to) in &self.edges[s as usize] {
                if live(to) && number[to as usize] == DEAD {
                    number[to as usize] = order.len() as u32;
                    order.push(to);
                }
            }
        }
        let (class, classes) = self.classes(&order, &number);
        let mut next = vec![DEAD; order.len() * classes];
        for (row, &s) in order.iter().enumerate() {
            for &(byte, to) in &self.edges[s as usize] {
                next[row * classes + class[byte as usize] as usize] = number[to as usize];
            }
        }
        let label: Box<[u32]> = order
            .iter()
            .map(|&s| self.label_of(s).unwrap_or(NO_LABEL))
            .collect();
        let goes_on = next.chunks(classes.max(1));
        let goes_on = goes_on
            .map(|row| row.iter().any(|&to| to != DEAD))
            .collect();
        ByteDfa {
            table: Arc::new(Table {
                class,
                classes,
                goes_on,
                nearest: order.iter().map(|&s| nearest[s as usize]).collect(),
                ways: order
                    .iter()
                    .enumerate()
                    .filter(|&(_, &s)| ways[s as usize].len() > 1)
                    .map(|(row, &s)| (row as u32, ways[s as usize].clone()))
                    .collect(),
                start: if order.is_empty() { DEAD } else { 0 },
                next: next.into_boxed_slice(),
                label,
            }),
        }
    }

    /// Bytes that lead alike from every state share a class.
    fn classes(&self, order: &[u32], number: &[u32]) -> ([u8; 256], usize) {
        let mut columns: Vec<Vec<(u32, u32)>> = vec![Vec::new(); 256];
        for (row, &s) in order.iter().enumerate() {
            for &(byte, to) in &self.edges[s as usize] {
                if number[to as usize] != DEAD {
                    columns[byte as usize].push((row as u32, number[to as usize]));
                }
            }
        }
        let mut ids: FxHashMap<&[(u32, u32)], u8> = FxHashMap::default();
        let mut class = [0u8; 256];
        for (byte, column) in columns.iter().enumerate() {
            let fresh = ids.len() as u8; // at most 256 distinct columns
            class[byte] = *ids.entry(column).or_insert(fresh);
        }
        (class, ids.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_exit_under_their_labels() {
        let dfa = ByteDfa::from_words([(&b","[..], 0), (&b"}"[..], 1)]);
        let s = dfa.start();
        assert_eq!(dfa.exit(s), None);
        let comma = dfa.step(s, b',').expect("live");
        assert_eq!(dfa.exit(comma), Some(0));
        assert!(!dfa.can_continue(comma));
        assert_eq!(dfa.step(s, b'x'), None);
        let mut ways = Vec::new();
        dfa.ways_out(s, &mut ways);
        assert_eq!(ways, [(0, 1), (1, 1)]);
    }

    #[test]
    fn dead_states_are_trimmed() {
        let mut b = ByteDfaBuilder::default();
        let (start, good, bad) = (b.state(), b.state(), b.state());
        b.edge(start, b'a', good);
        b.edge(start, b'b', bad);
        b.edge(bad, b'b', bad);
        b.label(good, 0);
        let dfa = b.build(start);
        assert_eq!(dfa.state_count(), 2);
        assert!(dfa.accepts(b"a"));
        assert!(dfa.step(dfa.start(), b'b').is_none());
    }
}
