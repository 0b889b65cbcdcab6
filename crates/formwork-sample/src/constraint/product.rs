//! Two constraints at once.

use formwork::TokenId;
use formwork_vocab::fingerprint::Hasher;

use super::{Constraint, Coverage};
use crate::SampleError;

/// The texts that belong to both.
#[derive(Clone, Debug)]
pub struct Product<A, B> {
    one: A,
    other: B,
}

impl<A: Constraint, B: Constraint> Product<A, B> {
    /// Of two constraints over the same vocabulary; the one that is cheaper to check comes
    /// first.
    pub fn new(one: A, other: B) -> Product<A, B> {
        Product { one, other }
    }
}

impl<A: Constraint, B: Constraint> Constraint for Product<A, B> {
    type State = (A::State, B::State);

    fn vocab_len(&self) -> usize {
        self.one.vocab_len().min(self.other.vocab_len())
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = Hasher::new();
        hasher.word(self.one.fingerprint());
        hasher.word(self.other.fingerprint());
        hasher.finish()
    }

    fn start(&self) -> Result<Self::State, SampleError> {
        Ok((self.one.start()?, self.other.start()?))
    }

    fn check(&self, state: &Self::State, token: TokenId) -> Result<bool, SampleError> {
        Ok(self.one.check(&state.0, token)? && self.other.check(&state.1, token)?)
    }

    fn mask(&self, state: &Self::State, row: &mut [u32]) -> Result<Coverage, SampleError> {
        let one = self.one.mask(&state.0, row)?;
        if one == Coverage::Unsupported {
            row.fill(0);
            let other = self.other.mask(&state.1, row)?;
            return Ok(match other {
                Coverage::Exact => Coverage::Superset,
                other => other,
            });
        }
        let mut second = vec![0; row.len()];
        let other = self.other.mask(&state.1, &mut second)?;
        if other == Coverage::Unsupported {
            return Ok(Coverage::Superset);
        }
        row.iter_mut().zip(second).for_each(|(a, b)| *a &= b);
        Ok(match (one, other) {
            (Coverage::Exact, Coverage::Exact) => Coverage::Exact,
            _ => Coverage::Superset,
        })
    }

    fn advance(&self, state: &mut Self::State, token: TokenId) -> Result<(), SampleError> {
        self.one.advance(&mut state.0, token)?;
        self.other.advance(&mut state.1, token)
    }

    fn is_complete(&self, state: &Self::State) -> bool {
        self.one.is_complete(&state.0) && self.other.is_complete(&state.1)
    }

    fn min_tokens_to_finish(&self, state: &Self::State) -> usize {
        let one = self.one.min_tokens_to_finish(&state.0);
        one.max(self.other.min_tokens_to_finish(&state.1))
    }
}
