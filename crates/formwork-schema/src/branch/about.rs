//! What literals say of the members of objects, by the numbers of names, so that no name is
//! compared more than once.

#![expect(
    clippy::indexing_slicing,
    reason = "names and literals are numbered as they are met"
)]

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::node::{LangId, Literal, NameSet, Node, NodeId, Nodes, Props, TRUE};

/// A name of a member.
pub(crate) type NameId = u32;

/// What a literal is about.
#[derive(Clone, Debug)]
pub(crate) enum About {
    Required(NameId),
    Props(Arc<PropsIndex>),
    /// Some member that the group does not mention satisfies the formula.
    OtherMember(Arc<PropsIndex>, NodeId),
    /// Anything else.
    Other,
}

/// A group of properties, by numbers.
#[derive(Debug)]
pub(crate) struct PropsIndex {
    /// By name.
    named: Box<[(NameId, NodeId)]>,
    patterns: Box<[LangId]>,
    pub(crate) rest: NodeId,
    pub(crate) only: OnlyPart,
}

/// Whether a group of properties says one thing only.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnlyPart {
    Name(NameId, NodeId),
    Pattern,
    /// Which names there are at all.
    Cover,
    Several,
}

impl PropsIndex {
    /// Whether a name is listed.
    pub(crate) fn names(&self, name: NameId) -> bool {
        self.named(name).is_some()
    }

    /// What a listed name's value has to satisfy; of a name that is listed twice, the first.
    pub(crate) fn named(&self, name: NameId) -> Option<NodeId> {
        let at = self.named.partition_point(|&(known, _)| known < name);
        let &(known, node) = self.named.get(at)?;
        (known == name).then_some(node)
    }

    pub(crate) fn patterns(&self) -> &[LangId] {
        &self.patterns
    }

    /// Whether all that is mentioned here is mentioned there.
    pub(crate) fn is_within(&self, other: &PropsIndex) -> bool {
        self.named.iter().all(|&(name, _)| other.names(name))
            && self
                .patterns
                .iter()
                .all(|lang| other.patterns.contains(lang))
    }
}

/// The table of what literals are about, filled in as it is asked for.
#[derive(Default)]
pub(crate) struct Abouts {
    names: Vec<Arc<str>>,
    ids: FxHashMap<Arc<str>, NameId>,
    known: Vec<Option<About>>,
}

impl Abouts {
    /// What a formula is about, if it is a literal.
    pub(crate) fn of(&mut self, nodes: &Nodes, id: NodeId) -> &About {
        const OTHER: &About = &About::Other;
        let at = id as usize;
        if self.known.len() <= at {
            self.known.resize(nodes.len().max(at + 1), None);
        }
        if self.known[at].is_none() {
            let about = match nodes.get(id) {
                Node::Literal(Literal::Required(name)) => About::Required(self.number(name)),
                Node::Literal(Literal::Props(props)) => About::Props(self.index(props)),
                Node::Literal(Literal::SomeMember {
                    names: NameSet::Rest(mentioned),
                    node,
                }) => About::OtherMember(self.index(mentioned), *node),
                _ => About::Other,
            };
            self.known[at] = Some(about);
        }
        self.known[at].as_ref().unwrap_or(OTHER)
    }

    pub(crate) fn name(&self, name: NameId) -> &Arc<str> {
        &self.names[name as usize]
    }

    fn number(&mut self, name: &Arc<str>) -> NameId {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.names.len() as NameId;
        self.names.push(Arc::clone(name));
        self.ids.insert(Arc::clone(name), id);
        id
    }

    fn index(&mut self, props: &Props) -> Arc<PropsIndex> {
        let named = props.named.iter();
        let mut named: Vec<(NameId, NodeId)> = named
            .map(|(name, node)| (self.number(name), *node))
            .collect();
        let free = |part: &(LangId, NodeId)| part.1 == TRUE;
        let only = match (&named[..], &props.patterns[..], props.rest) {
            (&[(name, node)], [], TRUE) => OnlyPart::Name(name, node),
            ([], [_], TRUE) => OnlyPart::Pattern,
            (named, patterns, _) if named.iter().all(free) && patterns.iter().all(free) => {
                OnlyPart::Cover
            }
            _ => OnlyPart::Several,
        };
        named.sort_by_key(|&(name, _)| name);
        Arc::new(PropsIndex {
            named: named.into(),
            patterns: props.patterns.iter().map(|&(lang, _)| lang).collect(),
            rest: props.rest,
            only,
        })
    }
}
