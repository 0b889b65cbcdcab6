//! Context-free grammars against brute force: languages text by text, masks bit
//! by bit, and grammars that are hard on the engine.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use formwork::cfg::{
    Analysis, CfgError, CfgLimits, Expr, Grammar, Rule, RuleId, Span, TerminalId, analyze,
};
use formwork::{CompileError, Compiler, TokenId, Vocab, mask};
use formwork_automata::{Dfa, Limits, regex};
use formwork_testkit::Rng;
use formwork_testkit::cfg::{Case, Derives, any_case};
use formwork_testkit::walk::{brute_mask, mask_of, show};

use crate::support;

/// Parts of texts: whole words, halves of characters, what is in no word.
const TEXTS: &[&[u8]] = &[
    b"ab",
    b"ba",
    b"aa",
    b"bb",
    b"abab",
    b"aab",
    b"bab",
    b"ca",
    b"ac",
    b"aaa",
    b"aaaaaaaa",
    b"\xc3\xa9",
    b"\xc3\xa8\xc3",
    b"\xa9a",
    b"b\xc3",
    b"abc",
    b"cab",
    b"bbbb",
    b"x",
    b"ax",
    b"abcabc",
    b"\xa9\xc3\xa9",
];

fn vocab() -> Vocab {
    let mut builder = Vocab::builder();
    let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
    let all = bytes.chain(TEXTS.iter().map(|text| text.to_vec()));
    let mut count = 0;
    for (id, token) in all.enumerate() {
        builder.token(TokenId(id as u32), &token);
        count = id as u32 + 1;
    }
    builder
        .special(TokenId(count), "<end>")
        .stop(TokenId(count));
    builder.build().expect("a vocabulary")
}

/// The grammar of a case, or that it has no text, which is checked.
fn compile(compiler: &Compiler, case: &Case) -> Option<formwork::Grammar> {
    let oracle = Derives::new(case);
    // Every second grammar is run with all of its rules as they are.
    let mut limits = CfgLimits::default();
    if case.grammar.rules.len() & 1 == 0 {
        limits.max_fused_states = 0;
    }
    match compiler.cfg(&case.grammar, &limits) {
        Ok(grammar) => {
            assert!(oracle.is_productive(), "derives nothing: {case:?}");
            Some(grammar)
        }
        Err(CompileError::Cfg(CfgError::Unproductive { rules })) => {
            assert!(!oracle.is_productive(), "derives something: {case:?}");
            assert!(!rules.is_empty());
            None
        }
        Err(error) => panic!("{error}: {case:?}"),
    }
}

#[test]
fn languages_are_what_brute_force_says() {
    let compiler = support::compiler(vocab());
    let mut rng = Rng::new(support::seed());
    let (mut grammars, mut texts) = (0, 0);
    let (mut left, mut cyclic, mut nullable) = (0, 0, 0);
    for _ in 0..support::cases(300) {
        let case = any_case(&mut rng);
        let Some(grammar) = compile(&compiler, &case) else {
            continue;
        };
        grammars += 1;
        let oracle = Derives::new(&case);
        let facts = analyze(&case.grammar, &CfgLimits::default()).expect("facts");
        let has = |fact: fn(&Analysis, RuleId) -> bool| {
            let mut rules = (0..case.grammar.rules.len() as u32).map(RuleId);
            rules.any(|rule| facts.is_reachable(rule) && fact(&facts, rule))
        };
        left += u32::from(has(Analysis::is_left_recursive));
        cyclic += u32::from(has(Analysis::is_cyclic));
        nullable += u32::from(has(Analysis::is_nullable));
        assert_eq!(facts.is_nullable(RuleId(0)), oracle.read(b"").0, "{case:?}");
        let mut alphabet: BTreeSet<u8> = BTreeSet::new();
        alphabet.extend(case.words.iter().flatten().flatten());
        let mut open = vec![(Vec::new(), grammar.matcher())];
        let mut seen = 0;
        while let Some((text, matcher)) = open.pop() {
            let (derived, _) = oracle.read(&text);
            assert_eq!(
                matcher.is_complete(),
                derived,
                "{} of {case:?}",
                show(&text)
            );
            texts += 1;
            seen += 1;
            if text.len() >= 8 || seen > 250 {
                continue;
            }
            for &byte in &alphabet {
                let longer: Vec<u8> = text.iter().copied().chain([byte]).collect();
                let mut next = matcher.fork();
                let read = next.push_bytes(&[byte]).is_ok();
                assert_eq!(
                    read,
                    oracle.read(&longer).1,
                    "{} of {case:?}",
                    show(&longer)
                );
                if read {
                    open.push((longer, next));
                }
            }
        }
    }
    eprintln!(
        "{grammars} grammars ({left} with left recursion, {cyclic} with cycles, \
         {nullable} with empty rules), {texts} texts"
    );
    assert!(left >= 100 && cyclic >= 50 && nullable >= 100);
    assert!(grammars >= 200);
}

#[test]
fn masks_are_what_brute_force_says() {
    let compiler = support::compiler(vocab());
    let vocab = compiler.vocab();
    let mut rng = Rng::new(support::seed() ^ 7);
    let (mut grammars, mut masks) = (0, 0);
    for _ in 0..support::cases(400) {
        let case = any_case(&mut rng);
        let Some(grammar) = compile(&compiler, &case) else {
            continue;
        };
        grammars += 1;
        let oracle = Derives::new(&case);
        let alphabet: BTreeSet<u8> = case.words.iter().flatten().flatten().copied().collect();
        let mut text: Vec<u8> = Vec::new();
        let mut matcher = grammar.matcher();
        while text.len() <= 16 {
            let row = mask_of(&matcher);
            let complete = oracle.read(&text).0;
            assert_eq!(
                matcher.is_complete(),
                complete,
                "{} of {case:?}",
                show(&text)
            );
            let mut allowed = Vec::new();
            let mut first: HashMap<u8, bool> = HashMap::new();
            for id in (0..vocab.len() as u32).map(TokenId) {
                let bytes = vocab.bytes(id);
                let longer: Vec<u8> = text.iter().chain(bytes).copied().collect();
                let wanted = if bytes.is_empty() {
                    complete
                } else {
                    bytes.iter().all(|byte| alphabet.contains(byte))
                        && *first.entry(bytes[0]).or_insert_with(|| {
                            oracle.begins_with(text.len(), &longer[..=text.len()])
                        })
                        && oracle.begins_with(text.len() + 1, &longer)
                };
                let pushed = matcher.fork().push(id).is_ok();
                let bit = mask::get(&row, id);
                assert!(
                    bit == wanted && pushed == wanted,
                    "after {} token {} is allowed: {bit}, pushed: {pushed}, should be: {wanted}, in {case:?}",
                    show(&text),
                    show(bytes)
                );
                if wanted && !bytes.is_empty() {
                    allowed.push(id);
                }
            }
            masks += 1;
            let left = matcher.min_completion_bytes();
            assert_eq!(left == 0, complete);
            if allowed.is_empty() {
                assert!(complete);
                break;
            }
            let token = *rng.pick(&allowed);
            matcher.push(token).expect("allowed");
            text.extend_from_slice(vocab.bytes(token));
        }
    }
    eprintln!("{grammars} grammars, {masks} masks");
    assert!(grammars >= 300);
}

fn rule(name: &str, body: Expr) -> Rule {
    Rule {
        name: name.into(),
        span: Span::default(),
        body,
    }
}

fn t(number: u32) -> Expr {
    Expr::Terminal(TerminalId(number))
}

fn r(number: u32) -> Expr {
    Expr::Rule(RuleId(number))
}

fn seq<const N: usize>(parts: [Expr; N]) -> Expr {
    Expr::Sequence(parts.into())
}

fn any<const N: usize>(parts: [Expr; N]) -> Expr {
    Expr::Choice(parts.into())
}

fn grammar<const N: usize>(rules: [Rule; N], terminals: &[&str]) -> Grammar {
    Grammar {
        rules: rules.into(),
        terminals: terminals
            .iter()
            .map(|word| Arc::new(Dfa::from_words([*word])))
            .collect(),
        foreign: Vec::new(),
        start: RuleId(0),
        lexing: None,
    }
}

fn compiled(source: &Grammar) -> formwork::Grammar {
    let compiler = support::compiler(vocab());
    compiler
        .cfg(source, &CfgLimits::default())
        .expect("a grammar")
}

#[test]
fn deep_nesting_is_read() {
    let nested = any([seq([t(0), r(0), t(1)]), seq([])]);
    let grammar = compiled(&grammar([rule("s", nested)], &["(", ")"]));
    const DEEP: usize = 60_000;
    let mut matcher = grammar.matcher();
    matcher.push_bytes(&b"(".repeat(DEEP)).expect("open");
    assert_eq!(matcher.min_completion_bytes() as usize, DEEP);
    matcher.push_bytes(&b")".repeat(DEEP)).expect("close");
    assert!(matcher.is_complete());
    assert!(matcher.push_bytes(b")").is_err());
}

#[test]
fn right_recursion_is_iteration() {
    // Direct, and through a rule that is the last of another.
    let list = any([seq([t(0), r(1)]), t(0)]);
    let tail = any([seq([t(1), r(0)]), r(0)]);
    let grammar = compiled(&grammar(
        [rule("list", list), rule("tail", tail)],
        &["a", "b"],
    ));
    let mut matcher = grammar.matcher();
    matcher.push_bytes(b"abaa").expect("begin");
    let before = grammar.heap_bytes();
    matcher.push_bytes(&b"abaa".repeat(20_000)).expect("more");
    assert!(matcher.is_complete());
    assert!(grammar.heap_bytes() <= before + 10_000, "states grow");
}

#[test]
fn left_recursion_is_iteration() {
    // sum: product | sum "+" product; product: atom | product "*" atom
    let sum = any([r(1), seq([r(0), t(0), r(1)])]);
    let product = any([r(2), seq([r(1), t(1), r(2)])]);
    let atom = any([t(2), seq([t(3), r(0), t(4)])]);
    let grammar = compiled(&grammar(
        [
            rule("sum", sum),
            rule("product", product),
            rule("atom", atom),
        ],
        &["+", "*", "a", "(", ")"],
    ));
    let mut matcher = grammar.matcher();
    matcher.push_bytes(b"a+a*(a+a)+a*a").expect("begin");
    let before = grammar.heap_bytes();
    matcher
        .push_bytes(&b"+a*(a+a)+a*a".repeat(20_000))
        .expect("more");
    assert!(matcher.is_complete());
    assert!(grammar.heap_bytes() <= before + 10_000, "states grow");
}

#[test]
fn ambiguity_without_end_is_read() {
    // s: s s | s | empty | "a"
    let body = any([seq([r(0), r(0)]), r(0), seq([]), t(0)]);
    runs_in_place(&grammar([rule("s", body)], &["a"]), b"aaa");
    // e: e "+" e | e "*" e | "-" e | "(" e ")" | "a"
    let body = any([
        seq([r(0), t(1), r(0)]),
        seq([r(0), t(2), r(0)]),
        seq([t(3), r(0)]),
        seq([t(4), r(0), t(5)]),
        t(0),
    ]);
    let terminals = ["a", "+", "*", "-", "(", ")"];
    runs_in_place(&grammar([rule("e", body)], &terminals), b"a+--a*(a*a+a)+");
}

/// Reads a text over and over; the engine must not need more for that.
fn runs_in_place(source: &Grammar, text: &[u8]) {
    let limits = CfgLimits {
        max_fused_states: 0,
        ..CfgLimits::default()
    };
    let compiler = support::compiler(vocab());
    let grammar = compiler.cfg(source, &limits).expect("a grammar");
    let mut matcher = grammar.matcher();
    matcher.push_bytes(&text.repeat(3)).expect("begin");
    let before = grammar.heap_bytes();
    matcher.push_bytes(&text.repeat(20_000)).expect("more");
    assert!(grammar.heap_bytes() <= before + 10_000, "states grow");
}

/// An ambiguity that does need a stack: the memory limit ends it, if need be.
#[test]
fn ambiguous_nesting_is_bounded() {
    // s: "a" s "b" s | "a" s | empty
    let body = any([seq([t(0), r(0), t(1), r(0)]), seq([t(0), r(0)]), seq([])]);
    let compiler = support::compiler(vocab());
    let grammar = compiler
        .cfg(
            &grammar([rule("s", body)], &["a", "b"]),
            &CfgLimits::default(),
        )
        .expect("a grammar");
    let mut matcher = grammar.matcher();
    matcher.push_bytes(&b"a".repeat(500)).expect("open");
    matcher.push_bytes(&b"b".repeat(500)).expect("close");
    assert!(matcher.is_complete());
    assert!(matcher.push_bytes(b"b").is_err());
}

#[test]
fn repetitions_are_counted() {
    for (min, max) in [(0, 1000), (17, 40), (999, 1000), (1000, 1000), (33, 33)] {
        let body = Expr::Repeat {
            inner: Box::new(t(0)),
            min,
            max: Some(max),
        };
        let grammar = compiled(&grammar([rule("s", body)], &["ab"]));
        let mut matcher = grammar.matcher();
        for count in 0..=max {
            assert_eq!(matcher.is_complete(), count >= min, "{count}");
            assert_eq!(
                matcher.min_completion_bytes(),
                2 * min.saturating_sub(count)
            );
            let read = matcher.push_bytes(b"ab").is_ok();
            assert_eq!(read, count < max, "{count} of {min} to {max}");
        }
    }
    let body = Expr::Repeat {
        inner: Box::new(seq([t(0), t(0)])),
        min: 1_000_000_000,
        max: Some(u32::MAX),
    };
    let grammar = compiled(&grammar([rule("s", body)], &["a"]));
    assert_eq!(grammar.matcher().min_completion_bytes(), 2_000_000_000);
    grammar
        .matcher()
        .push_bytes(&b"a".repeat(999))
        .expect("more");
}

/// JSON without a lexer: white space and strings are rules of single characters.
fn json() -> Grammar {
    let pattern = |text: &str| Arc::new(regex::compile(text, &Limits::default()).expect("regex"));
    let star = |inner| Expr::Repeat {
        inner: Box::new(inner),
        min: 0,
        max: None,
    };
    let word = |text: &str| Arc::new(Dfa::from_words([text]));
    let (value, member, string, space) = (r(0), r(1), r(2), r(3));
    let list = |open, part: &Expr, close| {
        let more = star(seq([t(2), part.clone()]));
        seq([t(open), any([r(3), seq([part.clone(), more])]), t(close)])
    };
    let body = seq([
        space.clone(),
        any([
            list(0, &value, 1),
            list(3, &member, 4),
            string.clone(),
            t(5),
            t(6),
            t(7),
            t(8),
        ]),
        space.clone(),
    ]);
    let character = any([t(11), seq([t(12), t(13)])]);
    Grammar {
        rules: vec![
            rule("value", body),
            rule("member", seq([space.clone(), string, space, t(9), value])),
            rule("string", seq([t(10), star(character), t(10)])),
            rule("space", star(t(14))),
        ],
        terminals: vec![
            word("["),
            word("]"),
            word(","),
            word("{"),
            word("}"),
            word("true"),
            word("false"),
            word("null"),
            pattern(r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"),
            word(":"),
            word("\""),
            pattern(r#"^[^"\\\u0000-\u001f]$"#),
            word("\\"),
            pattern(r#"^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})$"#),
            pattern(r"^[ \t\n\r]$"),
        ],
        foreign: Vec::new(),
        start: RuleId(0),
        lexing: None,
    }
}

#[test]
fn masks_over_a_real_vocabulary_are_what_pushes_say() {
    let compiler = support::compiler(Vocab::embedded().expect("a vocabulary"));
    let text = r#"{"name": "Zo\u00eb \"x\" é", "list": [1, -2.5e+3, [], {}, null, true]} "#;
    for max_fused_states in [0, 2000] {
        let limits = CfgLimits {
            max_fused_states,
            ..CfgLimits::default()
        };
        let begun = std::time::Instant::now();
        let grammar = compiler.cfg(&json(), &limits).expect("a grammar");
        let compiled = begun.elapsed();
        let mut matcher = grammar.matcher();
        let mut times = Vec::new();
        for (at, byte) in text.bytes().enumerate() {
            let begun = std::time::Instant::now();
            let row = mask_of(&matcher);
            times.push(begun.elapsed());
            if at % 16 == 5 {
                assert_eq!(Some(row), brute_mask(&matcher), "after {}", &text[..at]);
            }
            matcher.push_bytes(&[byte]).expect("JSON");
        }
        assert!(matcher.is_complete());
        times.sort_unstable();
        eprintln!(
            "fused up to {max_fused_states}: compiled in {compiled:?}; masks: median {:?}, last {:?}",
            times[times.len() / 2],
            times[times.len() - 1]
        );
    }
}

#[test]
fn grammars_at_fault_are_refused() {
    let compiler = support::compiler(vocab());
    let endless = grammar(
        [
            rule("s", seq([t(0), r(1)])),
            rule("endless", seq([t(0), r(1)])),
            rule("unused", r(2)),
        ],
        &["a"],
    );
    let limits = CfgLimits::default();
    match compiler.cfg(&endless, &limits) {
        Err(CompileError::Cfg(CfgError::Unproductive { rules })) => {
            let names: Vec<&str> = rules.iter().map(|place| place.rule.as_str()).collect();
            assert_eq!(names, ["s", "endless"]);
        }
        other => panic!("{other:?}"),
    }
    let undefined = grammar([rule("s", r(3))], &[]);
    assert!(matches!(
        compiler.cfg(&undefined, &limits),
        Err(CompileError::Cfg(CfgError::Undefined { number: 3, .. }))
    ));
    let few = CfgLimits {
        max_positions: 3,
        ..limits
    };
    assert!(matches!(
        compiler.cfg(&grammar([rule("s", t(0))], &["a"]), &few),
        Err(CompileError::Cfg(CfgError::Limit {
            name: "max_positions",
            ..
        }))
    ));
}
