//! The byte trie over the text tokens of a vocabulary, flat and in preorder.
//!
//! Node ids are preorder positions with children in ascending byte order, so
//! - the subtree of `n` is the id range `n..subtree_end(n)`, and skipping a
//!   subtree while scanning is one assignment;
//! - the first child of `n`, if any, is `n + 1`, and the next sibling of a node
//!   is its subtree end;
//! - the tokens of a subtree are one contiguous slice.
//!
//! A child by byte is found in constant time: an only child sits right behind
//! its parent; up to eight are compared within one word; more are ranked in a
//! 256-bit bitmap. Siblings are never scanned.
//!
//! A walk that skips dead subtrees:
//!
//! ```
//! use formwork_vocab::{NodeId, TokenId, Trie};
//!
//! # fn main() -> Result<(), formwork_vocab::VocabError> {
//! let trie = Trie::new([(TokenId(0), &b"ab"[..]), (TokenId(1), b"xb"), (TokenId(2), b"xy")])?;
//! let mut found: Vec<TokenId> = Vec::new();
//! let mut n = NodeId(1); // past the root
//! while n.index() < trie.len() {
//!     if trie.byte(n) == b'a' {
//!         n = trie.subtree_end(n);
//!     } else {
//!         found.extend(trie.tokens(n));
//!         n = NodeId(n.0 + 1);
//!     }
//! }
//! assert_eq!(found, [TokenId(1), TokenId(2)]);
//! # Ok(())
//! # }
//! ```

#![expect(clippy::indexing_slicing, reason = "nodes are those of the trie")]

mod build;

use crate::TokenId;

/// A node of a [`Trie`]: its preorder position. The root is 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The id as an index into per-node arrays.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A byte trie over token byte strings; see the [module docs](self).
///
/// Takes about 33 bytes a node. Every method that takes a [`NodeId`] panics if
/// the node is not of this trie.
#[derive(Clone, Debug)]
pub struct Trie {
    /// One per node, then a sentinel that closes the token ranges.
    nodes: Box<[Node]>,
    /// In preorder of the node they end at.
    tokens: Box<[TokenId]>,
    /// Bytes and ids of the children of branching nodes. The bytes are padded
    /// so that eight can be read from any position.
    kid_bytes: Box<[u8]>,
    kids: Box<[NodeId]>,
    wide: Box<[Wide]>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Subtree end.
    end: u32,
    /// First own token in `tokens`; the next node's `first` ends them.
    first: u32,
    /// 2 to 8 children: where they start in `kids`. More: an index of `wide`.
    kids: u32,
    depth: u16,
    /// Byte on the edge from the parent; 0 at the root.
    byte: u8,
    /// Children minus one; 0 for leaves too, which `end` tells apart.
    fan: u8,
}

/// What a walk over a [`Trie`] asks of a node, looked up once: see [`Trie::node`].
#[derive(Clone, Copy, Debug)]
pub struct TrieNode<'a> {
    /// The first id past its subtree.
    pub end: NodeId,
    /// The number of bytes on the path from the root.
    pub depth: usize,
    /// The byte on the edge from the parent; 0 at the root.
    pub byte: u8,
    /// The tokens that end there, by ascending id.
    pub tokens: &'a [TokenId],
}

/// The children of a node with more than [`NARROW`] of them.
#[derive(Clone, Copy, Debug)]
struct Wide {
    bits: [u64; 4],
    /// Position in `kids` of the first child of each quarter.
    start: [u32; 4],
}

/// As many children as are compared within one word.
const NARROW: usize = 8;

impl Trie {
    /// Builds the trie of the given tokens. Tokens with no bytes are left out;
    /// tokens with equal bytes share a node and are listed by ascending id.
    ///
    /// Takes `O(n log n)` comparisons for `n` tokens plus time linear in their
    /// bytes.
    ///
    /// # Errors
    ///
    /// If a token is longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES) or
    /// all together exceed [`MAX_TOTAL_BYTES`](crate::MAX_TOTAL_BYTES).
    pub fn new<'a>(
        tokens: impl IntoIterator<Item = (TokenId, &'a [u8])>,
    ) -> Result<Trie, crate::VocabError> {
        build::build(
            tokens
                .into_iter()
                .filter(|(_, bytes)| !bytes.is_empty())
                .collect(),
        )
    }

    /// The root, which stands for the empty string.
    #[inline]
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// The number of nodes, at least 1.
    #[inline]
    #[allow(clippy::len_without_is_empty)] // there is always a root
    pub fn len(&self) -> usize {
        self.nodes.len() - 1
    }

    /// The child of `n` under byte `b`. Constant time.
    #[inline]
    pub fn child(&self, n: NodeId, b: u8) -> Option<NodeId> {
        let node = &self.nodes[n.index()];
        match usize::from(node.fan) {
            0 => {
                let next = n.0 + 1;
                (next < node.end && self.nodes[next as usize].byte == b).then_some(NodeId(next))
            }
            fan if fan < NARROW => self.narrow_child(node.kids as usize, fan, b),
            _ => self.wide_child(&self.wide[node.kids as usize], b),
        }
    }

    #[inline]
    fn narrow_child(&self, start: usize, fan: usize, b: u8) -> Option<NodeId> {
        const LOW: u64 = 0x0101_0101_0101_0101;
        let word = self.kid_bytes[start..].first_chunk::<NARROW>()?;
        // The lowest zero byte of `diff` is marked exactly; marks above it may
        // be false, but bytes are distinct, so only the lowest matters.
        let diff = u64::from_le_bytes(*word) ^ (LOW * u64::from(b));
        let zeros = diff.wrapping_sub(LOW) & !diff & (LOW << 7);
        let at = zeros.trailing_zeros() as usize / 8;
        (at <= fan).then(|| self.kids[start + at])
    }

    #[inline]
    fn wide_child(&self, wide: &Wide, b: u8) -> Option<NodeId> {
        let quarter = usize::from(b / 64);
        let (bits, bit) = (wide.bits[quarter], 1u64 << (b % 64));
        let rank = (bits & (bit - 1)).count_ones();
        (bits & bit != 0).then(|| self.kids[(wide.start[quarter] + rank) as usize])
    }

    /// The node reached from `n` by `bytes`, if there is one.
    #[inline]
    pub fn descend(&self, n: NodeId, bytes: &[u8]) -> Option<NodeId> {
        bytes.iter().try_fold(n, |n, &b| self.child(n, b))
    }

    /// The children of `n` with their bytes, ascending.
    #[inline]
    pub fn children(&self, n: NodeId) -> impl Iterator<Item = (u8, NodeId)> + '_ {
        let end = self.nodes[n.index()].end;
        let mut next = n.0 + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = &self.nodes[next as usize];
            let item = (child.byte, NodeId(next));
            next = child.end;
            Some(item)
        })
    }

    /// The number of children of `n`.
    #[inline]
    pub fn fan(&self, n: NodeId) -> usize {
        let node = &self.nodes[n.index()];
        match node.end > n.0 + 1 {
            true => usize::from(node.fan) + 1,
            false => 0,
        }
    }

    /// Calls `visit` for the children of `n` whose bytes are in `set`, ascending:
    /// byte `b` is bit `b % 64` of word `b / 64`. Takes time for those alone where
    /// `n` has more than eight.
    #[inline]
    pub fn children_in(&self, n: NodeId, set: &[u64; 4], mut visit: impl FnMut(u8, NodeId)) {
        let node = &self.nodes[n.index()];
        let in_set = |byte: u8| set[usize::from(byte / 64)] >> (byte % 64) & 1 == 1;
        match usize::from(node.fan) {
            0 => {
                let next = n.0 + 1;
                if next < node.end {
                    let byte = self.nodes[next as usize].byte;
                    if in_set(byte) {
                        visit(byte, NodeId(next));
                    }
                }
            }
            fan if fan < NARROW => {
                for at in node.kids as usize..=node.kids as usize + fan {
                    if in_set(self.kid_bytes[at]) {
                        visit(self.kid_bytes[at], self.kids[at]);
                    }
                }
            }
            _ => {
                let wide = &self.wide[node.kids as usize];
                let quarters = wide.bits.iter().zip(set).zip(&wide.start);
                for (((bits, set), start), base) in quarters.zip([0u8, 64, 128, 192]) {
                    let mut left = bits & set;
                    while left != 0 {
                        let bit = left.trailing_zeros();
                        left &= left - 1;
                        let rank = (bits & ((1u64 << bit) - 1)).count_ones();
                        visit(base + bit as u8, self.kids[(start + rank) as usize]);
                    }
                }
            }
        }
    }

    /// Whether any child of `n` has its byte in `set`, as for [`Trie::children_in`].
    #[must_use]
    pub fn any_child_in(&self, n: NodeId, set: &[u64; 4]) -> bool {
        let node = &self.nodes[n.index()];
        if usize::from(node.fan) < NARROW {
            let mut any = false;
            self.children_in(n, set, |_, _| any = true);
            return any;
        }
        let wide = &self.wide[node.kids as usize];
        wide.bits.iter().zip(set).any(|(bits, set)| bits & set != 0)
    }

    /// The byte on the edge that leads to `n`; 0 for the root.
    #[inline]
    pub fn byte(&self, n: NodeId) -> u8 {
        self.nodes[n.index()].byte
    }

    /// The number of bytes on the path from the root to `n`.
    #[inline]
    pub fn depth(&self, n: NodeId) -> usize {
        usize::from(self.nodes[n.index()].depth)
    }

    /// The length of the longest token in bytes. Linear in the nodes.
    pub fn max_depth(&self) -> usize {
        self.nodes
            .iter()
            .map(|node| usize::from(node.depth))
            .max()
            .unwrap_or(0)
    }

    /// The tokens whose bytes end exactly at `n`, by ascending id. More than
    /// one where a vocabulary spells the same bytes twice.
    #[inline]
    pub fn tokens(&self, n: NodeId) -> &[TokenId] {
        let start = self.nodes[n.index()].first as usize;
        &self.tokens[start..self.nodes[n.index() + 1].first as usize]
    }

    /// All about `n` that a walk in preorder needs.
    #[inline]
    pub fn node(&self, n: NodeId) -> TrieNode<'_> {
        let (node, next) = (&self.nodes[n.index()], &self.nodes[n.index() + 1]);
        TrieNode {
            end: NodeId(node.end),
            depth: usize::from(node.depth),
            byte: node.byte,
            tokens: &self.tokens[node.first as usize..next.first as usize],
        }
    }

    /// The first id past the subtree of `n`, which is `n..subtree_end(n)`.
    #[inline]
    pub fn subtree_end(&self, n: NodeId) -> NodeId {
        NodeId(self.nodes[n.index()].end)
    }

    /// All tokens that end in the subtree of `n`, those of `n` included, in
    /// preorder of their nodes (that is, in byte order).
    #[inline]
    pub fn subtree_tokens(&self, n: NodeId) -> &[TokenId] {
        let node = &self.nodes[n.index()];
        &self.tokens[node.first as usize..self.nodes[node.end as usize].first as usize]
    }
}

#[cfg(test)]
mod tests;
