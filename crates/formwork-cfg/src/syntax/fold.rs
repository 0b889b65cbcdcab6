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

/// The same for ASCII letters only.
pub(super) fn ascii_ranges(lo: char, hi: char) -> Vec<(u32, u32)> {
    let (lo, hi) = (lo as u32, hi as u32);
    let mut ranges = vec![(lo, hi)];
    let shift = u32::from(b'a' - b'A');
    for (first, last, up) in [(b'A', b'Z', true), (b'a', b'z', false)] {
        let (first, last) = (lo.max(first.into()), hi.min(last.into()));
        if first <= last {
            ranges.push(if up {
                (first + shift, last + shift)
            } else {
                (first - shift, last - shift)
            });
        }
    }
    ranges
}

/// `text` in any case.
pub(super) fn text(text: &str) -> Node {
    let sets = text
        .chars()
        .map(|c| Node::Set(CharSet::from_ranges(ranges(c, c))));
    Node::seq(sets.collect())
}
