//! What open positions add to texts that a language wants to remember.

use formwork_grammar::{AnyContent, Label, LexState, Terminal};
use formwork_vocab::{NodeId, TokenId, Trie};
use rustc_hash::FxHashMap;

use crate::literals::Literals;
use crate::names::Text;
use crate::reading::has;

/// So many texts are few: they are all followed one by one.
const MAX_FEW: usize = 256;
/// String content of so many characters is more.
const MANY_CHARS: u32 = 4;

/// What open positions add to a text that is followed by itself.
#[derive(Default)]
pub(crate) struct Apart {
    pub(crate) endings: Vec<Ending>,
    /// Whether nothing else is allowed.
    pub(crate) is_all: bool,
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
    /// What open positions add to a text that has to be followed by itself, since it may be
    /// one of those that are known or there are few that it can be.
    pub(crate) fn of(
        terminal: &dyn Terminal,
        (state, text): (LexState, Text),
        trie: &Trie,
        nodes: &[NodeId],
        begun: &[u8],
        known: &Literals,
    ) -> Apart {
        let mut apart = Apart::default();
        if text == Text::UNKNOWN {
            return apart;
        }
        apart.is_all = is_few(terminal, state);
        if !apart.is_all && known.is_empty() {
            return apart;
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
                if !apart.is_all && !known.may_be(&[begun, &longer].concat()) {
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
            }
        }
        apart
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

/// Whether few texts can be read from a state on, white space in front of them aside.
fn is_few(terminal: &dyn Terminal, state: LexState) -> bool {
    let start = terminal.space(state).map_or(state, |space| space.then);
    let opened = terminal.step(start, b'"').unwrap_or(start);
    let any = [opened, start].map(|state| terminal.any_content(state));
    let abounds = |any: &AnyContent| any.max_chars.is_none_or(|max| max >= MANY_CHARS);
    if any.iter().flatten().any(abounds) {
        return false;
    }
    // By state, in how many ways it is reached; each leads to a text at least.
    let mut reached = FxHashMap::from_iter([(start, 1)]);
    let mut texts = 0;
    while !reached.is_empty() {
        let mut next: FxHashMap<LexState, usize> = FxHashMap::default();
        for (state, ways) in reached {
            let bytes = terminal.next_bytes(state);
            let bytes = (0..=u8::MAX).filter(|&byte| has(&bytes, byte));
            for state in bytes.filter_map(|byte| terminal.step(state, byte)) {
                if terminal.exit(state).is_some() {
                    texts += ways;
                }
                if terminal.can_continue(state) {
                    *next.entry(terminal.canonical(state)).or_default() += ways;
                }
            }
            if texts + next.values().sum::<usize>() > MAX_FEW {
                return false;
            }
        }
        reached = next;
    }
    true
}
