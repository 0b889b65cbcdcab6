//! One step of samplers that take masks as they are, without bounds.

use formwork::TokenId;

use crate::explorer::{Leaf, Wanted};
use crate::numbers::ln_sum;
use crate::tree::NodeId;
use crate::{Constraint, Model, Sample, SampleError, Sampler};

/// A text on its way.
#[derive(Clone)]
pub(crate) struct Prefix<S> {
    pub(crate) node: NodeId,
    pub(crate) state: S,
    pub(crate) leaf: Option<Leaf>,
    pub(crate) tokens: Vec<TokenId>,
    pub(crate) stop: Option<TokenId>,
    pub(crate) ln_p: f64,
}

/// What may follow a text, as its row says.
pub(crate) struct Next {
    pub(crate) tokens: Vec<NextToken>,
    pub(crate) is_checked: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct NextToken {
    pub(crate) token: TokenId,
    pub(crate) ln_p: f64,
    /// Whether it ends the text.
    pub(crate) is_stop: bool,
}

impl Next {
    /// ln of the probability of all of them.
    pub(crate) fn ln_z(&self) -> f64 {
        let logs: Vec<f64> = self.tokens.iter().map(|next| next.ln_p).collect();
        ln_sum(&logs).min(0.0)
    }

    /// Their probabilities, given that it is one of them.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let ln_z = self.ln_z();
        self.tokens
            .iter()
            .map(|next| (next.ln_p - ln_z).exp())
            .collect()
    }
}

impl<S> Prefix<S> {
    /// Whether it is a whole text, or was cut.
    pub(crate) fn is_text(&self) -> bool {
        self.stop.is_some() || matches!(self.leaf, Some(Leaf::Whole | Leaf::Cut))
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.leaf == Some(Leaf::Dead)
    }

    pub(crate) fn wanted(&self) -> Wanted<'_, S> {
        let (node, depth, state) = (self.node, self.tokens.len(), &self.state);
        Wanted { node, depth, state }
    }
}

impl<M: Model, C: Constraint> Sampler<M, C> {
    pub(crate) fn empty(&self) -> Result<Prefix<C::State>, SampleError> {
        let state = self.explorer.constraint.start()?;
        Ok(Prefix {
            node: NodeId::ROOT,
            leaf: self.explorer.leaf(&state, 0, &self.options),
            state,
            tokens: Vec::new(),
            stop: None,
            ln_p: 0.0,
        })
    }

    pub(crate) fn next(&mut self, prefix: &Prefix<C::State>) -> Result<Next, SampleError> {
        let row = self
            .explorer
            .row(&mut self.tree, &self.options, &prefix.wanted())?;
        let stops = self.options.stop.tokens();
        let mut tokens = Vec::new();
        row.each(|token, ln_p| {
            let is_stop = row.may_stop && stops.contains(&token);
            tokens.push(NextToken {
                token,
                ln_p,
                is_stop,
            });
        });
        let is_checked = row.is_checked;
        Ok(Next { tokens, is_checked })
    }

    pub(crate) fn extend(
        &mut self,
        prefix: &mut Prefix<C::State>,
        next: NextToken,
        is_checked: bool,
    ) -> Result<(), SampleError> {
        prefix.ln_p += next.ln_p;
        if next.is_stop {
            prefix.stop = Some(next.token);
            return Ok(());
        }
        prefix.node = self.tree.child(prefix.node, next.token, next.ln_p);
        prefix.tokens.push(next.token);
        match self
            .explorer
            .advance(&prefix.state, next.token, is_checked)?
        {
            None => prefix.leaf = Some(Leaf::Dead),
            Some(state) => {
                prefix.leaf = self
                    .explorer
                    .leaf(&state, prefix.tokens.len(), &self.options);
                prefix.state = state;
            }
        }
        Ok(())
    }

    /// Begins the tree anew if it may become too large with so many more texts. Any bounds
    /// are legal, and those of a new tree are.
    pub(crate) fn make_room_for(&mut self, texts: usize) {
        let round = (self.options.max_tokens + 2) * texts;
        if self.tree.len() + round > self.options.max_nodes {
            self.tree.forget();
            self.explorer.forget();
            self.explorer.stats.forgotten += 1;
        }
    }

    /// A text as it is handed out, with what was spent since the last one.
    pub(crate) fn sample_of(&mut self, prefix: Prefix<C::State>, log_q: f64, log_w: f64) -> Sample {
        let spent = self.spent();
        Sample {
            truncated: prefix.leaf == Some(Leaf::Cut),
            tokens: prefix.tokens,
            stop: prefix.stop,
            log_p: prefix.ln_p,
            log_q,
            log_w,
            attempts: spent.attempts,
            model_rows: spent.model_rows,
            checks: spent.checks + spent.masks,
        }
    }
}
