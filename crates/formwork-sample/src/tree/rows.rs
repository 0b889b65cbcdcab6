//! Rows by prefix, under a budget of bytes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::NodeId;
use crate::row::Row;

/// Rows by prefix. Those that were not used for longest go first; what a tree knows of
/// their prefixes stays.
#[derive(Debug)]
pub(crate) struct Rows {
    rows: HashMap<u32, (Arc<Row>, u64)>,
    /// Prefixes in the order of their uses. A use that is not the last one of its prefix
    /// counts for nothing.
    uses: VecDeque<(u32, u64)>,
    clock: u64,
    bytes: usize,
    max_bytes: usize,
}

impl Rows {
    pub(super) fn new(max_bytes: usize) -> Rows {
        Rows {
            rows: HashMap::new(),
            uses: VecDeque::new(),
            clock: 0,
            bytes: 0,
            max_bytes,
        }
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.uses.clear();
        self.bytes = 0;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn contains(&self, id: NodeId) -> bool {
        self.rows.contains_key(&id.0)
    }

    pub(crate) fn get(&mut self, id: NodeId) -> Option<Arc<Row>> {
        self.clock += 1;
        let (row, used) = self.rows.get_mut(&id.0)?;
        *used = self.clock;
        let row = Arc::clone(row);
        self.uses.push_back((id.0, self.clock));
        // Amortised: each use is looked at once.
        if self.uses.len() > 2 * self.rows.len() + 64 {
            let rows = &self.rows;
            let is_last =
                |(id, clock): &(u32, u64)| rows.get(id).is_some_and(|row| row.1 == *clock);
            self.uses.retain(is_last);
        }
        Some(row)
    }

    pub(crate) fn keep(&mut self, id: NodeId, row: &Arc<Row>) {
        if row.bytes() > self.max_bytes {
            return;
        }
        self.clock += 1;
        self.bytes += row.bytes();
        let before = self.rows.insert(id.0, (Arc::clone(row), self.clock));
        self.bytes -= before.map_or(0, |(row, _)| row.bytes());
        self.uses.push_back((id.0, self.clock));
        while self.bytes > self.max_bytes {
            let Some((id, clock)) = self.uses.pop_front() else {
                break;
            };
            if self.rows.get(&id).is_some_and(|row| row.1 == clock) {
                let row = self.rows.remove(&id);
                self.bytes -= row.map_or(0, |(row, _)| row.bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Rows;
    use crate::row::{LogitCache, Row};
    use crate::tree::NodeId;

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let row = Row::new(&[0.0; 8], &[255], LogitCache::Sparse, true, false);
        let row = Arc::new(row.unwrap());
        let mut rows = Rows::new(3 * row.bytes());
        for id in 0..3 {
            rows.keep(NodeId(id), &row);
        }
        for _ in 0..500 {
            assert!(rows.get(NodeId(0)).is_some());
        }
        rows.keep(NodeId(3), &row);
        let kept: Vec<bool> = (0..4).map(|id| rows.contains(NodeId(id))).collect();
        assert_eq!(kept, [true, false, true, true]);
        assert_eq!(rows.bytes(), 3 * row.bytes());
        assert!(rows.uses.len() <= 2 * 3 + 65);
        let mut none = Rows::new(1);
        none.keep(NodeId(0), &row);
        assert_eq!((none.bytes(), none.contains(NodeId(0))), (0, false));
    }
}
