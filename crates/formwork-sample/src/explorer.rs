//! Model and constraint behind the tree: which tokens may follow a prefix, and with which
//! probabilities.

mod states;

use std::sync::Arc;

use formwork::{TokenId, mask};

use crate::error::Budget;
use crate::row::{LogitCache, Row};
use crate::tree::{NodeId, Tree};
use crate::{
    AtLimit, Constraint, Coverage, Lookahead, Model, Read, SampleError, SampleOptions, Stats, Stop,
};
use states::States;

/// Why a text does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leaf {
    /// It is whole.
    Whole,
    /// It was cut at the most tokens.
    Cut,
    /// Nothing can come of it.
    Dead,
}

/// A prefix whose row is wanted.
pub(crate) struct Wanted<'a, S> {
    pub(crate) node: NodeId,
    pub(crate) depth: usize,
    pub(crate) state: &'a S,
}

pub(crate) struct Explorer<M: Model, C> {
    /// Before the model, which is told of states that are dropped while it is there.
    states: States<M::State>,
    pub(crate) model: M,
    pub(crate) constraint: C,
    pub(crate) stats: Stats,
    words: usize,
}

impl<M: Model, C: Constraint> Explorer<M, C> {
    pub(crate) fn new(
        model: M,
        constraint: C,
        options: &SampleOptions,
    ) -> Result<Explorer<M, C>, SampleError> {
        let (logits, tokens) = (model.vocab_len(), constraint.vocab_len());
        let past = options.stop.tokens().iter().map(|stop| stop.0 as usize + 1);
        let tokens = past.chain([tokens]).max().unwrap_or(tokens);
        if logits == 0 || tokens > logits {
            return Err(SampleError::Vocabulary { logits, tokens });
        }
        if model
            .max_tokens()
            .is_some_and(|most| options.max_tokens > most)
        {
            return Err(SampleError::Option {
                name: "max_tokens",
                wanted: "at most what the model can read behind its prompt",
            });
        }
        Ok(Explorer {
            words: logits.div_ceil(32),
            states: States::new(options.batch),
            model,
            constraint,
            stats: Stats::default(),
        })
    }

    /// Whether a prefix ends, that has so many tokens and led the constraint here.
    pub(crate) fn leaf(
        &self,
        state: &C::State,
        depth: usize,
        options: &SampleOptions,
    ) -> Option<Leaf> {
        let is_complete = self.constraint.is_complete(state);
        if is_complete && options.stop == Stop::WhenComplete {
            return Some(Leaf::Whole);
        }
        let left = options.max_tokens.saturating_sub(depth);
        match options.at_limit {
            AtLimit::Cut => (left == 0).then_some(Leaf::Cut),
            AtLimit::Exclude if is_complete => None,
            AtLimit::Exclude => {
                let missing = self.constraint.min_tokens_to_finish(state).max(1);
                (missing > left).then_some(Leaf::Dead)
            }
        }
    }

    /// Reads a token that was drawn from a row; no state, if the constraint refuses it.
    pub(crate) fn advance(
        &mut self,
        state: &C::State,
        token: TokenId,
        is_checked: bool,
    ) -> Result<Option<C::State>, SampleError> {
        if !is_checked {
            self.stats.checks += 1;
            if !self.constraint.check(state, token)? {
                return Ok(None);
            }
        }
        let mut next = state.clone();
        self.constraint.advance(&mut next, token)?;
        Ok(Some(next))
    }

    /// The row of one prefix.
    pub(crate) fn row(
        &mut self,
        tree: &mut Tree,
        options: &SampleOptions,
        wanted: &Wanted<'_, C::State>,
    ) -> Result<Arc<Row>, SampleError> {
        if let Some(row) = tree.rows.get(wanted.node) {
            self.stats.cached_rows += 1;
            return Ok(row);
        }
        let rows = self.read(tree, options, std::slice::from_ref(wanted))?;
        rows.into_iter().next().ok_or(SampleError::BadRow {
            depth: wanted.depth,
        })
    }

    /// Asks the model for the rows of prefixes, none of which is named twice, and keeps
    /// them as the options say.
    pub(crate) fn read(
        &mut self,
        tree: &mut Tree,
        options: &SampleOptions,
        wanted: &[Wanted<'_, C::State>],
    ) -> Result<Vec<Arc<Row>>, SampleError> {
        let rows = self.stats.model_rows + wanted.len() as u64;
        if let Some(limit) = options.max_rows.filter(|&limit| rows > limit) {
            let budget = Budget::Rows;
            return Err(SampleError::BudgetSpent { budget, limit });
        }
        let logits = self.logits(tree, wanted)?;
        let len = self.model.vocab_len();
        let mut rows = Vec::with_capacity(wanted.len());
        for (one, logits) in wanted.iter().zip(logits.chunks_exact(len)) {
            let (mask, is_checked) = self.mask(tree, one, logits, options)?;
            let may_stop = self.constraint.is_complete(one.state);
            let row = Row::new(logits, &mask, options.logit_cache, is_checked, may_stop);
            let row = Arc::new(row.ok_or(SampleError::BadRow { depth: one.depth })?);
            let is_zero = |token: TokenId| {
                let logit = logits.get(token.0 as usize);
                logit.is_none_or(|&logit| logit.is_nan() || logit == f32::NEG_INFINITY)
            };
            tree.has_zeros |= mask::iter_ones(&mask).any(is_zero);
            if options.logit_cache != LogitCache::None {
                tree.rows.keep(one.node, &row);
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn logits(
        &mut self,
        tree: &Tree,
        wanted: &[Wanted<'_, C::State>],
    ) -> Result<Vec<f32>, SampleError> {
        let mut states = Vec::with_capacity(wanted.len());
        for one in wanted {
            states.push(self.states.nearest(&mut self.model, tree, one.node)?);
        }
        let mut batch: Vec<Read<'_, M::State>> = states
            .iter_mut()
            .map(|(state, tokens)| Read { state, tokens })
            .collect();
        let mut logits = vec![0.0; wanted.len() * self.model.vocab_len()];
        self.model.read(&mut batch, &mut logits)?;
        for (one, (state, tokens)) in wanted.iter().zip(states) {
            self.stats.model_rows += 1;
            self.stats.model_tokens += tokens.len() as u64;
            self.states.keep(one.node, state);
        }
        Ok(logits)
    }

    /// The tokens that may follow, stop tokens among them, and whether that is certain.
    fn mask(
        &mut self,
        tree: &mut Tree,
        wanted: &Wanted<'_, C::State>,
        logits: &[f32],
        options: &SampleOptions,
    ) -> Result<(Vec<u32>, bool), SampleError> {
        let (state, method) = (wanted.state, &options.method);
        let mut row = vec![0; self.words];
        let mut coverage = Coverage::Exact;
        if wanted.depth < options.max_tokens {
            coverage = match method.lookahead {
                Lookahead::Check => Coverage::Unsupported,
                _ => {
                    self.stats.masks += 1;
                    self.constraint.mask(state, &mut row)?
                }
            };
            if coverage == Coverage::Unsupported {
                let all = (0..self.constraint.vocab_len() as u32).map(TokenId);
                row.fill(0);
                all.for_each(|token| mask::set(&mut row, token));
            }
            if coverage != Coverage::Exact && method.lookahead == Lookahead::Mask {
                self.check_all(tree, state, logits, &mut row)?;
                coverage = Coverage::Exact;
            }
        }
        if self.constraint.is_complete(state) {
            mask::set_all(&mut row, options.stop.tokens());
        }
        Ok((row, coverage == Coverage::Exact))
    }

    fn check_all(
        &mut self,
        tree: &mut Tree,
        state: &C::State,
        logits: &[f32],
        row: &mut [u32],
    ) -> Result<(), SampleError> {
        let tokens: Vec<TokenId> = mask::iter_ones(row).collect();
        for token in tokens {
            let logit = logits.get(token.0 as usize).copied();
            if logit.is_some_and(|logit| logit > f32::NEG_INFINITY) {
                self.stats.checks += 1;
                if self.constraint.check(state, token)? {
                    continue;
                }
            } else {
                // Not worth a check, so it may have been allowed.
                tree.has_zeros = true;
            }
            mask::clear(row, token);
        }
        Ok(())
    }

    /// Forgets what the model keeps of prefixes: their numbers are about to be others'.
    pub(crate) fn forget(&mut self) {
        self.states.clear();
    }
}
