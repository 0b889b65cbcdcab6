//! Hash-consing: equal values get equal numbers.

#![expect(clippy::indexing_slicing, reason = "numbers are given out here")]

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Numbers values densely from 0, equal values alike, for ever.
#[derive(Debug)]
pub(crate) struct Interner<T: ?Sized> {
    ids: FxHashMap<Arc<T>, u32>,
    values: Vec<Arc<T>>,
}

impl<T: ?Sized> Default for Interner<T> {
    fn default() -> Self {
        Interner {
            ids: FxHashMap::default(),
            values: Vec::new(),
        }
    }
}

impl<T: ?Sized + Hash + Eq> Interner<T> {
    /// The value of a number handed out by this interner.
    pub(crate) fn get(&self, id: u32) -> &Arc<T> {
        &self.values[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The number of `value`, if it has one.
    pub(crate) fn find(&self, value: &T) -> Option<u32> {
        self.ids.get(value).copied()
    }

    fn store(&mut self, value: Arc<T>) -> u32 {
        let id = self.values.len() as u32;
        self.values.push(Arc::clone(&value));
        self.ids.insert(value, id);
        id
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The number of `value`; stores it if it is new.
    pub(crate) fn intern(&mut self, value: T) -> u32 {
        match self.ids.get(&value) {
            Some(&id) => id,
            None => self.store(Arc::new(value)),
        }
    }
}

impl<T: Hash + Eq + Clone> Interner<[T]> {
    /// The number of `values`; stores them if they are new.
    pub(crate) fn intern_slice(&mut self, values: &[T]) -> u32 {
        match self.ids.get(values) {
            Some(&id) => id,
            None => self.store(Arc::from(values)),
        }
    }
}
