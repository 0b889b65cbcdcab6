//! Residuals: what is left of tokens that were read in part.
//!
//! A residual is a set of nodes of the vocabulary's trie, each the place reached in
//! the tokens below it. Reading a byte leads from one to another, so residuals are
//! the states of a deterministic automaton, made on demand: whoever reads the rest of
//! many tokens takes one step where they go on alike, and each such step is worked
//! out once per vocabulary.

#![expect(
    clippy::indexing_slicing,
    reason = "a byte has a bit; runs of equals are not empty"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use formwork_grammar::Bytes;
use formwork_vocab::{NodeId, TokenId, Trie, Vocab};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::arena::Arena;

/// A residual, by number. Equal ones have equal numbers, as long as the
/// [`Residuals`] are the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Rest(u32);

/// Sets of more nodes are large.
const LARGE: usize = 48;

/// A number from here on is that of a set, one below is that of a node.
const SETS: u32 = 1 << 31;

impl Default for Rest {
    fn default() -> Self {
        Rest::NONE
    }
}

impl Rest {
    /// Nothing is left.
    pub(crate) const NONE: Rest = Rest(u32::MAX);
    /// Every token, not begun yet.
    pub(crate) const ROOT: Rest = Rest(0);

    pub(crate) fn is_none(self) -> bool {
        self == Rest::NONE
    }
}

/// Several nodes, ascending, with what follows them.
struct Set {
    nodes: Arc<[NodeId]>,
    first: Bytes,
    branches: OnceLock<Box<[Branch]>>,
}

/// What a byte leads to.
struct Branch {
    byte: u8,
    /// The tokens that end there.
    tokens: Box<[TokenId]>,
    rest: Rest,
}

/// The residuals of a vocabulary that were met.
pub(crate) struct Residuals {
    vocab: Arc<Vocab>,
    sets: Arena<Set>,
    ids: Mutex<FxHashMap<Arc<[NodeId]>, u32>>,
    bytes: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every table is consistent after each insertion.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Residuals {
    pub(crate) fn new(vocab: Arc<Vocab>) -> Residuals {
        Residuals {
            vocab,
            sets: Arena::default(),
            ids: Mutex::default(),
            bytes: AtomicUsize::new(0),
        }
    }

    fn trie(&self) -> &Trie {
        self.vocab.trie()
    }

    /// Approximate heap use, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// What is left of the tokens through `node`.
    pub(crate) fn after(&self, node: NodeId) -> Rest {
        match self.trie().subtree_end(node).0 > node.0 + 1 {
            true => Rest(node.0),
            false => Rest::NONE,
        }
    }

    /// The residual of some nodes, in any order.
    pub(crate) fn of(&self, mut nodes: Vec<NodeId>) -> Rest {
        nodes.retain(|&node| !self.after(node).is_none());
        nodes.sort_unstable();
        nodes.dedup();
        match nodes[..] {
            [] => return Rest::NONE,
            [node] => return Rest(node.0),
            _ => {}
        }
        if let Some(&id) = locked(&self.ids).get(&nodes[..]) {
            return Rest(SETS | id);
        }
        let first = nodes.iter().fold([0; 4], |mut all, &node| {
            add(&mut all, &self.node_first(node));
            all
        });
        let nodes: Arc<[NodeId]> = nodes.into();
        let mut ids = locked(&self.ids);
        // Another thread may have been as far meanwhile.
        if let Some(&id) = ids.get(&nodes[..]) {
            return Rest(SETS | id);
        }
        self.count(160 + 4 * nodes.len());
        let set = Set {
            nodes: Arc::clone(&nodes),
            first,
            branches: OnceLock::new(),
        };
        // A full arena has 2^31 sets, beyond every budget.
        let Some(id) = self.sets.push(set) else {
            return Rest::NONE;
        };
        ids.insert(nodes, id);
        Rest(SETS | id)
    }

    fn count(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn set(&self, rest: Rest) -> Option<&Set> {
        self.sets.get(rest.0.checked_sub(SETS)?)
    }

    /// The node of a residual that has only one.
    pub(crate) fn node(rest: Rest) -> Option<NodeId> {
        (rest.0 < SETS).then_some(NodeId(rest.0))
    }

    /// The nodes of a residual, ascending.
    pub(crate) fn nodes(&self, rest: Rest) -> SmallVec<[NodeId; 8]> {
        match rest {
            Rest::NONE => SmallVec::new(),
            Rest(node) if node < SETS => SmallVec::from_slice(&[NodeId(node)]),
            _ => self
                .set(rest)
                .map(|set| SmallVec::from_slice(&set.nodes))
                .unwrap_or_default(),
        }
    }

    /// Several residuals together.
    pub(crate) fn union_all(&self, rests: &[Rest]) -> Rest {
        match *rests {
            [] => Rest::NONE,
            [rest] => rest,
            _ => self.of(rests.iter().flat_map(|&rest| self.nodes(rest)).collect()),
        }
    }

    /// Several residuals as few: large ones, which others have too, stay as they are, so
    /// that what is known of them is of use.
    ///
    /// PERF: a union of thousands of nodes takes 5 us to find and 50 to make.
    pub(crate) fn gather(&self, rests: &[Rest]) -> SmallVec<[Rest; 2]> {
        let is_large = |rest: &Rest| self.set(*rest).is_some_and(|set| set.nodes.len() > LARGE);
        let (mut large, small): (SmallVec<[Rest; 2]>, SmallVec<[Rest; 2]>) =
            rests.iter().copied().partition(is_large);
        let small = self.union_all(&small);
        if !small.is_none() {
            large.push(small);
        }
        large.sort_unstable();
        large.dedup();
        large
    }

    /// The bytes that come next.
    pub(crate) fn first(&self, rest: Rest) -> Bytes {
        match rest {
            Rest::NONE => [0; 4],
            Rest::ROOT => [u64::MAX; 4],
            Rest(node) if node < SETS => self.node_first(NodeId(node)),
            _ => self.set(rest).map_or([0; 4], |set| set.first),
        }
    }

    fn node_first(&self, node: NodeId) -> Bytes {
        let mut first = [0; 4];
        for (byte, _) in self.trie().children(node) {
            first[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        first
    }

    /// How many bytes can come next at most, as far as that is known at once.
    pub(crate) fn fan(&self, rest: Rest) -> usize {
        match Residuals::node(rest) {
            Some(node) => self.trie().fan(node),
            None => self.set(rest).map_or(0, |set| {
                let first = set.first.iter().map(|word| word.count_ones());
                first.sum::<u32>() as usize
            }),
        }
    }

    /// Calls `visit` for every byte of `live` that comes next, with the tokens that
    /// end with it and what is left then.
    pub(crate) fn branches(
        &self,
        rest: Rest,
        live: &Bytes,
        mut visit: impl FnMut(u8, &[TokenId], Rest),
    ) {
        let trie = self.trie();
        if rest.is_none() {
            return;
        }
        if rest.0 >= SETS {
            let branches = self.set(rest).map(|set| self.set_branches(set));
            for branch in branches.into_iter().flatten() {
                if has(live, branch.byte) {
                    visit(branch.byte, &branch.tokens, branch.rest);
                }
            }
            return;
        }
        trie.children_in(NodeId(rest.0), live, |byte, child| {
            visit(byte, trie.tokens(child), self.after(child));
        });
    }

    fn set_branches<'a>(&'a self, set: &'a Set) -> &'a [Branch] {
        set.branches.get_or_init(|| {
            let trie = self.trie();
            let mut children: Vec<(u8, NodeId)> = Vec::new();
            for &node in set.nodes.iter() {
                children.extend(trie.children(node));
            }
            children.sort_unstable();
            let branches: Box<[Branch]> = children
                .chunk_by(|a, b| a.0 == b.0)
                .map(|alike| {
                    let nodes = alike.iter().map(|&(_, node)| node);
                    Branch {
                        byte: alike[0].0,
                        tokens: nodes
                            .clone()
                            .flat_map(|n| trie.tokens(n))
                            .copied()
                            .collect(),
                        rest: self.of(nodes.collect()),
                    }
                })
                .collect();
            let tokens: usize = branches.iter().map(|branch| branch.tokens.len()).sum();
            self.count(32 * branches.len() + 4 * tokens);
            branches
        })
    }
}

/// Whether a byte is in a set.
pub(crate) fn has(set: &Bytes, byte: u8) -> bool {
    set[usize::from(byte / 64)] >> (byte % 64) & 1 == 1
}

/// Whether two sets have a byte in common.
pub(crate) fn meet(a: &Bytes, b: &Bytes) -> bool {
    a.iter().zip(b).any(|(a, b)| a & b != 0)
}

fn add(set: &mut Bytes, more: &Bytes) {
    for (word, more) in set.iter_mut().zip(more) {
        *word |= more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocab() -> Arc<Vocab> {
        let mut builder = Vocab::builder();
        let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
        let words = ["ab", "abc", "b", "bc", "bcd", "cbc", "cd", "xyz"];
        let all = bytes.chain(words.iter().map(|word| word.as_bytes().to_vec()));
        for (id, token) in all.enumerate() {
            builder.token(TokenId(id as u32), &token);
        }
        Arc::new(builder.build().expect("a vocabulary"))
    }

    /// The rests of tokens, after each of the nodes.
    fn texts(residuals: &Residuals, rest: Rest) -> Vec<Vec<u8>> {
        let vocab = &residuals.vocab;
        let mut all = Vec::new();
        for node in residuals.nodes(rest) {
            let depth = vocab.trie().depth(node);
            let own = vocab.trie().tokens(node);
            let below = vocab.trie().subtree_tokens(node).iter();
            all.extend(
                below
                    .filter(|token| !own.contains(token))
                    .map(|&token| vocab.bytes(token)[depth..].to_vec()),
            );
        }
        all.sort();
        all
    }

    #[test]
    fn steps_are_those_of_every_rest() {
        let residuals = Residuals::new(vocab());
        let trie = residuals.trie();
        let at = |text: &[u8]| trie.descend(trie.root(), text).expect("a node");
        let sets = [
            residuals.of(vec![at(b"a"), at(b"c"), at(b"x")]),
            residuals.of(vec![trie.root(), at(b"a"), at(b"cb")]),
            Rest::ROOT,
            residuals.after(at(b"c")),
        ];
        for rest in sets {
            let texts_before = texts(&residuals, rest);
            let mut seen = [0; 4];
            residuals.branches(rest, &[u64::MAX; 4], |byte, tokens, next| {
                seen[usize::from(byte / 64)] |= 1 << (byte % 64);
                let mut expected: Vec<Vec<u8>> = texts_before
                    .iter()
                    .filter(|text| text[0] == byte)
                    .map(|text| text[1..].to_vec())
                    .collect();
                let ended = expected.iter().filter(|text| text.is_empty()).count();
                expected.retain(|text| !text.is_empty());
                expected.sort();
                assert_eq!(tokens.len(), ended);
                assert_eq!(texts(&residuals, next), expected);
            });
            if rest != Rest::ROOT {
                assert_eq!(seen, residuals.first(rest));
            }
            let mut few = Vec::new();
            residuals.branches(rest, &[0, 0b1110 << 32, 0, 0], |byte, _, _| few.push(byte));
            let expected: Vec<u8> = (b'a'..=b'c').filter(|&b| has(&seen, b)).collect();
            assert_eq!(few, expected);
        }
    }

    #[test]
    fn equal_sets_have_equal_numbers() {
        let residuals = Residuals::new(vocab());
        let trie = residuals.trie();
        let at = |text: &[u8]| trie.descend(trie.root(), text).expect("a node");
        let (a, b) = (residuals.after(at(b"a")), residuals.after(at(b"b")));
        let both = residuals.union_all(&[a, b]);
        assert_eq!(both, residuals.of(vec![at(b"b"), at(b"a"), at(b"xyz")]));
        assert_eq!(both, residuals.union_all(&[b, both, Rest::NONE]));
        assert_eq!(residuals.union_all(&[a, Rest::NONE]), a);
        assert_eq!(Residuals::node(both), None);
        assert_eq!(residuals.of(vec![at(b"xyz")]), Rest::NONE);
        assert!(residuals.heap_bytes() > 0);
    }
}
