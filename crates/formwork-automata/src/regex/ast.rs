//! The syntax tree of a pattern.

#![expect(
    clippy::indexing_slicing,
    reason = "lookarounds are numbered as they are parsed"
)]

use rustc_hash::FxHashMap;

use crate::charset::CharSet;

/// The number of a character set of one pattern.
pub(super) type SetId = u32;
/// The number of a lookahead of one pattern; inner ones come before those around them.
pub(super) type LookId = u32;
/// The number of a lookbehind of one pattern.
pub(super) type BehindId = u32;

#[derive(Debug)]
pub(super) struct Ast {
    pub(super) root: Node,
    pub(super) sets: Vec<CharSet>,
    pub(super) looks: Vec<Look>,
    /// The bodies of lookbehinds.
    pub(super) behinds: Vec<Node>,
}

#[derive(Debug)]
pub(super) enum Node {
    Empty,
    Set(SetId),
    Assert(Assert),
    Look(LookId),
    Concat(Vec<Node>),
    Alt(Vec<Node>),
    Repeat {
        body: Box<Node>,
        min: u32,
        max: Option<u32>,
    },
}

/// Conditions on the place between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assert {
    Start,
    End,
    WordBoundary,
    NotWordBoundary,
    /// Whether a match of the body ends here, or, for `false`, that none does.
    Behind(BehindId, bool),
}

#[derive(Debug)]
pub(super) struct Look {
    pub(super) negative: bool,
    pub(super) body: Node,
    /// What in the body, or in lookaheads within, depends on what came before it.
    pub(super) uses: Uses,
}

/// Which assertions that look back a pattern contains.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    pub(super) start: bool,
    pub(super) word: bool,
}

/// Numbers the distinct sets of a pattern.
#[derive(Debug, Default)]
pub(super) struct Sets {
    sets: Vec<CharSet>,
    ids: FxHashMap<CharSet, SetId>,
}

impl Sets {
    pub(super) fn id(&mut self, set: CharSet) -> SetId {
        if let Some(&id) = self.ids.get(&set) {
            return id;
        }
        let id = self.sets.len() as SetId;
        self.ids.insert(set.clone(), id);
        self.sets.push(set);
        id
    }

    pub(super) fn into_vec(self) -> Vec<CharSet> {
        self.sets
    }
}

impl Uses {
    pub(super) fn of(node: &Node, looks: &[Look]) -> Self {
        match node {
            Node::Empty | Node::Set(_) | Node::Assert(Assert::End) => Self::default(),
            Node::Assert(Assert::Start) => Self {
                start: true,
                word: false,
            },
            // Lookaheads hold no lookbehinds.
            Node::Assert(_) => Self {
                start: false,
                word: true,
            },
            Node::Look(id) => looks[*id as usize].uses,
            Node::Repeat { body, .. } => Self::of(body, looks),
            Node::Concat(nodes) | Node::Alt(nodes) => nodes
                .iter()
                .map(|node| Self::of(node, looks))
                .fold(Self::default(), |a, b| Self {
                    start: a.start || b.start,
                    word: a.word || b.word,
                }),
        }
    }
}

impl Node {
    /// Whether the node can match nothing but the empty string, wherever it stands.
    pub(super) fn is_zero_width(&self) -> bool {
        match self {
            Self::Empty | Self::Assert(_) | Self::Look(_) => true,
            Self::Set(_) => false,
            Self::Concat(nodes) | Self::Alt(nodes) => nodes.iter().all(Self::is_zero_width),
            Self::Repeat { body, max, .. } => *max == Some(0) || body.is_zero_width(),
        }
    }

    /// Whether something in the node depends on what follows its match: `$`, a word boundary or a
    /// look around.
    pub(super) fn looks_around(&self) -> bool {
        match self {
            Self::Empty | Self::Set(_) | Self::Assert(Assert::Start) => false,
            Self::Assert(_) | Self::Look(_) => true,
            Self::Concat(nodes) | Self::Alt(nodes) => nodes.iter().any(Self::looks_around),
            Self::Repeat { body, .. } => body.looks_around(),
        }
    }

    /// Whether there is a lookbehind in the node, other than in lookaheads.
    pub(super) fn looks_behind(&self) -> bool {
        match self {
            Self::Assert(assert) => matches!(assert, Assert::Behind(..)),
            Self::Empty | Self::Set(_) | Self::Look(_) => false,
            Self::Concat(nodes) | Self::Alt(nodes) => nodes.iter().any(Self::looks_behind),
            Self::Repeat { body, .. } => body.looks_behind(),
        }
    }

    /// Whether every match begins at the start of the string, as far as is plain to see.
    pub(super) fn is_anchored(&self) -> bool {
        match self {
            Self::Assert(Assert::Start) => true,
            Self::Concat(nodes) => nodes.first().is_some_and(Self::is_anchored),
            Self::Alt(nodes) => nodes.iter().all(Self::is_anchored),
            _ => false,
        }
    }
}
