//! What a caller allows a construction to cost, and the error that names the limit crossed.

use std::fmt;

use crate::fuel::{Burner, Fuel, Spent};

/// Bounds on the size of every automaton built.
///
/// A construction that would cross a bound stops with [`TooLarge`]; none ever returns an
/// approximation instead. The bounds limit memory and time together, because every construction
/// here does work proportional to what it stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// States of one automaton, counted before trimming and minimisation. The default is 20 000.
    pub max_states: u32,
    /// Bytes of one pattern. The default is 16 KiB.
    pub max_pattern_bytes: usize,
    /// Depth of nested groups in one pattern. The default is 250.
    pub max_nesting: u32,
    /// Nodes of the nondeterministic automaton of one pattern. The default is 200 000.
    pub max_nfa_states: u32,
    /// Cells (states times character classes) of one transition table. The default is 8 million.
    pub max_cells: u32,
    /// Elementary steps of one construction, which also bounds the memory of subset states and of
    /// length sets. The default is 16 million, a few tenths of a second.
    pub max_steps: u32,
    /// What all constructions under these limits may spend together. The default is no bound.
    pub fuel: Fuel,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_states: 20_000,
            max_pattern_bytes: 16 << 10,
            max_nesting: 250,
            max_nfa_states: 200_000,
            max_cells: 8_000_000,
            max_steps: 16_000_000,
            fuel: Fuel::unlimited(),
        }
    }
}

/// Which bound of [`Limits`] was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitKind {
    /// [`Limits::max_states`].
    States,
    /// [`Limits::max_pattern_bytes`].
    PatternBytes,
    /// [`Limits::max_nesting`].
    Nesting,
    /// [`Limits::max_nfa_states`].
    NfaStates,
    /// [`Limits::max_cells`].
    Cells,
    /// [`Limits::max_steps`].
    Steps,
    /// [`Limits::fuel`], which has run out.
    Fuel,
    /// [`Limits::fuel`], whose owner said stop.
    Stopped,
}

/// An automaton would cross a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TooLarge {
    limit: LimitKind,
    max: u64,
}

impl TooLarge {
    pub(crate) fn new(limit: LimitKind, max: u64) -> Self {
        Self { limit, max }
    }

    fn spent(spent: Spent) -> Self {
        match spent {
            Spent::Units(all) => Self::new(LimitKind::Fuel, all),
            Spent::Stopped => Self::new(LimitKind::Stopped, 0),
        }
    }

    /// The limit crossed.
    #[must_use]
    pub fn limit(&self) -> LimitKind {
        self.limit
    }

    /// The value the limit had.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.limit {
            LimitKind::States => "automaton states",
            LimitKind::PatternBytes => "pattern bytes",
            LimitKind::Nesting => "nested groups",
            LimitKind::NfaStates => "nondeterministic automaton nodes",
            LimitKind::Cells => "transition table cells",
            LimitKind::Steps => "construction steps",
            LimitKind::Fuel => "units of fuel",
            LimitKind::Stopped => return Spent::Stopped.fmt(f),
        };
        write!(f, "needs more than {} {what}", self.max)
    }
}

impl std::error::Error for TooLarge {}

/// So many steps or cells are a unit of [`Fuel`].
const STEPS_PER_UNIT: u64 = 10;

/// Counts the work of one construction against [`Limits`].
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    limits: &'a Limits,
    steps: u64,
    burner: Burner,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            steps: 0,
            burner: Burner::new(&limits.fuel, STEPS_PER_UNIT),
        }
    }

    pub(crate) fn limits(&self) -> &'a Limits {
        self.limits
    }

    pub(crate) fn steps(&mut self, n: usize) -> Result<(), TooLarge> {
        self.steps += n as u64;
        let max = u64::from(self.limits.max_steps);
        if self.steps > max {
            return Err(TooLarge::new(LimitKind::Steps, max));
        }
        self.burner.steps(n as u64).map_err(TooLarge::spent)
    }

    /// Checks the size of a table that gets one more row.
    pub(crate) fn table(&mut self, states: usize, classes: usize) -> Result<(), TooLarge> {
        let max = u64::from(self.limits.max_states);
        if states as u64 > max {
            return Err(TooLarge::new(LimitKind::States, max));
        }
        let max = u64::from(self.limits.max_cells);
        if states as u64 * classes as u64 > max {
            return Err(TooLarge::new(LimitKind::Cells, max));
        }
        let row = 1 + classes as u64;
        self.burner.steps(row).map_err(TooLarge::spent)
    }
}
