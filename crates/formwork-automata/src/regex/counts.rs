//! Counted repetition: which nodes of an NFA imply which.
//!
//! In `x{0,n}` a thread with more copies left can do whatever one at the same place in a later
//! copy can. Dropping the later ones keeps subsets small where they would otherwise record every
//! way to have counted, as in `(.{1,63}\.){1,127}`.

use super::nfa::NodeId;

/// Equal copies, one after another, of an optional body. Each leads to the one built before it, so
/// those with higher numbers have more copies left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: NodeId,
    /// The number of nodes of each copy.
    pub(super) stride: u32,
    pub(super) copies: u32,
}

impl Span {
    fn end(&self) -> NodeId {
        self.start + self.stride * self.copies
    }
}

/// Where a node stands in the repetitions around it. A node implies another one with the same
/// `key` when it has no fewer copies left in either repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    /// The node in the same place of the first copies.
    pub(super) key: NodeId,
    pub(super) outer: u32,
    pub(super) inner: u32,
}

/// The rank of each node; empty when no repetition could tell nodes apart. Only the two outermost
/// repetitions around a node count: leaving out others forgoes some implications.
pub(super) fn ranks(mut spans: Vec<Span>, nodes: usize) -> Vec<Rank> {
    spans.retain(|span| span.copies > 1);
    if spans.is_empty() {
        return Vec::new();
    }
    spans.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end())));
    let mut spans = spans.into_iter().peekable();
    let mut around: Vec<Span> = Vec::new();
    (0..nodes as NodeId)
        .map(|node| {
            around.retain(|span| node < span.end());
            while let Some(span) = spans.next_if(|span| span.start == node) {
                around.push(span);
            }
            let mut rank = Rank {
                key: node,
                outer: 0,
                inner: 0,
            };
            let copy = |span: &Span| (node - span.start) / span.stride;
            if let Some(span) = around.first() {
                rank.outer = copy(span);
                rank.key -= rank.outer * span.stride;
            }
            if let Some(span) = around.get(1) {
                rank.inner = copy(span);
                rank.key -= rank.inner * span.stride;
            }
            rank
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_relative_to_the_copy() {
        // Two copies of five nodes, each with two copies of two nodes at its start.
        let inner = |start| Span {
            start,
            stride: 2,
            copies: 2,
        };
        let spans = vec![
            inner(1),
            inner(6),
            Span {
                start: 1,
                stride: 5,
                copies: 2,
            },
        ];
        let ranks = ranks(spans, 12);
        let rank = |key, outer, inner| Rank { key, outer, inner };
        assert_eq!(ranks[0], rank(0, 0, 0));
        assert_eq!(
            ranks[1..6],
            [(1, 0), (2, 0), (1, 1), (2, 1), (5, 0)].map(|(k, i)| rank(k, 0, i))
        );
        assert_eq!(
            ranks[6..11],
            [(1, 0), (2, 0), (1, 1), (2, 1), (5, 0)].map(|(k, i)| rank(k, 1, i))
        );
        assert_eq!(ranks[11], rank(11, 0, 0));
    }
}
