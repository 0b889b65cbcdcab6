//! The named tokens of a vocabulary that are not text.

#![expect(
    clippy::indexing_slicing,
    reason = "special tokens are numbered as they are kept"
)]

use crate::{TokenId, mask};

/// Special tokens, found by id and by name.
#[derive(Clone, Debug)]
pub(crate) struct Specials {
    by_id: Vec<(TokenId, Box<str>)>,
    by_name: Vec<u32>, // indexes of `by_id`
    row: Vec<u32>,
}

impl Specials {
    /// `by_id` must be sorted by id, each below `len`.
    pub(crate) fn new(by_id: Vec<(TokenId, Box<str>)>, len: usize) -> Specials {
        let mut row = vec![0; mask::words(len)];
        for &(id, _) in &by_id {
            mask::set(&mut row, id);
        }
        let mut by_name: Vec<u32> = (0..by_id.len() as u32).collect();
        // Stable: of equal names the lowest id comes first.
        by_name.sort_by(|&a, &b| by_id[a as usize].1.cmp(&by_id[b as usize].1));
        Specials {
            by_id,
            by_name,
            row,
        }
    }

    pub(crate) fn contains(&self, id: TokenId) -> bool {
        mask::get(&self.row, id)
    }

    pub(crate) fn name(&self, id: TokenId) -> Option<&str> {
        let at = self.by_id.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(&self.by_id[at].1)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<TokenId> {
        let at = self
            .by_name
            .partition_point(|&i| *self.by_id[i as usize].1 < *name);
        let (id, found) = &self.by_id[*self.by_name.get(at)? as usize];
        (**found == *name).then_some(*id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (TokenId, &str)> {
        self.by_id.iter().map(|(id, name)| (*id, &**name))
    }
}
