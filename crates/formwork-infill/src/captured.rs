//! What open positions add to texts that a language wants to remember.

use std::collections::BTreeSet;

use formwork_grammar::{Label, LexState, Terminal};
use formwork_vocab::{NodeId, TokenId, Trie};

use crate::names::{Text, may_be_one_of};

/// So many endings of a text are followed one by one where there are no others.
const MAX_APART: usize = 256;
/// String content of so many characters can be more texts than a canvas has room for.
const MANY_CHARS: u32 = 4;

/// What open positions add to a text that is followed by itself.
#[derive(Default)]
pub(crate) struct Apart {
    pub(crate) endings: Vec<Ending>,
    /// Whether nothing else is allowed.
    pub(crate) is_all: bool,
    /// Whether it depends on which texts are known.
    pub(crate) is_named: bool,
}

/// The end of some tokens, or of the text within them.
pub(crate) struct Ending {
    pub(crate) state: LexState,
    /// If the text ends: under which label.
    pub(crate) label: Option<Label>,
    pub(crate) tokens: Vec<TokenId>,
    /// If it does, where other tokens go on.
    pub(crate) node: Option<NodeId>,
    pub(crate) bytes: Vec<u8>,
}

impl Apart {
    /// What open positions add to a text that has to be followed by itself; `None` if
    /// that is too much.
    pub(crate) fn of(
        terminal: &dyn Terminal,
        (state, text): (LexState, Text),
        trie: &Trie,
        nodes: &[NodeId],
        begun: &[u8],
        known: &BTreeSet<String>,
    ) -> Option<Apart> {
        let start = terminal.start();
        let opened = terminal.step(start, b'"');
        let any = opened.and_then(|state| terminal.any_content(state));
        let abound = any.is_some_and(|any| any.max_chars.is_none_or(|max| max >= MANY_CHARS));
        if text == Text::UNKNOWN {
            return abound.then(Apart::default);
        }
        if !abound && text != Text::START && !is_short(terminal, state) {
            return None;
        }
        let mut apart = Apart {
            is_all: !abound,
            is_named: abound,
            ..Apart::default()
        };
        if abound && known.is_empty() {
            return Some(apart);
        }
        let mut open: Vec<(NodeId, LexState, Vec<u8>)> = nodes
            .iter()
            .map(|&node| (node, state, Vec::new()))
            .collect();
        while let Some((node, state, bytes)) = open.pop() {
            for (byte, child) in trie.children(node) {
                let Some(next) = terminal.step(state, byte) else {
                    continue;
                };
                let longer = [&bytes[..], &[byte]].concat();
                let literal = [begun, &longer].concat();
                if abound && !may_be_one_of(known, &literal) {
                    continue;
                }
                let tokens = trie.tokens(child);
                if let Some(label) = terminal.exit(next) {
                    apart.endings.push(Ending {
                        state: next,
                        label: Some(label),
                        tokens: tokens.to_vec(),
                        node: (trie.fan(child) > 0).then_some(child),
                        bytes: longer.clone(),
                    });
                }
                if terminal.can_continue(next) {
                    if !tokens.is_empty() {
                        apart.endings.push(Ending {
                            state: terminal.canonical(next),
                            label: None,
                            tokens: tokens.to_vec(),
                            node: None,
                            bytes: longer.clone(),
                        });
                    }
                    open.push((child, next, longer));
                }
                if !abound && apart.endings.len() >= MAX_APART {
                    return Some(apart);
                }
            }
        }
        Some(apart)
    }

    /// The tokens that end inside the text, or with it under a label.
    pub(crate) fn tokens(&self, label: Option<Label>) -> Vec<TokenId> {
        let alike = self.endings.iter().filter(|ending| ending.label == label);
        alike
            .flat_map(|ending| ending.tokens.iter().copied())
            .collect()
    }

    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        self.endings
            .iter()
            .filter_map(|ending| ending.node)
            .collect()
    }
}

/// Whether few texts can be read from a state on.
fn is_short(terminal: &dyn Terminal, state: LexState) -> bool {
    const MAX_STATES: usize = 512;
    let mut seen = 0;
    let mut open = vec![state];
    // No state is reached for ever if there is no way back to any.
    for _ in 0..64 {
        let mut next = Vec::new();
        for state in open {
            let ways = (0..=u8::MAX).filter_map(|byte| terminal.step(state, byte));
            next.extend(ways.map(|state| terminal.canonical(state)));
        }
        next.sort_unstable();
        next.dedup();
        seen += next.len();
        if next.is_empty() {
            return true;
        }
        if seen > MAX_STATES {
            return false;
        }
        open = next;
    }
    false
}
