//! All open positions at once: the most probable way to fill them, and ways by chance.

use formwork_vocab::TokenId;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::Canvas;
use crate::canvas::Cell;
use crate::checker::Filling;
use crate::error::InfillError;
use crate::live::inside::{Inside, Weights};
use crate::token_sets::{SetId, Tokens};

/// So many ways are drawn until one is taken.
const MAX_DRAWS: usize = 1000;

/// Fills all open positions of a canvas at once, each token by its probability at its
/// position: softmax of `logits`, which writes the row of a position.
pub(crate) struct Completer<'a> {
    pub(crate) filling: &'a Filling,
    pub(crate) logits: &'a mut dyn FnMut(usize, &mut [f32]),
}

impl Completer<'_> {
    /// The most probable tokens of all open positions, and the logarithm of their
    /// probability.
    pub(crate) fn best(&mut self) -> Result<(Vec<(usize, TokenId)>, f64), InfillError> {
        self.check()?;
        let mut weights = Factors::new(self.filling, self.logits, None);
        let inside = Inside::new(self.filling.live(), self.filling.cells(), &mut weights);
        weights.take(&inside)
    }

    /// Tokens of all open positions by chance: each way as probable as it is among all
    /// that fit.
    pub(crate) fn sample(
        &mut self,
        seed: u64,
    ) -> Result<(Vec<(usize, TokenId)>, f64), InfillError> {
        self.check()?;
        let filling = self.filling;
        let chance = Some(ChaCha8Rng::seed_from_u64(seed));
        let mut weights = Factors::new(filling, self.logits, chance);
        let inside = Inside::new(filling.live(), filling.cells(), &mut weights);
        for _ in 0..MAX_DRAWS {
            let drawn = weights.take(&inside)?;
            // A text that is derived in several ways was drawn as often as it has ways.
            let ways = derivations(filling, &drawn.0)?;
            if ways > 0.0 && weights.choose(&[-ways.ln(), (-1.0 / ways).ln_1p()]) == 0 {
                return Ok(drawn);
            }
        }
        Err(InfillError::TooAmbiguous { draws: MAX_DRAWS })
    }

    fn check(&self) -> Result<(), InfillError> {
        let is_gap = |cell: &Cell| matches!(cell, Cell::Optional { .. });
        match self.filling.cells().iter().position(is_gap) {
            Some(position) => Err(InfillError::Gap { position }),
            None => Ok(()),
        }
    }
}

/// In how many ways the canvas with some tokens is derived; 0 if it is no text, as when
/// two names came out equal.
fn derivations(filling: &Filling, tokens: &[(usize, TokenId)]) -> Result<f64, InfillError> {
    let checker = filling.checker();
    let (mut live, mut cells) = (filling.live().clone(), filling.cells().to_vec());
    for &(position, token) in tokens {
        cells[position] = checker.cell(token);
        let rules = checker.rules();
        live.restrict(position, &cells, checker.ends(), &rules.lexer.sets);
    }
    let fixed = (0..cells.len()).filter_map(|position| match cells[position] {
        Cell::Token(token) => Some(token),
        _ => checker.ends().first().copied(),
    });
    match checker.open(&Canvas::new().fixed(fixed)) {
        Ok(_) => {}
        Err(InfillError::Infeasible) => return Ok(0.0),
        Err(error) => return Err(error),
    }
    let mut count = Count;
    let inside = Inside::new(&live, &cells, &mut count);
    let ends = inside.ends(&mut count);
    Ok(ends.iter().map(|(_, value)| value.exp().round()).sum())
}

/// Every way weighs one.
struct Count;

impl Weights for Count {
    fn set(&mut self, _: usize, _: SetId) -> f64 {
        0.0
    }

    fn end(&mut self, _: usize) -> f64 {
        0.0
    }

    fn join(&self, ways: &[f64]) -> f64 {
        log_sum(ways)
    }

    fn choose(&mut self, _: &[f64]) -> usize {
        0
    }
}

/// The probabilities of tokens, position by position.
struct Factors<'a> {
    filling: &'a Filling,
    /// Nothing of the checker is locked while it is called: it may ask for anything.
    logits: &'a mut dyn FnMut(usize, &mut [f32]),
    /// Without it, the most probable way is taken.
    chance: Option<ChaCha8Rng>,
    /// The logarithms of the probabilities of all tokens at one position.
    row: Vec<f32>,
    position: Option<usize>,
}

impl<'a> Factors<'a> {
    fn new(
        filling: &'a Filling,
        logits: &'a mut dyn FnMut(usize, &mut [f32]),
        chance: Option<ChaCha8Rng>,
    ) -> Factors<'a> {
        Factors {
            filling,
            logits,
            chance,
            row: vec![0.0; filling.checker().vocab().len()],
            position: None,
        }
    }

    /// Chooses the tokens of a way.
    fn take(&mut self, inside: &Inside<'_>) -> Result<(Vec<(usize, TokenId)>, f64), InfillError> {
        let ends = inside.ends(self);
        let values: Vec<f64> = ends.iter().map(|&(_, value)| value).collect();
        let chosen = self.choose(&values);
        let Some(&(ending, value)) = ends.get(chosen) else {
            return Err(InfillError::Infeasible);
        };
        if value == f64::NEG_INFINITY || value.is_nan() {
            return Err(InfillError::Infeasible);
        }
        let sets = inside.choose(ending, self);
        let mut tokens = Vec::new();
        let mut log_p = 0.0;
        for position in 0..self.filling.len() {
            if !self.filling.is_open(position) {
                continue;
            }
            let among = match sets.get(position).filter(|_| position < ending.position()) {
                Some(&set) => self.tokens(set),
                None => self.filling.checker().ends().to_vec(),
            };
            self.look_at(position);
            let weights: Vec<f64> = among.iter().map(|&token| self.log_p(token)).collect();
            let chosen = self.choose(&weights);
            let Some(&token) = among.get(chosen) else {
                return Err(InfillError::Infeasible);
            };
            log_p += weights.get(chosen).copied().unwrap_or(f64::NEG_INFINITY);
            tokens.push((position, token));
        }
        Ok((tokens, log_p))
    }

    fn tokens(&self, set: SetId) -> Vec<TokenId> {
        match self.filling.checker().rules().lexer.sets.get(set) {
            Tokens::Few(few) => few.to_vec(),
            Tokens::Row(row) => formwork_vocab::mask::iter_ones(row).collect(),
        }
    }

    fn log_p(&self, token: TokenId) -> f64 {
        let log_p = self.row.get(token.index()).copied();
        f64::from(log_p.unwrap_or(f32::NEG_INFINITY))
    }

    /// Reads the row of a position.
    fn look_at(&mut self, position: usize) {
        if self.position.replace(position) == Some(position) {
            return;
        }
        (self.logits)(position, &mut self.row);
        let all: Vec<f64> = self.row.iter().map(|&logit| f64::from(logit)).collect();
        let total = log_sum(&all);
        for (log_p, logit) in self.row.iter_mut().zip(all) {
            *log_p = (logit - total) as f32;
        }
    }

    fn weigh(&mut self, position: usize, tokens: &[TokenId]) -> f64 {
        self.look_at(position);
        let weights: Vec<f64> = tokens.iter().map(|&token| self.log_p(token)).collect();
        self.join(&weights)
    }
}

impl Weights for Factors<'_> {
    fn set(&mut self, position: usize, set: SetId) -> f64 {
        let tokens = self.tokens(set);
        self.weigh(position, &tokens)
    }

    fn end(&mut self, position: usize) -> f64 {
        let ends = self.filling.checker().ends().to_vec();
        self.weigh(position, &ends)
    }

    fn join(&self, ways: &[f64]) -> f64 {
        match self.chance {
            Some(_) => log_sum(ways),
            None => ways.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn choose(&mut self, ways: &[f64]) -> usize {
        let total = self.join(ways);
        let Some(random) = &mut self.chance else {
            let best = ways.iter().position(|&way| way == total);
            return best.unwrap_or(0);
        };
        let mut left = uniform(random);
        for (at, way) in ways.iter().enumerate() {
            left -= (way - total).exp();
            if left < 0.0 {
                return at;
            }
        }
        // What rounding left over goes to the last that can be.
        let last = ways.iter().rposition(|&way| way > f64::NEG_INFINITY);
        last.unwrap_or(0)
    }
}

/// A number from 0 on and below 1.
fn uniform(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// The logarithm of the sum of what these are the logarithms of.
fn log_sum(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    let sum: f64 = values.iter().map(|value| (value - most).exp()).sum();
    most + sum.ln()
}
