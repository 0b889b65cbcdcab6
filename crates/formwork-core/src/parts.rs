//! Masks in parts: base masks that many masks share, and the few tokens that differ.

use formwork_vocab::{TokenId, mask};

use crate::bases::BaseMask;
use crate::error::MaskError;
use crate::mask::MaskKind;

/// A mask as base masks and a sparse delta.
///
/// The mask is the union of [`bases`](MaskParts::bases), with the bits of
/// [`set`](MaskParts::set) set and those of [`clear`](MaskParts::clear) cleared; no
/// token is in both. Both lists are ascending and as short as can be: `set` has no
/// token of a base, `clear` only such. Together they have at most a quarter as many
/// tokens as a row has words.
///
/// A server that keeps the rows of bases by their [`id`](BaseMask::id) where the
/// logits are has to send ids and lists only. It may drop any base at any time, best
/// the one that was not asked for longest: what a base costs when it comes again is to
/// send its row.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MaskParts {
    /// What the mask comes to; if it is [`One`](MaskKind::One) or
    /// [`Stopped`](MaskKind::Stopped), that is all a server needs.
    pub kind: MaskKind,
    /// Rows, mostly one or none, each once.
    pub bases: Vec<BaseMask>,
    /// Tokens that are allowed besides.
    pub set: Vec<TokenId>,
    /// Tokens of bases that are not allowed.
    pub clear: Vec<TokenId>,
    words: usize,
}

/// More tokens than so many are told by a base: a quarter of what a row takes.
pub(crate) fn max_delta(words: usize) -> usize {
    words / 4
}

impl MaskParts {
    /// Nothing may follow.
    pub(crate) fn stopped(words: usize) -> MaskParts {
        MaskParts {
            kind: MaskKind::Stopped,
            bases: Vec::new(),
            set: Vec::new(),
            clear: Vec::new(),
            words,
        }
    }

    /// The parts of a mask of so many words; lists are ascending.
    pub(crate) fn new(
        kind: MaskKind,
        words: usize,
        bases: &[BaseMask],
        set: &[TokenId],
        clear: &[TokenId],
    ) -> MaskParts {
        MaskParts {
            kind,
            bases: bases.to_vec(),
            set: set.to_vec(),
            clear: clear.to_vec(),
            words,
        }
    }

    /// Writes the mask, as [`Matcher::fill_mask`](crate::Matcher::fill_mask) would.
    ///
    /// # Errors
    ///
    /// If the row is shorter than the vocabulary's
    /// [`mask_words`](formwork_vocab::Vocab::mask_words).
    pub fn paint(&self, row: &mut [u32]) -> Result<(), MaskError> {
        let (given, needed) = (row.len(), self.words);
        let Some((row, padding)) = row.split_at_mut_checked(needed) else {
            let words = given;
            return Err(MaskError::RowTooShort { words, needed });
        };
        padding.fill(0);
        row.fill(0);
        for base in &self.bases {
            mask::or_into(row, base.words());
        }
        mask::set_all(row, &self.set);
        for &token in &self.clear {
            mask::clear(row, token);
        }
        Ok(())
    }
}
