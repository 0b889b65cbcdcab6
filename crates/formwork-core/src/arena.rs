//! Values that are added and never moved, to be read without a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A growing list. Values keep their places; reading takes no lock.
pub(crate) struct Arena<T> {
    /// Chunk `k` has room for `FIRST << k` values.
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
    len: AtomicU32,
}

const FIRST: u32 = 64;
/// Together they have room for 2^31 values.
const CHUNKS: usize = 25;

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena {
            chunks: [const { OnceLock::new() }; CHUNKS],
            len: AtomicU32::new(0),
        }
    }
}

impl<T> Arena<T> {
    /// Adds a value and returns its number; `None` if the list is full.
    pub(crate) fn push(&self, value: T) -> Option<u32> {
        let id = self.len.fetch_add(1, Ordering::Relaxed);
        let (chunk, at) = place(id);
        let size = (FIRST as usize) << chunk;
        let new = || (0..size).map(|_| OnceLock::new()).collect();
        let slot = self.chunks.get(chunk)?.get_or_init(new).get(at)?;
        slot.set(value).ok().map(|()| id)
    }

    /// The value of a number that [`push`](Arena::push) returned.
    pub(crate) fn get(&self, id: u32) -> Option<&T> {
        let (chunk, at) = place(id);
        self.chunks.get(chunk)?.get()?.get(at)?.get()
    }
}

fn place(id: u32) -> (usize, usize) {
    let chunk = (id / FIRST + 1).ilog2();
    let before = ((1 << chunk) - 1) * FIRST;
    (chunk as usize, (id - before) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let arena = Arena::default();
        for n in 0..1000u32 {
            assert_eq!(arena.push(n * 7), Some(n));
        }
        assert!((0..1000).all(|n| arena.get(n) == Some(&(n * 7))));
        assert_eq!(arena.get(1000), None);
        assert_eq!(arena.get(u32::MAX), None);
    }

    #[test]
    fn threads_share_it() {
        let arena = Arena::default();
        std::thread::scope(|scope| {
            for thread in 0..4u32 {
                let arena = &arena;
                scope.spawn(move || {
                    for n in 0..500 {
                        let value = thread * 1000 + n;
                        let id = arena.push(value).expect("room");
                        assert_eq!(arena.get(id), Some(&value));
                    }
                });
            }
        });
        let mut all: Vec<u32> = (0..2000).filter_map(|id| arena.get(id).copied()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2000);
    }
}
