//! Cheap proofs that no value satisfies a set of literals.
//!
//! Never wrong when they say "empty", allowed to miss it: what they miss costs
//! time later, not exactness.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::bounds::{range, window};
use crate::error::SchemaError;
use crate::node::{Literal, Node, NodeId, TRUE, TypeSet};
use crate::number;
use crate::solver::Solver;
use crate::text::Verdict;

use super::Branch;
use super::about::{About, NameId, PropsIndex};

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
        if let Some(known) = self.empty_memo.get(node, depth) {
            return Ok(known);
        }
        // Against cycles of references: not known to be empty.
        self.empty_memo.set(node, depth, false);
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
        self.empty_memo.set(node, depth, empty);
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
        let mut todo: SmallVec<[NodeId; 32]> = SmallVec::from_slice(&[node]);
        let mut all: SmallVec<[NodeId; 32]> = SmallVec::new();
        self.seen.clear();
        while let Some(id) = todo.pop() {
            self.spend(1)?;
            if !self.seen.insert(id) {
                continue;
            }
            all.push(id);
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
        let contradicts = |id: &NodeId| {
            let negation = self.nodes.known_negation(*id);
            negation.is_some_and(|negation| self.seen.contains(negation))
        };
        let clash = all.len() > 1 && all.iter().any(contradicts);
        Ok(into.types != TypeSet::NONE && !clash)
    }

    /// Whether the literals of a branch plainly contradict each other.
    pub(super) fn in_conflict(&mut self, branch: &Branch, depth: u32) -> Result<bool, SchemaError> {
        self.spend(branch.literals.len() as u64)?;
        if branch.literals.len() < 2 {
            return Ok(false);
        }
        match branch.types {
            TypeSet::BOOLEAN => {
                let literals = self.literals(&branch.literals);
                let has = |wanted| literals.contains(&Literal::Bool(wanted));
                Ok(has(true) && has(false))
            }
            TypeSet::STRING => Ok(self.strings_conflict(&self.literals(&branch.literals))),
            TypeSet::ARRAY => self.arrays_conflict(&self.literals(&branch.literals), depth),
            TypeSet::OBJECT => self.objects_conflict(&branch.literals, depth),
            types if types.meets(TypeSet::NUMBER) => {
                Ok(numbers_conflict(&self.literals(&branch.literals)))
            }
            _ => Ok(false),
        }
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

    fn objects_conflict(&mut self, literals: &[NodeId], depth: u32) -> Result<bool, SchemaError> {
        let counts = literals.iter().map(|&id| match self.nodes.get(id) {
            Node::Literal(Literal::Count { min, max }) => (*min, *max),
            _ => (0, None),
        });
        if window(counts).is_none() {
            return Ok(true);
        }
        if depth == 0 {
            return Ok(false);
        }
        let mut required: SmallVec<[NameId; 16]> = SmallVec::new();
        let mut groups: SmallVec<[Arc<PropsIndex>; 16]> = SmallVec::new();
        for &id in literals {
            match self.about.of(&self.nodes, id) {
                About::Required(name) => required.push(*name),
                About::Props(props) => groups.push(Arc::clone(props)),
                About::OtherMember(..) | About::Other => {}
            }
        }
        // Members that must be there, with all that is said of them by name.
        for name in required {
            let said = groups.iter().filter_map(|group| match group.named(name) {
                Some(node) => Some(node),
                None if group.patterns().is_empty() && group.rest != TRUE => Some(group.rest),
                None => None,
            });
            let said: SmallVec<[NodeId; 8]> = said.collect();
            if said.is_empty() {
                continue;
            }
            let member = self.nodes.all(said);
            if self.clearly_empty(member, depth - 1)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Default)]
struct Conjuncts {
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
