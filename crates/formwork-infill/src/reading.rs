//! What a terminal reads of the tokens that a position may hold: where it is at the end
//! of each, and what is left of those that go on behind it.

use formwork_grammar::{Bytes, Label, LexState, Terminal};
use formwork_vocab::{NodeId, TokenId, Trie};
use rustc_hash::FxHashMap;

use crate::content::Content;

/// What was found, before sets are numbered.
#[derive(Default)]
pub(crate) struct Reading {
    /// Tokens that end inside the terminal, by the state they leave it in.
    pub(crate) inside: Vec<(LexState, Ends)>,
    /// Ways out.
    pub(crate) exits: Vec<Leaving>,
}

/// Tokens that end alike.
#[derive(Default)]
pub(crate) struct Ends {
    pub(crate) few: Vec<TokenId>,
    /// And those that hold nothing but string content, if they are among them: all of
    /// them, but for some first bytes.
    pub(crate) content: Option<Bytes>,
}

/// A terminal's end within tokens.
pub(crate) struct Leaving {
    pub(crate) label: Label,
    /// Tokens that end with the terminal.
    pub(crate) ends: Vec<TokenId>,
    /// The nodes behind which other tokens go on.
    pub(crate) nodes: Vec<NodeId>,
}

/// A walk down the trie with a terminal.
pub(crate) struct Walk<'a> {
    trie: &'a Trie,
    terminal: &'a dyn Terminal,
    reading: Reading,
    states: FxHashMap<LexState, usize>,
    /// The bytes that can be read in each state, which takes time to find out.
    live: FxHashMap<LexState, Bytes>,
    open: Vec<(NodeId, LexState)>,
}

impl<'a> Walk<'a> {
    fn new(trie: &'a Trie, terminal: &'a dyn Terminal) -> Walk<'a> {
        Walk {
            trie,
            terminal,
            reading: Reading::default(),
            states: FxHashMap::default(),
            live: FxHashMap::default(),
            open: Vec::new(),
        }
    }

    /// Reads what is below some nodes.
    pub(crate) fn below(
        trie: &'a Trie,
        terminal: &'a dyn Terminal,
        state: LexState,
        nodes: &[NodeId],
    ) -> Reading {
        let mut walk = Walk::new(trie, terminal);
        walk.open.extend(nodes.iter().map(|&node| (node, state)));
        walk.run();
        walk.reading
    }

    /// Reads all tokens; those of string content together, where the terminal reads them
    /// alike.
    pub(crate) fn all(
        trie: &'a Trie,
        content: &Content,
        terminal: &'a dyn Terminal,
        state: LexState,
    ) -> Reading {
        let any = terminal.any_content(state);
        let Some(any) = any.filter(|any| any.max_chars.is_none()) else {
            return Walk::below(trie, terminal, state, &[trie.root()]);
        };
        let but = any.but;
        // From there on all content is read alike.
        let Some(after) = content.sink(terminal, state, &but) else {
            return Walk::below(trie, terminal, state, &[trie.root()]);
        };
        let mut walk = Walk::new(trie, terminal);
        let at = walk.inside(after);
        walk.reading.inside[at].1.content = Some(but);
        if let Some(quoted) = terminal.step(after, b'"')
            && let Some(label) = terminal.exit(quoted)
        {
            for &(first, node) in &content.quotes {
                if !has(&but, first) {
                    walk.leave(label, node);
                }
            }
        }
        if let Some(escape) = terminal.step(after, b'\\') {
            for &(_, node) in content
                .escapes
                .iter()
                .filter(|(first, _)| !has(&but, *first))
            {
                walk.end_inside(node, escape);
                walk.open.push((node, escape));
            }
        }
        for (first, tail, tokens) in &content.cut {
            if has(&but, *first) {
                continue;
            }
            let end = tail
                .iter()
                .try_fold(after, |state, &byte| terminal.step(state, byte));
            if let Some(end) = end {
                let at = walk.inside(end);
                walk.reading.inside[at].1.few.extend_from_slice(tokens);
            }
        }
        walk.run();
        let mut rest = Vec::new();
        let live = terminal.next_bytes(state);
        for word in 0..4 {
            let mut left = but[word] & live[word];
            while left != 0 {
                let byte = (64 * word as u32 + left.trailing_zeros()) as u8;
                left &= left - 1;
                rest.push(byte);
            }
        }
        // What begins otherwise than content, and what is excepted.
        rest.extend(
            content
                .others
                .iter()
                .copied()
                .filter(|&byte| !has(&but, byte)),
        );
        for byte in rest {
            if let Some(node) = trie.child(trie.root(), byte) {
                walk.step(node, byte, state);
            }
        }
        walk.run();
        walk.reading
    }

    fn inside(&mut self, state: LexState) -> usize {
        let state = self.terminal.canonical(state);
        let inside = &mut self.reading.inside;
        *self.states.entry(state).or_insert_with(|| {
            inside.push((state, Ends::default()));
            inside.len() - 1
        })
    }

    fn leave(&mut self, label: Label, node: NodeId) {
        let exits = &mut self.reading.exits;
        let at = exits.iter().position(|leaving| leaving.label == label);
        let at = at.unwrap_or_else(|| {
            exits.push(Leaving {
                label,
                ends: Vec::new(),
                nodes: Vec::new(),
            });
            exits.len() - 1
        });
        exits[at].ends.extend_from_slice(self.trie.tokens(node));
        if self.trie.fan(node) > 0 {
            exits[at].nodes.push(node);
        }
    }

    fn step(&mut self, node: NodeId, byte: u8, state: LexState) {
        let Some(next) = self.terminal.step(state, byte) else {
            return;
        };
        if let Some(label) = self.terminal.exit(next) {
            self.leave(label, node);
        }
        if self.terminal.can_continue(next) {
            self.end_inside(node, next);
            self.open.push((node, next));
        }
    }

    fn end_inside(&mut self, node: NodeId, state: LexState) {
        let tokens = self.trie.tokens(node);
        if !tokens.is_empty() {
            let at = self.inside(state);
            self.reading.inside[at].1.few.extend_from_slice(tokens);
        }
    }

    fn run(&mut self) {
        let trie = self.trie;
        while let Some((node, state)) = self.open.pop() {
            let terminal = self.terminal;
            let live = self.live.entry(state);
            let live = *live.or_insert_with(|| terminal.next_bytes(state));
            trie.children_in(node, &live, |byte, child| self.step(child, byte, state));
        }
    }
}

pub(crate) fn has(bytes: &Bytes, byte: u8) -> bool {
    bytes[usize::from(byte / 64)] >> (byte % 64) & 1 == 1
}
