//! Credit for what was proposed before.

use std::collections::HashMap;
use std::ops::Range;

use formwork_vocab::TokenId;

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
    block: usize,
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
            block: usize::MAX,
            credit: HashMap::new(),
        }
    }
}

impl Scheduler for Credit {
    fn begin(&mut self, open: &[usize]) {
        self.blocks.begin(open);
        self.block = usize::MAX;
    }

    fn window(&mut self, open: &[usize]) -> Range<usize> {
        self.blocks.current(open)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        let block = self.blocks.current(view.open()).start;
        if block != self.block {
            self.block = block;
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
