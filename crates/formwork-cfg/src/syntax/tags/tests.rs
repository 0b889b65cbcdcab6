//! Structural tags against what they are said to derive.

use super::free::Markers;
use super::think_first;
use crate::ir::{ForeignKind, Grammar, Span};
use crate::syntax::draft::Node;
use crate::syntax::earley::accepts;
use crate::syntax::{Format, SyntaxErrors, SyntaxLimits, choice, parse};

fn read(text: &str) -> Result<Grammar, SyntaxErrors> {
    parse(text, Format::StructuralTag, &SyntaxLimits::default())
}

fn grammar(text: &str) -> Grammar {
    read(text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// All texts over some characters up to a length.
fn texts(alphabet: &str, length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = all.len();
        for at in from..to {
            for c in alphabet.chars() {
                all.push(format!("{}{c}", all[at]));
            }
        }
        from = to;
    }
    all
}

/// The markers that end where the first of them does, and that place.
fn first(text: &str, markers: &[&str]) -> Option<(usize, Vec<usize>)> {
    (0..=text.len()).find_map(|end| {
        let here = |&n: &usize| text[..end].ends_with(markers[n]);
        let found: Vec<usize> = (0..markers.len()).filter(here).collect();
        (!found.is_empty()).then_some((end, found))
    })
}

#[test]
fn free_text_ends_where_a_marker_first_occurs() {
    let lists: [&[&str]; 7] = [
        &["aa"],
        &["aba", "bab"],
        &["ab", "b"],
        &["a", "aab"],
        &["abab", "ba", "bb"],
        &["aabaa", "abaab"],
        &["b", "b", "ab"],
    ];
    for list in lists {
        let markers = Markers::new(list.iter().copied(), &SyntaxLimits::default());
        let words = |node: Node| match node {
            Node::Words(dfa) => dfa,
            other => panic!("{other:?}"),
        };
        let none = words(markers.none(Span::default()).unwrap());
        let up_to: Vec<_> = (0..list.len())
            .map(|n| words(markers.up_to(n, Span::default()).unwrap()))
            .collect();
        for text in texts("abc", 7) {
            let found = first(&text, list);
            assert_eq!(none.accepts(&text), found.is_none(), "{text} {list:?}");
            for (n, dfa) in up_to.iter().enumerate() {
                let ends =
                    |(end, which): &(usize, Vec<usize>)| *end == text.len() && which.contains(&n);
                let expected = found.as_ref().is_some_and(ends);
                assert_eq!(dfa.accepts(&text), expected, "{text} {n} {list:?}");
            }
        }
    }
}

const TRIGGERED: &str = r#"{"type": "triggered_tags", "triggers": ["<a", "<<"], "tags": [
    {"begin": "<a>", "content": {"type": "const_string", "value": "b"}, "end": "a"},
    {"type": "tag", "begin": "<ab", "content": {"type": "any_text"}, "end": ["a<", "b"]},
    {"begin": "<<", "content": {"type": "regex", "pattern": "a*"}, "end": "b"}],
    "excludes": ["bb"], "at_least_one": ALO, "stop_after_first": SAF}"#;

/// Whether `text` is free text with tags in it, by trying what it says.
fn triggered(text: &str, must: bool, only_one: bool) -> bool {
    // What may be left after a tag, given what is left after its trigger.
    let after = |trigger: usize, rest: &str| -> Vec<String> {
        let mut lefts = Vec::new();
        if trigger == 0 {
            lefts.extend(rest.strip_prefix(">ba").map(str::to_owned));
            if let Some(content) = rest.strip_prefix('b')
                && let Some((end, _)) = first(content, &["a<", "b"])
            {
                lefts.push(content[end..].to_owned());
            }
        } else {
            let left = rest.trim_start_matches('a').strip_prefix('b');
            lefts.extend(left.map(str::to_owned));
        }
        lefts
    };
    if must {
        return ["<a", "<<"].iter().enumerate().any(|(trigger, sign)| {
            let rest = text.strip_prefix(sign);
            let lefts = rest.map(|rest| after(trigger, rest)).unwrap_or_default();
            lefts.iter().any(|left| match only_one {
                true => left.is_empty(),
                false => triggered(left, false, false),
            })
        });
    }
    match first(text, &["<a", "<<", "bb"]) {
        None => true,
        Some((end, which)) => which.iter().filter(|&&n| n < 2).any(|&trigger| {
            let lefts = after(trigger, &text[end..]);
            lefts.iter().any(|left| match only_one {
                true => left.is_empty(),
                false => triggered(left, false, false),
            })
        }),
    }
}

#[test]
fn triggers_turn_free_text_into_tags() {
    let all = texts("ab<>", 8);
    for (must, only_one) in [(false, false), (true, false), (false, true), (true, true)] {
        let source = TRIGGERED.replace("ALO", &must.to_string());
        let grammar = grammar(&source.replace("SAF", &only_one.to_string()));
        let mut derived = 0;
        for text in all.iter().step_by(if all.len() > 20_000 { 7 } else { 1 }) {
            let expected = triggered(text, must, only_one);
            assert_eq!(
                accepts(&grammar, text),
                expected,
                "{text} {must} {only_one}"
            );
            derived += usize::from(expected);
        }
        assert!(derived > 3, "{derived} {must} {only_one}");
    }
}

/// Accepted and rejected texts of a format.
fn check(format: &str, yes: &[&str], no: &[&str]) {
    let whole = format!(r#"{{"type": "structural_tag", "format": {format}}}"#);
    for source in [format, &whole] {
        let grammar = grammar(source);
        for text in yes {
            assert!(accepts(&grammar, text), "{text} of {format}");
        }
        for text in no {
            assert!(!accepts(&grammar, text), "{text} of {format}");
        }
    }
}

#[test]
fn formats_derive_what_they_say() {
    check(
        r#"{"type": "sequence", "elements": [{"type": "const_string", "value": "a\n"},
            {"type": "or", "elements": [{"type": "const_string", "value": "b"},
                {"type": "regex", "pattern": "c+"}]}]}"#,
        &["a\nb", "a\ncc"],
        &["a\n", "b", "a\nbc"],
    );
    let item = r#"{"type": "const_string", "value": "x"}"#;
    for (kind, counts) in [
        (r#""type": "optional""#, &[0, 1][..]),
        (r#""type": "plus""#, &[1, 2, 3, 4]),
        (r#""type": "star""#, &[0, 1, 2, 3, 4]),
        (r#""type": "repeat", "min": 2, "max": 3"#, &[2, 3]),
        (r#""type": "repeat", "min": 3, "max": -1"#, &[3, 4]),
    ] {
        let format = format!(r#"{{{kind}, "content": {item}}}"#);
        let (yes, no): (Vec<usize>, Vec<usize>) = (0..5).partition(|n| counts.contains(n));
        let texts =
            |counts: &[usize]| -> Vec<String> { counts.iter().map(|&n| "x".repeat(n)).collect() };
        let (yes, no) = (texts(&yes), texts(&no));
        let refs = |texts: &'_ [String]| texts.iter().map(|t| t.clone().leak() as &str).collect();
        let (yes, no): (Vec<&str>, Vec<&str>) = (refs(&yes), refs(&no));
        check(&format, &yes, &no);
    }
    check(
        r#"{"type": "grammar", "grammar": "root ::= \"(\" root? \")\""}"#,
        &["()", "(())"],
        &["", "(()"],
    );
    check(
        r#"{"type": "tags_with_separator", "separator": ",", "tags": [
            {"begin": "a", "content": {"type": "any_text"}, "end": "b"}]}"#,
        &["", "ab", "axb,ab"],
        &["ab,", "abab", "axbxb"],
    );
    check(
        r#"{"type": "tags_with_separator", "separator": ",", "at_least_one": true,
            "stop_after_first": true, "tags": [
            {"begin": "a", "content": {"type": "any_text"}, "end": "b"}]}"#,
        &["ab", "axb"],
        &["", "ab,ab"],
    );
    check(
        r#"{"type": "dispatch", "rules": [["!", {"type": "regex", "pattern": "[0-9]"}]],
            "excludes": ["?"]}"#,
        &["", "ab", "a!1b!2", "!1"],
        &["a!", "a?", "!a"],
    );
    check(
        r#"{"type": "dispatch", "loop": false,
            "rules": [["!", {"type": "regex", "pattern": "[0-9]"}]]}"#,
        &["", "ab", "a!1"],
        &["a!1b", "a!1!2"],
    );
    // Free text inside a tag ends with the tag, wherever in it that stands.
    check(
        r#"{"type": "tag", "begin": "<", "end": ["``", ">"], "content": {"type": "sequence",
            "elements": [{"type": "const_string", "value": "x"}, {"type": "optional",
            "content": {"type": "any_text", "excludes": ["no"]}}]}}"#,
        &["<x>", "<xy>", "<x``", "<x`y``"],
        &["<x", "<>", "<x>y>", "<xno>", "<x```"],
    );
    check(
        r#"{"type": "tag", "begin": "<", "end": "", "content": {"type": "any_text"}}"#,
        &["<", "<x>"],
        &[""],
    );
}

#[test]
fn schemas_are_kept_as_they_are_written() {
    let schema = r#"{ "const": 1.0e400 }"#;
    let old = format!(
        r#"{{"type": "structural_tag", "triggers": ["<f"], "structures": [
            {{"begin": "<f=a>", "schema": {schema}, "end": "</f>"}},
            {{"begin": "<f=b>", "schema": {schema}, "end": "</f>"}},
            {{"begin": "<f=c>", "schema": true, "end": "</f>"}}]}}"#
    );
    let grammar = grammar(&old);
    // Equal ones are one.
    let texts = grammar.foreign.iter().map(|part| match &part.kind {
        ForeignKind::JsonSchema(text) => text.as_str(),
        other => panic!("{other:?}"),
    });
    assert_eq!(texts.collect::<Vec<_>>(), [schema, "true"]);
    let span = grammar.foreign[0].span;
    assert_eq!(&old[span.start..span.end], schema);
}

#[test]
fn mistakes_have_places() {
    for (text, at, message) in [
        ("[", "[", "not JSON"),
        ("7", "7", "expected an object"),
        (
            r#"{"type": "any_txt"}"#,
            r#""any_txt""#,
            "no format `any_txt`",
        ),
        (
            r#"{"type": "any_text", "exclude": []}"#,
            "[]",
            "`exclude` is not known",
        ),
        (
            r#"{"type": "regex", "pattern": "(a"}"#,
            r#""(a""#,
            "in this text",
        ),
        (
            r#"{"type": "grammar", "grammar": "root ::= a"}"#,
            r#""root ::= a""#,
            "`a` is not defined",
        ),
        (
            r#"{"type": "any_text", "max_tokens": 3}"#,
            "3",
            "nothing that a grammar says",
        ),
        (
            r#"{"type": "any_text", "excludes": [""]}"#,
            r#""""#,
            "occurs everywhere",
        ),
        (
            r#"{"type": "json_schema", "json_schema": true, "style": "qwen_xml"}"#,
            r#""qwen_xml""#,
            "only JSON",
        ),
        (
            r#"{"type": "triggered_tags", "triggers": ["b"], "tags": [
                {"begin": "a", "content": {"type": "any_text"}, "end": "a"}]}"#,
            r#""b""#,
            "no tag begins with this trigger",
        ),
        (
            r#"{"type": "regex", "pattern": "a", "pattern": "b"}"#,
            r#""b""#,
            "given twice",
        ),
        (
            r#"{"triggers": []}"#,
            r#"{"triggers": []}"#,
            "`structures` is missing",
        ),
        (r#"{"type": "or", "elements": []}"#, "[]", "derives nothing"),
    ] {
        let errors = read(text).map(|_| ()).expect_err(text);
        let error = &errors.errors()[0];
        assert!(error.message.contains(message), "{text}: {errors}");
        assert_eq!(
            &text[error.span.start..error.span.end],
            at,
            "{text}: {errors}"
        );
    }
    let deep = r#"{"type": "star", "content": "#.repeat(300) + "0" + &"}".repeat(300);
    let errors = read(&deep).map(|_| ()).expect_err("deep");
    assert!(
        errors.errors()[0].message.contains("recursion limit") || errors.is_limit(),
        "{errors}"
    );
}

#[test]
fn thinking_comes_first() {
    let limits = SyntaxLimits::default();
    let answer = choice(["yes", "no"], &limits).unwrap();
    let grammar = think_first("<t>", "</t>", &answer, &limits).unwrap();
    for (text, expected) in [
        ("<t></t>yes", true),
        ("<t>yes < no</t>no", true),
        ("yes", false),
        ("<t></t></t>yes", false),
        ("<t></t>maybe", false),
    ] {
        assert_eq!(accepts(&grammar, text), expected, "{text}");
    }
    assert!(think_first("", "", &answer, &limits).is_err());
}
