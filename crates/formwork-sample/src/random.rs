//! Random numbers by their place, not by their order.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Words that each place has to itself: more than any use of it takes.
const WORDS: u32 = 32;

/// The random numbers of one attempt, by depth. ChaCha works by a counter, so numbers that
/// nobody asked for cost nothing, and no number depends on who asked before: results do not
/// depend on threads or on what is tried at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    generator: ChaCha8Rng,
}

impl Random {
    /// Those of an attempt, by the number of it.
    pub(crate) fn new(seed: u64, attempt: u64) -> Random {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(attempt);
        Random { generator }
    }

    /// From here on, the numbers of a depth are given.
    pub(crate) fn at(&mut self, depth: usize) -> &mut Random {
        self.generator.set_word_pos((depth as u128) << WORDS);
        self
    }

    /// The next number of this depth: at least 0, below 1, with 53 bits.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// What chooses: random numbers, or a test that goes through all choices.
pub(crate) trait Chance {
    /// From here on, numbers are those of a stream and a place in it.
    fn go_to(&mut self, stream: u64, place: usize);

    /// The next number: at least 0, below 1.
    fn uniform(&mut self) -> f64;

    /// One of several things, as often as its weight says; none, if no weight is positive.
    fn pick(&mut self, weights: &[f64]) -> Option<usize> {
        let mut left = self.uniform() * weights.iter().sum::<f64>();
        let mut last = None;
        for (at, &weight) in weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0.0)
        {
            if left < weight {
                return Some(at);
            }
            left -= weight;
            last = Some(at);
        }
        last
    }
}

/// Streams of random numbers, counted from one on.
pub(crate) struct Streams {
    seed: u64,
    first: u64,
    random: Random,
}

impl Streams {
    pub(crate) fn new(seed: u64, first: u64) -> Streams {
        let random = Random::new(seed, first);
        Streams {
            seed,
            first,
            random,
        }
    }
}

impl Chance for Streams {
    fn go_to(&mut self, stream: u64, place: usize) {
        self.random = Random::new(self.seed, self.first.wrapping_add(stream));
        self.random.at(place);
    }

    fn uniform(&mut self) -> f64 {
        self.random.uniform()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_are_those_of_their_place() {
        let mut one = Random::new(7, 3);
        let numbers: Vec<f64> = (0..5).map(|depth| one.at(depth).uniform()).collect();
        let mut other = Random::new(7, 3);
        let backwards: Vec<f64> = (0..5)
            .rev()
            .map(|depth| other.at(depth).uniform())
            .collect();
        assert!(numbers.iter().eq(backwards.iter().rev()));
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        let elsewhere = [Random::new(8, 3), Random::new(7, 4)];
        for mut elsewhere in elsewhere {
            assert_ne!(elsewhere.at(0).uniform(), numbers[0]);
        }
        assert_ne!(one.at(0).uniform(), one.uniform());
    }
}
