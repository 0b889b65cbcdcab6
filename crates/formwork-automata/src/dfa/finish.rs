//! From a raw transition table to a trimmed, minimised, compressed automaton.

#![expect(
    clippy::indexing_slicing,
    reason = "states and classes are numbers of the same table"
)]

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::{DEAD, Dfa, StateId, minimize};
use crate::alphabet::Alphabet;

/// Tables with more cells stay as built: minimising them costs more than it saves.
const MINIMIZE_MAX_CELLS: usize = 1 << 20;

/// A complete table as a construction leaves it. State 0 is the start.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) alphabet: Alphabet,
    pub(crate) table: Vec<StateId>,
    pub(crate) labels: Vec<Option<u32>>,
}

impl Raw {
    /// Trims, minimises when small, joins classes that became alike, and numbers the states in
    /// breadth-first order. Linear in the table but for a logarithm in minimisation.
    pub(crate) fn finish(mut self) -> Dfa {
        self.kill_dead_ends();
        self.join_columns();
        if self.table.len() <= MINIMIZE_MAX_CELLS && self.merge_equivalent() {
            self.join_columns();
        }
        self.renumber()
    }

    /// Redirects transitions to states from which no labelled state is reachable.
    fn kill_dead_ends(&mut self) {
        let live = self.live();
        if !live.contains(&false) {
            return;
        }
        for next in &mut self.table {
            if *next != DEAD && !live[*next as usize] {
                *next = DEAD;
            }
        }
        if !live.first().copied().unwrap_or(false) {
            self.labels.clear();
            self.table.clear();
        }
    }

    /// The states from which a labelled one is reachable.
    fn live(&self) -> Vec<bool> {
        let mut live: Vec<bool> = self.labels.iter().map(Option::is_some).collect();
        let mut work: Vec<StateId> = (0..live.len() as StateId)
            .filter(|&s| live[s as usize])
            .collect();
        if work.len() == live.len() {
            return live;
        }
        let preds = Predecessors::new(&self.table, self.alphabet.len(), live.len());
        while let Some(s) = work.pop() {
            for &p in preds.of(s) {
                if !live[p as usize] {
                    live[p as usize] = true;
                    work.push(p);
                }
            }
        }
        live
    }

    /// Joins classes with equal columns.
    fn join_columns(&mut self) {
        let stride = self.alphabet.len();
        let mut hashes = vec![0u64; stride];
        for row in self.table.chunks_exact(stride) {
            for (hash, &next) in hashes.iter_mut().zip(row) {
                *hash = (hash.rotate_left(5) ^ u64::from(next)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            }
        }
        let mut first: FxHashMap<u64, usize> = FxHashMap::default();
        let mut kept: Vec<usize> = Vec::with_capacity(stride);
        let mut keys = vec![0; stride];
        for class in 0..stride {
            let key = *first.entry(hashes[class]).or_insert(kept.len());
            // Columns whose hashes collide stay apart: that costs space, never correctness.
            let joined = kept
                .get(key)
                .is_some_and(|&other| self.equal_columns(class, other));
            if joined {
                keys[class] = key as u32;
            } else {
                keys[class] = kept.len() as u32;
                kept.push(class);
            }
        }
        if kept.len() == stride {
            return;
        }
        let (alphabet, class_of_key) = self.alphabet.join(&keys, kept.len());
        let mut column = vec![0; kept.len()];
        for (key, &class) in class_of_key.iter().enumerate() {
            column[class as usize] = kept[key];
        }
        let rows = self.table.chunks_exact(stride);
        self.table = rows
            .flat_map(|row| column.iter().map(|&c| row[c]))
            .collect();
        self.alphabet = alphabet;
    }

    fn equal_columns(&self, a: usize, b: usize) -> bool {
        self.table
            .chunks_exact(self.alphabet.len())
            .all(|row| row[a] == row[b])
    }

    /// Merges equivalent states; says whether there were any.
    fn merge_equivalent(&mut self) -> bool {
        let stride = self.alphabet.len();
        let (block, blocks) = minimize::equivalence(&self.table, stride, &self.labels);
        if blocks == self.labels.len() {
            return false;
        }
        let mut table = vec![DEAD; blocks * stride];
        let mut labels = vec![None; blocks];
        // The start's block becomes state 0 by swapping names.
        let start = block.first().copied().unwrap_or(0);
        let name = |b: u32| match b {
            b if b == start => 0,
            0 => start,
            b => b,
        };
        for (s, row) in self.table.chunks_exact(stride).enumerate() {
            let b = name(block[s]) as usize;
            labels[b] = self.labels[s];
            for (cell, &next) in table[b * stride..].iter_mut().zip(row) {
                *cell = if next == DEAD {
                    DEAD
                } else {
                    name(block[next as usize])
                };
            }
        }
        self.table = table;
        self.labels = labels;
        true
    }

    /// Drops unreachable states and numbers the others breadth first.
    fn renumber(self) -> Dfa {
        let stride = self.alphabet.len();
        let mut number = vec![DEAD; self.labels.len()];
        let mut order: Vec<StateId> = Vec::with_capacity(self.labels.len());
        if let Some(start) = number.first_mut() {
            *start = 0;
            order.push(0);
        }
        let mut table = Vec::with_capacity(self.table.len());
        let mut at = 0;
        while let Some(&s) = order.get(at) {
            at += 1;
            for &next in &self.table[s as usize * stride..][..stride] {
                if next != DEAD && number[next as usize] == DEAD {
                    number[next as usize] = order.len() as StateId;
                    order.push(next);
                }
                table.push(if next == DEAD {
                    DEAD
                } else {
                    number[next as usize]
                });
            }
        }
        let labels = order.iter().map(|&s| self.labels[s as usize]).collect();
        Dfa {
            alphabet: self.alphabet,
            table: table.into(),
            labels,
            facts: OnceLock::new(),
            chars: OnceLock::new(),
        }
    }
}

/// The transitions, turned around. Those of neighbouring classes to the same state, of which
/// there are many, count as one.
#[derive(Debug)]
pub(crate) struct Predecessors {
    offsets: Vec<u32>,
    states: Vec<StateId>,
    /// How many of them leave each state.
    leaving: Vec<u32>,
    /// Whether some class leads nowhere.
    gaps: Vec<bool>,
}

impl Predecessors {
    pub(crate) fn new(table: &[StateId], stride: usize, states: usize) -> Self {
        let mut offsets = vec![0; states + 1];
        let mut leaving = Vec::with_capacity(states);
        let mut gaps = Vec::with_capacity(states);
        let mut targets: Vec<StateId> = Vec::with_capacity(states);
        for row in table.chunks_exact(stride) {
            let before = targets.len();
            let (mut last, mut gap) = (DEAD, false);
            for &next in row {
                gap |= next == DEAD;
                if next != last && next != DEAD {
                    offsets[next as usize + 1] += 1;
                    targets.push(next);
                }
                last = next;
            }
            gaps.push(gap);
            leaving.push((targets.len() - before) as u32);
        }
        for s in 0..states {
            offsets[s + 1] += offsets[s];
        }
        let mut fill = offsets.clone();
        let mut preds = vec![0; targets.len()];
        let mut targets = targets.into_iter();
        for (s, &count) in leaving.iter().enumerate() {
            for next in targets.by_ref().take(count as usize) {
                preds[fill[next as usize] as usize] = s as StateId;
                fill[next as usize] += 1;
            }
        }
        Self {
            offsets,
            states: preds,
            leaving,
            gaps,
        }
    }

    /// The states before `s`, some of them more than once.
    pub(crate) fn of(&self, s: StateId) -> &[StateId] {
        let s = s as usize;
        &self.states[self.offsets[s] as usize..self.offsets[s + 1] as usize]
    }

    /// Whether there is a class that leads nowhere, for each state.
    pub(crate) fn gaps(&self) -> &[bool] {
        &self.gaps
    }

    /// How often each state is one before another.
    pub(crate) fn leaving(&self) -> &[u32] {
        &self.leaving
    }
}
