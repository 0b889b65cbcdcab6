//! Schedulers: which positions are filled at which step.
//!
//! A scheduler picks where and when; the constraint picks what. Logits are masked to the
//! allowed tokens first, so the confidence of a position is that of its likeliest allowed
//! token, and 1 where only one is left. What a [`Plan`] names is filled in its order, and
//! allowed sets are read anew after each.

mod ada_block;
mod ascending;
mod blocks;
pub(crate) mod chance;
mod credit;
mod dream;
mod fast_dllm;
mod free_dave;
mod hierarchy;
mod llada;
mod local_leap;
mod named;
mod prophet;
mod proposal;
mod remask;
#[cfg(test)]
mod tests;

use std::ops::Range;

use formwork_vocab::TokenId;

pub use ada_block::AdaBlock;
pub use ascending::{Ascending, Eoser};
pub use blocks::Blocks;
pub use chance::Purpose;
pub use credit::Credit;
pub use dream::{Dream, DreamOrder};
pub use fast_dllm::{Factor, Threshold};
pub use free_dave::FreeDave;
pub use hierarchy::Hierarchy;
pub use llada::{Llada, LladaOrder};
pub use local_leap::LocalLeap;
pub use named::{SchedulerKind, SchedulerOptions, UnknownScheduler};
pub use prophet::Prophet;
pub use proposal::Proposal;
pub(crate) use proposal::{Choice, propose};
pub use remask::Remask;

use crate::{Cells, InfillError};

/// Chooses the positions that are filled at each step.
pub trait Scheduler {
    /// The blocks that are filled one after the other, if there are any.
    fn blocks(&mut self) -> Option<&mut Blocks> {
        None
    }

    /// Begins a canvas with these open positions, ascending. Begins its blocks by default.
    fn begin(&mut self, open: &[usize]) {
        if let Some(blocks) = self.blocks() {
            blocks.begin(open);
        }
    }

    /// The positions that the next [`plan`](Scheduler::plan) looks at; logits of others
    /// are not asked for. At least one of `open` is among them. A block by default, or all.
    fn window(&mut self, open: &[usize]) -> Range<usize> {
        match self.blocks() {
            Some(blocks) => blocks.current(open),
            None => all(open),
        }
    }

    /// What is done now. At least one position is named.
    fn plan(&mut self, view: &mut View<'_>) -> Plan;

    /// The steps that are guessed ahead from the logits of one, and looked at in one pass
    /// of the model. A scheduler that says more than 0 plans by what it views alone, not
    /// by what it did before.
    fn drafts(&self) -> usize {
        0
    }

    /// Whether probabilities are those after temperature and `top_p`, or the model's own.
    fn is_tempered(&self) -> bool {
        false
    }
}

/// What is done in a step: first positions are opened again, then others filled, each
/// with what is proposed for it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Positions to be opened again.
    pub reopen: Vec<usize>,
    /// Open positions to be filled, the most confident first.
    pub commit: Vec<usize>,
    /// Whether all open positions are filled at once instead, with what is most probable
    /// [together](Cells::most_probable). Those of [`commit`](Plan::commit) are filled one by
    /// one where that cannot be done: positions that do not depend on each other, or are not
    /// all looked at.
    pub jointly: bool,
}

impl Plan {
    /// Fills positions, and opens none again.
    #[must_use]
    pub fn commit(positions: impl IntoIterator<Item = usize>) -> Plan {
        Plan {
            commit: positions.into_iter().collect(),
            ..Plan::default()
        }
    }
}

/// What a scheduler sees: the open positions of its window, and what the model proposes
/// for each, worked out when it is asked for.
pub struct View<'a> {
    pub(crate) cells: &'a dyn Cells,
    pub(crate) rows: &'a mut Rows,
    pub(crate) open: Vec<usize>,
    /// Open positions in all.
    pub(crate) left: usize,
    pub(crate) seed: u64,
    pub(crate) choice: Choice,
    /// What went wrong; proposals cannot say it.
    pub(crate) failed: Option<InfillError>,
}

impl View<'_> {
    /// The open positions of the window, ascending.
    #[must_use]
    pub fn open(&self) -> &[usize] {
        &self.open
    }

    /// The open positions in all, those outside of the window included.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left
    }

    /// Whether a token ends the text.
    #[must_use]
    pub fn is_end(&self, token: TokenId) -> bool {
        self.cells.ends().contains(&token)
    }

    /// What is proposed for an open position of the window; `None` for another.
    pub fn proposal(&mut self, position: usize) -> Option<Proposal> {
        let (cells, choice) = (self.cells, self.choice);
        match self
            .rows
            .proposal(cells, position, choice, self.seed, self.left)
        {
            Ok(proposal) => proposal,
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }

    /// Adds to the logit of a token; what is proposed for the position may change.
    pub fn bias(&mut self, position: usize, token: TokenId, by: f32) {
        self.rows.bias(position, token, by);
    }

    /// A number from 0 on and below 1 for a position, equally distributed; another one for
    /// each attempt.
    #[must_use]
    pub fn uniform(&self, position: usize, attempt: usize) -> f32 {
        chance::uniform(
            self.seed,
            self.left,
            position,
            Purpose::Position { attempt },
        )
    }

    /// The open positions of the window with their confidence, the most confident first;
    /// of equal ones the first.
    pub fn ranked_by(&mut self, confidence: impl Fn(usize, &Proposal) -> f32) -> Vec<(usize, f32)> {
        let open = self.open.clone();
        let mut ranked: Vec<(usize, f32)> = open
            .into_iter()
            .filter_map(|position| {
                let proposal = self.proposal(position)?;
                Some((position, confidence(position, &proposal)))
            })
            .collect();
        rank(&mut ranked);
        ranked
    }

    /// The same by the probability of what is proposed.
    pub fn ranked(&mut self) -> Vec<(usize, f32)> {
        self.ranked_by(|_, proposal| proposal.probability)
    }
}

/// Most confident first; of equal ones the first position.
pub(crate) fn rank(positions: &mut [(usize, f32)]) {
    positions.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
}

/// The first of the ranked, and all others that are kept.
pub(crate) fn best_and(ranked: &[(usize, f32)], keep: impl Fn(usize, f32) -> bool) -> Plan {
    let kept = ranked.iter().enumerate();
    let kept = kept.filter(|&(rank, &(position, c))| rank == 0 || keep(position, c));
    Plan::commit(kept.map(|(_, &(position, _))| position))
}

/// The positions from the first of them to the last.
pub(crate) fn all(open: &[usize]) -> Range<usize> {
    match (open.first(), open.last()) {
        (Some(&first), Some(&last)) => first..last + 1,
        _ => 0..0,
    }
}

/// Logits of some positions, and what was worked out of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// Ascending.
    positions: Vec<usize>,
    /// Logits of a row.
    width: usize,
    logits: Vec<f32>,
    known: Vec<Option<Proposal>>,
}

impl Rows {
    pub(crate) fn new(positions: Vec<usize>, width: usize, logits: Vec<f32>) -> Rows {
        Rows {
            known: vec![None; positions.len()],
            positions,
            width,
            logits,
        }
    }

    /// Forgets what was worked out: allowed sets have changed.
    pub(crate) fn forget(&mut self) {
        self.known.fill(None);
    }

    pub(crate) fn has(&self, position: usize) -> bool {
        self.positions.binary_search(&position).is_ok()
    }

    /// What is proposed for an open position, if there is a row of it.
    pub(crate) fn proposal(
        &mut self,
        cells: &dyn Cells,
        position: usize,
        choice: Choice,
        seed: u64,
        left: usize,
    ) -> Result<Option<Proposal>, InfillError> {
        let Ok(at) = self.positions.binary_search(&position) else {
            return Ok(None);
        };
        if let Some(Some(known)) = self.known.get(at) {
            return Ok(Some(*known));
        }
        let mut allowed = vec![0; cells.vocab().mask_words()];
        cells.fill_mask(position, &mut allowed)?;
        let row = self.row(position).unwrap_or_default();
        let uniform = || chance::uniform(seed, left, position, Purpose::Token);
        let proposal = propose(row, &allowed, choice, uniform);
        if let Some(known) = self.known.get_mut(at) {
            *known = proposal;
        }
        Ok(proposal)
    }

    /// The logits of a position.
    pub(crate) fn row(&self, position: usize) -> Option<&[f32]> {
        let at = self.positions.binary_search(&position).ok()?;
        self.logits.get(at * self.width..(at + 1) * self.width)
    }

    /// Forgets what was worked out for a position.
    pub(crate) fn forget_one(&mut self, position: usize) {
        if let Ok(at) = self.positions.binary_search(&position) {
            self.known[at] = None;
        }
    }

    fn bias(&mut self, position: usize, token: TokenId, by: f32) {
        let Ok(at) = self.positions.binary_search(&position) else {
            return;
        };
        let row = self.logits.get_mut(at * self.width..(at + 1) * self.width);
        if let Some(logit) = row.and_then(|row| row.get_mut(token.index())) {
            *logit += by;
        }
        self.known[at] = None;
    }
}
