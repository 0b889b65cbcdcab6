//! What became of each part of a document, noted only where somebody asks.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::draft::{Draft, Role};
use crate::explain::Annotation;
use crate::json::Json;
use crate::node::NodeId;
use crate::resolve::Place;

/// Notes taken while lowering.
#[derive(Default)]
pub(crate) struct Trace {
    /// Every schema that was lowered, by its place, but for `false`.
    pub(crate) places: Vec<(String, NodeId)>,
    pub(crate) annotations: Vec<Annotation>,
    /// Schemas are lowered again in other dynamic scopes.
    seen: FxHashSet<String>,
    /// Where each formula first came from: a schema and its keyword.
    origins: FxHashMap<NodeId, (String, String)>,
}

impl Trace {
    pub(super) fn schema(&mut self, place: &Place<'_>, draft: Draft, node: NodeId) {
        // Whoever writes `false` knows that nothing satisfies it.
        if matches!(place.json, Json::Bool(false)) {
            return;
        }
        self.places.push((place.pointer.clone(), node));
        if !self.seen.insert(place.pointer.clone()) {
            return;
        }
        let hidden = draft.ref_hides_siblings() && place.json.get("$ref").is_some();
        for (keyword, _) in place.json.members().unwrap_or_default() {
            let reason = match draft.role(keyword) {
                Role::Structure => continue,
                _ if hidden && &**keyword != "$ref" => "stands beside `$ref`, which hides it",
                Role::Annotation => "only describes",
                Role::Other => "is not of this draft",
                Role::Unknown => "is not of any draft",
                Role::Enforced => match without(place.json, keyword) {
                    Some(reason) => reason,
                    None => continue,
                },
            };
            self.annotation(place, keyword, reason);
        }
    }

    /// Notes what a keyword became, as a whole and part by part.
    pub(super) fn keyword(&mut self, place: &Place<'_>, keyword: &str, nodes: &[NodeId]) {
        for &node in nodes {
            let origin = || (place.pointer.clone(), keyword.to_owned());
            self.origins.entry(node).or_insert_with(origin);
        }
    }

    /// The schema and keyword that a formula came from.
    pub(crate) fn origin(&self, node: NodeId) -> Option<(&str, &str)> {
        let (pointer, keyword) = self.origins.get(&node)?;
        Some((pointer, keyword))
    }

    pub(super) fn annotation(&mut self, place: &Place<'_>, keyword: &str, reason: &str) {
        self.annotations.push(Annotation {
            pointer: place.pointer.clone(),
            keyword: keyword.into(),
            reason: reason.into(),
        });
    }
}

/// Why a keyword says nothing where another one is missing.
fn without(json: &Json, keyword: &str) -> Option<&'static str> {
    let has = |other: &str| json.get(other).is_some();
    match keyword {
        "then" | "else" if !has("if") => Some("says nothing without `if`"),
        "if" if !has("then") && !has("else") => Some("says nothing without `then` or `else`"),
        "minContains" | "maxContains" if !has("contains") => {
            Some("says nothing without `contains`")
        }
        "additionalItems" if !matches!(json.get("items"), Some(Json::Array(_))) => {
            Some("says nothing without a list of `items`")
        }
        _ => None,
    }
}
