//! Automata of lists of texts.

use formwork_automata::Dfa;
use rustc_hash::FxHashSet;

/// The minimal automaton of `texts`, unless its table might take more than
/// `max_bytes`: at most a cell for each distinct prefix and character.
pub(super) fn automaton(mut texts: Vec<&str>, max_bytes: usize) -> Option<Dfa> {
    texts.sort_unstable();
    let mut alphabet = FxHashSet::default();
    let (mut states, mut last) = (1usize, "");
    for text in &texts {
        let shared = text
            .chars()
            .zip(last.chars())
            .take_while(|(a, b)| a == b)
            .count();
        for c in text.chars().skip(shared) {
            alphabet.insert(c);
            states += 1;
        }
        last = text;
    }
    let cells = states.checked_mul(alphabet.len() + 1)?;
    let bytes = cells.checked_mul(size_of::<u32>())?;
    (bytes <= max_bytes).then(|| Dfa::from_words(texts))
}
