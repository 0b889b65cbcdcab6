//! The tokens that close a JSON string: some content, a quote, and what follows it.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes are numbered as they are made; a byte has a bit"
)]

use formwork_grammar::Bytes;
use formwork_vocab::{NodeId, TokenId, Trie};

use crate::residual::{Residuals, Rest, has};

/// The start of some token that ends a JSON string: content, then a quote.
#[derive(Debug)]
pub(crate) struct Closer {
    /// The trie node after the quote.
    pub(crate) node: NodeId,
    /// The content, from a boundary between characters.
    pub(crate) body: Box<[u8]>,
}

/// All closers of a vocabulary, as a trie of their content.
pub(crate) struct Closers {
    nodes: Vec<CloserNode>,
}

/// A place in the content.
#[derive(Default)]
pub(crate) struct CloserNode {
    pub(crate) children: Vec<(u8, u32)>,
    /// Whether a quote comes here in some token.
    pub(crate) closes: bool,
    /// The tokens that end with that quote.
    pub(crate) ends: Box<[TokenId]>,
    /// What goes on behind it.
    pub(crate) rest: Rest,
}

/// What ends at or below a place, or a part of that.
#[derive(Debug)]
pub(crate) struct Below {
    pub(crate) ends: Box<[TokenId]>,
    pub(crate) rest: Rest,
}

impl Closers {
    pub(crate) fn new(trie: &Trie, closers: &[Closer], residuals: &Residuals) -> Closers {
        let mut nodes = vec![CloserNode::default()];
        for Closer { node, body } in closers {
            let mut at = 0;
            for &byte in body.iter() {
                let known = nodes[at].children.iter().find(|&&(known, _)| known == byte);
                at = match known {
                    Some(&(_, child)) => child as usize,
                    None => {
                        let child = nodes.len();
                        nodes.push(CloserNode::default());
                        nodes[at].children.push((byte, child as u32));
                        child
                    }
                };
            }
            nodes[at].closes = true;
            nodes[at].ends = trie.tokens(*node).into();
            nodes[at].rest = residuals.after(*node);
        }
        Closers { nodes }
    }

    pub(crate) fn at(&self, node: usize) -> &CloserNode {
        &self.nodes[node]
    }

    /// What ends at or below a node, without content that begins there with one of
    /// some bytes; a quote means none at all.
    pub(crate) fn below(&self, node: usize, but: &Bytes, residuals: &Residuals) -> Below {
        let (mut ends, mut rests) = (Vec::new(), Vec::new());
        let mut open = vec![node];
        while let Some(at) = open.pop() {
            let closer = &self.nodes[at];
            let stays = |byte: u8| at != node || !has(but, byte);
            if closer.closes && stays(b'"') {
                ends.extend_from_slice(&closer.ends);
                rests.push(closer.rest);
            }
            let children = closer.children.iter().filter(|&&(byte, _)| stays(byte));
            open.extend(children.map(|&(_, child)| child as usize));
        }
        Below {
            ends: ends.into(),
            rest: residuals.union_all(&rests),
        }
    }

    /// The bytes that come next at a node, the quote included.
    pub(crate) fn first(&self, node: usize) -> Bytes {
        let closer = &self.nodes[node];
        let mut first = [0; 4];
        let quote = closer.closes.then_some(b'"');
        for byte in closer.children.iter().map(|&(byte, _)| byte).chain(quote) {
            first[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        first
    }
}
