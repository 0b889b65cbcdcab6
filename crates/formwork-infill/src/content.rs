//! What a vocabulary has of JSON string content, found once.

use formwork_grammar::{LexState, Terminal};
use formwork_vocab::{NodeId, TokenId, Trie, Vocab, mask};

use crate::reading::has;

/// The tokens of a vocabulary as they begin inside a string literal, between two
/// characters.
pub(crate) struct Content {
    /// Tokens of whole characters that need no escape, by their first byte.
    tokens: Vec<(u8, Vec<TokenId>)>,
    words: usize,
    /// Nodes after such characters and a quote, with the first byte of all.
    pub(crate) quotes: Vec<(u8, NodeId)>,
    /// Nodes after such characters and a backslash.
    pub(crate) escapes: Vec<(u8, NodeId)>,
    /// Tokens of such characters, if any, and part of another: first byte, that part, and
    /// those tokens.
    pub(crate) cut: Vec<(u8, Vec<u8>, Vec<TokenId>)>,
    /// First bytes of other tokens.
    pub(crate) others: Vec<u8>,
}

impl Content {
    /// Walks the trie once: `O(nodes)`.
    pub(crate) fn new(vocab: &Vocab) -> Content {
        let trie = vocab.trie();
        let mut content = Content {
            tokens: Vec::new(),
            words: vocab.mask_words(),
            quotes: Vec::new(),
            escapes: Vec::new(),
            cut: Vec::new(),
            others: Vec::new(),
        };
        for (first, child) in trie.children(trie.root()) {
            if is_plain(first) {
                content.walk(trie, first, child);
            } else {
                content.others.push(first);
            }
        }
        content
    }

    /// Everything that begins with a character of content, of which this is the first
    /// byte.
    fn walk(&mut self, trie: &Trie, first: u8, from: NodeId) {
        let mut whole = Vec::new();
        let mut open = Vec::new();
        match first.is_ascii() {
            true => open.push(from),
            false => self.character(trie, first, from, vec![first], &mut open),
        }
        while let Some(node) = open.pop() {
            whole.extend_from_slice(trie.tokens(node));
            for (byte, child) in trie.children(node) {
                match byte {
                    b'"' => self.quotes.push((first, child)),
                    b'\\' => self.escapes.push((first, child)),
                    _ if byte.is_ascii() && is_plain(byte) => open.push(child),
                    _ if byte.is_ascii() => {}
                    _ => self.character(trie, first, child, vec![byte], &mut open),
                }
            }
        }
        self.tokens.push((first, whole));
    }

    /// What begins a character beyond ASCII with some bytes.
    fn character(
        &mut self,
        trie: &Trie,
        first: u8,
        node: NodeId,
        bytes: Vec<u8>,
        whole: &mut Vec<NodeId>,
    ) {
        match std::str::from_utf8(&bytes) {
            Ok(_) => whole.push(node),
            Err(error) if error.error_len().is_some() => {}
            Err(_) => {
                for (byte, child) in trie.children(node) {
                    let longer = [&bytes[..], &[byte]].concat();
                    self.character(trie, first, child, longer, whole);
                }
                let tokens = trie.tokens(node);
                if !tokens.is_empty() {
                    let known = self.cut.iter_mut();
                    match known
                        .rev()
                        .find(|(f, tail, _)| *f == first && *tail == bytes)
                    {
                        Some((.., list)) => list.extend_from_slice(tokens),
                        None => self.cut.push((first, bytes, tokens.to_vec())),
                    }
                }
            }
        }
    }

    /// The row of all tokens of whole characters that begin otherwise than with some
    /// bytes.
    pub(crate) fn row(&self, but: &[u64; 4]) -> Vec<u32> {
        let mut row = vec![0; self.words];
        for (_, tokens) in self.tokens.iter().filter(|(first, _)| !has(but, *first)) {
            mask::set_all(&mut row, tokens);
        }
        row
    }

    /// The state after content that begins otherwise than with some bytes, if all of it
    /// is read alike from there on.
    pub(crate) fn sink(
        &self,
        terminal: &dyn Terminal,
        state: LexState,
        but: &[u64; 4],
    ) -> Option<LexState> {
        let firsts = self.tokens.iter().map(|&(first, _)| first);
        let first = firsts
            .filter(u8::is_ascii)
            .find(|&first| !has(but, first))?;
        let after = terminal.step(state, first)?;
        let any = terminal.any_content(after)?;
        let settled = any.max_chars.is_none() && any.but == [0; 4];
        // What content leads to may have other numbers, but nothing tells them apart.
        settled.then_some(after)
    }
}

/// Whether a byte begins a character that needs no escape.
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7F | 0xC2..=0xF4) && !matches!(byte, b'"' | b'\\')
}
