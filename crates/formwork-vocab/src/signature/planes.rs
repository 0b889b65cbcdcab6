//! For each ASCII byte, the tokens in which it occurs.

#![expect(clippy::indexing_slicing, reason = "there is a plane for every byte")]

use crate::{TokenId, mask};

/// One plane per ASCII byte.
#[derive(Clone, Debug)]
pub(super) struct Planes {
    planes: Vec<Plane>,
}

#[derive(Clone, Debug)]
struct Plane {
    count: usize,
    ids: Ids,
}

/// Setting the bits of a short list is faster than going over a whole row.
#[derive(Clone, Debug)]
enum Ids {
    List(Box<[TokenId]>),
    Row(Box<[u32]>),
}

/// A row costs as much as a list of one id for every so many words.
const WORDS_PER_ID: usize = 12;

impl Planes {
    pub(super) fn new(ascii: &[[u64; 2]]) -> Planes {
        let mut lists = vec![Vec::new(); 128];
        for (id, &set) in ascii.iter().enumerate() {
            for b in iter_set(set) {
                lists[b].push(TokenId(id as u32));
            }
        }
        let words = mask::words(ascii.len());
        Planes {
            planes: lists
                .into_iter()
                .map(|list| Plane::new(list, words))
                .collect(),
        }
    }

    /// How many tokens each byte of `set` occurs in, summed up.
    pub(super) fn count(&self, set: [u64; 2]) -> usize {
        iter_set(set).map(|b| self.planes[b].count).sum()
    }

    /// What [`or_into`](Planes::or_into) costs, in ids set one by one.
    pub(super) fn cost(&self, set: [u64; 2]) -> usize {
        let cost = |b: usize| match &self.planes[b].ids {
            Ids::List(list) => list.len(),
            Ids::Row(row) => row.len() / WORDS_PER_ID,
        };
        iter_set(set).map(cost).sum()
    }

    /// Sets the bit of every token in which a byte of `set` occurs.
    pub(super) fn or_into(&self, set: [u64; 2], row: &mut [u32]) {
        for b in iter_set(set) {
            match &self.planes[b].ids {
                Ids::List(list) => mask::set_all(row, list),
                Ids::Row(plane) => mask::or_into(row, plane),
            }
        }
    }
}

impl Plane {
    fn new(list: Vec<TokenId>, words: usize) -> Plane {
        let count = list.len();
        if count * WORDS_PER_ID < words {
            return Plane {
                count,
                ids: Ids::List(list.into()),
            };
        }
        let mut row = vec![0; words];
        mask::set_all(&mut row, &list);
        Plane {
            count,
            ids: Ids::Row(row.into()),
        }
    }
}

/// The bytes of a set, ascending.
fn iter_set(set: [u64; 2]) -> impl Iterator<Item = usize> {
    [(set[0], 0), (set[1], 64)]
        .into_iter()
        .flat_map(|(mut word, base)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                word &= word.checked_sub(1)?;
                Some(base + bit)
            })
        })
}
