//! One attempt on its way: the proposal that all finishers share.

use std::sync::Arc;

use formwork::TokenId;

use crate::explorer::{Explorer, Leaf, Wanted};
use crate::numbers::{at_most_one, ln_sum};
use crate::random::Random;
use crate::row::Row;
use crate::tree::{Masses, NodeId, Tree};
use crate::{Constraint, Finish, LogitCache, Model, SampleError, SampleOptions};

/// An attempt on its way from the root to the end of a text.
///
/// With θ the bounds of the tree and Z their sum behind a prefix, a token is drawn with
/// probability p·θ/Z. So P(w) = Q(w) · Z(root) · W(w), where W is the product of Z/θ over
/// all prefixes but the root, θ being the bound with which the prefix was drawn: W is what
/// the tree did not know.
pub(crate) struct Walk<S> {
    random: Random,
    node: NodeId,
    state: S,
    pub(crate) leaf: Option<Leaf>,
    pub(crate) tokens: Vec<TokenId>,
    visits: Vec<Visit>,
    /// ln of the θ with which the node was drawn.
    ln_used: f64,
    pub(crate) ln_p: f64,
    pub(crate) ln_q: f64,
    /// ln Z of the root.
    pub(crate) ln_root: f64,
    /// ln W.
    pub(crate) ln_w: f64,
}

/// A prefix that was visited, and its row, if it was looked at.
struct Visit {
    node: NodeId,
    row: Option<Arc<Row>>,
    /// Whether nothing was known of what was drawn.
    drew_unknown: bool,
}

/// How an attempt ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// With a text, and maybe a stop token.
    Text(Option<TokenId>),
    /// The finisher refused it.
    Rejected,
    /// Nothing can follow.
    Dead,
}

/// Where a number from 0 to 1 falls if the masses behind a prefix are laid end to end.
enum Choice {
    Known(NodeId),
    /// Among the stop tokens, at this part of their mass.
    Stop(f64),
    /// Among the tokens nothing is known of, at this part of their mass.
    Rest(f64),
}

impl<S: Clone> Walk<S> {
    pub(crate) fn new<M: Model, C: Constraint<State = S>>(
        explorer: &Explorer<M, C>,
        options: &SampleOptions,
        attempt: u64,
    ) -> Result<Walk<S>, SampleError> {
        let state = explorer.constraint.start()?;
        Ok(Walk {
            random: Random::new(options.seed, attempt),
            node: NodeId::ROOT,
            leaf: explorer.leaf(&state, 0, options),
            state,
            tokens: Vec::new(),
            visits: Vec::new(),
            ln_used: 0.0,
            ln_p: 0.0,
            ln_q: 0.0,
            ln_root: 0.0,
            ln_w: 0.0,
        })
    }

    /// The prefix that is visited next.
    pub(crate) fn next(&self) -> Wanted<'_, S> {
        Wanted {
            node: self.node,
            depth: self.tokens.len(),
            state: &self.state,
        }
    }

    /// Visits a prefix: corrects for what the θ that led here was worth, and draws what
    /// comes next. `None` if the walk goes on.
    ///
    /// Linear in the row, where it is looked at; otherwise in the known children.
    pub(crate) fn step<M: Model, C: Constraint<State = S>>(
        &mut self,
        explorer: &mut Explorer<M, C>,
        tree: &mut Tree,
        options: &SampleOptions,
    ) -> Result<Option<End>, SampleError> {
        let depth = self.tokens.len();
        let (masses, row) = self.masses(explorer, tree, options)?;
        self.visits.push(Visit {
            node: self.node,
            row: row.clone(),
            drew_unknown: false,
        });
        self.random.at(depth);
        let (to_reject, to_draw) = (self.random.uniform(), self.random.uniform());
        if depth == 0 {
            self.ln_root = masses.ln_z;
        } else {
            let ln_r = at_most_one(masses.ln_z - self.ln_used);
            self.ln_w += ln_r;
            if options.method.finish == Finish::Reject && to_reject >= ln_r.exp() {
                return Ok(Some(End::Rejected));
            }
        }
        match self.leaf {
            Some(Leaf::Whole | Leaf::Cut) => return Ok(Some(End::Text(None))),
            Some(Leaf::Dead) => return Ok(Some(End::Dead)),
            None if masses.ln_z == f64::NEG_INFINITY => return Ok(Some(End::Dead)),
            None => {}
        }
        let stops = options.stop.tokens();
        let choice = choose(tree, self.node, &masses, to_draw);
        if let Choice::Known(child) = choice {
            let (token, child_node) = (tree.token(child), tree.node(child));
            let (ln_p, ln_theta) = (child_node.ln_p, child_node.ln_theta);
            self.ln_q += ln_p + ln_theta - masses.ln_z;
            self.enter(explorer, options, child, token, true)?;
            (self.ln_p, self.ln_used) = (self.ln_p + ln_p, ln_theta);
            return Ok(None);
        }
        if let (Choice::Stop(_), &[only]) = (&choice, stops) {
            self.ln_p += masses.ln_stop;
            self.ln_q += masses.ln_stop - masses.ln_z;
            return Ok(Some(End::Text(Some(only))));
        }
        let row = match row {
            Some(row) => row,
            None => {
                let row = explorer.row(tree, options, &self.next())?;
                if let Some(visit) = self.visits.last_mut() {
                    visit.row = Some(Arc::clone(&row));
                }
                row
            }
        };
        let Some((token, ln_p)) = pick(tree, self.node, &row, stops, &choice) else {
            return Ok(Some(End::Dead));
        };
        self.ln_p += ln_p;
        self.ln_q += ln_p - masses.ln_z;
        if let Choice::Stop(_) = choice {
            return Ok(Some(End::Text(Some(token))));
        }
        if let Some(visit) = self.visits.last_mut() {
            visit.drew_unknown = true;
        }
        let child = tree.child(self.node, token, ln_p);
        self.enter(explorer, options, child, token, row.is_checked)?;
        self.ln_used = 0.0;
        Ok(None)
    }

    /// What is behind the prefix, and its row, if that was looked at.
    fn masses<M: Model, C: Constraint<State = S>>(
        &self,
        explorer: &mut Explorer<M, C>,
        tree: &mut Tree,
        options: &SampleOptions,
    ) -> Result<(Masses, Option<Arc<Row>>), SampleError> {
        if let Some(leaf) = self.leaf {
            let ln_z = if leaf == Leaf::Dead {
                f64::NEG_INFINITY
            } else {
                0.0
            };
            let (ln_stop, ln_rest) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
            return Ok((
                Masses {
                    ln_stop,
                    ln_rest,
                    ln_z,
                },
                None,
            ));
        }
        let known = tree.masses(self.node);
        if let (Some(masses), true) = (known, options.logit_cache != LogitCache::None) {
            return Ok((masses, None));
        }
        let row = explorer.row(tree, options, &self.next())?;
        let masses = known.unwrap_or_else(|| {
            let (ln_stop, ln_rest) = tree.split(self.node, &row, options.stop.tokens());
            let ln_z = at_most_one(ln_sum(&[ln_stop, ln_rest]));
            Masses {
                ln_stop,
                ln_rest,
                ln_z,
            }
        });
        Ok((masses, Some(row)))
    }

    fn enter<M: Model, C: Constraint<State = S>>(
        &mut self,
        explorer: &mut Explorer<M, C>,
        options: &SampleOptions,
        child: NodeId,
        token: TokenId,
        is_checked: bool,
    ) -> Result<(), SampleError> {
        self.node = child;
        self.tokens.push(token);
        match explorer.advance(&self.state, token, is_checked)? {
            None => self.leaf = Some(Leaf::Dead),
            Some(state) => {
                self.state = state;
                self.leaf = explorer.leaf(&self.state, self.tokens.len(), options);
            }
        }
        Ok(())
    }

    /// Lets the tree learn what was seen, from the last prefix to the root.
    pub(crate) fn back_up(&self, tree: &mut Tree, stops: &[TokenId]) {
        for (at, visit) in self.visits.iter().enumerate().rev() {
            let is_last = at + 1 == self.visits.len();
            match (self.leaf, &visit.row) {
                (Some(leaf), _) if is_last => tree.learn_end(visit.node, leaf != Leaf::Dead),
                (_, Some(row)) if visit.drew_unknown || tree.masses(visit.node).is_none() => {
                    tree.learn_row(visit.node, row, stops);
                }
                _ => {}
            }
            tree.back_up(visit.node);
        }
    }
}

fn choose(tree: &Tree, node: NodeId, masses: &Masses, uniform: f64) -> Choice {
    let mut left = uniform;
    let mut last = None;
    for child in tree.known_children(node) {
        let known = tree.node(child);
        let weight = (known.ln_p + known.ln_theta - masses.ln_z).exp();
        if weight > 0.0 {
            if left < weight {
                return Choice::Known(child);
            }
            left -= weight;
            last = Some(child);
        }
    }
    let (stop, rest) = (masses.ln_stop - masses.ln_z, masses.ln_rest - masses.ln_z);
    let (stop, rest) = (stop.exp(), rest.exp());
    if stop > 0.0 && (left < stop || rest <= 0.0) {
        return Choice::Stop(left / stop);
    }
    match last {
        // Rounding may leave a last bit that belongs to nobody.
        Some(child) if rest <= 0.0 => Choice::Known(child),
        _ => Choice::Rest((left - stop).max(0.0) / rest),
    }
}

/// The token at a part of the mass of the stop tokens, or of those nothing is known of.
fn pick(
    tree: &Tree,
    node: NodeId,
    row: &Row,
    stops: &[TokenId],
    choice: &Choice,
) -> Option<(TokenId, f64)> {
    let (part, wants_stop) = match *choice {
        Choice::Stop(part) => (part, true),
        Choice::Rest(part) => (part, false),
        Choice::Known(_) => return None,
    };
    let mut known = tree.known_children(node).map(|child| tree.token(child));
    let mut next = known.next();
    let mut max = f64::NEG_INFINITY;
    let mut tokens = Vec::new();
    row.each(|token, ln_p| {
        while next.is_some_and(|next| next < token) {
            next = known.next();
        }
        let is_stop = row.may_stop && stops.contains(&token);
        if is_stop == wants_stop && (is_stop || next != Some(token)) {
            tokens.push((token, ln_p));
            max = max.max(ln_p);
        }
    });
    let weight = |&(_, ln_p): &(TokenId, f64)| (ln_p - max).exp();
    let mut left = part * tokens.iter().map(weight).sum::<f64>();
    let at = tokens.iter().position(|token| {
        let weight = weight(token);
        let is_here = left < weight;
        left -= weight;
        is_here
    });
    let positive = |token: &&(TokenId, f64)| weight(token) > 0.0;
    let found = at.and_then(|at| tokens.get(at));
    found.or_else(|| tokens.iter().rfind(positive)).copied()
}
