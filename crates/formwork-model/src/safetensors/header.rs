//! What a safetensors file says of its tensors.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::ModelError;
use crate::source::Source;
use crate::spans;
use crate::stored::Kind;

/// The largest header, in bytes. It takes up to eight times that in memory.
const MAX_HEADER_BYTES: u64 = 1 << 26;

/// The entry that is no tensor.
const METADATA: &str = "__metadata__";

/// Where a tensor lies.
#[derive(Debug)]
pub(super) struct Tensor {
    /// The slowest dimension first.
    pub(super) shape: Vec<usize>,
    /// The name of its type, which may be one that cannot be read.
    pub(super) kind: Box<str>,
    /// From the start of the file, in bytes.
    pub(super) start: u64,
    pub(super) bytes: u64,
}

/// The type of a name, if it can be read.
pub(super) fn kind(name: &str) -> Option<Kind> {
    match name {
        "F32" => Some(Kind::F32),
        "F16" => Some(Kind::F16),
        "BF16" => Some(Kind::Bf16),
        _ => None,
    }
}

/// The tensors of a file, places checked.
pub(super) fn read(source: &Source) -> Result<Vec<(String, Tensor)>, ModelError> {
    parse(source).map_err(|error| error.at(source.path().display()))
}

fn parse(source: &Source) -> Result<Vec<(String, Tensor)>, ModelError> {
    let length = source.read(0, 8)?;
    let length = u64::from_le_bytes(length.first_chunk().copied().unwrap_or_default());
    if length > MAX_HEADER_BYTES {
        return Err(ModelError::format(format!(
            "this is not a safetensors file, or one with a header of {length} bytes, more \
             than {MAX_HEADER_BYTES}"
        )));
    }
    let text = source.read(8, length)?;
    let Header(entries) = serde_json::from_slice(&text)
        .map_err(|error| ModelError::format(format!("the header cannot be read: {error}")))?;
    // Both are within the file by now.
    let data = 8 + length;
    let data_len = source.len().saturating_sub(data);
    let mut tensors = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let tensor = entry
            .place(data, data_len)
            .map_err(|what| ModelError::format(format!("the tensor {name:?} {what}")))?;
        tensors.push((name, tensor));
    }
    spans::check(
        tensors
            .iter()
            .map(|(name, t)| (t.start, t.bytes, name.as_str())),
    )?;
    Ok(tensors)
}

#[derive(Deserialize)]
struct Entry {
    dtype: Box<str>,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

impl Entry {
    fn place(self, data: u64, data_len: u64) -> Result<Tensor, String> {
        let (start, end) = self.data_offsets;
        if start > end || end > data_len {
            return Err(format!(
                "lies at {start} to {end}, but the file has {data_len} bytes of tensors"
            ));
        }
        let bytes = end - start;
        if let Some(kind) = kind(&self.dtype) {
            let sizes = self.shape.iter().copied();
            let wanted = sizes
                .chain([kind.block_bytes()])
                .try_fold(1, |n: usize, size| n.checked_mul(size));
            if wanted.map(|n| n as u64) != Some(bytes) {
                return Err(format!(
                    "has {bytes} bytes, which are not those of {} values of shape {:?}",
                    self.dtype, self.shape
                ));
            }
        }
        Ok(Tensor {
            shape: self.shape,
            kind: self.dtype,
            start: data + start,
            bytes,
        })
    }
}

/// The entries in the order of the file, none twice. A map would drop all but the last
/// of equal names without a word.
struct Header(Vec<(String, Entry)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from names to tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == METADATA {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("{name:?} is there twice")));
            }
            let entry = map
                .next_value()
                .map_err(|error| A::Error::custom(format_args!("{name:?}: {error}")))?;
            entries.push((name, entry));
        }
        Ok(Header(entries))
    }
}
