//! What is strictly below the nodes of a vocabulary's trie.

#![expect(clippy::indexing_slicing, reason = "nodes are those of the trie")]

use formwork_grammar::Run;
use formwork_vocab::{NodeId, TokenId, Vocab, signature};

use crate::leads::{BROKEN, last_broken, lead};

/// Per node of the trie: which characters are strictly below it, and how many.
pub(crate) struct Beneath(Box<[Facts]>);

/// PERF: all in half a cache line; four tables apart took twice the time where a sweep
/// goes past thousands of subtrees.
#[derive(Clone, Copy, Default)]
#[repr(align(32))]
struct Facts {
    /// The ASCII characters.
    ascii: [u64; 2],
    /// The first bytes of others, see [`lead`]; with [`BROKEN`].
    leads: u64,
    /// The most bytes that follow the node in a token.
    height: u16,
    has_non_ascii: bool,
}

impl Beneath {
    /// Looks at every node once.
    pub(crate) fn new(vocab: &Vocab) -> Beneath {
        let trie = vocab.trie();
        let mut facts = vec![Facts::default(); trie.len()];
        for id in (0..vocab.len() as u32).map(TokenId) {
            let bytes = vocab.bytes(id);
            let Some(broken) = last_broken(bytes) else {
                continue;
            };
            let mut node = Some(trie.root());
            for &byte in bytes.iter().take(broken + 1) {
                let Some(at) = node else { break };
                facts[at.index()].leads |= BROKEN;
                node = trie.child(at, byte);
            }
        }
        // Backwards, so that children are done before their parents.
        for node in (0..trie.len() as u32).rev().map(NodeId) {
            let mut all = facts[node.index()];
            for (byte, child) in trie.children(node) {
                let below = facts[child.index()];
                signature::add_byte(&mut all.ascii, byte);
                all.ascii[0] |= below.ascii[0];
                all.ascii[1] |= below.ascii[1];
                all.leads |= below.leads | lead(byte);
                all.height = all.height.max(below.height.saturating_add(1));
                all.has_non_ascii |= below.has_non_ascii || !byte.is_ascii();
            }
            facts[node.index()] = all;
        }
        Beneath(facts.into())
    }

    /// Whether everything strictly below a node is one of some runs, the last
    /// character begun perhaps, if the node is between two characters.
    pub(crate) fn is_within(&self, node: NodeId, run: &Run) -> bool {
        let below = &self.0[node.index()];
        // Bytes are as many as characters, or more.
        run.max_chars
            .is_none_or(|max| u32::from(below.height) <= max)
            && below.ascii[0] & !run.ascii[0] == 0
            && below.ascii[1] & !run.ascii[1] == 0
            && (!below.has_non_ascii || below.leads & !(run.leads & !BROKEN) == 0)
    }

    /// Whether everything strictly below a node is ASCII.
    pub(crate) fn is_ascii(&self, node: NodeId) -> bool {
        !self.0[node.index()].has_non_ascii
    }

    /// Heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocab() -> Vocab {
        let mut builder = Vocab::builder();
        let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
        let words = [
            "é", "né", "ñé–", "中文", "a–b", "ab", "abcd", "abx", "😀", "é😀",
        ];
        let broken = [
            &b"a\x80"[..],
            b"\x99b",
            b"x\xE4\xB8",
            b"xy\xED\xA0",
            b"n\xC3n",
        ];
        let words = words.iter().map(|word| word.as_bytes());
        let all = bytes.chain(words.chain(broken).map(<[u8]>::to_vec));
        for (id, token) in all.enumerate() {
            builder.token(TokenId(id as u32), &token);
        }
        builder.build().expect("a vocabulary")
    }

    #[test]
    fn facts_are_those_of_all_tokens_below() {
        let vocab = vocab();
        let beneath = Beneath::new(&vocab);
        let trie = vocab.trie();
        let all = |bytes: &[u8]| bytes.iter().fold(0, |all, &byte| all | lead(byte));
        let letters = [0, 0x07FF_FFFE];
        let runs = [0, all("é".as_bytes()), all("–😀".as_bytes()), u64::MAX]
            .into_iter()
            .flat_map(|leads| [[u64::MAX; 2], letters, [0, 0b110]].map(|ascii| (ascii, leads)))
            .flat_map(|(ascii, leads)| {
                [None, Some(0), Some(2), Some(5)].map(|max| Run {
                    ascii,
                    leads,
                    max_chars: max,
                })
            });
        for run in runs {
            for node in (0..trie.len() as u32).map(NodeId) {
                let depth = trie.depth(node);
                let own = trie.tokens(node).len();
                let below = &trie.subtree_tokens(node)[own..];
                let fits = |id: &TokenId| {
                    let rest = &vocab.bytes(*id)[depth..];
                    let begun = std::str::from_utf8(rest).err();
                    let whole = begun.is_none_or(|error| error.error_len().is_none());
                    let ascii = signature::ascii_set(rest.iter().copied());
                    whole
                        && all(rest) & !run.leads == 0
                        && ascii[0] & !run.ascii[0] == 0
                        && ascii[1] & !run.ascii[1] == 0
                        && run.max_chars.is_none_or(|max| rest.len() <= max as usize)
                };
                let ascii = |id: &TokenId| vocab.bytes(*id)[depth..].is_ascii();
                assert_eq!(beneath.is_ascii(node), below.iter().all(ascii));
                // Only nodes between two characters are asked about.
                let path = vocab.bytes(trie.subtree_tokens(node)[0]);
                if std::str::from_utf8(&path[..depth]).is_ok() {
                    let within = beneath.is_within(node, &run);
                    assert_eq!(within, below.iter().all(fits), "{path:?} {run:?}");
                }
            }
        }
    }
}
