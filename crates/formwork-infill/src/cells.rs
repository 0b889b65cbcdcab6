//! What schedulers fill: a canvas under a grammar, or one without.

use std::sync::Arc;

use formwork_vocab::{TokenId, Vocab, mask};

use crate::canvas::Canvas;
use crate::canvas::Cell;
use crate::{Filling, InfillError};

/// Positions that are filled one by one, and what each of them may hold.
pub trait Cells {
    /// The number of positions.
    fn len(&self) -> usize;

    /// Whether there are no positions.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a position is open.
    fn is_open(&self, position: usize) -> bool;

    /// The open positions, ascending.
    fn open(&self) -> Vec<usize> {
        (0..self.len())
            .filter(|&position| self.is_open(position))
            .collect()
    }

    /// What is at a position, if anything is; a token that ends the text for an end.
    fn token(&self, position: usize) -> Option<TokenId>;

    /// The vocabulary.
    fn vocab(&self) -> &Arc<Vocab>;

    /// The tokens that end a text.
    fn ends(&self) -> &[TokenId];

    /// Whether what is allowed depends on the other positions.
    fn is_constrained(&self) -> bool;

    /// Writes the [row](mask) of the tokens that are allowed at an open position.
    ///
    /// # Errors
    ///
    /// As [`Filling::fill_mask`].
    fn fill_mask(&self, position: usize, row: &mut [u32]) -> Result<(), InfillError>;

    /// Whether a token is allowed at an open position.
    fn allows(&self, position: usize, token: TokenId) -> bool;

    /// Puts a token at an open position.
    ///
    /// # Errors
    ///
    /// As [`Filling::commit`].
    fn commit(&mut self, position: usize, token: TokenId) -> Result<(), InfillError>;

    /// Opens a position again that was open at first.
    ///
    /// # Errors
    ///
    /// As [`Filling::reopen`].
    fn reopen(&mut self, position: usize) -> Result<(), InfillError>;

    /// The most probable tokens of all open positions together, as
    /// [`Filling::most_probable`] finds them; `None` if no position depends on another, as by
    /// default.
    ///
    /// # Errors
    ///
    /// As [`Filling::most_probable`].
    fn most_probable(
        &self,
        _logits: &mut dyn FnMut(usize, &mut [f32]),
    ) -> Result<Option<Vec<(usize, TokenId)>>, InfillError> {
        Ok(None)
    }

    /// The bytes of the text, up to its end or the first open position.
    fn text(&self) -> Vec<u8> {
        let tokens = (0..self.len()).map_while(|position| {
            let token = self.token(position)?;
            (!self.ends().contains(&token)).then(|| self.vocab().bytes(token))
        });
        tokens.collect::<Vec<_>>().concat()
    }
}

impl Cells for Filling {
    fn len(&self) -> usize {
        Filling::len(self)
    }

    fn is_open(&self, position: usize) -> bool {
        Filling::is_open(self, position)
    }

    fn token(&self, position: usize) -> Option<TokenId> {
        Filling::token(self, position)
    }

    fn vocab(&self) -> &Arc<Vocab> {
        self.checker().vocab()
    }

    fn ends(&self) -> &[TokenId] {
        self.checker().ends()
    }

    fn is_constrained(&self) -> bool {
        true
    }

    fn fill_mask(&self, position: usize, row: &mut [u32]) -> Result<(), InfillError> {
        Filling::fill_mask(self, position, row)
    }

    fn allows(&self, position: usize, token: TokenId) -> bool {
        Filling::allows(self, position, token)
    }

    fn commit(&mut self, position: usize, token: TokenId) -> Result<(), InfillError> {
        Filling::commit(self, position, token)
    }

    fn reopen(&mut self, position: usize) -> Result<(), InfillError> {
        Filling::reopen(self, position)
    }

    fn most_probable(
        &self,
        logits: &mut dyn FnMut(usize, &mut [f32]),
    ) -> Result<Option<Vec<(usize, TokenId)>>, InfillError> {
        Filling::most_probable(self, logits).map(|(tokens, _)| Some(tokens))
    }
}

/// A canvas without a grammar: every token of the vocabulary may stand anywhere. For
/// comparison.
#[derive(Clone, Debug)]
pub struct FreeCells {
    vocab: Arc<Vocab>,
    cells: Vec<Option<TokenId>>,
    was_open: Vec<bool>,
    allowed: Vec<u32>,
}

impl FreeCells {
    /// The positions of a canvas; gaps are as long as they can be.
    ///
    /// No position takes `mask_token`, which means that nothing is there.
    #[must_use]
    pub fn new(canvas: &Canvas, vocab: Arc<Vocab>, mask_token: TokenId) -> FreeCells {
        let end = vocab.stop_ids().first().copied();
        let cells: Vec<Option<TokenId>> = canvas
            .cells(vocab.stop_ids())
            .into_iter()
            .map(|cell| match cell {
                Cell::Token(token) => Some(token),
                Cell::End => end,
                Cell::Open | Cell::Optional { .. } => None,
            })
            .collect();
        let mut allowed = vec![0; vocab.mask_words()];
        let all: Vec<TokenId> = (0..vocab.len())
            .filter_map(|id| u32::try_from(id).ok())
            .map(TokenId)
            .filter(|&token| token != mask_token)
            .collect();
        mask::set_all(&mut allowed, &all);
        FreeCells {
            was_open: cells.iter().map(Option::is_none).collect(),
            cells,
            allowed,
            vocab,
        }
    }
}

impl Cells for FreeCells {
    fn len(&self) -> usize {
        self.cells.len()
    }

    fn is_open(&self, position: usize) -> bool {
        self.cells.get(position) == Some(&None)
    }

    fn token(&self, position: usize) -> Option<TokenId> {
        *self.cells.get(position)?
    }

    fn vocab(&self) -> &Arc<Vocab> {
        &self.vocab
    }

    fn ends(&self) -> &[TokenId] {
        self.vocab.stop_ids()
    }

    fn is_constrained(&self) -> bool {
        false
    }

    fn fill_mask(&self, position: usize, row: &mut [u32]) -> Result<(), InfillError> {
        if !self.is_open(position) {
            return Err(InfillError::NoSuchPosition { position });
        }
        if row.len() != self.allowed.len() {
            return Err(InfillError::WrongRow {
                words: row.len(),
                needed: self.allowed.len(),
            });
        }
        row.copy_from_slice(&self.allowed);
        Ok(())
    }

    fn allows(&self, position: usize, token: TokenId) -> bool {
        let is_token = token.index() < self.vocab.len();
        is_token && self.is_open(position) && mask::get(&self.allowed, token)
    }

    fn commit(&mut self, position: usize, token: TokenId) -> Result<(), InfillError> {
        if !self.allows(position, token) {
            return Err(match self.is_open(position) {
                true => InfillError::NotAllowed { position, token },
                false => InfillError::NoSuchPosition { position },
            });
        }
        if let Some(cell) = self.cells.get_mut(position) {
            *cell = Some(token);
        }
        Ok(())
    }

    fn reopen(&mut self, position: usize) -> Result<(), InfillError> {
        match (self.was_open.get(position), self.cells.get_mut(position)) {
            (Some(true), Some(cell)) => {
                *cell = None;
                Ok(())
            }
            _ => Err(InfillError::NoSuchPosition { position }),
        }
    }
}

/// The token of a row with one choice; ends of text are one. The row is used up.
pub(crate) fn only(row: &mut [u32], ends: &[TokenId]) -> Option<TokenId> {
    match ends.first() {
        Some(&end) if mask::get(row, end) => {
            ends.iter().for_each(|&end| mask::clear(row, end));
            mask::is_empty(row).then_some(end)
        }
        _ => mask::only(row),
    }
}
