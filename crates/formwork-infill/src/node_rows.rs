//! Rows of bits of the nodes of a column, and which of them are to be looked at again.

use smallvec::SmallVec;

/// Some bits of a node.
pub(crate) type Row = SmallVec<[u64; 16]>;

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
}

/// Bits to be looked at, and the nodes that have any.
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
            let word = node / 64;
            marks.nodes[word] |= 1 << (node % 64);
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
            return Some(64 * word + bit as usize);
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

/// The row of one bit.
pub(crate) fn one(bit: u32) -> Row {
    let word = bit as usize / 64;
    let mut row = Row::from_elem(0, word + 1);
    row[word] = 1 << (bit % 64);
    row
}

pub(crate) fn has(row: &[u64], bit: usize) -> bool {
    let word = row.get(bit / 64);
    word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

/// Adds all of `more`.
pub(crate) fn unite(row: &mut Row, more: &[u64]) {
    if row.len() < more.len() {
        row.resize(more.len(), 0);
    }
    for (word, more) in row.iter_mut().zip(more) {
        *word |= more;
    }
}

/// What is in both rows.
pub(crate) fn both(a: &[u64], b: &[u64]) -> Row {
    a.iter().zip(b).map(|(a, b)| a & b).collect()
}

/// The bits of a row within a range.
pub(crate) fn between(row: &[u64], bits: &std::ops::Range<usize>) -> Row {
    let mut part = Row::from_elem(0, row.len().min(bits.end.div_ceil(64)));
    for (at, (to, &from)) in part.iter_mut().zip(row).enumerate() {
        let begin = bits.start.saturating_sub(64 * at).min(64);
        let end = bits.end.saturating_sub(64 * at).min(64);
        let below = |bit: usize| match bit {
            64 => u64::MAX,
            bit => (1 << bit) - 1,
        };
        *to = from & below(end) & !below(begin);
    }
    part
}

/// Whether two rows have a bit in common.
pub(crate) fn meet(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).any(|(a, b)| a & b != 0)
}

/// Takes bits away; whether none is left.
pub(crate) fn without(row: &mut [u64], bits: &[u64]) -> bool {
    for (word, bits) in row.iter_mut().zip(bits) {
        *word &= !bits;
    }
    !any(row)
}

pub(crate) fn any(row: &[u64]) -> bool {
    row.iter().any(|&word| word != 0)
}

/// The bits of a row, ascending.
pub(crate) fn ones(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(at, &word)| {
        let mut left = word;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some(64 * at + bit)
        })
    })
}

/// The bits of a row, descending.
pub(crate) fn ones_down(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().rev().flat_map(|(at, &word)| {
        let mut left = word;
        std::iter::from_fn(move || {
            let bit = 63_usize.checked_sub(left.leading_zeros() as usize)?;
            left &= !(1 << bit);
            Some(64 * at + bit)
        })
    })
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
        assert_eq!(ones(&[1, 0b101]).collect::<Vec<_>>(), [0, 64, 66]);
        let part = between(&[u64::MAX; 3], &(63..66));
        assert_eq!(ones(&part).collect::<Vec<_>>(), [63, 64, 65]);
        assert_eq!(ones_down(&[1, 0b101]).collect::<Vec<_>>(), [66, 64, 0]);
    }
}
