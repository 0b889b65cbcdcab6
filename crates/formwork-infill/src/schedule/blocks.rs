//! Blocks of positions that are filled from left to right.

use std::ops::Range;

use super::all;

/// Cuts the positions from the first open one on into blocks; the next is begun when one
/// is full.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blocks {
    size: usize,
    first: usize,
    count: usize,
    /// Where the block begins that was entered last.
    entered: Option<usize>,
}

impl Blocks {
    /// Blocks of so many positions, at least one.
    #[must_use]
    pub fn of(size: usize) -> Blocks {
        Blocks {
            size: size.max(1),
            first: 0,
            count: 1,
            entered: None,
        }
    }

    /// Begins a canvas with these open positions.
    pub fn begin(&mut self, open: &[usize]) {
        let all = all(open);
        self.first = all.start;
        self.count = all.len().div_ceil(self.size).max(1);
        self.entered = None;
    }

    /// The number of blocks.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Notes the block of the first open position; whether it is another than before.
    pub fn enter(&mut self, open: &[usize]) -> bool {
        let start = Some(self.current(open).start);
        std::mem::replace(&mut self.entered, start) != start
    }

    /// The block of the first open position.
    #[must_use]
    pub fn current(&self, open: &[usize]) -> Range<usize> {
        let first = open
            .first()
            .map_or(0, |open| open.saturating_sub(self.first));
        let start = self.first + first / self.size * self.size;
        start..start.saturating_add(self.size)
    }
}
