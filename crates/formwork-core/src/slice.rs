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
    /// Tokens that end inside the terminal.
    pub(crate) inside: TokenSet,
    /// What leaves it, by label.
    pub(crate) exits: Box<[Exit]>,
    /// Tokens whose rest may depend on the captured text; they have to be run in
    /// full.
    pub(crate) exact: Box<[TokenId]>,
}

/// What leaves a terminal under one label.
#[derive(Debug)]
pub(crate) struct Exit {
    pub(crate) label: Label,
    /// Tokens that end with the terminal.
    pub(crate) ends: Box<[TokenId]>,
    /// Trie nodes at which the terminal ends and longer tokens go on.
    pub(crate) nodes: Box<[NodeId]>,
}

/// A set of tokens, dense or sparse or both.
#[derive(Clone, Default, Debug)]
pub(crate) struct TokenSet {
    pub(crate) dense: Option<Row>,
    pub(crate) sparse: Box<[TokenId]>,
}

impl TokenSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.dense.is_none() && self.sparse.is_empty()
    }

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
        let exits = self
            .exits
            .iter()
            .map(|exit| exit.ends.len() + exit.nodes.len());
        let exits: usize = exits.sum();
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
            Bulk::Content {
                max_chars,
                exact,
                close,
            } if exact || index.affects_none(max_chars) => {
                let bound = index.effective(max_chars);
                builder.dense = Some(index.content(bound));
                let fits = |&&(_, chars): &&(TokenId, u32)| max_chars.is_none_or(|m| chars <= m);
                builder
                    .sparse
                    .extend(index.long().iter().filter(fits).map(|&(token, _)| token));
                builder.close(state, close.filter(|_| bound.is_none()));
            }
            Bulk::Region {
                ascii,
                non_ascii,
                max_chars,
            } => {
                let region = Region {
                    ascii,
                    non_ascii,
                    max_chars: index.effective(max_chars),
                };
                builder.dense = Some(index.region(region));
                builder.walk(state, Some(region));
            }
            _ => builder.walk(state, None),
        }
        builder.finish()
    }
}

struct Builder<'a> {
    index: &'a TokenIndex,
    terminal: &'a dyn Terminal,
    sparse: Vec<TokenId>,
    dense: Option<Row>,
    exits: FxHashMap<Label, (Vec<TokenId>, Vec<NodeId>)>,
    exact: Vec<TokenId>,
}

impl Builder<'_> {
    /// Follows the trie as far as the terminal goes, in preorder.
    ///
    /// With a region, subtrees reached without ever leaving `from`, all of
    /// whose bytes lie in the region, are skipped: the region's row has them.
    fn walk(&mut self, from: LexState, region: Option<Region>) {
        let trie = self.index.vocab().trie();
        let mut automaton = Stepper::new(self.terminal, from);
        // The automaton's state after each depth.
        let mut path = vec![Stepper::START; self.index.longest() + 1];
        let mut pure = 0; // the path is in the region up to this depth
        let mut node = 1;
        while (node as usize) < trie.len() {
            let at = NodeId(node);
            let end = trie.subtree_end(at).0;
            let depth = trie.depth(at);
            let next = automaton.step(path[depth - 1], trie.byte(at));
            if next == Stepper::DEAD {
                node = end;
                continue;
            }
            pure = pure.min(depth - 1);
            if pure + 1 == depth && next == Stepper::START {
                pure = depth;
                if region.is_some_and(|region| self.covered(at, region)) {
                    self.sparse.extend_from_slice(trie.tokens(at));
                    node = end;
                    continue;
                }
            }
            let facts = automaton.facts(next);
            if facts.goes_on {
                self.sparse.extend_from_slice(trie.tokens(at));
            }
            if let Some(label) = facts.exit {
                self.exit(label, at, depth, !facts.goes_on);
            }
            if facts.goes_on {
                path[depth] = next;
                node += 1;
            } else {
                node = end;
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
        for closer in self.index.closers() {
            let label = close.or_else(|| {
                let inside = |state, &byte| self.terminal.step(state, byte);
                let last = closer.body.iter().try_fold(from, inside)?;
                self.terminal.exit(self.terminal.step(last, b'"')?)
            });
            if let Some(label) = label {
                self.exit(label, closer.node, closer.body.len() + 1, true);
            }
        }
    }

    /// Records that the terminal may end at a node, `depth` bytes deep;
    /// `closed` if it has to.
    fn exit(&mut self, label: Label, node: NodeId, depth: usize, closed: bool) {
        let trie = self.index.vocab().trie();
        let (ends, nodes) = self.exits.entry(label).or_default();
        if closed {
            ends.extend_from_slice(trie.tokens(node));
        }
        if trie.subtree_end(node).0 == node.0 + 1 {
            return;
        }
        nodes.push(node);
        if self.terminal.captures() {
            let vocab = self.index.vocab();
            let below = vocab.trie().subtree_tokens(node).iter().copied();
            self.exact.extend(below.filter(|&token| {
                let rest = vocab.bytes(token).get(depth..);
                rest.is_some_and(|rest| self.terminal.depends_on_text(rest))
            }));
        }
    }

    fn finish(self) -> Slice {
        let mut exits: Vec<Exit> = self
            .exits
            .into_iter()
            .map(|(label, (ends, nodes))| Exit {
                label,
                ends: ends.into_boxed_slice(),
                nodes: nodes.into_boxed_slice(),
            })
            .collect();
        exits.sort_unstable_by_key(|exit| exit.label);
        Slice {
            inside: token_set(self.index, self.dense, self.sparse),
            exits: exits.into_boxed_slice(),
            exact: self.exact.into_boxed_slice(),
        }
    }
}

/// Above so many tokens a dense row is smaller and quicker than a list.
const MAX_SPARSE: usize = 2000;

pub(crate) fn token_set(index: &TokenIndex, dense: Option<Row>, sparse: Vec<TokenId>) -> TokenSet {
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

/// A terminal's automaton with the steps already taken in a table: a walk over
/// the trie takes few different steps many times.
///
/// PERF: full walk over 274,521 nodes from a pattern state, before 20 to 30 ms
/// (a dynamic call, decoding and a length check per node), after about 1 ms.
struct Stepper<'a> {
    terminal: &'a dyn Terminal,
    ids: FxHashMap<LexState, u32>,
    states: Vec<(LexState, Facts)>,
    /// 256 entries a state.
    next: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Facts {
    exit: Option<Label>,
    goes_on: bool,
}

impl<'a> Stepper<'a> {
    const START: u32 = 0;
    const DEAD: u32 = u32::MAX;
    const UNKNOWN: u32 = u32::MAX - 1;

    fn new(terminal: &'a dyn Terminal, start: LexState) -> Stepper<'a> {
        let mut stepper = Stepper {
            terminal,
            ids: FxHashMap::default(),
            states: Vec::new(),
            next: Vec::new(),
        };
        stepper.add(start);
        stepper
    }

    fn add(&mut self, state: LexState) -> u32 {
        if let Some(&id) = self.ids.get(&state) {
            return id;
        }
        let id = self.states.len() as u32;
        let facts = Facts {
            exit: self.terminal.exit(state),
            goes_on: self.terminal.can_continue(state),
        };
        self.states.push((state, facts));
        self.next.resize(self.next.len() + 256, Self::UNKNOWN);
        self.ids.insert(state, id);
        id
    }

    fn step(&mut self, from: u32, byte: u8) -> u32 {
        let cell = from as usize * 256 + usize::from(byte);
        let known = self.next[cell];
        if known != Self::UNKNOWN {
            return known;
        }
        let (state, _) = self.states[from as usize];
        let to = match self.terminal.step(state, byte) {
            Some(next) => self.add(next),
            None => Self::DEAD,
        };
        self.next[cell] = to;
        to
    }

    fn facts(&self, state: u32) -> Facts {
        self.states[state as usize].1
    }
}
