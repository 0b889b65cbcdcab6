//! The prefix tree: what attempts have learnt of the mass behind every prefix.
//!
//! For every prefix `u` it keeps bounds of c(u), the probability that a text that begins
//! with `u` ends within the language: θ(u) from above and `low(u)` from below. Both are
//! sums over the row of the prefix, of tokens that nobody has looked behind (θ = 1,
//! low = 0), stop tokens (both 1) and prefixes that are known; as logarithms, so that
//! nothing underflows, and never as a difference, so that nothing cancels. θ only falls,
//! `low` only rises, and c(u) stays between them whatever is looked at next.

mod rows;
mod save;

use formwork::TokenId;

use crate::numbers::{at_most_one, ln_sum};
use crate::row::Row;
use rows::Rows;

pub use save::{Fingerprints, RestoreTreeError};

/// A prefix by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) const ROOT: NodeId = NodeId(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of a prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// Nothing: θ = 1.
    Nothing,
    /// What its tokens sum up to.
    Sums,
    /// Everything: a whole text, or nothing can come of it.
    All,
}

/// A prefix. Its numbers are logarithms.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Node {
    parent: NodeId,
    token: TokenId,
    pub(crate) known: Known,
    /// p of its token behind its parent.
    pub(crate) ln_p: f64,
    pub(crate) ln_theta: f64,
    pub(crate) ln_low: f64,
    /// p of the stop tokens behind it.
    pub(crate) ln_stop: f64,
    /// p of the allowed tokens behind it of which nothing is known.
    pub(crate) ln_rest: f64,
    /// By token.
    children: Vec<NodeId>,
}

/// The mass behind a prefix in three parts, and their sum Z.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Masses {
    pub(crate) ln_stop: f64,
    pub(crate) ln_rest: f64,
    pub(crate) ln_z: f64,
}

#[derive(Debug)]
pub(crate) struct Tree {
    /// Parents come before their children.
    nodes: Vec<Node>,
    pub(crate) rows: Rows,
    /// Some allowed token had no probability: that there is no mass does not mean that
    /// there is no text.
    pub(crate) has_zeros: bool,
}

impl Tree {
    pub(crate) fn new(max_row_bytes: usize) -> Tree {
        Tree {
            nodes: vec![Node::new(NodeId::ROOT, TokenId(0), 0.0)],
            rows: Rows::new(max_row_bytes),
            has_zeros: false,
        }
    }

    /// Back to knowing nothing.
    pub(crate) fn forget(&mut self) {
        self.nodes.truncate(1);
        if let Some(root) = self.nodes.first_mut() {
            *root = Node::new(NodeId::ROOT, TokenId(0), 0.0);
        }
        self.rows.clear();
        self.has_zeros = false;
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The bytes that it takes, rows included.
    pub(crate) fn bytes(&self) -> usize {
        self.nodes.len() * (size_of::<Node>() + size_of::<NodeId>()) + self.rows.bytes()
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        (id != NodeId::ROOT).then(|| self.node(id).parent)
    }

    pub(crate) fn token(&self, id: NodeId) -> TokenId {
        self.node(id).token
    }

    pub(crate) fn children(&self, id: NodeId) -> &[NodeId] {
        &self.node(id).children
    }

    /// The children of which something is known, by token.
    pub(crate) fn known_children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let children = self.children(id).iter().copied();
        children.filter(|&child| self.node(child).known != Known::Nothing)
    }

    /// The prefix that is one token longer; made if it is not there.
    pub(crate) fn child(&mut self, id: NodeId, token: TokenId, ln_p: f64) -> NodeId {
        let children = &self.node(id).children;
        match children.binary_search_by_key(&token, |&child| self.node(child).token) {
            Ok(at) => children[at],
            Err(at) => {
                let child = NodeId(self.nodes.len() as u32);
                self.nodes.push(Node::new(id, token, ln_p));
                self.node_mut(id).children.insert(at, child);
                child
            }
        }
    }

    /// What stop tokens and unknown tokens of a row come to, those with known children
    /// left out.
    pub(crate) fn split(&self, id: NodeId, row: &Row, stops: &[TokenId]) -> (f64, f64) {
        let mut known = self.known_children(id).map(|child| self.token(child));
        let mut next = known.next();
        let mut max = f64::NEG_INFINITY;
        let mut both: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        row.each(|token, ln_p| {
            while next.is_some_and(|next| next < token) {
                next = known.next();
            }
            if row.may_stop && stops.contains(&token) {
                both[0].push(ln_p);
            } else if next != Some(token) {
                both[1].push(ln_p);
            }
            max = max.max(ln_p);
        });
        (at_most_one(ln_sum(&both[0])), at_most_one(ln_sum(&both[1])))
    }

    /// The parts of the mass behind a prefix, if they are known.
    pub(crate) fn masses(&self, id: NodeId) -> Option<Masses> {
        let node = self.node(id);
        (node.known == Known::Sums).then(|| {
            let mut parts = vec![node.ln_stop, node.ln_rest];
            parts.extend(self.known_children(id).map(|child| {
                let child = self.node(child);
                child.ln_p + child.ln_theta
            }));
            Masses {
                ln_stop: node.ln_stop,
                ln_rest: node.ln_rest,
                ln_z: at_most_one(ln_sum(&parts)),
            }
        })
    }

    /// That a prefix ends: as a whole text, or with nothing to come.
    pub(crate) fn learn_end(&mut self, id: NodeId, is_whole: bool) {
        let node = self.node_mut(id);
        let ln = if is_whole { 0.0 } else { f64::NEG_INFINITY };
        (node.known, node.ln_theta, node.ln_low) = (Known::All, ln, ln);
    }

    /// What the row behind a prefix sums up to, now that more of its children may be
    /// known.
    pub(crate) fn learn_row(&mut self, id: NodeId, row: &Row, stops: &[TokenId]) {
        let (ln_stop, ln_rest) = self.split(id, row, stops);
        let node = self.node_mut(id);
        (node.known, node.ln_stop, node.ln_rest) = (Known::Sums, ln_stop, ln_rest);
    }

    /// θ := Z, and the same from below. Neither bound ever becomes worse.
    pub(crate) fn back_up(&mut self, id: NodeId) {
        let Some(masses) = self.masses(id) else {
            return;
        };
        let mut low = vec![masses.ln_stop];
        low.extend(self.known_children(id).map(|child| {
            let child = self.node(child);
            child.ln_p + child.ln_low
        }));
        let node = self.node_mut(id);
        node.ln_theta = node.ln_theta.min(masses.ln_z);
        node.ln_low = node.ln_low.max(ln_sum(&low)).min(node.ln_theta);
    }
}

impl Node {
    fn new(parent: NodeId, token: TokenId, ln_p: f64) -> Node {
        Node {
            parent,
            token,
            known: Known::Nothing,
            ln_p,
            ln_theta: 0.0,
            ln_low: f64::NEG_INFINITY,
            ln_stop: f64::NEG_INFINITY,
            ln_rest: f64::NEG_INFINITY,
            children: Vec::new(),
        }
    }
}
