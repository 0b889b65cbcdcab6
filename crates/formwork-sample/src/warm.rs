//! A tree that is grown where the mass is, before anything is drawn.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use formwork::TokenId;

use crate::explorer::{Leaf, Wanted};
use crate::row::Row;
use crate::tree::{Known, NodeId};
use crate::{Constraint, Model, SampleError, Sampler};

/// The likeliest token behind a prefix that has not been looked behind.
struct Open<S> {
    /// ln p of the prefix and the token.
    ln_mass: f64,
    node: NodeId,
    token: TokenId,
    ln_p: f64,
    prefix: Arc<Prefix<S>>,
}

struct Prefix<S> {
    state: S,
    depth: usize,
    ln_p: f64,
    row: Arc<Row>,
}

impl<M: Model, C: Constraint> Sampler<M, C> {
    /// Grows the tree best first: asks the model for the row behind the prefix that has
    /// the most unknown mass, `rows` times or until all is known, and returns how many
    /// rows it has asked for.
    ///
    /// Nothing of it depends on chance, so what rejection leaves stays exact; if all
    /// becomes known, every attempt is accepted. A look at a prefix takes time linear in
    /// its row.
    ///
    /// # Errors
    ///
    /// As [`sample`](Sampler::sample); what was learnt before stays.
    pub fn warm_start(&mut self, rows: usize) -> Result<usize, SampleError> {
        let first = self.explorer.stats.model_rows;
        let asked = |sampler: &Sampler<M, C>| (sampler.explorer.stats.model_rows - first) as usize;
        let mut heap = BinaryHeap::new();
        if rows > 0 {
            let state = self.explorer.constraint.start()?;
            self.look(NodeId::ROOT, state, 0, 0.0, &mut heap)?;
        }
        while asked(self) < rows && self.tree.len() < self.options.max_nodes {
            let Some(best) = heap.pop() else {
                break;
            };
            let Prefix {
                state,
                depth,
                ln_p,
                row,
            } = &*best.prefix;
            let (depth, ln_p) = (depth + 1, ln_p + best.ln_p);
            let child = self.tree.child(best.node, best.token, best.ln_p);
            let was_known = self.tree.node(child).known;
            if was_known != Known::All {
                match self.explorer.advance(state, best.token, row.is_checked)? {
                    Some(state) => self.look(child, state, depth, ln_p, &mut heap)?,
                    None => self.tree.learn_end(child, false),
                }
            }
            if was_known == Known::Nothing {
                self.tree
                    .learn_row(best.node, row, self.options.stop.tokens());
                self.back_up_from(child);
            }
            let after = (best.ln_p, best.token);
            heap.extend(next(
                best.node,
                &best.prefix,
                Some(after),
                self.options.stop.tokens(),
            ));
        }
        Ok(asked(self))
    }

    /// Learns what is behind a prefix.
    fn look(
        &mut self,
        node: NodeId,
        state: C::State,
        depth: usize,
        ln_p: f64,
        heap: &mut BinaryHeap<Open<C::State>>,
    ) -> Result<(), SampleError> {
        if let Some(leaf) = self.explorer.leaf(&state, depth, &self.options) {
            self.tree.learn_end(node, leaf != Leaf::Dead);
            return Ok(());
        }
        let wanted = Wanted {
            node,
            depth,
            state: &state,
        };
        let row = self.explorer.row(&mut self.tree, &self.options, &wanted)?;
        let stops = self.options.stop.tokens();
        if self.tree.node(node).known == Known::Nothing {
            self.tree.learn_row(node, &row, stops);
            self.tree.back_up(node);
        }
        let prefix = Arc::new(Prefix {
            state,
            depth,
            ln_p,
            row,
        });
        heap.extend(next(node, &prefix, None, stops));
        Ok(())
    }

    fn back_up_from(&mut self, node: NodeId) {
        let mut at = Some(node);
        while let Some(node) = at {
            self.tree.back_up(node);
            at = self.tree.parent(node);
        }
    }
}

/// The likeliest token that comes after another one, of equal ones the lowest. Looked for
/// when it is wanted: prefixes may have as many tokens as the vocabulary.
fn next<S>(
    node: NodeId,
    prefix: &Arc<Prefix<S>>,
    after: Option<(f64, TokenId)>,
    stops: &[TokenId],
) -> Option<Open<S>> {
    let mut best: Option<(f64, TokenId)> = None;
    prefix.row.each(|token, ln_p| {
        let comes_after =
            after.is_none_or(|(before, last)| ln_p < before || (ln_p == before && token > last));
        let is_stop = prefix.row.may_stop && stops.contains(&token);
        if comes_after && !is_stop && best.is_none_or(|(best, _)| ln_p > best) {
            best = Some((ln_p, token));
        }
    });
    best.map(|(ln_p, token)| Open {
        ln_mass: prefix.ln_p + ln_p,
        node,
        token,
        ln_p,
        prefix: Arc::clone(prefix),
    })
}

impl<S> Ord for Open<S> {
    fn cmp(&self, other: &Open<S>) -> Ordering {
        let by_mass = self.ln_mass.total_cmp(&other.ln_mass);
        by_mass.then_with(|| (other.node, other.token).cmp(&(self.node, self.token)))
    }
}

impl<S> PartialOrd for Open<S> {
    fn partial_cmp(&self, other: &Open<S>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<S> PartialEq for Open<S> {
    fn eq(&self, other: &Open<S>) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<S> Eq for Open<S> {}
