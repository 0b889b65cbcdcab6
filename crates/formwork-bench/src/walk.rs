//! One text through the token machine.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use formwork::{Matcher, PushError, TokenId, Vocab, mask};

/// What became of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Every token was allowed, and the text may end after the last one.
    Accepted,
    /// The token at this index was not allowed.
    Rejected {
        /// Index of the token.
        token: usize,
    },
    /// Every token was allowed, but the text may not end there.
    Unfinished,
    /// A limit was reached; there is no verdict.
    Failed(String),
    /// The caller broke off.
    Cancelled,
}

/// The result of a [`walk`](walk()).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Walk {
    /// What became of the text.
    pub verdict: Verdict,
    /// How often a mask and the push of the same token, or the stop bit and the
    /// completeness of the text, told different things. Anything but 0 is a
    /// defect of the engine.
    pub disagreements: usize,
}

/// Reads `tokens` from where `matcher` is, as a sampler would: a mask before
/// every token, the token pushed, and a last mask that must allow a stop token.
/// Ends at the first token that is not allowed.
///
/// `row` takes the masks and has the vocabulary's
/// [`mask_words`](Vocab::mask_words). `on_token` is told the time of each mask
/// and push together, and may break off.
pub fn walk(
    matcher: &mut Matcher,
    vocab: &Vocab,
    tokens: &[TokenId],
    row: &mut [u32],
    mut on_token: impl FnMut(Duration) -> ControlFlow<()>,
) -> Walk {
    let mut disagreements = 0;
    let verdict = 'verdict: {
        for (index, &token) in tokens.iter().enumerate() {
            let start = Instant::now();
            let filled = matcher.fill_mask(row);
            let pushed = matcher.push(token);
            let time = start.elapsed();
            if let Err(error) = filled {
                break 'verdict Verdict::Failed(error.to_string());
            }
            if let Err(PushError::Engine(error)) = pushed {
                break 'verdict Verdict::Failed(error.to_string());
            }
            let allowed = mask::get(row, token);
            disagreements += usize::from(allowed != pushed.is_ok());
            if on_token(time).is_break() {
                break 'verdict Verdict::Cancelled;
            }
            if !allowed || pushed.is_err() {
                break 'verdict Verdict::Rejected { token: index };
            }
        }
        if let Err(error) = matcher.fill_mask(row) {
            break 'verdict Verdict::Failed(error.to_string());
        }
        let complete = matcher.is_complete();
        for &stop in vocab.stop_ids() {
            disagreements += usize::from(mask::get(row, stop) != complete);
        }
        if complete {
            Verdict::Accepted
        } else {
            Verdict::Unfinished
        }
    };
    Walk {
        verdict,
        disagreements,
    }
}
