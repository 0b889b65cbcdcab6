//! A compiled grammar, ready to make matchers.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use formwork_grammar::{Language, Status};

use crate::error::EngineError;
use crate::index::TokenIndex;
use crate::limits::EngineLimits;
use crate::machine::Machine;
use crate::mask::MaskCache;
use crate::matcher::Matcher;

/// A grammar over a vocabulary. Cheap to clone, `Send + Sync`.
///
/// All matchers of a grammar share what any of them has learnt. What is known already,
/// masks and steps, they read in parallel; those that learn something take turns.
/// Matchers of *different* grammars never wait for each other.
#[derive(Clone)]
pub struct Grammar {
    shared: Arc<Shared>,
}

struct Shared {
    index: Arc<TokenIndex>,
    status: Status,
    engine: RwLock<Engine>,
}

/// What is learnt while a grammar runs.
pub(crate) struct Engine {
    pub(crate) machine: Machine,
    pub(crate) masks: MaskCache,
}

impl Engine {
    fn heap_bytes(&self) -> usize {
        self.machine.heap_bytes() + self.masks.heap_bytes()
    }
}

impl Grammar {
    /// Sets up the machine of a language.
    ///
    /// # Errors
    ///
    /// If the start of the language alone exceeds a limit.
    pub fn new(
        language: Box<dyn Language>,
        index: Arc<TokenIndex>,
        limits: EngineLimits,
    ) -> Result<Grammar, EngineError> {
        let status = language.status();
        let machine = Machine::new(language, limits)?;
        Ok(Grammar {
            shared: Arc::new(Shared {
                engine: RwLock::new(Engine {
                    machine,
                    masks: MaskCache::new(limits.max_mask_bytes, &index),
                }),
                index,
                status,
            }),
        })
    }

    /// A matcher at the start of the text. O(1).
    pub fn matcher(&self) -> Matcher {
        let start = self.known().machine.start();
        Matcher::new(self.clone(), start)
    }

    /// The vocabulary and what is known of it.
    pub fn index(&self) -> &Arc<TokenIndex> {
        &self.shared.index
    }

    /// Whether masks allow every text that the source of the grammar means, or
    /// leave some out, and why.
    pub fn status(&self) -> &Status {
        &self.shared.status
    }

    /// Approximate heap use of the states and masks visited so far, in bytes;
    /// the vocabulary's index is not counted.
    pub fn heap_bytes(&self) -> usize {
        self.known().heap_bytes()
    }

    /// The same, without waiting: `None` while a matcher learns something.
    pub fn try_heap_bytes(&self) -> Option<usize> {
        let engine = match self.shared.engine.try_read() {
            Ok(engine) => engine,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(engine.heap_bytes())
    }

    /// To learn more: nobody else reads meanwhile.
    pub(crate) fn engine(&self) -> RwLockWriteGuard<'_, Engine> {
        // Poisoning would mean that a thread panicked between two interner
        // calls; every table is consistent after each of them.
        let engine = self.shared.engine.write();
        engine.unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, to be read only.
    pub(crate) fn known(&self) -> RwLockReadGuard<'_, Engine> {
        let engine = self.shared.engine.read();
        engine.unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Grammar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grammar").finish_non_exhaustive()
    }
}
