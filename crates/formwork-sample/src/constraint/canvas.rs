//! Canvases, read from left to right.

use std::sync::Arc;

use formwork::{TokenId, mask};
use formwork_infill::{Filling, InfillError};
use formwork_vocab::fingerprint::Hasher;

use super::{Constraint, Coverage};
use crate::SampleError;

/// The texts that fit a canvas: as many tokens as it has positions up to its end, those
/// that stand there already among them. Its masks are exact, so nothing is a dead end but
/// for what the model rules out.
///
/// A step costs a copy of the canvas and a [commit](Filling::commit); gaps need a length
/// first, as [`formwork_infill::settle`] gives them.
#[derive(Clone, Debug)]
pub struct CanvasConstraint {
    filling: Arc<Filling>,
    fingerprint: u64,
}

/// A canvas whose first positions were read.
#[derive(Clone, Debug)]
pub struct CanvasState {
    filling: Arc<Filling>,
    read: usize,
}

impl CanvasConstraint {
    /// Of a canvas and the text of its grammar, whose hash, together with the positions
    /// and the vocabulary, is the fingerprint.
    ///
    /// # Errors
    ///
    /// If the canvas has gaps.
    pub fn new(filling: Filling, source: &[u8]) -> Result<CanvasConstraint, SampleError> {
        let mut hasher = Hasher::new();
        hasher.bytes(source);
        hasher.word(filling.checker().vocab().fingerprint());
        for position in 0..filling.len() {
            let token = filling.token(position);
            if token.is_none() && !filling.is_open(position) {
                return Err(InfillError::Gap { position }.into());
            }
            hasher.word(token.map_or(0, |token| 1 + u64::from(token.0)));
        }
        Ok(CanvasConstraint {
            filling: Arc::new(filling),
            fingerprint: hasher.finish(),
        })
    }
}

impl Constraint for CanvasConstraint {
    type State = CanvasState;

    fn vocab_len(&self) -> usize {
        self.filling.checker().vocab().len()
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn start(&self) -> Result<CanvasState, SampleError> {
        Ok(CanvasState {
            filling: Arc::clone(&self.filling),
            read: 0,
        })
    }

    fn check(&self, state: &CanvasState, token: TokenId) -> Result<bool, SampleError> {
        let filling = &state.filling;
        Ok(!filling.checker().ends().contains(&token)
            && match filling.is_open(state.read) {
                true => filling.allows(state.read, token),
                false => filling.token(state.read) == Some(token),
            })
    }

    fn mask(&self, state: &CanvasState, row: &mut [u32]) -> Result<Coverage, SampleError> {
        let filling = &state.filling;
        match filling.is_open(state.read) {
            true => {
                // The row may be longer, for models with more logits.
                let words = filling.checker().vocab().mask_words();
                let row = row.get_mut(..words).ok_or(InfillError::WrongRow {
                    words: 0,
                    needed: words,
                })?;
                filling.fill_mask(state.read, row)?;
            }
            false => {
                if let Some(token) = filling.token(state.read) {
                    mask::set(row, token);
                }
            }
        }
        for &end in filling.checker().ends() {
            mask::clear(row, end);
        }
        Ok(Coverage::Exact)
    }

    fn advance(&self, state: &mut CanvasState, token: TokenId) -> Result<(), SampleError> {
        if !self.check(state, token)? {
            return Err(SampleError::Refused { token });
        }
        if state.filling.is_open(state.read) {
            Arc::make_mut(&mut state.filling).commit(state.read, token)?;
        }
        state.read += 1;
        Ok(())
    }

    fn is_complete(&self, state: &CanvasState) -> bool {
        let (filling, read) = (&state.filling, state.read);
        let mut ends = filling.checker().ends().iter();
        read >= filling.len()
            || filling.is_end(read)
            || filling.is_open(read) && ends.any(|&end| filling.allows(read, end))
    }
}
