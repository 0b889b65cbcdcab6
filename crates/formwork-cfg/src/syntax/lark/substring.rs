//! Parts of a text: the runs of a list of chunks, by the automaton of all suffixes of the list
//! (Blumer et al. 1985), whose size is linear.

#![expect(
    clippy::indexing_slicing,
    reason = "states are numbered as they are made"
)]

use std::collections::BTreeMap;

use formwork_automata::{CharSet, Dfa, Limits, TooLarge};
use serde::Deserialize;

use crate::ir::Span;
use crate::syntax::error::Fault;
use crate::syntax::options::SyntaxLimits;

/// A structured expression, in either form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Structured {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(alias = "substring_chunks")]
    chunks: Option<Vec<String>>,
    #[serde(alias = "substring_words")]
    words: Option<String>,
    #[serde(alias = "substring_chars")]
    chars: Option<String>,
}

/// The texts of a structured expression.
pub(super) fn structured(source: &str, span: Span, limits: &SyntaxLimits) -> Result<Dfa, Fault> {
    let expected = "expected an object with `substring_chunks`, a list of texts, or \
                    `substring_words` or `substring_chars`, a text";
    let read: Structured = serde_json::from_str(source)
        .map_err(|error| Fault::malformed(span, format!("{expected}: {error}")))?;
    let chunks = match (read.chunks, read.words, read.chars) {
        (Some(chunks), None, None) => chunks,
        (None, Some(text), None) => words(&text),
        (None, None, Some(text)) => text.chars().map(String::from).collect(),
        _ => return Err(Fault::malformed(span, expected)),
    };
    if read.kind.is_some_and(|kind| kind != "substring") {
        return Err(Fault::unsupported(span, "the only type is `substring`"));
    }
    automaton(&chunks, &limits.automata()).map_err(|_| {
        let max = limits.max_states;
        Fault::limit(span, "states of one automaton", "max_states", max)
    })
}

/// Words, and what stands between them, one each.
fn words(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut chunks: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.chars() {
        match chunks.last_mut() {
            Some(word) if in_word && is_word(c) => word.push(c),
            _ => chunks.push(c.to_string()),
        }
        in_word = is_word(c);
    }
    chunks
}

/// The texts of any chunks in a row, the empty text among them.
pub(super) fn automaton(chunks: &[String], limits: &Limits) -> Result<Dfa, TooLarge> {
    // Empty chunks change no text.
    let chunks = chunks.iter().map(String::as_str);
    let chunks: Vec<&str> = chunks.filter(|chunk| !chunk.is_empty()).collect();
    let states = suffixes(&chunks);
    let mut alphabet: Vec<char> = chunks.iter().flat_map(|chunk| chunk.chars()).collect();
    alphabet.sort_unstable();
    alphabet.dedup();
    let sets: Vec<CharSet> = alphabet.into_iter().map(CharSet::single).collect();
    // States, each with what was read of a chunk after it.
    let step = |cuts: &Vec<(u32, String)>, c: char| {
        let mut next = Vec::new();
        for (at, read) in cuts {
            let read = format!("{read}{c}");
            let ways = states.get(*at as usize)?.next.range(read.as_str()..);
            let mut goes_on = false;
            for (chunk, to) in ways.take_while(|(chunk, _)| chunk.starts_with(&read)) {
                if chunk.len() == read.len() {
                    next.push((*to, String::new()));
                } else {
                    goes_on = true;
                }
            }
            if goes_on {
                next.push((*at, read));
            }
        }
        next.sort_unstable();
        next.dedup();
        (!next.is_empty()).then_some(next)
    };
    let accepts = |cuts: &Vec<(u32, String)>| cuts.iter().any(|(_, read)| read.is_empty());
    Dfa::unfold(vec![(0, String::new())], &sets, step, accepts, limits)
}

/// What chunks in a row lead to: all runs that end at the same places.
struct State<'a> {
    /// The chunks of the longest of these runs.
    length: usize,
    /// The state of the longest run that ends at more places.
    link: Option<u32>,
    next: BTreeMap<&'a str, u32>,
}

fn suffixes<'a>(chunks: &[&'a str]) -> Vec<State<'a>> {
    let mut states = vec![State {
        length: 0,
        link: None,
        next: BTreeMap::new(),
    }];
    let mut last = 0;
    for &chunk in chunks {
        let fresh = states.len() as u32;
        states.push(State {
            length: states[last as usize].length + 1,
            link: Some(0),
            next: BTreeMap::new(),
        });
        let mut at = Some(last);
        while let Some(state) = at
            && !states[state as usize].next.contains_key(chunk)
        {
            states[state as usize].next.insert(chunk, fresh);
            at = states[state as usize].link;
        }
        if let Some(state) = at {
            let known = states[state as usize].next[chunk];
            let length = states[state as usize].length + 1;
            states[fresh as usize].link = Some(if states[known as usize].length == length {
                known
            } else {
                split(&mut states, state, chunk, known, length)
            });
        }
        last = fresh;
    }
    states
}

/// The runs of `known` of at most so many chunks, in a state of their own.
fn split<'a>(
    states: &mut Vec<State<'a>>,
    from: u32,
    chunk: &'a str,
    known: u32,
    length: usize,
) -> u32 {
    let copy = states.len() as u32;
    let State { link, next, .. } = &states[known as usize];
    let (link, next) = (*link, next.clone());
    states.push(State { length, link, next });
    states[known as usize].link = Some(copy);
    let mut at = Some(from);
    while let Some(state) = at
        && states[state as usize].next.get(chunk) == Some(&known)
    {
        states[state as usize].next.insert(chunk, copy);
        at = states[state as usize].link;
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_chunks_and_nothing_else() {
        let lists: [&[&str]; 6] = [
            &[],
            &["ab", "a", "b", "ab"],
            &["a", "a", "a"],
            &["ab", "abc", "", "c", "ab"],
            &["é", "a", "é", "é"],
            &["aa", "a", "aa"],
        ];
        for list in lists {
            let chunks: Vec<String> = list.iter().map(|&chunk| chunk.to_owned()).collect();
            let dfa = automaton(&chunks, &Limits::default()).unwrap();
            let mut runs: Vec<String> = Vec::new();
            for from in 0..=list.len() {
                runs.extend((from..=list.len()).map(|to| list[from..to].concat()));
            }
            let whole: Vec<char> = list.concat().chars().collect();
            for from in 0..=whole.len() {
                for to in from..=whole.len() {
                    let text: String = whole[from..to].iter().collect();
                    assert_eq!(dfa.accepts(&text), runs.contains(&text), "{text} {list:?}");
                }
            }
            assert!(runs.iter().all(|run| dfa.accepts(run)));
            assert!(!dfa.accepts("x") && !dfa.accepts(&(list.concat() + "a")));
        }
    }

    #[test]
    fn long_lists_are_linear() {
        let chunks: Vec<String> = (0..5_000)
            .map(|n| ["a", "b"][n * n % 7 % 2].to_owned())
            .collect();
        let dfa = automaton(&chunks, &Limits::default()).unwrap();
        assert!(dfa.state_count() <= 10_000 && dfa.accepts(&chunks[100..900].concat()));
    }
}
