//! Filling everything as soon as the model is sure.

use super::{Blocks, Plan, Scheduler, View};

/// One position a step, the most confident of its block, until the model is sure of the
/// answer; then everything at once (Li et al., Prophet, arXiv:2508.19982), with what is most
/// probable together where a grammar joins positions.
///
/// Sure is who has a mean gap between the two largest logits of at least a bound, which
/// falls when a third and two thirds of the canvas are filled.
#[derive(Clone, Debug)]
pub struct Prophet {
    bounds: [f32; 3],
    answer: Option<usize>,
    blocks: Blocks,
    masks: usize,
}

/// Positions of the answer that are looked at.
const ANSWER: usize = 5;

impl Default for Prophet {
    /// Bounds of 7.5, 5 and 2.5, blocks of 32.
    fn default() -> Prophet {
        Prophet::new([7.5, 5.0, 2.5], 32)
    }
}

impl Prophet {
    /// Bounds for the gap early, in the middle and late, and the positions of a block.
    #[must_use]
    pub fn new(bounds: [f32; 3], block: usize) -> Prophet {
        Prophet {
            bounds,
            answer: None,
            blocks: Blocks::of(block),
            masks: 0,
        }
    }

    /// The answer begins at a position: the first 5 open ones from there on are looked at.
    /// By default the whole canvas is the answer.
    #[must_use]
    pub fn answer(mut self, position: usize) -> Prophet {
        self.answer = Some(position);
        self
    }

    fn is_sure(&self, view: &mut View<'_>) -> bool {
        let open = view.open().to_vec();
        let (from, count) = match self.answer {
            Some(position) => (position, ANSWER),
            None => (0, open.len()),
        };
        let looked_at = open.iter().filter(|&&at| at >= from).take(count);
        let gaps: Vec<f32> = looked_at
            .filter_map(|&at| Some(view.proposal(at)?.gap))
            .collect();
        let filled = self.masks.saturating_sub(open.len()) as f32 / self.masks.max(1) as f32;
        let [early, middle, late] = self.bounds;
        let bound = match filled {
            _ if filled < 0.33 => early,
            _ if filled < 0.67 => middle,
            _ => late,
        };
        !gaps.is_empty() && gaps.iter().sum::<f32>() / gaps.len() as f32 >= bound
    }
}

impl Scheduler for Prophet {
    fn begin(&mut self, open: &[usize]) {
        self.blocks.begin(open);
        self.masks = open.len();
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        let sure = self.is_sure(view);
        let ranked = view.ranked();
        if sure {
            return Plan {
                jointly: true,
                ..Plan::commit(ranked.into_iter().map(|(position, _)| position))
            };
        }
        let block = self.blocks.current(view.open());
        let best = ranked
            .into_iter()
            .find(|(position, _)| block.contains(position));
        Plan::commit(best.map(|(position, _)| position))
    }
}
