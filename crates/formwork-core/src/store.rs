//! What is learnt of automata over a vocabulary, for all grammars: automata are
//! known by value, so equal terminals of different grammars share everything.
//!
//! A *residual* is what is left of the vocabulary behind a terminal: the trie nodes
//! at which it may end and longer tokens go on. Sets of nodes are numbered, so that
//! a question about one is asked once, whatever led there.

#![expect(
    clippy::indexing_slicing,
    reason = "sets are numbered as they are kept; the path is as deep as the trie; a byte has a bit"
)]

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use formwork_grammar::{ByteDfa, Bytes, LexState, Run, Terminal};
use formwork_vocab::{NodeId, TokenId};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::index::{Row, TokenIndex};
use crate::intern::Interner;
use crate::token_set::TokenSet;

/// A residual: its number, and the bytes that come next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rest {
    pub(crate) id: u32,
    pub(crate) first: Bytes,
}

impl Rest {
    /// Nothing is left.
    pub(crate) const NONE: Rest = Rest {
        id: 0,
        first: [0; 4],
    };
    /// Every token, not begun yet.
    pub(crate) const ROOT: Rest = Rest {
        id: 1,
        first: [u64::MAX; 4],
    };

    pub(crate) fn is_none(self) -> bool {
        self.id == Rest::NONE.id
    }

    /// Whether any of some bytes comes next.
    pub(crate) fn meets(self, bytes: &Bytes) -> bool {
        self.first.iter().zip(bytes).any(|(a, b)| a & b != 0)
    }
}

/// What of a residual an automaton reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// The tokens that end inside the automaton or with it, by number; 0 if there
    /// are none.
    pub(crate) inside: u32,
    /// What goes on behind it.
    pub(crate) rest: Rest,
}

/// An automaton with a state, a residual to be read from there, and the bytes that
/// may come after the automaton's end: nodes without any of them are left out.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PartKey {
    pub(crate) dfa: u32,
    pub(crate) state: u32,
    pub(crate) rest: u32,
    pub(crate) next: u32,
}

/// The tables of a vocabulary. Numbers of one store mean nothing to another.
pub(crate) struct Store {
    tables: RwLock<Tables>,
}

pub(crate) struct Tables {
    dfas: Interner<ByteDfa>,
    byte_sets: Interner<Bytes>,
    /// The nodes of residuals, ascending, and their next bytes.
    rests: Interner<[NodeId]>,
    firsts: Vec<Bytes>,
    /// The numbers of parts: what is inside, and the residual. As small as can be, for
    /// every mask asks for thousands.
    parts: FxHashMap<PartKey, (u32, u32)>,
    sets: Vec<TokenSet>,
    unions: FxHashMap<(u32, u32), u32>,
    /// Equal rows are one.
    rows: FxHashSet<Row>,
    bytes: usize,
}

/// Above so many bytes a store takes in no more grammars; at twice as many a mask
/// under way is given up.
const MAX_BYTES: usize = 128 << 20;

impl Default for Store {
    fn default() -> Self {
        let mut tables = Tables {
            dfas: Interner::default(),
            byte_sets: Interner::default(),
            rests: Interner::default(),
            firsts: vec![Rest::NONE.first, Rest::ROOT.first],
            parts: FxHashMap::default(),
            sets: vec![TokenSet::default()],
            unions: FxHashMap::default(),
            rows: FxHashSet::default(),
            bytes: 0,
        };
        tables.rests.intern_slice(&[]);
        tables.rests.intern_slice(&[NodeId(0)]);
        Store {
            tables: RwLock::new(tables),
        }
    }
}

impl Store {
    /// The tables, to be read by many at once.
    pub(crate) fn tables(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables_mut(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.tables().bytes
    }

    pub(crate) fn is_full(&self) -> bool {
        self.heap_bytes() > MAX_BYTES
    }

    /// The number of an automaton.
    pub(crate) fn dfa(&self, dfa: &ByteDfa) -> u32 {
        let mut tables = self.tables_mut();
        let known = tables.dfas.len();
        let id = tables.dfas.intern(dfa.clone());
        if tables.dfas.len() > known {
            tables.bytes += 64 * dfa.state_count();
        }
        id
    }

    /// The number of a set of bytes.
    pub(crate) fn byte_set(&self, bytes: Bytes) -> u32 {
        self.tables_mut().byte_sets.intern(bytes)
    }

    /// What an automaton reads of a residual from a state on.
    ///
    /// The first time it costs a step per node of the trie below the residual that
    /// the automaton lives to see.
    pub(crate) fn part(&self, index: &TokenIndex, key: PartKey) -> Part {
        let (dfa, nodes, next) = {
            let tables = self.tables();
            if let Some(part) = tables.part(&key) {
                return part;
            }
            let dfa = Arc::clone(tables.dfas.get(key.dfa));
            let nodes = Arc::clone(tables.rests.get(key.rest));
            (dfa, nodes, **tables.byte_sets.get(key.next))
        };
        let (tokens, exits) = read(index, &dfa, key.state, &nodes, &next);
        let inside = TokenSet::new(index, None, &tokens);
        let mut tables = self.tables_mut();
        let rest = tables.rest(index, &exits);
        let inside = tables.set(inside);
        let part = Part { inside, rest };
        tables.bytes += 32;
        tables.parts.insert(key, (inside, rest.id));
        part
    }

    /// Two residuals together, by number.
    pub(crate) fn union(&self, index: &TokenIndex, (a, b): (u32, u32)) -> Rest {
        let mut tables = self.tables_mut();
        if let Some(known) = tables.union((a, b)) {
            return known;
        }
        let mut nodes: Vec<NodeId> = tables.rests.get(a).to_vec();
        nodes.extend_from_slice(tables.rests.get(b));
        nodes.sort_unstable();
        nodes.dedup();
        let rest = tables.rest(index, &nodes);
        tables.bytes += 32;
        tables.unions.insert((a, b), rest.id);
        rest
    }
}

impl Tables {
    /// See [`Store::part`].
    pub(crate) fn part(&self, key: &PartKey) -> Option<Part> {
        let &(inside, rest) = self.parts.get(key)?;
        let rest = self.known(rest);
        Some(Part { inside, rest })
    }

    /// The tokens inside of a [part](Part::inside).
    pub(crate) fn inside(&self, set: u32) -> &TokenSet {
        &self.sets[set as usize]
    }

    /// Whether a mask under way has to be given up.
    pub(crate) fn is_overfull(&self) -> bool {
        self.bytes > 2 * MAX_BYTES
    }

    /// See [`Store::byte_set`].
    pub(crate) fn byte_set(&self, bytes: &Bytes) -> Option<u32> {
        self.byte_sets.find(bytes)
    }

    /// See [`Store::union`].
    pub(crate) fn union(&self, of: (u32, u32)) -> Option<Rest> {
        self.unions.get(&of).map(|&id| self.known(id))
    }

    fn known(&self, id: u32) -> Rest {
        Rest {
            id,
            first: self.firsts[id as usize],
        }
    }

    /// The residual of some nodes, ascending.
    fn rest(&mut self, index: &TokenIndex, nodes: &[NodeId]) -> Rest {
        let id = self.rests.intern_slice(nodes);
        if id as usize == self.firsts.len() {
            let trie = index.vocab().trie();
            let mut first = [0u64; 4];
            for &node in nodes {
                for (byte, _) in trie.children(node) {
                    first[usize::from(byte / 64)] |= 1 << (byte % 64);
                }
            }
            self.firsts.push(first);
            self.bytes += 96 + 4 * nodes.len();
        }
        self.known(id)
    }

    /// The number of a set of tokens. Equal rows are kept once.
    fn set(&mut self, mut set: TokenSet) -> u32 {
        if set.is_empty() {
            return 0;
        }
        if let Some(row) = &mut set.dense {
            if let Some(known) = self.rows.get(row) {
                *row = Arc::clone(known);
            } else {
                self.bytes += 4 * row.len();
                self.rows.insert(Arc::clone(row));
            }
        }
        self.bytes += 64 + 4 * set.sparse.len();
        self.sets.push(set);
        (self.sets.len() - 1) as u32
    }
}

/// The tokens below `nodes` that an automaton reads from a state to their end, and
/// the nodes below them at which it may end and one of the bytes `next` follows.
fn read(
    index: &TokenIndex,
    dfa: &ByteDfa,
    state: u32,
    nodes: &[NodeId],
    next: &Bytes,
) -> (Vec<TokenId>, Vec<NodeId>) {
    let trie = index.vocab().trie();
    let (mut tokens, mut exits) = (Vec::new(), Vec::new());
    let mut loops = Loops::new(dfa, next);
    // The automaton's state after each depth below the root.
    let mut path = vec![LexState::default(); index.longest() + 1];
    path[0] = LexState([state, 0, 0, 0]);
    for &root in nodes {
        let above = trie.depth(root);
        let mut node = root.0 + 1;
        let last = trie.subtree_end(root).0;
        while node < last {
            let at = NodeId(node);
            let end = trie.subtree_end(at).0;
            let depth = trie.depth(at) - above;
            let from = path[depth - 1];
            let Some(state) = dfa.step(from, trie.byte(at)) else {
                node = end;
                continue;
            };
            if state == from && end > node + 1 && loops.cover(index, state, at) {
                tokens.extend_from_slice(trie.subtree_tokens(at));
                node = end;
                continue;
            }
            tokens.extend_from_slice(trie.tokens(at));
            if end > node + 1 && dfa.exit(state).is_some() {
                let comes_next = |byte: u8| next[usize::from(byte / 64)] >> (byte % 64) & 1 == 1;
                if trie.children(at).any(|(byte, _)| comes_next(byte)) {
                    exits.push(at);
                }
            }
            if dfa.can_continue(state) {
                path[depth] = state;
                node += 1;
            } else {
                node = end;
            }
        }
    }
    exits.sort_unstable();
    exits.dedup();
    (tokens, exits)
}

/// The bytes on which states of an automaton stay where they are, and after which
/// it does not end where another terminal could go on.
///
/// PERF: subtrees that are read within one state need no look inside, which is most
/// of the vocabulary in names and comments.
struct Loops<'a> {
    dfa: &'a ByteDfa,
    next: &'a Bytes,
    known: FxHashMap<u32, [u64; 2]>,
}

impl<'a> Loops<'a> {
    fn new(dfa: &'a ByteDfa, next: &'a Bytes) -> Loops<'a> {
        Loops {
            dfa,
            next,
            known: FxHashMap::default(),
        }
    }

    /// Whether everything below a node stays in `state`, and nothing leaves there.
    fn cover(&mut self, index: &TokenIndex, state: LexState, node: NodeId) -> bool {
        let (dfa, next) = (self.dfa, self.next);
        let ascii = self.known.entry(state.0[0]).or_insert_with(|| {
            let mut ascii = [0u64; 2];
            for byte in 0..0x80u8 {
                if dfa.step(state, byte) == Some(state) {
                    ascii[usize::from(byte / 64)] |= 1 << (byte % 64);
                }
            }
            if dfa.exit(state).is_some() {
                ascii[0] &= !next[0];
                ascii[1] &= !next[1];
            }
            ascii
        });
        let run = Run {
            ascii: *ascii,
            leads: 0,
            max_chars: None,
        };
        index.beneath().is_ascii(node) && index.beneath().is_within(node, &run)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use formwork_grammar::ByteDfaBuilder;
    use formwork_vocab::Vocab;

    use super::*;

    fn index() -> TokenIndex {
        let mut builder = Vocab::builder();
        let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
        let words = [
            "ab", "aba", "abab", "a b", "ab(", "ab()", "b(a", "((", "aab;",
        ];
        let all = bytes.chain(words.iter().map(|word| word.as_bytes().to_vec()));
        for (id, token) in all.enumerate() {
            builder.token(TokenId(id as u32), &token);
        }
        TokenIndex::new(Arc::new(builder.build().expect("a vocabulary"))).expect("all bytes")
    }

    /// Names over `a` and `b`.
    fn names() -> ByteDfa {
        let mut builder = ByteDfaBuilder::default();
        let (start, inside) = (builder.state(), builder.state());
        for from in [start, inside] {
            for byte in *b"ab" {
                builder.edge(from, byte, inside);
            }
        }
        builder.label(inside, 0);
        builder.build(start)
    }

    /// The same token by token.
    fn naive(
        index: &TokenIndex,
        dfa: &ByteDfa,
        nodes: &[NodeId],
        next: &Bytes,
    ) -> (Vec<TokenId>, Vec<NodeId>) {
        let trie = index.vocab().trie();
        let (mut tokens, mut exits) = (Vec::new(), Vec::new());
        let mut open: Vec<(NodeId, LexState)> = nodes.iter().map(|&n| (n, dfa.start())).collect();
        while let Some((node, state)) = open.pop() {
            for (byte, child) in trie.children(node) {
                let Some(state) = dfa.step(state, byte) else {
                    continue;
                };
                tokens.extend_from_slice(trie.tokens(child));
                let follows = |(b, _): (u8, _)| next[usize::from(b / 64)] >> (b % 64) & 1 == 1;
                if dfa.exit(state).is_some() && trie.children(child).any(follows) {
                    exits.push(child);
                }
                open.push((child, state));
            }
        }
        tokens.sort_unstable();
        exits.sort_unstable();
        exits.dedup();
        (tokens, exits)
    }

    #[test]
    fn parts_are_what_single_steps_say() {
        let (index, dfa) = (index(), names());
        let trie = index.vocab().trie();
        let child = |node, byte| trie.child(node, byte).expect("a node");
        let root = trie.root();
        let deeper = [child(root, b'a'), child(child(root, b'a'), b'b')];
        let word: Bytes = [0, 1 << (b'a' - 64), 0, 0];
        let mark: Bytes = [1 << b'(' | 1 << b';', 0, 0, 0];
        for nodes in [vec![root], deeper.to_vec()] {
            for next in [[u64::MAX; 4], [0; 4], word, mark] {
                let start = dfa.start().0[0];
                let (mut tokens, exits) = read(&index, &dfa, start, &nodes, &next);
                tokens.sort_unstable();
                assert_eq!((tokens, exits), naive(&index, &dfa, &nodes, &next));
            }
        }
    }

    #[test]
    fn equal_questions_have_equal_answers() {
        let (index, store) = (index(), Store::default());
        let dfa = store.dfa(&names());
        assert_eq!(store.dfa(&names()), dfa);
        let key = PartKey {
            dfa,
            state: names().start().0[0],
            rest: Rest::ROOT.id,
            next: store.byte_set([u64::MAX; 4]),
        };
        let part = store.part(&index, key);
        let again = store.part(&index, key);
        assert_eq!((part.inside, part.rest), (again.inside, again.rest));
        let both = store.union(&index, (part.rest.id, Rest::ROOT.id));
        assert_eq!(both, store.union(&index, (part.rest.id, Rest::ROOT.id)));
        assert!(both.meets(&part.rest.first));
        assert!(!Rest::NONE.meets(&both.first));
        assert!(store.heap_bytes() > 0 && !store.is_full());
    }
}
