//! How often texts came, however they were spelled.

use std::collections::HashMap;

use formwork::Vocab;

use crate::Sample;

/// How often texts came: by their bytes, and by the tokens that spelled them.
///
/// What somebody reads is a text, so outcomes are counted by bytes. What has a known
/// probability is a spelling; that of a text is the sum over its spellings, most of which
/// never come. So the divergence is measured over spellings, which bounds that over texts
/// from above.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    texts: HashMap<Vec<u8>, u64>,
    /// By tokens and stop token: how often, and ln P.
    spellings: HashMap<(Vec<u32>, Option<u32>), (u64, f64)>,
    total: u64,
}

impl Tally {
    /// Counts a text.
    pub fn add(&mut self, sample: &Sample, vocab: &Vocab) {
        self.total += 1;
        *self.texts.entry(sample.bytes(vocab)).or_default() += 1;
        let tokens = sample.tokens.iter().map(|token| token.0).collect();
        let spelling = (tokens, sample.stop.map(|stop| stop.0));
        self.spellings
            .entry(spelling)
            .or_insert((0, sample.log_p))
            .0 += 1;
    }

    /// The texts that were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The number of different spellings.
    #[must_use]
    pub fn spellings(&self) -> usize {
        self.spellings.len()
    }

    /// The different texts and how often they came, the most frequent first, of equal
    /// ones the lowest.
    #[must_use]
    pub fn texts(&self) -> Vec<(&[u8], u64)> {
        let texts = self.texts.iter().map(|(text, &count)| (&**text, count));
        let mut texts: Vec<(&[u8], u64)> = texts.collect();
        texts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        texts
    }

    /// ln of the probability of all spellings that came, each counted once: a lower bound
    /// of ln P(L).
    #[must_use]
    pub fn log_p_seen(&self) -> f64 {
        let mut logs: Vec<f64> = self.spellings.values().map(|&(_, log_p)| log_p).collect();
        logs.sort_unstable_by(f64::total_cmp);
        crate::numbers::ln_sum(&logs)
    }

    /// KL(seen‖target) in nats, given ln P(L): how far what came is from the target, as
    /// far as it came. Exact samples have about [`floor`](Tally::floor) of it or more,
    /// since what did not come is missing.
    #[must_use]
    pub fn kl(&self, log_p_grammar: f64) -> f64 {
        let total = self.total as f64;
        let part = |&(count, log_p): &(u64, f64)| {
            let share = count as f64 / total;
            share * (share.ln() - (log_p - log_p_grammar))
        };
        // In a fixed order, so that sums are the same every time.
        let mut parts: Vec<f64> = self.spellings.values().map(part).collect();
        parts.sort_unstable_by(f64::total_cmp);
        parts.iter().sum()
    }

    /// The divergence that as many exact samples over as many spellings have on average,
    /// (K−1)/2N, if none has too small a share.
    #[must_use]
    pub fn floor(&self) -> f64 {
        match self.total {
            0 => 0.0,
            total => (self.spellings.len() as f64 - 1.0) / (2.0 * total as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use formwork::{TokenId, Vocab};

    use super::Tally;
    use crate::Sample;

    #[test]
    fn spellings_of_a_text_are_one_text() {
        let mut builder = Vocab::builder();
        for (id, bytes) in ["a", "b", "ab"].iter().enumerate() {
            builder.token(TokenId(id as u32), bytes);
        }
        let vocab = builder.build().unwrap();
        let sample = |tokens: &[u32], p: f64| Sample {
            tokens: tokens.iter().map(|&token| TokenId(token)).collect(),
            stop: None,
            log_p: p.ln(),
            log_q: 0.0,
            log_w: 0.0,
            attempts: 1,
            model_rows: 0,
            checks: 0,
            truncated: false,
        };
        let mut tally = Tally::default();
        for (tokens, p) in [
            (&[0, 1][..], 0.125),
            (&[2], 0.125),
            (&[0], 0.25),
            (&[0], 0.25),
        ] {
            tally.add(&sample(tokens, p), &vocab);
        }
        assert_eq!(tally.texts(), [(&b"a"[..], 2), (b"ab", 2)]);
        assert_eq!((tally.total(), tally.spellings()), (4, 3));
        assert!((tally.log_p_seen() - 0.5f64.ln()).abs() < 1e-12);
        // Shares are those of the target, P(L) = ½.
        assert!(tally.kl(0.5f64.ln()).abs() < 1e-12);
        assert!((tally.floor() - 0.25).abs() < 1e-12);
    }
}
