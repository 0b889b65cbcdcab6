//! What terminals read from restriction to restriction.

#![expect(
    clippy::indexing_slicing,
    reason = "states and terminals are numbers of the same automaton"
)]

use std::rc::Rc;

use formwork_automata::{ClassId, StateId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::automaton::Lexer;
use super::restriction::{Restriction, Restrictions};
use super::table::{NONE, Table};
use crate::error::CfgError;
use crate::limits::Budget;

/// The words of a terminal after a restriction, by number: labelled with the
/// restriction that each leaves. Equal ones have equal numbers.
pub(super) type TableId = u32;

pub(super) struct Tokens<'a> {
    pub(super) lexer: &'a Lexer,
    restrictions: Restrictions,
    /// The states before each state of the lexer.
    before: Vec<Vec<StateId>>,
    /// The states in which the token is a terminal's.
    ends: Vec<Vec<StateId>>,
    /// The states on the way to one of those, once known.
    useful: FxHashMap<u32, Rc<FxHashSet<StateId>>>,
    read: FxHashMap<(u32, Restriction), TableId>,
    tables: Vec<Rc<Table>>,
    ids: FxHashMap<Rc<Table>, TableId>,
    outcomes: Vec<Rc<[Restriction]>>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(lexer: &'a Lexer) -> Tokens<'a> {
        let mut before: Vec<Vec<StateId>> = vec![Vec::new(); lexer.state_count()];
        for state in 0..lexer.state_count() as StateId {
            for class in 0..lexer.class_count() as ClassId {
                if let Some(next) = lexer.next(state, class)
                    && before[next as usize].last() != Some(&state)
                {
                    before[next as usize].push(state);
                }
            }
        }
        let mut ends = vec![Vec::new(); lexer.terminal_count()];
        for state in 0..lexer.state_count() as StateId {
            if let Some(terminal) = lexer.token(state) {
                ends[terminal as usize].push(state);
            }
        }
        Tokens {
            lexer,
            restrictions: Restrictions::new(lexer),
            before,
            ends,
            useful: FxHashMap::default(),
            read: FxHashMap::default(),
            tables: Vec::new(),
            ids: FxHashMap::default(),
            outcomes: Vec::new(),
        }
    }

    pub(super) fn table(&self, id: TableId) -> &Rc<Table> {
        &self.tables[id as usize]
    }

    /// The restrictions that words of a table leave, ascending.
    pub(super) fn outcomes(&self, id: TableId) -> Rc<[Restriction]> {
        Rc::clone(&self.outcomes[id as usize])
    }

    /// The tokens of a terminal after a restriction.
    pub(super) fn read(
        &mut self,
        terminal: u32,
        from: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<TableId, CfgError> {
        if let Some(&known) = self.read.get(&(terminal, from)) {
            return Ok(known);
        }
        let table = self.explore(terminal, from, budget)?;
        let id = match self.ids.get(&table) {
            Some(&id) => id,
            None => {
                let id = self.tables.len() as TableId;
                self.outcomes.push(table.labels().into());
                let table = Rc::new(table);
                self.tables.push(Rc::clone(&table));
                self.ids.insert(table, id);
                id
            }
        };
        self.read.insert((terminal, from), id);
        Ok(id)
    }

    /// The lexer and the restriction side by side.
    fn explore(
        &mut self,
        terminal: u32,
        from: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<Table, CfgError> {
        let lexer = self.lexer;
        let classes = lexer.class_count();
        let useful = self.useful(terminal, budget)?;
        let (mut next, mut labels) = (Vec::new(), Vec::new());
        let mut pairs: Vec<(StateId, Restriction)> = Vec::new();
        let mut ids: FxHashMap<(StateId, Restriction), u32> = FxHashMap::default();
        if let Some(start) = lexer.start().filter(|start| useful.contains(start)) {
            pairs.push((start, from));
            ids.insert((start, from), 0);
        }
        while let Some(&(state, restriction)) = pairs.get(labels.len()) {
            budget.work(classes)?;
            let is_token = lexer.token(state) == Some(terminal);
            labels.push(if is_token {
                self.restrictions.after(restriction, state, budget)?
            } else {
                NONE
            });
            for class in 0..classes as ClassId {
                let to = lexer.next(state, class).filter(|to| useful.contains(to));
                let left = match to {
                    Some(_) => self.restrictions.step(restriction, class, budget)?,
                    None => None,
                };
                let (Some(to), Some(left)) = (to, left) else {
                    next.push(NONE);
                    continue;
                };
                let fresh = pairs.len() as u32;
                let id = *ids.entry((to, left)).or_insert(fresh);
                if id == fresh {
                    pairs.push((to, left));
                }
                next.push(id);
            }
        }
        let columns: Vec<u32> = (0..classes as u32).collect();
        Ok(Table::new(&columns, classes, &next, &labels))
    }

    fn useful(
        &mut self,
        terminal: u32,
        budget: &mut Budget<'_>,
    ) -> Result<Rc<FxHashSet<StateId>>, CfgError> {
        if let Some(known) = self.useful.get(&terminal) {
            return Ok(Rc::clone(known));
        }
        let mut useful = FxHashSet::default();
        let mut open = self.ends[terminal as usize].clone();
        while let Some(state) = open.pop() {
            if useful.insert(state) {
                let before = &self.before[state as usize];
                budget.work(before.len() + 1)?;
                open.extend_from_slice(before);
            }
        }
        let useful = Rc::new(useful);
        self.useful.insert(terminal, Rc::clone(&useful));
        Ok(useful)
    }
}
