//! What is left to be read of the token at a position.

use formwork_vocab::{NodeId, TokenId, Vocab};
use rustc_hash::FxHashMap;

/// A [`Rest`], by number.
pub(crate) type RestId = u32;

/// What a position still holds behind some of its bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Rest {
    /// The canvas has ended: nothing follows.
    End,
    /// Any of the tokens that go on behind some nodes of the trie; behind the root, any
    /// token at all.
    Nodes(Box<[NodeId]>),
    /// A certain token, from its first byte.
    Token(TokenId),
    /// So many bytes, at least one, of a certain token.
    Bytes(Box<[u8]>),
}

/// All rests that occurred.
pub(crate) struct Rests {
    all: Vec<Rest>,
    ids: FxHashMap<Rest, RestId>,
}

impl Rests {
    pub(crate) const END: RestId = 0;
    /// An open position.
    pub(crate) const OPEN: RestId = 1;

    pub(crate) fn new(vocab: &Vocab) -> Rests {
        let mut rests = Rests {
            all: Vec::new(),
            ids: FxHashMap::default(),
        };
        rests.intern(Rest::End);
        rests.intern(Rest::Nodes([vocab.trie().root()].into()));
        rests
    }

    pub(crate) fn get(&self, id: RestId) -> &Rest {
        &self.all[id as usize]
    }

    pub(crate) fn intern(&mut self, rest: Rest) -> RestId {
        if let Some(&id) = self.ids.get(&rest) {
            return id;
        }
        let id = self.all.len() as RestId;
        self.all.push(rest.clone());
        self.ids.insert(rest, id);
        id
    }

    /// Nodes without some of them.
    pub(crate) fn without(&mut self, rest: RestId, nodes: &[NodeId]) -> Option<RestId> {
        let Rest::Nodes(all) = self.get(rest) else {
            return Some(rest);
        };
        let left: Box<[NodeId]> = all
            .iter()
            .copied()
            .filter(|node| !nodes.contains(node))
            .collect();
        (!left.is_empty()).then(|| self.intern(Rest::Nodes(left)))
    }

    /// Some rests as one, but for `whole` and what is part of a certain token.
    pub(crate) fn unite(
        &mut self,
        rests: impl Iterator<Item = RestId>,
        whole: RestId,
    ) -> Vec<RestId> {
        let mut apart = Vec::new();
        let mut nodes: Vec<NodeId> = Vec::new();
        let mut united = 0;
        for rest in rests {
            match self.get(rest) {
                Rest::Nodes(more) if rest != whole => {
                    nodes.extend_from_slice(more);
                    united = if united == 0 { rest } else { RestId::MAX };
                }
                _ => apart.push(rest),
            }
        }
        if united == RestId::MAX {
            nodes.sort_unstable();
            nodes.dedup();
            united = self.intern(Rest::Nodes(nodes.into()));
        }
        apart.extend((united != 0).then_some(united));
        apart
    }

    /// How far into a position a rest begins: whatever is read of a rest leaves one with a
    /// greater number, and a part of it has none that is less.
    pub(crate) fn depth(&self, id: RestId) -> u32 {
        match self.get(id) {
            Rest::End | Rest::Token(_) => 0,
            // Nodes come before those behind them.
            Rest::Nodes(nodes) => nodes.first().map_or(0, |node| node.0),
            Rest::Bytes(bytes) => u32::MAX - bytes.len() as u32,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
}
