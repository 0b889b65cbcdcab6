//! Automata of lists of texts, and of shortest ones.

use formwork_automata::{CharSet, Dfa, Limits, TooLarge};
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

/// The words of `dfa` that do not begin with a shorter one.
pub(super) fn shortest(dfa: &Dfa, limits: &Limits) -> Result<Dfa, TooLarge> {
    let Some(start) = dfa.start() else {
        return Ok(dfa.clone());
    };
    let classes = dfa.classes();
    let sets = classes.map(|(_, ranges)| CharSet::from_ranges(ranges.iter().copied()));
    let sets: Vec<CharSet> = sets.collect();
    let step = |&at: &u32, c: char| {
        let class = dfa.class_of(c as u32);
        (!dfa.is_match(at)).then(|| dfa.next_class(at, class))?
    };
    Dfa::unfold(start, &sets, step, |&at| dfa.is_match(at), limits)
}
