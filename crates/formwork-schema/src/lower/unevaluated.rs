//! `unevaluatedProperties` and `unevaluatedItems`: what the keywords beside
//! them, and the subschemas that hold in place, have not looked at.
//!
//! Which subschemas hold depends on the value, so the formula is an
//! alternative over sets of subschemas that are claimed to hold. Claims need
//! no negation: claiming fewer only leaves more members unevaluated, and so
//! asks for more.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::draft::Draft;
use crate::json::Json;
use crate::node::{LangId, Literal, NodeId, Props, TRUE, TypeSet};
use crate::resolve::Place;

use super::Lowering;

/// What some subschemas have evaluated.
#[derive(Clone, Default, PartialEq)]
struct Cover {
    /// Everything.
    all: bool,
    names: Vec<Arc<str>>,
    patterns: Vec<LangId>,
    /// So many items at the front.
    items: usize,
    /// Items that satisfy one of these.
    contained: Vec<NodeId>,
}

impl Cover {
    fn add(&mut self, other: &Cover) {
        self.all |= other.all;
        self.names.extend(other.names.iter().cloned());
        self.patterns.extend(&other.patterns);
        self.items = self.items.max(other.items);
        self.contained.extend(&other.contained);
    }
}

/// Formulas claimed to hold, and what is evaluated if they do.
#[derive(Clone, Default)]
struct Claim {
    formulas: Vec<NodeId>,
    cover: Cover,
}

/// Alternatives of one keyword at most, and references in a row.
const MAX_CLAIMS: usize = 256;
const MAX_DEPTH: u32 = 32;

impl<'a> Lowering<'a> {
    /// Lowers either keyword.
    pub(super) fn unevaluated(
        &mut self,
        place: &Place<'a>,
        draft: Draft,
        keyword: &str,
        value: &'a Json,
    ) -> NodeId {
        let rest = self.schema(&place.child(value, &[keyword]));
        if rest == TRUE {
            return TRUE;
        }
        let properties = keyword == "unevaluatedProperties";
        let Some(claims) = self.claims(place, draft, properties, keyword, 0) else {
            let types = if properties {
                TypeSet::OBJECT
            } else {
                TypeSet::ARRAY
            };
            let reason = "too many combinations of subschemas evaluate something here";
            return self.unsupported(place, types, keyword, reason);
        };
        let mut options = Vec::new();
        for claim in claims {
            let mut parts = claim.formulas;
            if !claim.cover.all {
                parts.push(self.uncovered(&claim.cover, properties, rest));
            }
            options.push(self.nodes.all(parts));
        }
        self.nodes.any(options)
    }

    /// The formula of values whose uncovered parts satisfy `rest`.
    fn uncovered(&mut self, cover: &Cover, properties: bool, rest: NodeId) -> NodeId {
        if properties {
            // Subschemas may evaluate the same names.
            let mut seen: FxHashSet<&str> = FxHashSet::default();
            let names = cover.names.iter().filter(|name| seen.insert(name));
            return self.nodes.literal(Literal::Props(Arc::new(Props {
                named: names.map(|name| (Arc::clone(name), TRUE)).collect(),
                patterns: cover.patterns.iter().map(|&lang| (lang, TRUE)).collect(),
                rest,
            })));
        }
        let tail = self
            .nodes
            .any(cover.contained.iter().copied().chain([rest]));
        self.nodes.literal(Literal::Items {
            prefix: vec![TRUE; cover.items].into(),
            tail,
        })
    }

    /// What a schema evaluates, by what is claimed to hold. `own` is the
    /// keyword being lowered, which does not count itself. `None` if that is
    /// too much.
    fn claims(
        &mut self,
        place: &Place<'a>,
        draft: Draft,
        properties: bool,
        own: &str,
        depth: u32,
    ) -> Option<Vec<Claim>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut claims = vec![Claim::default()];
        let Some(members) = place.json.members() else {
            return Some(claims);
        };
        let hidden = draft.ref_hides_siblings() && place.json.get("$ref").is_some();
        for (keyword, value) in members {
            let keyword = &**keyword;
            if !draft.knows(keyword) || keyword == own || (hidden && keyword != "$ref") {
                continue;
            }
            let options = match keyword {
                "allOf" | "anyOf" | "oneOf" => {
                    self.list_claims(place, properties, keyword, value, depth)?
                }
                "if" => self.condition_claims(place, properties, value, depth)?,
                "dependentSchemas" => {
                    let mut all = vec![Claim::default()];
                    for (name, json) in value.members().unwrap_or_default() {
                        let child = place.child(json, &[keyword, name]);
                        let mut options = self.holding(&child, properties, depth)?;
                        let present = self.nodes.literal(Literal::Required(Arc::from(&**name)));
                        for option in &mut options {
                            option.formulas.push(present);
                        }
                        options.push(Claim::default());
                        all = product(&all, &options)?;
                    }
                    all
                }
                "$ref" | "$dynamicRef" | "$recursiveRef" => {
                    let mut target = self.reference_target(place, keyword, value).ok()?;
                    let formula = self.reference(place, keyword, value);
                    self.enter(&mut target);
                    self.claims_with(&target, properties, formula, depth)?
                }
                _ => {
                    let cover = self.own_cover(place, draft, properties, keyword, value);
                    vec![Claim {
                        formulas: Vec::new(),
                        cover,
                    }]
                }
            };
            claims = product(&claims, &options)?;
        }
        Some(claims)
    }

    /// The claims of a subschema together with the claim that it holds.
    fn holding(&mut self, place: &Place<'a>, properties: bool, depth: u32) -> Option<Vec<Claim>> {
        let mut place = place.clone();
        self.enter(&mut place);
        let formula = self.schema(&place);
        self.claims_with(&place, properties, formula, depth)
    }

    fn claims_with(
        &mut self,
        place: &Place<'a>,
        properties: bool,
        formula: NodeId,
        depth: u32,
    ) -> Option<Vec<Claim>> {
        let draft = self.registry.draft(place);
        let mut claims = self.claims(place, draft, properties, "", depth + 1)?;
        for claim in &mut claims {
            claim.formulas.push(formula);
        }
        Some(claims)
    }

    fn list_claims(
        &mut self,
        place: &Place<'a>,
        properties: bool,
        keyword: &str,
        value: &'a Json,
        depth: u32,
    ) -> Option<Vec<Claim>> {
        let mut all = vec![Claim::default()];
        let mut one = Vec::new();
        for (at, json) in value.items().unwrap_or_default().iter().enumerate() {
            let child = place.child(json, &[keyword, &at.to_string()]);
            let mut options = self.holding(&child, properties, depth)?;
            if keyword == "oneOf" {
                one.extend(options);
                continue;
            }
            // Where nothing is evaluated, nothing need be claimed.
            options.retain(|claim| claim.cover != Cover::default());
            if keyword == "anyOf" || options.is_empty() {
                options.push(Claim::default());
            }
            all = product(&all, &options)?;
        }
        Some(if keyword == "oneOf" { one } else { all })
    }

    fn condition_claims(
        &mut self,
        place: &Place<'a>,
        properties: bool,
        value: &'a Json,
        depth: u32,
    ) -> Option<Vec<Claim>> {
        let test = place.child(value, &["if"]);
        let holds = self.holding(&test, properties, depth)?;
        let then = match place.json.get("then") {
            Some(json) => self.holding(&place.child(json, &["then"]), properties, depth)?,
            None => vec![Claim::default()],
        };
        let mut options = product(&holds, &then)?;
        let test = self.schema(&test);
        let fails = Claim {
            formulas: vec![self.nodes.negate(test)],
            cover: Cover::default(),
        };
        let otherwise = match place.json.get("else") {
            Some(json) => self.holding(&place.child(json, &["else"]), properties, depth)?,
            None => vec![Claim::default()],
        };
        options.extend(product(&[fails], &otherwise)?);
        Some(options)
    }

    /// What one keyword beside evaluates by itself.
    fn own_cover(
        &mut self,
        place: &Place<'a>,
        draft: Draft,
        properties: bool,
        keyword: &str,
        value: &'a Json,
    ) -> Cover {
        let mut cover = Cover::default();
        match (properties, keyword) {
            (true, "properties") => {
                let names = value.members().unwrap_or_default().iter();
                cover.names = names.map(|(name, _)| Arc::from(&**name)).collect();
            }
            (true, "patternProperties") => {
                for (pattern, _) in value.members().unwrap_or_default() {
                    cover
                        .patterns
                        .extend(self.pattern(place, keyword, pattern).ok());
                }
            }
            (true, "additionalProperties" | "unevaluatedProperties")
            | (false, "unevaluatedItems") => cover.all = true,
            (false, "prefixItems") => cover.items = value.items().map_or(0, <[Json]>::len),
            (false, "items") => match value {
                Json::Array(list) if draft < Draft::V2020 => cover.items = list.len(),
                _ => cover.all = true,
            },
            (false, "additionalItems") => {
                cover.all = matches!(place.json.get("items"), Some(Json::Array(_)));
            }
            (false, "contains") if draft >= Draft::V2020 => {
                cover.contained = vec![self.schema(&place.child(value, &[keyword]))];
            }
            _ => {}
        }
        cover
    }
}

/// Every claim of one list with every claim of the other.
fn product(a: &[Claim], b: &[Claim]) -> Option<Vec<Claim>> {
    if a.len() * b.len() > MAX_CLAIMS {
        return None;
    }
    let mut both = Vec::with_capacity(a.len() * b.len());
    for first in a {
        for second in b {
            let mut claim = first.clone();
            claim.formulas.extend(&second.formulas);
            claim.cover.add(&second.cover);
            both.push(claim);
        }
    }
    Some(both)
}
