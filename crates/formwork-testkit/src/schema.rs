//! Random schemas over every supported keyword, in several drafts.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::pools::{FORMATS, NAMES, NUMBERS, PATTERNS, STRINGS, number};

/// Keywords of one schema, later ones winning.
type Keywords = Vec<(String, Value)>;

/// Any schema document: depth-limited, with definitions `a` and `b` that it may
/// refer to, recursively too, but never without a member or item between.
pub fn any_schema() -> impl Strategy<Value = Value> {
    let draft = prop_oneof![
        8 => Just(Draft::Newest),
        1 => Just(Draft::Declared),
        2 => Just(Draft::V2019),
        2 => Just(Draft::V7),
        1 => Just(Draft::V6),
        2 => Just(Draft::V4),
    ];
    (schema(3), schema(2), schema(2), draft, reference_style())
        .prop_map(|(root, a, b, draft, style)| document(root, a, b, draft, style))
}

/// A schema that says more about fewer types, so that more values satisfy it.
pub fn any_focused_schema() -> impl Strategy<Value = Value> {
    let root = prop_oneof![object(schema(1)), array(schema(1))];
    let root = root.prop_map(object_of);
    (root, schema(1), schema(1), reference_style())
        .prop_map(|(root, a, b, style)| document(root, a, b, Draft::Newest, style))
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Draft {
    V4,
    V6,
    V7,
    V2019,
    Declared,
    Newest,
}

/// How a document names what it refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum References {
    /// By pointers.
    Pointers,
    /// The root has a URI, by which it is named.
    Uri,
    /// Anchors, where the draft has them.
    Anchors,
    /// `$dynamicRef` or `$recursiveRef`, where the draft has them.
    Dynamic,
}

fn reference_style() -> impl Strategy<Value = References> {
    prop_oneof![
        4 => Just(References::Pointers),
        1 => Just(References::Uri),
        1 => Just(References::Anchors),
        1 => Just(References::Dynamic),
    ]
}

fn keyword(name: &str, value: impl Into<Value>) -> Keywords {
    vec![(name.to_owned(), value.into())]
}

fn object_of(keywords: Keywords) -> Value {
    Value::Object(keywords.into_iter().collect())
}

/// A schema of some depth.
fn schema(depth: u32) -> BoxedStrategy<Value> {
    let loose = |weight: u32| {
        (
            weight,
            vec(loose_keyword(depth), 0..4)
                .prop_map(|all| all.concat())
                .boxed(),
        )
    };
    let inner = match depth.checked_sub(1) {
        None => Just(json!(true)).boxed(),
        Some(depth) => schema(depth),
    };
    let mut ways = vec![loose(3), (2, number_like()), (2, string_like())];
    if depth > 0 {
        ways.push((3, object(inner.clone())));
        ways.push((2, array(inner)));
    }
    let keywords = proptest::strategy::Union::new_weighted(ways);
    prop_oneof![
        1 => any::<bool>().prop_map(Value::Bool),
        12 => keywords.prop_map(object_of),
    ]
    .boxed()
}

fn name() -> impl Strategy<Value = String> + Clone {
    select(NAMES).prop_map(str::to_owned)
}

fn names(at_most: usize) -> impl Strategy<Value = Value> {
    btree_set(name(), 0..=at_most).prop_map(|names| json!(names))
}

fn members(value: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    vec((name(), value), 0..4).prop_map(|all| Value::Object(all.into_iter().collect::<Map<_, _>>()))
}

fn any_number() -> impl Strategy<Value = Value> {
    select(NUMBERS).prop_map(number)
}

fn pattern() -> impl Strategy<Value = &'static str> {
    (0..PATTERNS.len()).prop_map(|at| PATTERNS[at].0)
}

/// A constant: scalars mostly, small lists and objects.
fn constant() -> BoxedStrategy<Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any_number(),
        select(STRINGS).prop_map(|text| json!(text)),
    ]
    .boxed();
    prop_oneof![
        6 => scalar.clone(),
        1 => vec(scalar.clone(), 0..3).prop_map(Value::Array),
        1 => members(scalar),
    ]
    .boxed()
}

fn types() -> impl Strategy<Value = Keywords> {
    let one = || {
        select(
            &[
                "null", "boolean", "object", "array", "number", "integer", "string",
            ][..],
        )
    };
    prop_oneof![
        3 => one().prop_map(|name| keyword("type", name)),
        2 => btree_set(one(), 1..4).prop_map(|names| keyword("type", json!(names))),
    ]
}

fn string_keyword() -> BoxedStrategy<Keywords> {
    prop_oneof![
        (0..4u32).prop_map(|n| keyword("minLength", n)),
        (0..5u32).prop_map(|n| keyword("maxLength", n)),
        pattern().prop_map(|text| keyword("pattern", text)),
        (0..FORMATS.len()).prop_map(|at| keyword("format", FORMATS[at].0)),
    ]
    .boxed()
}

fn number_keyword() -> BoxedStrategy<Keywords> {
    let divisors = &["1", "2", "3", "0.5", "0.1", "0.01", "2.5", "7"][..];
    let bounds = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"][..];
    prop_oneof![
        3 => (select(bounds), any_number()).prop_map(|(name, n)| keyword(name, n)),
        1 => select(divisors).prop_map(|text| keyword("multipleOf", number(text))),
    ]
    .boxed()
}

fn string_like() -> BoxedStrategy<Keywords> {
    let some = vec(string_keyword(), 0..3);
    some.prop_map(|some| [keyword("type", "string"), some.concat()].concat())
        .boxed()
}

fn number_like() -> BoxedStrategy<Keywords> {
    let kind = select(&["number", "integer"][..]);
    (kind, vec(number_keyword(), 0..3))
        .prop_map(|(kind, some)| [keyword("type", kind), some.concat()].concat())
        .boxed()
}

/// Keywords about objects, with schemas from `inner`.
fn object_keyword(inner: BoxedStrategy<Value>) -> BoxedStrategy<Keywords> {
    let lists = vec((name(), names(2)), 1..3);
    let schemas = vec((name(), inner.clone()), 1..2);
    let map = |all: Vec<(String, Value)>| all.into_iter().collect::<Map<_, _>>();
    prop_oneof![
        4 => members(inner.clone()).prop_map(|all| keyword("properties", all)),
        3 => names(3).prop_map(|names| keyword("required", names)),
        2 => inner.clone().prop_map(|rest| keyword("additionalProperties", rest)),
        1 => Just(keyword("additionalProperties", false)),
        2 => vec((pattern(), inner.clone()), 1..3).prop_map(|all| {
            let all: Map<_, _> = all.into_iter().map(|(p, v)| (p.to_owned(), v)).collect();
            keyword("patternProperties", all)
        }),
        1 => inner.clone().prop_map(|names| keyword("propertyNames", names)),
        1 => inner.prop_map(|rest| keyword("unevaluatedProperties", rest)),
        1 => (0..3u32).prop_map(|n| keyword("minProperties", n)),
        1 => (0..4u32).prop_map(|n| keyword("maxProperties", n)),
        1 => lists.prop_map(move |all| keyword("dependentRequired", map(all))),
        1 => schemas.prop_map(move |all| keyword("dependentSchemas", map(all))),
    ]
    .boxed()
}

fn object(inner: BoxedStrategy<Value>) -> BoxedStrategy<Keywords> {
    let some = vec(object_keyword(inner.clone()), 0..3);
    (members(inner), some)
        .prop_map(|(all, some)| {
            [
                keyword("type", "object"),
                keyword("properties", all),
                some.concat(),
            ]
            .concat()
        })
        .boxed()
}

/// Keywords about arrays, with schemas from `inner`.
fn array_keyword(inner: BoxedStrategy<Value>) -> BoxedStrategy<Keywords> {
    let (contains, rest) = (inner.clone(), inner.clone());
    prop_oneof![
        3 => inner.clone().prop_map(|item| keyword("items", item)),
        2 => vec(inner, 1..3).prop_map(|items| keyword("prefixItems", items)),
        1 => (0..3u32).prop_map(|n| keyword("minItems", n)),
        1 => (0..4u32).prop_map(|n| keyword("maxItems", n)),
        1 => any::<bool>().prop_map(|unique| keyword("uniqueItems", unique)),
        1 => (contains, 0..3u32, 0..4u8).prop_map(|(inner, n, which)| {
            let mut all = keyword("contains", inner);
            match which {
                0 => all.extend(keyword("minContains", n)),
                1 => all.extend(keyword("maxContains", n)),
                _ => {}
            }
            all
        }),
        1 => rest.prop_map(|rest| keyword("unevaluatedItems", rest)),
    ]
    .boxed()
}

fn array(inner: BoxedStrategy<Value>) -> BoxedStrategy<Keywords> {
    let some = vec(array_keyword(inner), 0..3);
    some.prop_map(|some| [keyword("type", "array"), some.concat()].concat())
        .boxed()
}

/// Any keyword.
fn loose_keyword(depth: u32) -> BoxedStrategy<Keywords> {
    let leaf = prop_oneof![
        3 => types(),
        1 => constant().prop_map(|value| keyword("const", value)),
        1 => vec(constant(), 1..5).prop_map(|values| keyword("enum", values)),
        2 => string_keyword(),
        2 => number_keyword(),
        1 => names(2).prop_map(|names| keyword("required", names)),
    ];
    let Some(below) = depth.checked_sub(1) else {
        return leaf.boxed();
    };
    let inner = schema(below);
    let targets = &["#", "#/$defs/a", "#/$defs/b"][..];
    let branches = || vec(inner.clone(), 1..3);
    prop_oneof![
        6 => leaf,
        2 => object_keyword(inner.clone()),
        2 => array_keyword(inner.clone()),
        2 => branches().prop_map(|list| keyword("anyOf", list)),
        2 => branches().prop_map(|list| keyword("allOf", list)),
        2 => branches().prop_map(|list| keyword("oneOf", list)),
        2 => inner.clone().prop_map(|inner| keyword("not", inner)),
        2 => select(targets).prop_map(|target| keyword("$ref", target)),
        1 => (inner.clone(), inner.clone(), inner.clone(), 0..4u8).prop_map(|(test, yes, no, which)| {
            let mut all = keyword("if", test);
            if which != 1 {
                all.extend(keyword("then", yes));
            }
            if which != 2 {
                all.extend(keyword("else", no));
            }
            all
        }),
    ]
    .boxed()
}

/// Puts a document together.
fn document(root: Value, a: Value, b: Value, draft: Draft, style: References) -> Value {
    let mut parts = [root, a, b];
    for (rank, part) in parts.iter_mut().enumerate() {
        guard_references(part, rank, false);
        match draft {
            Draft::Newest | Draft::Declared => {}
            _ => make_old(part, draft),
        }
    }
    let [root, a, b] = parts;
    let mut root = match root {
        Value::Object(members) => members,
        other => {
            let mut members = Map::new();
            members.insert("allOf".into(), json!([other]));
            members
        }
    };
    if draft <= Draft::V7 {
        // Beside a reference nothing counts there, the definitions neither.
        if root.contains_key("$ref") {
            let inner = Value::Object(std::mem::take(&mut root));
            root.insert("allOf".into(), json!([inner]));
        }
    }
    let uri = match draft {
        Draft::Newest => None,
        Draft::Declared => Some("https://json-schema.org/draft/2020-12/schema"),
        Draft::V2019 => Some("https://json-schema.org/draft/2019-09/schema"),
        Draft::V7 => Some("http://json-schema.org/draft-07/schema#"),
        Draft::V6 => Some("http://json-schema.org/draft-06/schema#"),
        Draft::V4 => Some("http://json-schema.org/draft-04/schema#"),
    };
    if let Some(uri) = uri {
        root.insert("$schema".into(), json!(uri));
    }
    let text = Value::Object(root.clone()).to_string();
    let texts = [text, a.to_string(), b.to_string()].concat();
    let defs: Map<String, Value> = [("a", a), ("b", b)]
        .into_iter()
        .filter(|(name, _)| texts.contains(&format!("#/$defs/{name}")))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    if !defs.is_empty() {
        root.insert("$defs".into(), Value::Object(defs));
    }
    name_references(&mut root, draft, style);
    Value::Object(root)
}

/// Changes how a document refers to its parts, not what it refers to.
fn name_references(root: &mut Map<String, Value>, draft: Draft, style: References) {
    let newest = draft >= Draft::Declared;
    let uri = "urn:formwork:root";
    match style {
        References::Pointers => {}
        References::Uri => {
            let keyword = if draft == Draft::V4 { "id" } else { "$id" };
            // Beside a reference an old draft does not see it.
            root.insert(keyword.into(), json!(uri));
            let named = |target: &str| ("$ref", format!("{uri}{target}"));
            root.values_mut().for_each(|inner| rename(inner, &named));
        }
        References::Anchors if draft >= Draft::V2019 => {
            root.insert("$anchor".into(), json!("root"));
            if let Some(Value::Object(a)) = root.get_mut("$defs").and_then(|d| d.get_mut("a")) {
                a.insert("$anchor".into(), json!("A"));
                let named = |target: &str| match target {
                    "#" => ("$ref", "#root".to_owned()),
                    "#/$defs/a" => ("$ref", "#A".to_owned()),
                    other => ("$ref", other.to_owned()),
                };
                root.values_mut().for_each(|inner| rename(inner, &named));
            }
        }
        References::Dynamic if draft >= Draft::V2019 => {
            let (anchor, name, value) = if newest {
                ("$dynamicAnchor", "$dynamicRef", json!("root"))
            } else {
                ("$recursiveAnchor", "$recursiveRef", json!(true))
            };
            root.insert(anchor.into(), value);
            let named = |target: &str| match target {
                "#" if newest => (name, "#root".to_owned()),
                "#" => (name, "#".to_owned()),
                other => ("$ref", other.to_owned()),
            };
            root.values_mut().for_each(|inner| rename(inner, &named));
        }
        References::Anchors | References::Dynamic => {}
    }
}

/// Rewrites every `$ref`: its keyword and its target.
fn rename(value: &mut Value, named: &dyn Fn(&str) -> (&'static str, String)) {
    match value {
        Value::Object(members) => {
            for (keyword, inner) in members.iter_mut() {
                if keyword != "const" && keyword != "enum" {
                    rename(inner, named);
                }
            }
            if let Some(Value::String(target)) = members.shift_remove("$ref") {
                let (keyword, target) = named(&target);
                members.insert(keyword.to_owned(), json!(target));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, named)),
        _ => {}
    }
}

/// Keywords whose schemas are about members, items or names, not about the
/// value itself.
const GUARDS: &[&str] = &[
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "items",
    "prefixItems",
    "additionalItems",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Without a member or item between, a part may refer only to later ones: other
/// references are replaced, so that no schema is its own part.
fn guard_references(value: &mut Value, rank: usize, guarded: bool) {
    let targets = ["#", "#/$defs/a", "#/$defs/b"];
    match value {
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str);
            let target = target.and_then(|target| targets.iter().position(|&t| t == target));
            if target.is_some_and(|target| !guarded && target <= rank) {
                members.shift_remove("$ref");
            }
            for (name, inner) in members.iter_mut() {
                let guards = GUARDS.contains(&name.as_str());
                match name.as_str() {
                    "const" | "enum" => {}
                    _ => guard_references(inner, rank, guarded || guards),
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| guard_references(item, rank, guarded)),
        _ => {}
    }
}

fn value_mentions(members: &Map<String, Value>, keyword: &str) -> bool {
    let quoted = format!("\"{keyword}\"");
    members
        .values()
        .any(|value| value.to_string().contains(&quoted))
        || members.contains_key(keyword)
}

/// Rewrites a schema for an older draft.
fn make_old(schema: &mut Value, draft: Draft) {
    if let (Value::Bool(holds), Draft::V4) = (&*schema, draft) {
        *schema = if *holds {
            json!({})
        } else {
            json!({"not": {}})
        };
    }
    let Value::Object(members) = schema else {
        return;
    };
    for (name, value) in members.iter_mut() {
        match name.as_str() {
            "properties" | "patternProperties" | "dependentSchemas" => {
                if let Value::Object(all) = value {
                    all.values_mut().for_each(|inner| make_old(inner, draft));
                }
            }
            "anyOf" | "allOf" | "oneOf" | "prefixItems" => {
                if let Value::Array(all) = value {
                    all.iter_mut().for_each(|inner| make_old(inner, draft));
                }
            }
            "items"
            | "additionalProperties"
            | "propertyNames"
            | "contains"
            | "not"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "if"
            | "then"
            | "else" => {
                make_old(value, draft);
            }
            _ => {}
        }
    }
    // Later formats mean nothing there, but the engine asserts them all.
    let known: &[&str] = match draft {
        Draft::V4 => &["date-time", "ipv4", "ipv6", "nonsense"],
        Draft::V6 => &["date-time", "ipv4", "ipv6", "json-pointer", "nonsense"],

        _ => &[
            "date",
            "time",
            "date-time",
            "ipv4",
            "ipv6",
            "json-pointer",
            "nonsense",
        ],
    };
    let format = members.get("format").and_then(Value::as_str);
    if draft < Draft::V2019 && format.is_some_and(|name| !known.contains(&name)) {
        members.shift_remove("format");
    }
    if let Some(prefix) = members.shift_remove("prefixItems") {
        if let Some(rest) = members.shift_remove("items") {
            members.insert("additionalItems".into(), rest);
        }
        members.insert("items".into(), prefix);
    }
    if draft == Draft::V2019 {
        // The judge counts what `contains` holds of as evaluated, as only
        // 2020-12 does.
        if value_mentions(members, "contains") {
            members.shift_remove("unevaluatedItems");
        }
        return;
    }
    for newer in ["dependentRequired", "dependentSchemas"] {
        if let Some(Value::Object(mut all)) = members.shift_remove(newer) {
            // Draft 4 wants a name in each list.
            all.retain(|_, then| *then != json!([]));
            members.insert("dependencies".into(), Value::Object(all));
        }
    }
    for unknown in [
        "minContains",
        "maxContains",
        "unevaluatedItems",
        "unevaluatedProperties",
    ] {
        members.shift_remove(unknown);
    }
    if draft == Draft::V4 {
        if members.get("required") == Some(&json!([])) {
            members.shift_remove("required");
        }
        for (bound, exclusive) in [
            ("minimum", "exclusiveMinimum"),
            ("maximum", "exclusiveMaximum"),
        ] {
            if let Some(n) = members.shift_remove(exclusive) {
                members.insert(bound.into(), n);
                members.insert(exclusive.into(), json!(true));
            }
        }
    }
}
