//! How long tokens go on below the nodes of their trie.

use formwork_vocab::{NodeId, Vocab};

/// Per node of the trie: the most bytes that follow it in a token.
pub(crate) struct Heights(Box<[u16]>);

impl Heights {
    /// Looks at every node once.
    pub(crate) fn new(vocab: &Vocab) -> Heights {
        let trie = vocab.trie();
        let mut heights = vec![0u16; trie.len()];
        let mut path: Vec<NodeId> = Vec::new();
        for node in (0..trie.len() as u32).map(NodeId) {
            let depth = trie.depth(node);
            path.truncate(depth);
            path.push(node);
            if trie.subtree_end(node).0 == node.0 + 1 {
                for (above, at) in path.iter().enumerate() {
                    let height = &mut heights[at.index()];
                    *height = (*height).max((depth - above) as u16);
                }
            }
        }
        Heights(heights.into())
    }

    /// The most bytes, and so characters, that follow a node in a token.
    pub(crate) fn at(&self, node: NodeId) -> u32 {
        u32::from(self.0[node.index()])
    }

    /// Heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        2 * self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use formwork_vocab::TokenId;

    use super::*;

    #[test]
    fn heights_are_those_of_the_longest_tokens_below() {
        let mut builder = Vocab::builder();
        let words = ["a", "ab", "abcd", "abx", "b", "né", "ñé–", "xyz", "xy"];
        for (id, word) in words.iter().enumerate() {
            builder.token(TokenId(id as u32), word);
        }
        let vocab = builder.build().expect("a vocabulary");
        let heights = Heights::new(&vocab);
        let trie = vocab.trie();
        for node in (0..trie.len() as u32).map(NodeId) {
            let depth = trie.depth(node);
            let below = trie.subtree_tokens(node).iter();
            let longest = below.map(|id| vocab.bytes(*id).len() - depth).max();
            assert_eq!(heights.at(node) as usize, longest.unwrap_or(0));
        }
    }
}
