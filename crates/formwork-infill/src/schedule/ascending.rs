//! Few positions at first, then more, and the end of the text not too early.

use std::ops::Range;

use super::{Blocks, Llada, LladaOrder, Plan, Scheduler, View, all};

/// [`Llada`], where the confidence of an end of text counts less at first: it is
/// multiplied by a factor that rises with the steps of a block (EOSER, Taming masked
/// diffusion models, arXiv:2509.23924).
#[derive(Clone, Debug)]
pub struct Eoser {
    llada: Llada,
    from: f32,
    to: f32,
}

impl Default for Eoser {
    /// A factor from 0.4 to 1, 128 steps, blocks of 128.
    fn default() -> Eoser {
        Eoser::new(128, 128)
    }
}

impl Eoser {
    /// So many steps, and positions in a block.
    #[must_use]
    pub fn new(steps: usize, block: usize) -> Eoser {
        Eoser {
            llada: Llada::new(steps, block, LladaOrder::Confident),
            from: 0.4,
            to: 1.0,
        }
    }
}

impl Scheduler for Eoser {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        self.llada.blocks()
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        let (count, step) = self.llada.next(view.open());
        let done = step as f32 / self.llada.steps().max(1) as f32;
        let ranked = with_late_ends(view, self.from + (self.to - self.from) * done);
        Plan::commit(ranked.into_iter().take(count).map(|(position, _)| position))
    }
}

/// Step `t` fills `2^t` positions, and the last of `log2 N` what is left (ASS, Taming
/// masked diffusion models, arXiv:2509.23924). The first four steps share a block, every
/// later one has its own.
#[derive(Clone, Debug)]
pub struct Ascending {
    late_ends: bool,
    step: u32,
    steps: u32,
    /// The block of the step, and the last position of all and one.
    block: Range<usize>,
    end: usize,
}

/// Steps that share the first block.
const SHARED: u32 = 4;

impl Default for Ascending {
    fn default() -> Ascending {
        Ascending {
            late_ends: true,
            step: 0,
            steps: 1,
            block: 0..0,
            end: 0,
        }
    }
}

impl Ascending {
    /// With EOSER (the default) or without: the confidence of ends of text is multiplied
    /// by `0.01 + 0.99 (2^(t+1) - 1) / 2^steps`.
    #[must_use]
    pub fn late_ends(mut self, late_ends: bool) -> Ascending {
        self.late_ends = late_ends;
        self
    }

    fn is_last(&self) -> bool {
        self.step + 1 >= self.steps
    }
}

impl Scheduler for Ascending {
    fn begin(&mut self, open: &[usize]) {
        self.step = 0;
        self.steps = open.len().checked_ilog2().unwrap_or(0).max(1);
        self.block = 0..0;
        self.end = all(open).end;
    }

    fn window(&mut self, open: &[usize]) -> Range<usize> {
        let first = open.first().copied().unwrap_or(0);
        let within = self.block.contains(&first);
        if !self.block.is_empty() && !within {
            // What was forced may have filled the first block early.
            self.step = self.step.max(SHARED.min(self.steps - 1));
        }
        if self.is_last() {
            self.block = first..self.end;
            return self.block.clone();
        }
        if within && self.step < SHARED {
            return self.block.clone();
        }
        let size = match self.step {
            step if step < SHARED => (1usize << SHARED.min(self.steps)) - 1,
            step => 1usize << step,
        };
        let last = open.get(size.saturating_sub(1));
        self.block = first..last.map_or(self.end, |last| last + 1);
        self.block.clone()
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        let (step, last) = (self.step, self.is_last());
        let ranked = match self.late_ends {
            true => {
                let done = (2f32.powi(step as i32 + 1) - 1.0) / 2f32.powi(self.steps as i32);
                with_late_ends(view, 0.01 + 0.99 * done)
            }
            false => view.ranked(),
        };
        if !last {
            self.step += 1;
        }
        let count = if last { ranked.len() } else { 1 << step };
        Plan::commit(ranked.into_iter().take(count).map(|(position, _)| position))
    }
}

/// Ranked by confidence, that of ends of text multiplied by a factor.
fn with_late_ends(view: &mut View<'_>, factor: f32) -> Vec<(usize, f32)> {
    let mut ranked = view.ranked();
    for (position, confidence) in &mut ranked {
        let token = view.proposal(*position).map(|proposal| proposal.token);
        if token.is_some_and(|token| view.is_end(token)) {
            *confidence *= factor;
        }
    }
    super::rank(&mut ranked);
    ranked
}
