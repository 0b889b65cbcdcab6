//! Masks as what they are made of: rows that many masks share, and a few tokens.

use formwork_vocab::{TokenId, mask};
use smallvec::SmallVec;

use crate::index::{Row, TokenIndex};
use crate::mask::MaskKind;
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
}

impl Picture {
    pub(crate) fn add(&mut self, set: &TokenSet) {
        if let Some(row) = &set.dense {
            let known = self.rows.iter().any(|known| std::ptr::eq(&**known, &**row));
            if !known {
                self.rows.push(Row::clone(row));
            }
        }
        self.tokens.extend_from_slice(&set.sparse);
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

    /// Gives back what memory is spare.
    pub(crate) fn shrink(&mut self) {
        self.tokens.shrink_to_fit();
    }

    /// Approximate heap use, in bytes, without rows.
    pub(crate) fn heap_bytes(&self) -> usize {
        let tokens = self.tokens.capacity() + 2 * self.ranges.len() + self.cleared.len();
        size_of::<Picture>() + 4 * tokens
    }
}
