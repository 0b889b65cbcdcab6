//! Tests with chance in them.
//!
//! Seeds are frozen, so they pass or fail for good. Whoever changes what is drawn draws
//! anew, and then a right sampler fails with probability at most [`ALARM`] for each test:
//! for n independent draws over K cells, Pr[KL(seen‖target) ≥ ε] is at most
//! e^(−nε)·(eεn/(K−1))^(K−1) wherever ε > (K−1)/n (Agrawal, arXiv:1904.02291). That is a
//! bound and no approximation, so cells may be as small as one likes.

use std::collections::BTreeMap;

use formwork::TokenId;

use super::enumerate::{Text, normalised, target};
use super::toys::{Toy, hard};
use crate::{Method, Sample};

/// The probability that a right sampler fails a test, at most.
pub(crate) const ALARM: f64 = 1e-9;

/// How often texts came, by the cells they fall into.
pub(crate) struct Counts {
    goal: BTreeMap<Text, f64>,
    seen: BTreeMap<Text, u64>,
}

impl Counts {
    pub(crate) fn new(toy: &Toy) -> Counts {
        let options = toy.options(Method::CARS);
        let all = target(&mut toy.model.clone(), &toy.finite(), &options);
        Counts {
            goal: normalised(all),
            seen: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, tokens: Vec<TokenId>, stop: Option<TokenId>) {
        *self.seen.entry((tokens, stop)).or_default() += 1;
    }

    fn add_sample(&mut self, sample: Sample) {
        self.add(sample.tokens, sample.stop);
    }

    /// The probability of a right sampler to be as far off, at most.
    pub(crate) fn alarm(&self, least: f64) -> f64 {
        let (n, cells) = self.cells(least);
        bound(n, cells.len(), divergence(n, &cells))
    }

    /// KL(seen‖target) over the cells.
    pub(crate) fn kl(&self, least: f64) -> f64 {
        let (n, cells) = self.cells(least);
        divergence(n, &cells)
    }

    /// The draws, and the probability of every cell and how often it was met. Cells are
    /// fixed by the target: texts of which `least` are expected, and all others together.
    fn cells(&self, least: f64) -> (f64, Vec<(f64, f64)>) {
        let n = self.seen.values().sum::<u64>() as f64;
        let mut cells: BTreeMap<Option<&Text>, (f64, f64)> = BTreeMap::new();
        for (text, &p) in &self.goal {
            let cell = cells.entry((p * n >= least).then_some(text)).or_default();
            cell.0 += p;
            cell.1 += self.seen.get(text).copied().unwrap_or(0) as f64;
        }
        assert!(self.seen.keys().all(|text| self.goal.contains_key(text)));
        (n, cells.into_values().collect())
    }
}

fn divergence(n: f64, cells: &[(f64, f64)]) -> f64 {
    let met = cells.iter().filter(|(_, seen)| *seen > 0.0);
    met.map(|&(p, seen)| seen / n * (seen / n / p).ln()).sum()
}

/// A bound of the probability that n draws over K cells are as far off.
fn bound(n: f64, cells: usize, kl: f64) -> f64 {
    let free = cells as f64 - 1.0;
    if n * kl <= free {
        return 1.0;
    }
    (-n * kl + free * (1.0 + (n * kl / free).ln())).exp()
}

#[test]
fn the_bound_is_that_of_the_literature() {
    // The figures that the design notes give for 1e-9.
    for (cells, n, kl) in [
        (17, 2e4, 0.00285),
        (64, 2e4, 0.00644),
        (200, 2e4, 0.0152),
        (200, 1e5, 0.0030),
    ] {
        let bound = bound(n, cells, kl);
        // They have two or three digits.
        let digits = 0.02 * n * kl;
        assert!(
            (bound.ln() - 1e-9f64.ln()).abs() < digits,
            "{cells} {bound}"
        );
    }
}

/// Many short runs: whatever is wrong, is wrong while the tree is young.
fn short_runs(toy: &Toy, method: Method, runs: u64, samples: usize) -> f64 {
    let mut counts = Counts::new(toy);
    for seed in 0..runs {
        let mut sampler = toy.sampler(method, seed);
        for sample in sampler.samples(samples) {
            counts.add_sample(sample.unwrap());
        }
    }
    counts.alarm(20.0)
}

#[test]
fn what_rejection_leaves_follows_the_target() {
    let toy = hard(1);
    for (method, runs, samples) in [
        (Method::CARS, 1500, 40),
        (Method::CARS, 6000, 1),
        (Method::ARS, 400, 40),
        (Method::REJECTION, 100, 40),
    ] {
        let alarm = short_runs(&toy, method, runs, samples);
        assert!(alarm > ALARM, "{method:?} {alarm}");
    }
}

#[test]
fn what_is_taken_as_it_comes_does_not() {
    let toy = hard(1);
    for method in [Method::GCD, Method::ASAP] {
        let alarm = short_runs(&toy, method, 100, 40);
        assert!(alarm < ALARM, "{method:?} {alarm}");
    }
}

/// Texts of one run are independent: pairs of successive ones fall into pairs of groups as
/// the product of both says.
#[test]
fn successive_texts_are_independent() {
    let toy = hard(1);
    let counts = Counts::new(&toy);
    const GROUPS: usize = 10;
    // Texts in turn: groups of much the same mass, whatever the texts look like.
    let group: BTreeMap<&Text, usize> = counts.goal.keys().zip((0..GROUPS).cycle()).collect();
    let mut mass = [0.0; GROUPS];
    for (text, p) in &counts.goal {
        mass[group[text]] += p;
    }
    let mut sampler = toy.sampler(Method::CARS, 11);
    let texts = sampler.samples(40_000).map(|sample| {
        let sample = sample.unwrap();
        group[&(sample.tokens, sample.stop)]
    });
    let texts: Vec<usize> = texts.collect();
    let mut cells: Vec<(f64, f64)> = Vec::new();
    for one in 0..GROUPS {
        for other in 0..GROUPS {
            // Pairs that share no text are independent draws.
            let pairs = texts.chunks_exact(2).filter(|pair| **pair == [one, other]);
            cells.push((mass[one] * mass[other], pairs.count() as f64));
        }
    }
    let n = texts.len() as f64 / 2.0;
    let alarm = bound(n, cells.len(), divergence(n, &cells));
    assert!(alarm > ALARM, "{alarm}");
}
