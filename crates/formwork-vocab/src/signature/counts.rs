//! Code point counts as bit planes, so that a comparison is a row operation.

use crate::{TokenId, kernel, mask};

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
        kernel::keep_up_to(row, self.planes.each_ref().map(Vec::as_slice), max);
    }
}
