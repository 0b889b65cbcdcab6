//! Values: what a formula allows of each JSON type, ready to be run.
//!
//! All formulas that a text can reach are worked out when the schema is
//! compiled, so running it never fails. Which of them have values at all is a
//! least fixpoint over the whole: the size of the smallest value, infinite for
//! none.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use formwork_automata::Dfa;
use formwork_grammar::json_text::char_bytes;
use formwork_grammar::{JsonText, Spaced, Terminal};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::branch::Branch;
use crate::bounds::window;
use crate::error::{Refusal, SchemaError};
use crate::name_table::{MAX_CLASSES, NameTable};
use crate::node::{FALSE, Literal, NodeId, Props, TypeSet};
use crate::number::{self, Numbers};
use crate::solver::{Solver, automaton_limit};
use crate::terminals::{Punctuation, TerminalCache};
use crate::text::{Strings, Text};

/// Index into [`Shapes::values`].
pub(crate) type ValueId = u32;

/// No finite value.
pub(crate) const EMPTY: u32 = u32::MAX;

/// What a formula allows.
#[derive(Default)]
pub(crate) struct Value {
    pub(crate) null: bool,
    /// `false` and `true`.
    pub(crate) bools: [bool; 2],
    pub(crate) strings: Vec<Arc<dyn Terminal>>,
    pub(crate) numbers: Vec<Arc<dyn Terminal>>,
    pub(crate) objects: Vec<u32>,
    pub(crate) arrays: Vec<u32>,
    /// Bytes of the smallest scalar, then of the smallest value.
    pub(crate) min_bytes: u32,
}

/// Objects of one alternative.
pub(crate) struct Object {
    pub(crate) names: Arc<NameTable>,
    /// Per listed name.
    pub(crate) members: Box<[Member]>,
    /// Per class of other names.
    pub(crate) others: Box<[ValueId]>,
    pub(crate) min: u32,
    pub(crate) max: Option<u32>,
    pub(crate) required: u32,
}

pub(crate) struct Member {
    pub(crate) value: ValueId,
    pub(crate) required: bool,
    /// Bytes of the name in quotes and the colon.
    pub(crate) name_bytes: u32,
}

/// Arrays of one alternative.
pub(crate) struct Array {
    pub(crate) prefix: Box<[ValueId]>,
    pub(crate) tail: ValueId,
    pub(crate) min: u32,
    pub(crate) max: Option<u32>,
}

impl Array {
    pub(crate) fn item(&self, at: u32) -> ValueId {
        *self.prefix.get(at as usize).unwrap_or(&self.tail)
    }
}

/// All values of a schema.
pub(crate) struct Shapes {
    pub(crate) values: Vec<Value>,
    pub(crate) objects: Vec<Object>,
    pub(crate) arrays: Vec<Array>,
    pub(crate) punctuation: Arc<Punctuation>,
}

/// Works out every value that `root` can lead to; returns its number.
pub(crate) fn explore(
    solver: Solver,
    cache: &TerminalCache,
    root: NodeId,
) -> Result<(Shapes, ValueId), SchemaError> {
    let punctuation = cache.punctuation(solver.options.whitespace);
    let mut explorer = Explorer {
        solver,
        cache,
        shapes: Shapes {
            values: Vec::new(),
            objects: Vec::new(),
            arrays: Vec::new(),
            punctuation,
        },
        ids: FxHashMap::default(),
        queue: VecDeque::new(),
        object_ids: FxHashMap::default(),
        array_ids: FxHashMap::default(),
        refusals: Vec::new(),
    };
    let root = explorer.value(root);
    while let Some((id, node)) = explorer.queue.pop_front() {
        let value = explorer.work_out(node)?;
        explorer.shapes.values[id as usize] = value;
    }
    if !explorer.refusals.is_empty() {
        return Err(SchemaError::Refused(explorer.refusals));
    }
    let mut shapes = explorer.shapes;
    shapes.measure();
    Ok((shapes, root))
}

struct Explorer<'a> {
    solver: Solver,
    cache: &'a TerminalCache,
    shapes: Shapes,
    ids: FxHashMap<NodeId, ValueId>,
    queue: VecDeque<(ValueId, NodeId)>,
    object_ids: FxHashMap<Vec<NodeId>, Option<u32>>,
    array_ids: FxHashMap<Vec<NodeId>, Option<u32>>,
    refusals: Vec<Refusal>,
}

impl Explorer<'_> {
    fn value(&mut self, node: NodeId) -> ValueId {
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        let id = self.shapes.values.len() as ValueId;
        self.shapes.values.push(Value {
            min_bytes: EMPTY,
            ..Value::default()
        });
        self.ids.insert(node, id);
        self.queue.push_back((id, node));
        id
    }

    fn work_out(&mut self, node: NodeId) -> Result<Value, SchemaError> {
        self.solver.spend(10)?;
        let mut value = Value {
            min_bytes: EMPTY,
            ..Value::default()
        };
        if node == FALSE {
            return Ok(value);
        }
        value.null = !self.branches(node, TypeSet::NULL)?.is_empty();
        for branch in self.branches(node, TypeSet::BOOLEAN)? {
            let literals = self.solver.literals(&branch.literals);
            for (slot, wanted) in value.bools.iter_mut().zip([false, true]) {
                *slot |= literals.iter().all(|l| *l == Literal::Bool(wanted));
            }
        }
        if value.null || value.bools[1] {
            value.min_bytes = 4;
        } else if value.bools[0] {
            value.min_bytes = 5;
        }
        self.strings(node, &mut value)?;
        self.numbers(node, &mut value)?;
        for branch in self.branches(node, TypeSet::ARRAY)? {
            value.arrays.extend(self.array(&branch)?);
        }
        for branch in self.branches(node, TypeSet::OBJECT)? {
            value.objects.extend(self.object(&branch)?);
        }
        Ok(value)
    }

    /// The branches of a formula, without the refused ones, which are noted.
    fn branches(&mut self, node: NodeId, types: TypeSet) -> Result<Vec<Branch>, SchemaError> {
        let mut branches = self.solver.branches(node, types)?;
        branches.retain(|branch| match branch.refusal {
            None => true,
            Some(at) => {
                let refusal = self.solver.nodes.refusals[at as usize].clone();
                if !self.refusals.contains(&refusal) {
                    self.refusals.push(refusal);
                }
                false
            }
        });
        Ok(branches)
    }

    fn strings(&mut self, node: NodeId, value: &mut Value) -> Result<(), SchemaError> {
        let space = self.shapes.punctuation.space;
        let mut words: Vec<Box<str>> = Vec::new();
        for branch in self.branches(node, TypeSet::STRING)? {
            if branch.literals.is_empty() {
                value.min_bytes = value.min_bytes.min(2);
                let any = Arc::clone(&self.shapes.punctuation.any_string);
                value.strings.push(any);
                continue;
            }
            match self.solver.string_branch(&branch.literals)? {
                Strings::Words(more) => words.extend(more),
                Strings::Text(text) => {
                    value.min_bytes = value.min_bytes.min(text.min_bytes());
                    value.strings.push(self.cache.text(space, text));
                }
            }
        }
        if !words.is_empty() {
            let dfa = Arc::new(Dfa::from_words(words.iter().map(|word| &**word)));
            self.solver.spend(dfa.state_count() as u64)?;
            if let Some(text) = Text::new(dfa, 0, None)? {
                value.min_bytes = value.min_bytes.min(text.min_bytes());
                let literal = Spaced::new(space, JsonText::new(text));
                value.strings.push(Arc::new(literal));
            }
        }
        Ok(())
    }

    fn numbers(&mut self, node: NodeId, value: &mut Value) -> Result<(), SchemaError> {
        let space = self.shapes.punctuation.space;
        let mut values = Vec::new();
        let mut add = |dfa: formwork_grammar::ByteDfa| {
            if !dfa.is_empty() {
                value.min_bytes = value.min_bytes.min(dfa.min_len());
                value.numbers.push(Arc::new(Spaced::new(space, dfa)));
            }
        };
        let mut shared = Vec::new();
        for branch in self.branches(node, TypeSet::NUMBER)? {
            let plain = branch.literals.is_empty();
            if plain && branch.types == TypeSet::NUMBER {
                shared.push(Arc::clone(&self.shapes.punctuation.any_number));
            } else if plain
                && branch.types == TypeSet::INTEGER
                && !self.solver.integers_by_spelling
            {
                shared.push(Arc::clone(&self.shapes.punctuation.any_integer));
            } else {
                match self.solver.number_branch(branch.types, &branch.literals)? {
                    Numbers::Values(more) => values.extend(more),
                    Numbers::Dfa(dfa) => add(dfa),
                }
            }
        }
        if !values.is_empty() {
            add(number::finite(values));
        }
        if !shared.is_empty() {
            value.min_bytes = 1;
            value.numbers.append(&mut shared);
        }
        Ok(())
    }

    fn array(&mut self, branch: &Branch) -> Result<Option<u32>, SchemaError> {
        if let Some(&known) = self.array_ids.get(&branch.literals) {
            return Ok(known);
        }
        let literals = self.solver.literals(&branch.literals);
        let sizes = literals.iter().map(|literal| match literal {
            Literal::Size { min, max } => (*min, *max),
            _ => (0, None),
        });
        let array = window(sizes).map(|(min, max)| {
            let lists: Vec<_> = literals
                .iter()
                .filter_map(|literal| match literal {
                    Literal::Items { prefix, tail } => Some((prefix, *tail)),
                    _ => None,
                })
                .collect();
            let longest = lists.iter().map(|(prefix, _)| prefix.len()).max();
            let mut item = |at: usize| {
                let parts = lists.iter().map(|(prefix, tail)| *prefix.get(at).unwrap_or(tail));
                let node = self.solver.nodes.all(parts.collect::<Vec<_>>());
                self.value(node)
            };
            let longest = longest.unwrap_or(0);
            let array = Array {
                prefix: (0..longest).map(&mut item).collect(),
                tail: item(longest),
                min,
                max,
            };
            self.shapes.arrays.push(array);
            (self.shapes.arrays.len() - 1) as u32
        });
        self.array_ids.insert(branch.literals.clone(), array);
        Ok(array)
    }

    fn object(&mut self, branch: &Branch) -> Result<Option<u32>, SchemaError> {
        if let Some(&known) = self.object_ids.get(&branch.literals) {
            return Ok(known);
        }
        let literals = self.solver.literals(&branch.literals);
        let counts = literals.iter().map(|literal| match literal {
            Literal::Count { min, max } => (*min, *max),
            _ => (0, None),
        });
        let object = match window(counts) {
            None => None,
            Some((min, max)) => {
                let object = self.object_of(&literals, min, max)?;
                self.shapes.objects.push(object);
                Some((self.shapes.objects.len() - 1) as u32)
            }
        };
        self.object_ids.insert(branch.literals.clone(), object);
        Ok(object)
    }

    fn object_of(
        &mut self,
        literals: &[Literal],
        min: u32,
        max: Option<u32>,
    ) -> Result<Object, SchemaError> {
        let mut groups: Vec<Arc<Props>> = Vec::new();
        let mut required: FxHashSet<&str> = FxHashSet::default();
        let mut names: Vec<Arc<Dfa>> = Vec::new();
        for literal in literals {
            match literal {
                Literal::Props(props) => groups.push(Arc::clone(props)),
                Literal::Required(name) => {
                    required.insert(name);
                }
                Literal::Names(node) => names.push(self.solver.string_language(*node)?),
                _ => {}
            }
        }
        let listed = listed_names(&groups, literals);
        self.solver.spend(listed.len() as u64)?;
        let maps: Vec<FxHashMap<&str, NodeId>> = groups
            .iter()
            .map(|group| group.named.iter().map(|(name, node)| (&**name, *node)).collect())
            .collect();
        let mut members = Vec::with_capacity(listed.len());
        for name in &listed {
            let node = if names.iter().all(|language| language.accepts(name)) {
                self.member_node(&groups, &maps, name)
            } else {
                FALSE
            };
            members.push(Member {
                value: self.value(node),
                required: required.contains(&**name),
                name_bytes: 3 + name.chars().map(char_bytes).sum::<u32>(),
            });
        }
        let (classes, nodes) = self.other_names(&groups, &names)?;
        let others = nodes.into_iter().map(|node| self.value(node)).collect();
        Ok(Object {
            names: Arc::new(NameTable::new(listed, classes)),
            members: members.into(),
            others,
            min,
            max,
            required: required.len() as u32,
        })
    }

    /// What a listed name's value has to satisfy.
    fn member_node(
        &mut self,
        groups: &[Arc<Props>],
        maps: &[FxHashMap<&str, NodeId>],
        name: &str,
    ) -> NodeId {
        let mut parts = Vec::new();
        for (group, named) in groups.iter().zip(maps) {
            let before = parts.len();
            parts.extend(named.get(name));
            for &(lang, node) in &group.patterns {
                if self.solver.nodes.language(lang).accepts(name) {
                    parts.push(node);
                }
            }
            if parts.len() == before {
                parts.push(group.rest);
            }
        }
        self.solver.nodes.all(parts)
    }

    /// Classes of unlisted names by which patterns they match, as a labelled
    /// automaton, and what the values under each class have to satisfy.
    fn other_names(
        &mut self,
        groups: &[Arc<Props>],
        names: &[Arc<Dfa>],
    ) -> Result<(Arc<Dfa>, Vec<NodeId>), SchemaError> {
        let patterns: Vec<(usize, Arc<Dfa>, NodeId)> = groups
            .iter()
            .enumerate()
            .flat_map(|(at, group)| group.patterns.iter().map(move |p| (at, p)))
            .map(|(at, &(lang, node))| (at, Arc::clone(self.solver.nodes.language(lang)), node))
            .collect();
        if patterns.is_empty() && names.is_empty() {
            let node = self.solver.nodes.all(groups.iter().map(|g| g.rest).collect::<Vec<_>>());
            let language = if node == FALSE {
                Arc::new(Dfa::empty())
            } else {
                Arc::clone(Text::any().language())
            };
            return Ok((language, vec![node]));
        }
        // A class is met for the first time while the product is built.
        let found: RefCell<Vec<(Vec<bool>, NodeId)>> = RefCell::default();
        let nodes = RefCell::new(&mut self.solver.nodes);
        let label = |labels: &[Option<u32>]| {
            let (matched, named) = labels.split_at(patterns.len());
            if named.iter().any(Option::is_none) {
                return None;
            }
            let matched: Vec<bool> = matched.iter().map(Option::is_some).collect();
            let mut found = found.borrow_mut();
            let at = match found.iter().position(|(known, _)| *known == matched) {
                Some(at) => at,
                None => {
                    let mut parts = Vec::new();
                    for (at, group) in groups.iter().enumerate() {
                        let before = parts.len();
                        let own = patterns.iter().zip(&matched);
                        let own = own.filter(|((of, ..), hit)| *of == at && **hit);
                        parts.extend(own.map(|((_, _, node), _)| *node));
                        if parts.len() == before {
                            parts.push(group.rest);
                        }
                    }
                    let node = nodes.borrow_mut().all(parts);
                    found.push((matched, node));
                    found.len() - 1
                }
            };
            (found[at].1 != FALSE).then_some(at as u32)
        };
        let parts: Vec<&Dfa> = patterns
            .iter()
            .map(|(_, dfa, _)| &**dfa)
            .chain(names.iter().map(|dfa| &**dfa))
            .collect();
        let limits = self.solver.options.limits.max_states;
        let limits = formwork_automata::Limits {
            max_states: limits,
            ..formwork_automata::Limits::default()
        };
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
        Ok((
            Arc::new(classes),
            found.into_iter().map(|(_, node)| node).collect(),
        ))
    }
}

/// The names an object formula mentions, in the order of the schema.
fn listed_names(groups: &[Arc<Props>], literals: &[Literal]) -> Vec<Box<str>> {
    let mut listed: Vec<Box<str>> = Vec::new();
    let mut known: FxHashSet<Box<str>> = FxHashSet::default();
    let named = groups.iter().flat_map(|group| group.named.iter().map(|(name, _)| name));
    let required = literals.iter().filter_map(|literal| match literal {
        Literal::Required(name) => Some(name),
        _ => None,
    });
    for name in named.chain(required) {
        if known.insert(name.clone()) {
            listed.push(name.clone());
        }
    }
    listed
}

impl Shapes {
    pub(crate) fn is_alive(&self, value: ValueId) -> bool {
        self.bytes(value) != EMPTY
    }

    pub(crate) fn bytes(&self, value: ValueId) -> u32 {
        self.values.get(value as usize).map_or(EMPTY, |v| v.min_bytes)
    }

    /// Computes the least size of every value: relaxes until nothing shrinks.
    /// Each round goes over all alternatives; the number of rounds is the depth
    /// of the smallest values, which is small in practice.
    fn measure(&mut self) {
        loop {
            let mut changed = false;
            for id in 0..self.values.len() {
                let value = &self.values[id];
                let objects = value.objects.iter().map(|&o| self.object_bytes(o));
                let arrays = value.arrays.iter().map(|&a| self.array_bytes(a));
                let least = objects.chain(arrays).min().unwrap_or(EMPTY);
                if least < value.min_bytes {
                    self.values[id].min_bytes = least;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        // Alternatives without a value must not be entered.
        for id in 0..self.values.len() {
            let objects = std::mem::take(&mut self.values[id].objects);
            let arrays = std::mem::take(&mut self.values[id].arrays);
            self.values[id].objects = objects
                .into_iter()
                .filter(|&o| self.object_bytes(o) != EMPTY)
                .collect();
            self.values[id].arrays = arrays
                .into_iter()
                .filter(|&a| self.array_bytes(a) != EMPTY)
                .collect();
        }
    }

    fn array_bytes(&self, id: u32) -> u32 {
        let array = &self.arrays[id as usize];
        self.items_bytes(array, 0)
            .map_or(EMPTY, |bytes| bytes.saturating_add(2))
    }

    /// Bytes of the items from `from` to the minimum, with a comma before each
    /// but the very first.
    pub(crate) fn items_bytes(&self, array: &Array, from: u32) -> Option<u32> {
        let mut sum = 0u32;
        let listed = array.prefix.len() as u32;
        for at in from..array.min.min(listed) {
            sum = sum.saturating_add(self.bytes(array.item(at)));
        }
        let rest = array.min.saturating_sub(from.max(listed));
        if rest > 0 {
            sum = sum.saturating_add(rest.saturating_mul(self.bytes(array.tail)));
        }
        let commas = array.min.saturating_sub(from.max(1));
        let sum = sum.saturating_add(commas);
        (sum != EMPTY).then_some(sum)
    }

    fn object_bytes(&self, id: u32) -> u32 {
        let object = &self.objects[id as usize];
        if object.max.is_some_and(|max| object.required > max) {
            return EMPTY;
        }
        let mut sum = 2u32;
        let mut optional = Vec::new();
        for member in &object.members {
            let bytes = self.bytes(member.value).saturating_add(member.name_bytes);
            if member.required {
                sum = sum.saturating_add(bytes);
            } else if object.min > object.required && bytes < EMPTY {
                optional.push(bytes);
            }
        }
        let extra = object.min.saturating_sub(object.required);
        sum = sum.saturating_add(self.extra_bytes(object, optional, extra));
        sum.saturating_add(object.required.max(object.min).saturating_sub(1))
    }

    /// Bytes of `extra` more members, given those of the optional listed ones.
    pub(crate) fn extra_bytes(&self, object: &Object, mut optional: Vec<u32>, extra: u32) -> u32 {
        optional.sort_unstable();
        optional.truncate(extra as usize);
        let rest = extra - optional.len() as u32;
        let sum = optional.into_iter().fold(0, u32::saturating_add);
        if rest == 0 {
            return sum;
        }
        let (unit, available) = self.others(object);
        if u64::from(rest) > available {
            return EMPTY;
        }
        sum.saturating_add(rest.saturating_mul(unit))
    }

    /// Unlisted members: bytes of a cheap one (its name estimated), and how
    /// many there can be at most.
    fn others(&self, object: &Object) -> (u32, u64) {
        const NAME: u32 = 3 + 6;
        let alive = |&(_, &value): &(usize, &ValueId)| self.is_alive(value);
        let classes = object.others.iter().enumerate().filter(alive);
        let cheapest = classes.clone().map(|(_, &v)| self.bytes(v)).min();
        let mask = classes.fold(0u64, |mask, (class, _)| mask | 1 << class);
        let available = unlisted_names(&object.names, mask);
        (
            cheapest.map_or(EMPTY, |bytes| bytes.saturating_add(NAME)),
            available,
        )
    }

    /// The classes of an object's other names that have values.
    pub(crate) fn open_classes(&self, object: &Object) -> u64 {
        let classes = object.others.iter().enumerate();
        let alive = classes.filter(|&(_, &value)| self.is_alive(value));
        alive.fold(0, |mask, (class, _)| mask | 1 << class)
    }
}

/// How many unlisted names the classes of `mask` hold; `u64::MAX` if without
/// end.
pub(crate) fn unlisted_names(names: &NameTable, mask: u64) -> u64 {
    let Some(start) = names.classes.start() else {
        return 0;
    };
    let (some, many) = names.reach(start);
    if many & mask != 0 {
        return u64::MAX;
    }
    if some & mask == 0 {
        return 0;
    }
    // Finite: count paths, each state once, then leave out the listed names.
    let mut memo: FxHashMap<u32, u64> = FxHashMap::default();
    let mut open = vec![(start, false)];
    while let Some((state, done)) = open.pop() {
        if memo.contains_key(&state) || names.reach(state).0 & mask == 0 {
            continue;
        }
        let next = |(id, ranges): (_, &[(u32, u32)])| {
            let next = names.classes.next_class(state, id)?;
            let chars: u64 = ranges.iter().map(|&(l, h)| u64::from(h - l) + 1).sum();
            Some((next, chars))
        };
        let successors: Vec<(u32, u64)> = names.classes.classes().filter_map(next).collect();
        if done {
            let here = names.classes.label(state).is_some_and(|l| mask & 1 << l != 0);
            let below = successors.iter().map(|&(next, chars)| {
                memo.get(&next).copied().unwrap_or(0).saturating_mul(chars)
            });
            let count = below.fold(u64::from(here), u64::saturating_add);
            memo.insert(state, count);
        } else {
            open.push((state, true));
            open.extend(successors.into_iter().map(|(next, _)| (next, false)));
        }
    }
    let listed = names
        .listed
        .iter()
        .filter(|name| names.class_of(name).is_some_and(|l| mask & 1 << l != 0));
    memo.get(&start)
        .copied()
        .unwrap_or(0)
        .saturating_sub(listed.count() as u64)
}
