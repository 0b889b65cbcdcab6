//! Multiplies out by deciding literals one after the other.
//!
//! Options that overlap, such as those of a `oneOf` whose discriminator is
//! optional, multiply: each comes with the negation of all others, and each
//! negation is a choice again. Deciding a literal, true or false, settles it in
//! all options at once, so that most of them collapse; and the literals about
//! the member in which the options differ most are decided first. (This is the
//! search of Davis, Putnam, Logemann and Loveland, 1962, made to list all
//! models instead of finding one.)

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::error::{Refusal, SchemaError};
use crate::node::{FALSE, Literal, NameSet, Node, NodeId, Props, TRUE, TypeSet};
use crate::solver::Solver;

use super::Branch;

/// How deep to look for a contradiction between what two literals say of a
/// member.
const DEPTH: u32 = 3;

/// Alternatives kept at most, and cases looked at to find them.
const MAX_DONE: usize = 256;
const MAX_CASES: usize = 8192;

/// Literals that hold, and what is left of the formula then.
struct Case {
    facts: Branch,
    rest: NodeId,
}

impl Solver {
    /// The alternatives of `node` for values of `types`; no value satisfies two
    /// of them, unless the formula offers them as they are.
    ///
    /// If there is no end of them, those found by then are a part of the
    /// language, which is noted.
    pub(super) fn decide(
        &mut self,
        node: NodeId,
        types: TypeSet,
    ) -> Result<Vec<Branch>, SchemaError> {
        let facts = Branch {
            literals: Vec::new(),
            types,
            refusal: None,
        };
        let Some(whole) = self.settle(Case { facts, rest: node })? else {
            return Ok(Vec::new());
        };
        let mut done = Vec::new();
        let mut cases = vec![Some(whole)];
        let mut open = BinaryHeap::from([(Reverse(0), Reverse(0))]);
        while let Some((_, Reverse(at))) = open.pop() {
            let Some(case) = cases[at].take() else {
                continue;
            };
            if case.rest == TRUE {
                done.push(case.facts);
                continue;
            }
            for case in self.cases(case)? {
                if let Some(case) = self.settle(case)? {
                    // Broad cases first, and those soon done.
                    let left = self.literals_left(case.rest, case.facts.types);
                    let cost = left + 4 * case.facts.literals.len();
                    open.push((Reverse(cost), Reverse(cases.len())));
                    cases.push(Some(case));
                }
            }
            if done.len() > MAX_DONE || cases.len() > MAX_CASES {
                if done.is_empty() {
                    return Err(self.too_many_branches());
                }
                self.leave_out_rest();
                break;
            }
        }
        Ok(done)
    }

    /// Notes that alternatives were dropped.
    fn leave_out_rest(&mut self) {
        let left_out = Refusal {
            pointer: String::new(),
            keyword: "oneOf".into(),
            reason: format!(
                "alternatives overlap in more than {MAX_DONE} ways somewhere; values that come \
                 under the most involved of these are left out"
            ),
        };
        if !self.left_out.contains(&left_out) {
            self.left_out.push(left_out);
        }
    }

    fn literals_left(&mut self, node: NodeId, types: TypeSet) -> usize {
        let mut found = FxHashMap::default();
        self.count_literals(node, types, &mut found);
        found.len()
    }

    /// Moves what must hold to the facts, until nothing changes; `None` if that
    /// is a contradiction.
    fn settle(&mut self, mut case: Case) -> Result<Option<Case>, SchemaError> {
        loop {
            let known = Known::new(&self.literals(&case.facts.literals));
            let mut memo = FxHashMap::default();
            case.rest = self.reduce(case.rest, &case.facts, &known, &mut memo)?;
            let parts = match self.nodes.get(case.rest) {
                Node::All(parts) => parts.to_vec(),
                _ => vec![case.rest],
            };
            let mut choices = Vec::new();
            let before = case.facts.literals.len();
            for part in parts {
                match self.nodes.get(part) {
                    Node::Literal(_) => case.facts.literals.push(part),
                    Node::Types(types) => case.facts.types = case.facts.types.and(*types),
                    Node::Unsupported { refusal, .. } => case.facts.refusal = Some(*refusal),
                    _ if part == FALSE => return Ok(None),
                    _ => choices.push(part),
                }
            }
            case.rest = self.nodes.all(choices);
            if case.facts.types == TypeSet::NONE {
                return Ok(None);
            }
            if case.facts.literals.len() == before {
                return Ok(Some(case));
            }
            case.facts.literals.sort_unstable();
            case.facts.literals.dedup();
            if self.in_conflict(&case.facts, 1)? {
                return Ok(None);
            }
        }
    }

    /// The cases to tell apart next.
    fn cases(&mut self, case: Case) -> Result<Vec<Case>, SchemaError> {
        let rests: Vec<NodeId> = match self.nodes.get(case.rest).clone() {
            // The only choice that is left.
            Node::Any(parts) => parts.to_vec(),
            Node::OneOf { parts, holds: true } if self.all_disjoint(&parts)? => parts.to_vec(),
            _ => match self.literal_to_decide(case.rest, &case.facts) {
                Some(literal) => {
                    let negation = self.nodes.negate(literal);
                    [literal, negation]
                        .into_iter()
                        .map(|decided| self.nodes.all([case.rest, decided]))
                        .collect()
                }
                // Only what is not supported is left.
                None => {
                    let refusal = self.refusal_within(case.rest);
                    let facts = Branch {
                        refusal,
                        ..case.facts
                    };
                    return Ok(vec![Case { facts, rest: TRUE }]);
                }
            },
        };
        let case_of = |rest| Case {
            facts: case.facts.clone(),
            rest,
        };
        Ok(rests.into_iter().map(case_of).collect())
    }

    fn refusal_within(&mut self, node: NodeId) -> Option<u32> {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match self.nodes.get(node) {
                Node::Unsupported { refusal, .. } => return Some(*refusal),
                Node::All(parts) | Node::Any(parts) | Node::OneOf { parts, .. } => {
                    open.extend_from_slice(parts);
                }
                _ => {}
            }
        }
        None
    }

    fn all_disjoint(&mut self, parts: &[NodeId]) -> Result<bool, SchemaError> {
        for (at, &a) in parts.iter().enumerate() {
            for &b in parts.iter().skip(at + 1) {
                if !self.disjoint(a, b)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The literal whose decision settles most. First comes whether the member
    /// is there of which the options say the most different things, and what of
    /// them it is; then what most options have in common.
    fn literal_to_decide(&mut self, node: NodeId, facts: &Branch) -> Option<NodeId> {
        let mut found: FxHashMap<NodeId, usize> = FxHashMap::default();
        self.count_literals(node, facts.types, &mut found);
        let mut found: Vec<(NodeId, usize)> = found.into_iter().collect();
        found.sort_unstable();
        let mut members: FxHashMap<&str, (usize, NodeId)> = FxHashMap::default();
        for &(id, _) in &found {
            if let Node::Literal(Literal::Props(props)) = self.nodes.get(id)
                && let Some(Part::Name(name, _)) = only_part(props)
            {
                members.entry(name).or_insert((0, id)).0 += 1;
            }
        }
        let differs = members.into_iter().filter(|(_, (count, _))| *count > 1);
        let Some((name, (_, literal))) =
            differs.max_by_key(|&(name, (count, _))| (count, Reverse(name)))
        else {
            let common = found
                .iter()
                .max_by_key(|&&(id, count)| (count, Reverse(id)));
            return common.map(|&(id, _)| id);
        };
        let required = Literal::Required(name.into());
        let required = self.nodes.literal(required);
        let is_known = facts.literals.contains(&required);
        Some(if is_known { literal } else { required })
    }

    /// The literals of a formula about some types, and in how many formulas each
    /// stands.
    fn count_literals(
        &mut self,
        node: NodeId,
        types: TypeSet,
        found: &mut FxHashMap<NodeId, usize>,
    ) {
        let mut open = vec![node];
        let mut seen = Vec::new();
        while let Some(node) = open.pop() {
            match self.nodes.get(node) {
                Node::Literal(literal) if literal.types().meets(types) => {
                    *found.entry(node).or_default() += 1;
                }
                // Integers or fractions.
                Node::Types(some) if some.meets(types) => *found.entry(node).or_default() += 1,
                _ if seen.contains(&node) => {}
                Node::All(parts) | Node::Any(parts) | Node::OneOf { parts, .. } => {
                    seen.push(node);
                    open.extend_from_slice(parts);
                }
                &Node::Ref { target, holds } => {
                    seen.push(node);
                    open.push(self.nodes.target(target, holds));
                }
                Node::Literal(_) | Node::Types(_) | Node::Unsupported { .. } => {}
            }
        }
    }

    /// What is left of a formula if the facts hold.
    fn reduce(
        &mut self,
        node: NodeId,
        facts: &Branch,
        known: &Known,
        memo: &mut FxHashMap<NodeId, NodeId>,
    ) -> Result<NodeId, SchemaError> {
        if let Some(&reduced) = memo.get(&node) {
            return Ok(reduced);
        }
        self.spend(1)?;
        let reduced = match self.nodes.get(node).clone() {
            Node::All(parts) => {
                let parts = self.reduce_each(&parts, facts, known, memo)?;
                self.nodes.all(parts)
            }
            Node::Any(parts) => {
                let parts = self.reduce_each(&parts, facts, known, memo)?;
                self.nodes.any(parts)
            }
            Node::OneOf { parts, holds } => {
                let parts = self.reduce_each(&parts, facts, known, memo)?;
                self.one_of_reduced(parts, holds)
            }
            Node::Ref { target, holds } => {
                let target = self.nodes.target(target, holds);
                self.reduce(target, facts, known, memo)?
            }
            Node::Types(types) => match facts.types.and(types) {
                TypeSet::NONE => FALSE,
                both if both == facts.types => TRUE,
                _ => node,
            },
            Node::Literal(literal) if !literal.types().meets(facts.types) => TRUE,
            Node::Literal(_) if facts.literals.binary_search(&node).is_ok() => TRUE,
            Node::Literal(Literal::Props(props)) if only_part(&props).is_none() => {
                let parts = self.props_parts(&props);
                let parts = self.reduce_each(&parts, facts, known, memo)?;
                self.nodes.all(parts)
            }
            Node::Literal(literal) => match self.is_negated(node, facts) {
                true => FALSE,
                false => self.judge(node, &literal, known)?,
            },
            Node::Unsupported { types, .. } if !types.meets(facts.types) => TRUE,
            Node::Unsupported { .. } => node,
        };
        memo.insert(node, reduced);
        Ok(reduced)
    }

    /// Whether the negation of a literal is one of the facts.
    fn is_negated(&mut self, literal: NodeId, facts: &Branch) -> bool {
        let negation = self.nodes.negate(literal);
        let holds = |part: &NodeId| match self.nodes.get(*part) {
            Node::Types(types) => facts.types.and(*types) == facts.types,
            _ => facts.literals.binary_search(part).is_ok(),
        };
        match self.nodes.get(negation) {
            Node::All(parts) => parts.iter().all(holds),
            _ => holds(&negation),
        }
    }

    fn reduce_each(
        &mut self,
        parts: &[NodeId],
        facts: &Branch,
        known: &Known,
        memo: &mut FxHashMap<NodeId, NodeId>,
    ) -> Result<Vec<NodeId>, SchemaError> {
        parts
            .iter()
            .map(|&part| self.reduce(part, facts, known, memo))
            .collect()
    }

    /// Exactly one of some formulas (`holds`), or not, some of which may be
    /// settled.
    fn one_of_reduced(&mut self, parts: Vec<NodeId>, holds: bool) -> NodeId {
        let hold = parts.iter().filter(|&&part| part == TRUE).count();
        let open: Vec<NodeId> = parts
            .into_iter()
            .filter(|&part| part != TRUE && part != FALSE)
            .collect();
        let exactly_one = match (hold, &open[..]) {
            (0, []) => FALSE,
            (0, &[only]) => only,
            (0, _) => {
                let parts = open.into();
                return self.nodes.intern(Node::OneOf { parts, holds });
            }
            (1, _) => {
                let none: Vec<NodeId> = open.iter().map(|&part| self.nodes.negate(part)).collect();
                self.nodes.all(none)
            }
            _ => FALSE,
        };
        if holds {
            exactly_one
        } else {
            self.nodes.negate(exactly_one)
        }
    }

    /// A group of properties as literals about one name, one pattern, or which
    /// names there are at all.
    fn props_parts(&mut self, props: &Props) -> Vec<NodeId> {
        let mut parts = Vec::new();
        for (name, node) in &props.named {
            if *node != TRUE {
                parts.push(self.nodes.named(name, *node));
            }
        }
        for &(lang, node) in &props.patterns {
            if node != TRUE {
                parts.push(self.nodes.literal(Literal::Props(Arc::new(Props {
                    named: Box::default(),
                    patterns: Box::new([(lang, node)]),
                    rest: TRUE,
                }))));
            }
        }
        if props.rest != TRUE {
            let cover = props.mentioned(props.rest);
            parts.push(self.nodes.literal(Literal::Props(Arc::new(cover))));
        }
        parts
    }

    /// [`TRUE`] or [`FALSE`] if the facts settle a literal, else the literal or
    /// what it comes to. Only objects are looked into.
    fn judge(
        &mut self,
        id: NodeId,
        literal: &Literal,
        known: &Known,
    ) -> Result<NodeId, SchemaError> {
        match literal {
            Literal::Required(name) => Ok(if known.requires(name) {
                TRUE
            } else if known.member(name).contains(&FALSE) {
                FALSE
            } else {
                id
            }),
            Literal::Props(props) => match only_part(props) {
                Some(Part::Name(name, node)) => self.judge_member(id, name, node, known),
                Some(Part::Cover) => self.judge_cover(id, props, known),
                _ => Ok(id),
            },
            Literal::SomeMember {
                names: NameSet::Rest(mentioned),
                node,
            } => self.judge_other_member(id, mentioned, *node, known),
            _ => Ok(id),
        }
    }

    fn judge_member(
        &mut self,
        id: NodeId,
        name: &str,
        node: NodeId,
        known: &Known,
    ) -> Result<NodeId, SchemaError> {
        let member = known.member(name);
        let required = known.requires(name);
        if member.contains(&FALSE) || member.contains(&node) {
            return Ok(TRUE);
        }
        if node == FALSE {
            return Ok(if required { FALSE } else { id });
        }
        // One by one: all of them together, with all their choices, cost too
        // much.
        let negation = self.nodes.negate(node);
        for known in member {
            if self.disjoint(known, node)? {
                return Ok(match required {
                    true => FALSE,
                    false => self.nodes.forbid(name),
                });
            }
            if self.disjoint(known, negation)? {
                return Ok(TRUE);
            }
        }
        Ok(id)
    }

    fn judge_cover(
        &mut self,
        id: NodeId,
        cover: &Props,
        known: &Known,
    ) -> Result<NodeId, SchemaError> {
        let stronger = |other: &Arc<Props>| other.rest == cover.rest || other.rest == FALSE;
        let within = |other: &Arc<Props>| {
            let named = |(name, _): &(Box<str>, NodeId)| cover.names(name);
            let pattern = |part: &(u32, NodeId)| cover.patterns.iter().any(|p| p.0 == part.0);
            other.named.iter().all(named) && other.patterns.iter().all(pattern)
        };
        if known
            .covers
            .iter()
            .any(|other| stronger(other) && within(other))
        {
            return Ok(TRUE);
        }
        for name in &known.required {
            if cover.names(name) || self.matches_pattern(cover, name) {
                continue;
            }
            let member = known.member(name).into_iter().chain([cover.rest]);
            let member = self.nodes.all(member.collect::<Vec<_>>());
            if self.clearly_empty(member, DEPTH)? {
                return Ok(FALSE);
            }
        }
        Ok(id)
    }

    /// "Some member that `mentioned` does not mention satisfies `node`."
    fn judge_other_member(
        &mut self,
        id: NodeId,
        mentioned: &Props,
        node: NodeId,
        known: &Known,
    ) -> Result<NodeId, SchemaError> {
        for name in &known.required {
            if mentioned.names(name) || self.matches_pattern(mentioned, name) {
                continue;
            }
            let violated = self.nodes.negate(node);
            let member = known.member(name).into_iter().chain([violated]);
            let member = self.nodes.all(member.collect::<Vec<_>>());
            if self.clearly_empty(member, DEPTH)? {
                return Ok(TRUE);
            }
        }
        let none = Props {
            rest: self.nodes.negate(node),
            ..mentioned.clone()
        };
        Ok(match self.judge_cover(id, &none, known)? {
            TRUE => FALSE,
            _ => id,
        })
    }

    fn matches_pattern(&self, props: &Props, name: &str) -> bool {
        let matches = |&(lang, _): &(u32, NodeId)| self.nodes.language(lang).accepts(name);
        props.patterns.iter().any(matches)
    }
}

/// What the facts say of members.
#[derive(Default)]
struct Known {
    required: Vec<Box<str>>,
    members: FxHashMap<Box<str>, Vec<NodeId>>,
    /// Which names there are at all.
    covers: Vec<Arc<Props>>,
}

impl Known {
    fn new(facts: &[Literal]) -> Known {
        let mut known = Known::default();
        for fact in facts {
            match fact {
                Literal::Required(name) => known.required.push(name.clone()),
                Literal::Props(props) => match only_part(props) {
                    Some(Part::Name(name, node)) => {
                        known.members.entry(name.into()).or_default().push(node);
                    }
                    Some(Part::Cover) => known.covers.push(Arc::clone(props)),
                    _ => {}
                },
                _ => {}
            }
        }
        known
    }

    fn requires(&self, name: &str) -> bool {
        self.required.iter().any(|known| &**known == name)
    }

    /// What a member must satisfy, if it is there.
    fn member(&self, name: &str) -> Vec<NodeId> {
        let mut parts = self.members.get(name).cloned().unwrap_or_default();
        let covers = self.covers.iter();
        // Whether a pattern allows a name is not looked at.
        let others = covers.filter(|cover| cover.patterns.is_empty() && !cover.names(name));
        parts.extend(others.map(|cover| cover.rest));
        parts
    }
}

/// A group of properties that says one thing only.
enum Part<'a> {
    Name(&'a str, NodeId),
    Pattern,
    Cover,
}

fn only_part(props: &Props) -> Option<Part<'_>> {
    let free = |part: &(u32, NodeId)| part.1 == TRUE;
    match (&props.named[..], &props.patterns[..], props.rest) {
        ([(name, node)], [], TRUE) => Some(Part::Name(name, *node)),
        ([], [_], TRUE) => Some(Part::Pattern),
        (named, patterns, _) if named.iter().all(|n| n.1 == TRUE) && patterns.iter().all(free) => {
            Some(Part::Cover)
        }
        _ => None,
    }
}
