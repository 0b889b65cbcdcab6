//! Letters in both cases.

use formwork_automata::CharSet;
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::draft::Node;

/// The characters that equal one of `lo..=hi` by the simple case folding of
/// Unicode (CaseFolding.txt, statuses C and S), themselves included.
pub(super) fn ranges(lo: char, hi: char) -> Vec<(u32, u32)> {
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(lo, hi)]);
    class.case_fold_simple();
    class
        .iter()
        .map(|range| (range.start() as u32, range.end() as u32))
        .collect()
}

/// `text` in any case.
pub(super) fn text(text: &str) -> Node {
    let sets = text
        .chars()
        .map(|c| Node::Set(CharSet::from_ranges(ranges(c, c))));
    Node::seq(sets.collect())
}
