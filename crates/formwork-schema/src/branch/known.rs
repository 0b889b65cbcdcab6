//! What the facts of a case say of members, and other tables that cases use one after the other.

#![expect(
    clippy::indexing_slicing,
    reason = "there is a place for every formula and name"
)]

use std::sync::Arc;

use smallvec::SmallVec;

use crate::intern::Marks;
use crate::node::NodeId;

use super::about::{NameId, PropsIndex};

/// What the facts say of members.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) required: Vec<NameId>,
    is_required: Marks,
    has_member: Marks,
    members: Vec<SmallVec<[NodeId; 2]>>,
    /// Which names there are at all, and what the others satisfy.
    pub(crate) covers: Vec<(Arc<PropsIndex>, NodeId)>,
}

impl Known {
    pub(crate) fn clear(&mut self) {
        self.required.clear();
        self.is_required.clear();
        self.has_member.clear();
        self.covers.clear();
    }

    pub(crate) fn require(&mut self, name: NameId) {
        self.is_required.insert(name);
        self.required.push(name);
    }

    pub(crate) fn add_member(&mut self, name: NameId, node: NodeId) {
        let at = name as usize;
        if self.members.len() <= at {
            self.members.resize_with(at + 1, SmallVec::new);
        }
        if self.has_member.insert(name) {
            self.members[at].clear();
        }
        self.members[at].push(node);
    }

    pub(crate) fn requires(&self, name: NameId) -> bool {
        self.is_required.contains(name)
    }

    /// What a member must satisfy, if it is there.
    pub(crate) fn member(&self, name: NameId) -> SmallVec<[NodeId; 4]> {
        let mut parts = SmallVec::new();
        if self.has_member.contains(name) {
            parts.extend_from_slice(&self.members[name as usize]);
        }
        let covers = self.covers.iter();
        // Whether a pattern allows a name is not looked at.
        let others = covers.filter(|(cover, _)| cover.patterns().is_empty() && !cover.names(name));
        parts.extend(others.map(|&(_, rest)| rest));
        parts
    }
}

/// What formulas come to in one case.
#[derive(Default)]
pub(crate) struct Reduced {
    known: Marks,
    to: Vec<NodeId>,
}

impl Reduced {
    pub(crate) fn clear(&mut self) {
        self.known.clear();
    }

    pub(crate) fn get(&self, node: NodeId) -> Option<NodeId> {
        let known = self.known.contains(node);
        known.then(|| self.to[node as usize])
    }

    pub(crate) fn set(&mut self, node: NodeId, to: NodeId) {
        let at = node as usize;
        if self.to.len() <= at {
            self.to.resize((at + 1).next_power_of_two(), 0);
        }
        self.known.insert(node);
        self.to[at] = to;
    }
}

/// In how many formulas each literal stands.
#[derive(Default)]
pub(crate) struct Counts {
    known: Marks,
    counts: Vec<u32>,
    pub(crate) found: Vec<NodeId>,
}

impl Counts {
    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.found.clear();
    }

    pub(crate) fn add(&mut self, node: NodeId) {
        let at = node as usize;
        if self.counts.len() <= at {
            self.counts.resize((at + 1).next_power_of_two(), 0);
        }
        if self.known.insert(node) {
            self.found.push(node);
            self.counts[at] = 0;
        }
        self.counts[at] += 1;
    }

    pub(crate) fn of(&self, node: NodeId) -> u32 {
        if self.known.contains(node) {
            self.counts[node as usize]
        } else {
            0
        }
    }
}

/// Which formulas were proved empty, and how deep was looked.
#[derive(Default)]
pub(crate) struct EmptyMemo {
    /// Two bits for each depth: whether it was tried, and the answer.
    known: Vec<u16>,
}

impl EmptyMemo {
    pub(crate) fn get(&self, node: NodeId, depth: u32) -> Option<bool> {
        let bits = self.known.get(node as usize)? >> (2 * depth.min(7));
        (bits & 1 == 1).then_some(bits & 2 == 2)
    }

    pub(crate) fn set(&mut self, node: NodeId, depth: u32, empty: bool) {
        let at = node as usize;
        if self.known.len() <= at {
            self.known.resize((at + 1).next_power_of_two(), 0);
        }
        let shift = 2 * depth.min(7);
        self.known[at] &= !(3 << shift);
        self.known[at] |= (1 | u16::from(empty) << 1) << shift;
    }
}
