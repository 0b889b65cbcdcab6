//! From compiled values to their description.

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
    let mut places: Places = FxHashMap::default();
    for (pointer, node) in &trace.places {
        let known = places.entry(*node).or_default();
        if !known.contains(pointer) {
            known.push(pointer.clone());
        }
    }
    let mut values = Vec::with_capacity(explored.nodes.len());
    let (shapes, solver) = (&explored.shapes, &mut explored.solver);
    let mut dead = FxHashSet::from_iter([FALSE]);
    for (id, &node) in explored.nodes.iter().enumerate() {
        values.push(value(shapes, solver, &places, id, node)?);
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
        root: explored.root as usize,
        values,
        annotations: trace.annotations,
        never,
    })
}

fn value(
    shapes: &Shapes,
    solver: &mut Solver,
    places: &Places,
    id: usize,
    node: NodeId,
) -> Result<ExplainedValue, SchemaError> {
    let (pointers, is_joint) = origins(places, solver, node);
    let mut explained = ExplainedValue {
        pointers,
        is_joint,
        is_any: node == TRUE,
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
        .map(|shape| array(shapes, shape))
        .collect();
    let objects = value.objects.iter();
    explained.objects = objects
        .filter_map(|&at| shapes.objects.get(at as usize))
        .map(|shape| object(shapes, shape))
        .collect();
    Ok(explained)
}

/// The places of a formula. A reference has those of its target too; a
/// conjunction that stands nowhere by itself has those of its parts.
fn origins(places: &Places, solver: &mut Solver, node: NodeId) -> (Vec<String>, bool) {
    let of = |wanted: NodeId| places.get(&wanted).cloned().unwrap_or_default();
    let mut found = of(node);
    let mut is_joint = false;
    match solver.nodes.get(node).clone() {
        Node::Ref { target, holds } => {
            let target = solver.nodes.target(target, holds);
            found.extend(of(target));
        }
        Node::All(parts) if found.is_empty() => {
            is_joint = true;
            for &part in &parts {
                found.extend(origins(places, solver, part).0);
            }
        }
        _ => {}
    }
    let mut seen = Vec::new();
    found.retain(|pointer| {
        let new = !seen.contains(pointer);
        if new {
            seen.push(pointer.clone());
        }
        new
    });
    let is_joint = is_joint && found.len() > 1;
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

fn array(shapes: &Shapes, shape: &Array) -> ExplainedArray {
    let parts = shape.parts();
    let ids = |values: &[ValueId]| values.iter().map(|&id| id as usize).collect();
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

fn object(shapes: &Shapes, shape: &Object) -> ExplainedObject {
    let alive = |values: &Values| -> Vec<usize> {
        let ids = values.iter().map(|&(_, id)| id);
        let mut ids: Vec<usize> = ids
            .filter(|&id| shapes.is_alive(id))
            .map(|id| id as usize)
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
