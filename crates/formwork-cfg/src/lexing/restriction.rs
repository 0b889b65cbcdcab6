//! How a text must not go on, so that the tokens before stay longest matches.
//!
//! After a token, the lexer's automaton is in some state, from which longer words
//! may lead on. The text must not spell one of them; otherwise the longer one would
//! have been the token. That holds however many tokens later: after `1` and `.` as
//! tokens of their own, a digit may still make the word `1.5` of both. So a
//! restriction is a set of states of the automaton that run along with the text; one
//! that dies is forgotten, and one that comes to a word forbids the text.

#![expect(
    clippy::indexing_slicing,
    reason = "sets and states are numbered as they are made"
)]

use std::rc::Rc;

use formwork_automata::{ClassId, StateId};
use rustc_hash::FxHashMap;

use super::automaton::Lexer;
use crate::error::CfgError;
use crate::limits::Budget;

/// A restriction, by number. Equal ones have equal numbers.
pub(super) type Restriction = u32;
/// The restriction that forbids nothing.
pub(super) const FREE: Restriction = 0;

/// No word goes on like this.
const DEAD: u32 = u32::MAX;
/// A word ends here.
const WORD: u32 = u32::MAX - 1;
/// How often kinds are merged. Fewer is right as well.
const ROUNDS: usize = 8;

/// The restrictions met so far.
pub(super) struct Restrictions {
    /// The kind of each state; [`DEAD`] if no word goes on from there. States of one
    /// kind forbid the same texts.
    kinds: Vec<u32>,
    /// For each kind and class: the kind after it, [`DEAD`] or [`WORD`].
    rows: Vec<u32>,
    classes: usize,
    sets: Vec<Rc<[u32]>>,
    ids: FxHashMap<Rc<[u32]>, Restriction>,
    steps: FxHashMap<(Restriction, ClassId), Option<Restriction>>,
}

impl Restrictions {
    pub(super) fn new(lexer: &Lexer) -> Restrictions {
        let (kinds, rows) = kinds(lexer);
        let nothing: Rc<[u32]> = Rc::from([]);
        Restrictions {
            kinds,
            rows,
            classes: lexer.class_count(),
            sets: vec![Rc::clone(&nothing)],
            ids: FxHashMap::from_iter([(nothing, FREE)]),
            steps: FxHashMap::default(),
        }
    }

    /// What is left of a restriction after a character; `None` if that is forbidden.
    pub(super) fn step(
        &mut self,
        from: Restriction,
        class: ClassId,
        budget: &mut Budget<'_>,
    ) -> Result<Option<Restriction>, CfgError> {
        if from == FREE {
            return Ok(Some(FREE));
        }
        if let Some(&known) = self.steps.get(&(from, class)) {
            return Ok(known);
        }
        let set = Rc::clone(&self.sets[from as usize]);
        budget.work(set.len())?;
        let mut next: Vec<u32> = Vec::with_capacity(set.len());
        let mut is_forbidden = false;
        for &kind in &*set {
            match self.rows[kind as usize * self.classes + class as usize] {
                DEAD => {}
                WORD => is_forbidden = true,
                kind => next.push(kind),
            }
        }
        let to = if is_forbidden {
            None
        } else {
            Some(self.intern(next, budget)?)
        };
        self.steps.insert((from, class), to);
        Ok(to)
    }

    /// The restriction after a token that ends in a state of the lexer, if `before`
    /// is what is left of earlier ones.
    pub(super) fn after(
        &mut self,
        before: Restriction,
        state: StateId,
        budget: &mut Budget<'_>,
    ) -> Result<Restriction, CfgError> {
        let kind = self.kinds[state as usize];
        if kind == DEAD {
            return Ok(before);
        }
        let mut set = self.sets[before as usize].to_vec();
        set.push(kind);
        self.intern(set, budget)
    }

    fn intern(
        &mut self,
        mut set: Vec<u32>,
        budget: &mut Budget<'_>,
    ) -> Result<Restriction, CfgError> {
        set.sort_unstable();
        set.dedup();
        if let Some(&id) = self.ids.get(set.as_slice()) {
            return Ok(id);
        }
        let id = self.sets.len() as Restriction;
        let set: Rc<[u32]> = set.into();
        self.sets.push(Rc::clone(&set));
        self.ids.insert(set, id);
        budget.restrictions(self.sets.len())?;
        Ok(id)
    }
}

/// The kinds of states, and the rows of kinds.
///
/// States are of one kind if on every character they come to a word, or die, or come
/// to states of one kind. Merging starts from single states, so that it may stop at
/// any time.
fn kinds(lexer: &Lexer) -> (Vec<u32>, Vec<u32>) {
    let states = lexer.state_count() as u32;
    let classes = lexer.class_count() as ClassId;
    let row = |kinds: &[u32], state: StateId| -> Vec<u32> {
        let to = |class| match lexer.next(state, class) {
            None => DEAD,
            Some(next) if lexer.token(next).is_some() => WORD,
            Some(next) => kinds[next as usize],
        };
        (0..classes).map(to).collect()
    };
    let mut kinds: Vec<u32> = (0..states).collect();
    let mut members: Vec<StateId> = (0..states).collect();
    for _ in 0..ROUNDS {
        let mut ids: FxHashMap<Vec<u32>, u32> = FxHashMap::default();
        let mut merged: Vec<u32> = Vec::with_capacity(kinds.len());
        let mut firsts: Vec<StateId> = Vec::new();
        for state in 0..states {
            let fresh = ids.len() as u32;
            let kind = *ids.entry(row(&kinds, state)).or_insert(fresh);
            if kind == fresh {
                firsts.push(state);
            }
            merged.push(kind);
        }
        let is_done = firsts.len() == members.len();
        (kinds, members) = (merged, firsts);
        if is_done {
            break;
        }
    }
    // States that were of one kind still are, so any member stands for its kind.
    let rows: Vec<u32> = members.iter().flat_map(|&s| row(&kinds, s)).collect();
    for kind in &mut kinds {
        let at = *kind as usize * classes as usize;
        if rows[at..at + classes as usize].iter().all(|&to| to == DEAD) {
            *kind = DEAD;
        }
    }
    (kinds, rows)
}
