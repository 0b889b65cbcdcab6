//! Thompson's construction.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes are numbered as they are made"
)]

use rustc_hash::FxHashMap;

use super::ast::{Assert, Ast, LookId, Node, SetId};
use super::counts::{self, Rank, Span};
use crate::charset::CharSet;
use crate::limits::{LimitKind, Limits, TooLarge};

/// The number of a node of one [`Nfa`].
pub(super) type NodeId = u32;

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Reads one character of the set.
    Set(SetId, NodeId),
    /// Reads any character.
    Any(NodeId),
    Split(NodeId, NodeId),
    Assert(Assert, NodeId),
    Look(LookId, NodeId),
    /// Accepts at the end of the string.
    Match,
    /// Accepts whatever follows.
    Accept,
}

/// Where a match may begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// Anywhere.
    Search,
    /// At the start; anywhere.
    Prefix,
    /// At the start; at the end.
    Whole,
    /// Anywhere; at the end.
    Suffix,
}

#[derive(Debug)]
pub(super) struct Nfa {
    pub(super) states: Vec<State>,
    pub(super) start: NodeId,
    /// See [`counts::ranks`].
    pub(super) ranks: Vec<Rank>,
}

impl Nfa {
    /// Builds from the end of the pattern to its start, so that every edge is known when made.
    pub(super) fn new(root: &Node, ends: Ends, limits: &Limits) -> Result<Self, TooLarge> {
        let mut builder = Builder {
            states: Vec::new(),
            max: limits.max_nfa_states,
            shared: 0,
            spans: Vec::new(),
        };
        let end = if matches!(ends, Ends::Whole | Ends::Suffix) {
            State::Match
        } else {
            State::Accept
        };
        let end = builder.push(end)?;
        let mut start = builder.node(root, end)?;
        if matches!(ends, Ends::Search | Ends::Suffix) && !root.is_anchored() {
            let skip = builder.push(State::Match)?;
            let any = builder.push(State::Any(skip))?;
            builder.states[skip as usize] = State::Split(any, start);
            start = skip;
        }
        let ranks = counts::ranks(builder.spans, builder.states.len());
        Ok(Self {
            states: builder.states,
            start,
            ranks,
        })
    }

    /// Whether a word boundary is asserted.
    pub(super) fn asserts_words(&self) -> bool {
        let words =
            |assert: &Assert| matches!(assert, Assert::WordBoundary | Assert::NotWordBoundary);
        self.states
            .iter()
            .any(|state| matches!(state, State::Assert(assert, _) if words(assert)))
    }

    /// The sets and lookaheads in use.
    pub(super) fn parts(&self) -> (Vec<SetId>, Vec<LookId>) {
        let (mut sets, mut looks) = (Vec::new(), Vec::new());
        for state in &self.states {
            match state {
                State::Set(set, _) => sets.push(*set),
                State::Look(look, _) => looks.push(*look),
                _ => {}
            }
        }
        for ids in [&mut sets, &mut looks] {
            ids.sort_unstable();
            ids.dedup();
        }
        (sets, looks)
    }
}

/// Bounds the recursion that sharing adds to the depth of the tree.
const MAX_SHARED: u32 = 64;

struct Builder {
    states: Vec<State>,
    max: u32,
    /// How many shared beginnings enclose the place at hand.
    shared: u32,
    spans: Vec<Span>,
}

impl Builder {
    fn push(&mut self, state: State) -> Result<NodeId, TooLarge> {
        if self.states.len() as u64 >= u64::from(self.max) {
            return Err(TooLarge::new(LimitKind::NfaStates, u64::from(self.max)));
        }
        self.states.push(state);
        Ok(self.states.len() as NodeId - 1)
    }

    /// The entry to `node` that goes on to `next`. Recursion is as deep as the tree.
    fn node(&mut self, node: &Node, next: NodeId) -> Result<NodeId, TooLarge> {
        match node {
            Node::Empty => Ok(next),
            Node::Set(set) => self.push(State::Set(*set, next)),
            Node::Assert(assert) => self.push(State::Assert(*assert, next)),
            Node::Look(look) => self.push(State::Look(*look, next)),
            Node::Concat(nodes) => self.sequence(nodes, next),
            Node::Alt(nodes) => {
                let branches = nodes.iter().map(|node| match node {
                    Node::Concat(nodes) => nodes.as_slice(),
                    node => std::slice::from_ref(node),
                });
                self.alternatives(branches.collect(), next)
            }
            Node::Repeat { body, min, max } => self.repeat(body, *min, *max, next),
        }
    }

    fn sequence(&mut self, nodes: &[Node], next: NodeId) -> Result<NodeId, TooLarge> {
        let mut backwards = nodes.iter().rev();
        backwards.try_fold(next, |next, node| self.node(node, next))
    }

    /// Branches that begin with the same set share it, so that a list of words becomes a tree:
    /// the subset construction then meets few items at a time instead of one for each word.
    fn alternatives(&mut self, branches: Vec<&[Node]>, next: NodeId) -> Result<NodeId, TooLarge> {
        let mut groups: Vec<Vec<&[Node]>> = Vec::new();
        let mut by_set: FxHashMap<SetId, usize> = FxHashMap::default();
        for branch in branches {
            match branch.first() {
                Some(Node::Set(set)) if self.shared < MAX_SHARED => {
                    let at = *by_set.entry(*set).or_insert(groups.len());
                    if at == groups.len() {
                        groups.push(Vec::new());
                    }
                    groups[at].push(branch);
                }
                _ => groups.push(vec![branch]),
            }
        }
        let mut entries = Vec::with_capacity(groups.len());
        for group in groups {
            let entry = match group.as_slice() {
                [branch] => self.sequence(branch, next)?,
                [[Node::Set(set), ..], ..] => {
                    let rests = group.iter().map(|branch| &branch[1..]).collect();
                    self.shared += 1;
                    let rest = self.alternatives(rests, next)?;
                    self.shared -= 1;
                    self.push(State::Set(*set, rest))?
                }
                _ => continue, // only branches that begin with a set are grouped
            };
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        let last = entries.pop().unwrap_or(next);
        let mut backwards = entries.into_iter().rev();
        backwards.try_fold(last, |b, a| self.push(State::Split(a, b)))
    }

    fn repeat(
        &mut self,
        body: &Node,
        min: u32,
        max: Option<u32>,
        next: NodeId,
    ) -> Result<NodeId, TooLarge> {
        if body.is_zero_width() {
            // The first copy asks for at least as much as any further one adds.
            return if min == 0 {
                Ok(next)
            } else {
                self.node(body, next)
            };
        }
        let mut entry = next;
        let mut copies = min;
        match max {
            None => {
                let fork = self.push(State::Match)?;
                let inside = self.node(body, fork)?;
                self.states[fork as usize] = State::Split(inside, next);
                // One of the copies asked for is the loop itself, entered by its body.
                entry = if min == 0 { fork } else { inside };
                copies = min.saturating_sub(1);
            }
            Some(max) => {
                // Every optional copy leaves to the end, so that closures stay short.
                let start = self.states.len() as NodeId;
                for _ in min..max {
                    let inside = self.node(body, entry)?;
                    entry = self.push(State::Split(inside, next))?;
                }
                // The same body always takes the same number of nodes.
                let copies = max - min;
                let stride = (self.states.len() as u32 - start)
                    .checked_div(copies)
                    .unwrap_or(0);
                self.spans.push(Span {
                    start,
                    stride,
                    copies,
                });
            }
        }
        for _ in 0..copies {
            entry = self.node(body, entry)?;
        }
        Ok(entry)
    }
}

/// The sets of `ast` named by `ids`.
pub(super) fn sets_of(ast: &Ast, ids: &[SetId]) -> Vec<CharSet> {
    ids.iter()
        .map(|&id| ast.sets[id as usize].clone())
        .collect()
}
