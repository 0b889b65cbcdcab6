//! Cheap proofs that no value satisfies a set of literals.
//!
//! Never wrong when they say "empty", allowed to miss it: what they miss costs
//! time later, not exactness.

use rustc_hash::FxHashMap;

use crate::bounds::{range, window};
use crate::error::SchemaError;
use crate::node::{Literal, Node, NodeId, TRUE, TypeSet};
use crate::number;
use crate::solver::Solver;
use crate::text::Verdict;

use super::Branch;

const EACH_TYPE: [TypeSet; 6] = [
    TypeSet::NULL,
    TypeSet::BOOLEAN,
    TypeSet::STRING,
    TypeSet::NUMBER,
    TypeSet::ARRAY,
    TypeSet::OBJECT,
];

impl Solver {
    /// Whether `node` is plainly unsatisfiable, looking `depth` values deep.
    pub(super) fn clearly_empty(&mut self, node: NodeId, depth: u32) -> Result<bool, SchemaError> {
        if let Some(&known) = self.empty_memo.get(&(node, depth)) {
            return Ok(known);
        }
        // Against cycles of references: not known to be empty.
        self.empty_memo.insert((node, depth), false);
        let mut conjuncts = Conjuncts::default();
        let mut empty = !self.gather(node, &mut conjuncts)?;
        if !empty {
            empty = true;
            for types in EACH_TYPE {
                let types = types.and(conjuncts.types);
                if types == TypeSet::NONE {
                    continue;
                }
                let literals = conjuncts.literals.iter().copied();
                let nodes = &self.nodes;
                let of_type = |id: &NodeId| match nodes.get(*id) {
                    Node::Literal(literal) => literal.types().meets(types),
                    _ => false,
                };
                let branch = Branch {
                    literals: literals.filter(of_type).collect(),
                    types,
                    refusal: None,
                };
                if !self.in_conflict(&branch, depth)? {
                    empty = false;
                    break;
                }
            }
        }
        if !empty && depth > 0 {
            for choice in conjuncts.choices {
                if self.no_option_left(node, choice, depth - 1)? {
                    empty = true;
                    break;
                }
            }
        }
        self.empty_memo.insert((node, depth), empty);
        Ok(empty)
    }

    /// Whether every option of a choice contradicts the whole.
    fn no_option_left(
        &mut self,
        whole: NodeId,
        choice: NodeId,
        depth: u32,
    ) -> Result<bool, SchemaError> {
        const MAX_OPTIONS: usize = 64;
        let options: Vec<NodeId> = match self.nodes.get(choice) {
            Node::Any(parts) if parts.len() <= MAX_OPTIONS => parts.to_vec(),
            Node::OneOf { parts, holds: true } if parts.len() <= MAX_OPTIONS => parts.to_vec(),
            _ => return Ok(false),
        };
        for option in options {
            self.spend(1)?;
            // The rest of the whole without this choice, and the option.
            let rest: Vec<NodeId> = match self.nodes.get(whole) {
                Node::All(parts) => parts.iter().copied().filter(|&p| p != choice).collect(),
                _ => Vec::new(),
            };
            let with = self.nodes.all(rest.into_iter().chain([option]));
            if !self.clearly_empty(with, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Collects what must hold whatever is chosen; `false` if that is plainly
    /// nothing.
    fn gather(&mut self, node: NodeId, into: &mut Conjuncts) -> Result<bool, SchemaError> {
        let mut todo = vec![node];
        while let Some(id) = todo.pop() {
            self.spend(1)?;
            if into.seen.contains(&id) {
                continue;
            }
            into.seen.push(id);
            match self.nodes.get(id) {
                Node::All(parts) => todo.extend_from_slice(parts),
                &Node::Ref { target, holds } => todo.push(self.nodes.target(target, holds)),
                Node::Types(types) => into.types = into.types.and(*types),
                Node::Literal(_) => into.literals.push(id),
                Node::Any(parts) if parts.is_empty() => return Ok(false),
                Node::Any(_) | Node::OneOf { .. } => into.choices.push(id),
                Node::Unsupported { .. } => {}
            }
        }
        let nodes = &self.nodes;
        let contradicts = |id: &NodeId| {
            let negation = nodes.known_negation(*id);
            negation.is_some_and(|negation| into.seen.contains(&negation))
        };
        let clash = into.seen.len() > 1 && into.seen.iter().any(contradicts);
        Ok(into.types != TypeSet::NONE && !clash)
    }

    /// Whether the literals of a branch plainly contradict each other.
    pub(super) fn in_conflict(&mut self, branch: &Branch, depth: u32) -> Result<bool, SchemaError> {
        self.spend(branch.literals.len() as u64)?;
        let literals: Vec<Literal> = branch
            .literals
            .iter()
            .filter_map(|&id| match self.nodes.get(id) {
                Node::Literal(literal) => Some(literal.clone()),
                _ => None,
            })
            .collect();
        if literals.len() < 2 {
            return Ok(false);
        }
        if branch.types == TypeSet::BOOLEAN {
            let has = |wanted| literals.contains(&Literal::Bool(wanted));
            return Ok(has(true) && has(false));
        }
        if branch.types == TypeSet::STRING {
            return Ok(self.strings_conflict(&literals));
        }
        if branch.types.meets(TypeSet::NUMBER) {
            return Ok(numbers_conflict(&literals));
        }
        if branch.types == TypeSet::ARRAY {
            return self.arrays_conflict(&literals, depth);
        }
        if branch.types == TypeSet::OBJECT {
            return self.objects_conflict(&literals, depth);
        }
        Ok(false)
    }

    fn strings_conflict(&self, literals: &[Literal]) -> bool {
        let sets = literals.iter().filter_map(|literal| match literal {
            Literal::Strings { set, holds: true } => Some(set),
            _ => None,
        });
        let Some(smallest) = sets.min_by_key(|set| set.len()) else {
            let lengths = literals.iter().map(|literal| match literal {
                Literal::Length { min, max } => (*min, *max),
                _ => (0, None),
            });
            return window(lengths).is_none();
        };
        !smallest.iter().any(|word| {
            literals
                .iter()
                .all(|literal| self.string_satisfies(word, literal) != Verdict::No)
        })
    }

    fn arrays_conflict(&mut self, literals: &[Literal], depth: u32) -> Result<bool, SchemaError> {
        let sizes = literals.iter().map(|literal| match literal {
            Literal::Size { min, max } => (*min, *max),
            _ => (0, None),
        });
        let Some((min, _)) = window(sizes) else {
            return Ok(true);
        };
        if literals.contains(&Literal::Unique) && literals.contains(&Literal::Repeats) {
            return Ok(true);
        }
        if depth == 0 {
            return Ok(false);
        }
        for at in 0..min.min(8) as usize {
            let items = literals.iter().filter_map(|literal| match literal {
                Literal::Items { prefix, tail } => Some(*prefix.get(at).unwrap_or(tail)),
                _ => None,
            });
            let item = self.nodes.all(items.collect::<Vec<_>>());
            if self.clearly_empty(item, depth - 1)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn objects_conflict(&mut self, literals: &[Literal], depth: u32) -> Result<bool, SchemaError> {
        let counts = literals.iter().map(|literal| match literal {
            Literal::Count { min, max } => (*min, *max),
            _ => (0, None),
        });
        if window(counts).is_none() {
            return Ok(true);
        }
        // Members that must be there, with all that is said of them by name.
        let mut required: FxHashMap<&str, Vec<NodeId>> = FxHashMap::default();
        for literal in literals {
            if let Literal::Required(name) = literal {
                required.entry(name).or_default();
            }
        }
        if required.is_empty() || depth == 0 {
            return Ok(false);
        }
        for literal in literals {
            let Literal::Props(props) = literal else {
                continue;
            };
            let mut mentioned = 0;
            for (name, node) in &props.named {
                if let Some(nodes) = required.get_mut(&**name) {
                    nodes.push(*node);
                    mentioned += 1;
                }
            }
            if props.patterns.is_empty() && props.rest != TRUE && mentioned < required.len() {
                for (name, nodes) in &mut required {
                    if !props.named.iter().any(|(known, _)| known.as_ref() == *name) {
                        nodes.push(props.rest);
                    }
                }
            }
        }
        let members: Vec<Vec<NodeId>> = required.into_values().collect();
        for nodes in members {
            if nodes.is_empty() {
                continue;
            }
            let member = self.nodes.all(nodes);
            if self.clearly_empty(member, depth - 1)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Default)]
struct Conjuncts {
    seen: Vec<NodeId>,
    literals: Vec<NodeId>,
    choices: Vec<NodeId>,
    types: TypeSet,
}

fn numbers_conflict(literals: &[Literal]) -> bool {
    let sets = literals.iter().filter_map(|literal| match literal {
        Literal::Numbers { set, holds: true } => Some(set),
        _ => None,
    });
    match sets.min_by_key(|set| set.len()) {
        None => range(literals.iter()).is_none() || number::multiples_conflict(literals),
        Some(smallest) => !smallest
            .iter()
            .any(|n| literals.iter().all(|l| number::satisfies(n, l))),
    }
}
