//! Long runs of open positions cut in the middle.

use super::{Blocks, Plan, Scheduler, View, best_and};

/// The most confident position of every run of open ones, if it reaches a low threshold,
/// all that reach a high one, and the most confident in any case (hierarchical decoding of
/// dInfer, arXiv:2510.08666).
#[derive(Clone, Debug)]
pub struct Hierarchy {
    low: f32,
    high: f32,
    blocks: Blocks,
}

impl Default for Hierarchy {
    /// 0.4 and 0.9, blocks of 32.
    fn default() -> Hierarchy {
        Hierarchy::new(0.4, 0.9, 32)
    }
}

impl Hierarchy {
    /// Both thresholds, and the positions of a block.
    #[must_use]
    pub fn new(low: f32, high: f32, block: usize) -> Hierarchy {
        Hierarchy {
            low,
            high,
            blocks: Blocks::of(block),
        }
    }
}

impl Scheduler for Hierarchy {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        Some(&mut self.blocks)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        let ranked = view.ranked();
        let runs = view.open().chunk_by(|one, next| one + 1 == *next);
        let best = |run: &[usize]| ranked.iter().map(|&(at, _)| at).find(|at| run.contains(at));
        let best: Vec<usize> = runs.filter_map(best).collect();
        best_and(&ranked, |position, confidence| {
            confidence >= self.high || confidence > self.low && best.contains(&position)
        })
    }
}
