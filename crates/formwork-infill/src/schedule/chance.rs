//! Chance that depends on nothing but a seed and where it is asked for.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What a number is drawn for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The token of a position.
    Token,
    /// Whether a position is chosen, at an attempt of a scheduler.
    Position {
        /// The number of the attempt.
        attempt: usize,
    },
}

/// A number from 0 on and below 1, equally distributed.
///
/// The same seed, number of open positions, position and purpose give the same number,
/// so a step draws the same whether it was drafted or taken.
pub(crate) fn uniform(seed: u64, open: usize, position: usize, purpose: Purpose) -> f32 {
    let place = match purpose {
        Purpose::Token => 0,
        Purpose::Position { attempt } => 1 + attempt as u128,
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(open as u64);
    random.set_word_pos(place << 32 | position as u128);
    (random.next_u32() >> 8) as f32 / (1u32 << 24) as f32
}
