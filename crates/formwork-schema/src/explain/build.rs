//! From compiled values to their description.

#![expect(
    clippy::indexing_slicing,
    reason = "values, objects and arrays are numbered as they are worked out"
)]

use formwork_grammar::Status;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Explain, ExplainedArray, ExplainedMember, ExplainedNumbers, ExplainedObject, ExplainedStrings,
    ExplainedValue,
};
use crate::array::Array;
use crate::bounds::range;
use crate::error::SchemaError;
use crate::lower::Trace;
use crate::node::{Bound, FALSE, Literal, Node, NodeId, TRUE, TypeSet};
use crate::number::Numbers;
use crate::object::{Object, Values};
use crate::shape::{EMPTY, Explored, Shapes, ValueId};
use crate::solver::Solver;
use crate::text::Strings;

/// JSON Pointers of the schemas that became a formula.
type Places = FxHashMap<NodeId, Vec<String>>;

/// Describes what a schema became.
pub(crate) fn explain(
    explored: &mut Explored,
    trace: Trace,
    status: Status,
) -> Result<Explain, SchemaError> {
    let solver = &mut explored.solver;
    let mut places: Places = FxHashMap::default();
    for (pointer, node) in &trace.places {
        let known = places.entry(meant(solver, *node)).or_default();
        if !known.contains(pointer) {
            known.push(pointer.clone());
        }
    }
    for pointers in places.values_mut() {
        pointers.sort_by_cached_key(|pointer| (pointer.matches('/').count(), pointer.clone()));
    }
    let shapes = &explored.shapes;
    let numbers = Numbering::new(solver, &explored.nodes);
    let mut values = Vec::with_capacity(numbers.first.len());
    for &id in &numbers.first {
        let node = explored.nodes[id];
        values.push(value(shapes, solver, (&places, &numbers), id, node)?);
    }
    let mut dead = FxHashSet::from_iter([FALSE]);
    for (id, &node) in explored.nodes.iter().enumerate() {
        if !shapes.is_alive(id as ValueId) {
            dead.insert(node);
        }
    }
    let mut never: Vec<String> = trace
        .places
        .iter()
        .filter(|(_, node)| dead.contains(node))
        .map(|(pointer, _)| pointer.clone())
        .collect();
    never.sort_unstable();
    never.dedup();
    Ok(Explain {
        status,
        root: numbers.of(explored.root),
        values,
        annotations: trace.annotations,
        never,
    })
}

fn value(
    shapes: &Shapes,
    solver: &mut Solver,
    (places, numbering): (&Places, &Numbering),
    id: usize,
    node: NodeId,
) -> Result<ExplainedValue, SchemaError> {
    let (pointers, is_joint) = origins(places, solver, node);
    let mut explained = ExplainedValue {
        pointers,
        is_joint,
        is_any: meant(solver, node) == TRUE,
        ..ExplainedValue::default()
    };
    let Some(value) = shapes.values.get(id).filter(|v| v.min_bytes != EMPTY) else {
        return Ok(explained);
    };
    explained.min_bytes = Some(value.min_bytes);
    explained.null = value.null;
    explained.bools = value.bools;
    explained.strings = strings(solver, node)?;
    explained.numbers = numbers(solver, node)?;
    let arrays = value.arrays.iter();
    explained.arrays = arrays
        .filter_map(|&at| shapes.arrays.get(at as usize))
        .map(|shape| array(shapes, numbering, shape))
        .collect();
    let objects = value.objects.iter();
    explained.objects = objects
        .filter_map(|&at| shapes.objects.get(at as usize))
        .map(|shape| object(shapes, numbering, shape))
        .collect();
    Ok(explained)
}

/// Values by number, a reference and what it means being one value.
struct Numbering {
    /// Numbers by [`ValueId`].
    numbers: Vec<usize>,
    /// The first value with each number.
    first: Vec<usize>,
}

impl Numbering {
    fn new(solver: &mut Solver, nodes: &[NodeId]) -> Numbering {
        let mut numbering = Numbering {
            numbers: Vec::with_capacity(nodes.len()),
            first: Vec::new(),
        };
        let mut known: FxHashMap<NodeId, usize> = FxHashMap::default();
        for (id, &node) in nodes.iter().enumerate() {
            let number = *known.entry(meant(solver, node)).or_insert_with(|| {
                numbering.first.push(id);
                numbering.first.len() - 1
            });
            numbering.numbers.push(number);
        }
        numbering
    }

    fn of(&self, id: ValueId) -> usize {
        self.numbers.get(id as usize).copied().unwrap_or_default()
    }
}

/// What a formula means, if it is a reference; no reference leads to itself.
fn meant(solver: &mut Solver, mut node: NodeId) -> NodeId {
    while let &Node::Ref { target, holds } = solver.nodes.get(node) {
        node = solver.nodes.target(target, holds);
    }
    node
}

/// The places of a formula: its own, or, if it stands nowhere by itself, those
/// of its parts, which mean it together.
fn origins(places: &Places, solver: &mut Solver, node: NodeId) -> (Vec<String>, bool) {
    let node = meant(solver, node);
    if let Some(pointers) = places.get(&node) {
        return (pointers.clone(), false);
    }
    let mut found: Vec<String> = Vec::new();
    if let Node::All(parts) = solver.nodes.get(node).clone() {
        for &part in parts.iter() {
            let part = meant(solver, part);
            found.extend(places.get(&part).into_iter().flatten().cloned());
        }
    }
    let mut seen = FxHashSet::default();
    found.retain(|pointer| seen.insert(pointer.clone()));
    let is_joint = found.len() > 1;
    (found, is_joint)
}

fn strings(solver: &mut Solver, node: NodeId) -> Result<Vec<ExplainedStrings>, SchemaError> {
    let mut all = Vec::new();
    let mut words = 0;
    for branch in solver.branches(node, TypeSet::STRING)? {
        let text = match solver.string_branch(&branch.literals)? {
            Strings::Words(more) => {
                words += more.len();
                continue;
            }
            Strings::Text(text) => text,
        };
        let (min, max) = text.bounds();
        let mut explained = ExplainedStrings {
            states: text.language().state_count(),
            min,
            max,
            ..ExplainedStrings::default()
        };
        for literal in solver.literals(&branch.literals) {
            match literal {
                Literal::Matches { lang, holds } => {
                    let name = solver.nodes.language_name(lang);
                    explained.matches.push((name, holds));
                }
                Literal::Strings { set, holds: false } => explained.excluded += set.len(),
                _ => {}
            }
        }
        all.push(explained);
    }
    if words > 0 {
        all.push(ExplainedStrings {
            words: Some(words),
            ..ExplainedStrings::default()
        });
    }
    Ok(all)
}

fn numbers(solver: &mut Solver, node: NodeId) -> Result<Vec<ExplainedNumbers>, SchemaError> {
    let mut all = Vec::new();
    let mut values = Vec::new();
    for branch in solver.branches(node, TypeSet::NUMBER)? {
        let mut explained = ExplainedNumbers {
            integers: branch.types == TypeSet::INTEGER,
            ..ExplainedNumbers::default()
        };
        if !branch.literals.is_empty() {
            match solver.number_branch(branch.types, &branch.literals)? {
                Numbers::Values(more) => {
                    values.extend(more);
                    continue;
                }
                Numbers::Digits(digits) if digits.dfa.is_empty() => continue,
                Numbers::Digits(digits) => explained.states = digits.dfa.state_count(),
            }
        }
        let literals = solver.literals(&branch.literals);
        if let Some((low, high)) = range(literals.iter()) {
            let shown = |bound: Bound| (bound.value.to_string(), bound.exclusive);
            explained.low = low.map(shown);
            explained.high = high.map(shown);
        }
        for literal in literals {
            match literal {
                Literal::Multiple { of, holds } => {
                    explained.multiples.push((of.to_string(), holds));
                }
                Literal::Numbers { set, holds: false } => explained.excluded += set.len(),
                _ => {}
            }
        }
        all.push(explained);
    }
    if !values.is_empty() {
        values.sort_unstable();
        values.dedup();
        all.push(ExplainedNumbers {
            set: Some(values.len()),
            ..ExplainedNumbers::default()
        });
    }
    Ok(all)
}

fn array(shapes: &Shapes, numbering: &Numbering, shape: &Array) -> ExplainedArray {
    let parts = shape.parts();
    let ids = |values: &[ValueId]| values.iter().map(|&id| numbering.of(id)).collect();
    let mut items: Vec<ValueId> = parts.items;
    items.retain(|&id| shapes.is_alive(id));
    ExplainedArray {
        prefix: ids(parts.prefix),
        items: ids(&items),
        min: parts.min,
        max: parts.max,
        unique: shape.unique,
        counters: parts.counters,
    }
}

fn object(shapes: &Shapes, numbering: &Numbering, shape: &Object) -> ExplainedObject {
    let alive = |values: &Values| -> Vec<usize> {
        let ids = values.iter().map(|&(_, id)| id);
        let mut ids: Vec<usize> = ids
            .filter(|&id| shapes.is_alive(id))
            .map(|id| numbering.of(id))
            .collect();
        ids.dedup();
        ids
    };
    let members = shape.names.listed.iter().zip(&shape.members);
    let members = members.map(|(name, member)| ExplainedMember {
        name: name.to_string(),
        required: member.required,
        values: alive(&member.values),
    });
    let others = shape.others.iter().enumerate().map(|(class, values)| {
        let names = match shape.names.unlisted(class) {
            u64::MAX => None,
            names => Some(names),
        };
        (names, alive(values))
    });
    ExplainedObject {
        members: members.collect(),
        others: others.filter(|(_, values)| !values.is_empty()).collect(),
        min: shape.min,
        max: shape.max,
        duties: shape.duties.count_ones(),
    }
}
