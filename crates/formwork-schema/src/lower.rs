//! Lowers a schema document to formulas, keyword by keyword.

mod number;
mod object;
mod string;
mod trace;
mod unevaluated;
mod value;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::draft::{Draft, is_validation};
use crate::error::{Refusal, SchemaError};
use crate::json::Json;
use crate::metaschema::Metaschemas;
use crate::node::{FALSE, Literal, Node, NodeId, Nodes, TRUE, TypeSet};
use crate::options::SchemaLimits;
use crate::resolve::{Place, Registry, ScopeId, address};
use crate::terminals::TerminalCache;

pub(crate) use trace::Trace;

/// A lowered schema.
pub(crate) struct Lowered {
    pub(crate) nodes: Nodes,
    pub(crate) root: NodeId,
    /// Whether integers are told by their spelling (draft 4).
    pub(crate) integers_by_spelling: bool,
    /// Notes, if they were asked for.
    pub(crate) trace: Option<Trace>,
}

/// Lowers a document. Every schema that is reachable from the root is lowered
/// once; the cost is linear in the document, patterns apart.
///
/// # Errors
///
/// All invalid keywords at once.
pub(crate) fn lower<'a>(
    json: &'a Json,
    documents: &'a [(String, Json)],
    metaschemas: &'a Metaschemas,
    limits: &SchemaLimits,
    cache: &'a TerminalCache,
    trace: Option<Trace>,
) -> Result<Lowered, SchemaError> {
    let mut lowering = Lowering {
        registry: Registry::new(json, documents, metaschemas),
        nodes: Nodes::new(),
        limits: limits.clone(),
        cache,
        invalid: Vec::new(),
        limit: None,
        target_pointers: Vec::new(),
        targets: FxHashMap::default(),
        queue: Vec::new(),
        lowered: FxHashMap::default(),
        trace,
        open: FxHashSet::default(),
    };
    let Some(root) = lowering.registry.root() else {
        return Ok(Lowered {
            nodes: lowering.nodes,
            root: TRUE,
            integers_by_spelling: false,
            trace: lowering.trace,
        });
    };
    let node = lowering.schema(&root);
    while let Some((target, place)) = lowering.queue.pop() {
        let node = lowering.schema(&place);
        lowering.nodes.set_target(target, node);
    }
    if let Some(limit) = lowering.limit {
        return Err(limit);
    }
    if let Some(target) = lowering.nodes.cyclic_target() {
        let pointer = lowering.target_pointers.get(target as usize).cloned();
        lowering.invalid.push(Refusal {
            pointer: pointer.unwrap_or_default(),
            keyword: "$ref".into(),
            reason: "leads back to itself without a property or item in between, so it says \
                     nothing"
                .into(),
        });
    }
    if !lowering.invalid.is_empty() {
        return Err(SchemaError::Invalid(lowering.invalid));
    }
    Ok(Lowered {
        integers_by_spelling: lowering.registry.draft(&root).integers_by_spelling(),
        nodes: lowering.nodes,
        root: node,
        trace: lowering.trace,
    })
}

/// Keywords that are read together, the first of which stands for all.
const OBJECT_GROUP: [&str; 3] = ["properties", "patternProperties", "additionalProperties"];
const ARRAY_GROUP: [&str; 3] = ["prefixItems", "items", "additionalItems"];

struct Lowering<'a> {
    registry: Registry<'a>,
    nodes: Nodes,
    limits: SchemaLimits,
    cache: &'a TerminalCache,
    invalid: Vec<Refusal>,
    /// A limit that was reached.
    limit: Option<SchemaError>,
    /// Where each reference target stands.
    target_pointers: Vec<String>,
    /// Reference targets by the address of their JSON and their dynamic scope.
    targets: FxHashMap<(usize, ScopeId), u32>,
    queue: Vec<(u32, Place<'a>)>,
    /// What was lowered, by the same key.
    lowered: FxHashMap<(usize, ScopeId), NodeId>,
    trace: Option<Trace>,
    /// What is being lowered.
    open: FxHashSet<(usize, ScopeId)>,
}

impl<'a> Lowering<'a> {
    fn invalid(&mut self, place: &Place<'_>, keyword: &str, reason: &str) -> NodeId {
        self.invalid.push(refusal(place, keyword, reason));
        TRUE
    }

    fn unsupported(
        &mut self,
        place: &Place<'_>,
        types: TypeSet,
        keyword: &str,
        reason: &str,
    ) -> NodeId {
        self.nodes
            .unsupported(types, refusal(place, keyword, reason))
    }

    /// Lowers one schema, once. Recursion follows the nesting of the document, which
    /// the reader has bounded; references are queued.
    fn schema(&mut self, place: &Place<'a>) -> NodeId {
        let mut moved = None;
        let resource = self.registry.owner_of(place.json, place.resource);
        let scope = self.registry.enter(place.scope, resource);
        let place = if (resource, scope) == (place.resource, place.scope) {
            place
        } else {
            &*moved.insert(Place {
                resource,
                scope,
                ..place.clone()
            })
        };
        let key = (address(place.json), place.scope);
        if let Some(&known) = self.lowered.get(&key) {
            return known;
        }
        // Unevaluated keywords look into the schemas around them, which are not
        // finished then.
        if !self.open.insert(key) {
            return self.target(place.clone());
        }
        let node = self.lower_schema(place);
        self.open.remove(&key);
        self.lowered.insert(key, node);
        if let Some(trace) = &mut self.trace {
            trace.schema(place, self.registry.draft(place), node);
        }
        node
    }

    fn lower_schema(&mut self, place: &Place<'a>) -> NodeId {
        let members = match place.json {
            Json::Bool(true) => return TRUE,
            Json::Bool(false) => return FALSE,
            Json::Object(members) => members,
            other => {
                let reason = format!("a schema is an object or a boolean, not {}", other.kind());
                return self.invalid(place, "(schema)", &reason);
            }
        };
        let draft = self.registry.draft(place);
        if draft.ref_hides_siblings()
            && let Some(value) = place.json.get("$ref")
        {
            return self.reference(place, "$ref", value);
        }
        let validates = self.registry.validates(place);
        let mut parts = Vec::new();
        for (keyword, value) in members {
            if draft.knows(keyword) && (validates || !is_validation(keyword)) {
                let part = self.keyword(place, draft, keyword, value);
                self.note_origin(place, keyword, part);
                parts.push(part);
            }
        }
        let groups = [
            (self.object_keywords(place), &OBJECT_GROUP),
            (self.array_keywords(place, draft), &ARRAY_GROUP),
        ];
        for (part, keywords) in groups {
            let present = keywords
                .iter()
                .find(|keyword| place.json.get(keyword).is_some());
            if let Some(keyword) = present {
                self.note_origin(place, keyword, part);
            }
            parts.push(part);
        }
        self.nodes.all(parts)
    }

    fn note_origin(&mut self, place: &Place<'a>, keyword: &str, node: NodeId) {
        if let Some(trace) = &mut self.trace
            && node != TRUE
        {
            let parts = match self.nodes.get(node) {
                Node::All(parts) => &parts[..],
                _ => &[],
            };
            trace.keyword(place, keyword, parts);
            trace.keyword(place, keyword, &[node]);
        }
    }

    fn keyword(
        &mut self,
        place: &Place<'a>,
        draft: Draft,
        keyword: &str,
        value: &'a Json,
    ) -> NodeId {
        match keyword {
            "type" => self.types(place, value),
            "enum" => self.enumeration(place, value),
            "const" => self.constant(value),
            "$ref" | "$dynamicRef" | "$recursiveRef" => self.reference(place, keyword, value),
            "allOf" => {
                let parts = self.list(place, keyword, value);
                self.nodes.all(parts)
            }
            "anyOf" => {
                let parts = self.list(place, keyword, value);
                self.nodes.any(parts)
            }
            "oneOf" => {
                let parts = self.list(place, keyword, value);
                self.nodes.one_of(parts)
            }
            "not" => {
                let inner = self.schema(&place.child(value, &[keyword]));
                self.nodes.negate(inner)
            }
            "if" => self.condition(place, value),
            "minLength" | "maxLength" | "pattern" | "format" => {
                self.string_keyword(place, keyword, value)
            }
            // An optional assertion of draft 7 alone, and an annotation ever since.
            "contentEncoding" if draft == Draft::V7 && value.as_str() == Some("base64") => {
                self.base64(place)
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                self.number_keyword(place, draft, keyword, value)
            }
            "required" | "minProperties" | "maxProperties" | "propertyNames" | "dependencies"
            | "dependentRequired" | "dependentSchemas" => {
                self.object_keyword(place, keyword, value)
            }
            "minItems" | "maxItems" => match self.count(place, keyword, value) {
                None => TRUE,
                Some(n) => {
                    let (min, max) = range(keyword, n);
                    self.nodes.literal(Literal::Size { min, max })
                }
            },
            "uniqueItems" => match value {
                Json::Bool(true) => self.nodes.literal(Literal::Unique),
                Json::Bool(false) => TRUE,
                _ => self.invalid(place, keyword, "must be a boolean"),
            },
            "contains" => self.contains(place, draft, value),
            "unevaluatedProperties" | "unevaluatedItems" => {
                self.unevaluated(place, draft, keyword, value)
            }
            _ => TRUE,
        }
    }

    fn types(&mut self, place: &Place<'a>, value: &'a Json) -> NodeId {
        let names: Vec<&Json> = match value {
            Json::Array(names) => names.iter().collect(),
            name => vec![name],
        };
        let mut types = TypeSet::NONE;
        for name in names {
            match name.as_str().and_then(TypeSet::from_name) {
                Some(known) => types = types.or(known),
                None => {
                    let reason = "must be one of null, boolean, object, array, number, integer, \
                                  string, or a list of these";
                    return self.invalid(place, "type", reason);
                }
            }
        }
        self.nodes.types(types)
    }

    fn list(&mut self, place: &Place<'a>, keyword: &str, value: &'a Json) -> Vec<NodeId> {
        let Some(items) = value.items().filter(|items| !items.is_empty()) else {
            return vec![self.invalid(place, keyword, "must be a non-empty list of schemas")];
        };
        let item = |at: usize, json: &'a Json| place.child(json, &[keyword, &at.to_string()]);
        items
            .iter()
            .enumerate()
            .map(|(at, json)| self.schema(&item(at, json)))
            .collect()
    }

    fn condition(&mut self, place: &Place<'a>, value: &'a Json) -> NodeId {
        let (then, otherwise) = (place.json.get("then"), place.json.get("else"));
        if then.is_none() && otherwise.is_none() {
            return TRUE;
        }
        let test = self.schema(&place.child(value, &["if"]));
        let mut branch = |keyword: &str, json: Option<&'a Json>| {
            json.map_or(TRUE, |json| self.schema(&place.child(json, &[keyword])))
        };
        let (then, otherwise) = (branch("then", then), branch("else", otherwise));
        let failed = self.nodes.negate(test);
        let yes = self.nodes.all([test, then]);
        let no = self.nodes.all([failed, otherwise]);
        self.nodes.any([yes, no])
    }

    fn reference(&mut self, place: &Place<'a>, keyword: &str, value: &'a Json) -> NodeId {
        let target = match self.reference_target(place, keyword, value) {
            Ok(target) => target,
            Err(node) => return node,
        };
        self.target(target)
    }

    /// A schema that is lowered later, if it is not yet.
    fn target(&mut self, target: Place<'a>) -> NodeId {
        // A schema can mean different things in different dynamic scopes.
        let key = (address(target.json), target.scope);
        let id = match self.targets.get(&key) {
            Some(&id) => id,
            None => {
                let id = self.nodes.new_target();
                self.targets.insert(key, id);
                self.target_pointers.push(target.pointer.clone());
                self.queue.push((id, target));
                id
            }
        };
        self.nodes.intern(Node::Ref {
            target: id,
            holds: true,
        })
    }

    /// The schema that a reference means; a refusing formula if there is none.
    fn reference_target(
        &mut self,
        place: &Place<'a>,
        keyword: &str,
        value: &'a Json,
    ) -> Result<Place<'a>, NodeId> {
        let Some(reference) = value.as_str() else {
            return Err(self.invalid(place, keyword, "must be a string"));
        };
        let target = match keyword {
            "$ref" => self.registry.resolve(place, reference),
            "$dynamicRef" => self.registry.resolve_dynamic(place, reference),
            _ => self.registry.resolve_recursive(place, reference),
        };
        target.map_err(|reason| self.unsupported(place, TypeSet::ALL, keyword, &reason))
    }

    /// Moves a place into the resource that its schema belongs to.
    fn enter(&mut self, place: &mut Place<'a>) {
        place.resource = self.registry.owner_of(place.json, place.resource);
        place.scope = self.registry.enter(place.scope, place.resource);
    }

    /// `items`, `prefixItems` and `additionalItems`, which belong together.
    fn array_keywords(&mut self, place: &Place<'a>, draft: Draft) -> NodeId {
        let json = place.json;
        let items = json.get("items");
        let (prefix_keyword, tail_keyword) = if draft >= Draft::V2020 {
            ("prefixItems", "items")
        } else {
            ("items", "additionalItems")
        };
        let mut prefix: Vec<NodeId> = Vec::new();
        let mut tail = TRUE;
        match json.get(prefix_keyword) {
            Some(Json::Array(list)) => {
                for (at, item) in list.iter().enumerate() {
                    let child = place.child(item, &[prefix_keyword, &at.to_string()]);
                    prefix.push(self.schema(&child));
                }
                if let Some(rest) = json.get(tail_keyword) {
                    tail = self.schema(&place.child(rest, &[tail_keyword]));
                }
            }
            Some(_) if prefix_keyword == "prefixItems" => {
                return self.invalid(place, "prefixItems", "must be a list of schemas");
            }
            // Without a list before it, `additionalItems` means nothing.
            _ => {
                if let Some(all) = items {
                    tail = self.schema(&place.child(all, &["items"]));
                }
            }
        }
        while prefix.last() == Some(&tail) {
            prefix.pop();
        }
        if prefix.is_empty() && tail == TRUE {
            return TRUE;
        }
        self.nodes.literal(Literal::Items {
            prefix: prefix.into(),
            tail,
        })
    }

    fn contains(&mut self, place: &Place<'a>, draft: Draft, value: &'a Json) -> NodeId {
        let node = self.schema(&place.child(value, &["contains"]));
        let known = |keyword| draft.knows(keyword) && self.registry.validates(place);
        let (known_min, known_max) = (known("minContains"), known("maxContains"));
        let mut bound = |keyword: &str, known: bool| {
            let value = place.json.get(keyword).filter(|_| known)?;
            self.count(place, keyword, value)
        };
        let min = bound("minContains", known_min).unwrap_or(1);
        let max = bound("maxContains", known_max);
        self.nodes.literal(Literal::Contains {
            from: 0,
            node,
            min,
            max,
        })
    }

    /// A count such as `minLength`: a non-negative integer, possibly written
    /// `2.0`, and not beyond 2^31.
    fn count(&mut self, place: &Place<'a>, keyword: &str, value: &Json) -> Option<u32> {
        let Json::Number(number) = value else {
            self.invalid(place, keyword, "must be a non-negative integer");
            return None;
        };
        if number.is_negative() || !number.is_integer() {
            self.invalid(place, keyword, "must be a non-negative integer");
            return None;
        }
        match number.to_u64().and_then(|n| u32::try_from(n).ok()) {
            Some(n) if n <= MAX_COUNT => Some(n),
            // No text is that long.
            _ if keyword.starts_with("max") => None,
            _ => {
                self.invalid(place, keyword, "counts beyond 2147483647 are not supported");
                None
            }
        }
    }
}

/// Counts beyond this are refused as minima and no limit as maxima.
const MAX_COUNT: u32 = i32::MAX as u32;

/// The range that a `min…` or `max…` keyword stands for.
fn range(keyword: &str, n: u32) -> (u32, Option<u32>) {
    if keyword.starts_with("min") {
        (n, None)
    } else {
        (0, Some(n))
    }
}

fn refusal(place: &Place<'_>, keyword: &str, reason: &str) -> Refusal {
    Refusal {
        pointer: place.pointer.clone(),
        keyword: keyword.into(),
        reason: reason.into(),
    }
}
