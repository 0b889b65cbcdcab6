//! Whether a vocabulary without some bytes can spell the words of a grammar.

#![expect(
    clippy::indexing_slicing,
    reason = "states are numbers of the same automaton"
)]

use formwork_automata::{CharSet, Dfa};

use crate::error::CfgError;
use crate::ir::Grammar;

/// Checks that the words of a grammar can be spelled, up to their ends, without bytes
/// that are no tokens: ASCII, or such as begin characters of UTF-8. Schemas in the
/// grammar need no check, as JSON can escape every character. Linear in the terminals.
///
/// # Errors
///
/// [`CfgError::Unspellable`] if not, or if the grammar asks for a lexer.
pub fn check_spelling(grammar: &Grammar, missing: &[u8]) -> Result<(), CfgError> {
    if missing.is_empty() {
        return Ok(());
    }
    let refused = |word: Option<String>| {
        Err(CfgError::Unspellable {
            bytes: missing.to_vec(),
            word,
        })
    };
    if grammar.lexing.is_some() {
        return refused(None);
    }
    let without = characters(missing);
    match grammar
        .terminals
        .iter()
        .find(|dfa| has_dead_end(dfa, &without))
    {
        Some(dfa) => {
            let word = dfa.start().and_then(|start| dfa.shortest_word(start));
            refused(Some(word.unwrap_or_default()))
        }
        None => Ok(()),
    }
}

/// The characters whose UTF-8 has one of some bytes, which do not go on characters.
fn characters(missing: &[u8]) -> CharSet {
    let ranges = missing.iter().map(|&byte| {
        let byte = u32::from(byte);
        match byte {
            0..=0x7F => (byte, byte),
            0xC2..=0xDF => ((byte - 0xC0) << 6, ((byte - 0xC0) << 6) + 0x3F),
            0xE0..=0xEF => (
                0x800.max((byte - 0xE0) << 12),
                ((byte - 0xE0) << 12) + 0xFFF,
            ),
            _ => {
                let first = (byte & 7) << 18;
                (0x1_0000.max(first), 0x10_FFFF.min(first + 0x3_FFFF))
            }
        }
    });
    CharSet::from_ranges(ranges)
}

/// Whether some word without certain characters is the beginning of a word of an
/// automaton, but only of words with them. Linear in the automaton.
fn has_dead_end(dfa: &Dfa, without: &CharSet) -> bool {
    let Some(start) = dfa.start() else {
        return false;
    };
    let usable = |ranges: &[(u32, u32)]| {
        let class = CharSet::from_ranges(ranges.iter().copied());
        !class.difference(without).is_empty()
    };
    let classes = dfa.classes().filter(|(_, ranges)| usable(ranges));
    let classes: Vec<_> = classes.map(|(class, _)| class).collect();
    let mut into = vec![Vec::new(); dfa.state_count()];
    let mut reached = vec![false; dfa.state_count()];
    let mut open = vec![start];
    reached[start as usize] = true;
    while let Some(state) = open.pop() {
        for next in classes
            .iter()
            .filter_map(|&class| dfa.next_class(state, class))
        {
            into[next as usize].push(state);
            if !std::mem::replace(&mut reached[next as usize], true) {
                open.push(next);
            }
        }
    }
    let states = 0..dfa.state_count();
    let mut ends = vec![false; dfa.state_count()];
    open.extend(
        states
            .map(|state| state as u32)
            .filter(|&s| reached[s as usize] && dfa.is_match(s)),
    );
    open.iter().for_each(|&state| ends[state as usize] = true);
    while let Some(state) = open.pop() {
        for &before in &into[state as usize] {
            if !std::mem::replace(&mut ends[before as usize], true) {
                open.push(before);
            }
        }
    }
    reached
        .iter()
        .zip(&ends)
        .any(|(&reached, &ends)| reached && !ends)
}

#[cfg(test)]
mod tests {
    use formwork_automata::{Limits, regex};

    use super::*;

    #[test]
    fn characters_are_those_with_the_bytes() {
        for byte in [0x04u8, 0x7F, 0xC3, 0xE0, 0xED, 0xF0, 0xF1, 0xF4] {
            let set = characters(&[byte]);
            for c in (0..=0x10_FFFF).step_by(7).filter_map(char::from_u32) {
                let has_byte = c.to_string().bytes().next() == Some(byte);
                assert_eq!(set.contains(c), has_byte, "{byte:#x} {c:?}");
            }
        }
    }

    #[test]
    fn words_that_begin_and_cannot_end() {
        let without = characters(b"q\xF1");
        let cases = [
            ("^[^a]*$", false),
            ("^[^a]*q$", true),
            ("^(ab|q)$", false),
            ("^(ab|aq)$", false),
            ("^a(b|cq)$", true),
            ("^\u{40001}$", true),
            ("^[x\u{40001}]$", false),
        ];
        for (pattern, dead) in cases {
            let dfa = regex::compile(pattern, &Limits::default()).expect("a pattern");
            assert_eq!(has_dead_end(&dfa, &without), dead, "{pattern}");
        }
    }
}
