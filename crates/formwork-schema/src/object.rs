//! Objects of one alternative: which members may come, and what is still owed.
//!
//! Besides required members an object may owe *duties*: "some member with such
//! a name has such a value", the negation of "all of them". Each duty is paid
//! by a member; a member that can pay is read once for every set of duties it
//! may pay, its value narrowed accordingly.

#![expect(
    clippy::indexing_slicing,
    reason = "languages are numbered as they are listed; there is a verdict for each"
)]

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use formwork_automata::Dfa;
use formwork_grammar::json_text::char_bytes;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::bounds::window;
use crate::error::SchemaError;
use crate::name_table::{Classes, MAX_CLASSES, NameTable};
use crate::node::{FALSE, LangId, Literal, NameSet, NodeId, Props, TRUE};
use crate::shape::{EMPTY, Explorer, Shapes, ValueId};
use crate::solver::automaton_limit;

/// A set of duties, one bit each.
pub(crate) type Duties = u32;

/// Objects of one alternative.
pub(crate) struct Object {
    pub(crate) names: Arc<NameTable>,
    /// Per listed name.
    pub(crate) members: Box<[Member]>,
    /// Per class of other names.
    pub(crate) others: Box<[Values]>,
    pub(crate) min: u32,
    pub(crate) max: Option<u32>,
    /// What is owed at the start.
    pub(crate) duties: Duties,
}

impl Object {
    /// Heap use in bytes, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let members = self.members.iter().map(|member| &member.values);
        let values = members
            .chain(&self.others)
            .map(|values| size_of_val(&**values));
        size_of::<Object>()
            + self.members.len() * size_of::<Member>()
            + self.others.len() * size_of::<Values>()
            + values.sum::<usize>()
            + self.names.heap_bytes()
    }
}

/// A listed member.
pub(crate) struct Member {
    pub(crate) values: Values,
    pub(crate) required: bool,
    /// Bytes of the name in quotes and the colon.
    pub(crate) name_bytes: u32,
}

/// What a member's value may be, by the duties that it pays.
pub(crate) type Values = Box<[(Duties, ValueId)]>;

/// Duties of one object at most: the ways to pay them are tried out.
const MAX_DUTIES: usize = 16;
/// Of these, duties that ask something of the member's value.
const MAX_ASKING: usize = 8;

/// One duty.
struct Duty {
    names: NameSet,
    node: NodeId,
}

impl Explorer<'_> {
    /// The objects of a set of literals; `None` if the counts contradict each
    /// other.
    pub(crate) fn object_of(
        &mut self,
        literals: &[Literal],
    ) -> Result<Option<Object>, SchemaError> {
        let counts = literals.iter().map(|literal| match literal {
            Literal::Count { min, max } => (*min, *max),
            _ => (0, None),
        });
        let Some((min, max)) = window(counts) else {
            return Ok(None);
        };
        let mut groups: Vec<Arc<Props>> = Vec::new();
        let mut required: Vec<&Arc<str>> = Vec::new();
        let mut names: Vec<Arc<Dfa>> = Vec::new();
        let mut duties: Vec<Duty> = Vec::new();
        for literal in literals {
            match literal {
                Literal::Props(props) => groups.push(Arc::clone(props)),
                Literal::Required(name) => {
                    required.push(name);
                }
                Literal::Names(node) => names.push(self.solver.string_language(*node)?),
                Literal::SomeMember { names, node } => duties.push(Duty {
                    names: names.clone(),
                    node: *node,
                }),
                _ => {}
            }
        }
        let asking = duties.iter().filter(|duty| duty.node != TRUE).count();
        if duties.len() > MAX_DUTIES || asking > MAX_ASKING {
            return Err(SchemaError::Limit {
                name: "duties",
                limit: MAX_ASKING as u64,
                place: "an object that needs members of too many kinds".into(),
            });
        }
        let listed = listed_names(&groups, &duties, &required);
        self.solver.spend(listed.len() as u64)?;
        let required: FxHashSet<&str> = required.into_iter().map(|name| &**name).collect();
        let groups: Vec<Group> = groups.into_iter().map(Group::new).collect();
        let mut members = Vec::with_capacity(listed.len());
        for (at, name) in listed.iter().enumerate() {
            let node = if names.iter().all(|language| language.accepts(name)) {
                self.member_node(&groups, name, at)
            } else {
                FALSE
            };
            let mut pays = 0;
            for (at, duty) in duties.iter().enumerate() {
                pays |= Duties::from(self.holds_name(&duty.names, name)?) << at;
            }
            members.push(Member {
                values: self.values(node, pays, &duties),
                required: required.contains(&**name),
                name_bytes: 3 + name.chars().map(char_bytes).sum::<u32>(),
            });
        }
        let (classes, kinds) = self.other_names(&groups, &names, &duties)?;
        let others = kinds
            .into_iter()
            .map(|(node, pays)| self.values(node, pays, &duties));
        let others = others.collect();
        Ok(Some(Object {
            names: self.name_table(listed, classes),
            members: members.into(),
            others,
            min,
            max,
            duties: (1 << duties.len()) - 1,
        }))
    }

    /// The table of names, the same for objects with the same names.
    fn name_table(&mut self, listed: Vec<Arc<str>>, classes: Arc<Dfa>) -> Arc<NameTable> {
        let same = |known: &&Classes| Arc::ptr_eq(&known.dfa, &classes) || *known.dfa == *classes;
        let classes = match self.classes.iter().find(same) {
            Some(known) => known.clone(),
            None => {
                let classes = Classes::new(classes);
                self.classes.push(classes.clone());
                classes
            }
        };
        let key = (listed, Arc::as_ptr(&classes.dfa) as usize);
        if let Some(known) = self.tables.get(&key) {
            return Arc::clone(known);
        }
        let own = key.0.iter().map(|name| Box::from(&**name)).collect();
        let table = Arc::new(NameTable::new(own, classes));
        self.tables.insert(key, Arc::clone(&table));
        table
    }

    /// A member's value for every set of duties it may pay.
    fn values(&mut self, node: NodeId, pays: Duties, duties: &[Duty]) -> Values {
        if duties.is_empty() {
            return Box::new([(0, self.value(node))]);
        }
        let mut values = Vec::new();
        // A member that is there pays what asks nothing of its value.
        let asks = |at: &usize| duties[*at].node != TRUE;
        let costly = (0..duties.len()).filter(asks);
        let costly = costly.fold(0, |costly: Duties, at| costly | 1 << at) & pays;
        let free = pays & !costly;
        // All subsets of those that ask something.
        let mut subset: Duties = 0;
        loop {
            let paid = subset | free;
            let narrowed: Vec<NodeId> = duties
                .iter()
                .enumerate()
                .filter(|(at, _)| paid >> at & 1 == 1)
                .map(|(_, duty)| duty.node)
                .chain([node])
                .collect();
            let narrowed = self.solver.nodes.all(narrowed);
            if narrowed != FALSE || subset == 0 {
                values.push((paid, self.value(narrowed)));
            }
            if subset == costly {
                break;
            }
            subset = subset.wrapping_sub(costly) & costly;
        }
        // Where paying changes nothing, paying less is pointless.
        let covers = |(paid, value): (Duties, ValueId)| {
            let better = |&(more, same): &(Duties, ValueId)| {
                same == value && more != paid && more & paid == paid
            };
            !values.iter().any(better)
        };
        values.iter().copied().filter(|&v| covers(v)).collect()
    }

    /// What a listed name's value has to satisfy.
    ///
    /// In the group that listed it first, it mostly has its own place.
    fn member_node(&mut self, groups: &[Group], name: &Arc<str>, at: usize) -> NodeId {
        let mut parts = Vec::new();
        for group in groups {
            let before = parts.len();
            parts.extend(group.named(name, at));
            for &(lang, node) in &group.props.patterns {
                if self.solver.nodes.language(lang).accepts(name) {
                    parts.push(node);
                }
            }
            if parts.len() == before {
                parts.push(group.props.rest);
            }
        }
        self.solver.nodes.all(parts)
    }

    fn holds_name(&mut self, set: &NameSet, name: &str) -> Result<bool, SchemaError> {
        Ok(match set {
            NameSet::Matching(lang) => self.solver.nodes.language(*lang).accepts(name),
            NameSet::Rest(props) => {
                let matches =
                    |&(lang, _): &(LangId, NodeId)| self.solver.nodes.language(lang).accepts(name);
                !props.named.iter().any(|(known, _)| &**known == name)
                    && !props.patterns.iter().any(matches)
            }
            NameSet::Satisfying(node) => self.solver.string_language(*node)?.accepts(name),
        })
    }

    /// Classes of unlisted names, as a labelled automaton: names are told apart
    /// by which patterns they match. Per class, what the values have to satisfy
    /// and the duties they may pay.
    fn other_names(
        &mut self,
        groups: &[Group],
        names: &[Arc<Dfa>],
        duties: &[Duty],
    ) -> Result<OtherNames, SchemaError> {
        // The languages that tell names apart, each once.
        let mut languages: Vec<Arc<Dfa>> = Vec::new();
        let mut add = |dfa: &Arc<Dfa>| match languages.iter().position(|l| Arc::ptr_eq(l, dfa)) {
            Some(at) => at,
            None => {
                languages.push(Arc::clone(dfa));
                languages.len() - 1
            }
        };
        let names: Vec<usize> = names.iter().map(&mut add).collect();
        let mut patterns_of = |props: &Props| -> Vec<(usize, NodeId)> {
            let known =
                |&(lang, node): &(LangId, NodeId)| (add(self.solver.nodes.language(lang)), node);
            props.patterns.iter().map(known).collect()
        };
        let patterns: Vec<Vec<(usize, NodeId)>> = groups
            .iter()
            .map(|group| patterns_of(&group.props))
            .collect();
        let mut payers: Vec<Payers> = Vec::new();
        for duty in duties {
            payers.push(match &duty.names {
                NameSet::Matching(lang) => Payers::Matching(add(self.solver.nodes.language(*lang))),
                NameSet::Rest(props) => {
                    let known = props.patterns.iter();
                    let known = known.map(|&(lang, _)| add(self.solver.nodes.language(lang)));
                    Payers::Outside(known.collect())
                }
                NameSet::Satisfying(node) => {
                    Payers::Matching(add(&self.solver.string_language(*node)?))
                }
            });
        }
        let pays = |matched: &[bool]| -> Duties {
            payers.iter().enumerate().fold(0, |pays, (at, payers)| {
                let hit = match payers {
                    Payers::Matching(language) => matched[*language],
                    Payers::Outside(languages) => !languages.iter().any(|&l| matched[l]),
                };
                pays | Duties::from(hit) << at
            })
        };
        if languages.is_empty() {
            let rests: Vec<NodeId> = groups.iter().map(|group| group.props.rest).collect();
            let node = self.solver.nodes.all(rests);
            let language = if node == FALSE {
                Arc::clone(&self.shapes.punctuation.no_name)
            } else {
                Arc::clone(&self.shapes.punctuation.any_name)
            };
            return Ok((language, vec![(node, pays(&[]))]));
        }
        // A class is met for the first time while the product is built.
        let found: RefCell<Vec<(Vec<bool>, NodeId)>> = RefCell::default();
        let limits = self.solver.automata_limits();
        let nodes = RefCell::new(&mut self.solver.nodes);
        let label = |labels: &[Option<u32>]| {
            let matched: Vec<bool> = labels.iter().map(Option::is_some).collect();
            if names.iter().any(|&language| !matched[language]) {
                return None;
            }
            let mut found = found.borrow_mut();
            let at = match found.iter().position(|(known, _)| *known == matched) {
                Some(at) => at,
                None => {
                    let mut parts = Vec::new();
                    for (group, patterns) in groups.iter().zip(&patterns) {
                        let before = parts.len();
                        let own = patterns.iter().filter(|&&(language, _)| matched[language]);
                        parts.extend(own.map(|&(_, node)| node));
                        if parts.len() == before {
                            parts.push(group.props.rest);
                        }
                    }
                    let node = nodes.borrow_mut().all(parts);
                    found.push((matched, node));
                    found.len() - 1
                }
            };
            (found[at].1 != FALSE).then_some(at as u32)
        };
        let parts: Vec<&Dfa> = languages.iter().map(|dfa| &**dfa).collect();
        let classes = Dfa::combine(&parts, &label, &limits);
        let classes = classes.map_err(|error| automaton_limit(&error))?;
        let found = found.into_inner();
        if found.len() > MAX_CLASSES {
            return Err(SchemaError::Limit {
                name: "name classes",
                limit: MAX_CLASSES as u64,
                place: "overlapping patternProperties".into(),
            });
        }
        self.solver.spend(classes.state_count() as u64)?;
        let kinds = found
            .into_iter()
            .map(|(matched, node)| (node, pays(&matched)));
        Ok((Arc::new(classes), kinds.collect()))
    }
}

/// Classes of unlisted names: their automaton, and per class what values have
/// to satisfy and the duties they may pay.
type OtherNames = (Arc<Dfa>, Vec<(NodeId, Duties)>);

/// The unlisted names that may pay a duty, by the languages they match.
enum Payers {
    Matching(usize),
    Outside(Vec<usize>),
}

/// One group of properties.
struct Group {
    props: Arc<Props>,
    /// Its names at hand, if they are asked for.
    named: OnceCell<FxHashMap<Arc<str>, NodeId>>,
}

impl Group {
    fn new(props: Arc<Props>) -> Group {
        Group {
            props,
            named: OnceCell::new(),
        }
    }

    /// What is said of a name, which is likely the one at `at`.
    fn named(&self, name: &Arc<str>, at: usize) -> Option<NodeId> {
        match self.props.named.get(at) {
            Some((known, node)) if Arc::ptr_eq(known, name) => Some(*node),
            _ => {
                let all = || self.props.named.iter().cloned().collect();
                self.named.get_or_init(all).get(name).copied()
            }
        }
    }
}

/// The names an object formula mentions, in the order of the schema.
fn listed_names(groups: &[Arc<Props>], duties: &[Duty], required: &[&Arc<str>]) -> Vec<Arc<str>> {
    let excluded = duties.iter().filter_map(|duty| match &duty.names {
        NameSet::Rest(props) => Some(props),
        _ => None,
    });
    let mut groups = groups.iter().chain(excluded);
    // Names of one group differ.
    let first = groups.next().map_or(&[][..], |group| &group.named);
    let mut listed: Vec<Arc<str>> = first.iter().map(|(name, _)| Arc::clone(name)).collect();
    let more = groups.flat_map(|group| group.named.iter().map(|(name, _)| name));
    let mut more = more.chain(required.iter().copied()).peekable();
    if more.peek().is_some() {
        let mut known: FxHashSet<Arc<str>> = listed.iter().cloned().collect();
        for name in more {
            if known.insert(Arc::clone(name)) {
                listed.push(Arc::clone(name));
            }
        }
    }
    listed
}

/// What is left to be done in an object.
pub(crate) struct Todo<'a> {
    /// Which listed members were read.
    pub(crate) seen: &'a dyn Fn(usize) -> bool,
    /// Unlisted names used, by class.
    pub(crate) used: &'a dyn Fn(u32) -> u64,
    /// Members read, as far as they count.
    pub(crate) count: u32,
    pub(crate) duties: Duties,
    /// Members to read at least.
    pub(crate) least: u32,
}

/// Members that complete an object, and their bytes with names and colons but
/// without commas.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    pub(crate) members: u32,
    pub(crate) bytes: u32,
}

impl Object {
    /// The values of a member under a label of [`Key`](crate::key::Key).
    pub(crate) fn values(&self, label: u32) -> &[(Duties, ValueId)] {
        match self.members.get(label as usize) {
            Some(member) => &member.values,
            None => self
                .others
                .get(label as usize - self.members.len())
                .map_or(&[][..], |values| values),
        }
    }

    /// Every value that a member may have.
    pub(crate) fn all_values(&self) -> Vec<ValueId> {
        let listed = self.members.iter().map(|member| &member.values);
        let values = listed.chain(&self.others).flat_map(|values| values.iter());
        values.map(|&(_, value)| value).collect()
    }

    /// Everything, as at the start.
    pub(crate) fn all(&self) -> Todo<'_> {
        Todo {
            seen: &|_| false,
            used: &|_| 0,
            count: 0,
            duties: self.duties,
            least: 0,
        }
    }

    /// Bytes of the smallest object.
    pub(crate) fn min_bytes(&self, shapes: &Shapes) -> u32 {
        match self.complete(shapes, &self.all()) {
            Some(rest) => rest
                .bytes
                .saturating_add(2)
                .saturating_add(rest.members.saturating_sub(1)),
            None => EMPTY,
        }
    }

    /// The cheapest way found to complete an object; `None` if there is none.
    ///
    /// Exact as to whether there is one. Required members, then members that
    /// pay duties, by dynamic programming over the sets of duties paid; then
    /// others up to the minimum.
    pub(crate) fn complete(&self, shapes: &Shapes, todo: &Todo<'_>) -> Option<Rest> {
        let room = self
            .max
            .map_or(u32::MAX, |max| max.saturating_sub(todo.count));
        let mut plan = Plan::new(todo.duties, self.max.is_some());
        let mut optional: Vec<u32> = Vec::new();
        for (at, member) in self.members.iter().enumerate() {
            if (todo.seen)(at) {
                continue;
            }
            let alive = member.values.iter().filter(|&&(_, v)| shapes.is_alive(v));
            let ways = alive.map(|&(paid, value)| {
                (paid, shapes.bytes(value).saturating_add(member.name_bytes))
            });
            if member.required {
                plan.must(ways);
            } else {
                optional.extend(ways.clone().map(|(_, bytes)| bytes).min());
                plan.may(ways);
            }
        }
        let mut others = 0u64;
        let mut other_bytes = EMPTY;
        for (class, values) in self.others.iter().enumerate() {
            let alive = values.iter().filter(|&&(_, v)| shapes.is_alive(v));
            // A name that was never used, estimated, its quotes and the colon.
            let name = 3 + self.names.shortest(class).max(6);
            let ways = alive.map(|&(paid, v)| (paid, shapes.bytes(v).saturating_add(name)));
            let Some(cheapest) = ways.clone().map(|(_, bytes)| bytes).min() else {
                continue;
            };
            let supply = self
                .names
                .unlisted(class)
                .saturating_sub((todo.used)(class as u32));
            others = others.saturating_add(supply);
            if supply > 0 {
                other_bytes = other_bytes.min(cheapest);
            }
            for _ in 0..supply.min(u64::from(todo.duties.count_ones())) {
                plan.may(ways.clone());
            }
        }
        let rest = plan.done()?;
        if rest.members > room {
            return None;
        }
        // Members up to the minimum. The plan may already use some of these;
        // counting them all over is right for whether there are enough, since
        // every member in the plan is one of them or required.
        let least = self.min.saturating_sub(todo.count).max(todo.least);
        let extra = least.saturating_sub(rest.members);
        if extra == 0 {
            return Some(rest);
        }
        let planned = u64::from(rest.members.saturating_sub(plan.required));
        let available = (optional.len() as u64).saturating_add(others);
        if available.saturating_sub(planned) < u64::from(extra) || least > room {
            return None;
        }
        optional.sort_unstable();
        optional.truncate(extra as usize);
        let unlisted = extra - optional.len() as u32;
        let bytes = optional.into_iter().fold(rest.bytes, u32::saturating_add);
        let unlisted = if unlisted > 0 {
            unlisted.saturating_mul(other_bytes)
        } else {
            0
        };
        Some(Rest {
            members: rest.members + extra,
            bytes: bytes.saturating_add(unlisted).min(EMPTY - 1),
        })
    }
}

/// The cheapest members for every set of duties paid so far.
struct Plan {
    duties: Duties,
    /// Fewest members first, or fewest bytes.
    by_members: bool,
    best: SmallVec<[(Duties, Rest); 2]>,
    required: u32,
}

impl Plan {
    fn new(duties: Duties, by_members: bool) -> Plan {
        let nothing = Rest {
            members: 0,
            bytes: 0,
        };
        Plan {
            duties,
            by_members,
            best: SmallVec::from_iter([(0, nothing)]),
            required: 0,
        }
    }

    fn must(&mut self, ways: impl Iterator<Item = (Duties, u32)> + Clone) {
        self.required += 1;
        for (paid, rest) in std::mem::take(&mut self.best) {
            for (pays, bytes) in ways.clone() {
                self.offer(paid, rest, pays, bytes);
            }
        }
    }

    fn may(&mut self, ways: impl Iterator<Item = (Duties, u32)> + Clone) {
        if self.duties == 0 {
            return;
        }
        for (paid, rest) in self.best.clone() {
            for (pays, bytes) in ways.clone() {
                if pays & self.duties & !paid != 0 {
                    self.offer(paid, rest, pays, bytes);
                }
            }
        }
    }

    fn offer(&mut self, paid: Duties, rest: Rest, pays: Duties, bytes: u32) {
        let next = Rest {
            members: rest.members + 1,
            bytes: rest.bytes.saturating_add(bytes),
        };
        let cost = |rest: Rest| {
            if self.by_members {
                (rest.members, rest.bytes)
            } else {
                (rest.bytes, rest.members)
            }
        };
        let paid = paid | pays & self.duties;
        match self.best.iter().position(|&(known, _)| known == paid) {
            None => self.best.push((paid, next)),
            Some(at) if cost(next) < cost(self.best[at].1) => self.best[at].1 = next,
            Some(_) => {}
        }
    }

    fn done(&self) -> Option<Rest> {
        let all = |&&(paid, _): &&(Duties, Rest)| paid == self.duties;
        self.best.iter().find(all).map(|&(_, rest)| rest)
    }
}
