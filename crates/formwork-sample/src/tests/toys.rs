//! Small models and languages.

use std::collections::BTreeSet;
use std::sync::Arc;

use formwork::{TokenId, Vocab};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::{FiniteSet, Method, Predicate, SampleOptions, Sampler, Stop, TableModel, Verdict};

/// Tokens are the letters from `a` on; the last one is the stop token.
pub(crate) fn vocab(tokens: usize) -> Arc<Vocab> {
    let mut builder = Vocab::builder();
    for token in 0..tokens as u32 - 1 {
        builder.token(TokenId(token), [b'a' + token as u8]);
    }
    let stop = TokenId(tokens as u32 - 1);
    builder.special(stop, "<end>").stop(stop);
    Arc::new(builder.build().unwrap())
}

pub(crate) struct Toy {
    pub(crate) vocab: Arc<Vocab>,
    pub(crate) model: TableModel,
    pub(crate) texts: BTreeSet<String>,
    pub(crate) stop: Stop,
    pub(crate) max_tokens: usize,
}

impl Toy {
    pub(crate) fn new(weights: &[f64], tokens: usize, texts: &[&str], stop: Stop) -> Toy {
        Toy {
            vocab: vocab(tokens),
            model: TableModel::new(tokens, weights).unwrap(),
            texts: texts.iter().map(|&text| text.to_owned()).collect(),
            max_tokens: texts.iter().map(|text| text.len()).max().unwrap_or(0),
            stop,
        }
    }

    pub(crate) fn finite(&self) -> FiniteSet {
        FiniteSet::new(Arc::clone(&self.vocab), &self.texts)
    }

    /// The same language, without masks.
    pub(crate) fn predicate(&self) -> Predicate<impl Fn(&[TokenId]) -> Verdict + use<>> {
        let (texts, vocab) = (self.texts.clone(), Arc::clone(&self.vocab));
        Predicate::new(self.vocab.len(), 1, move |tokens: &[TokenId]| {
            let bytes = tokens.iter().map(|&token| vocab.bytes(token));
            if bytes.clone().any(<[u8]>::is_empty) {
                return Verdict {
                    viable: false,
                    complete: false,
                };
            }
            let text = String::from_utf8(bytes.flatten().copied().collect()).unwrap();
            Verdict {
                viable: texts.iter().any(|one| one.starts_with(&text)),
                complete: texts.contains(&text),
            }
        })
    }

    pub(crate) fn options(&self, method: Method) -> SampleOptions {
        SampleOptions::new(method, self.stop.clone(), self.max_tokens)
    }

    pub(crate) fn sampler(&self, method: Method, seed: u64) -> Sampler<TableModel, FiniteSet> {
        let options = SampleOptions {
            seed,
            ..self.options(method)
        };
        Sampler::new(self.model.clone(), self.finite(), options).unwrap()
    }
}

/// `binary_len_5_0`: five letters, `aaaaa` or whatever begins with `b`; a fair coin, and
/// no stop token.
pub(crate) fn binary_len_5_0() -> Toy {
    let mut texts: Vec<String> = (0..16)
        .map(|n| {
            let bits = (0..4).map(|at| if n >> at & 1 == 0 { 'a' } else { 'b' });
            std::iter::once('b').chain(bits).collect()
        })
        .collect();
    texts.push("aaaaa".to_owned());
    let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    let weights = [0.5, 0.5, 0.0].repeat(4);
    Toy::new(&weights, 3, &texts, Stop::WhenComplete)
}

/// `binary_len_3`: `aaa` and whatever begins with `b`; 45 % for each letter, 10 % for a
/// stop token that is never in time.
pub(crate) fn binary_len_3() -> Toy {
    let weights = [0.45, 0.45, 0.1].repeat(4);
    let texts = ["aaa", "baa", "bab", "bba", "bbb"];
    Toy::new(&weights, 3, &texts, Stop::WhenComplete)
}

pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// A gamma variate of shape `a` below 1 (Ahrens and Dieter 1974), for Dirichlet rows.
    fn gamma(&mut self, a: f64) -> f64 {
        let bound = 1.0 + a / std::f64::consts::E;
        loop {
            let p = bound * self.uniform();
            let u = 1.0 - self.uniform();
            if p <= 1.0 {
                let x = p.powf(1.0 / a);
                if u <= (-x).exp() {
                    return x;
                }
            } else {
                let x = -((bound - p) / a).ln();
                if u <= x.powf(a - 1.0) {
                    return x;
                }
            }
        }
    }
}

/// A bigram table with Dirichlet(.4) rows, some of whose probabilities are 0, and random
/// texts.
pub(crate) fn random(seed: u64) -> Toy {
    let mut chance = Chance::new(seed);
    let tokens = 2 + chance.below(4);
    let zeros = chance.below(2) as f64 * 0.25;
    let mut weights = Vec::new();
    for _ in 0..tokens + 1 {
        let mut row: Vec<f64> = (0..tokens)
            .map(|_| {
                if chance.uniform() < zeros {
                    0.0
                } else {
                    chance.gamma(0.4)
                }
            })
            .collect();
        row[chance.below(tokens)] += 0.01;
        weights.append(&mut row);
    }
    let length = 1 + chance.below(4);
    let texts: Vec<String> = (0..1 + chance.below(12))
        .map(|_| {
            let len = chance.below(length + 1);
            let letters = (0..len).map(|_| (b'a' + chance.below(tokens - 1) as u8) as char);
            letters.collect()
        })
        .collect();
    let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    let stop = match chance.below(3) {
        0 => Stop::WhenComplete,
        _ => Stop::Tokens(vec![TokenId(tokens as u32 - 1)]),
    };
    let mut toy = Toy::new(&weights, tokens, &texts, stop);
    // Sometimes too short for some of them.
    toy.max_tokens = toy
        .max_tokens
        .saturating_sub(usize::from(chance.below(4) == 0));
    toy
}

/// The harder toy of the statistical tests: six letters and a stop token, 200 texts of up
/// to eight letters.
pub(crate) fn hard(seed: u64) -> Toy {
    let mut chance = Chance::new(seed);
    let weights: Vec<f64> = (0..7 * 8).map(|_| chance.gamma(0.4) + 1e-3).collect();
    let mut texts = BTreeSet::new();
    while texts.len() < 200 {
        let len = 1 + chance.below(8);
        let letters = (0..len).map(|_| (b'a' + chance.below(6) as u8) as char);
        texts.insert(letters.collect::<String>());
    }
    let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    Toy::new(&weights, 7, &texts, Stop::Tokens(vec![TokenId(6)]))
}
