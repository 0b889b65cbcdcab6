//! Bounds on what compiling a grammar may cost.

use formwork_automata::{Burner, Fuel};

use crate::error::CfgError;

/// Bounds on what one grammar may cost. Reaching one is a typed error.
///
/// Every stage of the compiler is linear in what it makes, so these bound its
/// time too.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CfgLimits {
    /// Rules: those of the source and those made for repetitions. The default
    /// is 100,000.
    pub max_rules: usize,
    /// Positions in rules, counted over all stages. The default is 2,000,000.
    pub max_positions: usize,
    /// Steps from position to position, counted over all stages, and those of a
    /// [lexer](crate::ir::LongestMatch). The default is 8,000,000.
    pub max_work: u64,
    /// States of all terminals together, as automata over bytes. The default
    /// is 200,000.
    pub max_terminal_states: usize,
    /// States of a rule without recursion that is read like a terminal, which
    /// is faster. Larger ones stay rules, which changes nothing but speed; with
    /// 0 all do. The default is 2,000.
    pub max_fused_states: usize,
    /// States of the automaton of all terminals together, if there is a
    /// [lexer](crate::ir::LongestMatch); its table has at most 400 entries for each,
    /// on average. The default is 20,000.
    pub max_lexer_states: u32,
    /// Restrictions that tokens may leave to the text after them so that they stay
    /// the longest match, if there is a lexer. The default is 4,096.
    pub max_restrictions: usize,
    /// What the work is taken from, with all else that burns the same fuel; its owner can
    /// stop it. The default is no bound.
    pub fuel: Fuel,
}

impl Default for CfgLimits {
    fn default() -> Self {
        CfgLimits {
            max_rules: 100_000,
            max_positions: 2_000_000,
            max_work: 8_000_000,
            max_terminal_states: 200_000,
            max_fused_states: 2_000,
            max_lexer_states: 20_000,
            max_restrictions: 4_096,
            fuel: Fuel::unlimited(),
        }
    }
}

/// What was used of some limits.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    limits: &'a CfgLimits,
    rules: usize,
    positions: usize,
    work: u64,
    terminal_states: usize,
    burner: Burner,
}

/// So many steps are a unit of [`Fuel`].
const STEPS_PER_UNIT: u64 = 8;

impl<'a> Budget<'a> {
    pub(crate) fn new(limits: &'a CfgLimits) -> Self {
        Budget {
            limits,
            rules: 0,
            positions: 0,
            work: 0,
            terminal_states: 0,
            burner: Burner::new(&limits.fuel, STEPS_PER_UNIT),
        }
    }

    pub(crate) fn limits(&self) -> &'a CfgLimits {
        self.limits
    }

    pub(crate) fn restrictions(&self, all: usize) -> Result<(), CfgError> {
        let limit = self.limits.max_restrictions as u64;
        within("max_restrictions", all as u64, limit)
    }

    pub(crate) fn rules(&mut self, more: usize) -> Result<(), CfgError> {
        self.rules = self.rules.saturating_add(more);
        within("max_rules", self.rules as u64, self.limits.max_rules as u64)
    }

    pub(crate) fn position(&mut self) -> Result<(), CfgError> {
        self.positions += 1;
        let limit = self.limits.max_positions as u64;
        within("max_positions", self.positions as u64, limit)?;
        self.burn(1)
    }

    pub(crate) fn work(&mut self, more: usize) -> Result<(), CfgError> {
        self.work = self.work.saturating_add(more as u64);
        within("max_work", self.work, self.limits.max_work)?;
        self.burn(more as u64)
    }

    fn burn(&mut self, steps: u64) -> Result<(), CfgError> {
        Ok(self.burner.steps(steps)?)
    }

    pub(crate) fn terminal_states(&mut self, more: usize) -> Result<(), CfgError> {
        self.terminal_states = self.terminal_states.saturating_add(more);
        let limit = self.limits.max_terminal_states as u64;
        within("max_terminal_states", self.terminal_states as u64, limit)?;
        self.burn(more as u64)
    }
}

fn within(name: &'static str, used: u64, limit: u64) -> Result<(), CfgError> {
    if used > limit {
        return Err(CfgError::Limit { name, limit });
    }
    Ok(())
}
