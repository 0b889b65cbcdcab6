//! Multiplies out by deciding literals one after the other.
//!
//! Options that overlap, such as those of a `oneOf` whose discriminator is
//! optional, multiply: each comes with the negation of all others, and each
//! negation is a choice again. Deciding a literal, true or false, settles it in
//! all options at once, so that most of them collapse; and the literals about
//! the member in which the options differ most are decided first. (This is the
//! search of Davis, Putnam, Logemann and Loveland, 1962, made to list all
//! models instead of finding one.)

#![expect(
    clippy::indexing_slicing,
    reason = "places are found in the list before; groups are not empty"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::{Refusal, SchemaError};
use crate::node::{FALSE, LangId, Literal, Node, NodeId, Props, TRUE, TypeSet};
use crate::solver::Solver;

use super::Branch;
use super::about::{About, NameId, OnlyPart, PropsIndex};

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
        self.count_literals(node, types);
        self.counts.found.len()
    }

    /// Moves what must hold to the facts, until nothing changes; `None` if that
    /// is a contradiction.
    fn settle(&mut self, mut case: Case) -> Result<Option<Case>, SchemaError> {
        loop {
            self.learn(&case.facts.literals);
            self.reduced.clear();
            case.rest = self.reduce(case.rest, &case.facts)?;
            let parts: SmallVec<[NodeId; 16]> = match self.nodes.get(case.rest) {
                Node::All(parts) => parts[..].into(),
                _ => SmallVec::from_slice(&[case.rest]),
            };
            let mut choices: SmallVec<[NodeId; 16]> = SmallVec::new();
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

    /// Puts what the facts say of members into `known`.
    fn learn(&mut self, facts: &[NodeId]) {
        let mut known = std::mem::take(&mut self.known);
        known.clear();
        for &fact in facts {
            match self.about.of(&self.nodes, fact) {
                About::Required(name) => known.require(*name),
                About::Props(props) => match props.only {
                    OnlyPart::Name(name, node) => known.add_member(name, node),
                    OnlyPart::Cover => known.covers.push((Arc::clone(props), props.rest)),
                    OnlyPart::Pattern | OnlyPart::Several => {}
                },
                About::OtherMember(..) | About::Other => {}
            }
        }
        self.known = known;
    }

    /// The literal whose decision settles most. First comes whether the member
    /// is there of which the options say the most different things, and what of
    /// them it is; then what most options have in common.
    fn literal_to_decide(&mut self, node: NodeId, facts: &Branch) -> Option<NodeId> {
        self.count_literals(node, facts.types);
        let mut found = std::mem::take(&mut self.counts.found);
        found.sort_unstable();
        // Literals about each member, and the first of them.
        let mut members: Vec<(NameId, NodeId)> = Vec::new();
        for &id in &found {
            if let About::Props(props) = self.about.of(&self.nodes, id)
                && let OnlyPart::Name(name, _) = props.only
            {
                members.push((name, id));
            }
        }
        members.sort_unstable();
        let differs = members.chunk_by(|a, b| a.0 == b.0);
        let differs = differs.filter(|literals| literals.len() > 1);
        let best = differs
            .map(|literals| (literals.len(), literals[0]))
            .max_by_key(|&(count, (name, _))| (count, Reverse(self.about.name(name))));
        let Some((_, (name, literal))) = best else {
            let common = found.iter().copied();
            return common.max_by_key(|&id| (self.counts.of(id), Reverse(id)));
        };
        let required = Literal::Required(Arc::clone(self.about.name(name)));
        let required = self.nodes.literal(required);
        let is_known = facts.literals.contains(&required);
        Some(if is_known { literal } else { required })
    }

    /// Finds the literals of a formula about some types, and in how many formulas
    /// each stands.
    fn count_literals(&mut self, node: NodeId, types: TypeSet) {
        self.counts.clear();
        self.seen.clear();
        let mut open: SmallVec<[NodeId; 32]> = SmallVec::from_slice(&[node]);
        while let Some(node) = open.pop() {
            match self.nodes.get(node) {
                Node::Literal(literal) if literal.types().meets(types) => self.counts.add(node),
                // Integers or fractions.
                Node::Types(some) if some.meets(types) => self.counts.add(node),
                Node::All(parts) | Node::Any(parts) | Node::OneOf { parts, .. } => {
                    if self.seen.insert(node) {
                        open.extend_from_slice(parts);
                    }
                }
                &Node::Ref { target, holds } => {
                    if self.seen.insert(node) {
                        open.push(self.nodes.target(target, holds));
                    }
                }
                Node::Literal(_) | Node::Types(_) | Node::Unsupported { .. } => {}
            }
        }
    }

    /// What is left of a formula if the facts hold.
    fn reduce(&mut self, node: NodeId, facts: &Branch) -> Result<NodeId, SchemaError> {
        if let Some(reduced) = self.reduced.get(node) {
            return Ok(reduced);
        }
        self.spend(1)?;
        let reduced = match self.nodes.get(node) {
            Node::All(parts) => {
                let parts = Arc::clone(parts);
                match self.reduce_each(&parts, facts)? {
                    Some(parts) => self.nodes.all(parts),
                    None => node,
                }
            }
            Node::Any(parts) => {
                let parts = Arc::clone(parts);
                match self.reduce_each(&parts, facts)? {
                    Some(parts) => self.nodes.any(parts),
                    None => node,
                }
            }
            Node::OneOf { parts, holds } => {
                let (parts, holds) = (Arc::clone(parts), *holds);
                let reduced = self.reduce_each(&parts, facts)?;
                let reduced = reduced.unwrap_or_else(|| parts[..].into());
                self.one_of_reduced(&reduced, holds)
            }
            &Node::Ref { target, holds } => {
                let target = self.nodes.target(target, holds);
                self.reduce(target, facts)?
            }
            Node::Types(types) => match facts.types.and(*types) {
                TypeSet::NONE => FALSE,
                both if both == facts.types => TRUE,
                _ => node,
            },
            Node::Literal(literal) if !literal.types().meets(facts.types) => TRUE,
            Node::Literal(_) if facts.literals.binary_search(&node).is_ok() => TRUE,
            Node::Literal(_) => self.reduce_literal(node, facts)?,
            Node::Unsupported { types, .. } if !types.meets(facts.types) => TRUE,
            Node::Unsupported { .. } => node,
        };
        self.reduced.set(node, reduced);
        Ok(reduced)
    }

    fn reduce_literal(&mut self, node: NodeId, facts: &Branch) -> Result<NodeId, SchemaError> {
        if let About::Props(props) = self.about.of(&self.nodes, node)
            && matches!(props.only, OnlyPart::Several)
            && let Node::Literal(Literal::Props(props)) = self.nodes.get(node)
        {
            let props = Arc::clone(props);
            let parts = self.props_parts(&props);
            let reduced = self.reduce_each(&parts, facts)?;
            return Ok(self.nodes.all(reduced.unwrap_or_else(|| parts.into())));
        }
        match self.is_negated(node, facts) {
            true => Ok(FALSE),
            false => self.judge(node),
        }
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

    /// `None` if all parts stay as they are.
    fn reduce_each(
        &mut self,
        parts: &[NodeId],
        facts: &Branch,
    ) -> Result<Option<SmallVec<[NodeId; 16]>>, SchemaError> {
        let mut reduced: Option<SmallVec<[NodeId; 16]>> = None;
        for (at, &part) in parts.iter().enumerate() {
            let now = self.reduce(part, facts)?;
            match &mut reduced {
                Some(reduced) => reduced.push(now),
                None if now == part => {}
                None => {
                    let mut changed = SmallVec::with_capacity(parts.len());
                    changed.extend_from_slice(&parts[..at]);
                    changed.push(now);
                    reduced = Some(changed);
                }
            }
        }
        Ok(reduced)
    }

    /// Exactly one of some formulas (`holds`), or not, some of which may be
    /// settled.
    fn one_of_reduced(&mut self, parts: &[NodeId], holds: bool) -> NodeId {
        let hold = parts.iter().filter(|&&part| part == TRUE).count();
        let open: Vec<NodeId> = parts
            .iter()
            .copied()
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
    fn judge(&mut self, id: NodeId) -> Result<NodeId, SchemaError> {
        match self.about.of(&self.nodes, id).clone() {
            About::Required(name) => Ok(if self.known.requires(name) {
                TRUE
            } else if self.known.member(name).contains(&FALSE) {
                FALSE
            } else {
                id
            }),
            About::Props(props) => match props.only {
                OnlyPart::Name(name, node) => self.judge_member(id, name, node),
                OnlyPart::Cover => self.judge_cover(id, &props, props.rest),
                OnlyPart::Pattern | OnlyPart::Several => Ok(id),
            },
            About::OtherMember(mentioned, node) => self.judge_other_member(id, &mentioned, node),
            About::Other => Ok(id),
        }
    }

    fn judge_member(
        &mut self,
        id: NodeId,
        name: NameId,
        node: NodeId,
    ) -> Result<NodeId, SchemaError> {
        let member = self.known.member(name);
        let required = self.known.requires(name);
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
                    false => {
                        let name = Arc::clone(self.about.name(name));
                        self.nodes.forbid(&name)
                    }
                });
            }
            if self.disjoint(known, negation)? {
                return Ok(TRUE);
            }
        }
        Ok(id)
    }

    /// "No member but those that `cover` mentions violates `rest`."
    fn judge_cover(
        &mut self,
        id: NodeId,
        cover: &PropsIndex,
        rest: NodeId,
    ) -> Result<NodeId, SchemaError> {
        let mut covers = self.known.covers.iter();
        if covers.any(|(other, own)| (*own == rest || *own == FALSE) && other.is_within(cover)) {
            return Ok(TRUE);
        }
        for at in 0..self.known.required.len() {
            let name = self.known.required[at];
            if cover.names(name) || self.matches_pattern(cover, name) {
                continue;
            }
            let member = self.known.member(name).into_iter().chain([rest]);
            let member = self.nodes.all(member);
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
        mentioned: &PropsIndex,
        node: NodeId,
    ) -> Result<NodeId, SchemaError> {
        let violated = self.nodes.negate(node);
        for at in 0..self.known.required.len() {
            let name = self.known.required[at];
            if mentioned.names(name) || self.matches_pattern(mentioned, name) {
                continue;
            }
            let member = self.known.member(name).into_iter().chain([violated]);
            let member = self.nodes.all(member);
            if self.clearly_empty(member, DEPTH)? {
                return Ok(TRUE);
            }
        }
        Ok(match self.judge_cover(id, mentioned, violated)? {
            TRUE => FALSE,
            _ => id,
        })
    }

    fn matches_pattern(&self, props: &PropsIndex, name: NameId) -> bool {
        let name = self.about.name(name);
        let matches = |&lang: &LangId| self.nodes.language(lang).accepts(name);
        props.patterns().iter().any(matches)
    }
}
