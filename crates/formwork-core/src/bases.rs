//! Base masks: rows under a number of their own.

use formwork_vocab::mask;
use rustc_hash::FxHashMap;

use crate::index::Row;

/// A row that masks are made of. Cheap to clone.
#[derive(Clone)]
pub struct BaseMask {
    id: u64,
    words: Row,
}

impl BaseMask {
    /// The number of the row: no other row over the same [`TokenIndex`](crate::TokenIndex) ever has it.
    /// Another index, and so another compiler, numbers its own rows.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The row, of the vocabulary's
    /// [`mask_words`](formwork_vocab::Vocab::mask_words).
    pub fn words(&self) -> &[u32] {
        &self.words
    }
}

impl std::fmt::Debug for BaseMask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BaseMask")
            .field("id", &self.id)
            .field("tokens", &mask::count_ones(&self.words))
            .finish_non_exhaustive()
    }
}

/// The numbers of rows, by what is in them, so that grammars made anew find the same
/// bases. Rows that were not asked for lately are forgotten and get a new number if
/// they come again.
#[derive(Default)]
pub(crate) struct Bases {
    next: u64,
    /// Two generations: a row that is asked for moves to the younger one.
    young: FxHashMap<Row, u64>,
    old: FxHashMap<Row, u64>,
}

/// Rows of a generation. A row is 16 KiB for 128,000 tokens.
const MAX_ROWS: usize = 512;

impl Bases {
    /// The base with the bits of a row. Reads the row once.
    pub(crate) fn of(&mut self, row: &Row) -> BaseMask {
        if let Some((words, &id)) = self.young.get_key_value(row) {
            let words = Row::clone(words);
            return BaseMask { id, words };
        }
        let (words, id) = self.old.remove_entry(row).unwrap_or_else(|| {
            self.next += 1;
            (Row::clone(row), self.next)
        });
        if self.young.len() >= MAX_ROWS {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(Row::clone(&words), id);
        BaseMask { id, words }
    }

    /// Forgets all rows; their numbers stay their own.
    pub(crate) fn forget(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// Approximate heap use, in bytes, of what nobody else holds.
    pub(crate) fn heap_bytes(&self) -> usize {
        let rows = self.young.keys().chain(self.old.keys());
        rows.map(|row| match Row::strong_count(row) {
            1 => 32 + 4 * row.len(),
            _ => 32,
        })
        .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(word: u32) -> Row {
        vec![word; 3].into()
    }

    #[test]
    fn equal_rows_are_one_base_and_numbers_stay_their_own() {
        let mut bases = Bases::default();
        let one = bases.of(&row(1));
        assert_eq!(bases.of(&row(1)).id(), one.id());
        let mut seen = vec![one.id()];
        for word in 2..4 * MAX_ROWS as u32 {
            seen.push(bases.of(&row(word)).id());
            // Asked for all the time.
            assert_eq!(bases.of(&row(1)).id(), one.id());
        }
        assert_eq!(one.words(), [1; 3]);
        assert!(bases.young.len() + bases.old.len() <= 2 * MAX_ROWS);
        bases.forget();
        seen.push(bases.of(&row(1)).id());
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
