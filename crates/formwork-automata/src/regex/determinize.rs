//! The subset construction.
//!
//! Some things go beyond the textbook. Items carry conditions (see [`Item`]): what may come next
//! after `$` or `\b`, and which lookahead states must come to match. Items implied by others are
//! dropped, also those that have merely counted further (see [`counts`](super::counts)). And a subset that accepts whatever follows is replaced by one canonical state, which
//! keeps unanchored searches small.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes, sets and classes are numbers of the tables made here"
)]

use std::cmp::Reverse;

use super::ast::Ast;
use super::closure::{After, Before, Closures, Item, ItemId};
use super::looks::LookTable;
use super::nfa::{Nfa, State, sets_of};
use crate::alphabet::{Alphabet, ClassId};
use crate::charset::CharSet;
use crate::dfa::{DEAD, Dfa, Raw, StateId};
use crate::interner::Interner;
use crate::limits::{Budget, TooLarge};

/// Larger subsets are not searched for implied items, which takes time quadratic in their size.
const PRUNE_MAX: usize = 64;

/// The automaton of `nfa`, started after `before`.
///
/// `behinds` are the automata of the lookbehinds, over what was read. They run along: the state of
/// each follows the items of a subset.
pub(super) fn determinize(
    nfa: &Nfa,
    ast: &Ast,
    looks: &LookTable,
    behinds: &[Dfa],
    before: Before,
    budget: &mut Budget<'_>,
) -> Result<Dfa, TooLarge> {
    let classes = Classes::new(nfa, ast, looks, behinds);
    let mut past = Past::new(behinds);
    let mut subsets = Subsets {
        nfa,
        looks,
        closures: Closures::new(nfa, looks),
        next: Vec::new(),
        stamps: Vec::new(),
        stamp: 0,
    };
    let mut states = Interner::default();
    subsets.closures.behind = past.holding();
    let range = subsets.closures.closure(nfa.start, before, budget)?;
    subsets.begin();
    for at in 0..subsets.closures.get(range).len() {
        let id = subsets.closures.get(range)[at];
        subsets.add(id);
    }
    subsets.settle();
    subsets.append(&past);
    states.intern(&subsets.next);
    let (mut table, mut labels) = (Vec::new(), Vec::new());
    let mut subset: Vec<ItemId> = Vec::new();
    while labels.len() < states.len() {
        budget.table(states.len(), classes.alphabet.len())?;
        subset.clear();
        let whole = states.get(labels.len() as u32);
        let items = whole.len() - behinds.len();
        subset.extend_from_slice(&whole[..items]);
        let from = whole[items..].to_vec();
        labels.push(subsets.accepts(&subset).then_some(0));
        for class in 0..classes.alphabet.len() as ClassId {
            past.step(&from, &classes.behind_rows, class);
            subsets.closures.behind = past.holding();
            subsets.step(&subset, class, &classes, budget)?;
            let dead = subsets.next.is_empty();
            subsets.append(&past);
            table.push(if dead {
                DEAD
            } else {
                states.intern(&subsets.next)
            });
        }
    }
    Ok(Raw {
        alphabet: classes.alphabet,
        table,
        labels,
    }
    .finish())
}

/// The states of the lookbehinds' automata at a place.
struct Past<'a> {
    behinds: &'a [Dfa],
    states: Vec<StateId>,
}

impl<'a> Past<'a> {
    fn new(behinds: &'a [Dfa]) -> Self {
        let start = |dfa: &Dfa| dfa.start().unwrap_or(DEAD);
        Self {
            behinds,
            states: behinds.iter().map(start).collect(),
        }
    }

    fn step(&mut self, from: &[StateId], rows: &[Vec<ClassId>], class: ClassId) {
        self.states.clear();
        let parts = self.behinds.iter().zip(rows).zip(from);
        self.states.extend(parts.map(|((dfa, row), &s)| {
            let next = dfa.next_class(s, row[class as usize]);
            next.unwrap_or(DEAD)
        }));
    }

    fn holding(&self) -> u32 {
        let parts = self.behinds.iter().zip(&self.states).enumerate();
        parts.fold(0, |bits, (at, (dfa, &s))| {
            bits | u32::from(dfa.is_match(s)) << at
        })
    }
}

/// The alphabet of an NFA, and how its sets and lookaheads see each class.
struct Classes {
    alphabet: Alphabet,
    /// Row after row of bits: the classes in each set of the pattern.
    members: Vec<u64>,
    row_words: usize,
    is_word: Vec<bool>,
    /// The classes' counterparts in lookahead automata, in rows per automaton number.
    look_rows: Vec<(u32, Vec<ClassId>)>,
    /// The same for each lookbehind.
    behind_rows: Vec<Vec<ClassId>>,
}

impl Classes {
    fn new(nfa: &Nfa, ast: &Ast, looks: &LookTable, behinds: &[Dfa]) -> Self {
        let (set_ids, look_ids) = nfa.parts();
        let tells_words =
            nfa.asserts_words() || look_ids.iter().any(|&l| ast.looks[l as usize].uses.word);
        let mut sets = sets_of(ast, &set_ids);
        if tells_words {
            sets.push(CharSet::word());
        }
        let numbers = looks.numbers(&look_ids);
        let around = numbers.iter().map(|&number| looks.dfa(number));
        for dfa in around.chain(behinds) {
            let classes = dfa.classes();
            sets.extend(classes.map(|(_, ranges)| CharSet::from_ranges(ranges.iter().copied())));
        }
        let alphabet = Alphabet::refine(&sets);
        let row_words = alphabet.len().div_ceil(64);
        let mut members = vec![0u64; row_words * ast.sets.len()];
        for (&id, set) in set_ids.iter().zip(&sets) {
            let row = &mut members[id as usize * row_words..][..row_words];
            for class in set
                .ranges()
                .iter()
                .flat_map(|&(lo, hi)| alphabet.classes_in(lo, hi))
            {
                row[class as usize / 64] |= 1 << (class % 64);
            }
        }
        let faces: Vec<u32> = (0..alphabet.len() as ClassId)
            .map(|class| alphabet.ranges(class).first().map_or(0, |&(lo, _)| lo))
            .collect();
        let word = CharSet::word();
        let is_word = |&c: &u32| tells_words && char::from_u32(c).is_some_and(|c| word.contains(c));
        let look_row = |&number: &u32| {
            let dfa = looks.dfa(number);
            (number, faces.iter().map(|&c| dfa.class_of(c)).collect())
        };
        Self {
            row_words,
            members,
            is_word: faces.iter().map(is_word).collect(),
            look_rows: numbers.iter().map(look_row).collect(),
            behind_rows: behinds
                .iter()
                .map(|dfa| faces.iter().map(|&c| dfa.class_of(c)).collect())
                .collect(),
            alphabet,
        }
    }

    fn contains(&self, set: u32, class: ClassId) -> bool {
        let word = self.members[set as usize * self.row_words + class as usize / 64];
        word >> (class % 64) & 1 != 0
    }

    fn look_class(&self, number: u32, class: ClassId) -> ClassId {
        let row = self.look_rows.binary_search_by_key(&number, |row| row.0);
        row.map_or(ClassId::MAX, |at| self.look_rows[at].1[class as usize])
    }
}

/// Builds one subset at a time.
struct Subsets<'a> {
    nfa: &'a Nfa,
    looks: &'a LookTable,
    closures: Closures<'a>,
    next: Vec<ItemId>,
    /// An item is in `next` when its stamp is the current one.
    stamps: Vec<u32>,
    stamp: u32,
}

impl Subsets<'_> {
    fn begin(&mut self) {
        self.next.clear();
        self.stamp += 1;
    }

    fn add(&mut self, id: ItemId) {
        if self.stamps.len() <= id as usize {
            self.stamps.resize(self.closures.len(), 0);
        }
        if self.stamps[id as usize] != self.stamp {
            self.stamps[id as usize] = self.stamp;
            self.next.push(id);
        }
    }

    /// Fills `next` with the subset after `class`.
    fn step(
        &mut self,
        subset: &[ItemId],
        class: ClassId,
        classes: &Classes,
        budget: &mut Budget<'_>,
    ) -> Result<(), TooLarge> {
        self.begin();
        let is_word = classes.is_word[class as usize];
        let before = if is_word { Before::Word } else { Before::Other };
        for &id in subset {
            let item = self.closures.item(id);
            let target = match self.nfa.states[item.node as usize] {
                State::Set(set, target) if classes.contains(set, class) => Some(target),
                State::Any(target) => Some(target),
                State::Accept => None,
                _ => continue,
            };
            if !item.after.admits_char(is_word) {
                continue;
            }
            let part = |number| classes.look_class(number, class);
            let Some(duty) = self
                .closures
                .duties
                .step(item.duty, class, self.looks, part)
            else {
                continue;
            };
            match target {
                None => {
                    let id = self.closures.id(Item {
                        node: item.node,
                        after: After::Any,
                        duty,
                    });
                    self.add(id);
                }
                Some(target) => {
                    let range = self.closures.closure(target, before, budget)?;
                    self.add_all(range, duty);
                }
            }
        }
        budget.steps(subset.len() + self.next.len() + self.closures.duties.take_work())?;
        self.settle();
        Ok(())
    }

    fn add_all(&mut self, range: (u32, u32), duty: u32) {
        for at in 0..self.closures.get(range).len() {
            let mut id = self.closures.get(range)[at];
            if duty != 0 {
                let item = self.closures.item(id);
                let duty = self.closures.duties.union(item.duty, duty);
                id = self.closures.id(Item { duty, ..item });
            }
            self.add(id);
        }
    }

    /// Adds the past to the items; the one state that accepts whatever follows has none.
    fn append(&mut self, past: &Past<'_>) {
        let accepts_all = |&id: &ItemId| {
            self.closures.is_plain(id) && matches!(self.nfa.states[id as usize], State::Accept)
        };
        if self.next.iter().any(accepts_all) {
            self.next.extend(past.states.iter().map(|_| DEAD));
        } else {
            self.next.extend_from_slice(&past.states);
        }
    }

    /// Brings `next` into its normal form.
    fn settle(&mut self) {
        let accepts_all = |&id: &ItemId| {
            self.closures.is_plain(id) && matches!(self.nfa.states[id as usize], State::Accept)
        };
        if let Some(id) = self.next.iter().copied().find(accepts_all) {
            self.next.clear();
            self.next.push(id);
            return;
        }
        if !self.nfa.ranks.is_empty() && self.next.len() > 1 {
            self.drop_outcounted();
        }
        if self.next.len() <= PRUNE_MAX && !self.next.iter().all(|&id| self.closures.is_plain(id)) {
            self.prune();
        }
        self.next.sort_unstable();
    }

    /// Drops items that equal another one but for having fewer copies of a repetition left.
    fn drop_outcounted(&mut self) {
        let (closures, ranks) = (&self.closures, &self.nfa.ranks);
        let group = |id: ItemId| {
            let item = closures.item(id);
            let rank = ranks[item.node as usize];
            (
                (rank.key, item.after, item.duty),
                Reverse((rank.outer, rank.inner)),
            )
        };
        self.next.sort_unstable_by_key(|&id| group(id));
        let mut last = None;
        let mut most = 0;
        self.next.retain(|&id| {
            // Those before in the group have no fewer outer copies left.
            let (key, Reverse((_, inner))) = group(id);
            let keep = last != Some(key) || inner > most;
            if keep {
                (last, most) = (Some(key), inner);
            }
            keep
        });
    }

    /// Drops items implied by others.
    fn prune(&mut self) {
        let items: Vec<Item> = self.next.iter().map(|&id| self.closures.item(id)).collect();
        let implies = |a: &Item, b: &Item| {
            let same = a.node == b.node;
            let accept = matches!(self.nfa.states[a.node as usize], State::Accept);
            (same || accept)
                && a.after.covers(b.after)
                && self.closures.duties.is_subset(a.duty, b.duty)
        };
        // Implication is an order on distinct items, so one of them always stays.
        let keep = |b: &Item| !items.iter().any(|a| a != b && implies(a, b));
        let mut kept = items.iter().map(keep);
        self.next.retain(|_| kept.next().unwrap_or(true));
    }

    fn accepts(&self, subset: &[ItemId]) -> bool {
        subset.iter().map(|&id| self.closures.item(id)).any(|item| {
            matches!(
                self.nfa.states[item.node as usize],
                State::Match | State::Accept
            ) && item.after.admits_end()
                && self.closures.duties.admits_end(item.duty, self.looks)
        })
    }
}
