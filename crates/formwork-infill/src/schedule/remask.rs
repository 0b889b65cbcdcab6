//! Opening again what the model was least sure of.

use super::{Blocks, Plan, Scheduler, View, rank};

/// As [`Llada`](super::Llada), but what was filled may be opened again: at every step as
/// many positions of a block are filled as are due by then, the most confident of the
/// filled and the open ones together (running confidence remasking, MDPO,
/// arXiv:2508.13148).
///
/// The confidence of a filled position is the one it was filled with.
#[derive(Clone, Debug)]
pub struct Remask {
    steps: usize,
    blocks: Blocks,
    /// Steps of the block, and those taken.
    all: usize,
    taken: usize,
    masks: usize,
    /// What was filled here, with its confidence.
    filled: Vec<(usize, f32)>,
}

impl Default for Remask {
    /// 128 steps, blocks of 128.
    fn default() -> Remask {
        Remask::new(128, 128)
    }
}

impl Remask {
    /// So many steps for the whole canvas, and positions in a block.
    #[must_use]
    pub fn new(steps: usize, block: usize) -> Remask {
        Remask {
            steps,
            blocks: Blocks::of(block),
            all: 1,
            taken: 0,
            masks: 0,
            filled: Vec::new(),
        }
    }
}

impl Scheduler for Remask {
    fn blocks(&mut self) -> Option<&mut Blocks> {
        Some(&mut self.blocks)
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        if self.blocks.enter(view.open()) {
            self.masks = view.open().len();
            self.all = (self.steps / self.blocks.count()).clamp(1, self.masks.max(1));
            self.taken = 0;
            self.filled.clear();
        }
        self.taken += 1;
        let mut open = view.ranked();
        if self.taken >= self.all {
            return Plan::commit(open.into_iter().map(|(position, _)| position));
        }
        // Rounded up, so that no step fills nothing. Positions that were forced were not
        // filled here, and count as done.
        let due = (self.masks * self.taken).div_ceil(self.all);
        let forced = self.masks.saturating_sub(open.len() + self.filled.len());
        let due = due.saturating_sub(forced).max(1);
        let known = self.filled.clone();
        self.filled.append(&mut open);
        rank(&mut self.filled);
        let dropped = self.filled.split_off(due.min(self.filled.len()));
        let was_filled = |position: usize| known.iter().any(|&(at, _)| at == position);
        let dropped = dropped.into_iter().map(|(position, _)| position);
        let kept = self.filled.iter().map(|&(position, _)| position);
        let mut plan = Plan {
            reopen: dropped.filter(|&position| was_filled(position)).collect(),
            commit: kept.filter(|&position| !was_filled(position)).collect(),
            ..Plan::default()
        };
        if plan.commit.is_empty() {
            // All that is due is there already: at least one more.
            plan.reopen.clear();
            self.filled = known;
            if let Some(&(position, confidence)) = view.ranked().first() {
                self.filled.push((position, confidence));
                plan.commit.push(position);
            }
        }
        plan
    }
}
