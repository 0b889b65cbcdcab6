//! AWRS, importance weights, SMC and MCMC, by all choices that they can make.

use std::collections::{BTreeMap, BTreeSet};

use formwork::TokenId;
use proptest::prelude::*;

use super::choices::outcomes;
use super::enumerate::{Text, normalised, target};
use super::statistics::{ALARM, Counts};
use super::toys::{Chance as Toss, Toy, hard, random};
use crate::awrs::draw;
use crate::prefix::{Next, NextToken};
use crate::{
    Cut, LogitCache, Mcmc, Method, Propose, Resampler, SampleError, SampleOptions, Sampler, Smc,
};

fn next_of(probabilities: &[f64]) -> Next {
    let token = |(at, p): (usize, &f64)| NextToken {
        token: TokenId(at as u32),
        ln_p: p.ln(),
        is_stop: false,
    };
    Next {
        tokens: probabilities.iter().enumerate().map(token).collect(),
        is_checked: false,
    }
}

/// E[ŵ·1(x)] of every token, over all orders.
fn expected_weights(probabilities: &[f64], valid: u32) -> (Vec<f64>, f64) {
    let next = next_of(probabilities);
    let mut expected = vec![0.0; probabilities.len()];
    let mut total = 0.0;
    let all = outcomes(|chance| {
        let mut is_valid = |next: NextToken| Ok(valid >> next.token.0 & 1 == 1);
        draw(&next, &mut is_valid, chance).unwrap()
    });
    for (p, drawn) in all {
        total += p;
        if let Some((token, weight)) = drawn {
            assert!((0.0..=1.0 + 1e-12).contains(&weight));
            expected[token.token.0 as usize] += p * weight;
        }
    }
    (expected, total)
}

#[test]
fn weights_of_the_notes() {
    let (expected, _) = expected_weights(&[0.4, 0.25, 0.2, 0.1, 0.05], 0b101);
    for (expected, wanted) in expected.iter().zip([0.4, 0.0, 0.2, 0.0, 0.0]) {
        assert!((expected - wanted).abs() < 1e-12, "{expected} {wanted}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Also if some mass lies beyond the vocabulary.
    #[test]
    fn weights_of_checks_are_unbiased(
        weights in prop::collection::vec(0.01f64..1.0, 1..6),
        beyond in 0.0f64..0.5,
        valid in any::<u32>(),
    ) {
        let sum = weights.iter().sum::<f64>() / (1.0 - beyond);
        let probabilities: Vec<f64> = weights.iter().map(|w| w / sum).collect();
        let (expected, total) = expected_weights(&probabilities, valid);
        prop_assert!((total - 1.0).abs() < 1e-12);
        for (at, (expected, p)) in expected.iter().zip(&probabilities).enumerate() {
            let wanted = if valid >> at & 1 == 1 { *p } else { 0.0 };
            prop_assert!((expected - wanted).abs() < 1e-12, "{expected} {wanted}");
        }
    }
}

/// Toys that are small enough to go through all choices of two particles.
fn small(seed: u64) -> Toy {
    let mut toss = Toss::new(seed);
    loop {
        let toy = random((toss.uniform() * 1e15) as u64);
        let letters: usize = toy.texts.iter().map(String::len).sum();
        if toy.max_tokens <= 2 && letters <= 5 && toy.vocab.len() <= 3 {
            return toy;
        }
    }
}

fn mass(toy: &Toy, options: &SampleOptions) -> BTreeMap<Text, f64> {
    target(&mut toy.model.clone(), &toy.finite(), options)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The mean of the estimate of P(L) is P(L), and that of weighted counts the mass of
    /// every text, with two particles and resampling at every step.
    #[test]
    fn particles_are_unbiased(seed in any::<u64>(), checks in any::<bool>(), ess in 0usize..3) {
        let toy = small(seed);
        let options = toy.options(if checks { Method::REJECTION } else { Method::GCD });
        let all = mass(&toy, &options);
        let smc = Smc {
            particles: 2,
            ess: ess as f64 / 2.0,
            resampler: Resampler::Multinomial,
            propose: if checks { Propose::Checks } else { Propose::Masks },
        };
        let mut sampler = Sampler::new(toy.model.clone(), toy.finite(), options).unwrap();
        let mut expected: BTreeMap<Text, f64> = BTreeMap::new();
        let mut total = 0.0;
        for (p, set) in outcomes(|chance| sampler.run_smc(&smc, chance).unwrap()) {
            total += p;
            for sample in set.samples() {
                let text = (sample.tokens.clone(), sample.stop);
                *expected.entry(text).or_default() += p * sample.log_w.exp() / 2.0;
            }
        }
        prop_assert!((total - 1.0).abs() < 1e-9);
        for (text, p) in &all {
            let met = expected.get(text).copied().unwrap_or(0.0);
            prop_assert!((met - p).abs() < 1e-12, "{text:?} {met} {p}");
        }
        prop_assert_eq!(expected.keys().filter(|text| !all.contains_key(*text)).count(), 0);
    }

    /// The same of single texts by adaptive weighted rejection; flipping a coin of its
    /// weight at every token is exact rejection.
    #[test]
    fn texts_by_checks_are_unbiased(seed in any::<u64>(), flips in any::<bool>()) {
        let toy = small(seed);
        let options = toy.options(Method::REJECTION);
        let all = mass(&toy, &options);
        let mut sampler = Sampler::new(toy.model.clone(), toy.predicate(), options).unwrap();
        let mut expected: BTreeMap<Text, f64> = BTreeMap::new();
        for (p, drawn) in outcomes(|chance| sampler.awrs_text(chance, flips).unwrap()) {
            if let Some((text, ln_w)) = drawn {
                let weight = if flips { 1.0 } else { ln_w.exp() };
                *expected.entry((text.tokens, text.stop)).or_default() += p * weight;
            }
        }
        for (text, p) in &all {
            let met = expected.get(text).copied().unwrap_or(0.0);
            prop_assert!((met - p).abs() < 1e-12, "{text:?} {met} {p}");
        }
    }

    /// Every kernel is in detailed balance with the target: from every text, all choices
    /// of a step.
    #[test]
    fn chains_are_reversible(seed in any::<u64>(), cut in 0usize..3) {
        let toy = random(seed);
        let cut = [Cut::Restart, Cut::Prefix, Cut::Priority][cut];
        let options = toy.options(Method::GCD);
        let all = mass(&toy, &options);
        prop_assume!(!all.is_empty());
        let goal = normalised(all);
        let mut sampler = Sampler::new(toy.model.clone(), toy.finite(), options).unwrap();
        let mut paths = BTreeMap::new();
        let empty = sampler.new_path().unwrap();
        for (_, path) in outcomes(|chance| sampler.write_on(empty.clone(), 0, chance).unwrap()) {
            if let Some(path) = path {
                paths.insert((path.text.tokens.clone(), path.text.stop), path);
            }
        }
        prop_assert!(paths.keys().eq(goal.keys()));
        let mut kernel: BTreeMap<(&Text, Text), f64> = BTreeMap::new();
        for (text, path) in &paths {
            let mut total = 0.0;
            let step = |chance: &mut super::choices::Script| {
                sampler.mcmc_step(path.clone(), cut, 0, chance).unwrap()
            };
            for (p, after) in outcomes(step) {
                total += p;
                let after = (after.text.tokens, after.text.stop);
                *kernel.entry((text, after)).or_default() += p;
            }
            prop_assert!((total - 1.0).abs() < 1e-12, "{total}");
        }
        let p = |from: &Text, to: &Text| kernel.get(&(from, to.clone())).copied().unwrap_or(0.0);
        for one in goal.keys() {
            for other in goal.keys() {
                let (there, back) = (goal[one] * p(one, other), goal[other] * p(other, one));
                prop_assert!((there - back).abs() < 1e-12, "{one:?} {other:?} {there} {back}");
            }
        }
    }
}

/// The estimates of P(L), and averages over weighted texts, against the truth. Bounds are
/// Hoeffding's: with 20,000 weights from 0 to 1, a mean is off by .0233 or more with
/// probability at most 2·exp(−2·20000·.0233²) < 1e-9.
#[test]
fn estimates_of_the_mass_are_near_it() {
    let toy = hard(1);
    let options = toy.options(Method::GCD);
    let mass: f64 = mass(&toy, &options).values().sum();
    const DRAWS: usize = 20_000;
    let near = |ln: f64| assert!((ln.exp() - mass).abs() < 0.0233, "{} {mass}", ln.exp());
    for method in [Method::GCD, Method::ASAP] {
        let mut sampler = toy.sampler(method, 5);
        let set = sampler.weighted(DRAWS).unwrap();
        assert_eq!(set.draws(), DRAWS);
        near(set.log_mean_weight());
        assert!((set.log_mean_weight() - sampler.log_p_grammar()).abs() < 1e-9);
    }
    let mut sampler = toy.sampler(Method::REJECTION, 5);
    near(sampler.awrs(DRAWS).unwrap().log_mean_weight());
    let mut sampler = toy.sampler(Method::CARS, 5);
    while sampler.stats().attempts < DRAWS as u64 {
        sampler.attempt().unwrap();
    }
    near(sampler.log_p_grammar());
    assert!(matches!(
        sampler.weighted(1),
        Err(SampleError::Option { name: "method", .. })
    ));
}

/// See `statistics` for what the bound means.
#[test]
fn coins_of_weights_are_exact_and_long_chains_nearly() {
    let toy = hard(1);
    let mut counts = Counts::new(&toy);
    let mut sampler = toy.sampler(Method::REJECTION, 7);
    for _ in 0..6000 {
        let sample = sampler.awrs_exact().unwrap();
        counts.add(sample.tokens, sample.stop);
    }
    let alarm = counts.alarm(20.0);
    assert!(alarm > ALARM, "{alarm}");
    // Decoding under masks, and more and more steps: nearer to the target each time.
    let mut distances = Vec::new();
    for steps in [0, 4, 16, 64] {
        let mut counts = Counts::new(&toy);
        let mut sampler = toy.sampler(Method::GCD, 7);
        for _ in 0..2000 {
            let sample = sampler
                .mcmc(&Mcmc {
                    steps,
                    cut: Cut::Prefix,
                })
                .unwrap();
            counts.add(sample.tokens, sample.stop);
        }
        distances.push(counts.kl(20.0));
    }
    assert!(
        distances.is_sorted_by(|a, b| a > b) && distances[3] < 0.25 * distances[0],
        "{distances:?}"
    );
}

#[test]
fn batches_and_caches_change_no_particle() {
    let toy = hard(1);
    let smc = Smc::new(50);
    let run = |batch, logit_cache, max_row_bytes| {
        let options = SampleOptions {
            batch,
            logit_cache,
            max_row_bytes,
            ..toy.options(Method::GCD)
        };
        let mut sampler = Sampler::new(toy.model.clone(), toy.finite(), options).unwrap();
        let set = sampler.smc(&smc).unwrap();
        let chain = sampler
            .mcmc(&Mcmc {
                steps: 10,
                cut: Cut::Priority,
            })
            .unwrap();
        let told = set.samples().iter().chain([&chain]);
        let told: Vec<_> = told
            .map(|one| (one.tokens.clone(), one.log_p, one.log_w))
            .collect();
        (told, set.log_mean_weight())
    };
    let one = run(1, LogitCache::Sparse, 1 << 20);
    assert_eq!(one, run(8, LogitCache::F32, 1 << 20));
    assert_eq!(one, run(4, LogitCache::Sparse, 600));
    assert_eq!(one, run(1, LogitCache::None, 0));
}

/// Every particle has random numbers of its own, however it gets its tokens.
#[test]
fn particles_go_their_own_ways() {
    let toy = hard(1);
    for propose in [Propose::Masks, Propose::Checks] {
        let smc = Smc {
            ess: 0.0,
            propose,
            ..Smc::new(200)
        };
        let set = toy.sampler(Method::REJECTION, 3).smc(&smc).unwrap();
        let texts: BTreeSet<_> = set.samples().iter().map(|one| &one.tokens).collect();
        assert!(texts.len() > 1, "{propose:?}: {}", texts.len());
    }
}

#[test]
fn chains_go_on_in_a_tree_that_was_begun_anew() {
    let toy = hard(1);
    let options = SampleOptions {
        max_nodes: 40,
        ..toy.options(Method::GCD)
    };
    let mut small = Sampler::new(toy.model.clone(), toy.finite(), options).unwrap();
    let mut large = toy.sampler(Method::GCD, 0);
    let mcmc = Mcmc {
        steps: 30,
        cut: Cut::Prefix,
    };
    for _ in 0..20 {
        let (one, other) = (small.mcmc(&mcmc).unwrap(), large.mcmc(&mcmc).unwrap());
        assert_eq!((one.tokens, one.log_p), (other.tokens, other.log_p));
    }
    assert!(small.stats().forgotten > 10);
}

#[test]
fn options_have_bounds() {
    let toy = hard(1);
    let mut sampler = toy.sampler(Method::GCD, 0);
    for (particles, ess) in [(0, 0.5), (1 << 20, 0.5), (10, 1.5), (10, f64::NAN)] {
        let smc = Smc {
            particles,
            ess,
            ..Smc::new(1)
        };
        assert!(matches!(sampler.smc(&smc), Err(SampleError::Option { .. })));
    }
}
