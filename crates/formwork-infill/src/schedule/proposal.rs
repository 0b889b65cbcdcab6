//! What a row of logits proposes for a position.

use formwork_vocab::{TokenId, mask};

/// What a model proposes for a position, of the tokens that are allowed there.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Proposal {
    /// The token: the likeliest, or one that was drawn.
    pub token: TokenId,
    /// Its probability among the allowed tokens, 1 if it is the only one.
    pub probability: f32,
    /// The largest probability less the second.
    pub margin: f32,
    /// The sum of `p ln p` over the allowed tokens, at most 0: the entropy, negated.
    pub negentropy: f32,
    /// The largest logit less the second; infinite if there is one token.
    pub gap: f32,
}

/// How a token is chosen, and what probabilities are.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Choice {
    /// Logits are divided by it to draw a token; 0 takes the likeliest.
    pub(crate) temperature: f32,
    /// The likeliest tokens that come to this probability are drawn from.
    pub(crate) top_p: f32,
    /// Whether probabilities are those that are drawn from, or the model's own.
    pub(crate) tempered: bool,
}

/// What a row proposes; nothing if no token is allowed that it has a logit for.
pub(crate) fn propose(
    row: &[f32],
    allowed: &[u32],
    choice: Choice,
    uniform: impl FnOnce() -> f32,
) -> Option<Proposal> {
    // What is no number counts as minus infinity.
    let logits: Vec<(TokenId, f32)> = mask::iter_ones(allowed)
        .filter_map(|token| Some((token, *row.get(token.index())?)))
        .map(|(token, logit)| match logit.is_nan() {
            true => (token, f32::NEG_INFINITY),
            false => (token, logit),
        })
        .collect();
    let (&best, _) = logits.split_first()?;
    let best = logits
        .iter()
        .skip(1)
        .fold(best, |best, &next| match next.1 > best.1 {
            true => next,
            false => best,
        });
    let others = logits.iter().filter(|(token, _)| *token != best.0);
    let second = others.map(|&(_, logit)| logit).reduce(f32::max);
    let drawn = choice.temperature > 0.0;
    let own = weights(&logits, best.1, 1.0);
    let tempered = match drawn {
        true => {
            let mut weights = weights(&logits, best.1, choice.temperature);
            keep_top_p(&mut weights, choice.top_p);
            weights
        }
        false => Vec::new(),
    };
    let at = match drawn {
        true => at(&tempered, uniform()),
        false => logits.iter().position(|(token, _)| *token == best.0)?,
    };
    let shown = match drawn && choice.tempered {
        true => &tempered,
        false => &own,
    };
    let total: f64 = shown.iter().sum();
    let mut largest = (0.0, 0.0);
    let mut negentropy = 0.0;
    for weight in shown {
        let p = weight / total;
        negentropy += p * (p + 1e-10).ln();
        largest = match p > largest.0 {
            true => (p, largest.0),
            false => (largest.0, largest.1.max(p)),
        };
    }
    Some(Proposal {
        token: logits.get(at)?.0,
        probability: (shown.get(at)? / total) as f32,
        margin: (largest.0 - largest.1) as f32,
        negentropy: negentropy.min(0.0) as f32,
        gap: second.map_or(f32::INFINITY, |second| match best.1 > second {
            true => best.1 - second,
            false => 0.0,
        }),
    })
}

/// Probabilities but for a factor; all the same if no logit is finite.
fn weights(logits: &[(TokenId, f32)], max: f32, temperature: f32) -> Vec<f64> {
    let weight = |&(_, logit): &(TokenId, f32)| match max.is_finite() {
        true => f64::from((logit - max) / temperature).exp(),
        false if logit == max => 1.0,
        false => 0.0,
    };
    logits.iter().map(weight).collect()
}

fn keep_top_p(weights: &mut [f64], p: f32) {
    if p >= 1.0 {
        return;
    }
    let mut sorted = weights.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let enough = f64::from(p) * sorted.iter().sum::<f64>();
    let mut sum = 0.0;
    let last = sorted.iter().find(|&&weight| {
        sum += weight;
        sum >= enough
    });
    let least = last.copied().unwrap_or(0.0);
    weights
        .iter_mut()
        .filter(|weight| **weight < least)
        .for_each(|weight| *weight = 0.0);
}

/// The place at a point of the weights laid end to end, a part of their sum.
fn at(weights: &[f64], uniform: f32) -> usize {
    let point = f64::from(uniform) * weights.iter().sum::<f64>();
    let mut sum = 0.0;
    let found = weights.iter().position(|weight| {
        sum += weight;
        sum > point
    });
    let last = || weights.iter().rposition(|&weight| weight > 0.0);
    found.or_else(last).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREEDY: Choice = Choice {
        temperature: 0.0,
        top_p: 1.0,
        tempered: false,
    };

    fn row(tokens: &[u32]) -> Vec<u32> {
        let mut row = vec![0];
        tokens
            .iter()
            .for_each(|&token| mask::set(&mut row, TokenId(token)));
        row
    }

    #[test]
    fn probabilities_are_of_allowed_tokens() {
        let logits = [9.0, 3f32.ln(), 0.0, f32::NAN];
        let proposal = propose(&logits, &row(&[1, 2, 3]), GREEDY, || 0.0).unwrap();
        assert_eq!(proposal.token, TokenId(1));
        assert!((proposal.probability - 0.75).abs() < 1e-6);
        assert!((proposal.margin - 0.5).abs() < 1e-6);
        assert!((proposal.negentropy + 0.562_335).abs() < 1e-5);
        assert!((proposal.gap - 3f32.ln()).abs() < 1e-6);
        let forced = propose(&logits, &row(&[2]), GREEDY, || 0.0).unwrap();
        assert_eq!((forced.token, forced.probability), (TokenId(2), 1.0));
        assert_eq!(forced.gap, f32::INFINITY);
        assert_eq!(propose(&logits, &row(&[]), GREEDY, || 0.0), None);
        assert_eq!(propose(&logits, &row(&[7]), GREEDY, || 0.0), None);
    }

    #[test]
    fn tokens_are_drawn() {
        let logits = [3f32.ln(), 0.0];
        let mut choice = Choice {
            temperature: 1.0,
            ..GREEDY
        };
        let drawn = |choice, uniform| propose(&logits, &row(&[0, 1]), choice, || uniform);
        assert_eq!(drawn(choice, 0.74).unwrap().token, TokenId(0));
        let second = drawn(choice, 0.76).unwrap();
        assert_eq!(second.token, TokenId(1));
        assert!((second.probability - 0.25).abs() < 1e-6);
        choice.top_p = 0.7;
        assert_eq!(drawn(choice, 0.99).unwrap().token, TokenId(0));
        choice.temperature = 0.5;
        choice.tempered = true;
        choice.top_p = 1.0;
        assert!((drawn(choice, 0.0).unwrap().probability - 0.9).abs() < 1e-6);
    }

    #[test]
    fn rows_without_numbers_propose_something() {
        for logit in [f32::NEG_INFINITY, f32::NAN, f32::INFINITY] {
            let proposal = propose(&[logit; 4], &row(&[1, 3]), GREEDY, || 0.0).unwrap();
            assert_eq!((proposal.token, proposal.probability), (TokenId(1), 0.5));
        }
    }
}
