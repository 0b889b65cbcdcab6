//! Parallel decoding by confidence, as Fast-dLLM has it.

use super::{Blocks, Plan, Scheduler, View, best_and};

/// All positions of a block whose confidence reaches a threshold, and the most confident
/// one in any case (Wu et al., Fast-dLLM, arXiv:2505.22618).
#[derive(Clone, Debug)]
pub struct Threshold {
    threshold: f32,
    blocks: Blocks,
}

impl Default for Threshold {
    /// 0.9, in blocks of 32.
    fn default() -> Threshold {
        Threshold::new(0.9, 32)
    }
}

impl Threshold {
    /// A threshold, and the positions of a block.
    #[must_use]
    pub fn new(threshold: f32, block: usize) -> Threshold {
        Threshold {
            threshold,
            blocks: Blocks::of(block),
        }
    }
}

impl Scheduler for Threshold {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        Some(&mut self.blocks)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        best_and(&view.ranked(), |_, confidence| confidence >= self.threshold)
    }
}

/// The `n` most confident positions of a block, `n` being the most for which the least
/// confident of them has at least `1 - factor / (n + 1)`; one in any case (Fast-dLLM,
/// arXiv:2505.22618).
#[derive(Clone, Debug)]
pub struct Factor {
    factor: f32,
    blocks: Blocks,
}

impl Default for Factor {
    /// 1, in blocks of 32.
    fn default() -> Factor {
        Factor::new(1.0, 32)
    }
}

impl Factor {
    /// A factor, and the positions of a block.
    #[must_use]
    pub fn new(factor: f32, block: usize) -> Factor {
        Factor {
            factor,
            blocks: Blocks::of(block),
        }
    }
}

impl Scheduler for Factor {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        Some(&mut self.blocks)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        let ranked = view.ranked();
        let numbered = (1..).zip(&ranked);
        let reaches = |n: usize, c: f32| c >= 1.0 - self.factor / (n + 1) as f32;
        let kept = numbered.take_while(|&(n, &(_, confidence))| reaches(n, confidence));
        let count = kept.count().max(1);
        Plan::commit(ranked.into_iter().take(count).map(|(position, _)| position))
    }
}
