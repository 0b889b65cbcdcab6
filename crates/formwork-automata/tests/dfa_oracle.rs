//! Automata operations and facts against brute force over short words.

#![allow(clippy::unwrap_used, reason = "the helpers of tests, too")]

use std::collections::BTreeSet;

use formwork_automata::{Dfa, LengthSets, Limits, StateId, regex};
use proptest::prelude::*;

const CHARS: [char; 3] = ['a', 'b', 'c'];

fn compiled(pattern: &str) -> Dfa {
    regex::compile(pattern, &Limits::default()).unwrap()
}

/// A language over `a`, `b` and `c`, as a pattern.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["a", "b", "c", "[ab]", ".", "", "[^b]"]);
    let inner = leaf
        .prop_map(str::to_owned)
        .prop_recursive(4, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner.clone(), 2..4)
                    .prop_map(|parts| format!("(?:{})", parts.join("|"))),
                (
                    inner,
                    prop::sample::select(vec!["*", "+", "?", "{2}", "{1,3}", "{2,}"])
                )
                    .prop_map(|(body, times)| format!("(?:{body}){times}")),
            ]
        });
    (inner, any::<(bool, bool)>()).prop_map(|(body, (head, tail))| {
        let (head, tail) = (if head { "^" } else { "" }, if tail { "$" } else { "" });
        format!("{head}(?:{body}){tail}")
    })
}

fn words(max_len: usize) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut from = 0;
    for _ in 0..max_len {
        let to = words.len();
        for at in from..to {
            words.extend(CHARS.map(|c| format!("{}{c}", words[at])));
        }
        from = to;
    }
    words
}

/// The states after which `0..=max` further characters can bring a match, by length.
fn lengths(dfa: &Dfa, max: usize) -> Vec<BTreeSet<StateId>> {
    let states = 0..dfa.state_count() as StateId;
    let mut sets: Vec<BTreeSet<StateId>> =
        vec![states.clone().filter(|&s| dfa.is_match(s)).collect()];
    for n in 0..max {
        let steps =
            |s: StateId| (0..dfa.class_count() as u32).filter_map(move |c| dfa.next_class(s, c));
        sets.push(
            states
                .clone()
                .filter(|&s| steps(s).any(|t| sets[n].contains(&t)))
                .collect(),
        );
    }
    sets
}

fn check_lengths(dfa: &Dfa, max: usize) {
    let sets = LengthSets::new(dfa, u32::MAX).unwrap();
    let truth = lengths(dfa, max);
    for s in 0..dfa.state_count() as StateId {
        for lo in 0..=max {
            let ends = (lo..=max).scan(false, |any, n| {
                *any |= truth[n].contains(&s);
                Some(*any)
            });
            for (hi, possible) in (lo..).zip(ends) {
                let found = sets.feasible(s, lo as u32, Some(hi as u32));
                assert_eq!(found, possible, "state {s}, {lo}..={hi}");
            }
        }
        let infinite = sets.max_len(s).is_none();
        assert!(!infinite || dfa.word_count(s) == u64::MAX, "state {s}");
        assert_eq!(sets.feasible(s, 1_000_000, None), infinite, "state {s}");
    }
}

#[test]
fn lengths_of_chosen_patterns() {
    for pattern in [
        "^a{3}$",
        "^(aa)*$",
        "^(aa|aaa)*$",
        "^(a{6}|a{10}|a{15})*$",
        "^(a{4})*b(c{6})*$",
        "^a(bb)*$|^c(ddd)*$",
        "^(a{5}(b{3})*)*c{7}$",
        "^(a{4}|b{6}c)*d{2,3}$",
        "^(a(bc)*d){2,}(e{9})*$",
        "^x{2,40}(y{3})*$",
        "^(?:[0-9a-f]{2}:){3,}[0-9a-f]{2}$",
    ] {
        check_lengths(&compiled(pattern), 80);
    }
}

#[test]
fn lengths_of_long_cycles() {
    let dfa = compiled("^(.{4000})*$");
    let sets = LengthSets::new(&dfa, u32::MAX).unwrap();
    let start = dfa.start().unwrap();
    assert!(sets.feasible(start, 8_000, Some(8_000)));
    assert!(sets.feasible(start, 4_000_000_000, None));
    assert!(!sets.feasible(start, 8_001, Some(11_999)));
    let near = LengthSets::new(&compiled("^(a{89}|a{97}b{4})*$"), 300).unwrap();
    assert!(near.feasible(0, 190, Some(190)) && !near.feasible(0, 191, Some(201)));
}

#[test]
fn facts_of_chosen_patterns() {
    for (pattern, words, total, universal) in [
        ("^[a-c]{2}$", 9, false, false),
        ("^.$", 0x10_F800 - 4, false, false),
        ("^(a|bb)?$", 3, false, false),
        ("^a*$", u64::MAX, false, false),
        ("", u64::MAX, true, true),
        ("x", u64::MAX, true, false),
        ("^[^]{9}$", u64::MAX, false, false),
        ("^[^]*x$", u64::MAX, true, false),
    ] {
        let dfa = compiled(pattern);
        let start = dfa.start().unwrap();
        assert_eq!(dfa.word_count(start), words, "{pattern}");
        assert_eq!(dfa.is_total(start), total, "{pattern}");
        assert_eq!(dfa.is_universal(start), universal, "{pattern}");
    }
}

#[test]
fn finite_languages() {
    let limits = Limits::default();
    let list = [
        "",
        "straße",
        "str",
        "北京",
        "上海",
        "a\u{10FFFF}",
        "\u{D7FF}",
        "\u{E000}",
        "str",
    ];
    let dfa = Dfa::from_words(list);
    assert!(list.iter().all(|word| dfa.accepts(word)));
    assert!(!dfa.accepts("s") && !dfa.accepts("北海") && !dfa.accepts("a"));
    assert_eq!(dfa.word_count(dfa.start().unwrap()), 8);
    assert!(Dfa::from_words([]).is_empty());
    assert_eq!(Dfa::from_words([]), Dfa::empty());
    assert_eq!(Dfa::empty().complement(&limits).unwrap(), Dfa::universal());
    assert!(Dfa::universal().complement(&limits).unwrap().is_empty());
    assert_eq!(Dfa::intersection(&[], &limits).unwrap(), Dfa::universal());
    assert!(Dfa::union(&[], &limits).unwrap().is_empty());
}

#[test]
fn witnesses_are_readable() {
    for (pattern, word) in [
        ("^[^x]{2}$", "aa"),
        (r"^\d\W\w$", "0 a"),
        ("^(zz|0)$", "0"),
        ("^[A-Z]+[^ -~]$", "A¡"),
    ] {
        let dfa = compiled(pattern);
        assert_eq!(dfa.shortest_word(0).unwrap(), word, "{pattern}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
    ))]

    #[test]
    fn boolean_operations(
        patterns in prop::collection::vec(pattern(), 1..4),
        holds in any::<[bool; 4]>(),
    ) {
        let limits = Limits::default();
        let dfas: Vec<Dfa> = patterns.iter().map(|p| compiled(p)).collect();
        let parts: Vec<&Dfa> = dfas.iter().collect();
        let count = |labels: &[Option<u32>]| match labels.iter().flatten().count() {
            0 => None,
            n => Some(n as u32),
        };
        let counted = Dfa::combine(&parts, &count, &limits).unwrap();
        let all = Dfa::intersection(&parts, &limits).unwrap();
        let any = Dfa::union(&parts, &limits).unwrap();
        let not = dfas[0].complement(&limits).unwrap();
        let minus = dfas[0].difference(parts[parts.len() - 1], &limits).unwrap();
        let signed: Vec<(&Dfa, bool)> = parts.iter().copied().zip(holds).collect();
        let signed = Dfa::conjunction(&signed, &limits).unwrap();
        for word in words(5) {
            let yes: Vec<bool> = dfas.iter().map(|dfa| dfa.accepts(&word)).collect();
            let n = yes.iter().filter(|&&yes| yes).count();
            let label = counted.walk(&word).and_then(|s| counted.label(s));
            prop_assert_eq!(label, (n > 0).then_some(n as u32));
            prop_assert_eq!(all.accepts(&word), n == dfas.len());
            prop_assert_eq!(any.accepts(&word), n > 0);
            prop_assert_eq!(signed.accepts(&word), yes.iter().zip(holds).all(|(&a, b)| a == b));
            prop_assert_eq!(not.accepts(&word), !yes[0]);
            prop_assert_eq!(minus.accepts(&word), yes[0] && !yes[dfas.len() - 1]);
        }
        prop_assert_eq!(&not.complement(&limits).unwrap(), &dfas[0]);
        for dfa in [&counted, &all, &any, &not, &minus, &signed] {
            // Trimmed: from every state a match is near enough to be found.
            prop_assert!((0..dfa.state_count() as StateId).all(|s| dfa.min_len(s) != u32::MAX));
        }
    }

    #[test]
    fn minimal_automata_are_canonical(a in pattern(), b in pattern()) {
        // (a|b)|a, built in another way, must come out identical.
        let limits = Limits::default();
        let (x, y) = (compiled(&a), compiled(&b));
        let one = Dfa::union(&[&x, &y], &limits).unwrap();
        let two = Dfa::union(&[&y, &x, &y], &limits).unwrap();
        prop_assert_eq!(&one, &two);
        prop_assert_eq!(one, compiled(&format!("(?:{a})|(?:{b})")));
        let same = x.difference(&x, &limits).unwrap();
        prop_assert!(same.is_empty());
    }

    #[test]
    fn facts(pattern in pattern()) {
        let dfa = compiled(&pattern);
        for s in 0..dfa.state_count() as StateId {
            let word = dfa.shortest_word(s).unwrap();
            prop_assert_eq!(word.chars().count() as u32, dfa.min_len(s));
            let end = word.chars().try_fold(s, |s, c| dfa.next(s, c)).unwrap();
            prop_assert!(dfa.is_match(end));
            // By definition, following classes as often as there are states.
            let mut seen = BTreeSet::from([s]);
            let mut work = vec![s];
            let (mut total, mut universal) = (true, true);
            while let Some(s) = work.pop() {
                universal &= dfa.is_match(s);
                for (class, _) in dfa.classes() {
                    match dfa.next_class(s, class) {
                        None => total = false,
                        Some(t) if seen.insert(t) => work.push(t),
                        Some(_) => {}
                    }
                }
            }
            prop_assert_eq!(dfa.is_total(s), total);
            prop_assert_eq!(dfa.is_universal(s), total && universal);
            for c in ['a', 'b', 'c', 'x', '\n'] {
                prop_assert_eq!(dfa.loops(s).contains(c), dfa.next(s, c) == Some(s));
            }
        }
    }

    #[test]
    fn lengths_of_random_patterns(pattern in pattern()) {
        check_lengths(&compiled(&pattern), 25);
    }

    #[test]
    fn word_lists(list in prop::collection::vec("[ab]{0,4}", 0..12)) {
        let dfa = Dfa::from_words(list.iter().map(String::as_str));
        let set: BTreeSet<&str> = list.iter().map(String::as_str).collect();
        for word in words(4) {
            prop_assert_eq!(dfa.accepts(&word), set.contains(word.as_str()));
        }
        // The same as by way of the construction for any language.
        let unions: Vec<Dfa> = set.iter().map(|word| compiled(&format!("^{word}$"))).collect();
        let unions = Dfa::union(&unions.iter().collect::<Vec<_>>(), &Limits::default()).unwrap();
        prop_assert_eq!(&dfa, &unions);
        let count = dfa.start().map_or(0, |s| dfa.word_count(s));
        prop_assert_eq!(count, set.len() as u64);
        if let Some(start) = dfa.start() {
            check_lengths(&dfa, 6);
            prop_assert!(!dfa.is_total(start));
        }
    }
}
