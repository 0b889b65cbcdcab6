//! Samplers: attempts, one after the other, over one tree.

use crate::error::Budget;
use crate::explorer::{Explorer, Leaf};
use crate::numbers::ln_sum;
use crate::tree::{NodeId, Tree};
use crate::walk::{End, Walk};
use crate::{
    Certificate, Constraint, Finish, LogitCache, Model, Sample, SampleError, SampleOptions, Stats,
    WeightedSet,
};

/// Texts of a constraint by the law of a model, by one of the [methods](crate::Method)
/// that share the prefix tree.
///
/// An attempt takes a step for every token of its text, and each step a row of the model,
/// a mask and a pass over both where the prefix is new, and nothing of that where the
/// prefix is known. With `n` prefixes in the tree, memory is `O(n)` besides the rows,
/// which have a budget.
pub struct Sampler<M: Model, C: Constraint> {
    pub(crate) explorer: Explorer<M, C>,
    pub(crate) tree: Tree,
    pub(crate) options: SampleOptions,
    /// The number of the next attempt.
    pub(crate) attempt: u64,
    /// What the last sample had taken.
    pub(crate) before: Stats,
    /// ln of the sum of what attempts were worth, and their number.
    ln_worth: f64,
    worth_of: u64,
}

/// How an attempt ended, and what is told of it.
pub(crate) enum Outcome {
    Text(Box<Sample>),
    Rejected,
    Dead,
}

impl<M: Model, C: Constraint> Sampler<M, C> {
    /// A sampler that knows nothing yet.
    ///
    /// # Errors
    ///
    /// If an option is out of its bounds, or model, constraint and stop tokens do not go
    /// together.
    pub fn new(
        model: M,
        constraint: C,
        options: SampleOptions,
    ) -> Result<Sampler<M, C>, SampleError> {
        options.check()?;
        Ok(Sampler {
            explorer: Explorer::new(model, constraint, &options)?,
            tree: Tree::new(options.max_row_bytes),
            options,
            attempt: 0,
            before: Stats::default(),
            ln_worth: f64::NEG_INFINITY,
            worth_of: 0,
        })
    }

    /// The next text.
    ///
    /// Texts come in the order in which their attempts began, never in that in which they
    /// ended: short texts end sooner, and whoever takes what is done first prefers them.
    ///
    /// # Errors
    ///
    /// If there is no text, or the model gives none any probability; if a budget is spent;
    /// if model or constraint fail. The sampler can be asked again after any of them.
    pub fn sample(&mut self) -> Result<Sample, SampleError> {
        for _ in 0..self.options.max_attempts {
            match self.attempt()? {
                Outcome::Text(sample) => return Ok(*sample),
                Outcome::Rejected | Outcome::Dead => self.check_mass()?,
            }
        }
        Err(SampleError::BudgetSpent {
            budget: Budget::Attempts,
            limit: self.options.max_attempts,
        })
    }

    /// The next `n` texts, or those before the first error, and the error.
    pub fn samples(&mut self, n: usize) -> impl Iterator<Item = Result<Sample, SampleError>> {
        let mut failed = false;
        (0..n).map_while(move |_| {
            let sample = (!failed).then(|| self.sample())?;
            failed = sample.is_err();
            Some(sample)
        })
    }

    /// So many attempts, and the texts that came of them with their weights: importance
    /// sampling (arXiv:2306.03081). Attempts that came to nothing weigh nothing, and
    /// count: the mean weight is an unbiased estimate of P(L).
    ///
    /// # Errors
    ///
    /// As [`sample`](Sampler::sample); if the method refuses proposals, which weigh
    /// nothing to speak of then.
    pub fn weighted(&mut self, attempts: usize) -> Result<WeightedSet, SampleError> {
        if self.options.method.finish != Finish::Biased {
            return Err(SampleError::Option {
                name: "method",
                wanted: "one that takes what is proposed, such as `Method::ASAP`",
            });
        }
        let mut samples = Vec::new();
        for _ in 0..attempts {
            match self.attempt()? {
                Outcome::Text(sample) => samples.push(*sample),
                Outcome::Rejected | Outcome::Dead => self.check_mass()?,
            }
        }
        Ok(WeightedSet::new(samples, attempts))
    }

    /// ln of an estimate of P(L), the probability that the model writes a text of the
    /// constraint: the mean of what all attempts so far were worth, which is a text's
    /// weight where texts are taken, and the bound at the root where they were accepted.
    /// Unbiased for a number of attempts that was fixed before, at whatever states of the
    /// tree; minus infinity before the first text.
    pub fn log_p_grammar(&self) -> f64 {
        self.ln_worth - (self.worth_of.max(1) as f64).ln()
    }

    /// One attempt, which may come to nothing.
    pub(crate) fn attempt(&mut self) -> Result<Outcome, SampleError> {
        let number = self.attempt;
        if number.is_multiple_of(self.options.batch as u64) {
            self.make_room_for(self.options.batch);
            self.read_ahead(number)?;
        }
        let mut walk = Walk::new(&self.explorer, &self.options, number)?;
        let end = loop {
            let step = walk.step(&mut self.explorer, &mut self.tree, &self.options)?;
            if let Some(end) = step {
                break end;
            }
        };
        self.attempt += 1;
        self.explorer.stats.attempts += 1;
        self.worth_of += 1;
        let is_empty = walk.tokens.is_empty() && end == End::Dead;
        if self.options.method.memory || is_empty {
            walk.back_up(&mut self.tree, self.options.stop.tokens());
        }
        match end {
            End::Rejected => self.explorer.stats.rejected += 1,
            End::Dead => self.explorer.stats.dead += 1,
            End::Text(_) => self.explorer.stats.samples += 1,
        }
        Ok(match end {
            End::Rejected => Outcome::Rejected,
            End::Dead => Outcome::Dead,
            End::Text(stop) => {
                let ln_w = walk.ln_root + walk.ln_w;
                let (log_w, ln_worth) = match self.options.method.finish {
                    Finish::Biased => (ln_w, ln_w),
                    Finish::Reject => (0.0, walk.ln_root),
                };
                self.ln_worth = ln_sum(&[self.ln_worth, ln_worth]);
                let spent = self.spent();
                Outcome::Text(Box::new(Sample {
                    truncated: walk.leaf == Some(Leaf::Cut),
                    tokens: walk.tokens,
                    stop,
                    log_p: walk.ln_p,
                    log_q: walk.ln_q,
                    log_w,
                    attempts: spent.attempts,
                    model_rows: spent.model_rows,
                    checks: spent.checks + spent.masks,
                }))
            }
        })
    }

    /// What was spent since the last time this was asked.
    pub(crate) fn spent(&mut self) -> Stats {
        let (now, before) = (self.explorer.stats, self.before);
        self.before = now;
        Stats {
            attempts: now.attempts - before.attempts,
            model_rows: now.model_rows - before.model_rows,
            checks: now.checks - before.checks,
            masks: now.masks - before.masks,
            ..now
        }
    }

    /// Asks the model for the rows that the next attempts will want, as if each of them
    /// were the next one: rows are learnt, bounds are not. When their turn comes, they
    /// walk again, on what the tree knows by then; most meet rows that are there.
    ///
    /// So a batch changes nothing but which rows are asked for together. Attempts that
    /// share a live tree would have to be corrected for every bound that changed under
    /// them (the tests have those, and the shortcut that is wrong).
    fn read_ahead(&mut self, first: u64) -> Result<(), SampleError> {
        if self.options.batch == 1 || self.options.logit_cache == LogitCache::None {
            return Ok(());
        }
        let mut walks = Vec::with_capacity(self.options.batch);
        for number in first..first + self.options.batch as u64 {
            walks.push(Walk::new(&self.explorer, &self.options, number)?);
        }
        while !walks.is_empty() {
            let mut wanted: Vec<_> = walks.iter().filter(|walk| walk.leaf.is_none()).collect();
            wanted.retain(|walk| {
                let node = walk.next().node;
                self.tree.masses(node).is_none() && !self.tree.rows.contains(node)
            });
            wanted.sort_by_key(|walk| walk.next().node);
            wanted.dedup_by_key(|walk| walk.next().node);
            let wanted: Vec<_> = wanted.iter().map(|walk| walk.next()).collect();
            if !wanted.is_empty() {
                self.explorer.read(&mut self.tree, &self.options, &wanted)?;
            }
            let mut going = Vec::with_capacity(walks.len());
            for mut walk in walks {
                let step = walk.step(&mut self.explorer, &mut self.tree, &self.options)?;
                if step.is_none() {
                    going.push(walk);
                }
            }
            walks = going;
        }
        Ok(())
    }

    /// That there is mass left.
    pub(crate) fn check_mass(&self) -> Result<(), SampleError> {
        if self.tree.node(NodeId::ROOT).ln_theta > f64::NEG_INFINITY {
            return Ok(());
        }
        Err(match self.tree.has_zeros {
            true => SampleError::NoMassLeft,
            false => SampleError::EmptyLanguage {
                max_tokens: self.options.max_tokens,
            },
        })
    }

    /// What the tree knows of texts that are taken as they are proposed.
    pub fn certificate(&self) -> Certificate {
        let root = self.tree.node(NodeId::ROOT);
        Certificate::new(root.ln_theta, root.ln_low)
    }

    /// What was done so far.
    pub fn stats(&self) -> Stats {
        self.explorer.stats
    }

    /// The number of prefixes in the tree.
    pub fn prefixes(&self) -> usize {
        self.tree.len()
    }

    /// The bytes of the tree and its rows.
    pub fn memory(&self) -> usize {
        self.tree.bytes()
    }

    /// The options.
    pub fn options(&self) -> &SampleOptions {
        &self.options
    }
}
