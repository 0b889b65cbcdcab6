//! Masks of many matchers at once.

use crate::error::MaskError;
use crate::mask::MaskKind;
use crate::matcher::Matcher;

/// Fills row `i` of `rows`, `stride` words long, with the mask of matcher `i`.
///
/// With the feature `parallel` the rows are spread over rayon's current thread
/// pool. Matchers of the same grammar share its lock, so only different
/// grammars gain.
///
/// # Errors
///
/// The first error of any row; the other rows are filled all the same. Rows
/// that `rows` has no room for report [`MaskError::RowTooShort`].
pub fn fill_masks(
    matchers: &[Matcher],
    rows: &mut [u32],
    stride: usize,
) -> Result<Vec<MaskKind>, MaskError> {
    let needed = matchers.len() * stride;
    if rows.len() < needed || stride == 0 {
        return Err(MaskError::RowTooShort {
            words: rows.len(),
            needed,
        });
    }
    let rows = &mut rows[..needed];
    #[cfg(feature = "parallel")]
    let kinds: Vec<_> = {
        use rayon::prelude::*;
        matchers
            .par_iter()
            .zip(rows.par_chunks_mut(stride))
            .map(|(matcher, row)| matcher.fill_mask(row))
            .collect()
    };
    #[cfg(not(feature = "parallel"))]
    let kinds: Vec<_> = matchers
        .iter()
        .zip(rows.chunks_mut(stride))
        .map(|(matcher, row)| matcher.fill_mask(row))
        .collect();
    kinds.into_iter().collect()
}
