//! Boolean operations, all of them products with a rule for labels.

#![expect(
    clippy::indexing_slicing,
    reason = "there is a slot for each part, and a class of each part for each class"
)]

use super::{DEAD, Dfa, Raw, StateId};
use crate::alphabet::Alphabet;
use crate::interner::Interner;
use crate::limits::{Budget, Limits, TooLarge};

/// Neither a state nor [`DEAD`].
const NO_STATE: StateId = DEAD - 1;

type LabelRule<'a> = &'a dyn Fn(&[Option<u32>]) -> Option<u32>;

impl Dfa {
    /// The product of `parts` over the common refinement of their alphabets.
    ///
    /// `label` gets one slot for each part, with that part's label in the state it has reached:
    /// `None` when it does not match there or has died. The product goes on while anything can
    /// still be labelled, also after parts (even all of them) have died.
    ///
    /// Time and memory are linear in the product's table.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when the product, counted before trimming, crosses a limit.
    pub fn combine(
        parts: &[&Self],
        label: &dyn Fn(&[Option<u32>]) -> Option<u32>,
        limits: &Limits,
    ) -> Result<Self, TooLarge> {
        let all_dead = vec![None; parts.len()];
        let hopeless = label(&all_dead).is_none();
        product(
            parts,
            label,
            |tuple: &[StateId]| hopeless && tuple.iter().all(|&s| s == DEAD),
            limits,
        )
    }

    /// The words in every part, labelled 0; all words when there are no parts.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] as for [`Self::combine`].
    pub fn intersection(parts: &[&Self], limits: &Limits) -> Result<Self, TooLarge> {
        let all = |labels: &[Option<u32>]| labels.iter().all(Option::is_some).then_some(0);
        product(
            parts,
            &all,
            |tuple: &[StateId]| tuple.contains(&DEAD),
            limits,
        )
    }

    /// The words in every part, or outside of it where its flag is false, labelled 0.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] as for [`Self::combine`]; words that some part rules out, whatever follows,
    /// are not gone on with.
    pub fn conjunction(parts: &[(&Self, bool)], limits: &Limits) -> Result<Self, TooLarge> {
        let all: Vec<&Self> = parts.iter().map(|&(dfa, _)| dfa).collect();
        // Where each part rules out all words: where it has died, or accepts whatever follows.
        let lost: Vec<StateId> = parts
            .iter()
            .map(|&(dfa, holds)| match holds {
                true => DEAD,
                false => dfa.sink().unwrap_or(NO_STATE),
            })
            .collect();
        let label = |labels: &[Option<u32>]| {
            let mut right = labels.iter().zip(parts);
            right
                .all(|(label, &(_, holds))| label.is_some() == holds)
                .then_some(0)
        };
        let hopeless = |tuple: &[StateId]| tuple.iter().zip(&lost).any(|(s, lost)| s == lost);
        product(&all, &label, hopeless, limits)
    }

    /// The state that accepts whatever follows; in an automaton that is minimal there is no other.
    fn sink(&self) -> Option<StateId> {
        let loops = |&s: &StateId| self.is_match(s) && self.row(s).iter().all(|&next| next == s);
        (0..self.state_count() as StateId).find(loops)
    }

    /// The words in some part, labelled 0.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] as for [`Self::combine`].
    pub fn union(parts: &[&Self], limits: &Limits) -> Result<Self, TooLarge> {
        let any = |labels: &[Option<u32>]| labels.iter().any(Option::is_some).then_some(0);
        Self::combine(parts, &any, limits)
    }

    /// The words not accepted, labelled 0. At most one state more.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] as for [`Self::combine`].
    pub fn complement(&self, limits: &Limits) -> Result<Self, TooLarge> {
        let flip = |labels: &[Option<u32>]| labels[0].is_none().then_some(0);
        Self::combine(&[self], &flip, limits)
    }

    /// The words accepted here and not by `other`, labelled 0.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] as for [`Self::combine`].
    pub fn difference(&self, other: &Self, limits: &Limits) -> Result<Self, TooLarge> {
        let minus =
            |labels: &[Option<u32>]| (labels[0].is_some() && labels[1].is_none()).then_some(0);
        product(
            &[self, other],
            &minus,
            |tuple: &[StateId]| tuple[0] == DEAD,
            limits,
        )
    }
}

/// The product, without the tuples of which `hopeless` holds: no labelled one may follow them.
fn product(
    parts: &[&Dfa],
    label: LabelRule<'_>,
    hopeless: impl Fn(&[StateId]) -> bool,
    limits: &Limits,
) -> Result<Dfa, TooLarge> {
    let mut budget = Budget::new(limits);
    let alphabets: Vec<&Alphabet> = parts.iter().map(|dfa| &dfa.alphabet).collect();
    let (alphabet, map) = Alphabet::product(&alphabets);
    let mut tuples = Interner::default();
    let mut tuple: Vec<StateId> = parts
        .iter()
        .map(|dfa| dfa.start().unwrap_or(DEAD))
        .collect();
    tuples.intern(&tuple);
    let (mut table, mut labels) = (Vec::new(), Vec::new());
    let mut slots = vec![None; parts.len()];
    // The parts' rows at hand; nothing for a part that has died.
    let mut rows: Vec<&[StateId]> = Vec::with_capacity(parts.len());
    let mut at = 0;
    while at < tuples.len() {
        budget.table(tuples.len(), alphabet.len())?;
        rows.clear();
        for ((slot, dfa), &s) in slots.iter_mut().zip(parts).zip(tuples.get(at as u32)) {
            *slot = dfa.label(s);
            rows.push(if s == DEAD { &[] } else { dfa.row(s) });
        }
        labels.push(label(&slots));
        // Neighbouring classes mostly lead to the same tuple.
        let mut last = None;
        for class in 0..alphabet.len() {
            let mut same = true;
            let part_classes = &map[class * parts.len()..][..parts.len()];
            for ((slot, row), &class) in tuple.iter_mut().zip(&rows).zip(part_classes) {
                let next = row.get(class as usize).copied().unwrap_or(DEAD);
                same &= *slot == next;
                *slot = next;
            }
            let next = match last {
                Some(next) if same => next,
                _ if hopeless(&tuple) => DEAD,
                _ => tuples.intern(&tuple),
            };
            last = Some(next);
            table.push(next);
        }
        at += 1;
    }
    Ok(Raw {
        alphabet,
        table,
        labels,
    }
    .finish())
}
