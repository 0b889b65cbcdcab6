//! Which restrictions make a difference where.
//!
//! At a position, a restriction matters by what the terminals read that can come
//! next there, and by being left behind if the rule ends. After `)`, nothing that
//! follows an identifier is forbidden but letters and digits; where only `)` and
//! `+` can come next, that is as good as no restriction.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::automaton::Lexer;
use super::first::{First, SetId};
use super::restriction::{FREE, Restriction};
use super::tokens::{TableId, Tokens};
use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Network, Position};

pub(super) struct Context<'a> {
    pub(super) network: &'a Network,
    pub(super) tokens: Tokens<'a>,
    pub(super) first: First,
    /// The terminals of sets, once asked for.
    members: FxHashMap<SetId, Rc<[u32]>>,
    /// For what each terminal of a set reads, the first restriction met.
    chosen: FxHashMap<(SetId, Box<[TableId]>), Restriction>,
    alike: FxHashMap<(SetId, Restriction), Restriction>,
}

impl<'a> Context<'a> {
    /// Expects a network without empty rules and left recursion, whose first rule
    /// is that of whole texts.
    pub(super) fn new(
        network: &'a Network,
        lexer: &'a Lexer,
        budget: &mut Budget<'_>,
    ) -> Result<Context<'a>, CfgError> {
        Ok(Context {
            network,
            tokens: Tokens::new(lexer),
            first: First::new(network, lexer.terminal_count(), budget)?,
            members: FxHashMap::default(),
            chosen: FxHashMap::default(),
            alike: FxHashMap::default(),
        })
    }

    /// The one restriction that stands for all those after which some terminals
    /// read the same; [`FREE`] if it is one of them.
    pub(super) fn alike(
        &mut self,
        set: SetId,
        restriction: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<Restriction, CfgError> {
        if let Some(&known) = self.alike.get(&(set, restriction)) {
            return Ok(known);
        }
        if restriction != FREE {
            // It is to be met first.
            self.alike(set, FREE, budget)?;
        }
        let members = match self.members.get(&set) {
            Some(members) => Rc::clone(members),
            None => {
                budget.work(self.tokens.lexer.terminal_count() / 64)?;
                let members: Rc<[u32]> = self.first.terminals(set).into();
                self.members.insert(set, Rc::clone(&members));
                members
            }
        };
        budget.work(members.len())?;
        let mut read = Vec::with_capacity(members.len());
        for &terminal in &*members {
            read.push(self.tokens.read(terminal, restriction, budget)?);
        }
        let chosen = self.chosen.entry((set, read.into()));
        let chosen = *chosen.or_insert(restriction);
        self.alike.insert((set, restriction), chosen);
        Ok(chosen)
    }

    /// The restriction that stands for another one as far as reading on at a
    /// position goes.
    pub(super) fn reading(
        &mut self,
        at: Position,
        restriction: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<Restriction, CfgError> {
        self.alike(self.first.next(at), restriction, budget)
    }

    /// The restriction with which a rule is entered after another one.
    pub(super) fn entry(
        &mut self,
        rule: u32,
        restriction: Restriction,
        budget: &mut Budget<'_>,
    ) -> Result<Restriction, CfgError> {
        let start = self.network.rules[rule as usize].start;
        self.reading(start, restriction, budget)
    }
}
