//! Multiplies a formula out into alternatives, each a set of literals about
//! one JSON type (disjunctive normal form, per type).
//!
//! Alternatives that clearly contradict themselves are dropped on the way, and
//! choices with one option left are taken first; without that, a chain of n
//! conditionals would cost 2^n.

pub(crate) mod about;
mod conflict;
mod decide;
pub(crate) mod known;

use crate::error::SchemaError;
use crate::node::{FALSE, Node, NodeId, TypeSet};
use crate::solver::Solver;

/// One alternative of a formula for one type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Branch {
    /// Literals about the type, sorted.
    pub(crate) literals: Vec<NodeId>,
    /// The part of the type that is meant (integers, fractions).
    pub(crate) types: TypeSet,
    /// Something in it is not supported.
    pub(crate) refusal: Option<u32>,
}

/// An alternative on the way.
#[derive(Clone)]
struct Partial {
    seen: Vec<NodeId>,
    choices: Vec<NodeId>,
    branch: Branch,
}

impl Solver {
    /// The alternatives of `node` for values of `types`, none of which implies
    /// another.
    pub(crate) fn branches(
        &mut self,
        node: NodeId,
        types: TypeSet,
    ) -> Result<Vec<Branch>, SchemaError> {
        let start = Partial {
            seen: Vec::new(),
            choices: Vec::new(),
            branch: Branch {
                literals: Vec::new(),
                types,
                refusal: None,
            },
        };
        let mut done: Vec<Branch> = Vec::new();
        let mut open: Vec<Partial> = self.absorb(start, vec![node])?.into_iter().collect();
        while let Some(partial) = open.pop() {
            if partial.choices.is_empty() {
                done.push(partial.branch);
            } else {
                open.extend(self.split(partial)?);
            }
            let limits = &self.options.limits;
            let max = limits.max_branches;
            if done.len() + open.len() > max.min(limits.max_multiplied) {
                done = self.decide(node, types)?;
                if done.len() > max {
                    return Err(self.too_many_branches());
                }
                break;
            }
        }
        Ok(without_implied(done))
    }

    fn too_many_branches(&self) -> SchemaError {
        SchemaError::Limit {
            name: "max_branches",
            limit: self.options.limits.max_branches as u64,
            place: "multiplying out anyOf, oneOf, allOf and not".into(),
        }
    }

    /// Adds formulas to an alternative; `None` if that leaves nothing.
    fn absorb(
        &mut self,
        mut partial: Partial,
        mut todo: Vec<NodeId>,
    ) -> Result<Option<Partial>, SchemaError> {
        let literals = partial.branch.literals.len();
        self.spend(1 + partial.seen.len() as u64 / 8)?;
        while let Some(id) = todo.pop() {
            self.spend(1)?;
            let Err(at) = partial.seen.binary_search(&id) else {
                continue;
            };
            partial.seen.insert(at, id);
            if id == FALSE {
                return Ok(None);
            }
            match self.nodes.get(id) {
                Node::All(parts) => todo.extend_from_slice(parts),
                Node::Any(_) | Node::OneOf { .. } => partial.choices.push(id),
                &Node::Ref { target, holds } => todo.push(self.nodes.target(target, holds)),
                Node::Types(types) => {
                    partial.branch.types = partial.branch.types.and(*types);
                    if partial.branch.types == TypeSet::NONE {
                        return Ok(None);
                    }
                }
                Node::Literal(literal) => {
                    if literal.types().meets(partial.branch.types) {
                        partial.branch.literals.push(id);
                    }
                }
                Node::Unsupported { types, refusal } => {
                    if types.meets(partial.branch.types) {
                        partial.branch.refusal = Some(*refusal);
                    }
                }
            }
        }
        partial.branch.literals.sort_unstable();
        let grown = partial.branch.literals.len() > literals;
        if grown && literals > 0 && self.in_conflict(&partial.branch, 2)? {
            return Ok(None);
        }
        Ok(Some(partial))
    }

    /// Takes the choice with the fewest options left, after all choices that
    /// have only one.
    fn split(&mut self, mut partial: Partial) -> Result<Vec<Partial>, SchemaError> {
        'again: loop {
            let mut best: Option<Vec<Partial>> = None;
            for (at, &choice) in partial.choices.iter().enumerate() {
                let mut rest = partial.clone();
                rest.choices.swap_remove(at);
                let mut options = Vec::new();
                for todo in self.options_of(choice)? {
                    options.extend(self.absorb(rest.clone(), todo)?);
                }
                if options.len() <= 1 {
                    match options.pop() {
                        None => return Ok(Vec::new()),
                        Some(only) if only.choices.is_empty() => return Ok(vec![only]),
                        Some(only) => {
                            partial = only;
                            continue 'again;
                        }
                    }
                }
                if best
                    .as_ref()
                    .is_none_or(|known| options.len() < known.len())
                {
                    best = Some(options);
                }
            }
            return Ok(best.unwrap_or_default());
        }
    }

    /// What can be chosen at a choice: lists of formulas to hold together.
    fn options_of(&mut self, choice: NodeId) -> Result<Vec<Vec<NodeId>>, SchemaError> {
        let (parts, holds) = match self.nodes.get(choice) {
            Node::Any(parts) => return Ok(parts.iter().map(|&part| vec![part]).collect()),
            Node::OneOf { parts, holds } => (parts.clone(), *holds),
            _ => return Ok(vec![vec![choice]]),
        };
        let mut options = Vec::new();
        if holds {
            for (at, &part) in parts.iter().enumerate() {
                let mut todo = vec![part];
                for (other_at, &other) in parts.iter().enumerate() {
                    if other_at != at && !self.disjoint(part, other)? {
                        todo.push(self.nodes.negate(other));
                    }
                }
                options.push(todo);
            }
        } else {
            let none: Vec<NodeId> = parts.iter().map(|&part| self.nodes.negate(part)).collect();
            options.push(none);
            for (at, &a) in parts.iter().enumerate() {
                for &b in parts.iter().skip(at + 1) {
                    if !self.disjoint(a, b)? {
                        options.push(vec![a, b]);
                    }
                }
            }
        }
        Ok(options)
    }

    /// Whether no value satisfies both; `false` if that is not plain to see.
    pub(crate) fn disjoint(&mut self, a: NodeId, b: NodeId) -> Result<bool, SchemaError> {
        // PERF: a proof costs a few µs, far more than other units of work.
        self.spend(12)?;
        let both = self.nodes.all([a, b]);
        self.clearly_empty(both, 4)
    }
}

/// Drops alternatives that another, weaker one covers.
fn without_implied(mut branches: Vec<Branch>) -> Vec<Branch> {
    const MAX: usize = 128; // quadratic beyond this is not worth it
    branches.sort_unstable_by_key(|branch| branch.literals.len());
    branches.dedup();
    if branches.len() > MAX {
        return branches;
    }
    let mut kept: Vec<Branch> = Vec::new();
    for branch in branches {
        let covers = |weaker: &Branch| {
            weaker.refusal.is_none()
                && branch.types.and(weaker.types) == branch.types
                && weaker
                    .literals
                    .iter()
                    .all(|literal| branch.literals.binary_search(literal).is_ok())
        };
        if !kept.iter().any(covers) {
            kept.push(branch);
        }
    }
    kept
}
