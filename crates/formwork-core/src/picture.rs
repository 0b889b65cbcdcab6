//! Masks as what they are made of: rows that many masks share, and a few tokens.

use formwork_vocab::{TokenId, mask};
use smallvec::SmallVec;

use crate::bases::BaseMask;
use crate::index::{Row, TokenIndex};
use crate::mask::MaskKind;
use crate::parts::{MaskParts, max_delta};
use crate::token_set::TokenSet;

/// A mask, taken apart: much smaller than a row, and painted as quickly as one is
/// copied.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    rows: SmallVec<[Row; 1]>,
    tokens: Vec<TokenId>,
    /// Ranges of tokens, as far as they exist.
    ranges: Vec<(u32, u32)>,
    /// Tokens that are not allowed after all.
    cleared: Vec<TokenId>,
    /// The rows by number, once somebody asked for parts.
    bases: Option<Box<[BaseMask]>>,
    /// Words of rows that were made for parts.
    own_words: usize,
}

impl Picture {
    /// An empty one that gathers its tokens in a buffer.
    pub(crate) fn within(mut buffer: Vec<TokenId>) -> Picture {
        buffer.clear();
        Picture {
            tokens: buffer,
            ..Picture::default()
        }
    }

    /// Takes the tokens out of the buffer, and gives it back.
    pub(crate) fn settle(&mut self) -> Vec<TokenId> {
        let own = self.tokens.to_vec();
        std::mem::replace(&mut self.tokens, own)
    }

    pub(crate) fn add(&mut self, set: &TokenSet) {
        if let Some(row) = &set.dense {
            self.add_row(row);
        }
        self.tokens.extend_from_slice(&set.sparse);
    }

    pub(crate) fn add_row(&mut self, row: &Row) {
        let known = self.rows.iter().any(|known| std::ptr::eq(&**known, &**row));
        if !known {
            self.rows.push(Row::clone(row));
        }
    }

    pub(crate) fn add_tokens(&mut self, tokens: &[TokenId]) {
        self.tokens.extend_from_slice(tokens);
    }

    pub(crate) fn add_range(&mut self, first: u32, last: u32) {
        self.ranges.push((first, last));
    }

    /// Decides about a token, whatever else there is; `row` is painted already.
    pub(crate) fn decide(&mut self, token: TokenId, allowed: bool, row: &mut [u32]) {
        match allowed {
            true => {
                self.tokens.push(token);
                mask::set(row, token);
            }
            false => {
                self.cleared.push(token);
                mask::clear(row, token);
            }
        }
    }

    /// Overwrites a row of the vocabulary's length.
    pub(crate) fn paint(&self, index: &TokenIndex, row: &mut [u32]) {
        match self.rows.split_first() {
            None => row.fill(0),
            Some((first, more)) => {
                row.copy_from_slice(first);
                for more in more {
                    mask::or_into(row, more);
                }
            }
        }
        mask::set_all(row, &self.tokens);
        for &(first, last) in &self.ranges {
            index.allow_range(row, first, last);
        }
        for &token in &self.cleared {
            mask::clear(row, token);
        }
    }

    /// What the mask comes to, once painted.
    pub(crate) fn kind(&self, row: &[u32]) -> MaskKind {
        if !self.rows.is_empty() || !self.ranges.is_empty() || !self.cleared.is_empty() {
            return MaskKind::of(row);
        }
        match self.tokens.split_first() {
            None => MaskKind::Stopped,
            Some((only, more)) if more.iter().all(|token| token == only) => MaskKind::One(*only),
            Some(_) => MaskKind::Many,
        }
    }

    /// The mask in parts. The first time costs a sort of the tokens, and a look at each
    /// row; later ones a copy of the lists.
    pub(crate) fn parts(&mut self, index: &TokenIndex, kind: MaskKind) -> MaskParts {
        let words = index.vocab().mask_words();
        let bases = match self.bases.take() {
            Some(bases) => bases,
            None => self.tidy(index, words),
        };
        let parts = MaskParts::new(kind, words, &bases, &self.tokens, &self.cleared);
        self.bases = Some(bases);
        parts
    }

    /// Numbers the rows and leaves of the lists what a delta is: the mask stays as it
    /// is.
    fn tidy(&mut self, index: &TokenIndex, words: usize) -> Box<[BaseMask]> {
        if !self.ranges.is_empty() {
            let mut named = vec![0; words];
            for (first, last) in self.ranges.drain(..) {
                index.allow_range(&mut named, first, last);
            }
            match mask::count_ones(&named) <= max_delta(words) {
                true => self.tokens.extend(mask::iter_ones(&named)),
                false => self.add_own(named),
            }
        }
        self.cleared.sort_unstable();
        self.cleared.dedup();
        self.tokens.sort_unstable();
        self.tokens.dedup();
        let (rows, cleared) = (&self.rows, &self.cleared);
        let in_rows = |token: TokenId| rows.iter().any(|row| mask::get(row, token));
        self.tokens
            .retain(|&token| !in_rows(token) && cleared.binary_search(&token).is_err());
        if self.tokens.len() + self.cleared.len() > max_delta(words) {
            let mut row = vec![0; words];
            self.paint(index, &mut row);
            *self = Picture::default();
            self.add_own(row);
        }
        let rows = &self.rows;
        let in_rows = |token: TokenId| rows.iter().any(|row| mask::get(row, token));
        self.cleared.retain(|&token| in_rows(token));
        let mut bases: Vec<BaseMask> = self.rows.iter().map(|row| index.base(row)).collect();
        bases.sort_unstable_by_key(BaseMask::id);
        bases.dedup_by_key(|base| base.id());
        bases.into()
    }

    fn add_own(&mut self, row: Vec<u32>) {
        self.own_words += row.len();
        self.rows.push(row.into());
    }

    /// Approximate heap use, in bytes, without rows that others hold.
    pub(crate) fn heap_bytes(&self) -> usize {
        let tokens = self.tokens.capacity() + 2 * self.ranges.len() + self.cleared.len();
        let bases = self.bases.as_ref().map_or(0, |bases| bases.len());
        size_of::<Picture>() + size_of::<BaseMask>() * bases + 4 * (tokens + self.own_words)
    }
}
