//! Rules that call themselves only last, or only first, as repetitions.
//!
//! The least solution of `r = loops r | exits` is `loops* exits` (Arden's lemma),
//! and that of `r = r loops | exits` is `exits loops*`.

use crate::syntax::draft::{Draft, Joining, Node, Symbol};

/// Rewrites every such rule of `draft`.
pub(super) fn unroll(draft: &mut Draft) {
    for (at, definition) in draft.definitions.iter_mut().enumerate() {
        let symbol = Symbol(at as u32);
        if definition.joining == Joining::Never {
            continue;
        }
        if let Some(body) = &definition.body
            && names(body, symbol)
        {
            let unrolled = unrolled(body, symbol, End::Last);
            let unrolled = unrolled.or_else(|| self::unrolled(body, symbol, End::First));
            if let Some(unrolled) = unrolled {
                definition.body = Some(unrolled);
            }
        }
    }
}

/// Where a rule calls itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// Ways to derive a text.
#[derive(Default)]
struct Ways {
    /// What stands beside a call of the rule itself.
    loops: Vec<Node>,
    /// Whole bodies without such a call.
    exits: Vec<Node>,
}

fn names(node: &Node, symbol: Symbol) -> bool {
    let mut found = false;
    node.each_name(&mut |name| found |= name == symbol);
    found
}

fn unrolled(body: &Node, symbol: Symbol, end: End) -> Option<Node> {
    let ways = ways(body, symbol, end)?;
    let loops = Node::alt(ways.loops).repeat(0, None);
    let exits = Node::alt(ways.exits);
    Some(Node::Seq(match end {
        End::Last => vec![loops, exits],
        End::First => vec![exits, loops],
    }))
}

/// The ways of `node`; `None` if the rule is called other than at this end.
fn ways(node: &Node, symbol: Symbol, end: End) -> Option<Ways> {
    if !names(node, symbol) {
        return Some(Ways {
            loops: Vec::new(),
            exits: vec![node.clone()],
        });
    }
    match node {
        // The call itself adds nothing to its own texts.
        Node::Name(_) => Some(Ways {
            loops: vec![Node::empty()],
            exits: Vec::new(),
        }),
        Node::Alt(parts) => {
            let mut all = Ways::default();
            for part in parts {
                let ways = ways(part, symbol, end)?;
                all.loops.extend(ways.loops);
                all.exits.extend(ways.exits);
            }
            Some(all)
        }
        Node::Seq(parts) => {
            let (call, rest) = match end {
                End::Last => parts.split_last()?,
                End::First => parts.split_first()?,
            };
            if rest.iter().any(|part| names(part, symbol)) {
                return None;
            }
            // Ways stay together, so that the rest is copied twice at most.
            let beside = |ways: Vec<Node>| {
                let mut parts = rest.to_vec();
                let at = if end == End::Last { parts.len() } else { 0 };
                parts.insert(at, Node::alt(ways));
                vec![Node::Seq(parts)]
            };
            let mut ways = ways(call, symbol, end)?;
            for ways in [&mut ways.loops, &mut ways.exits] {
                if !ways.is_empty() {
                    *ways = beside(std::mem::take(ways));
                }
            }
            Some(ways)
        }
        Node::Repeat(inner, 0, Some(1)) => {
            let mut ways = ways(inner, symbol, end)?;
            ways.exits.push(Node::empty());
            Some(ways)
        }
        _ => None,
    }
}
