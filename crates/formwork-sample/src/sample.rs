//! A text that was sampled.

use formwork::{TokenId, Vocab};

/// A text that was sampled. Probabilities are natural logarithms.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// Its tokens, without a stop token.
    pub tokens: Vec<TokenId>,
    /// The stop token that ended it, if one did.
    pub stop: Option<TokenId>,
    /// ln P of the tokens and the stop token under the model.
    pub log_p: f64,
    /// ln of the probability with which it was proposed, by the law at that time; what is
    /// proposed and then refused counts as proposed.
    pub log_q: f64,
    /// ln of the weight that makes averages follow the target: ln P − ln Q where texts
    /// are taken as they are proposed, 0 where they follow the target already.
    pub log_w: f64,
    /// Attempts since the sample before, this one included.
    pub attempts: u64,
    /// Rows of the model since the sample before.
    pub model_rows: u64,
    /// Tokens and masks that the constraint was asked for since the sample before.
    pub checks: u64,
    /// Whether it was cut at the most tokens: only with
    /// [`AtLimit::Cut`](crate::AtLimit::Cut).
    pub truncated: bool,
}

impl Sample {
    /// Its text.
    #[must_use]
    pub fn bytes(&self, vocab: &Vocab) -> Vec<u8> {
        let tokens = self.tokens.iter();
        tokens
            .flat_map(|&token| vocab.bytes(token))
            .copied()
            .collect()
    }
}

/// What sampling took so far.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Attempts that were begun.
    pub attempts: u64,
    /// Texts that came of them.
    pub samples: u64,
    /// Attempts that the finisher refused.
    pub rejected: u64,
    /// Attempts that came where nothing can follow.
    pub dead: u64,
    /// Rows of logits that the model was asked for.
    pub model_rows: u64,
    /// Tokens that the model read for them.
    pub model_tokens: u64,
    /// Rows that were there already.
    pub cached_rows: u64,
    /// Single tokens that the constraint was asked for.
    pub checks: u64,
    /// Masks that the constraint was asked for.
    pub masks: u64,
    /// How often the tree was given up because it had too many prefixes.
    pub forgotten: u64,
}
