//! How texts are sampled.

use crate::{AtLimit, LogitCache, SampleError, Stop};

/// What becomes of a proposal. All of them propose in one way: token by token, with
/// probability p(t)·θ(t)/Z.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Finish {
    /// It is taken as it is.
    Biased,
    /// At every token it is given up with probability 1 − Z/θ, where θ is the bound with
    /// which the token was drawn and Z what it turns out to be: what is left follows the
    /// target.
    Reject,
}

/// What is asked of the constraint where a prefix is met for the first time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Lookahead {
    /// Which tokens may follow. Where the constraint has no exact mask, every token of
    /// any probability is checked.
    Mask,
    /// A mask, if it has one. If it is not exact, a token is checked when it is drawn.
    Cheap,
    /// Nothing; tokens are checked when they are drawn.
    Check,
}

/// A way to sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Method {
    /// What becomes of proposals.
    pub finish: Finish,
    /// What is asked of the constraint.
    pub lookahead: Lookahead,
    /// Whether bounds are kept from one attempt to the next.
    pub memory: bool,
}

impl Method {
    /// Grammar-constrained decoding: masks alone. Texts are of the grammar, and follow
    /// another law than the target (arXiv:2405.21047, section 3).
    pub const GCD: Method = Method::of(Finish::Biased, Lookahead::Mask, false);
    /// Adaptive sampling with approximate expected futures (arXiv:2405.21047): begins as
    /// [`GCD`](Method::GCD) and tends to the target. With the weights of its samples it
    /// is importance sampling by an adaptive proposal, unbiased from the first.
    pub const ASAP: Method = Method::of(Finish::Biased, Lookahead::Mask, true);
    /// Rejection sampling: draws from the model until nothing is refused. Exact.
    pub const REJECTION: Method = Method::of(Finish::Reject, Lookahead::Check, false);
    /// Adaptive rejection sampling (arXiv:2510.01902): what was refused once is not
    /// proposed again. Exact, and samples are independent.
    pub const ARS: Method = Method::of(Finish::Reject, Lookahead::Check, true);
    /// Constrained adaptive rejection sampling (arXiv:2510.01902): masks where prefixes
    /// are met, and bounds of the mass behind them. Exact, and samples are independent.
    pub const CARS: Method = Method::of(Finish::Reject, Lookahead::Mask, true);

    const fn of(finish: Finish, lookahead: Lookahead, memory: bool) -> Method {
        Method {
            finish,
            lookahead,
            memory,
        }
    }
}

/// How texts are sampled.
#[derive(Clone, PartialEq, Debug)]
pub struct SampleOptions {
    /// The way to sample.
    pub method: Method,
    /// The seed of chance: the same seed gives the same texts, whatever `batch` and the
    /// budgets of memory are, as far as the model gives the same logits.
    pub seed: u64,
    /// When a text ends.
    pub stop: Stop,
    /// The most tokens of a text, the stop token not counted.
    pub max_tokens: usize,
    /// What becomes of longer texts.
    pub at_limit: AtLimit,
    /// How rows of logits are kept.
    pub logit_cache: LogitCache,
    /// The most bytes of kept rows. The default is 1 GiB.
    pub max_row_bytes: usize,
    /// The most prefixes in the tree, about 100 bytes each; a tree that is full is begun
    /// anew, which is legal at any time. The default is 4 million.
    pub max_nodes: usize,
    /// So many attempts ask the model for rows together. The default is 1.
    pub batch: usize,
    /// The most attempts for one sample. The default is 1 million.
    pub max_attempts: u64,
    /// The most rows of the model, in all. The default is none.
    pub max_rows: Option<u64>,
}

impl SampleOptions {
    /// The defaults with a method, a stop rule and the most tokens.
    #[must_use]
    pub fn new(method: Method, stop: Stop, max_tokens: usize) -> SampleOptions {
        SampleOptions {
            method,
            seed: 0,
            stop,
            max_tokens,
            at_limit: AtLimit::default(),
            logit_cache: LogitCache::default(),
            max_row_bytes: 1 << 30,
            max_nodes: 4_000_000,
            batch: 1,
            max_attempts: 1_000_000,
            max_rows: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SampleError> {
        let wrong = |name, wanted| Err(SampleError::Option { name, wanted });
        if self.batch == 0 || self.batch > 4096 {
            return wrong("batch", "from 1 to 4096");
        }
        if self.max_tokens >= 1 << 24 {
            return wrong("max_tokens", "below 2^24");
        }
        let most = u32::MAX as usize / 2;
        // An attempt may add a prefix for every token, a round as many times that.
        let round = (self.max_tokens + 2) * (self.batch + 1);
        if self.max_nodes > most || self.max_nodes < round {
            return wrong(
                "max_nodes",
                "below 2^31, and enough for a round: `max_tokens` + 2 for every attempt in it",
            );
        }
        match &self.stop {
            Stop::Tokens(tokens) if tokens.is_empty() => {
                wrong("stop", "at least one token, or `Stop::WhenComplete`")
            }
            _ => Ok(()),
        }
    }
}
