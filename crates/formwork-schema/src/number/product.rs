//! Numbers that satisfy several things at once.

#![expect(
    clippy::indexing_slicing,
    reason = "tuples are kept one behind the other"
)]

use formwork_grammar::terminal::LexState;
use formwork_grammar::{ByteDfa, ByteDfaBuilder, Terminal};

use crate::intern::{Index, hash_of};

use super::multiple::Residues;

/// One of the things to satisfy.
pub(super) enum Part {
    /// To be accepted, or rejected where the flag is false.
    Dfa(ByteDfa, bool),
    Residues(Residues),
}

/// What a rejecting automaton is in once it has died.
const DEAD: u32 = u32::MAX;

/// The bytes of numbers, in order.
const BYTES: [u8; 15] = *b"+-.0123456789Ee";

impl Part {
    fn start(&self) -> u32 {
        match self {
            Part::Dfa(dfa, _) => dfa.start().0[0],
            Part::Residues(_) => Residues::START,
        }
    }

    fn step(&self, state: u32, byte: u8) -> Option<u32> {
        match self {
            Part::Dfa(dfa, wanted) => match dfa.step(LexState([state, 0, 0, 0]), byte) {
                Some(to) => Some(to.0[0]),
                None => (!wanted).then_some(DEAD),
            },
            Part::Residues(residues) => residues.step(state, byte),
        }
    }

    fn accepts(&self, state: u32) -> bool {
        match self {
            Part::Dfa(dfa, wanted) => dfa.exit(LexState([state, 0, 0, 0])).is_some() == *wanted,
            Part::Residues(residues) => residues.accepts(state),
        }
    }
}

/// The words that satisfy every part; `None` if that takes more than `max_states` states.
pub(super) fn product(parts: &[Part], max_states: usize) -> Option<ByteDfa> {
    let width = parts.len();
    let mut builder = ByteDfaBuilder::default();
    // What each state stands for, one after the other.
    let mut tuples: Vec<u32> = parts.iter().map(Part::start).collect();
    let mut index = Index::default();
    let start = builder.state();
    index.add(hash_of(&tuples[..]));
    let mut next: Vec<u32> = Vec::with_capacity(width);
    let mut from = start;
    while (from as usize) < builder.len() {
        let at = from as usize * width;
        let states = parts.iter().zip(&tuples[at..]);
        if states.clone().all(|(part, &state)| part.accepts(state)) {
            builder.label(from, 0);
        }
        for byte in BYTES {
            next.clear();
            let states = parts.iter().zip(&tuples[at..]);
            next.extend(states.map_while(|(part, &state)| part.step(state, byte)));
            if next.len() < width {
                continue;
            }
            let hash = hash_of(&next[..]);
            let known = index.find(hash, |id| {
                tuples[id as usize * width..][..width] == next[..]
            });
            let to = match known {
                Some(to) => to,
                None if builder.len() >= max_states => return None,
                None => {
                    tuples.extend_from_slice(&next);
                    index.add(hash);
                    builder.state()
                }
            };
            builder.edge(from, byte, to);
        }
        from += 1;
    }
    Some(builder.build(start))
}
