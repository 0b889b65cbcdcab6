//! Texts that are listed.

use std::sync::Arc;

use formwork::{TokenId, Vocab, mask};
use formwork_vocab::fingerprint::Hasher;

use super::{Constraint, Coverage};
use crate::SampleError;

/// Texts that are listed, in whatever tokens they are spelled.
#[derive(Clone, Debug)]
pub struct FiniteSet {
    vocab: Arc<Vocab>,
    /// Ascending, each once.
    texts: Vec<Box<[u8]>>,
    longest_token: usize,
}

/// The listed texts that begin with what was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FiniteState {
    first: usize,
    end: usize,
    read: usize,
}

impl FiniteSet {
    /// Of these texts, over a vocabulary.
    pub fn new(vocab: Arc<Vocab>, texts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> FiniteSet {
        let texts = texts.into_iter().map(|text| text.as_ref().into());
        let mut texts: Vec<Box<[u8]>> = texts.collect();
        texts.sort_unstable();
        texts.dedup();
        let ids = (0..vocab.len() as u32).map(TokenId);
        let longest_token = ids.map(|id| vocab.bytes(id).len()).max().unwrap_or(0);
        FiniteSet {
            vocab,
            texts,
            longest_token,
        }
    }

    fn texts(&self, state: &FiniteState) -> &[Box<[u8]>] {
        self.texts.get(state.first..state.end).unwrap_or_default()
    }

    /// Where `bytes` lead.
    fn after(&self, state: &FiniteState, bytes: &[u8]) -> FiniteState {
        let rest = |text: &[u8]| -> std::cmp::Ordering {
            let rest = text.get(state.read..).unwrap_or_default();
            rest.get(..bytes.len()).unwrap_or(rest).cmp(bytes)
        };
        let texts = self.texts(state);
        let first = texts.partition_point(|text| rest(text).is_lt());
        let end = texts.partition_point(|text| rest(text).is_le());
        FiniteState {
            first: state.first + first,
            end: state.first + end,
            read: state.read + bytes.len(),
        }
    }
}

impl Constraint for FiniteSet {
    type State = FiniteState;

    fn vocab_len(&self) -> usize {
        self.vocab.len()
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = Hasher::new();
        hasher.word(self.vocab.fingerprint());
        self.texts.iter().for_each(|text| hasher.bytes(text));
        hasher.finish()
    }

    fn start(&self) -> Result<FiniteState, SampleError> {
        Ok(FiniteState {
            first: 0,
            end: self.texts.len(),
            read: 0,
        })
    }

    fn check(&self, state: &FiniteState, token: TokenId) -> Result<bool, SampleError> {
        let bytes = self.vocab.bytes(token);
        let after = self.after(state, bytes);
        Ok(!bytes.is_empty() && after.first < after.end)
    }

    /// Goes down the trie of the vocabulary along every text that is left.
    fn mask(&self, state: &FiniteState, row: &mut [u32]) -> Result<Coverage, SampleError> {
        let trie = self.vocab.trie();
        for text in self.texts(state) {
            let mut node = trie.root();
            for &byte in text.get(state.read..).unwrap_or_default() {
                let Some(child) = trie.child(node, byte) else {
                    break;
                };
                node = child;
                mask::set_all(row, trie.tokens(node));
            }
        }
        Ok(Coverage::Exact)
    }

    fn advance(&self, state: &mut FiniteState, token: TokenId) -> Result<(), SampleError> {
        *state = self.after(state, self.vocab.bytes(token));
        match state.first < state.end {
            true => Ok(()),
            false => Err(SampleError::Refused { token }),
        }
    }

    fn is_complete(&self, state: &FiniteState) -> bool {
        // The shortest of them comes first.
        let first = self.texts(state).first();
        first.is_some_and(|text| text.len() == state.read)
    }

    fn min_tokens_to_finish(&self, state: &FiniteState) -> usize {
        let missing = self.texts(state).iter().map(|text| text.len() - state.read);
        let missing = missing.min().unwrap_or(usize::MAX);
        missing.div_ceil(self.longest_token.max(1))
    }
}
