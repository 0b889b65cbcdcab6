//! Sets of tokens that are read by number.

use std::sync::Arc;

/// A set of tokens of a vocabulary, as ranges of their numbers. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct TokenSet {
    /// First and last, ascending, neither touching nor overlapping.
    ranges: Arc<[(u32, u32)]>,
}

impl TokenSet {
    /// The set of some numbers, in any order.
    ///
    /// ```
    /// let set = formwork_grammar::TokenSet::new([7, 3, 4, 3]);
    /// assert_eq!(set.ranges(), [(3, 4), (7, 7)]);
    /// assert!(set.contains(4) && !set.contains(5));
    /// ```
    pub fn new(ids: impl IntoIterator<Item = u32>) -> TokenSet {
        let mut ids: Vec<u32> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let runs = ids.chunk_by(|&a, &b| a + 1 == b);
        TokenSet {
            ranges: runs
                .filter_map(|run| Some((*run.first()?, *run.last()?)))
                .collect(),
        }
    }

    /// Whether the set holds a token.
    pub fn contains(&self, id: u32) -> bool {
        let at = self.ranges.partition_point(|&(_, last)| last < id);
        self.ranges.get(at).is_some_and(|&(first, _)| first <= id)
    }

    /// Whether there is no token in it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// First and last number of each run, ascending.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// The only token of the set, if there is just one.
    pub fn only(&self) -> Option<u32> {
        match *self.ranges {
            [(first, last)] if first == last => Some(first),
            _ => None,
        }
    }
}
