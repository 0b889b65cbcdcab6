//! A canvas while it is filled.

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};

use formwork_model::MaskedModel;
use formwork_vocab::TokenId;

use super::passes::{Look, Passes};
use super::{FillError, FillOptions, FillStep, Report};
use crate::cells::only;
use crate::schedule::{Choice, Rows, Scheduler, View};
use crate::{Cells, InfillError};

pub(super) struct Run<'a> {
    passes: Passes<'a>,
    cells: &'a mut dyn Cells,
    scheduler: &'a mut dyn Scheduler,
    options: FillOptions,
    choice: Choice,
    pub(super) report: Report,
}

/// What a step did.
#[derive(Clone, PartialEq, Eq, Default)]
struct Taken {
    commits: Vec<(usize, TokenId)>,
    forced: usize,
    reopened: Vec<usize>,
    proposed_anew: usize,
    rejected: usize,
}

/// A step that was guessed, and what the model says after it.
struct Draft {
    commits: Vec<(usize, TokenId)>,
    rows: Rows,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        model: &'a mut dyn MaskedModel,
        cells: &'a mut dyn Cells,
        scheduler: &'a mut dyn Scheduler,
        prompt: &'a [TokenId],
        options: FillOptions,
    ) -> Run<'a> {
        let choice = Choice {
            temperature: options.temperature,
            top_p: options.top_p,
            tempered: scheduler.is_tempered(),
        };
        Run {
            passes: Passes::new(model, prompt, options),
            cells,
            scheduler,
            options,
            choice,
            report: Report::default(),
        }
    }

    pub(super) fn end(&mut self) {
        self.passes.end();
    }

    pub(super) fn all(
        &mut self,
        on_step: &mut dyn FnMut(&FillStep<'_>) -> ControlFlow<()>,
    ) -> Result<(), FillError> {
        self.scheduler.begin(&self.cells.open());
        let mut taken = Taken::default();
        self.fill_forced(&mut taken)?;
        let mut drafts: VecDeque<Draft> = VecDeque::new();
        let mut rows = Rows::default();
        let mut is_first = true;
        loop {
            self.count(&taken);
            let step = FillStep {
                model_calls: self.report.model_calls,
                cells: self.cells,
                commits: &taken.commits,
                forced: taken.forced,
                reopened: &taken.reopened,
            };
            let is_news = !is_first || !taken.commits.is_empty();
            if is_news && on_step(&step).is_break() {
                return Ok(());
            }
            let open = self.cells.open();
            if open.is_empty() {
                self.report.finished = true;
                return Ok(());
            }
            match drafts.pop_front() {
                // The model has looked at this very canvas.
                Some(draft) if draft.commits == taken.commits => rows = draft.rows,
                _ => (rows, drafts) = self.look(&rows)?,
            }
            is_first = false;
            taken = self.step(&mut rows)?;
            if taken.commits.len() == taken.forced && taken.reopened.is_empty() {
                return Err(FillError::Stalled);
            }
        }
    }

    fn count(&mut self, taken: &Taken) {
        self.report.commits += taken.commits.len();
        self.report.forced += taken.forced;
        self.report.reopened += taken.reopened.len();
        self.report.proposed_anew += taken.proposed_anew;
        self.report.rejected += taken.rejected;
    }

    /// Takes a step by what the model has said.
    fn step(&mut self, rows: &mut Rows) -> Result<Taken, FillError> {
        rows.forget();
        let open = self.cells.open();
        let left = open.len();
        let mut view = View {
            cells: self.cells,
            open: open
                .into_iter()
                .filter(|&position| rows.has(position))
                .collect(),
            rows,
            left,
            seed: self.options.seed,
            choice: self.choice,
            failed: None,
        };
        let plan = self.scheduler.plan(&mut view);
        if let Some(error) = view.failed {
            return Err(error.into());
        }
        let mut taken = Taken::default();
        for position in plan.reopen {
            self.cells.reopen(position)?;
            taken.reopened.push(position);
        }
        if plan.jointly {
            self.fill_jointly(rows, &mut taken)?;
        }
        for position in plan.commit {
            self.fill_proposed(position, rows, left, &mut taken)?;
        }
        self.fill_forced(&mut taken)?;
        Ok(taken)
    }

    /// Fills all open positions with what is most probable together, if the model has
    /// looked at all of them; up to the first that is refused, as where names come out
    /// equal.
    fn fill_jointly(&mut self, rows: &Rows, taken: &mut Taken) -> Result<(), FillError> {
        if !self.cells.open().iter().all(|&at| rows.has(at)) {
            return Ok(());
        }
        let mut logits = |position: usize, row: &mut [f32]| {
            let from = rows.row(position).unwrap_or_default();
            row.fill(f32::NEG_INFINITY);
            // What is no number counts as minus infinity, as in proposals.
            let numbers = row.iter_mut().zip(from).filter(|(_, from)| !from.is_nan());
            numbers.for_each(|(to, from)| *to = *from);
        };
        let tokens = match self.cells.most_probable(&mut logits) {
            Ok(tokens) => tokens.unwrap_or_default(),
            // One by one, something is taken even if no logit is finite.
            Err(InfillError::Infeasible) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for (position, token) in tokens {
            match self.cells.commit(position, token) {
                Ok(()) => taken.commits.push((position, token)),
                Err(InfillError::NotAllowed { .. } | InfillError::Infeasible) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Fills a position with what is proposed for it, anew if that is not allowed any
    /// more.
    fn fill_proposed(
        &mut self,
        position: usize,
        rows: &mut Rows,
        left: usize,
        taken: &mut Taken,
    ) -> Result<(), FillError> {
        if !self.cells.is_open(position) {
            return Ok(());
        }
        let (choice, seed) = (self.choice, self.options.seed);
        let mut proposal = rows.proposal(self.cells, position, choice, seed, left)?;
        if proposal.is_some_and(|proposal| !self.cells.allows(position, proposal.token)) {
            taken.proposed_anew += 1;
            rows.forget_one(position);
            proposal = rows.proposal(self.cells, position, choice, seed, left)?;
        }
        let Some(proposal) = proposal else {
            return Ok(());
        };
        match self.cells.commit(position, proposal.token) {
            Ok(()) => taken.commits.push((position, proposal.token)),
            Err(InfillError::NotAllowed { .. }) => taken.rejected += 1,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Fills what has no choice.
    fn fill_forced(&mut self, taken: &mut Taken) -> Result<(), FillError> {
        if !self.options.force || !self.cells.is_constrained() {
            return Ok(());
        }
        let mut row = vec![0; self.cells.vocab().mask_words()];
        loop {
            let before = taken.forced;
            for position in self.cells.open() {
                self.cells.fill_mask(position, &mut row)?;
                if let Some(token) = only(&mut row, self.cells.ends()) {
                    self.cells.commit(position, token)?;
                    taken.commits.push((position, token));
                    taken.forced += 1;
                }
            }
            if taken.forced == before {
                return Ok(());
            }
        }
    }

    /// Lets the model look at the canvas, and at drafts of what follows by the logits
    /// that it gave last; drafts come in the order of their steps.
    fn look(&mut self, last: &Rows) -> Result<(Rows, VecDeque<Draft>), FillError> {
        let mut looks = vec![self.this_look()];
        let steps = self.draft(last, &mut looks)?;
        let mut rows = self.passes.forward(looks, &mut self.report)?.into_iter();
        let first = rows.next().unwrap_or_default();
        let drafts = steps.into_iter().zip(rows);
        let drafts = drafts.map(|(commits, rows)| Draft { commits, rows });
        Ok((first, drafts.collect()))
    }

    /// Takes steps by the logits of an earlier one and takes them back; what they filled.
    fn draft(
        &mut self,
        last: &Rows,
        looks: &mut Vec<Look>,
    ) -> Result<Vec<Vec<(usize, TokenId)>>, FillError> {
        let mut steps: Vec<Vec<(usize, TokenId)>> = Vec::new();
        let mut rows = match self.scheduler.drafts() {
            0 => return Ok(steps),
            _ => last.clone(),
        };
        for _ in 0..self.scheduler.drafts() {
            // Nothing is known of what lies outside of the window of then.
            let known = |look: &Look| look.positions.iter().all(|&at| rows.has(at));
            if !looks.last().is_some_and(known) {
                break;
            }
            let taken = self.step(&mut rows)?;
            let is_filled = self.cells.open().is_empty();
            let is_stalled = taken.commits.is_empty();
            steps.push(taken.commits);
            if is_filled || is_stalled {
                // There is nothing to look at after it.
                break;
            }
            looks.push(self.this_look());
        }
        for (position, _) in steps.iter().rev().flatten().rev() {
            self.cells.reopen(*position)?;
        }
        Ok(steps)
    }

    /// The canvas as it is.
    fn this_look(&mut self) -> Look {
        let open = self.cells.open();
        let mut window = self.scheduler.window(&open);
        let within = |window: &Range<usize>| {
            let open = open.iter().copied();
            open.filter(|position| window.contains(position))
                .collect::<Vec<_>>()
        };
        let mut positions = within(&window);
        if positions.is_empty() {
            window = 0..self.cells.len();
            positions = within(&window);
        }
        let cells = &*self.cells;
        let tokens = (0..cells.len()).map(|position| cells.token(position));
        Look {
            tokens: self.passes.canvas(tokens),
            positions,
            window: window.start..window.end.min(self.cells.len()),
        }
    }
}
