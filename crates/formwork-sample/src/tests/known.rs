//! Constants that were worked out by hand.

use super::enumerate::{finished, kl, law, normalised, target, tv};
use super::toys::{Toy, binary_len_3, binary_len_5_0};
use crate::Method;

fn close(a: f64, b: f64, within: f64) -> bool {
    (a - b).abs() <= within
}

fn goal(toy: &Toy) -> (std::collections::BTreeMap<super::enumerate::Text, f64>, f64) {
    let all = target(
        &mut toy.model.clone(),
        &toy.finite(),
        &toy.options(Method::GCD),
    );
    let mass = all.values().sum();
    (normalised(all), mass)
}

#[test]
fn masks_alone_distort_as_much_as_they_should() {
    let toy = binary_len_5_0();
    let (goal, mass) = goal(&toy);
    assert!(close(mass, 17.0 / 32.0, 1e-12));
    assert!(goal.values().all(|&p| close(p, 1.0 / 17.0, 1e-12)));
    let q = finished(&law(&mut toy.sampler(Method::GCD, 0)));
    assert!(close(kl(&q, &goal), 0.75377, 5e-6), "{}", kl(&q, &goal));
    assert!(close(kl(&goal, &q), 0.46943, 5e-6), "{}", kl(&goal, &q));
    assert!(close(tv(&q, &goal), 0.44118, 5e-6), "{}", tv(&q, &goal));
    // KL = ln(17/32) + ln 4, KL(target‖Q) by hand.
    assert!(close(kl(&q, &goal), (17f64 / 32.0).ln() + 4f64.ln(), 1e-12));

    let toy = binary_len_3();
    let (goal, mass) = self::goal(&toy);
    assert!(close(mass, 0.455625, 1e-7));
    let q = finished(&law(&mut toy.sampler(Method::GCD, 0)));
    assert!(close(kl(&q, &goal), 0.22314, 5e-6));
    assert!(close(kl(&goal, &q), 0.19274, 5e-6));
    assert!(close(tv(&q, &goal), 0.3, 1e-6));
}

/// ASAp on the first toy: the divergence stays what it was until `aaaaa` is drawn, and is
/// 0 from then on. It is drawn with probability ½, so its mean falls as 2⁻ⁿ.
#[test]
fn asap_decays() {
    let toy = binary_len_5_0();
    let (goal, _) = goal(&toy);
    let runs = 64;
    let mut left = [0usize; 8];
    for seed in 0..runs {
        let mut sampler = toy.sampler(Method::ASAP, seed);
        let mut was_drawn = false;
        for left in &mut left {
            let q = finished(&law(&mut sampler));
            match was_drawn {
                true => assert!(kl(&q, &goal).abs() < 1e-12, "{}", kl(&q, &goal)),
                false => assert!(close(kl(&q, &goal), 0.75377, 5e-6)),
            }
            *left += usize::from(!was_drawn);
            let bytes = sampler.sample().unwrap().bytes(&toy.vocab);
            let ends = q
                .iter()
                .find(|(text, _)| text.0.iter().all(|token| token.0 == 0));
            let p = ends.map_or(0.0, |(_, &p)| p);
            assert!(close(p, if was_drawn { 1.0 / 17.0 } else { 0.5 }, 1e-12));
            was_drawn |= bytes == b"aaaaa";
        }
    }
    // That the halves are met: exact in law above, and not far off in these runs.
    assert_eq!(left[0], runs as usize);
    assert!(left.is_sorted_by(|a, b| a >= b) && left[7] < 4, "{left:?}");
}

/// The same constants with the sampler that keeps nothing, so that rows come anew.
#[test]
fn without_memory_nothing_is_learnt() {
    let toy = binary_len_5_0();
    let (goal, _) = goal(&toy);
    let mut sampler = toy.sampler(Method::GCD, 3);
    for _ in 0..50 {
        sampler.sample().unwrap();
        let q = finished(&law(&mut sampler));
        assert!(close(kl(&q, &goal), 0.75377, 5e-6));
    }
}
