//! Masks that are made as rows, told by the bases that came before.

use formwork_vocab::{TokenId, mask};

use crate::bases::BaseMask;
use crate::index::TokenIndex;
use crate::mask::MaskKind;
use crate::parts::{MaskParts, max_delta};

/// Bases of masks that are made as rows: a mask is told by what it has more or less
/// than one of those that came before, or becomes a base.
#[derive(Default)]
pub(crate) struct Recent {
    /// The one that was of use last comes last.
    bases: Vec<BaseMask>,
}

/// So many bases are looked at.
const MAX_RECENT: usize = 16;
/// A base that differs in so few tokens is taken, though there may be a closer one.
const CLOSE: usize = 64;

impl Recent {
    pub(crate) fn heap_bytes(&self) -> usize {
        let bytes = |base: &BaseMask| 32 + 4 * base.words().len();
        self.bases.iter().map(bytes).sum()
    }

    pub(crate) fn clear(&mut self) {
        self.bases.clear();
    }

    /// The parts of a mask. Reads the row and at most [`MAX_RECENT`] others once.
    pub(crate) fn parts(&mut self, index: &TokenIndex, kind: MaskKind, row: &[u32]) -> MaskParts {
        let words = row.len();
        if mask::count_ones(row) <= max_delta(words) {
            let set: Vec<TokenId> = mask::iter_ones(row).collect();
            return MaskParts::new(kind, words, &[], &set, &[]);
        }
        let base = self.closest(row).unwrap_or_else(|| {
            if self.bases.len() >= MAX_RECENT {
                self.bases.remove(0);
            }
            index.base(&row.into())
        });
        let (set, clear) = (minus(row, base.words()), minus(base.words(), row));
        let parts = MaskParts::new(kind, words, std::slice::from_ref(&base), &set, &clear);
        self.bases.push(base);
        parts
    }

    /// Takes out the base that is closest, if any is near enough.
    fn closest(&mut self, row: &[u32]) -> Option<BaseMask> {
        let mut differ = vec![0; row.len()];
        let mut best = (max_delta(row.len()) + 1, None);
        for (at, base) in self.bases.iter().enumerate().rev() {
            let both = row.iter().zip(base.words());
            for (to, (a, b)) in differ.iter_mut().zip(both) {
                *to = a ^ b;
            }
            let distance = mask::count_ones(&differ);
            if distance < best.0 {
                best = (distance, Some(at));
            }
            if distance <= CLOSE {
                break;
            }
        }
        best.1.map(|at| self.bases.remove(at))
    }
}

/// The tokens of a row that another lacks.
fn minus(row: &[u32], other: &[u32]) -> Vec<TokenId> {
    let left: Vec<u32> = row.iter().zip(other).map(|(a, b)| a & !b).collect();
    mask::iter_ones(&left).collect()
}
