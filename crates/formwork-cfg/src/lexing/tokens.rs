//! What terminals read from restriction to restriction.

use std::rc::Rc;

use formwork_automata::{ClassId, StateId};
use rustc_hash::FxHashMap;

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
    /// For each terminal, the states on the way to one of its tokens, once known.
    useful: Vec<Option<Rc<[bool]>>>,
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
        Tokens {
            lexer,
            restrictions: Restrictions::new(lexer),
            before,
            useful: vec![None; lexer.terminal_count()],
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
        let useful = self.useful(terminal);
        let (mut next, mut labels) = (Vec::new(), Vec::new());
        let mut pairs: Vec<(StateId, Restriction)> = Vec::new();
        let mut ids: FxHashMap<(StateId, Restriction), u32> = FxHashMap::default();
        if let Some(start) = lexer.start().filter(|&start| useful[start as usize]) {
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
                let to = lexer.next(state, class).filter(|&to| useful[to as usize]);
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

    fn useful(&mut self, terminal: u32) -> Rc<[bool]> {
        if let Some(Some(known)) = self.useful.get(terminal as usize) {
            return Rc::clone(known);
        }
        let mut useful = vec![false; self.before.len()];
        let is_token = |&state: &StateId| self.lexer.token(state) == Some(terminal);
        let mut open: Vec<StateId> = (0..self.before.len() as StateId).filter(is_token).collect();
        while let Some(state) = open.pop() {
            if !std::mem::replace(&mut useful[state as usize], true) {
                open.extend_from_slice(&self.before[state as usize]);
            }
        }
        let useful: Rc<[bool]> = useful.into();
        if let Some(slot) = self.useful.get_mut(terminal as usize) {
            *slot = Some(Rc::clone(&useful));
        }
        useful
    }
}
