//! `enum` and `const`: finite sets of values as formulas.

use std::sync::Arc;

use crate::error::SchemaError;
use crate::json::Json;
use crate::node::{FALSE, Literal, NodeId, Props, TRUE, TypeSet};
use crate::resolve::Place;

use super::Lowering;

impl<'a> Lowering<'a> {
    pub(super) fn enumeration(&mut self, place: &Place<'a>, value: &'a Json) -> NodeId {
        match value.items() {
            Some(values) if values.len() > self.limits.max_enum => {
                self.limit = Some(SchemaError::Limit {
                    name: "max_enum",
                    limit: self.limits.max_enum as u64,
                    place: format!("{}/enum", place.pointer),
                });
                TRUE
            }
            Some(values) => self.values(values),
            None => self.invalid(place, "enum", "must be a list"),
        }
    }

    pub(super) fn constant(&mut self, value: &'a Json) -> NodeId {
        let node = self.values(std::slice::from_ref(value));
        self.nodes.set_singleton(node);
        node
    }

    /// The formula of a set of values: strings and numbers gathered in one
    /// literal each, lists and objects spelled out member by member.
    fn values(&mut self, values: &'a [Json]) -> NodeId {
        let (mut strings, mut numbers) = (Vec::new(), Vec::new());
        let mut parts = Vec::new();
        for value in values {
            match value {
                Json::Null => parts.push(self.nodes.types(TypeSet::NULL)),
                Json::Bool(value) => {
                    let kind = self.nodes.types(TypeSet::BOOLEAN);
                    let value = self.nodes.literal(Literal::Bool(*value));
                    parts.push(self.nodes.all([kind, value]));
                }
                Json::Number(number) => numbers.push(number.clone()),
                Json::String(text) => strings.push(text.clone()),
                Json::Array(items) => parts.push(self.list_value(items)),
                Json::Object(members) => parts.push(self.object_value(members)),
            }
        }
        if !strings.is_empty() {
            strings.sort_unstable();
            strings.dedup();
            let kind = self.nodes.types(TypeSet::STRING);
            let set = self.nodes.literal(Literal::Strings {
                set: Arc::from(strings),
                holds: true,
            });
            parts.push(self.nodes.all([kind, set]));
        }
        if !numbers.is_empty() {
            numbers.sort_unstable();
            numbers.dedup();
            let kind = self.nodes.types(TypeSet::NUMBER);
            let set = self.nodes.literal(Literal::Numbers {
                set: Arc::from(numbers),
                holds: true,
            });
            parts.push(self.nodes.all([kind, set]));
        }
        self.nodes.any(parts)
    }

    fn list_value(&mut self, items: &'a [Json]) -> NodeId {
        let prefix: Vec<NodeId> = items.iter().map(|item| self.constant(item)).collect();
        let size = prefix.len() as u32;
        let parts = [
            self.nodes.types(TypeSet::ARRAY),
            self.nodes.literal(Literal::Items {
                prefix: prefix.into(),
                tail: TRUE,
            }),
            self.nodes.literal(Literal::Size {
                min: size,
                max: Some(size),
            }),
        ];
        self.nodes.all(parts)
    }

    fn object_value(&mut self, members: &'a [(Box<str>, Json)]) -> NodeId {
        let mut parts = vec![self.nodes.types(TypeSet::OBJECT)];
        let mut named = Vec::new();
        for (name, value) in members {
            let name: Arc<str> = Arc::from(&**name);
            parts.push(self.nodes.literal(Literal::Required(Arc::clone(&name))));
            named.push((name, self.constant(value)));
        }
        parts.push(self.nodes.literal(Literal::Props(Arc::new(Props {
            named: named.into(),
            patterns: Box::default(),
            rest: FALSE,
        }))));
        self.nodes.all(parts)
    }
}
