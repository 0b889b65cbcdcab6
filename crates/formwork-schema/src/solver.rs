//! The state of compiling one schema: formulas, budget, memo tables.

#![expect(
    clippy::indexing_slicing,
    reason = "refusals are numbered as they are noted"
)]

use std::sync::Arc;

use formwork_automata::{Burner, Dfa, Fuel, Limits, TooLarge};
use rustc_hash::FxHashMap;

use crate::branch::about::Abouts;
use crate::branch::known::{Counts, EmptyMemo, Known, Reduced};
use crate::error::{Refusal, SchemaError};
use crate::intern::Marks;
use crate::lower::Lowered;
use crate::memo::Memo;
use crate::node::{LangId, Literal, Node, NodeId, Nodes, TypeSet};
use crate::options::SchemaOptions;

/// What is needed to analyse formulas.
pub(crate) struct Solver {
    pub(crate) nodes: Nodes,
    pub(crate) options: SchemaOptions,
    pub(crate) integers_by_spelling: bool,
    /// What is left out of the language, and where.
    pub(crate) left_out: Vec<Refusal>,
    burner: Burner,
    pub(crate) memo: Arc<Memo>,
    pub(crate) empty_memo: EmptyMemo,
    /// Tables that proofs and decisions use one after the other.
    pub(crate) about: Abouts,
    pub(crate) known: Known,
    pub(crate) reduced: Reduced,
    pub(crate) counts: Counts,
    pub(crate) seen: Marks,
    products: FxHashMap<Vec<(LangId, bool)>, Arc<Dfa>>,
    names: FxHashMap<NodeId, Arc<Dfa>>,
}

impl Solver {
    pub(crate) fn new(lowered: Lowered, options: SchemaOptions, memo: &Arc<Memo>) -> Solver {
        Solver {
            nodes: lowered.nodes,
            integers_by_spelling: lowered.integers_by_spelling,
            left_out: Vec::new(),
            burner: Burner::new(&options.limits.fuel, 1),
            options,
            memo: Arc::clone(memo),
            empty_memo: EmptyMemo::default(),
            about: Abouts::default(),
            known: Known::default(),
            reduced: Reduced::default(),
            counts: Counts::default(),
            seen: Marks::default(),
            products: FxHashMap::default(),
            names: FxHashMap::default(),
        }
    }

    /// The same with other fuel.
    pub(crate) fn with_fuel(mut self, fuel: Fuel) -> Solver {
        self.burner = Burner::new(&fuel, 1);
        self.options.limits.fuel = fuel;
        self
    }

    /// Counts work against the budget.
    pub(crate) fn spend(&mut self, units: u64) -> Result<(), SchemaError> {
        // What to say of it is decided where the fuel was handed out.
        self.burner.steps(units).map_err(|_| SchemaError::Stopped)
    }

    pub(crate) fn automata_limits(&self) -> Limits {
        Limits {
            max_states: self.options.limits.max_states,
            fuel: self.options.limits.fuel.clone(),
            ..Limits::default()
        }
    }

    /// Notes that a language is used, which may leave out strings.
    pub(crate) fn leave_out(&mut self, lang: LangId) {
        let Some(left_out) = self.nodes.left_out(lang) else {
            return;
        };
        if !self.left_out.contains(left_out) {
            self.left_out.push(left_out.clone());
        }
    }

    /// The literals of a branch.
    pub(crate) fn literals(&self, ids: &[NodeId]) -> Vec<Literal> {
        ids.iter()
            .filter_map(|&id| match self.nodes.get(id) {
                Node::Literal(literal) => Some(literal.clone()),
                _ => None,
            })
            .collect()
    }

    /// The intersection of languages, complemented where the flag is false.
    pub(crate) fn product(&mut self, parts: &[(LangId, bool)]) -> Result<Arc<Dfa>, SchemaError> {
        for &(lang, _) in parts {
            self.leave_out(lang);
        }
        if let [(lang, true)] = parts {
            return Ok(Arc::clone(self.nodes.language(*lang)));
        }
        let mut key = parts.to_vec();
        key.sort_unstable();
        key.dedup();
        if let Some(known) = self.products.get(&key) {
            return Ok(Arc::clone(known));
        }
        let dfas: Vec<Arc<Dfa>> = key
            .iter()
            .map(|&(lang, holds)| {
                Arc::clone(match holds {
                    true => self.nodes.language(lang),
                    false => self.nodes.outer_language(lang),
                })
            })
            .collect();
        let parts = dfas.iter().zip(&key);
        let parts: Vec<(&Dfa, bool)> = parts.map(|(dfa, &(_, holds))| (&**dfa, holds)).collect();
        let dfa = Dfa::conjunction(&parts, &self.automata_limits());
        let dfa = Arc::new(dfa.map_err(|error| automaton_limit(&error))?);
        self.spend(dfa.state_count() as u64)?;
        self.products.insert(key, Arc::clone(&dfa));
        Ok(dfa)
    }

    /// The strings that satisfy a formula, as one automaton. For names of
    /// members.
    pub(crate) fn string_language(&mut self, node: NodeId) -> Result<Arc<Dfa>, SchemaError> {
        if let Some(known) = self.names.get(&node) {
            return Ok(Arc::clone(known));
        }
        let mut parts = Vec::new();
        for branch in self.branches(node, TypeSet::STRING)? {
            if let Some(refusal) = branch.refusal {
                let refusal = self.nodes.refusals[refusal as usize].clone();
                return Err(SchemaError::Refused(vec![refusal]));
            }
            parts.push(self.string_dfa(&branch.literals)?);
        }
        let refs: Vec<&Dfa> = parts.iter().map(|dfa| &**dfa).collect();
        let union = match refs[..] {
            [] => Ok(Dfa::empty()),
            [only] => Ok(only.clone()),
            _ => Dfa::union(&refs, &self.automata_limits()),
        };
        let union = Arc::new(union.map_err(|error| automaton_limit(&error))?);
        self.names.insert(node, Arc::clone(&union));
        Ok(union)
    }
}

/// A limit of the automata crate as a limit of ours.
pub(crate) fn automaton_limit(error: &TooLarge) -> SchemaError {
    SchemaError::Limit {
        name: "max_states",
        limit: error.max(),
        place: format!("combining patterns ({error})"),
    }
}
