//! Rules as a recursive transition network (Woods 1970): one finite automaton
//! per rule, whose steps read terminals or rules.
//!
//! A network is the grammar with productions `position → symbol position`, so
//! every stage that would need short productions has them, and what rules share
//! is never copied.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use crate::error::CfgError;
use crate::limits::Budget;

/// What a step reads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Symbol {
    /// A terminal, by number.
    Terminal(u32),
    /// A rule, by number.
    Rule(u32),
    /// Something foreign, by number. It has texts, none of them empty.
    Foreign(u32),
}

/// A position in a rule. Each belongs to one rule only.
pub(crate) type Position = u32;

/// The automaton of a rule: one start, which nothing leads back to, and one
/// end, from which only a left-recursive rule goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

/// The ways on from a position.
#[derive(Clone, Default, Debug)]
pub(crate) struct Ways {
    /// Steps that read nothing.
    pub(crate) empty: Vec<Position>,
    /// Steps that read a symbol.
    pub(crate) steps: Vec<(Symbol, Position)>,
}

/// Closures of fewer positions are searched without a table.
const SMALL: usize = 32;

/// The automata of all rules.
#[derive(Default, Debug)]
pub(crate) struct Network {
    pub(crate) ways: Vec<Ways>,
    pub(crate) rules: Vec<Ends>,
    /// For each rule, which one of the source it stands for; left out where they
    /// are the same.
    pub(crate) origins: Vec<u32>,
}

impl Network {
    pub(crate) fn position(&mut self, budget: &mut Budget<'_>) -> Result<Position, CfgError> {
        budget.position()?;
        self.ways.push(Ways::default());
        Ok((self.ways.len() - 1) as Position)
    }

    pub(crate) fn empty(
        &mut self,
        from: Position,
        to: Position,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        budget.work(1)?;
        if from != to {
            self.ways[from as usize].empty.push(to);
        }
        Ok(())
    }

    pub(crate) fn step(
        &mut self,
        from: Position,
        symbol: Symbol,
        to: Position,
        budget: &mut Budget<'_>,
    ) -> Result<(), CfgError> {
        budget.work(1)?;
        self.ways[from as usize].steps.push((symbol, to));
        Ok(())
    }

    /// Rules through which all cycles of calls go: those that a search depth first comes
    /// back to while they are open. Linear.
    pub(crate) fn cycle_breakers(&self) -> Vec<bool> {
        let mut cycle_breakers = vec![false; self.rules.len()];
        // 0: not seen; 1: open; 2: done.
        let mut state = vec![0u8; self.rules.len()];
        let mut open: Vec<(u32, Vec<u32>)> = Vec::new();
        for rule in 0..self.rules.len() as u32 {
            if state[rule as usize] == 0 {
                state[rule as usize] = 1;
                open.push((rule, self.callees(rule)));
            }
            while let Some((rule, left)) = open.last_mut() {
                let rule = *rule;
                match left.pop() {
                    None => {
                        state[rule as usize] = 2;
                        open.pop();
                    }
                    Some(callee) => match state[callee as usize] {
                        0 => {
                            state[callee as usize] = 1;
                            open.push((callee, self.callees(callee)));
                        }
                        1 => cycle_breakers[callee as usize] = true,
                        _ => {}
                    },
                }
            }
        }
        cycle_breakers
    }

    /// The rules that a rule calls, ascending.
    pub(crate) fn callees(&self, rule: u32) -> Vec<u32> {
        let mut callees = Vec::new();
        for at in self.closure([self.rules[rule as usize].start], |_| true) {
            for &(symbol, _) in &self.ways[at as usize].steps {
                if let Symbol::Rule(callee) = symbol {
                    callees.push(callee);
                }
            }
        }
        callees.sort_unstable();
        callees.dedup();
        callees
    }

    /// Which rules can be read from start to end if only some of the symbols that
    /// are no rules may be; linear.
    ///
    /// With all that have texts these are the productive rules, with those that
    /// hold the empty text the nullable ones.
    pub(crate) fn readable(&self, may_read: impl Fn(Symbol) -> bool) -> Vec<bool> {
        let mut reached = vec![false; self.ways.len()];
        let mut done = vec![false; self.rules.len()];
        let mut waiting: Vec<Vec<Position>> = vec![Vec::new(); self.rules.len()];
        let mut ends_of: Vec<Option<u32>> = vec![None; self.ways.len()];
        for (rule, ends) in self.rules.iter().enumerate() {
            ends_of[ends.end as usize] = Some(rule as u32);
        }
        let mut open: Vec<Position> = self.rules.iter().map(|ends| ends.start).collect();
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut reached[at as usize], true) {
                continue;
            }
            if let Some(rule) = ends_of[at as usize] {
                done[rule as usize] = true;
                open.append(&mut waiting[rule as usize]);
            }
            let ways = &self.ways[at as usize];
            open.extend(&ways.empty);
            for &(symbol, to) in &ways.steps {
                match symbol {
                    Symbol::Rule(rule) if done[rule as usize] => open.push(to),
                    Symbol::Rule(rule) => waiting[rule as usize].push(to),
                    other if may_read(other) => open.push(to),
                    _ => {}
                }
            }
        }
        done
    }

    /// The positions reached from some by steps for which `passes` holds, and
    /// by empty ones.
    pub(crate) fn closure(
        &self,
        from: impl IntoIterator<Item = Position>,
        passes: impl Fn(Symbol) -> bool,
    ) -> Vec<Position> {
        let mut seen = rustc_hash::FxHashSet::default();
        let mut found = Vec::new();
        let mut open: Vec<Position> = from.into_iter().collect();
        while let Some(at) = open.pop() {
            // Most closures are small, and then looking through them is quicker.
            let is_known = if found.len() < SMALL {
                found.contains(&at)
            } else {
                if found.len() == SMALL {
                    seen.extend(found.iter().copied());
                }
                !seen.insert(at)
            };
            if is_known {
                continue;
            }
            found.push(at);
            let ways = &self.ways[at as usize];
            open.extend(&ways.empty);
            let passed = ways.steps.iter().filter(|&&(symbol, _)| passes(symbol));
            open.extend(passed.map(|&(_, to)| to));
        }
        found
    }
}
