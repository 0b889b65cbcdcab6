//! What a constraint is to samplers.

mod canonical;
mod canvas;
mod finite;
mod grammar;
mod predicate;
mod product;

use formwork::TokenId;

use crate::SampleError;

pub use canonical::{Canonical, CanonicalState, Encode};
pub use canvas::{CanvasConstraint, CanvasState};
pub use finite::{FiniteSet, FiniteState};
pub use grammar::GrammarConstraint;
pub use predicate::{Predicate, Verdict};
pub use product::Product;

/// A set of token strings that can be read from left to right.
///
/// A string belongs to it if [`check`](Constraint::check) allows every token where it
/// stands, and [`is_complete`](Constraint::is_complete) at the end. Prefixes that nothing
/// can complete may be allowed: that costs attempts, never exactness. Refusing a prefix
/// that something could complete changes the target without a sign of it.
///
/// Stop tokens are none of its business: the [stop rule](crate::Stop) has them.
pub trait Constraint {
    /// What was read so far.
    type State: Clone;

    /// The number of tokens; models may have more logits, none of which is ever allowed.
    fn vocab_len(&self) -> usize;

    /// A number that differs for constraints that differ.
    fn fingerprint(&self) -> u64;

    /// Where nothing has been read.
    ///
    /// # Errors
    ///
    /// If a limit of the constraint is reached.
    fn start(&self) -> Result<Self::State, SampleError>;

    /// Whether a token may come next.
    ///
    /// # Errors
    ///
    /// If a limit of the constraint is reached.
    fn check(&self, state: &Self::State, token: TokenId) -> Result<bool, SampleError>;

    /// Sets the bits of the tokens that may come next in a row of zeros, as
    /// [`formwork::mask`] lays them out, and says what the row is worth.
    ///
    /// # Errors
    ///
    /// If a limit of the constraint is reached.
    fn mask(&self, state: &Self::State, row: &mut [u32]) -> Result<Coverage, SampleError>;

    /// Reads a token that [`check`](Constraint::check) allows.
    ///
    /// # Errors
    ///
    /// If a limit of the constraint is reached; if the token is not allowed.
    fn advance(&self, state: &mut Self::State, token: TokenId) -> Result<(), SampleError>;

    /// Whether what was read is a whole text.
    fn is_complete(&self, state: &Self::State) -> bool;

    /// A lower bound on the tokens that are missing to a whole text. A text that cannot
    /// end in time is given up as soon as this says so.
    fn min_tokens_to_finish(&self, state: &Self::State) -> usize {
        usize::from(!self.is_complete(state))
    }
}

/// What a mask is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coverage {
    /// Its tokens are those that [`Constraint::check`] allows.
    Exact,
    /// All tokens that are allowed are in it, and maybe others.
    Superset,
    /// There is none; the row says nothing.
    Unsupported,
}
