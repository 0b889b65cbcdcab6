//! The states a matcher went through, as a persistent list.

use std::sync::Arc;

/// A list that shares its tail with its clones: O(1) clone and push, O(n) to
/// drop n entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    last: Option<Arc<Link>>,
}

#[derive(Debug)]
struct Link {
    state: u32,
    before: Option<Arc<Link>>,
}

impl History {
    pub(crate) fn push(&mut self, state: u32) {
        let before = self.last.take();
        self.last = Some(Arc::new(Link { state, before }));
    }

    pub(crate) fn pop(&mut self) -> Option<u32> {
        let link = self.last.take()?;
        self.last = link.before.clone();
        Some(link.state)
    }
}

impl Drop for History {
    fn drop(&mut self) {
        // Not by recursion: the list is as long as the text.
        let mut next = self.last.take();
        while let Some(link) = next {
            match Arc::into_inner(link) {
                Some(mut link) => next = link.before.take(),
                None => break,
            }
        }
    }
}
