//! Tensors in the number format of their file.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod blocks;
mod kernel;
mod kind;
mod lanes;

use std::fmt;
use std::ops::Range;

use rayon::prelude::*;

use crate::{HostTensor, ModelError, ModelErrorKind};
pub(crate) use kind::Kind;

/// Values that one thread takes at a time; fewer are not worth a second thread.
const CHUNK: usize = 1 << 15;

/// A tensor as its file has it: 32-bit or 16-bit floats, or blocks of small integers
/// that share a scale. Its values are worked out where they are used, to the last bit
/// those of [`Weights::read`](crate::Weights::read); at four bits each, a tensor is a
/// seventh of its size as 32-bit floats.
///
/// A row is a run of the last dimension, `[.., row_len]`.
#[derive(Clone, PartialEq)]
pub struct StoredTensor {
    shape: Vec<usize>,
    kind: Kind,
    /// Whole blocks, as many as there are rows.
    bytes: Vec<u8>,
}

impl StoredTensor {
    /// Bytes as a file has them. Those that are missing are read as no rows at all.
    pub(crate) fn new(shape: Vec<usize>, kind: Kind, bytes: Vec<u8>) -> StoredTensor {
        StoredTensor { shape, kind, bytes }
    }

    /// The dimensions, the slowest first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Rows of equal lengths in bytes.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn row_len(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    fn row_bytes(&self) -> usize {
        self.row_len() / self.kind.block_len() * self.kind.block_bytes()
    }

    /// The values of some rows, one after the other; rows that are not there are left
    /// out. Takes linear time, which threads share.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Vec<f32> {
        let bytes = |row: usize| row.saturating_mul(self.row_bytes()).min(self.bytes.len());
        let bytes = self.bytes.get(bytes(rows.start)..bytes(rows.end));
        self.unpack(bytes.unwrap_or_default())
    }

    fn unpack(&self, bytes: &[u8]) -> Vec<f32> {
        let blocks = CHUNK / self.kind.block_len();
        let len = bytes.len() / self.kind.block_bytes() * self.kind.block_len();
        let mut values = vec![0.0; len];
        values
            .par_chunks_mut(blocks * self.kind.block_len())
            .zip(bytes.par_chunks(blocks * self.kind.block_bytes()))
            .for_each(|(out, bytes)| kernel::unpack(self.kind, bytes, out));
        values
    }

    /// The products of all rows and those of `x`, `[n, row_len]`: their sums, added as
    /// 32-bit floats, `[n, rows]`. Takes `O(n * values)`, which threads share; meant for
    /// few rows, since it reads every value only once but does no more to be fast.
    #[must_use]
    pub fn products(&self, x: &[f32]) -> Vec<f32> {
        let (len, bytes) = (self.row_len(), self.row_bytes());
        let (Some(n), Some(rows)) = (
            x.len().checked_div(len),
            self.bytes.len().checked_div(bytes),
        ) else {
            return Vec::new();
        };
        let mut out = vec![0.0; n * rows];
        let chunk = (CHUNK / len).max(1);
        out.par_chunks_mut((chunk * n).max(1))
            .zip(self.bytes.par_chunks(chunk * bytes))
            .for_each_init(
                || vec![0.0; len],
                |row, (out, bytes)| kernel::products(self.kind, bytes, x, row, out),
            );
        if n == 1 {
            return out;
        }
        let column = |i| out.iter().skip(i).step_by(n);
        (0..n).flat_map(column).copied().collect()
    }
}

impl From<StoredTensor> for HostTensor {
    fn from(tensor: StoredTensor) -> HostTensor {
        HostTensor {
            values: tensor.unpack(&tensor.bytes),
            shape: tensor.shape,
        }
    }
}

/// Values are kept as 32-bit floats. Fails if there are more or fewer than the shape says.
impl TryFrom<HostTensor> for StoredTensor {
    type Error = ModelError;

    fn try_from(tensor: HostTensor) -> Result<StoredTensor, ModelError> {
        let HostTensor { shape, values } = tensor;
        let mut sizes = shape.iter();
        let len = sizes.try_fold(1, |n: usize, &size| n.checked_mul(size));
        if len != Some(values.len()) {
            return Err(ModelError::new(
                ModelErrorKind::Tensor,
                format!("a tensor of shape {shape:?} has {} values", values.len()),
            ));
        }
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        Ok(StoredTensor::new(shape, Kind::F32, bytes.collect()))
    }
}

/// Without the values.
impl fmt::Debug for StoredTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.shape, self.kind)
    }
}

#[cfg(test)]
mod tests;
