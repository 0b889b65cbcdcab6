//! Which keywords make a schema unsatisfiable: a smallest set of places that
//! contradict each other, found by leaving out one after the other.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::error::{Refusal, SchemaError};
use crate::lower::Trace;
use crate::node::{FALSE, Literal, Node, NodeId, Props, TRUE};
use crate::shape::Explorer;

/// Members and items that must be there are looked into so deep.
const MAX_DEPTH: u32 = 16;
/// Places reported at most.
const MAX_PLACES: usize = 32;

/// The places that contradict each other in `root`, which no value satisfies.
/// Takes at most the budget of the explorer; a set found until then is not the
/// smallest.
pub(crate) fn conflict(explorer: &mut Explorer<'_>, trace: &Trace, root: NodeId) -> Vec<Refusal> {
    let mut culprits = vec![root];
    // On a limit, what is known by then has to do.
    let _ = narrow(explorer, root, &mut culprits);
    let mut places: Vec<(String, String)> = Vec::new();
    for culprit in culprits {
        if let Some((pointer, keyword)) = trace.origin(culprit) {
            let place = (pointer.to_owned(), keyword.to_owned());
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places.sort_unstable();
    places.truncate(MAX_PLACES);
    if places.is_empty() {
        places.push((String::new(), "(schema)".into()));
    }
    let reason = match places.len() {
        1 => "nothing satisfies it here",
        _ => "contradicts the other places listed here",
    };
    let refusal = |(pointer, keyword)| Refusal {
        pointer,
        keyword,
        reason: reason.into(),
    };
    places.into_iter().map(refusal).collect()
}

/// Replaces the culprits by formulas within them as small as can be found.
fn narrow(
    explorer: &mut Explorer<'_>,
    root: NodeId,
    culprits: &mut Vec<NodeId>,
) -> Result<(), SchemaError> {
    let mut whole = root;
    for _ in 0..MAX_DEPTH {
        let mut core = parts(explorer, whole);
        culprits.clone_from(&core);
        let mut at = 0;
        while at < core.len() {
            let mut fewer = core.clone();
            fewer.remove(at);
            let rest = explorer.solver.nodes.all(fewer.iter().copied());
            if explorer.has_value(rest)? {
                at += 1;
            } else {
                core = fewer;
                culprits.clone_from(&core);
            }
        }
        match necessary(explorer, &core)? {
            Some(inner) => whole = inner,
            None => break,
        }
    }
    Ok(())
}

/// What has to hold together, references followed.
fn parts(explorer: &mut Explorer<'_>, node: NodeId) -> Vec<NodeId> {
    let mut parts = Vec::new();
    let mut seen = FxHashSet::default();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if !seen.insert(node) {
            continue;
        }
        match explorer.solver.nodes.get(node) {
            Node::All(inner) if node != TRUE => open.extend_from_slice(inner),
            &Node::Ref { target, holds } => open.push(explorer.solver.nodes.target(target, holds)),
            _ => parts.push(node),
        }
    }
    parts
}

/// A member or item that has to be there and cannot be.
fn necessary(explorer: &mut Explorer<'_>, core: &[NodeId]) -> Result<Option<NodeId>, SchemaError> {
    let literals = explorer.solver.literals(core);
    let mut needed = Vec::new();
    for literal in &literals {
        match literal {
            Literal::Required(name) => {
                let groups = literals.iter().filter_map(|literal| match literal {
                    Literal::Props(props) => Some(member(explorer, props, name)),
                    _ => None,
                });
                needed.push(groups.collect::<Vec<_>>().concat());
            }
            Literal::Size { min, .. } if *min > 0 => {
                let longest = literals.iter().map(|literal| match literal {
                    Literal::Items { prefix, .. } => prefix.len() as u32 + 1,
                    _ => 1,
                });
                for at in 0..longest.max().unwrap_or(1).min(*min) as usize {
                    let lists = literals.iter().filter_map(|literal| match literal {
                        Literal::Items { prefix, tail } => Some(*prefix.get(at).unwrap_or(tail)),
                        _ => None,
                    });
                    needed.push(lists.collect());
                }
            }
            _ => {}
        }
    }
    for nodes in needed {
        let node = explorer.solver.nodes.all(nodes);
        // Whoever writes `false` there means what the core already says.
        if node != FALSE && !explorer.has_value(node)? {
            return Ok(Some(node));
        }
    }
    Ok(None)
}

/// What a group of properties says of a name.
fn member(explorer: &Explorer<'_>, props: &Arc<Props>, name: &str) -> Vec<NodeId> {
    let named = props.named.iter().filter(|(known, _)| &**known == name);
    let mut nodes: Vec<NodeId> = named.map(|&(_, node)| node).collect();
    for &(lang, node) in &props.patterns {
        if explorer.solver.nodes.language(lang).accepts(name) {
            nodes.push(node);
        }
    }
    if nodes.is_empty() {
        nodes.push(props.rest);
    }
    nodes
}

#[cfg(test)]
mod tests {
    use crate::{SchemaError, SchemaOptions, TerminalCache, compile};

    #[track_caller]
    fn check(schema: &str, wanted: &[&str]) {
        let result = compile(schema, &SchemaOptions::default(), &TerminalCache::default());
        let Err(SchemaError::Unsatisfiable(places)) = result.map(|_| ()) else {
            panic!("{schema} has values");
        };
        let places: Vec<String> = places
            .iter()
            .map(|place| format!("{} {}", place.pointer, place.keyword))
            .collect();
        assert_eq!(places, wanted, "{schema}");
    }

    #[test]
    fn the_smallest_conflict_is_named() {
        check(
            r#"{"type":"string","title":"x","minLength":3,"maxLength":2,"pattern":"a"}"#,
            &[" maxLength", " minLength", " type"],
        );
        check(
            r##"{"allOf":[{"type":"integer"},{"$ref":"#/$defs/s"}],"minimum":1,
            "$defs":{"s":{"type":"string"}}}"##,
            &["/$defs/s type", "/allOf/0 type"],
        );
        check(r#"{"not":{}}"#, &[" not"]);
        check(
            r#"{"type":"object","required":["a"],"properties":{"a":false}}"#,
            &[" properties", " required", " type"],
        );
    }

    #[test]
    fn conflicts_are_looked_for_in_members_and_items() {
        check(
            r#"{"type":"object","required":["a","b"],"properties":{
            "a":{"type":"array","minItems":2,"items":{"type":"integer","minimum":5,"maximum":4}}}}"#,
            &[
                "/properties/a/items maximum",
                "/properties/a/items minimum",
                "/properties/a/items type",
            ],
        );
        check(
            r#"{"type":"object","required":["shape"],"properties":{"shape":{"type":"object",
            "required":["r","w"],"oneOf":[{"required":["r"]},{"required":["w"]}]}}}"#,
            &["/properties/shape oneOf", "/properties/shape required"],
        );
    }
}
