//! The rows of a vocabulary as a file: what was learnt of it whatever the grammar, to
//! be read back instead of being worked out again.
//!
//! The layout, all numbers little-endian: [`MAGIC`], version (`u32`), words of a row
//! (`u32`), the vocabulary's fingerprint (`u64`), the numbers of content rows and of
//! regions (`u32` each); for each content row its bound (`u32`) and the row; for each
//! region its set of ASCII bytes (two `u64`), its first bytes of other characters
//! (`u64`), its bound (`u32`, [`UNBOUNDED`] for none) and the row; a checksum of all
//! that (`u64`).
//!
//! It saves little: rows are a small part of what first masks take. PERF: vocabulary of
//! Llama 3.1, 240 rows of the common formats, patterns and lengths, 3.9 MB, two shared
//! cores: reading them takes 3 to 8 ms, of `Compiler::prepare` they save 25 of 80; the
//! first mask of a pattern such as `^[a-z0-9-]+$` takes 50 µs with them and 125 without,
//! that of a format 600 either way, and 3 in a compiler that was prepared.

use std::io::{self, ErrorKind, Read, Write};

use formwork_vocab::fingerprint::Hasher;

use crate::index::{MAX_REGIONS, Region, Row, Rows, TokenIndex};

/// Line ends of both kinds, which whoever takes the file for text would change.
const MAGIC: [u8; 8] = *b"fwrows\r\n";
/// To be raised if the layout changes, or what a row of some key is.
const VERSION: u32 = 1;
/// Bounds on characters are smaller.
const UNBOUNDED: u32 = u32::MAX;
/// Bounds on the characters of content are bytes.
const MAX_CONTENTS: usize = u8::MAX as usize;

/// Why saved rows were not taken. The index is as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RestoreError {
    /// Reading failed.
    Read(ErrorKind),
    /// These are not saved rows at all.
    NotRows,
    /// They were saved by another version of this library.
    OtherVersion {
        /// The version of their layout.
        found: u32,
    },
    /// They are rows of another vocabulary.
    OtherVocabulary {
        /// The [fingerprint](formwork_vocab::Vocab::fingerprint) of that one.
        found: u64,
    },
    /// They end early.
    Truncated,
    /// Something in them is not as it was saved.
    Corrupt {
        /// What.
        what: &'static str,
    },
}

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RestoreError::Read(kind) => return write!(f, "saved rows cannot be read: {kind}"),
            RestoreError::NotRows => f.write_str("these are not saved rows")?,
            RestoreError::OtherVersion { found } => write!(
                f,
                "saved rows of version {found}, where {VERSION} is expected"
            )?,
            RestoreError::OtherVocabulary { found } => {
                write!(f, "saved rows of another vocabulary ({found:016x})")?;
            }
            RestoreError::Truncated => f.write_str("saved rows end early")?,
            RestoreError::Corrupt { what } => write!(f, "saved rows are damaged: {what}")?,
        }
        f.write_str("; save them anew")
    }
}

impl std::error::Error for RestoreError {}

impl From<io::Error> for RestoreError {
    fn from(error: io::Error) -> RestoreError {
        match error.kind() {
            ErrorKind::UnexpectedEof => RestoreError::Truncated,
            kind => RestoreError::Read(kind),
        }
    }
}

impl TokenIndex {
    /// Writes the rows that were made so far for classes of characters and bounds on
    /// their number. At most 767 rows, of 16 KiB each for 128,000 tokens; the same bytes
    /// for the same rows. What grammars have taught besides is not written.
    ///
    /// # Errors
    ///
    /// If `to` cannot be written to.
    pub fn save(&self, to: impl Write) -> io::Result<()> {
        let rows = self.rows();
        let mut out = Out {
            to,
            sum: Hasher::new(),
            row: Vec::new(),
        };
        out.bytes(&MAGIC)?;
        out.u32(VERSION)?;
        out.u32(self.vocab().mask_words() as u32)?;
        out.u64(self.vocab().fingerprint())?;
        out.u32(rows.contents.len() as u32)?;
        out.u32(rows.regions.len() as u32)?;
        for (max, row) in &rows.contents {
            out.u32(u32::from(*max))?;
            out.row(row)?;
        }
        for (region, row) in &rows.regions {
            out.u64(region.ascii[0])?;
            out.u64(region.ascii[1])?;
            out.u64(region.leads)?;
            out.u32(region.max_chars.map_or(UNBOUNDED, u32::from))?;
            out.row(row)?;
        }
        let sum = out.sum.finish();
        out.u64(sum)?;
        out.to.flush()
    }

    /// Takes rows that [`save`](TokenIndex::save) has written for the same vocabulary;
    /// returns how many. What is read and kept is bounded as the tables are, whatever
    /// the input says.
    ///
    /// The checksum tells accidents, not intent: masks are made of these rows, so who
    /// can write the file can make masks wrong.
    ///
    /// # Errors
    ///
    /// If this is anything else than was saved; then nothing is taken.
    pub fn restore(&self, from: impl Read) -> Result<usize, RestoreError> {
        let words = self.vocab().mask_words();
        let mut input = In {
            from,
            sum: Hasher::new(),
            row: vec![0; 4 * words],
        };
        if input.array()? != MAGIC {
            return Err(RestoreError::NotRows);
        }
        match input.u32()? {
            VERSION => {}
            found => return Err(RestoreError::OtherVersion { found }),
        }
        let row_words = input.u32()?;
        let found = input.u64()?;
        if found != self.vocab().fingerprint() || row_words as usize != words {
            return Err(RestoreError::OtherVocabulary { found });
        }
        let contents = input.count(MAX_CONTENTS)?;
        let regions = input.count(MAX_REGIONS)?;
        let mut rows = Rows::default();
        let content = self.content(None);
        for _ in 0..contents {
            let max = u8::try_from(input.u32()?).map_err(|_| BOUND)?;
            rows.contents.push((max, input.row(&content)?));
        }
        for _ in 0..regions {
            let ascii = [input.u64()?, input.u64()?];
            let leads = input.u64()?;
            let max_chars = match input.u32()? {
                UNBOUNDED => None,
                max => Some(u8::try_from(max).map_err(|_| BOUND)?),
            };
            let region = Region {
                ascii,
                leads,
                max_chars,
            };
            let row = input.row(self.vocab().whole_utf8_row())?;
            rows.regions.push((region, row));
        }
        let sum = input.sum.finish();
        if input.u64()? != sum {
            return Err(RestoreError::Corrupt {
                what: "the checksum is another",
            });
        }
        match input.from.read_exact(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {
                return Err(RestoreError::Corrupt {
                    what: "more follows after the end",
                });
            }
        }
        self.add_rows(rows);
        Ok(contents + regions)
    }
}

const BOUND: RestoreError = RestoreError::Corrupt {
    what: "a bound is too large",
};

struct Out<W> {
    to: W,
    sum: Hasher,
    /// Bytes of a row under way.
    row: Vec<u8>,
}

impl<W: Write> Out<W> {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.bytes(bytes);
        self.to.write_all(bytes)
    }

    fn u32(&mut self, number: u32) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    fn u64(&mut self, number: u64) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    fn row(&mut self, row: &[u32]) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.row);
        bytes.clear();
        bytes.extend(row.iter().flat_map(|word| word.to_le_bytes()));
        let written = self.bytes(&bytes);
        self.row = bytes;
        written
    }
}

struct In<R> {
    from: R,
    sum: Hasher,
    /// Bytes of a row under way.
    row: Vec<u8>,
}

impl<R: Read> In<R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        self.sum.bytes(&bytes);
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, RestoreError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, RestoreError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn count(&mut self, max: usize) -> Result<usize, RestoreError> {
        match self.u32()? as usize {
            count if count <= max => Ok(count),
            _ => Err(RestoreError::Corrupt {
                what: "there are too many rows",
            }),
        }
    }

    /// A row with tokens of another only.
    fn row(&mut self, within: &[u32]) -> Result<Row, RestoreError> {
        self.from.read_exact(&mut self.row)?;
        self.sum.bytes(&self.row);
        let (words, _) = self.row.as_chunks::<4>();
        let row: Row = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        match row.iter().zip(within).all(|(row, all)| row & !all == 0) {
            true => Ok(row),
            false => Err(RestoreError::Corrupt {
                what: "a row has tokens that it cannot have",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use formwork_vocab::{TokenId, Vocab};

    use super::*;

    #[test]
    fn known_bytes() {
        let mut builder = Vocab::builder();
        let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
        let words = ["ab", "a1", "été", "word", "a b"];
        let words = words.iter().map(|word| word.as_bytes().to_vec());
        for (id, token) in bytes.chain(words).enumerate() {
            builder.token(TokenId(id as u32), &token);
        }
        let vocab = builder.build().expect("a vocabulary");
        let index = TokenIndex::new(Arc::new(vocab)).expect("all bytes");
        index.content(Some(2));
        for (leads, max_chars) in [(0, None), (u64::MAX, None), (0, Some(2)), (8, Some(3))] {
            index.region(Region {
                ascii: [0x03FF << 48, 0x07FF_FFFE << 32],
                leads,
                max_chars,
            });
        }
        let mut saved = Vec::new();
        index.save(&mut saved).expect("memory takes all");
        let mut hasher = Hasher::new();
        hasher.bytes(&saved);
        // Another value means another layout, or rows that are something else than they
        // were: then raise the version.
        assert_eq!((hasher.finish(), VERSION), (0x26f7_3fb9_b3eb_90e0, 1));
    }
}
