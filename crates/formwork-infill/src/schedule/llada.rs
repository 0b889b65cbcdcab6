//! The schedule of LLaDA.

use super::{Blocks, Plan, Scheduler, View};
use std::collections::VecDeque;

/// Which positions LLaDA fills first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LladaOrder {
    /// The most confident ones: `low_confidence`, by what is masked again.
    Confident,
    /// Random ones.
    Random,
}

/// The schedule of LLaDA (Nie et al., arXiv:2502.09992): blocks from left to right, the
/// same number of steps for each, the same number of positions for each step; the first
/// ones take what is left over.
#[derive(Clone, Debug)]
pub struct Llada {
    steps: usize,
    order: LladaOrder,
    blocks: Blocks,
    /// How many positions are filled in each step that is left of the block.
    counts: VecDeque<usize>,
    done: usize,
}

impl Default for Llada {
    /// 128 steps, blocks of 128, as published for 128 positions: one position a step.
    fn default() -> Llada {
        Llada::new(128, 128, LladaOrder::Confident)
    }
}

impl Llada {
    /// So many steps for the whole canvas, and positions in a block. Steps in which
    /// nothing would be filled are left out.
    #[must_use]
    pub fn new(steps: usize, block: usize, order: LladaOrder) -> Llada {
        Llada {
            steps,
            order,
            blocks: Blocks::of(block),
            counts: VecDeque::new(),
            done: 0,
        }
    }

    /// How many positions are filled in the next step of a block that has `open`, and
    /// the number of the step in its block.
    pub(crate) fn next(&mut self, open: &[usize]) -> (usize, usize) {
        if self.blocks.enter(open) {
            self.done = 0;
            self.counts = counts(open.len(), self.steps / self.blocks.count());
        }
        let step = self.done;
        self.done += 1;
        (self.counts.pop_front().unwrap_or(open.len()), step)
    }

    /// The steps for the whole canvas.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }
}

/// So many positions in so many steps; those without any are left out.
fn counts(positions: usize, steps: usize) -> VecDeque<usize> {
    let steps = steps.clamp(1, positions.max(1));
    let count = |step| positions / steps + usize::from(step < positions % steps);
    (0..steps).map(count).collect()
}

impl Scheduler for Llada {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        Some(&mut self.blocks)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        let (count, _) = self.next(view.open());
        let ranked = match self.order {
            LladaOrder::Confident => view.ranked(),
            LladaOrder::Random => {
                let open = view.open().to_vec();
                let drawn = open.iter().map(|&at| (at, view.uniform(at, 0)));
                let mut drawn: Vec<(usize, f32)> = drawn.collect();
                super::rank(&mut drawn);
                drawn
            }
        };
        Plan::commit(ranked.into_iter().take(count).map(|(position, _)| position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_share_positions() {
        assert_eq!(counts(10, 4), [3, 3, 2, 2]);
        assert_eq!(counts(3, 8), [1, 1, 1]);
        assert_eq!(counts(5, 0), [5]);
    }
}
