//! Samplers that go on where others left off.

use std::io::{self, Read, Write};

use crate::tree::{Fingerprints, RestoreTreeError, Tree};
use crate::{Constraint, LogitCache, Model, Sampler};

impl<M: Model, C: Constraint> Sampler<M, C> {
    /// What the tree belongs to.
    pub fn fingerprints(&self) -> Fingerprints {
        let options = &self.options;
        Fingerprints {
            model: self.explorer.model.fingerprint(),
            constraint: self.explorer.constraint.fingerprint(),
            stop: options
                .stop
                .fingerprint(options.max_tokens, options.at_limit),
            rows: u64::from(options.logit_cache == LogitCache::F16),
        }
    }

    /// Writes the tree, all of its prefixes and bounds, without rows, and the number of
    /// the next attempt: 49 bytes for every prefix.
    ///
    /// # Errors
    ///
    /// If writing fails.
    pub fn save(&self, mut to: impl Write) -> io::Result<()> {
        self.tree.save(&self.fingerprints(), self.attempt, &mut to)
    }

    /// Takes a tree that was [saved](Sampler::save), in place of the own one, and returns
    /// the number of its prefixes. With the same seed, the next samples are those that
    /// would have come then; rows are asked of the model again.
    ///
    /// # Errors
    ///
    /// If it is no tree, is damaged, or belongs to something else.
    pub fn restore(&mut self, mut from: impl Read) -> Result<usize, RestoreTreeError> {
        let (max_nodes, max_bytes) = (self.options.max_nodes, self.options.max_row_bytes);
        let fingerprints = self.fingerprints();
        let (tree, attempt) = Tree::restore(&fingerprints, max_nodes, max_bytes, &mut from)?;
        self.explorer.forget();
        (self.tree, self.attempt) = (tree, attempt);
        Ok(self.tree.len())
    }
}
