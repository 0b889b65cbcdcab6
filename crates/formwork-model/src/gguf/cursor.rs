//! Reading a header from front to back.

use super::value::{Numbers, Scalar, Value};
use crate::ModelError;
use crate::source::Source;

/// The largest header: metadata, the tokenizer included, and the list of tensors. It is
/// kept in memory, and takes up to six times its size there.
pub(super) const MAX_HEADER_BYTES: u64 = 1 << 27;

/// How deep lists may nest.
const MAX_DEPTH: usize = 4;

/// Bytes read from the file at a time.
const CHUNK: u64 = 1 << 16;

const TEXT: u32 = 8;
const LIST: u32 = 9;

/// A position in the header of a file.
pub(super) struct Cursor<'a> {
    source: &'a Source,
    chunk: Vec<u8>,
    /// Where the chunk lies in the file.
    start: u64,
    /// How much of the chunk has been read.
    used: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a Source) -> Cursor<'a> {
        Cursor {
            source,
            chunk: Vec::new(),
            start: 0,
            used: 0,
        }
    }

    /// The next byte's place in the file.
    pub(super) fn position(&self) -> u64 {
        self.start + self.used as u64
    }

    /// Bytes left in the file.
    fn rest(&self) -> u64 {
        self.source.len().saturating_sub(self.position())
    }

    /// Fails unless `count` things of at least `bytes` each can follow. To be asked
    /// before memory is set aside for them.
    pub(super) fn expect(&self, count: u64, bytes: u64) -> Result<usize, ModelError> {
        let position = self.position();
        let len = count.saturating_mul(bytes);
        if len > self.rest() {
            return Err(self.source.cut_off(position, len));
        }
        match usize::try_from(count) {
            Ok(count) if position.saturating_add(len) <= MAX_HEADER_BYTES => Ok(count),
            _ => Err(ModelError::format(format!(
                "{}: the header is larger than {MAX_HEADER_BYTES} bytes",
                self.source.path().display()
            ))),
        }
    }

    fn take(&mut self, len: u64) -> Result<&[u8], ModelError> {
        let size = self.expect(len, 1)?;
        if self.chunk.len() - self.used < size {
            let start = self.position();
            let wanted = len.max(CHUNK).min(self.rest());
            self.chunk = self.source.read(start, wanted)?;
            (self.start, self.used) = (start, 0);
        }
        let end = self.used + size;
        let taken = self.chunk.get(self.used..end);
        self.used = end;
        taken.ok_or_else(|| self.source.cut_off(self.start, len))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let bytes = self.take(N as u64)?;
        Ok(bytes.first_chunk().copied().unwrap_or([0; N]))
    }

    pub(super) fn u32(&mut self) -> Result<u32, ModelError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, ModelError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn text(&mut self) -> Result<String, ModelError> {
        let len = self.u64()?;
        let position = self.position();
        match std::str::from_utf8(self.take(len)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(self.broken(position, "a text is not UTF-8")),
        }
    }

    /// A value with its type in front.
    pub(super) fn value(&mut self) -> Result<Value, ModelError> {
        let kind = self.u32()?;
        self.value_of(kind, 0)
    }

    fn value_of(&mut self, kind: u32, depth: usize) -> Result<Value, ModelError> {
        match kind {
            TEXT => Ok(Value::Text(self.text()?)),
            LIST => self.list(depth + 1),
            _ => {
                let scalar = self.scalar(kind)?;
                Ok(scalar.value(self.take(scalar.bytes() as u64)?))
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, ModelError> {
        if depth > MAX_DEPTH {
            let position = self.position();
            return Err(self.broken(position, &format!("lists nest deeper than {MAX_DEPTH}")));
        }
        let kind = self.u32()?;
        let count = self.u64()?;
        match kind {
            TEXT => {
                let mut texts = Vec::with_capacity(self.expect(count, 8)?);
                for _ in 0..count {
                    texts.push(self.text()?);
                }
                Ok(Value::Texts(texts))
            }
            LIST => {
                let mut lists = Vec::with_capacity(self.expect(count, 12)?);
                for _ in 0..count {
                    lists.push(self.list(depth + 1)?);
                }
                Ok(Value::Lists(lists))
            }
            _ => {
                let scalar = self.scalar(kind)?;
                let len = count.saturating_mul(scalar.bytes() as u64);
                let bytes = self.take(len)?.to_vec();
                Ok(Value::Numbers(Numbers::new(scalar, bytes)))
            }
        }
    }

    fn scalar(&self, kind: u32) -> Result<Scalar, ModelError> {
        Scalar::from_number(kind).ok_or_else(|| {
            self.broken(
                self.position(),
                &format!("there is no value type of number {kind}"),
            )
        })
    }

    /// An error that names a place in the file.
    pub(super) fn broken(&self, position: u64, what: &str) -> ModelError {
        ModelError::format(format!(
            "{}: {what}, at byte {position}",
            self.source.path().display()
        ))
    }
}
