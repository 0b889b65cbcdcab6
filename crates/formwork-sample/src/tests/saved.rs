//! Trees as files.

use proptest::prelude::*;

use super::toys::{Toy, hard, random};
use crate::{
    FiniteSet, LogitCache, Method, RestoreTreeError, SampleOptions, Sampler, Stop, TableModel,
};

type Toys = Sampler<TableModel, FiniteSet>;

fn saved(sampler: &Toys) -> Vec<u8> {
    let mut bytes = Vec::new();
    sampler.save(&mut bytes).unwrap();
    bytes
}

proptest! {
    /// What comes next is the same, to the last bit.
    #[test]
    fn samplers_go_on_where_they_were(toy in any::<u64>(), seed in any::<u64>(), before in 0usize..20) {
        let toy = random(toy);
        for method in [Method::ASAP, Method::ARS, Method::CARS] {
            let options = SampleOptions { seed, max_attempts: 200, ..toy.options(method) };
            let new = || Sampler::new(toy.model.clone(), toy.finite(), options.clone()).unwrap();
            let mut one = new();
            let _ = one.samples(before).count();
            let mut other = new();
            other.restore(&*saved(&one)).unwrap();
            prop_assert_eq!(one.certificate(), other.certificate());
            prop_assert_eq!(saved(&one), saved(&other));
            for _ in 0..10 {
                let (mut one, mut other) = (one.sample(), other.sample());
                for sample in [&mut one, &mut other].into_iter().flatten() {
                    (sample.model_rows, sample.checks, sample.attempts) = (0, 0, 0);
                }
                prop_assert_eq!(one, other);
            }
        }
    }

    /// No bytes make a tree that was not saved, and none make it panic.
    #[test]
    fn what_is_damaged_is_refused(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<bool>()) {
        let toy = hard(1);
        let mut sampler = toy.sampler(Method::CARS, 0);
        sampler.samples(20).for_each(|sample| drop(sample.unwrap()));
        let mut bytes = saved(&sampler);
        let at = at.index(bytes.len());
        match cut {
            true => bytes.truncate(at),
            false => bytes[at] ^= 1 << bit,
        }
        let mut other = toy.sampler(Method::CARS, 0);
        let before = other.certificate();
        prop_assert!(other.restore(&*bytes).is_err());
        prop_assert_eq!(other.certificate(), before);
    }
}

#[test]
fn what_belongs_to_something_else_is_refused() {
    let toy = hard(1);
    let mut sampler = toy.sampler(Method::CARS, 0);
    sampler.samples(20).for_each(|sample| drop(sample.unwrap()));
    let bytes = saved(&sampler);
    let restore = |toy: &Toy, options: SampleOptions| {
        let sampler = Sampler::new(toy.model.clone(), toy.finite(), options);
        sampler.unwrap().restore(&*bytes).unwrap_err()
    };
    let options = toy.options(Method::CARS);
    let other = hard(2);
    let model = Toy {
        model: other.model,
        ..hard(1)
    };
    assert_eq!(
        restore(&model, options.clone()),
        RestoreTreeError::OtherModel
    );
    let texts = Toy {
        texts: other.texts,
        ..hard(1)
    };
    assert_eq!(
        restore(&texts, options.clone()),
        RestoreTreeError::OtherConstraint
    );
    let stops = [
        SampleOptions {
            stop: Stop::WhenComplete,
            ..options.clone()
        },
        SampleOptions {
            max_tokens: 7,
            ..options.clone()
        },
    ];
    for options in stops {
        assert_eq!(restore(&toy, options), RestoreTreeError::OtherStop);
    }
    let half = SampleOptions {
        logit_cache: LogitCache::F16,
        ..options.clone()
    };
    assert_eq!(restore(&toy, half), RestoreTreeError::OtherRows);
    let small = SampleOptions {
        max_nodes: 30,
        ..options
    };
    assert!(matches!(
        restore(&toy, small),
        RestoreTreeError::TooLarge { limit: 30, .. }
    ));
}
