//! Positions in a pattern, and the ones reachable without reading a character.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes and ranges are numbers of the tables made here"
)]

use rustc_hash::FxHashMap;

use super::ast::Assert;
use super::looks::LookTable;
use super::nfa::{Nfa, NodeId, State};
use crate::dfa::DEAD;
use crate::interner::Interner;
use crate::limits::{Budget, TooLarge};

/// What comes before a place in the string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Start,
    /// A word character.
    Word,
    /// Any character, or one that is no word character where a pattern tells them apart.
    Other,
}

/// What may come next, once assertions have been crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum After {
    Any,
    Word,
    /// A character that is no word character, or the end.
    NotWord,
    End,
}

impl After {
    fn meet(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Any, x) | (x, Self::Any) => Some(x),
            (Self::NotWord, Self::End) | (Self::End, Self::NotWord) => Some(Self::End),
            (a, b) => (a == b).then_some(a),
        }
    }

    /// Whether this holds wherever `other` does.
    pub(super) fn covers(self, other: Self) -> bool {
        self.meet(other) == Some(other)
    }

    pub(super) fn admits_char(self, is_word: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Word => is_word,
            Self::NotWord => !is_word,
            Self::End => false,
        }
    }

    pub(super) fn admits_end(self) -> bool {
        self != Self::Word
    }
}

/// The number of a set of lookahead states that must all come to match; 0 is the empty set.
pub(super) type DutyId = u32;

/// The number of an [`Item`]. That of an item without conditions is its node's.
pub(super) type ItemId = u32;

/// A thread of the simulation: a node, under conditions on the rest of the string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Item {
    pub(super) node: NodeId,
    pub(super) after: After,
    pub(super) duty: DutyId,
}

/// Sets of lookahead automaton states, kept as sorted (automaton, state) pairs.
#[derive(Debug)]
pub(super) struct Duties {
    sets: Interner,
    steps: FxHashMap<(DutyId, u32), DutyId>,
    work: usize,
}

impl Duties {
    fn new() -> Self {
        let mut sets = Interner::default();
        sets.intern(&[]);
        Self {
            sets,
            steps: FxHashMap::default(),
            work: 0,
        }
    }

    /// The work done since last asked, to be charged to a budget.
    pub(super) fn take_work(&mut self) -> usize {
        std::mem::take(&mut self.work)
    }

    fn pairs(&self, duty: DutyId) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.sets
            .get(duty)
            .chunks_exact(2)
            .map(|pair| (pair[0], pair[1]))
    }

    fn intern(&mut self, mut pairs: Vec<(u32, u32)>) -> DutyId {
        self.work += 8 + 4 * pairs.len(); // sorting and hashing, in units of a plain item
        pairs.sort_unstable();
        pairs.dedup();
        let flat: Vec<u32> = pairs.into_iter().flat_map(|(dfa, s)| [dfa, s]).collect();
        self.sets.intern(&flat)
    }

    pub(super) fn union(&mut self, a: DutyId, b: DutyId) -> DutyId {
        match (a, b) {
            (0, x) | (x, 0) => x,
            _ if a == b => a,
            _ => self.intern(self.pairs(a).chain(self.pairs(b)).collect()),
        }
    }

    /// The duties after a character, given by the class each automaton puts it in; `None` when
    /// one of them failed. A duty that can no longer fail is dropped.
    pub(super) fn step(
        &mut self,
        duty: DutyId,
        class: u32,
        looks: &LookTable,
        part_class: impl Fn(u32) -> u32,
    ) -> Option<DutyId> {
        if duty == 0 {
            return Some(0);
        }
        if let Some(&next) = self.steps.get(&(duty, class)) {
            return (next != DEAD).then_some(next);
        }
        let stepped: Option<Vec<(u32, u32)>> = self
            .pairs(duty)
            .map(|(number, s)| Some((number, looks.dfa(number).next_class(s, part_class(number))?)))
            .collect();
        let next = stepped.map(|mut pairs| {
            pairs.retain(|&(number, s)| !looks.dfa(number).is_universal(s));
            self.intern(pairs)
        });
        self.steps.insert((duty, class), next.unwrap_or(DEAD));
        next
    }

    pub(super) fn admits_end(&self, duty: DutyId, looks: &LookTable) -> bool {
        self.pairs(duty)
            .all(|(number, s)| looks.dfa(number).is_match(s))
    }

    pub(super) fn is_subset(&self, a: DutyId, b: DutyId) -> bool {
        a == 0
            || a == b
            || self
                .pairs(a)
                .all(|pair| self.pairs(b).any(|other| other == pair))
    }
}

/// Closures of nodes, computed once for each kind of character and each set of lookbehinds before
/// them.
#[derive(Debug)]
pub(super) struct Closures<'a> {
    nfa: &'a Nfa,
    looks: &'a LookTable,
    pub(super) duties: Duties,
    /// Items with conditions; their ids follow those of the nodes.
    extra: Vec<Item>,
    extra_ids: FxHashMap<Item, ItemId>,
    /// Which lookbehinds hold at the place at hand, as bits.
    pub(super) behind: u32,
    /// Closures by node and character before, for each value of `behind`.
    known: FxHashMap<u32, Vec<Option<(u32, u32)>>>,
    pool: Vec<ItemId>,
}

impl<'a> Closures<'a> {
    pub(super) fn new(nfa: &'a Nfa, looks: &'a LookTable) -> Self {
        Self {
            nfa,
            looks,
            duties: Duties::new(),
            extra: Vec::new(),
            extra_ids: FxHashMap::default(),
            behind: 0,
            known: FxHashMap::default(),
            pool: Vec::new(),
        }
    }

    pub(super) fn item(&self, id: ItemId) -> Item {
        match (id as usize).checked_sub(self.nfa.states.len()) {
            None => Item {
                node: id,
                after: After::Any,
                duty: 0,
            },
            Some(at) => self.extra[at],
        }
    }

    pub(super) fn is_plain(&self, id: ItemId) -> bool {
        (id as usize) < self.nfa.states.len()
    }

    pub(super) fn id(&mut self, item: Item) -> ItemId {
        if item.after == After::Any && item.duty == 0 {
            return item.node;
        }
        let new = (self.nfa.states.len() + self.extra.len()) as ItemId;
        *self.extra_ids.entry(item).or_insert_with(|| {
            self.extra.push(item);
            new
        })
    }

    /// The number of items known so far.
    pub(super) fn len(&self) -> usize {
        self.nfa.states.len() + self.extra.len()
    }

    pub(super) fn get(&self, (start, end): (u32, u32)) -> &[ItemId] {
        &self.pool[start as usize..end as usize]
    }

    /// The items that read a character or accept, reachable from `node` without reading: their
    /// place in the pool, for [`Self::get`].
    pub(super) fn closure(
        &mut self,
        node: NodeId,
        before: Before,
        budget: &mut Budget<'_>,
    ) -> Result<(u32, u32), TooLarge> {
        let slot = 3 * node as usize + before as usize;
        let slots = 3 * self.nfa.states.len();
        let known = self.known.entry(self.behind);
        let known = known.or_insert_with(|| vec![None; slots]);
        if let Some(range) = known[slot] {
            return Ok(range);
        }
        let start = self.pool.len() as u32;
        let mut seen = SmallSet::default();
        let mut work = vec![node];
        while let Some(id) = work.pop() {
            if !seen.insert(id) {
                continue;
            }
            budget.steps(1 + self.duties.take_work())?;
            let item = self.item(id);
            match self.nfa.states[item.node as usize] {
                State::Split(a, b) => {
                    work.push(self.id(Item { node: b, ..item }));
                    work.push(self.id(Item { node: a, ..item }));
                }
                State::Assert(assert, node) => {
                    let after = crossing(assert, before, self.behind);
                    if let Some(after) = after.and_then(|x| item.after.meet(x)) {
                        work.push(self.id(Item {
                            node,
                            after,
                            ..item
                        }));
                    }
                }
                State::Look(look, node) => {
                    let number = self.looks.variant(look, before);
                    let dfa = self.looks.dfa(number);
                    if let Some(s) = dfa.start() {
                        let pairs = if dfa.is_universal(s) {
                            vec![]
                        } else {
                            vec![(number, s)]
                        };
                        let duty = self.duties.intern(pairs);
                        let duty = self.duties.union(item.duty, duty);
                        work.push(self.id(Item { node, duty, ..item }));
                    }
                }
                State::Set(..) | State::Any(_) if item.after == After::End => {}
                State::Set(..) | State::Any(_) | State::Match | State::Accept => self.pool.push(id),
            }
        }
        let range = (start, self.pool.len() as u32);
        if let Some(known) = self.known.get_mut(&self.behind) {
            known[slot] = Some(range);
        }
        Ok(range)
    }
}

/// What must follow for an assertion to hold after `before`; `None` when it cannot.
fn crossing(assert: Assert, before: Before, behind: u32) -> Option<After> {
    match (assert, before) {
        (Assert::Behind(id, holds), _) => ((behind >> id & 1 != 0) == holds).then_some(After::Any),
        (Assert::Start, Before::Start) => Some(After::Any),
        (Assert::Start, _) => None,
        (Assert::End, _) => Some(After::End),
        (Assert::WordBoundary, Before::Word) => Some(After::NotWord),
        (Assert::WordBoundary, _) => Some(After::Word),
        (Assert::NotWordBoundary, Before::Word) => Some(After::Word),
        (Assert::NotWordBoundary, _) => Some(After::NotWord),
    }
}

/// A set of ids that is a list while small, as nearly all closures are.
#[derive(Default)]
struct SmallSet {
    few: Vec<u32>,
    many: rustc_hash::FxHashSet<u32>,
}

impl SmallSet {
    fn insert(&mut self, id: u32) -> bool {
        const FEW: usize = 16;
        if self.few.len() < FEW {
            let new = !self.few.contains(&id);
            if new {
                self.few.push(id);
            }
            return new;
        }
        !self.few.contains(&id) && self.many.insert(id)
    }
}
