//! Slices: what the vocabulary looks like from one state of one terminal.

use std::sync::Arc;

use formwork_grammar::{Bulk, Label, LexState, Terminal};
use formwork_vocab::{NodeId, TokenId, mask};
use rustc_hash::FxHashMap;

use crate::index::{Region, Row, TokenIndex};

/// The tokens that can be read from a state of a terminal as far as the
/// terminal alone decides.
#[derive(Debug)]
pub(crate) struct Slice {
    /// Tokens that end inside the terminal or with it.
    pub(crate) inside: TokenSet,
    /// Per label: the trie nodes at which the terminal ends and longer tokens
    /// go on.
    pub(crate) exits: Box<[(Label, Box<[NodeId]>)]>,
    /// Tokens so long after a captured text that they may hold another one;
    /// they have to be run in full.
    pub(crate) exact: Box<[TokenId]>,
}

/// A set of tokens, dense or sparse or both.
#[derive(Debug)]
pub(crate) struct TokenSet {
    dense: Option<Row>,
    sparse: Box<[TokenId]>,
}

impl TokenSet {
    pub(crate) fn or_into(&self, row: &mut [u32]) {
        if let Some(dense) = &self.dense {
            mask::or_into(row, dense);
        }
        for &token in &self.sparse {
            mask::set(row, token);
        }
    }
}

impl Slice {
    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        let exits: usize = self.exits.iter().map(|(_, nodes)| nodes.len()).sum();
        64 + 4 * (self.inside.sparse.len() + exits + self.exact.len())
            + self.inside.dense.as_ref().map_or(0, |row| 4 * row.len())
    }

    /// Computes the slice of `state`. Cost: see [`Bulk`]; at worst one step per
    /// node of the vocabulary's trie.
    pub(crate) fn new(index: &TokenIndex, terminal: &dyn Terminal, state: LexState) -> Slice {
        let mut builder = Builder {
            index,
            terminal,
            sparse: Vec::new(),
            dense: None,
            exits: FxHashMap::default(),
            exact: Vec::new(),
        };
        match terminal.bulk(state) {
            Bulk::Content { max_chars, close } if fits(max_chars) => {
                let max = max_chars.and_then(|n| u8::try_from(n).ok());
                builder.dense = Some(index.content(max));
                builder.close(state, close.filter(|_| max_chars.is_none()));
            }
            Bulk::Region {
                ascii,
                non_ascii,
                max_chars,
            } if fits(max_chars) => {
                let max_chars = max_chars.and_then(|n| u8::try_from(n).ok());
                let region = Region {
                    ascii,
                    non_ascii,
                    max_chars,
                };
                builder.dense = Some(index.region(region));
                builder.walk(state, Some(region));
            }
            _ => builder.walk(state, None),
        }
        builder.finish()
    }
}

/// Whether a bound on characters can be answered from one-byte counts: either
/// no token is affected, or no token's count is saturated at the bound.
fn fits(max_chars: Option<u32>) -> bool {
    max_chars.is_none_or(|max| max < TokenIndex::LONG || max > u32::from(u8::MAX))
}

struct Builder<'a> {
    index: &'a TokenIndex,
    terminal: &'a dyn Terminal,
    sparse: Vec<TokenId>,
    dense: Option<Row>,
    exits: FxHashMap<Label, Vec<NodeId>>,
    exact: Vec<TokenId>,
}

impl Builder<'_> {
    /// Follows the trie as far as the terminal goes.
    ///
    /// With a region, subtrees that leave `from` never, because all their bytes
    /// lie in the region, are skipped: the region's row has them.
    fn walk(&mut self, from: LexState, region: Option<Region>) {
        let trie = self.index.vocab().trie();
        let mut open = vec![(trie.root(), from, 1)];
        while let Some((node, state, depth)) = open.pop() {
            for (byte, child) in trie.children(node) {
                let Some(next) = self.terminal.step(state, byte) else {
                    continue;
                };
                self.sparse.extend_from_slice(trie.tokens(child));
                if trie.subtree_end(child).0 == child.0 + 1 {
                    continue;
                }
                if let Some(label) = self.terminal.exit(next) {
                    self.exit(label, child, depth);
                }
                if self.terminal.can_continue(next)
                    && !region.is_some_and(|r| next == from && self.covered(child, r))
                {
                    open.push((child, next, depth + 1));
                }
            }
        }
    }

    fn covered(&self, node: NodeId, region: Region) -> bool {
        let trie = self.index.vocab().trie();
        let below = trie.subtree_signature(node);
        region.max_chars.is_none()
            && below[0] & !region.ascii[0] == 0
            && below[1] & !region.ascii[1] == 0
            && !trie.subtree_has_non_ascii(node)
    }

    /// Adds what a closing quote leads to, for every content that some token
    /// has before one. All of them exit through `close`, if that is given.
    fn close(&mut self, from: LexState, close: Option<Label>) {
        let trie = self.index.vocab().trie();
        for closer in self.index.closers() {
            let label = close.or_else(|| {
                let inside = |state, &byte| self.terminal.step(state, byte);
                let last = closer.body.iter().try_fold(from, inside)?;
                self.terminal.exit(self.terminal.step(last, b'"')?)
            });
            if let Some(label) = label {
                self.sparse.extend_from_slice(trie.tokens(closer.node));
                self.exit(label, closer.node, closer.body.len() + 1);
            }
        }
    }

    /// Records that the terminal ends at a node, `depth` bytes deep.
    fn exit(&mut self, label: Label, node: NodeId, depth: usize) {
        self.exits.entry(label).or_default().push(node);
        if self.terminal.captures() {
            let vocab = self.index.vocab();
            let below = vocab.trie().subtree_tokens(node).iter().copied();
            self.exact.extend(below.filter(|&token| {
                let rest = vocab.bytes(token).get(depth..);
                // A second text needs two more quotes.
                rest.is_some_and(|rest| rest.iter().filter(|&&b| b == b'"').count() > 1)
            }));
        }
    }

    fn finish(self) -> Slice {
        let mut exits: Vec<(Label, Box<[NodeId]>)> = self
            .exits
            .into_iter()
            .map(|(label, nodes)| (label, nodes.into_boxed_slice()))
            .collect();
        exits.sort_unstable_by_key(|&(label, _)| label);
        Slice {
            inside: token_set(self.index, self.dense, self.sparse),
            exits: exits.into_boxed_slice(),
            exact: self.exact.into_boxed_slice(),
        }
    }
}

/// Above so many tokens a dense row is smaller and quicker than a list.
const MAX_SPARSE: usize = 2000;

fn token_set(index: &TokenIndex, dense: Option<Row>, sparse: Vec<TokenId>) -> TokenSet {
    if sparse.len() <= MAX_SPARSE {
        return TokenSet {
            dense,
            sparse: sparse.into_boxed_slice(),
        };
    }
    let mut row = match dense {
        Some(dense) => dense.to_vec(),
        None => vec![0u32; index.vocab().mask_words()],
    };
    for token in sparse {
        mask::set(&mut row, token);
    }
    TokenSet {
        dense: Some(Arc::from(row)),
        sparse: Box::default(),
    }
}
