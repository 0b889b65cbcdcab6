//! Code point counts as bit planes, so that a comparison is a row operation.

use crate::{TokenId, mask};

/// Plane `k` has bit `k` of the count of every token.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    planes: [Vec<u32>; 8],
}

impl Counts {
    pub(super) fn new(chars: &[u8]) -> Counts {
        let mut planes = [const { Vec::new() }; 8];
        for (k, plane) in planes.iter_mut().enumerate() {
            *plane = vec![0; mask::words(chars.len())];
            for (id, _) in chars.iter().enumerate().filter(|&(_, n)| n >> k & 1 == 1) {
                mask::set(plane, TokenId(id as u32));
            }
        }
        Counts { planes }
    }

    /// Clears the tokens whose count exceeds `max`.
    pub(super) fn keep_up_to(&self, max: u8, row: &mut [u32]) {
        // From the lowest bit up: a count is at most `max` if its highest bit
        // is lower than that of `max`, or equal and the rest is at most.
        let mut at_most = vec![u32::MAX; row.len()];
        for (k, plane) in self.planes.iter().enumerate() {
            let words = at_most.iter_mut().zip(plane);
            if max >> k & 1 == 1 {
                words.for_each(|(word, bits)| *word |= !bits);
            } else {
                words.for_each(|(word, bits)| *word &= !bits);
            }
        }
        for (word, at_most) in row.iter_mut().zip(at_most) {
            *word &= at_most;
        }
    }
}
