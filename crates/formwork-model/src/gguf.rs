//! GGUF, the file format of llama.cpp: a model with its tokenizer in one file.
//!
//! The format is described in <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
//! Versions 2 and 3, little-endian, are read. Opening reads the header; the values of a
//! tensor are read when they are asked for.
//!
//! # Untrusted files
//!
//! Counts, lengths and places are checked before memory is set aside: the header takes at
//! most 128 MiB of the file and six times that in memory, a tensor its bytes, and as
//! 32-bit floats eight times that.

mod config;
mod cursor;
mod names;
mod value;
mod weights;

use std::collections::HashMap;
use std::path::Path;

use cursor::Cursor;
pub use value::{Numbers, Value};
pub use weights::GgufWeights;

use crate::source::Source;
use crate::stored::Kind;
use crate::{HostTensor, ModelError, ModelErrorKind, StoredTensor};

/// What a GGUF file starts with.
pub(crate) const MAGIC: [u8; 4] = *b"GGUF";

/// The highest number of entries in the metadata, and of tensors.
const MAX_ENTRIES: u64 = 1 << 16;

/// The highest number of dimensions of a tensor.
const MAX_DIMENSIONS: u32 = 4;

/// Where tensors start unless the file says otherwise: at multiples of this.
const ALIGNMENT: u64 = 32;

/// An open GGUF file.
#[derive(Debug)]
pub struct Gguf {
    source: Source,
    metadata: HashMap<String, Value>,
    tensors: HashMap<String, Tensor>,
}

/// Where a tensor lies.
#[derive(Clone, Debug)]
struct Tensor {
    /// The slowest dimension first: the other way round than in the file.
    shape: Vec<usize>,
    kind: Kind,
    /// From the start of the file, in bytes.
    start: u64,
    bytes: u64,
}

impl Gguf {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not a GGUF file of version 2 or 3, contradicts
    /// itself, or has a tensor of a type that cannot be read (see
    /// [`read`](Gguf::read)).
    pub fn open(path: impl AsRef<Path>) -> Result<Gguf, ModelError> {
        Gguf::from_source(Source::open(path.as_ref())?)
    }

    /// As [`open`](Gguf::open), of a file in memory that messages call `name`.
    ///
    /// # Errors
    ///
    /// As [`open`](Gguf::open).
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Gguf, ModelError> {
        Gguf::from_source(Source::memory(name, bytes))
    }

    fn from_source(source: Source) -> Result<Gguf, ModelError> {
        let mut cursor = Cursor::new(&source);
        let (tensor_count, entry_count) = counts(&mut cursor)?;
        let mut metadata = HashMap::new();
        for _ in 0..entry_count {
            let position = cursor.position();
            let key = cursor.text()?;
            let value = cursor.value()?;
            if metadata.contains_key(&key) {
                return Err(cursor.broken(position, &format!("the entry {key:?} is there twice")));
            }
            metadata.insert(key, value);
        }
        let mut tensors = HashMap::new();
        for _ in 0..tensor_count {
            let position = cursor.position();
            let name = cursor.text()?;
            let tensor = tensor(&mut cursor).map_err(|error| error.at(format!("{name:?}")))?;
            if tensors.contains_key(&name) {
                return Err(cursor.broken(position, &format!("the tensor {name:?} is there twice")));
            }
            tensors.insert(name, tensor);
        }
        let header_end = cursor.position();
        let mut gguf = Gguf {
            source,
            metadata,
            tensors,
        };
        gguf.place(header_end)?;
        Ok(gguf)
    }

    /// Turns places after the header into places in the file, and checks them.
    fn place(&mut self, header_end: u64) -> Result<(), ModelError> {
        let alignment = match self.metadata.get("general.alignment") {
            None => ALIGNMENT,
            Some(value) => value
                .as_u64()
                .filter(|n| n.is_power_of_two() && *n <= 1 << 20)
                .ok_or_else(|| self.broken("general.alignment is not a power of two"))?,
        };
        let data = header_end.next_multiple_of(alignment);
        let len = self.source.len();
        for (name, tensor) in &mut self.tensors {
            let start = data.checked_add(tensor.start);
            let end = start.and_then(|start| start.checked_add(tensor.bytes));
            match (start, end) {
                (Some(start), Some(end)) if end <= len => tensor.start = start,
                _ => {
                    let error = self.source.cut_off(data, tensor.start);
                    return Err(error.at(format!("{name:?} of {} bytes", tensor.bytes)));
                }
            }
            if tensor.start % alignment != 0 {
                return Err(ModelError::format(format!(
                    "{}: the tensor {name:?} does not start at a multiple of {alignment}",
                    self.source.path().display()
                )));
            }
        }
        let spans = self.tensors.iter();
        let spans = spans.map(|(name, t)| (t.start, t.bytes, name.as_str()));
        crate::spans::check(spans).map_err(|error| error.at(self.source.path().display()))
    }

    /// A value of the metadata, such as `general.architecture`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.metadata.get(key)
    }

    /// The names of the tensors as the file has them, in no particular order.
    pub fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The dimensions of a tensor, the slowest first.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        Some(&self.tensors.get(name)?.shape)
    }

    /// Reads a tensor as 32-bit floats, in the order of the file. Types are F32, F16,
    /// BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K.
    ///
    /// # Errors
    ///
    /// If there is no such tensor, or the file cannot be read.
    pub fn read(&self, name: &str) -> Result<HostTensor, ModelError> {
        self.stored(name).map(HostTensor::from)
    }

    /// As [`read`](Gguf::read), as it is stored.
    ///
    /// # Errors
    ///
    /// As [`read`](Gguf::read).
    pub fn stored(&self, name: &str) -> Result<StoredTensor, ModelError> {
        let tensor = self.tensors.get(name).ok_or_else(|| {
            ModelError::new(
                ModelErrorKind::Tensor,
                format!("{} has no tensor {name:?}", self.source.path().display()),
            )
        })?;
        let bytes = self.source.read(tensor.start, tensor.bytes)?;
        Ok(StoredTensor::new(tensor.shape.clone(), tensor.kind, bytes))
    }

    fn broken(&self, what: &str) -> ModelError {
        ModelError::format(format!("{}: {what}", self.source.path().display()))
    }
}

/// Checks how the file starts; returns the numbers of tensors and of entries.
fn counts(cursor: &mut Cursor<'_>) -> Result<(u64, u64), ModelError> {
    if cursor.u32()?.to_le_bytes() != MAGIC {
        return Err(cursor.broken(0, "this is not a GGUF file: it does not start with GGUF"));
    }
    let version = cursor.u32()?;
    if !matches!(version, 2 | 3) {
        let what = if matches!(version.swap_bytes(), 2 | 3) {
            "big-endian GGUF files are not read".to_owned()
        } else {
            format!("GGUF files of version {version} are not read; convert it to version 3")
        };
        let error = cursor.broken(4, &what);
        return Err(ModelError::new(
            ModelErrorKind::Unsupported,
            error.to_string(),
        ));
    }
    let tensors = cursor.u64()?;
    let entries = cursor.u64()?;
    if tensors > MAX_ENTRIES || entries > MAX_ENTRIES {
        return Err(cursor.broken(
            8,
            &format!("more than {MAX_ENTRIES} tensors or entries of metadata"),
        ));
    }
    Ok((tensors, entries))
}

/// What follows a tensor's name. Its start is still relative to the end of the header.
fn tensor(cursor: &mut Cursor<'_>) -> Result<Tensor, ModelError> {
    let position = cursor.position();
    let dimensions = cursor.u32()?;
    if dimensions > MAX_DIMENSIONS {
        let what = format!("a tensor has {dimensions} dimensions, more than {MAX_DIMENSIONS}");
        return Err(cursor.broken(position, &what));
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        let size = cursor.u64()?;
        let size = usize::try_from(size).ok().filter(|&size| size > 0);
        shape
            .push(size.ok_or_else(|| cursor.broken(position, "a dimension is zero or too large"))?);
    }
    let kind = Kind::from_number(cursor.u32()?)?;
    let start = cursor.u64()?;
    if shape.first().unwrap_or(&1) % kind.block_len() != 0 {
        return Err(cursor.broken(position, "a row is not a whole number of blocks"));
    }
    let values = shape
        .iter()
        .try_fold(1, |n: usize, &size| n.checked_mul(size));
    let bytes = values.and_then(|n| (n / kind.block_len()).checked_mul(kind.block_bytes()));
    let Some(bytes) = bytes else {
        return Err(cursor.broken(position, "a tensor is too large"));
    };
    shape.reverse();
    Ok(Tensor {
        shape,
        kind,
        start,
        bytes: bytes as u64,
    })
}

#[cfg(test)]
pub(crate) mod tests;
