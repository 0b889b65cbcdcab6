//! Rows of bits of the nodes of a column, and which of them are to be looked at again.

use crate::row::{Row, has, without};

/// What facts may have lost: what leads to them, or what they lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    /// Marked by facts before them.
    Ahead,
    /// Marked by facts after them.
    Behind,
}

/// The rows of all nodes of a column.
#[derive(Clone, Default)]
pub(crate) struct NodeRows {
    /// Where the row of each node ends.
    ends: Vec<u32>,
    live: Vec<u64>,
    sides: [Marks; 2],
    /// The order in which marked nodes are looked at, and the place of each in it.
    order: Vec<u32>,
    places: Vec<u32>,
}

/// Bits to be looked at, and the places of the nodes that have any.
#[derive(Clone, Default)]
struct Marks {
    rows: Vec<u64>,
    nodes: Vec<u64>,
    /// No node is marked in a word before this one, nor from that one on.
    first: usize,
    end: usize,
}

impl NodeRows {
    /// Adds a node.
    pub(crate) fn push(&mut self, row: &[u64]) {
        self.live.extend_from_slice(row);
        self.ends.push(self.live.len() as u32);
        for marks in &mut self.sides {
            marks.rows.resize(self.live.len(), 0);
            marks.nodes.resize(self.ends.len().div_ceil(64), 0);
        }
        let place = self.order.len() as u32;
        self.order.push(place);
        self.places.push(place);
    }

    /// Has nodes looked at in the order of their keys, or against it from behind; before
    /// any is marked.
    pub(crate) fn arrange<K: Ord>(&mut self, key: impl Fn(usize) -> K) {
        self.order.sort_by_key(|&node| key(node as usize));
        for (place, &node) in self.order.iter().enumerate() {
            self.places[node as usize] = place as u32;
        }
    }

    fn range(&self, node: usize) -> std::ops::Range<usize> {
        let begin = node.checked_sub(1).map_or(0, |before| self.ends[before]);
        begin as usize..self.ends[node] as usize
    }

    /// The facts of a node.
    pub(crate) fn live(&self, node: usize) -> &[u64] {
        &self.live[self.range(node)]
    }

    pub(crate) fn has(&self, node: usize, bit: usize) -> bool {
        has(self.live(node), bit)
    }

    /// Marks those facts of a node that are among some bits.
    pub(crate) fn mark(&mut self, side: Side, node: usize, bits: &[u64]) {
        let range = self.range(node);
        let marks = &mut self.sides[side as usize];
        let live = &self.live[range.clone()];
        let mut any = 0;
        let rows = marks.rows[range].iter_mut();
        for (mark, (live, bits)) in rows.zip(live.iter().zip(bits)) {
            *mark |= live & bits;
            any |= live & bits;
        }
        if any != 0 {
            let place = self.places[node] as usize;
            let word = place / 64;
            marks.nodes[word] |= 1 << (place % 64);
            if marks.first >= marks.end {
                (marks.first, marks.end) = (word, word + 1);
            } else {
                marks.first = marks.first.min(word);
                marks.end = marks.end.max(word + 1);
            }
        }
    }

    /// A node that is marked: the first, or the last if it was marked from behind. It is
    /// marked no more.
    pub(crate) fn next(&mut self, side: Side) -> Option<usize> {
        let marks = &mut self.sides[side as usize];
        while marks.first < marks.end {
            let word = match side {
                Side::Ahead => marks.first,
                Side::Behind => marks.end - 1,
            };
            let nodes = &mut marks.nodes[word];
            if *nodes == 0 {
                match side {
                    Side::Ahead => marks.first += 1,
                    Side::Behind => marks.end -= 1,
                }
                continue;
            }
            let bit = match side {
                Side::Ahead => nodes.trailing_zeros(),
                Side::Behind => 63 - nodes.leading_zeros(),
            };
            *nodes &= !(1 << bit);
            return Some(self.order[64 * word + bit as usize] as usize);
        }
        None
    }

    /// The facts of a node that were marked; they are marked no more.
    pub(crate) fn take(&mut self, side: Side, node: usize) -> Row {
        let range = self.range(node);
        let live = &self.live[range.clone()];
        let marks = self.sides[side as usize].rows[range].iter_mut();
        let taken = marks.zip(live);
        taken
            .map(|(mark, live)| std::mem::take(mark) & live)
            .collect()
    }

    /// Drops facts of a node.
    pub(crate) fn drop(&mut self, node: usize, lost: &[u64]) {
        let range = self.range(node);
        without(&mut self.live[range], lost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_facts_come_once_from_either_side() {
        let mut rows = NodeRows::default();
        for node in 0..200 {
            rows.push(if node % 2 == 0 { &[0b11] } else { &[0b1, 0b1] });
        }
        for node in [150, 3, 70] {
            rows.mark(Side::Ahead, node, &[0b10, 0b11]);
            rows.mark(Side::Behind, node, &[0b1]);
        }
        rows.mark(Side::Behind, 5, &[0b10]); // has none of them
        assert_eq!(rows.next(Side::Ahead), Some(3));
        assert_eq!(rows.take(Side::Ahead, 3)[..], [0, 1]);
        rows.drop(3, &[0, 1]);
        assert!(rows.has(3, 0) && !rows.has(3, 64));
        let rest: Vec<usize> = std::iter::from_fn(|| rows.next(Side::Ahead)).collect();
        assert_eq!(rest, [70, 150]);
        let back: Vec<usize> = std::iter::from_fn(|| rows.next(Side::Behind)).collect();
        assert_eq!(back, [150, 70, 3]);
        rows.arrange(|node| (node % 10, node));
        for node in [150, 3, 70, 9] {
            rows.mark(Side::Ahead, node, &[0b1]);
        }
        let all: Vec<usize> = std::iter::from_fn(|| rows.next(Side::Ahead)).collect();
        assert_eq!(all, [70, 150, 3, 9]);
    }
}
