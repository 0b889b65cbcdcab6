//! Schemas and grammars of the engine.

use std::sync::Arc;

use formwork::{Grammar, Matcher, PushError, TokenId, Vocab, mask};
use formwork_vocab::fingerprint::Hasher;

use super::{Constraint, Coverage};
use crate::SampleError;

/// A compiled schema or grammar. Its masks are exact.
#[derive(Clone, Debug)]
pub struct GrammarConstraint {
    matcher: Matcher,
    vocab: Arc<Vocab>,
    fingerprint: u64,
}

impl GrammarConstraint {
    /// Of a grammar and the text it was compiled from, whose hash, together with that of
    /// the vocabulary, is the fingerprint. Options that change what the text means belong
    /// into `source`, too.
    #[must_use]
    pub fn new(grammar: &Grammar, source: &[u8]) -> GrammarConstraint {
        let vocab = Arc::clone(grammar.index().vocab());
        let mut hasher = Hasher::new();
        hasher.bytes(source);
        hasher.word(vocab.fingerprint());
        GrammarConstraint {
            matcher: grammar.matcher(),
            vocab,
            fingerprint: hasher.finish(),
        }
    }

    fn is_stop(&self, state: &Matcher, token: TokenId) -> bool {
        state.is_complete() && self.vocab.stop_ids().contains(&token)
    }
}

impl Constraint for GrammarConstraint {
    type State = Matcher;

    fn vocab_len(&self) -> usize {
        self.vocab.len()
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn start(&self) -> Result<Matcher, SampleError> {
        Ok(self.matcher.fork())
    }

    fn check(&self, state: &Matcher, token: TokenId) -> Result<bool, SampleError> {
        if self.is_stop(state, token) {
            return Ok(false);
        }
        match state.fork().push(token) {
            Ok(()) => Ok(true),
            Err(PushError::Engine(error)) => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    fn mask(&self, state: &Matcher, row: &mut [u32]) -> Result<Coverage, SampleError> {
        state.fill_mask(row).map_err(SampleError::mask)?;
        if state.is_complete() {
            for &stop in self.vocab.stop_ids() {
                mask::clear(row, stop);
            }
        }
        Ok(Coverage::Exact)
    }

    fn advance(&self, state: &mut Matcher, token: TokenId) -> Result<(), SampleError> {
        if self.is_stop(state, token) {
            return Err(SampleError::Refused { token });
        }
        state
            .push(token)
            .map_err(|error| SampleError::push(token, error))
    }

    fn is_complete(&self, state: &Matcher) -> bool {
        state.is_complete()
    }
}
