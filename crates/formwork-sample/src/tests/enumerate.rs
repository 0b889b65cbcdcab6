//! Laws worked out in full.

use std::collections::BTreeMap;

use formwork::TokenId;

use crate::explorer::{Leaf, Wanted};
use crate::numbers::ln_sum;
use crate::tree::{Masses, NodeId};
use crate::{AtLimit, Constraint, Model, Read, SampleOptions, Sampler, Stop};

/// A text: its tokens, and the stop token that ended it.
pub(crate) type Text = (Vec<TokenId>, Option<TokenId>);

/// P of all texts of a constraint, by going through them: no tree, no logarithms.
pub(crate) fn target<M: Model, C: Constraint>(
    model: &mut M,
    constraint: &C,
    options: &SampleOptions,
) -> BTreeMap<Text, f64> {
    let mut all = BTreeMap::new();
    let state = constraint.start().unwrap();
    extend(
        model,
        constraint,
        options,
        &mut Vec::new(),
        &state,
        1.0,
        &mut all,
    );
    all
}

fn extend<M: Model, C: Constraint>(
    model: &mut M,
    constraint: &C,
    options: &SampleOptions,
    tokens: &mut Vec<TokenId>,
    state: &C::State,
    p: f64,
    all: &mut BTreeMap<Text, f64>,
) {
    let is_complete = constraint.is_complete(state);
    let is_full = tokens.len() == options.max_tokens;
    if (is_complete && options.stop == Stop::WhenComplete)
        || (is_full && options.at_limit == AtLimit::Cut)
    {
        all.insert((tokens.clone(), None), p);
        return;
    }
    let mut logits = vec![0f32; model.vocab_len()];
    let mut start = model.start().unwrap();
    let read = Read {
        state: &mut start,
        tokens,
    };
    model.read(&mut [read], &mut logits).unwrap();
    let weights: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
    let total: f64 = weights.iter().sum();
    for (token, weight) in (0..).map(TokenId).zip(weights) {
        let p = p * weight / total;
        if p == 0.0 {
            continue;
        }
        if is_complete && options.stop.tokens().contains(&token) {
            all.insert((tokens.clone(), Some(token)), p);
        } else if !is_full && constraint.check(state, token).unwrap() {
            let mut next = state.clone();
            constraint.advance(&mut next, token).unwrap();
            tokens.push(token);
            extend(model, constraint, options, tokens, &next, p, all);
            tokens.pop();
        }
    }
}

/// What one attempt does with a text, given the tree: logarithms of P, Q and W.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proposed {
    pub(crate) ln_p: f64,
    pub(crate) ln_q: f64,
    pub(crate) ln_w: f64,
}

/// The law of one attempt: all that it can propose, by the tree as it is.
pub(crate) fn law<M: Model, C: Constraint>(
    sampler: &mut Sampler<M, C>,
) -> BTreeMap<Text, Proposed> {
    let mut all = BTreeMap::new();
    let state = sampler.explorer.constraint.start().unwrap();
    let one = Proposed {
        ln_p: 0.0,
        ln_q: 0.0,
        ln_w: 0.0,
    };
    propose(
        sampler,
        NodeId::ROOT,
        &state,
        &mut Vec::new(),
        0.0,
        one,
        &mut all,
    );
    all
}

fn propose<M: Model, C: Constraint>(
    sampler: &mut Sampler<M, C>,
    node: NodeId,
    state: &C::State,
    tokens: &mut Vec<TokenId>,
    ln_used: f64,
    mut one: Proposed,
    all: &mut BTreeMap<Text, Proposed>,
) {
    let leaf = sampler.explorer.leaf(state, tokens.len(), &sampler.options);
    if leaf == Some(Leaf::Dead) {
        return;
    }
    if leaf.is_some() {
        one.ln_w -= ln_used;
        all.insert((tokens.clone(), None), one);
        return;
    }
    let wanted = Wanted {
        node,
        depth: tokens.len(),
        state,
    };
    let row = sampler
        .explorer
        .row(&mut sampler.tree, &sampler.options, &wanted)
        .unwrap();
    let stops = sampler.options.stop.tokens().to_vec();
    let masses = sampler.tree.masses(node).unwrap_or_else(|| {
        let (ln_stop, ln_rest) = sampler.tree.split(node, &row, &stops);
        Masses {
            ln_stop,
            ln_rest,
            ln_z: ln_sum(&[ln_stop, ln_rest]),
        }
    });
    if !tokens.is_empty() {
        one.ln_w += masses.ln_z - ln_used;
    }
    let mut next = Vec::new();
    row.each(|token, ln_p| next.push((token, ln_p)));
    for (token, ln_p) in next {
        let known: Option<NodeId> = sampler
            .tree
            .known_children(node)
            .find(|&child| sampler.tree.token(child) == token);
        let is_stop = row.may_stop && stops.contains(&token);
        let ln_theta = match known {
            Some(child) if !is_stop => sampler.tree.node(child).ln_theta,
            _ => 0.0,
        };
        let after = Proposed {
            ln_p: one.ln_p + ln_p,
            ln_q: one.ln_q + ln_p + ln_theta - masses.ln_z,
            ln_w: one.ln_w,
        };
        if after.ln_q == f64::NEG_INFINITY {
            continue;
        }
        if is_stop {
            all.insert((tokens.clone(), Some(token)), after);
            continue;
        }
        let advanced = sampler
            .explorer
            .advance(state, token, row.is_checked)
            .unwrap();
        if let Some(state) = advanced {
            let child = sampler.tree.child(node, token, ln_p);
            tokens.push(token);
            propose(sampler, child, &state, tokens, ln_theta, after, all);
            tokens.pop();
        }
    }
}

/// Q as probabilities of texts, normalised: attempts that come to nothing are repeated.
pub(crate) fn finished(law: &BTreeMap<Text, Proposed>) -> BTreeMap<Text, f64> {
    normalised(law.iter().map(|(text, one)| (text.clone(), one.ln_q.exp())))
}

/// What rejection accepts, normalised, and the part of attempts that it accepts.
pub(crate) fn accepted(law: &BTreeMap<Text, Proposed>) -> (BTreeMap<Text, f64>, f64) {
    let accepted = |one: &Proposed| (one.ln_q + one.ln_w).exp();
    let part = law.values().map(accepted).sum();
    let texts = law.iter().map(|(text, one)| (text.clone(), accepted(one)));
    (normalised(texts), part)
}

pub(crate) fn normalised(texts: impl IntoIterator<Item = (Text, f64)>) -> BTreeMap<Text, f64> {
    let texts: BTreeMap<Text, f64> = texts.into_iter().collect();
    let total: f64 = texts.values().sum();
    texts
        .into_iter()
        .map(|(text, p)| (text, p / total))
        .collect()
}

/// KL(one‖other) in nats.
pub(crate) fn kl(one: &BTreeMap<Text, f64>, other: &BTreeMap<Text, f64>) -> f64 {
    let part = |(text, &p): (&Text, &f64)| match other.get(text) {
        _ if p == 0.0 => 0.0,
        Some(&q) => p * (p / q).ln(),
        None => f64::INFINITY,
    };
    one.iter().map(part).sum()
}

pub(crate) fn tv(one: &BTreeMap<Text, f64>, other: &BTreeMap<Text, f64>) -> f64 {
    let p = |of: &BTreeMap<Text, f64>, text: &Text| of.get(text).copied().unwrap_or(0.0);
    let texts: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    texts
        .into_iter()
        .map(|text| (p(one, text) - p(other, text)).abs())
        .sum::<f64>()
        / 2.0
}
