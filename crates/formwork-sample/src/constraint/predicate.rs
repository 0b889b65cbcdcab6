//! A function as a constraint.

use formwork::TokenId;

use super::{Constraint, Coverage};
use crate::SampleError;

/// What a function says of the tokens so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Whether a text may begin so.
    pub viable: bool,
    /// Whether they are a whole text.
    pub complete: bool,
}

/// A constraint that is a function of the tokens so far, such as a type checker or a
/// program that runs what was written: checks, and no masks.
#[derive(Clone, Debug)]
pub struct Predicate<F> {
    vocab_len: usize,
    fingerprint: u64,
    verdict: F,
}

impl<F: Fn(&[TokenId]) -> Verdict> Predicate<F> {
    /// Over so many tokens. The fingerprint is the caller's, since functions cannot be
    /// told apart. What extends a text that is not viable must not be viable either.
    pub fn new(vocab_len: usize, fingerprint: u64, verdict: F) -> Predicate<F> {
        Predicate {
            vocab_len,
            fingerprint,
            verdict,
        }
    }
}

impl<F: Fn(&[TokenId]) -> Verdict> Constraint for Predicate<F> {
    type State = Vec<TokenId>;

    fn vocab_len(&self) -> usize {
        self.vocab_len
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn start(&self) -> Result<Vec<TokenId>, SampleError> {
        Ok(Vec::new())
    }

    fn check(&self, state: &Vec<TokenId>, token: TokenId) -> Result<bool, SampleError> {
        let mut tokens = state.clone();
        tokens.push(token);
        Ok((self.verdict)(&tokens).viable)
    }

    fn mask(&self, _: &Vec<TokenId>, _: &mut [u32]) -> Result<Coverage, SampleError> {
        Ok(Coverage::Unsupported)
    }

    fn advance(&self, state: &mut Vec<TokenId>, token: TokenId) -> Result<(), SampleError> {
        state.push(token);
        Ok(())
    }

    fn is_complete(&self, state: &Vec<TokenId>) -> bool {
        (self.verdict)(state).complete
    }
}
