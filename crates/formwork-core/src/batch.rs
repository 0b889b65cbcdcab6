//! Masks of many matchers at once.

#![expect(
    clippy::indexing_slicing,
    reason = "the rows were seen to be long enough"
)]

use crate::error::MaskError;
use crate::mask::MaskKind;
use crate::matcher::Matcher;
use crate::parts::MaskParts;

/// Fewer rows are filled by the caller's thread alone.
///
/// PERF: the example `batch` of the facade, vocabulary of Llama 3.1, two cores, rows of
/// grammars that have made no masks yet, microseconds on one and on two threads:
///
/// | rows | one | two |
/// |-|-|-|
/// | 4 | 81 | 83 |
/// | 16 | 321 | 501 |
/// | 64 | 1,255 | 813 |
/// | 256 | 6,530 | 4,717 |
#[cfg(feature = "parallel")]
const PARALLEL_FROM: usize = 48;
/// So many rows are given to a thread at once.
#[cfg(feature = "parallel")]
const CHUNK: usize = 8;

/// Fills row `i` of `rows`, `stride` words long, with the mask of matcher `i`.
///
/// With the feature `parallel` the rows of large batches are spread over rayon's
/// current thread pool. Matchers of the same grammar take turns where a mask was not
/// made before.
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
    let needed = matchers.len().saturating_mul(stride);
    if rows.len() < needed || stride == 0 {
        return Err(MaskError::RowTooShort {
            words: rows.len(),
            needed,
        });
    }
    let rows = &mut rows[..needed];
    #[cfg(feature = "parallel")]
    if matchers.len() >= PARALLEL_FROM {
        use rayon::prelude::*;
        let kinds: Vec<_> = matchers
            .par_iter()
            .zip(rows.par_chunks_mut(stride))
            .with_min_len(CHUNK)
            .map(|(matcher, row)| matcher.fill_mask(row))
            .collect();
        return kinds.into_iter().collect();
    }
    let rows = rows.chunks_mut(stride);
    let kinds: Vec<_> = matchers
        .iter()
        .zip(rows)
        .map(|(matcher, row)| matcher.fill_mask(row))
        .collect();
    kinds.into_iter().collect()
}

/// The masks of matchers in parts, in their order; spread over threads as rows are by
/// [`fill_masks`].
///
/// # Errors
///
/// The first error of any mask.
pub fn fill_mask_parts(matchers: &[Matcher]) -> Result<Vec<MaskParts>, MaskError> {
    #[cfg(feature = "parallel")]
    if matchers.len() >= PARALLEL_FROM {
        use rayon::prelude::*;
        let parts: Vec<_> = matchers
            .par_iter()
            .with_min_len(CHUNK)
            .map(Matcher::mask_parts)
            .collect();
        return parts.into_iter().collect();
    }
    matchers.iter().map(Matcher::mask_parts).collect()
}
