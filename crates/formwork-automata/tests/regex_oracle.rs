//! Random patterns against a naive matcher that follows the definition.

use formwork_automata::{Limits, regex};
use proptest::prelude::*;

/// `-` is there to have word boundaries between characters.
const CHARS: [char; 3] = ['a', 'b', '-'];
const MAX_LEN: usize = 5;

#[derive(Clone, Debug)]
enum Node {
    Text(&'static str, fn(char) -> bool),
    Assert(&'static str, fn(&[char], usize) -> bool),
    Look(bool, Box<Node>),
    Behind(bool, Box<Node>),
    Group(Box<Node>),
    Concat(Vec<Node>),
    Alt(Vec<Node>),
    Repeat(Box<Node>, usize, Option<usize>),
}

impl Node {
    fn print(&self) -> String {
        let all = |nodes: &[Self]| nodes.iter().map(Self::print).collect::<Vec<_>>();
        match self {
            Self::Text(text, _) | Self::Assert(text, _) => (*text).to_owned(),
            Self::Look(negative, body) => {
                format!("(?{}{})", if *negative { '!' } else { '=' }, body.print())
            }
            Self::Behind(negative, body) => {
                format!("(?<{}{})", if *negative { '!' } else { '=' }, body.print())
            }
            Self::Group(body) => format!("({})", body.print()),
            Self::Concat(nodes) => all(nodes).concat(),
            Self::Alt(nodes) => format!("(?:{})", all(nodes).join("|")),
            Self::Repeat(body, min, max) => {
                let max = max.map_or(String::new(), |max| max.to_string());
                format!("(?:{}){{{min},{max}}}", body.print())
            }
        }
    }

    /// Where matches from `at` may end, as a set of bits.
    fn ends(&self, word: &[char], at: usize) -> u32 {
        match self {
            Self::Text(_, test) => match word.get(at) {
                Some(&c) if test(c) => 1 << (at + 1),
                _ => 0,
            },
            Self::Assert(_, test) => u32::from(test(word, at)) << at,
            Self::Look(negative, body) => u32::from((body.ends(word, at) != 0) != *negative) << at,
            Self::Behind(negative, body) => {
                let found = (0..=at).any(|from| body.ends(word, from) >> at & 1 != 0);
                u32::from(found != *negative) << at
            }
            Self::Group(body) => body.ends(word, at),
            Self::Concat(nodes) => nodes
                .iter()
                .fold(1 << at, |from, node| node.ends_from(word, from)),
            Self::Alt(nodes) => nodes.iter().fold(0, |all, node| all | node.ends(word, at)),
            Self::Repeat(body, min, max) => {
                let mut now = 1 << at;
                for _ in 0..*min {
                    now = body.ends_from(word, now);
                }
                let mut all = now;
                for _ in 0..max.map_or(2 * MAX_LEN, |max| max - min) {
                    now = body.ends_from(word, now);
                    all |= now;
                }
                all
            }
        }
    }

    fn ends_from(&self, word: &[char], from: u32) -> u32 {
        (0..=word.len())
            .filter(|at| from >> at & 1 != 0)
            .fold(0, |all, at| all | self.ends(word, at))
    }
}

fn is_boundary(word: &[char], at: usize) -> bool {
    let letter = |c: Option<&char>| c.is_some_and(|&c| c != '-');
    letter(at.checked_sub(1).and_then(|at| word.get(at))) != letter(word.get(at))
}

fn leaf() -> impl Strategy<Value = Node> {
    prop_oneof![
        6 => prop::sample::select(vec![
            Node::Text("a", |c| c == 'a'),
            Node::Text("b", |c| c == 'b'),
            Node::Text("-", |c| c == '-'),
            Node::Text(".", |_| true),
            Node::Text("[^a]", |c| c != 'a'),
            Node::Text("[a-]", |c| c != 'b'),
            Node::Text(r"\w", |c| c != '-'),
        ]),
        2 => prop::sample::select(vec![
            Node::Assert("", |_, _| true),
            Node::Assert("^", |_, at| at == 0),
            Node::Assert("$", |word, at| at == word.len()),
            Node::Assert(r"\b", is_boundary),
            Node::Assert(r"\B", |word, at| !is_boundary(word, at)),
        ]),
    ]
}

/// Bodies of lookbehinds, which depend on nothing after them.
fn past() -> impl Strategy<Value = Node> {
    let leaf = leaf().prop_filter("depends on what follows", |node| {
        !matches!(node, Node::Assert("$" | r"\b" | r"\B", _))
    });
    leaf.prop_recursive(2, 5, 3, |inner| {
        let many = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            2 => many.clone().prop_map(Node::Concat),
            1 => many.prop_map(Node::Alt),
            1 => (inner, 0..3usize, prop::option::of(0..3usize)).prop_map(|(n, min, more)| {
                Node::Repeat(Box::new(n), min, more.map(|more| min + more))
            }),
        ]
    })
}

fn behind() -> impl Strategy<Value = Node> {
    (any::<bool>(), past()).prop_map(|(negative, body)| Node::Behind(negative, Box::new(body)))
}

/// Patterns with lookbehinds, but for those within lookaheads.
fn looking_back() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![3 => leaf(), 2 => behind()];
    leaf.prop_recursive(3, 10, 3, |inner| {
        let inner = inner.boxed();
        let many = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            1 => (any::<bool>(), pattern()).prop_map(|(neg, n)| Node::Look(neg, Box::new(n))),
            1 => inner.clone().prop_map(|n| Node::Group(Box::new(n))),
            4 => many.clone().prop_map(Node::Concat),
            2 => many.prop_map(Node::Alt),
            2 => (inner, 0..3usize, prop::option::of(0..3usize)).prop_map(|(n, min, more)| {
                Node::Repeat(Box::new(n), min, more.map(|more| min + more))
            }),
        ]
    })
}

fn pattern() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(4, 14, 3, |inner| {
        let inner = inner.boxed();
        let many = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            1 => (any::<bool>(), inner.clone()).prop_map(|(neg, n)| Node::Look(neg, Box::new(n))),
            1 => inner.clone().prop_map(|n| Node::Group(Box::new(n))),
            4 => many.clone().prop_map(Node::Concat),
            2 => many.prop_map(Node::Alt),
            2 => (inner, 0..3usize, prop::option::of(0..3usize)).prop_map(|(n, min, more)| {
                Node::Repeat(Box::new(n), min, more.map(|more| min + more))
            }),
        ]
    })
}

/// All words over [`CHARS`] of at most [`MAX_LEN`] characters.
fn words() -> Vec<Vec<char>> {
    let mut words = vec![vec![]];
    let mut from = 0;
    for _ in 0..MAX_LEN {
        let to = words.len();
        for at in from..to {
            for c in CHARS {
                let mut word: Vec<char> = words[at].clone();
                word.push(c);
                words.push(word);
            }
        }
        from = to;
    }
    words
}

fn check(node: &Node) -> Result<(), TestCaseError> {
    let pattern = node.print();
    let limits = Limits::default();
    let refused = |error| TestCaseError::fail(format!("{pattern}: {error}"));
    let search = regex::compile(&pattern, &limits).map_err(refused)?;
    let whole = regex::compile_whole(&pattern, &limits).map_err(refused)?;
    for word in words() {
        let text: String = word.iter().collect();
        let found = (0..=word.len()).any(|at| node.ends(&word, at) != 0);
        prop_assert_eq!(search.accepts(&text), found, "{} on {:?}", pattern, text);
        let spans = node.ends(&word, 0) >> word.len() & 1 != 0;
        prop_assert_eq!(
            whole.accepts(&text),
            spans,
            "whole {} on {:?}",
            pattern,
            text
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1500)
    ))]

    #[test]
    fn agrees_with_the_definition(node in pattern()) {
        check(&node)?;
    }

    #[test]
    fn agrees_when_looking_back(node in looking_back()) {
        check(&node)?;
    }

    #[test]
    fn never_panics(pattern in r"[\^$\\.*+?()\[\]{}|a-c0-3,:=!<>\-\\dDwWsSbBpukxcé😀]{0,24}") {
        let _ = regex::compile(&pattern, &Limits { max_steps: 200_000, ..Limits::default() });
    }
}
