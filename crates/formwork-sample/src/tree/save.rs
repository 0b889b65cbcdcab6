//! A tree as a file.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};

use formwork::TokenId;
use formwork_vocab::fingerprint::Hasher;

use super::{Known, Node, NodeId, Tree};

const MAGIC: &[u8; 8] = b"fwsample";
/// Of the layout: everything is little-endian, prefixes come after those they extend.
const VERSION: u32 = 1;
/// Parent, token, kind, five numbers.
const NODE_BYTES: usize = 4 + 4 + 1 + 5 * 8;

/// What a tree belongs to. Bounds of one target say nothing about another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprints {
    /// Model, prompt, and what is done to logits: temperature, top-k, top-p, min-p.
    pub model: u64,
    /// Grammar or schema, and vocabulary.
    pub constraint: u64,
    /// Stop rule and most tokens.
    pub stop: u64,
    /// The precision in which rows are kept.
    pub rows: u64,
}

/// Why a saved tree was not taken. The sampler is as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RestoreTreeError {
    /// Reading failed.
    Read(ErrorKind),
    /// This is not a saved tree at all.
    NotATree,
    /// It was saved by another version of this library.
    OtherVersion {
        /// The version of its layout.
        found: u32,
    },
    /// It belongs to another model, prompt, or change to logits.
    OtherModel,
    /// It belongs to another grammar or vocabulary.
    OtherConstraint,
    /// Texts ended by another rule, or could have another length.
    OtherStop,
    /// Rows were kept in another precision, which makes another model of it.
    OtherRows,
    /// It has more prefixes than the options allow.
    TooLarge {
        /// Its prefixes.
        prefixes: usize,
        /// The most of them.
        limit: usize,
    },
    /// It ends early.
    Truncated,
    /// Something in it is not as it was saved.
    Corrupt {
        /// What.
        what: &'static str,
    },
}

impl fmt::Display for RestoreTreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let other = match self {
            RestoreTreeError::Read(kind) => {
                return write!(f, "the saved tree cannot be read: {kind}");
            }
            RestoreTreeError::TooLarge { prefixes, limit } => {
                return write!(
                    f,
                    "the saved tree has {prefixes} prefixes, more than the limit of {limit}; \
                     raise `max_nodes`"
                );
            }
            RestoreTreeError::NotATree => return f.write_str("this is not a saved tree"),
            RestoreTreeError::OtherVersion { found } => {
                return write!(
                    f,
                    "the saved tree has version {found}, where {VERSION} is expected; save it anew"
                );
            }
            RestoreTreeError::Truncated => {
                return f.write_str("the saved tree ends early; save it anew");
            }
            RestoreTreeError::Corrupt { what } => {
                return write!(f, "the saved tree is damaged: {what}; save it anew");
            }
            RestoreTreeError::OtherModel => "model, prompt or sampling parameters",
            RestoreTreeError::OtherConstraint => "grammar or vocabulary",
            RestoreTreeError::OtherStop => "stop rule or length limit",
            RestoreTreeError::OtherRows => "precision of rows",
        };
        write!(
            f,
            "the saved tree belongs to another {other}; use those it was made with, or \
             another file"
        )
    }
}

impl std::error::Error for RestoreTreeError {}

impl From<io::Error> for RestoreTreeError {
    fn from(error: io::Error) -> RestoreTreeError {
        match error.kind() {
            ErrorKind::UnexpectedEof => RestoreTreeError::Truncated,
            kind => RestoreTreeError::Read(kind),
        }
    }
}

impl Tree {
    /// Writes what is known, without rows, and the number of the next attempt.
    pub(crate) fn save(
        &self,
        fingerprints: &Fingerprints,
        attempt: u64,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let mut numbers = vec![u32::MAX; self.nodes.len()];
        let mut body = Vec::new();
        let mut count = 0u32;
        for (at, node) in self.nodes.iter().enumerate() {
            if node.known == Known::Nothing {
                continue;
            }
            numbers[at] = count;
            count += 1;
            let parent = if at == 0 {
                0
            } else {
                numbers[node.parent.index()]
            };
            body.extend_from_slice(&parent.to_le_bytes());
            body.extend_from_slice(&node.token.0.to_le_bytes());
            body.push(u8::from(node.known == Known::All));
            for number in node.numbers() {
                body.extend_from_slice(&number.to_le_bytes());
            }
        }
        let mut all = MAGIC.to_vec();
        all.extend_from_slice(&VERSION.to_le_bytes());
        for fingerprint in fingerprints.all() {
            all.extend_from_slice(&fingerprint.to_le_bytes());
        }
        all.extend_from_slice(&attempt.to_le_bytes());
        all.push(u8::from(self.has_zeros));
        all.extend_from_slice(&count.to_le_bytes());
        all.append(&mut body);
        let mut hasher = Hasher::new();
        hasher.bytes(&all);
        all.extend_from_slice(&hasher.finish().to_le_bytes());
        to.write_all(&all)?;
        to.flush()
    }

    /// A tree that was saved for the same target, and the number of the next attempt.
    pub(crate) fn restore(
        fingerprints: &Fingerprints,
        max_nodes: usize,
        max_row_bytes: usize,
        from: &mut dyn Read,
    ) -> Result<(Tree, u64), RestoreTreeError> {
        let mut from = Checked {
            from,
            read: Vec::new(),
        };
        let is_magic = match from.take::<8>() {
            Ok(magic) => magic == *MAGIC,
            Err(RestoreTreeError::Truncated) => false,
            Err(error) => return Err(error),
        };
        if !is_magic {
            return Err(RestoreTreeError::NotATree);
        }
        let found = u32::from_le_bytes(from.take()?);
        if found != VERSION {
            return Err(RestoreTreeError::OtherVersion { found });
        }
        let errors = [
            RestoreTreeError::OtherModel,
            RestoreTreeError::OtherConstraint,
            RestoreTreeError::OtherStop,
            RestoreTreeError::OtherRows,
        ];
        for (wanted, error) in fingerprints.all().into_iter().zip(errors) {
            if u64::from_le_bytes(from.take()?) != wanted {
                return Err(error);
            }
        }
        let attempt = u64::from_le_bytes(from.take()?);
        let has_zeros = from.take::<1>()? != [0];
        let prefixes = u32::from_le_bytes(from.take()?) as usize;
        if prefixes > max_nodes {
            let limit = max_nodes;
            return Err(RestoreTreeError::TooLarge { prefixes, limit });
        }
        let mut tree = Tree::new(max_row_bytes);
        tree.has_zeros = has_zeros;
        for at in 0..prefixes {
            tree.restore_node(at, &mut from)?;
        }
        let mut hasher = Hasher::new();
        hasher.bytes(&from.read);
        if u64::from_le_bytes(from.take()?) != hasher.finish() {
            return Err(RestoreTreeError::Corrupt {
                what: "its checksum",
            });
        }
        Ok((tree, attempt))
    }

    fn restore_node(&mut self, at: usize, from: &mut Checked<'_>) -> Result<(), RestoreTreeError> {
        let corrupt = |what| Err(RestoreTreeError::Corrupt { what });
        let parent = NodeId(u32::from_le_bytes(from.take()?));
        let token = TokenId(u32::from_le_bytes(from.take()?));
        let known = match from.take::<1>()? {
            [0] => Known::Sums,
            [1] => Known::All,
            _ => return corrupt("a kind of prefix"),
        };
        let mut numbers = [0.0; 5];
        for number in &mut numbers {
            *number = f64::from_le_bytes(from.take()?);
            if number.is_nan() || *number > 0.0 {
                return corrupt("a probability");
            }
        }
        let id = match at {
            0 => NodeId::ROOT,
            _ if parent.index() >= at || self.node(parent).known != Known::Sums => {
                return corrupt("the order of prefixes");
            }
            _ => self.child(parent, token, 0.0),
        };
        if id.index() != at {
            return corrupt("a prefix that comes twice");
        }
        let node = self.node_mut(id);
        node.known = known;
        [
            node.ln_p,
            node.ln_theta,
            node.ln_low,
            node.ln_stop,
            node.ln_rest,
        ] = numbers;
        if node.ln_low > node.ln_theta {
            return corrupt("a lower bound above the upper one");
        }
        Ok(())
    }
}

impl Node {
    fn numbers(&self) -> [f64; 5] {
        [
            self.ln_p,
            self.ln_theta,
            self.ln_low,
            self.ln_stop,
            self.ln_rest,
        ]
    }
}

impl Fingerprints {
    fn all(&self) -> [u64; 4] {
        [self.model, self.constraint, self.stop, self.rows]
    }
}

/// Reads, and keeps what was read for the checksum: no more than a tree of the most
/// prefixes has.
struct Checked<'a> {
    from: &'a mut dyn Read,
    read: Vec<u8>,
}

impl Checked<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], RestoreTreeError> {
        const { assert!(N <= NODE_BYTES) };
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        self.read.extend_from_slice(&bytes);
        Ok(bytes)
    }
}
