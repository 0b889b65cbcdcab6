//! Schemas as formulas: a boolean algebra over literals, hash-consed.
//!
//! A *literal* constrains the values of one JSON type and accepts all others,
//! as JSON Schema's assertions do. Negation is pushed inward as formulas are
//! negated, so no formula holds a `not`.

#![expect(
    clippy::indexing_slicing,
    reason = "formulas, targets and languages are numbered as they are interned"
)]

use std::sync::Arc;

use formwork_automata::Dfa;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::decimal::Decimal;
use crate::error::Refusal;
use crate::intern::{Index, hash_of};

/// A formula. [`TRUE`] and [`FALSE`] have fixed numbers.
pub(crate) type NodeId = u32;
/// A set of strings given by an automaton; see [`Nodes::language`].
pub(crate) type LangId = u32;

pub(crate) const TRUE: NodeId = 0;
pub(crate) const FALSE: NodeId = 1;

/// A set of JSON types; numbers are split by whether they are integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct TypeSet(pub(crate) u8);

impl TypeSet {
    pub(crate) const NULL: TypeSet = TypeSet(1);
    pub(crate) const BOOLEAN: TypeSet = TypeSet(2);
    pub(crate) const STRING: TypeSet = TypeSet(4);
    pub(crate) const INTEGER: TypeSet = TypeSet(8);
    pub(crate) const FRACTION: TypeSet = TypeSet(16);
    pub(crate) const NUMBER: TypeSet = TypeSet(24);
    pub(crate) const ARRAY: TypeSet = TypeSet(32);
    pub(crate) const OBJECT: TypeSet = TypeSet(64);
    pub(crate) const ALL: TypeSet = TypeSet(127);
    pub(crate) const NONE: TypeSet = TypeSet(0);

    pub(crate) fn and(self, other: TypeSet) -> TypeSet {
        TypeSet(self.0 & other.0)
    }

    pub(crate) fn or(self, other: TypeSet) -> TypeSet {
        TypeSet(self.0 | other.0)
    }

    pub(crate) fn not(self) -> TypeSet {
        TypeSet(!self.0 & TypeSet::ALL.0)
    }

    pub(crate) fn meets(self, other: TypeSet) -> bool {
        self.0 & other.0 != 0
    }

    /// The types by name, `number` standing for both kinds.
    pub(crate) fn from_name(name: &str) -> Option<TypeSet> {
        Some(match name {
            "null" => TypeSet::NULL,
            "boolean" => TypeSet::BOOLEAN,
            "string" => TypeSet::STRING,
            "integer" => TypeSet::INTEGER,
            "number" => TypeSet::NUMBER,
            "array" => TypeSet::ARRAY,
            "object" => TypeSet::OBJECT,
            _ => return None,
        })
    }
}

impl Default for TypeSet {
    fn default() -> Self {
        TypeSet::ALL
    }
}

/// One end of a range of numbers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Bound {
    pub(crate) value: Decimal,
    pub(crate) exclusive: bool,
}

/// What `properties`, `patternProperties` and `additionalProperties` of one
/// schema object say together: they have to be read side by side.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Props {
    /// Names that differ.
    pub(crate) named: Box<[(Arc<str>, NodeId)]>,
    pub(crate) patterns: Box<[(LangId, NodeId)]>,
    /// For names that no other part mentions.
    pub(crate) rest: NodeId,
}

impl Props {
    /// The same names and patterns with nothing said of them, and `rest`.
    pub(crate) fn mentioned(&self, rest: NodeId) -> Props {
        let named = self.named.iter();
        let patterns = self.patterns.iter();
        Props {
            named: named.map(|(name, _)| (name.clone(), TRUE)).collect(),
            patterns: patterns.map(|&(lang, _)| (lang, TRUE)).collect(),
            rest,
        }
    }
}

/// A set of member names.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum NameSet {
    /// Those that match a pattern.
    Matching(LangId),
    /// Those that none of these properties and patterns mentions.
    Rest(Arc<Props>),
    /// Those that satisfy a formula as strings.
    Satisfying(NodeId),
}

/// A constraint on the values of one type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Literal {
    Bool(bool),
    Range {
        low: Option<Bound>,
        high: Option<Bound>,
    },
    Multiple {
        of: Decimal,
        holds: bool,
    },
    Numbers {
        set: Arc<[Decimal]>,
        holds: bool,
    },
    /// Characters of a string.
    Length {
        min: u32,
        max: Option<u32>,
    },
    Matches {
        lang: LangId,
        holds: bool,
    },
    Strings {
        set: Arc<[Box<str>]>,
        holds: bool,
    },
    Props(Arc<Props>),
    Required(Arc<str>),
    /// Members of an object.
    Count {
        min: u32,
        max: Option<u32>,
    },
    /// A formula that member names satisfy as strings.
    Names(NodeId),
    /// Some member with one of these names satisfies the formula.
    SomeMember {
        names: NameSet,
        node: NodeId,
    },
    Items {
        prefix: Arc<[NodeId]>,
        tail: NodeId,
    },
    /// Items of an array.
    Size {
        min: u32,
        max: Option<u32>,
    },
    /// How many items, from the one at `from` on, satisfy the formula.
    Contains {
        from: u32,
        node: NodeId,
        min: u32,
        max: Option<u32>,
    },
    /// All items differ.
    Unique,
    /// Two items are equal.
    Repeats,
}

impl Literal {
    /// The type whose values the literal constrains.
    pub(crate) fn types(&self) -> TypeSet {
        match self {
            Literal::Bool(_) => TypeSet::BOOLEAN,
            Literal::Range { .. } | Literal::Multiple { .. } | Literal::Numbers { .. } => {
                TypeSet::NUMBER
            }
            Literal::Length { .. } | Literal::Matches { .. } | Literal::Strings { .. } => {
                TypeSet::STRING
            }
            Literal::Props(_)
            | Literal::Required(_)
            | Literal::Count { .. }
            | Literal::Names(_)
            | Literal::SomeMember { .. } => TypeSet::OBJECT,
            Literal::Items { .. }
            | Literal::Size { .. }
            | Literal::Contains { .. }
            | Literal::Unique
            | Literal::Repeats => TypeSet::ARRAY,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Node {
    /// All of a sorted set; the empty one is [`TRUE`].
    All(Arc<[NodeId]>),
    /// Any of a sorted set; the empty one is [`FALSE`].
    Any(Arc<[NodeId]>),
    /// Exactly one (`holds`), or not exactly one, of a list.
    OneOf {
        parts: Arc<[NodeId]>,
        holds: bool,
    },
    /// Another schema, or its negation. References may be cyclic.
    Ref {
        target: u32,
        holds: bool,
    },
    Types(TypeSet),
    Literal(Literal),
    /// Something about values of these types that is not supported, as an
    /// index into [`Nodes::refusals`].
    Unsupported {
        types: TypeSet,
        refusal: u32,
    },
}

/// A set of strings.
#[derive(Debug)]
struct Language {
    dfa: Arc<Dfa>,
    /// Set if the automaton leaves out strings that the keyword means.
    gap: Option<Gap>,
}

/// What is known of a set of strings that an automaton holds only in part.
///
/// Both the set and its complement are used as less than they are: never does
/// a string pass that should not.
#[derive(Debug)]
pub(crate) struct Gap {
    /// Holds the whole set, and maybe more: what to complement.
    pub(crate) outer: Arc<Dfa>,
    /// Where the keyword stands, and what is left out.
    pub(crate) left_out: Refusal,
}

/// No formula.
const UNKNOWN: NodeId = NodeId::MAX;

fn hash_parts(all: bool, parts: &[NodeId]) -> u64 {
    hash_of(&(all, parts))
}

/// All formulas of one schema.
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    index: Index,
    /// The negation of each formula, if it was asked for, or [`UNKNOWN`].
    negations: Vec<NodeId>,
    /// Room for the parts of a formula to be.
    flat: Vec<NodeId>,
    /// What references mean, by target; filled in once lowered.
    targets: Vec<NodeId>,
    languages: Vec<Language>,
    language_ids: FxHashMap<Box<str>, LangId>,
    pub(crate) refusals: Vec<Refusal>,
    /// Formulas known to be satisfied by one value only.
    singletons: FxHashSet<NodeId>,
}

impl Nodes {
    pub(crate) fn new() -> Nodes {
        let mut nodes = Nodes {
            nodes: Vec::new(),
            index: Index::default(),
            negations: Vec::new(),
            flat: Vec::new(),
            targets: Vec::new(),
            languages: Vec::new(),
            language_ids: FxHashMap::default(),
            refusals: Vec::new(),
            singletons: FxHashSet::default(),
        };
        nodes.intern_parts(true, &[]);
        nodes.intern_parts(false, &[]);
        nodes
    }

    pub(crate) fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub(crate) fn intern(&mut self, node: Node) -> NodeId {
        let hash = match &node {
            Node::All(parts) => hash_parts(true, parts),
            Node::Any(parts) => hash_parts(false, parts),
            other => hash_of(other),
        };
        let known = self.index.find(hash, |id| self.nodes[id as usize] == node);
        known.unwrap_or_else(|| self.add(hash, node))
    }

    /// All or any of a sorted set.
    fn intern_parts(&mut self, all: bool, parts: &[NodeId]) -> NodeId {
        let hash = hash_parts(all, parts);
        let equal = |id: NodeId| match &self.nodes[id as usize] {
            Node::All(known) => all && **known == *parts,
            Node::Any(known) => !all && **known == *parts,
            _ => false,
        };
        match self.index.find(hash, equal) {
            Some(known) => known,
            None if all => self.add(hash, Node::All(parts.into())),
            None => self.add(hash, Node::Any(parts.into())),
        }
    }

    fn add(&mut self, hash: u64, node: Node) -> NodeId {
        self.nodes.push(node);
        self.negations.push(UNKNOWN);
        self.index.add(hash)
    }

    /// The number of formulas.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn literal(&mut self, literal: Literal) -> NodeId {
        self.intern(Node::Literal(literal))
    }

    pub(crate) fn types(&mut self, types: TypeSet) -> NodeId {
        match types {
            TypeSet::ALL => TRUE,
            TypeSet::NONE => FALSE,
            _ => self.intern(Node::Types(types)),
        }
    }

    pub(crate) fn all(&mut self, parts: impl IntoIterator<Item = NodeId>) -> NodeId {
        self.join(true, parts)
    }

    pub(crate) fn any(&mut self, parts: impl IntoIterator<Item = NodeId>) -> NodeId {
        self.join(false, parts)
    }

    fn join(&mut self, all: bool, parts: impl IntoIterator<Item = NodeId>) -> NodeId {
        let mut flat = std::mem::take(&mut self.flat);
        flat.clear();
        for part in parts {
            match self.get(part) {
                Node::All(inner) if all => flat.extend_from_slice(inner),
                Node::Any(inner) if !all => flat.extend_from_slice(inner),
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        // What decides the whole if it is one of the parts.
        let settles = if all { FALSE } else { TRUE };
        let node = match flat[..] {
            [only] => only,
            _ if flat.contains(&settles) => settles,
            _ => self.intern_parts(all, &flat),
        };
        self.flat = flat;
        node
    }

    pub(crate) fn one_of(&mut self, parts: Vec<NodeId>) -> NodeId {
        match parts[..] {
            [] => FALSE,
            [only] => only,
            _ => self.intern(Node::OneOf {
                parts: parts.into(),
                holds: true,
            }),
        }
    }

    /// A reference whose meaning is set later.
    pub(crate) fn new_target(&mut self) -> u32 {
        self.targets.push(TRUE);
        (self.targets.len() - 1) as u32
    }

    pub(crate) fn set_target(&mut self, target: u32, node: NodeId) {
        if let Some(slot) = self.targets.get_mut(target as usize) {
            *slot = node;
        }
    }

    /// What a reference means.
    pub(crate) fn target(&mut self, target: u32, holds: bool) -> NodeId {
        let node = self.targets[target as usize];
        if holds { node } else { self.negate(node) }
    }

    /// Types outside of which a formula plainly has no value.
    pub(crate) fn types_of(&mut self, node: NodeId) -> TypeSet {
        let mut node = node;
        // References lead to a schema in the end, or the schema was refused.
        while let &Node::Ref { target, holds } = self.get(node) {
            node = self.target(target, holds);
        }
        let of = |part: NodeId| match self.get(part) {
            Node::Types(types) => *types,
            _ => TypeSet::ALL,
        };
        match self.get(node) {
            Node::All(parts) => parts.iter().fold(TypeSet::ALL, |all, &p| all.and(of(p))),
            _ => of(node),
        }
    }

    /// A reference target that refers to itself in place, if there is one.
    /// Linear in formulas and references; without recursion, as chains of
    /// references can be long.
    pub(crate) fn cyclic_target(&self) -> Option<u32> {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            Open,
            Done,
        }
        let mut marks = vec![Mark::New; self.targets.len()];
        for root in 0..self.targets.len() as u32 {
            let mut open = vec![(root, false)];
            while let Some((target, left)) = open.pop() {
                let mark = &mut marks[target as usize];
                match (*mark, left) {
                    (_, true) => *mark = Mark::Done,
                    (Mark::Open, false) => return Some(target),
                    (Mark::Done, false) => {}
                    (Mark::New, false) => {
                        *mark = Mark::Open;
                        open.push((target, true));
                        let next = self.targets_in_place(self.targets[target as usize]);
                        open.extend(next.into_iter().map(|target| (target, false)));
                    }
                }
            }
        }
        None
    }

    /// The targets that a formula refers to about the same value.
    fn targets_in_place(&self, node: NodeId) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        let mut todo = vec![node];
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.get(id) {
                Node::All(parts) | Node::Any(parts) | Node::OneOf { parts, .. } => {
                    todo.extend_from_slice(parts);
                }
                Node::Ref { target, .. } => found.push(*target),
                Node::Types(_) | Node::Literal(_) | Node::Unsupported { .. } => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(crate) fn unsupported(&mut self, types: TypeSet, refusal: Refusal) -> NodeId {
        let at = match self.refusals.iter().position(|known| *known == refusal) {
            Some(at) => at,
            None => {
                self.refusals.push(refusal);
                self.refusals.len() - 1
            }
        };
        self.intern(Node::Unsupported {
            types,
            refusal: at as u32,
        })
    }

    /// The set of strings known under `key`, compiled on first use.
    pub(crate) fn add_language<E>(
        &mut self,
        key: &str,
        compile: impl FnOnce() -> Result<(Arc<Dfa>, Option<Gap>), E>,
    ) -> Result<LangId, E> {
        if let Some(&id) = self.language_ids.get(key) {
            return Ok(id);
        }
        let (dfa, gap) = compile()?;
        let id = self.languages.len() as LangId;
        self.languages.push(Language { dfa, gap });
        self.language_ids.insert(key.into(), id);
        Ok(id)
    }

    pub(crate) fn language(&self, id: LangId) -> &Arc<Dfa> {
        &self.languages[id as usize].dfa
    }

    /// Notes that one value alone satisfies a formula.
    pub(crate) fn set_singleton(&mut self, id: NodeId) {
        self.singletons.insert(id);
    }

    /// Whether one value alone is known to satisfy a formula.
    pub(crate) fn is_singleton(&self, id: NodeId) -> bool {
        self.singletons.contains(&id)
    }

    /// What a language is, for people: a pattern or a format.
    pub(crate) fn language_name(&self, id: LangId) -> String {
        let known = self.language_ids.iter().find(|&(_, &known)| known == id);
        let key = known.map_or("", |(key, _)| &**key);
        match (key.strip_prefix(':'), key.strip_prefix('/')) {
            (Some(format), _) => {
                let name = format.split(':').next().unwrap_or(format);
                format!("format `{name}`")
            }
            (_, Some(pattern)) => format!("pattern `{pattern}`"),
            _ => "a set of strings".to_owned(),
        }
    }

    /// The automaton to complement for a language: its own, or a wider one.
    pub(crate) fn outer_language(&self, id: LangId) -> &Arc<Dfa> {
        let language = &self.languages[id as usize];
        language
            .gap
            .as_ref()
            .map_or(&language.dfa, |gap| &gap.outer)
    }

    /// What a language leaves out, if it does.
    pub(crate) fn left_out(&self, id: LangId) -> Option<&Refusal> {
        let gap = self.languages[id as usize].gap.as_ref()?;
        Some(&gap.left_out)
    }

    /// The negation of a formula. Memoised; the depth of recursion is that of
    /// the formula, references not followed.
    pub(crate) fn negate(&mut self, id: NodeId) -> NodeId {
        if let Some(negation) = self.known_negation(id) {
            return negation;
        }
        let negation = match self.get(id).clone() {
            Node::All(parts) => {
                let parts: Vec<_> = parts.iter().map(|&part| self.negate(part)).collect();
                self.any(parts)
            }
            Node::Any(parts) => {
                let parts: Vec<_> = parts.iter().map(|&part| self.negate(part)).collect();
                self.all(parts)
            }
            Node::OneOf { parts, holds } => self.intern(Node::OneOf {
                parts,
                holds: !holds,
            }),
            Node::Ref { target, holds } => self.intern(Node::Ref {
                target,
                holds: !holds,
            }),
            Node::Types(types) => self.types(types.not()),
            Node::Literal(literal) => self.negate_literal(&literal),
            Node::Unsupported { .. } => id,
        };
        self.negations[id as usize] = negation;
        self.negations[negation as usize] = id;
        negation
    }

    /// The negation of a formula, if it was ever asked for.
    pub(crate) fn known_negation(&self, id: NodeId) -> Option<NodeId> {
        let negation = *self.negations.get(id as usize)?;
        (negation != UNKNOWN).then_some(negation)
    }

    /// A value violates a literal only if it has the literal's type.
    fn negate_literal(&mut self, literal: &Literal) -> NodeId {
        let dual = match literal {
            Literal::Bool(value) => self.literal(Literal::Bool(!value)),
            Literal::Range { low, high } => {
                let flip = |bound: &Bound| Bound {
                    value: bound.value.clone(),
                    exclusive: !bound.exclusive,
                };
                let below = low.as_ref().map(|bound| Literal::Range {
                    low: None,
                    high: Some(flip(bound)),
                });
                let above = high.as_ref().map(|bound| Literal::Range {
                    low: Some(flip(bound)),
                    high: None,
                });
                self.any_literal([below, above])
            }
            Literal::Multiple { of, holds } => self.literal(Literal::Multiple {
                of: of.clone(),
                holds: !holds,
            }),
            Literal::Numbers { set, holds } => self.literal(Literal::Numbers {
                set: Arc::clone(set),
                holds: !holds,
            }),
            Literal::Matches { lang, holds } => self.literal(Literal::Matches {
                lang: *lang,
                holds: !holds,
            }),
            Literal::Strings { set, holds } => self.literal(Literal::Strings {
                set: Arc::clone(set),
                holds: !holds,
            }),
            Literal::Length { min, max } => {
                let outside = complement(*min, *max);
                self.any_literal(outside.map(|r| r.map(|(min, max)| Literal::Length { min, max })))
            }
            Literal::Count { min, max } => {
                let outside = complement(*min, *max);
                self.any_literal(outside.map(|r| r.map(|(min, max)| Literal::Count { min, max })))
            }
            Literal::Size { min, max } => {
                let outside = complement(*min, *max);
                self.any_literal(outside.map(|r| r.map(|(min, max)| Literal::Size { min, max })))
            }
            Literal::Required(name) => self.forbid(name),
            Literal::Props(props) => self.negate_props(props),
            Literal::Names(node) => {
                let names = NameSet::Satisfying(self.negate(*node));
                self.literal(Literal::SomeMember { names, node: TRUE })
            }
            Literal::Unique => self.literal(Literal::Repeats),
            Literal::Repeats => self.literal(Literal::Unique),
            Literal::SomeMember { names, node } => self.no_member(names, *node),
            Literal::Contains {
                from,
                node,
                min,
                max,
            } => {
                let outside = complement(*min, *max);
                let contains = |(min, max)| Literal::Contains {
                    from: *from,
                    node: *node,
                    min,
                    max,
                };
                self.any_literal(outside.map(|r| r.map(contains)))
            }
            Literal::Items { prefix, tail } => self.negate_items(prefix, *tail),
        };
        let types = self.types(literal.types());
        self.all([types, dual])
    }

    fn any_literal(&mut self, literals: [Option<Literal>; 2]) -> NodeId {
        let parts: Vec<_> = literals
            .into_iter()
            .flatten()
            .map(|literal| self.literal(literal))
            .collect();
        self.any(parts)
    }

    /// The formula of objects without a member `name`.
    pub(crate) fn forbid(&mut self, name: &str) -> NodeId {
        self.named(name, FALSE)
    }

    /// The formula of objects whose member `name`, if present, satisfies `node`.
    pub(crate) fn named(&mut self, name: &str, node: NodeId) -> NodeId {
        self.literal(Literal::Props(Arc::new(Props {
            named: Box::new([(name.into(), node)]),
            patterns: Box::default(),
            rest: TRUE,
        })))
    }

    fn negate_props(&mut self, props: &Props) -> NodeId {
        let mut parts = Vec::new();
        for (name, node) in &props.named {
            if *node != TRUE {
                let negation = self.negate(*node);
                let violated = self.named(name, negation);
                let present = self.literal(Literal::Required(name.clone()));
                parts.push(self.all([present, violated]));
            }
        }
        for &(lang, node) in &props.patterns {
            if node != TRUE {
                let node = self.negate(node);
                let names = NameSet::Matching(lang);
                parts.push(self.literal(Literal::SomeMember { names, node }));
            }
        }
        if props.rest != TRUE {
            let node = self.negate(props.rest);
            let names = NameSet::Rest(Arc::new(props.mentioned(TRUE)));
            parts.push(self.literal(Literal::SomeMember { names, node }));
        }
        self.any(parts)
    }

    /// The formula of objects all of whose members with these names violate
    /// `node`.
    fn no_member(&mut self, names: &NameSet, node: NodeId) -> NodeId {
        let node = self.negate(node);
        let props = match names {
            NameSet::Matching(lang) => Props {
                named: Box::default(),
                patterns: Box::new([(*lang, node)]),
                rest: TRUE,
            },
            NameSet::Rest(mentioned) => Props {
                rest: node,
                ..(**mentioned).clone()
            },
            // Only ever asked for with nothing said of the value.
            NameSet::Satisfying(names) => {
                let names = self.negate(*names);
                return self.literal(Literal::Names(names));
            }
        };
        self.literal(Literal::Props(Arc::new(props)))
    }

    fn negate_items(&mut self, prefix: &[NodeId], tail: NodeId) -> NodeId {
        let mut parts = Vec::new();
        for (at, &node) in prefix.iter().enumerate() {
            if node != TRUE {
                let negation = self.negate(node);
                let mut violated = vec![TRUE; at];
                violated.push(negation);
                let violated = self.literal(Literal::Items {
                    prefix: violated.into(),
                    tail: TRUE,
                });
                let present = self.literal(Literal::Size {
                    min: at as u32 + 1,
                    max: None,
                });
                parts.push(self.all([present, violated]));
            }
        }
        match tail {
            TRUE => {}
            FALSE => parts.push(self.literal(Literal::Size {
                min: prefix.len() as u32 + 1,
                max: None,
            })),
            _ => {
                let node = self.negate(tail);
                parts.push(self.literal(Literal::Contains {
                    from: prefix.len() as u32,
                    node,
                    min: 1,
                    max: None,
                }));
            }
        }
        self.any(parts)
    }
}

/// The counts outside a range.
fn complement(min: u32, max: Option<u32>) -> [Option<(u32, Option<u32>)>; 2] {
    [
        min.checked_sub(1).map(|below| (0, Some(below))),
        max.map(|max| (max + 1, None)),
    ]
}
