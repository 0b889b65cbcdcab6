//! Trust around sure positions.

use super::{Blocks, Plan, Scheduler, View, best_and};

/// Positions that reach a threshold are anchors; within a radius around them a lower
/// threshold is enough; the most confident one is filled in any case (Kong et al.,
/// LocalLeap, arXiv:2510.07081).
#[derive(Clone, Debug)]
pub struct LocalLeap {
    anchor: f32,
    relaxed: f32,
    radius: usize,
    blocks: Blocks,
}

impl Default for LocalLeap {
    /// 0.9, and 0.75 within 4 positions, in blocks of 32.
    fn default() -> LocalLeap {
        LocalLeap::new(0.9, 0.75, 4, 32)
    }
}

impl LocalLeap {
    /// The threshold of anchors, the relaxed one and its radius, and the positions of a
    /// block.
    #[must_use]
    pub fn new(anchor: f32, relaxed: f32, radius: usize, block: usize) -> LocalLeap {
        LocalLeap {
            anchor,
            relaxed,
            radius,
            blocks: Blocks::of(block),
        }
    }
}

impl Scheduler for LocalLeap {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        Some(&mut self.blocks)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        let ranked = view.ranked();
        let anchors = ranked
            .iter()
            .filter(|(_, confidence)| *confidence >= self.anchor);
        let anchors: Vec<usize> = anchors.map(|&(position, _)| position).collect();
        let is_near = |position: usize| {
            anchors
                .iter()
                .any(|anchor| anchor.abs_diff(position) <= self.radius)
        };
        best_and(&ranked, |position, confidence| {
            confidence >= self.anchor || confidence >= self.relaxed && is_near(position)
        })
    }
}
