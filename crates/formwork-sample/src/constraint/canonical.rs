//! Texts in the tokens that the tokenizer would give them.

use std::sync::Arc;

use formwork::{TokenId, Vocab};
use formwork_vocab::fingerprint::Hasher;

use super::{Constraint, Coverage};
use crate::SampleError;

/// What a tokenizer makes of a text; nothing, if it refuses it.
pub type Encode = Arc<dyn Fn(&str) -> Option<Vec<TokenId>> + Send + Sync>;

/// Token strings that the tokenizer makes itself of the text they spell. To be used in a
/// [`Product`](super::Product) with the grammar.
///
/// Without it a text may be spelled in any tokens, and its probability is spread over all
/// of them. Prefixes of canonical strings are canonical (arXiv:2506.06446,
/// arXiv:2506.07956), so a prefix is refused as soon as it is not, at the first end of a
/// character. A tokenizer for which that does not hold loses the strings concerned.
///
/// A check encodes all of the text: linear in its length.
#[derive(Clone)]
pub struct Canonical {
    vocab: Arc<Vocab>,
    encode: Encode,
}

/// The tokens so far, and whether they end within a character.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CanonicalState {
    tokens: Vec<TokenId>,
    bytes: Vec<u8>,
    is_canonical: bool,
}

impl Canonical {
    /// For a vocabulary and its tokenizer.
    #[must_use]
    pub fn new(vocab: Arc<Vocab>, encode: Encode) -> Canonical {
        Canonical { vocab, encode }
    }

    fn extend(&self, state: &CanonicalState, token: TokenId) -> CanonicalState {
        let mut next = state.clone();
        next.tokens.push(token);
        next.bytes.extend_from_slice(self.vocab.bytes(token));
        let text = std::str::from_utf8(&next.bytes).ok();
        let encoded = text.and_then(|text| (self.encode)(text));
        next.is_canonical = encoded.is_some_and(|encoded| encoded == next.tokens);
        next
    }
}

impl Constraint for Canonical {
    type State = CanonicalState;

    fn vocab_len(&self) -> usize {
        self.vocab.len()
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = Hasher::new();
        hasher.bytes(b"canonical");
        hasher.word(self.vocab.fingerprint());
        hasher.finish()
    }

    fn start(&self) -> Result<CanonicalState, SampleError> {
        Ok(CanonicalState {
            is_canonical: true,
            ..CanonicalState::default()
        })
    }

    fn check(&self, state: &CanonicalState, token: TokenId) -> Result<bool, SampleError> {
        let next = self.extend(state, token);
        if next.is_canonical {
            return Ok(true);
        }
        // Within a character nothing can be said yet.
        let error = std::str::from_utf8(&next.bytes).err();
        Ok(error.is_some_and(|error| error.error_len().is_none()))
    }

    fn mask(&self, _: &CanonicalState, _: &mut [u32]) -> Result<Coverage, SampleError> {
        Ok(Coverage::Unsupported)
    }

    fn advance(&self, state: &mut CanonicalState, token: TokenId) -> Result<(), SampleError> {
        *state = self.extend(state, token);
        Ok(())
    }

    fn is_complete(&self, state: &CanonicalState) -> bool {
        state.is_canonical
    }
}
