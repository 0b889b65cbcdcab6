//! Sets of tokens, dense or sparse or both.

use std::sync::Arc;

use formwork_vocab::{TokenId, Vocab, mask};

use crate::index::{Row, TokenIndex};

/// A set of tokens: a row that others may hold as well, and a list.
#[derive(Clone, Default, Debug)]
pub(crate) struct TokenSet {
    pub(crate) dense: Option<Row>,
    pub(crate) sparse: Box<[TokenId]>,
}

/// Above so many tokens a row is smaller and quicker than a list.
const MAX_SPARSE: usize = 1000;

impl TokenSet {
    /// The tokens of a row and a list.
    pub(crate) fn new(index: &TokenIndex, dense: Option<Row>, sparse: &[TokenId]) -> TokenSet {
        TokenSet::with(index.vocab(), dense, sparse, MAX_SPARSE)
    }

    /// The same with a list of at most so many tokens.
    pub(crate) fn with(
        vocab: &Vocab,
        dense: Option<Row>,
        sparse: &[TokenId],
        max_sparse: usize,
    ) -> TokenSet {
        if sparse.len() <= max_sparse {
            return TokenSet {
                dense,
                sparse: sparse.into(),
            };
        }
        let mut row = match dense {
            Some(dense) => dense.to_vec(),
            None => vec![0u32; vocab.mask_words()],
        };
        mask::set_all(&mut row, sparse);
        TokenSet {
            dense: Some(Arc::from(row)),
            sparse: Box::default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.dense.is_none() && self.sparse.is_empty()
    }

    /// Approximate heap use, in bytes, without a row that others hold.
    pub(crate) fn heap_bytes(&self) -> usize {
        let own = self.dense.iter().filter(|row| Arc::strong_count(row) == 1);
        4 * self.sparse.len() + own.map(|row| 4 * row.len()).sum::<usize>()
    }

    pub(crate) fn or_into(&self, row: &mut [u32]) {
        if let Some(dense) = &self.dense {
            mask::or_into(row, dense);
        }
        mask::set_all(row, &self.sparse);
    }
}
