//! Credit for what was proposed before.

use formwork_vocab::TokenId;
use std::collections::HashMap;

use super::{Blocks, Plan, Scheduler, View, best_and};

/// Tokens that were proposed again and again earn credit, which raises their logits; then
/// decoding by [threshold](super::Threshold) (CreditDecoding, arXiv:2510.06133).
///
/// Credit is per block. With a constraint, it is earned by allowed tokens alone.
#[derive(Clone, Debug)]
pub struct Credit {
    alpha: f32,
    beta: f32,
    gamma: f32,
    threshold: f32,
    blocks: Blocks,
    credit: HashMap<(usize, TokenId), f32>,
}

impl Default for Credit {
    /// `alpha` 0.7, `beta` 0.8, `gamma` 0.2; a threshold of 0.9, blocks of 32.
    fn default() -> Credit {
        Credit::new(0.9, 32)
    }
}

impl Credit {
    /// A threshold, and the positions of a block.
    #[must_use]
    pub fn new(threshold: f32, block: usize) -> Credit {
        Credit {
            alpha: 0.7,
            beta: 0.8,
            gamma: 0.2,
            threshold,
            blocks: Blocks::of(block),
            credit: HashMap::new(),
        }
    }
}

impl Scheduler for Credit {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        Some(&mut self.blocks)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        if self.blocks.enter(view.open()) {
            self.credit.clear();
        }
        self.credit
            .values_mut()
            .for_each(|credit| *credit *= self.beta);
        for position in view.open().to_vec() {
            if let Some(proposal) = view.proposal(position) {
                let earned = proposal.probability.powf(self.gamma);
                *self.credit.entry((position, proposal.token)).or_default() += earned;
            }
        }
        for (&(position, token), credit) in &self.credit {
            view.bias(position, token, self.alpha * credit.ln_1p());
        }
        best_and(&view.ranked(), |_, confidence| confidence >= self.threshold)
    }
}
