//! What a model keeps of prefixes.

use std::collections::HashMap;

use formwork::TokenId;

use crate::tree::{NodeId, Tree};
use crate::{Model, SampleError};

/// The least number of states that are kept besides those of a batch.
const KEPT: usize = 32;

/// States of the model by prefix: a few of those that were used last, so that a new prefix
/// is read from the nearest one on and not from the prompt.
pub(super) struct States<S> {
    start: Option<S>,
    states: HashMap<NodeId, (S, u64)>,
    clock: u64,
    most: usize,
}

impl<S: Clone> States<S> {
    pub(super) fn new(batch: usize) -> States<S> {
        States {
            start: None,
            states: HashMap::new(),
            clock: 0,
            most: KEPT + 2 * batch,
        }
    }

    pub(super) fn clear(&mut self) {
        self.states.clear();
    }

    /// A fork of the state of the longest prefix of `node` that there is one of, and the
    /// tokens from there on.
    pub(super) fn nearest<M: Model<State = S>>(
        &mut self,
        model: &mut M,
        tree: &Tree,
        node: NodeId,
    ) -> Result<(S, Vec<TokenId>), SampleError> {
        self.clock += 1;
        let mut tokens = Vec::new();
        let mut at = node;
        let state = loop {
            // A prefix that has been read cannot be read again without a token.
            match self.states.get_mut(&at).filter(|_| at != node) {
                Some((state, used)) => {
                    *used = self.clock;
                    break state.clone();
                }
                None => match tree.parent(at) {
                    Some(parent) => {
                        tokens.push(tree.token(at));
                        at = parent;
                    }
                    None => break self.start(model)?,
                },
            }
        };
        tokens.reverse();
        Ok((state, tokens))
    }

    fn start<M: Model<State = S>>(&mut self, model: &mut M) -> Result<S, SampleError> {
        if let Some(start) = &self.start {
            return Ok(start.clone());
        }
        let start = model.start()?;
        self.start = Some(start.clone());
        Ok(start)
    }

    pub(super) fn keep(&mut self, node: NodeId, state: S) {
        self.clock += 1;
        self.states.insert(node, (state, self.clock));
        while self.states.len() > self.most {
            let oldest = self.states.iter().min_by_key(|(_, (_, used))| *used);
            let Some((&oldest, _)) = oldest else { return };
            self.states.remove(&oldest);
        }
    }
}
