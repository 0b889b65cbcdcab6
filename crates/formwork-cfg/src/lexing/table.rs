//! Automata over the classes of the lexer, small and made comparable.

#![expect(
    clippy::indexing_slicing,
    reason = "states and classes are numbers of the same table"
)]

use formwork_automata::{ClassId, StateId};
use rustc_hash::FxHashMap;

use super::automaton::Lexer;
use crate::utf8::Chars;

/// No state, no column, no label.
pub(super) const NONE: u32 = u32::MAX;

/// How often states are merged. Fewer is right as well.
const ROUNDS: usize = 8;

/// A trimmed automaton. Equal ones have the same labelled words; most of those that
/// have are equal.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Table {
    /// The column of each class of the lexer; [`NONE`] where it is never read.
    columns: Box<[u32]>,
    width: usize,
    /// For each state and column, the next state or [`NONE`]. State 0 starts.
    next: Box<[u32]>,
    /// For each state its label, or [`NONE`].
    labels: Box<[u32]>,
}

impl Table {
    /// The automaton with `width` entries for each state, of which 0 starts.
    /// `columns` maps the classes of the lexer to entries.
    pub(super) fn new(columns: &[u32], width: usize, next: &[u32], labels: &[u32]) -> Table {
        let live = live(width, next, labels);
        let kinds = kinds(width, next, labels, &live);
        // One state of each kind, in the order of a walk from the start.
        let mut number: FxHashMap<u32, u32> = FxHashMap::default();
        let mut order: Vec<usize> = Vec::new();
        if live.first() == Some(&true) {
            number.insert(kinds[0], 0);
            order.push(0);
        }
        let mut rows: Vec<u32> = Vec::new();
        let mut done = 0;
        while let Some(&state) = order.get(done) {
            done += 1;
            for &to in &next[state * width..(state + 1) * width] {
                if to == NONE || !live[to as usize] {
                    rows.push(NONE);
                    continue;
                }
                let fresh = order.len() as u32;
                let id = *number.entry(kinds[to as usize]).or_insert(fresh);
                if id == fresh {
                    order.push(to as usize);
                }
                rows.push(id);
            }
        }
        let labels = order.iter().map(|&state| labels[state]).collect();
        compress(columns, width, &rows, labels)
    }

    /// Whether there is no word.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The labels, ascending.
    pub(super) fn labels(&self) -> Vec<u32> {
        let labels = self.labels.iter().copied();
        let mut labels: Vec<u32> = labels.filter(|&label| label != NONE).collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    }

    /// The words with one of some labels, all labelled 0.
    pub(super) fn keep(&self, kept: &[u32]) -> Table {
        let label = |label: &u32| {
            let is_kept = *label != NONE && kept.binary_search(label).is_ok();
            if is_kept { 0 } else { NONE }
        };
        let labels: Vec<u32> = self.labels.iter().map(label).collect();
        Table::new(&self.columns, self.width, &self.next, &labels)
    }

    /// The size, as a measure of work.
    pub(super) fn size(&self) -> usize {
        self.next.len() + self.columns.len()
    }

    /// This automaton over characters.
    pub(super) fn over<'a>(&'a self, lexer: &'a Lexer) -> impl Chars + 'a {
        Characters { table: self, lexer }
    }
}

/// The states from which a label can be reached.
fn live(width: usize, next: &[u32], labels: &[u32]) -> Vec<bool> {
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); labels.len()];
    for state in 0..labels.len() {
        let mut last = NONE;
        for &to in &next[state * width..(state + 1) * width] {
            if to != NONE && to != last {
                before[to as usize].push(state as u32);
                last = to;
            }
        }
    }
    let mut live = vec![false; labels.len()];
    let labelled = |&state: &u32| labels[state as usize] != NONE;
    let mut open: Vec<u32> = (0..labels.len() as u32).filter(labelled).collect();
    while let Some(state) = open.pop() {
        if !std::mem::replace(&mut live[state as usize], true) {
            open.append(&mut before[state as usize]);
        }
    }
    live
}

/// The kind of each state: those of one kind go on alike.
fn kinds(width: usize, next: &[u32], labels: &[u32], live: &[bool]) -> Vec<u32> {
    let mut kinds: Vec<u32> = (0..labels.len() as u32).collect();
    let mut count = labels.len();
    for _ in 0..ROUNDS {
        let mut ids: FxHashMap<Vec<u32>, u32> = FxHashMap::default();
        let mut merged = Vec::with_capacity(labels.len());
        for (state, &label) in labels.iter().enumerate() {
            let row = &next[state * width..(state + 1) * width];
            let to = |&to: &u32| match to {
                NONE => NONE,
                to if !live[to as usize] => NONE,
                to => kinds[to as usize],
            };
            let row: Vec<u32> = row.iter().map(to).chain([label]).collect();
            let fresh = ids.len() as u32;
            merged.push(*ids.entry(row).or_insert(fresh));
        }
        let is_done = ids.len() == count;
        count = ids.len();
        kinds = merged;
        if is_done {
            break;
        }
    }
    kinds
}

/// Joins equal columns and drops those without an entry.
fn compress(columns: &[u32], width: usize, rows: &[u32], labels: Box<[u32]>) -> Table {
    let states = labels.len();
    let mut kept: Vec<usize> = Vec::new();
    let mut ids: FxHashMap<Vec<u32>, u32> = FxHashMap::default();
    let mut old_to_new = vec![NONE; width];
    // In the order of classes, so that the numbers depend on the words only.
    for &old in columns {
        if old == NONE || old_to_new[old as usize] != NONE {
            continue;
        }
        let column = (0..states).map(|state| rows[state * width + old as usize]);
        let column: Vec<u32> = column.collect();
        if column.iter().all(|&to| to == NONE) {
            continue;
        }
        let fresh = kept.len() as u32;
        let id = *ids.entry(column).or_insert(fresh);
        if id == fresh {
            kept.push(old as usize);
        }
        old_to_new[old as usize] = id;
    }
    let class = |&old: &u32| match old {
        NONE => NONE,
        old => old_to_new[old as usize],
    };
    let row = |state: usize| kept.iter().map(move |&old| rows[state * width + old]);
    Table {
        columns: columns.iter().map(class).collect(),
        width: kept.len(),
        next: (0..states).flat_map(row).collect(),
        labels,
    }
}

/// A table over characters: its columns are the classes.
struct Characters<'a> {
    table: &'a Table,
    lexer: &'a Lexer,
}

impl Chars for Characters<'_> {
    fn start(&self) -> Option<StateId> {
        (!self.table.is_empty()).then_some(0)
    }

    fn next(&self, state: StateId, class: ClassId) -> Option<StateId> {
        let at = state as usize * self.table.width + class as usize;
        let next = self.table.next.get(at).copied();
        next.filter(|&next| next != NONE)
    }

    fn is_match(&self, state: StateId) -> bool {
        let label = self.table.labels.get(state as usize);
        label.is_some_and(|&label| label != NONE)
    }

    fn segments(&self) -> Vec<(u32, u32, ClassId)> {
        let mut segments = Vec::new();
        for (class, &column) in self.table.columns.iter().enumerate() {
            if column != NONE {
                let ranges = self.lexer.ranges(class as ClassId).iter();
                segments.extend(ranges.map(|&(low, high)| (low, high, column)));
            }
        }
        segments
    }
}
