//! What changes nothing: batches, what is kept of rows, masks by another way.

use proptest::prelude::*;

use super::toys::random;
use crate::{LogitCache, Method, Sample, SampleError, SampleOptions, Sampler};

const METHODS: [Method; 5] = [
    Method::GCD,
    Method::ASAP,
    Method::REJECTION,
    Method::ARS,
    Method::CARS,
];

/// What does not tell how much work it took.
fn told(samples: Vec<Result<Sample, SampleError>>) -> Vec<Result<Sample, SampleError>> {
    let mut samples = samples;
    for sample in samples.iter_mut().flatten() {
        (sample.model_rows, sample.checks) = (0, 0);
    }
    samples
}

proptest! {
    /// To the last bit.
    #[test]
    fn batches_and_caches_change_nothing(toy in any::<u64>(), seed in any::<u64>(), method in 0..METHODS.len()) {
        let toy = random(toy);
        let options = SampleOptions {
            seed,
            max_attempts: 300,
            ..toy.options(METHODS[method])
        };
        let run = |options: SampleOptions| {
            let mut sampler = Sampler::new(toy.model.clone(), toy.finite(), options).unwrap();
            let samples = told(sampler.samples(30).collect());
            (samples, sampler.certificate())
        };
        let one = run(options.clone());
        for batch in [1, 3, 8] {
            for (logit_cache, max_row_bytes) in [
                (LogitCache::Sparse, 1 << 20),
                (LogitCache::Sparse, 500),
                (LogitCache::F32, 1 << 20),
                (LogitCache::None, 0),
            ] {
                let other = run(SampleOptions { batch, logit_cache, max_row_bytes, ..options.clone() });
                prop_assert_eq!(&one, &other, "{} {:?}", batch, logit_cache);
            }
        }
    }

    /// Checks alone, completed to masks, lead to the same texts as masks.
    #[test]
    fn masks_are_checks(toy in any::<u64>(), seed in any::<u64>()) {
        let toy = random(toy);
        // The lists know how long their texts are, functions do not.
        let options = SampleOptions { seed, max_attempts: 300, max_tokens: 5, ..toy.options(Method::CARS) };
        let mut masks = Sampler::new(toy.model.clone(), toy.finite(), options.clone()).unwrap();
        let mut checks = Sampler::new(toy.model.clone(), toy.predicate(), options).unwrap();
        let masks = told(masks.samples(20).collect());
        let checks = told(checks.samples(20).collect());
        // What has no probability is not checked, so errors may name another reason.
        let texts = |all: Vec<Result<Sample, SampleError>>| all.into_iter().map(Result::ok);
        prop_assert!(texts(masks).eq(texts(checks)));
    }
}

#[test]
fn a_tree_that_is_full_is_begun_anew() {
    let toy = super::toys::hard(1);
    let options = SampleOptions {
        max_nodes: 60,
        batch: 4,
        ..toy.options(Method::CARS)
    };
    let mut sampler = Sampler::new(toy.model.clone(), toy.finite(), options).unwrap();
    for sample in sampler.samples(200) {
        let text = sample.unwrap().bytes(&toy.vocab);
        assert!(toy.texts.contains(&String::from_utf8(text).unwrap()));
    }
    assert!(sampler.prefixes() <= 60 && sampler.stats().forgotten > 10);
}
