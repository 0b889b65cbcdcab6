//! Free text, up to where a marker first occurs (Aho and Corasick 1975).

#![expect(
    clippy::indexing_slicing,
    reason = "nodes are numbered as they are made"
)]

use std::collections::VecDeque;
use std::sync::Arc;

use formwork_automata::{CharSet, Dfa, Limits};
use rustc_hash::FxHashMap;

use crate::ir::Span;
use crate::syntax::draft::Node;
use crate::syntax::error::Fault;
use crate::syntax::options::SyntaxLimits;

/// Texts that end free text.
pub(super) struct Markers {
    nodes: Vec<State>,
    alphabet: Vec<CharSet>,
    limits: Limits,
}

#[derive(Default)]
struct State {
    next: FxHashMap<char, u32>,
    /// The longest other beginning of a marker with which the text here ends.
    shorter: u32,
    /// The markers that end here, by number.
    ends: Vec<u32>,
}

impl Markers {
    /// `texts` are not empty.
    pub(super) fn new<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        limits: &SyntaxLimits,
    ) -> Markers {
        let mut nodes = vec![State::default()];
        let mut alphabet: Vec<char> = Vec::new();
        for (number, text) in texts.into_iter().enumerate() {
            let mut at = 0;
            for c in text.chars() {
                alphabet.push(c);
                let fresh = nodes.len() as u32;
                let next = *nodes[at as usize].next.entry(c).or_insert(fresh);
                if next == fresh {
                    nodes.push(State::default());
                }
                at = next;
            }
            nodes[at as usize].ends.push(number as u32);
        }
        alphabet.sort_unstable();
        alphabet.dedup();
        let mut markers = Markers {
            nodes,
            alphabet: alphabet.into_iter().map(CharSet::single).collect(),
            limits: limits.automata(),
        };
        markers.link();
        markers
    }

    /// Finds the shorter beginnings, those of short texts first.
    fn link(&mut self) {
        let children = |state: &State| -> Vec<(char, u32)> {
            state.next.iter().map(|(&c, &child)| (c, child)).collect()
        };
        let mut open: VecDeque<u32> = children(&self.nodes[0])
            .into_iter()
            .map(|(_, n)| n)
            .collect();
        while let Some(at) = open.pop_front() {
            let shorter = self.nodes[at as usize].shorter;
            let ends = self.nodes[shorter as usize].ends.clone();
            self.nodes[at as usize].ends.extend(ends);
            for (c, child) in children(&self.nodes[at as usize]) {
                self.nodes[child as usize].shorter = self.step(shorter, c);
                open.push_back(child);
            }
        }
    }

    fn step(&self, mut at: u32, c: char) -> u32 {
        loop {
            let state = &self.nodes[at as usize];
            match state.next.get(&c) {
                Some(&next) => return next,
                None if at == 0 => return 0,
                None => at = state.shorter,
            }
        }
    }

    /// The texts without a marker.
    pub(super) fn none(&self, span: Span) -> Result<Node, Fault> {
        self.automaton(None, span)
    }

    /// The texts whose first marker, at their end, is this one.
    pub(super) fn up_to(&self, marker: usize, span: Span) -> Result<Node, Fault> {
        self.automaton(Some(marker as u32), span)
    }

    fn automaton(&self, last: Option<u32>, span: Span) -> Result<Node, Fault> {
        // The place of a text without a marker; `None` after the marker wanted.
        let step = |at: &Option<u32>, c| {
            let next = self.step((*at)?, c);
            let ends = &self.nodes[next as usize].ends;
            match last {
                _ if ends.is_empty() => Some(Some(next)),
                Some(last) if ends.contains(&last) => Some(None),
                _ => None,
            }
        };
        let accepts = |at: &Option<u32>| at.is_some() == last.is_none();
        // The last set stands for all characters of no marker.
        let mut sets = self.alphabet.clone();
        sets.push(CharSet::full());
        let dfa = Dfa::unfold(Some(0), &sets, step, accepts, &self.limits);
        let dfa = dfa.map_err(|_| {
            let max = self.limits.max_states;
            Fault::limit(span, "characters of what ends free text", "max_states", max)
        })?;
        Ok(Node::Words(Arc::new(dfa)))
    }
}

/// `begin`, then any text up to where `end` first occurs.
pub(super) fn thought(begin: &str, end: &str, limits: &SyntaxLimits) -> Result<Node, Fault> {
    if end.is_empty() {
        let message = "the end of free text is empty; say what ends it";
        return Err(Fault::malformed(Span::default(), message));
    }
    let free = Markers::new([end], limits).up_to(0, Span::default())?;
    Ok(Node::seq(vec![Node::Text(begin.to_owned()), free]))
}
