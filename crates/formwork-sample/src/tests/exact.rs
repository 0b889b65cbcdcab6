//! Properties of every tree that attempts can lead to.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::enumerate::{Text, accepted, finished, kl, law, normalised, target, tv};
use super::toys::{Toy, random};
use crate::tree::{Known, NodeId};
use crate::{
    AtLimit, Constraint, Finish, LogitCache, Lookahead, Method, Model, SampleError, SampleOptions,
    Sampler,
};

fn methods() -> impl Strategy<Value = Method> {
    let finish = prop_oneof![Just(Finish::Biased), Just(Finish::Reject)];
    let lookahead = prop_oneof![
        Just(Lookahead::Mask),
        Just(Lookahead::Cheap),
        Just(Lookahead::Check)
    ];
    (finish, lookahead, any::<bool>()).prop_map(|(finish, lookahead, memory)| Method {
        finish,
        lookahead,
        memory,
    })
}

fn options(toy: &Toy, method: Method, seed: u64) -> SampleOptions {
    let caches = [LogitCache::None, LogitCache::Sparse, LogitCache::F32];
    SampleOptions {
        seed,
        at_limit: if seed.is_multiple_of(5) {
            AtLimit::Cut
        } else {
            AtLimit::Exclude
        },
        logit_cache: caches[seed as usize % 3],
        max_row_bytes: if seed.is_multiple_of(2) { 1 << 20 } else { 400 },
        batch: 1 + seed as usize % 3,
        ..toy.options(method)
    }
}

/// c of every prefix in the tree, by the target.
fn futures<M: Model, C: Constraint>(
    sampler: &Sampler<M, C>,
    all: &BTreeMap<Text, f64>,
) -> Vec<(NodeId, f64)> {
    let mut futures = Vec::new();
    let mut stack = vec![(NodeId::ROOT, Vec::new(), 0.0)];
    while let Some((node, tokens, ln_p)) = stack.pop() {
        let behind = all.iter().filter(|(text, _)| text.0.starts_with(&tokens));
        let mass: f64 = behind.map(|(_, p)| p).sum();
        futures.push((node, mass / f64::exp(ln_p)));
        for &child in sampler.tree.children(node) {
            let mut tokens = tokens.clone();
            tokens.push(sampler.tree.token(child));
            stack.push((child, tokens, ln_p + sampler.tree.node(child).ln_p));
        }
    }
    futures
}

/// What holds of every tree.
fn check_tree<M: Model, C: Constraint>(
    sampler: &mut Sampler<M, C>,
    all: &BTreeMap<Text, f64>,
) -> Result<(), TestCaseError> {
    let mass: f64 = all.values().sum();
    for (node, future) in futures(sampler, all) {
        let node = sampler.tree.node(node);
        if node.known != Known::Nothing {
            prop_assert!(node.ln_theta.exp() >= future - 1e-12, "{node:?} {future}");
            prop_assert!(node.ln_low.exp() <= future + 1e-12, "{node:?} {future}");
        }
    }
    let certificate = sampler.certificate();
    prop_assert!(certificate.ln_upper.exp() >= mass - 1e-12);
    prop_assert!(certificate.ln_lower.exp() <= mass + 1e-12);
    if mass == 0.0 {
        return Ok(());
    }
    let goal = normalised(all.clone());
    let law = law(sampler);
    // Every text can be proposed, and is worth what it should.
    prop_assert_eq!(
        law.keys().collect::<Vec<_>>(),
        all.keys().collect::<Vec<_>>()
    );
    let root = sampler.tree.masses(NodeId::ROOT);
    let ln_root = root.map(|masses| masses.ln_z);
    let total: f64 = law.values().map(|one| (one.ln_q + one.ln_w).exp()).sum();
    for (text, one) in &law {
        let p = all[text];
        prop_assert!(
            (one.ln_p.exp() - p).abs() <= 1e-12 * p.max(1e-3),
            "{text:?} {one:?} {p}"
        );
        if let Some(ln_root) = ln_root {
            prop_assert!((one.ln_q + ln_root + one.ln_w - one.ln_p).abs() < 1e-9);
            prop_assert!(one.ln_w <= 1e-12);
        }
    }
    let (kept, part) = accepted(&law);
    for (text, p) in &goal {
        prop_assert!(
            (kept[text] - p).abs() < 1e-12,
            "{text:?} {} {p}",
            kept[text]
        );
    }
    if let Some(ln_root) = ln_root {
        // Σ Q·W·Z = P(L), and rejection accepts P(L)/θ.
        prop_assert!((total * ln_root.exp() - mass).abs() < 1e-12);
        prop_assert!((part - mass / ln_root.exp()).abs() < 1e-9);
        prop_assert!(part >= certificate.acceptance - 1e-12);
    }
    let q = finished(&law);
    prop_assert!(
        tv(&q, &goal) <= certificate.tv + 1e-12,
        "{} {certificate:?}",
        tv(&q, &goal)
    );
    prop_assert!(
        kl(&goal, &q) <= certificate.kl + 1e-12,
        "{} {certificate:?}",
        kl(&goal, &q)
    );
    Ok(())
}

fn run<M: Model + Clone, C: Constraint>(
    model: &M,
    constraint: C,
    options: SampleOptions,
    attempts: usize,
) -> Result<(), TestCaseError> {
    let all = target(&mut model.clone(), &constraint, &options);
    let mass: f64 = all.values().sum();
    let mut sampler = Sampler::new(model.clone(), constraint, options).unwrap();
    check_tree(&mut sampler, &all)?;
    let mut before = 0.0;
    for _ in 0..attempts {
        let expected = law(&mut sampler);
        let outcome = sampler.attempt().unwrap();
        if let crate::sampler::Outcome::Text(sample) = outcome {
            // What the walk says of itself is what the law says of it.
            let one = expected[&(sample.tokens, sample.stop)];
            prop_assert!((one.ln_p - sample.log_p).abs() < 1e-12);
            prop_assert!((one.ln_q - sample.log_q).abs() < 1e-12);
        }
        let theta = sampler.tree.node(NodeId::ROOT).ln_theta;
        prop_assert!(theta <= before);
        before = theta;
        check_tree(&mut sampler, &all)?;
        if theta == f64::NEG_INFINITY {
            prop_assert_eq!(mass, 0.0);
            let error = sampler.sample().unwrap_err();
            let is_right = matches!(
                error,
                SampleError::EmptyLanguage { .. } | SampleError::NoMassLeft
            );
            prop_assert!(is_right, "{error}");
            break;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Bounds are bounds, the laws are what they should be, and what is certified is
    /// true, whatever attempts came before: with masks, with checks alone, with and
    /// without memory, whatever is kept of rows.
    #[test]
    fn every_tree_is_right(toy in any::<u64>(), seed in 0u64..60, method in methods(), attempts in 0usize..12) {
        let toy = random(toy);
        let options = options(&toy, method, seed);
        run(&toy.model, toy.finite(), options.clone(), attempts)?;
        run(&toy.model, toy.predicate(), options, attempts)?;
    }

    /// Once nothing is unknown, bounds meet at P(L), and masks follow the target. Nothing
    /// is left to chance: the tree is warmed up until there is nothing more to ask.
    #[test]
    fn all_is_learnt_in_the_end(toy in any::<u64>(), before in 0usize..5, check in any::<bool>()) {
        let toy = random(toy);
        let method = if check { Method::ARS } else { Method::ASAP };
        let all = target(&mut toy.model.clone(), &toy.finite(), &toy.options(method));
        let mass: f64 = all.values().sum();
        let mut sampler = toy.sampler(method, 0);
        for _ in 0..before {
            sampler.attempt().unwrap();
        }
        let mut upper = 0.0;
        while sampler.warm_start(1).unwrap() > 0 {
            prop_assert!(sampler.certificate().ln_upper <= upper);
            upper = sampler.certificate().ln_upper;
            check_tree(&mut sampler, &all)?;
        }
        let certificate = sampler.certificate();
        prop_assert!((certificate.ln_upper.exp() - mass).abs() < 1e-12, "{certificate:?} {mass}");
        prop_assert!((certificate.ln_lower.exp() - mass).abs() < 1e-12, "{certificate:?} {mass}");
        prop_assume!(mass > 0.0);
        let q = finished(&law(&mut sampler));
        let goal = normalised(all);
        prop_assert!(goal.iter().all(|(text, p)| (q[text] - p).abs() < 1e-12));
    }
}
