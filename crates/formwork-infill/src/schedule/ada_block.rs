//! Blocks that end where the model ends a line.

use std::ops::Range;

use formwork_vocab::{TokenId, Vocab};

use super::{Plan, Scheduler, View, all, best_and};

/// Blocks that end with the most confident delimiter ahead, if there is one; within them
/// decoding by [threshold](super::Threshold) (Lu et al., AdaBlock-dLLM, arXiv:2509.26432).
#[derive(Clone, Debug)]
pub struct AdaBlock {
    delimiters: Vec<TokenId>,
    confidence: f32,
    size: usize,
    threshold: f32,
    /// Positions ahead that are looked through, a quarter of the canvas.
    ahead: usize,
    /// The last position and one.
    end: usize,
    block: Range<usize>,
}

impl AdaBlock {
    /// Delimiters, such as the token of a line end, with a least confidence of 0.3 (as
    /// published for LLaDA; 0.5 for Dream); blocks of 32 without one, a threshold of 0.9.
    #[must_use]
    pub fn new(delimiters: Vec<TokenId>) -> AdaBlock {
        AdaBlock {
            delimiters,
            confidence: 0.3,
            size: 32,
            threshold: 0.9,
            ahead: 0,
            end: 0,
            block: 0..0,
        }
    }

    /// The tokens of a line end, a comma and a full stop.
    #[must_use]
    pub fn delimiters(vocab: &Vocab) -> Vec<TokenId> {
        let ids = (0..vocab.len())
            .filter_map(|id| u32::try_from(id).ok())
            .map(TokenId);
        ids.filter(|&id| matches!(vocab.bytes(id), b"\n" | b"," | b"."))
            .collect()
    }

    /// The least confidence of a delimiter.
    #[must_use]
    pub fn confidence(mut self, confidence: f32) -> AdaBlock {
        self.confidence = confidence;
        self
    }

    /// The positions of a block that no delimiter ends.
    #[must_use]
    pub fn size(mut self, size: usize) -> AdaBlock {
        self.size = size.max(1);
        self
    }

    fn is_within(&self, open: &[usize]) -> bool {
        open.first().is_some_and(|first| self.block.contains(first))
    }

    /// The block that begins at a position.
    fn block_at(&self, start: usize, view: &mut View<'_>) -> Range<usize> {
        let ahead = start..self.end.min(start + self.ahead);
        let ranked = view.ranked();
        let found = ranked.into_iter().find(|&(position, _)| {
            let proposed = view.proposal(position).map(|proposal| proposal.token);
            let is_delimiter = proposed.is_some_and(|token| self.delimiters.contains(&token));
            ahead.contains(&position) && is_delimiter
        });
        let end = match found {
            Some((position, confidence)) if confidence >= self.confidence => position + 1,
            _ => self.end.min(start + self.size),
        };
        start..end
    }
}

impl Scheduler for AdaBlock {
    fn begin(&mut self, open: &[usize]) {
        let all = all(open);
        self.ahead = (all.len() / 4).max(1);
        self.end = all.end;
        self.block = 0..0;
    }

    fn window(&mut self, open: &[usize]) -> Range<usize> {
        match open.first() {
            Some(&first) if !self.is_within(open) => {
                first..self.end.min(first + self.ahead.max(self.size))
            }
            _ => self.block.clone(),
        }
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        if !self.is_within(view.open()) {
            let start = view.open().first().copied().unwrap_or(0);
            self.block = self.block_at(start, view);
        }
        let mut ranked = view.ranked();
        ranked.retain(|(position, _)| self.block.contains(position));
        best_and(&ranked, |_, confidence| confidence >= self.threshold)
    }
}
