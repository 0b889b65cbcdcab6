//! A terminal whose steps are kept in a table while many tokens are read.

#![expect(
    clippy::indexing_slicing,
    reason = "states are numbered as they are met"
)]

use std::cell::OnceCell;

use formwork_grammar::{Bulk, Label, LexState, Run, Terminal};
use rustc_hash::FxHashMap;

/// A terminal's automaton with the steps already taken in a table: many tokens take
/// the same few steps.
///
/// PERF: a step of a pattern takes about 3 ns instead of 20.
pub(crate) struct Stepper<'a> {
    terminal: &'a dyn Terminal,
    ids: FxHashMap<LexState, u32>,
    states: Vec<Facts>,
    /// 256 entries for each state that a step was taken from.
    next: Vec<u32>,
}

/// What a state is asked often.
pub(crate) struct Facts {
    state: LexState,
    pub(crate) exit: Option<Label>,
    pub(crate) goes_on: bool,
    /// Where its entries begin; [`NO_ROW`](Stepper::NO_ROW) if it has none.
    row: u32,
    runs: OnceCell<Runs>,
}

impl<'a> Stepper<'a> {
    pub(crate) const START: u32 = 0;
    pub(crate) const DEAD: u32 = u32::MAX;
    const UNKNOWN: u32 = u32::MAX - 1;
    /// Past the end of any table.
    const NO_ROW: u32 = u32::MAX;

    pub(crate) fn new(terminal: &'a dyn Terminal, start: LexState) -> Stepper<'a> {
        let mut stepper = Stepper {
            terminal,
            ids: FxHashMap::default(),
            states: Vec::new(),
            next: Vec::new(),
        };
        stepper.add(start);
        stepper
    }

    /// Whether the terminal reads some string content from the start on.
    pub(crate) fn survives(&mut self, bytes: &[u8]) -> bool {
        let mut at = Self::START;
        for &byte in bytes {
            at = self.step(at, byte);
            if at == Self::DEAD {
                return false;
            }
        }
        true
    }

    fn add(&mut self, state: LexState) -> u32 {
        if let Some(&id) = self.ids.get(&state) {
            return id;
        }
        let id = self.states.len() as u32;
        self.states.push(Facts {
            state,
            exit: self.terminal.exit(state),
            goes_on: self.terminal.can_continue(state),
            row: Self::NO_ROW,
            runs: OnceCell::new(),
        });
        self.ids.insert(state, id);
        id
    }

    #[inline]
    pub(crate) fn step(&mut self, from: u32, byte: u8) -> u32 {
        let row = self.states[from as usize].row;
        match self.next.get(row as usize + usize::from(byte)) {
            Some(&known) if known != Self::UNKNOWN => known,
            _ => self.learn(from, byte),
        }
    }

    #[cold]
    fn learn(&mut self, from: u32, byte: u8) -> u32 {
        let facts = &mut self.states[from as usize];
        if facts.row == Self::NO_ROW {
            facts.row = self.next.len() as u32;
            self.next.resize(self.next.len() + 256, Self::UNKNOWN);
        }
        let (row, state) = (facts.row, facts.state);
        let to = match self.terminal.step(state, byte) {
            Some(next) => self.add(next),
            None => Self::DEAD,
        };
        self.next[row as usize + usize::from(byte)] = to;
        to
    }

    pub(crate) fn facts(&self, state: u32) -> &Facts {
        &self.states[state as usize]
    }

    /// The runs that can be read from a state.
    pub(crate) fn runs(&self, state: u32) -> &Runs {
        let facts = &self.states[state as usize];
        facts
            .runs
            .get_or_init(|| inside(self.terminal.bulk(facts.state)))
    }
}

/// Runs of characters that stay inside a terminal.
pub(crate) type Runs = [Option<Run>; 2];

/// The runs that a terminal can read.
pub(crate) fn inside(bulk: Bulk) -> Runs {
    match bulk {
        Bulk::Walk => [None; 2],
        Bulk::Region { inside, brief, .. } => [Some(inside), brief],
        Bulk::Content { max_chars, .. } => {
            let all = Run {
                // All but controls, quotes and backslashes.
                ascii: [!(1 << 0x22) & u64::MAX << 0x20, !(1 << (0x5C - 0x40))],
                leads: u64::MAX,
                max_chars,
            };
            [Some(all), None]
        }
    }
}
