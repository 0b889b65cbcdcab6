//! Keywords about objects.

use std::sync::Arc;

use crate::json::Json;
use crate::node::{Literal, NodeId, Props, TRUE, TypeSet};
use crate::resolve::Place;

use super::{Lowering, range};

impl<'a> Lowering<'a> {
    /// `properties`, `patternProperties` and `additionalProperties`, which
    /// belong together.
    pub(super) fn object_keywords(&mut self, place: &Place<'a>) -> NodeId {
        let mut named = Vec::new();
        let mut patterns = Vec::new();
        let mut rest = TRUE;
        if let Some(value) = place.json.get("properties") {
            let Some(members) = value.members() else {
                return self.invalid(place, "properties", "must be an object");
            };
            for (name, json) in members {
                let node = self.schema(&place.child(json, &["properties", name]));
                named.push((Arc::from(&**name), node));
            }
        }
        if let Some(value) = place.json.get("patternProperties") {
            let Some(members) = value.members() else {
                return self.invalid(place, "patternProperties", "must be an object");
            };
            for (pattern, json) in members {
                let node = self.schema(&place.child(json, &["patternProperties", pattern]));
                match self.pattern(place, "patternProperties", pattern) {
                    Ok(lang) => patterns.push((lang, node)),
                    Err(refused) => return refused,
                }
            }
        }
        if let Some(json) = place.json.get("additionalProperties") {
            rest = self.schema(&place.child(json, &["additionalProperties"]));
        }
        let nothing = rest == TRUE
            && named.iter().all(|&(_, node)| node == TRUE)
            && patterns.iter().all(|&(_, node)| node == TRUE);
        // Listed names without a constraint still say in which order a model
        // should be offered them, so they are kept.
        if nothing && named.is_empty() {
            return TRUE;
        }
        self.nodes.literal(Literal::Props(Arc::new(Props {
            named: named.into(),
            patterns: patterns.into(),
            rest,
        })))
    }

    pub(super) fn object_keyword(
        &mut self,
        place: &Place<'a>,
        keyword: &str,
        value: &'a Json,
    ) -> NodeId {
        match keyword {
            "required" => match value {
                // Draft 3 wrote a boolean here, to no effect in later drafts.
                Json::Bool(_) => TRUE,
                _ => match self.names(place, keyword, value) {
                    Some(names) => self.require(names),
                    None => TRUE,
                },
            },
            "minProperties" | "maxProperties" => match self.count(place, keyword, value) {
                None => TRUE,
                Some(n) => {
                    let (min, max) = range(keyword, n);
                    self.nodes.literal(Literal::Count { min, max })
                }
            },
            "propertyNames" => match self.schema(&place.child(value, &[keyword])) {
                TRUE => TRUE,
                names => self.nodes.literal(Literal::Names(names)),
            },
            _ => self.dependencies(place, keyword, value),
        }
    }

    fn names(&mut self, place: &Place<'a>, keyword: &str, value: &Json) -> Option<Vec<Arc<str>>> {
        let names = value.items().and_then(|items| {
            let texts = items.iter().map(|item| item.as_str().map(Arc::from));
            texts.collect::<Option<Vec<Arc<str>>>>()
        });
        if names.is_none() {
            self.invalid(place, keyword, "must be a list of names");
        }
        names
    }

    fn require(&mut self, names: Vec<Arc<str>>) -> NodeId {
        let parts: Vec<NodeId> = names
            .into_iter()
            .map(|name| self.nodes.literal(Literal::Required(name)))
            .collect();
        self.nodes.all(parts)
    }

    /// The three keywords that say what follows from a member's presence.
    fn dependencies(&mut self, place: &Place<'a>, keyword: &str, value: &'a Json) -> NodeId {
        let Some(members) = value.members() else {
            return self.invalid(place, keyword, "must be an object");
        };
        let mut parts = Vec::new();
        for (name, then) in members {
            let lists = keyword != "dependentSchemas";
            let consequence = match then {
                Json::Array(_) if lists => match self.names(place, keyword, then) {
                    Some(names) => self.require(names),
                    None => continue,
                },
                // Draft 3 allowed a single name.
                Json::String(one) if keyword == "dependencies" => {
                    self.require(vec![Arc::from(&**one)])
                }
                _ if keyword == "dependentRequired" => {
                    self.invalid(place, keyword, "must map names to lists of names");
                    continue;
                }
                schema => self.schema(&place.child(schema, &[keyword, name])),
            };
            if consequence == TRUE {
                continue;
            }
            let object = self.nodes.types(TypeSet::OBJECT.not());
            let absent = self.nodes.forbid(name);
            let present = self.nodes.literal(Literal::Required(Arc::from(&**name)));
            let both = self.nodes.all([present, consequence]);
            parts.push(self.nodes.any([object, absent, both]));
        }
        self.nodes.all(parts)
    }
}
