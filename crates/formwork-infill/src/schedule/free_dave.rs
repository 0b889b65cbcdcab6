//! Steps guessed ahead and checked in one pass.

use super::{Blocks, Plan, Scheduler, View};

/// The most confident position of a block, step by step, with the steps after it guessed
/// from the same logits and looked at in one pass of the model; as many are taken as the
/// model would have taken itself (FreeDave, arXiv:2510.00294).
///
/// The text is that of the same schedule without drafts, at any temperature: chance
/// depends on the step alone. A pass looks at `drafts + 1` canvases.
#[derive(Clone, Debug)]
pub struct FreeDave {
    drafts: usize,
    blocks: Blocks,
}

impl Default for FreeDave {
    /// 4 drafts, blocks of 32.
    fn default() -> FreeDave {
        FreeDave::new(4, 32)
    }
}

impl FreeDave {
    /// So many steps guessed ahead, and positions in a block.
    #[must_use]
    pub fn new(drafts: usize, block: usize) -> FreeDave {
        FreeDave {
            drafts,
            blocks: Blocks::of(block),
        }
    }
}

impl Scheduler for FreeDave {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        Some(&mut self.blocks)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        Plan::commit(view.ranked().first().map(|&(position, _)| position))
    }

    fn drafts(&self) -> usize {
        self.drafts
    }
}
