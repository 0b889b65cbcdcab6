//! When a text ends.

use formwork::TokenId;
use formwork_vocab::fingerprint::Hasher;

/// When a text ends. Part of the target: texts that end otherwise are other texts.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Stop {
    /// With one of these tokens, where the text is complete; its probability is part of
    /// the text's. Elsewhere the constraint reads them like any others.
    ///
    /// Models that were not taught to end are costly here: the probability of a stop
    /// token is a factor of P(L).
    Tokens(Vec<TokenId>),
    /// As soon as it is complete, without a token: of texts of which one begins another,
    /// only the shorter one is ever written. A suffix to stop at, such as a line end, is
    /// said by a grammar that ends in it.
    WhenComplete,
}

/// What becomes of texts that are as long as they may be.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum AtLimit {
    /// They are no texts: the target is the model's law given the constraint *and* the
    /// most tokens.
    #[default]
    Exclude,
    /// They end there, complete or not, and say so
    /// ([`Sample::truncated`](crate::Sample::truncated)): the target is the law of texts
    /// that were cut.
    Cut,
}

impl Stop {
    pub(crate) fn tokens(&self) -> &[TokenId] {
        match self {
            Stop::Tokens(tokens) => tokens,
            Stop::WhenComplete => &[],
        }
    }

    pub(crate) fn fingerprint(&self, max_tokens: usize, at_limit: AtLimit) -> u64 {
        let mut hasher = Hasher::new();
        hasher.word(u64::from(*self == Stop::WhenComplete));
        let mut tokens: Vec<u32> = self.tokens().iter().map(|token| token.0).collect();
        tokens.sort_unstable();
        tokens.dedup();
        hasher.word(tokens.len() as u64);
        tokens
            .iter()
            .for_each(|&token| hasher.word(u64::from(token)));
        hasher.word(max_tokens as u64);
        hasher.word(u64::from(at_limit == AtLimit::Cut));
        hasher.finish()
    }
}
