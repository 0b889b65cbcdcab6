//! Building the flat trie: sort the tokens, lay the nodes out in one pass, then
//! index children and summarise subtrees in another.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes are numbered as they are made"
)]

use std::cmp::Ordering;

use super::{NARROW, Node, NodeId, Trie, Wide};
use crate::{MAX_TOKEN_BYTES, MAX_TOTAL_BYTES, TokenId, VocabError};

pub(super) fn build(tokens: Vec<(TokenId, &[u8])>) -> Result<Trie, VocabError> {
    check_limits(&tokens)?;
    let (nodes, tokens) = lay_out(&sort(tokens));
    Ok(Index::new(nodes).finish(tokens))
}

fn check_limits(tokens: &[(TokenId, &[u8])]) -> Result<(), VocabError> {
    let mut total = 0usize;
    for (id, bytes) in tokens {
        if bytes.len() > MAX_TOKEN_BYTES {
            return Err(VocabError::limit(format!(
                "token {id} has {} bytes; the limit is {MAX_TOKEN_BYTES}",
                bytes.len()
            )));
        }
        total = total.saturating_add(bytes.len());
    }
    if total > MAX_TOTAL_BYTES {
        return Err(VocabError::limit(format!(
            "the tokens have {total} bytes in all; the limit is {MAX_TOTAL_BYTES}"
        )));
    }
    Ok(())
}

/// A token with its first eight bytes as a big-endian number: most comparisons
/// end there, without following the slice.
struct Keyed<'a> {
    prefix: u64,
    id: TokenId,
    bytes: &'a [u8],
}

/// Sorts by bytes, then by id.
fn sort(tokens: Vec<(TokenId, &[u8])>) -> Vec<Keyed<'_>> {
    let key = |(id, bytes): (TokenId, _)| Keyed {
        prefix: prefix(bytes),
        id,
        bytes,
    };
    let mut keyed: Vec<_> = tokens.into_iter().map(key).collect();
    keyed.sort_unstable_by(|a, b| match a.prefix.cmp(&b.prefix) {
        Ordering::Equal => a.bytes.cmp(b.bytes).then(a.id.cmp(&b.id)),
        unequal => unequal,
    });
    keyed
}

/// Zero padding keeps the order except between strings that end in zero bytes,
/// where the prefixes tie and the full comparison decides.
fn prefix(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    let len = bytes.len().min(8);
    word[..len].copy_from_slice(&bytes[..len]);
    u64::from_be_bytes(word)
}

/// Writes the nodes in preorder, and the token ids in the same order.
fn lay_out(sorted: &[Keyed<'_>]) -> (Vec<Node>, Vec<TokenId>) {
    let node = |byte, depth, first: usize| Node {
        end: 0,
        first: first as u32,
        kids: 0,
        depth,
        byte,
        fan: 0,
    };
    let mut nodes = vec![node(0, 0, 0)];
    let mut tokens = Vec::with_capacity(sorted.len());
    let mut path = vec![0usize]; // the open nodes, root first
    let mut last: &[u8] = &[];
    for token in sorted {
        let shared = last
            .iter()
            .zip(token.bytes)
            .take_while(|(a, b)| a == b)
            .count();
        for closed in path.drain(shared + 1..) {
            nodes[closed].end = nodes.len() as u32;
        }
        for (depth, &byte) in token.bytes.iter().enumerate().skip(shared) {
            path.push(nodes.len());
            nodes.push(node(byte, depth as u16 + 1, tokens.len()));
        }
        tokens.push(token.id);
        last = token.bytes;
    }
    for closed in path {
        nodes[closed].end = nodes.len() as u32;
    }
    nodes.push(node(0, 0, tokens.len()));
    (nodes, tokens)
}

/// The second pass: child tables.
struct Index {
    nodes: Vec<Node>, // sentinel included
    kid_bytes: Vec<u8>,
    kids: Vec<NodeId>,
    wide: Vec<Wide>,
}

impl Index {
    fn new(nodes: Vec<Node>) -> Index {
        let len = nodes.len() - 1;
        let mut index = Index {
            nodes,
            kid_bytes: Vec::new(),
            kids: Vec::new(),
            wide: Vec::new(),
        };
        let mut scratch = Vec::new();
        // Backwards, so that children are done before their parents.
        for n in (0..len).rev() {
            index.visit(n, &mut scratch);
        }
        index
    }

    fn visit(&mut self, n: usize, children: &mut Vec<(u8, NodeId)>) {
        children.clear();
        let mut c = n + 1;
        while c < self.nodes[n].end as usize {
            let child = self.nodes[c];
            children.push((child.byte, NodeId(c as u32)));
            c = child.end as usize;
        }
        if children.len() > 1 {
            self.nodes[n].fan = (children.len() - 1) as u8;
            self.nodes[n].kids = self.add_children(children);
        }
    }

    /// Stores a child list; returns what `Node::kids` shall hold.
    fn add_children(&mut self, children: &[(u8, NodeId)]) -> u32 {
        let start = self.kids.len() as u32;
        self.kid_bytes
            .extend(children.iter().map(|&(byte, _)| byte));
        self.kids.extend(children.iter().map(|&(_, child)| child));
        if children.len() <= NARROW {
            return start;
        }
        let mut wide = Wide {
            bits: [0; 4],
            start: [0; 4],
        };
        for &(byte, _) in children {
            wide.bits[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        let mut at = start;
        for (quarter, bits) in wide.start.iter_mut().zip(wide.bits) {
            *quarter = at;
            at += bits.count_ones();
        }
        self.wide.push(wide);
        (self.wide.len() - 1) as u32
    }

    fn finish(mut self, tokens: Vec<TokenId>) -> Trie {
        self.kid_bytes.extend([0; NARROW]);
        Trie {
            nodes: self.nodes.into(),
            tokens: tokens.into(),
            kid_bytes: self.kid_bytes.into(),
            kids: self.kids.into(),
            wide: self.wide.into(),
        }
    }
}
