//! What a grammar reads that is not its own: tokens by number, other languages,
//! schemas. Each against the same thing said otherwise.

use std::sync::Arc;

use formwork::cfg::{
    CfgLimits, Expr, Foreign, ForeignId, ForeignKind, Resolved, RuleId, Span, TokenName,
    TokenPattern, compile, compile_with,
};
use formwork::{Compiler, EngineLimits, Grammar, Matcher, TokenId, TokenIndex, Vocab, mask};
use formwork_automata::Dfa;
use formwork_testkit::Rng;
use formwork_testkit::cfg::{Case, Derives, any_case};
use formwork_testkit::walk::{brute_mask, mask_of, show};

use crate::support;

/// Parts of texts of several bytes.
const TEXTS: &[&[u8]] = &[
    b"ab",
    b"ba",
    b"aa",
    b"ca",
    b"bab",
    b"aaaa",
    b"\xc3\xa9",
    b"b\xc3",
];
/// Special tokens, and the characters that stand for them in the oracle's texts.
const SPECIALS: &[(&str, &str)] = &[
    ("<x>", "\u{e000}"),
    ("<y>", "\u{e001}"),
    ("<z>", "\u{e002}"),
];

fn vocab() -> Vocab {
    let mut builder = Vocab::builder();
    let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
    let mut next = 0;
    for token in bytes.chain(TEXTS.iter().map(|text| text.to_vec())) {
        builder.token(TokenId(next), &token);
        next += 1;
    }
    for (name, _) in SPECIALS {
        builder.special(TokenId(next), *name);
        next += 1;
    }
    builder.special(TokenId(next), "<end>").stop(TokenId(next));
    builder.build().expect("a vocabulary")
}

/// What a token is in the oracle's texts; nothing for tokens that are, or begin,
/// a character that stands for a token.
fn spelling(vocab: &Vocab, token: TokenId) -> Option<Vec<u8>> {
    let name = vocab.special_name(token);
    let special = SPECIALS.iter().find(|(special, _)| Some(*special) == name);
    let text = match special {
        Some((_, text)) => text.as_bytes(),
        None => vocab.bytes(token),
    };
    let stands = special.is_none() && text.contains(&0xee);
    (!text.is_empty() && !stands).then(|| text.to_vec())
}

/// Compares masks and pushes with the oracle along a random text.
fn check_along_a_text(grammar: &Grammar, case: &Case, rng: &mut Rng) -> usize {
    let oracle = Derives::new(case);
    let vocab = grammar.index().vocab();
    let mut matcher = grammar.matcher();
    let mut text = Vec::new();
    let mut checked = 0;
    loop {
        assert_eq!(
            matcher.is_complete(),
            oracle.read(&text).0,
            "{} of {case:?}",
            show(&text)
        );
        let row = mask_of(&matcher);
        assert_eq!(
            Some(&row),
            brute_mask(&matcher).as_ref(),
            "{} of {case:?}",
            show(&text)
        );
        let mut allowed = Vec::new();
        for id in (0..vocab.len() as u32).map(TokenId) {
            let Some(spelling) = spelling(vocab, id) else {
                continue;
            };
            let longer = [&text[..], &spelling].concat();
            let expected = oracle.begins_with(text.len(), &longer);
            assert_eq!(
                mask::get(&row, id),
                expected,
                "{} of {case:?}",
                show(&longer)
            );
            checked += 1;
            if expected {
                allowed.push((id, longer));
            }
        }
        if allowed.is_empty() || text.len() > 10 {
            return checked;
        }
        // Tokens read by number are few; take them more often.
        let special = |(id, _): &&(TokenId, Vec<u8>)| vocab.is_special(*id);
        let specials: Vec<&(TokenId, Vec<u8>)> = allowed.iter().filter(special).collect();
        let (id, longer) = match specials.is_empty() || rng.chance(50) {
            true => rng.pick(&allowed).clone(),
            false => (*rng.pick(&specials)).clone(),
        };
        matcher.push(id).expect("an allowed token");
        text = longer;
    }
}

/// Makes some terminals tokens, read by number.
fn with_tokens(case: &mut Case, rng: &mut Rng) {
    let grammar = &mut case.grammar;
    for terminal in 0..grammar.terminals.len() as u32 {
        if !rng.chance(50) {
            continue;
        }
        let foreign = grammar.foreign.len() as u32;
        let count = 1 + rng.below(2);
        let some: Vec<(&str, &str)> = (0..count).map(|_| *rng.pick(SPECIALS)).collect();
        let name = |&(name, _): &(&str, &str)| TokenName::Name(name.to_owned());
        grammar.foreign.push(Foreign {
            kind: ForeignKind::Token(TokenPattern {
                listed: some.iter().map(name).collect(),
                is_negated: false,
            }),
            span: Span::default(),
        });
        case.words.push(
            some.iter()
                .map(|(_, text)| text.as_bytes().to_vec())
                .collect(),
        );
        for rule in &mut grammar.rules {
            replace(&mut rule.body, &mut |leaf| {
                if matches!(leaf, Expr::Terminal(id) if id.0 == terminal) {
                    *leaf = Expr::Foreign(ForeignId(foreign));
                }
            });
        }
    }
}

fn replace(expr: &mut Expr, leaf: &mut impl FnMut(&mut Expr)) {
    match expr {
        Expr::Sequence(parts) | Expr::Choice(parts) => {
            parts.iter_mut().for_each(|part| replace(part, leaf));
        }
        Expr::Repeat { inner, .. } => replace(inner, leaf),
        other => leaf(other),
    }
}

#[test]
fn tokens_read_by_number_are_like_characters_of_their_own() {
    let compiler = support::compiler(vocab());
    let mut rng = Rng::new(support::seed());
    let (mut grammars, mut checked) = (0, 0);
    for _ in 0..support::cases(300) {
        let mut case = any_case(&mut rng);
        with_tokens(&mut case, &mut rng);
        let Ok(grammar) = compiler.cfg(&case.grammar, &CfgLimits::default()) else {
            assert!(!Derives::new(&case).is_productive(), "{case:?}");
            continue;
        };
        grammars += usize::from(!case.grammar.foreign.is_empty());
        checked += check_along_a_text(&grammar, &case, &mut rng);
    }
    assert!(grammars > 100, "only {grammars} grammars with tokens");
    assert!(checked > 10_000, "only {checked} tokens checked");
}

/// Adds the rules of `inner` to those of `outer` in place of a terminal.
fn inline(outer: &mut Case, terminal: u32, inner: &Case) {
    let (rules, terminals) = (
        outer.grammar.rules.len() as u32,
        outer.grammar.terminals.len() as u32,
    );
    for rule in &mut outer.grammar.rules {
        replace(&mut rule.body, &mut |leaf| {
            if matches!(leaf, Expr::Terminal(id) if id.0 == terminal) {
                *leaf = Expr::Rule(RuleId(rules));
            }
        });
    }
    for rule in &inner.grammar.rules {
        let mut rule = rule.clone();
        replace(&mut rule.body, &mut |leaf| match leaf {
            Expr::Rule(id) => id.0 += rules,
            Expr::Terminal(id) => id.0 += terminals,
            _ => {}
        });
        outer.grammar.rules.push(rule);
    }
    outer
        .grammar
        .terminals
        .extend_from_slice(&inner.grammar.terminals);
    outer.words.extend_from_slice(&inner.words);
}

#[test]
fn a_language_in_a_language_is_like_rules() {
    let index = Arc::new(TokenIndex::new(Arc::new(vocab())).expect("an index"));
    let limits = CfgLimits::default();
    let mut rng = Rng::new(support::seed() + 1);
    let mut nested = 0;
    for _ in 0..support::cases(400) {
        let (outer, inner) = (any_case(&mut rng), any_case(&mut rng));
        let oracle = Derives::new(&inner);
        if !oracle.is_productive() || oracle.read(b"").0 {
            continue;
        }
        let mut merged = outer.clone();
        inline(&mut merged, 0, &inner);
        let mut grammar = outer.grammar;
        grammar.foreign.push(Foreign {
            kind: ForeignKind::JsonSchema("the other grammar, in truth".to_owned()),
            span: Span::default(),
        });
        for rule in &mut grammar.rules {
            replace(&mut rule.body, &mut |leaf| {
                if matches!(leaf, Expr::Terminal(id) if id.0 == 0) {
                    *leaf = Expr::Foreign(ForeignId(0));
                }
            });
        }
        let other = compile(&inner.grammar, &limits).expect("it is productive");
        let Ok(language) =
            compile_with(&grammar, vec![Resolved::Language(Box::new(other))], &limits)
        else {
            assert!(!Derives::new(&merged).is_productive(), "{merged:?}");
            continue;
        };
        let grammar = Grammar::new(
            Box::new(language),
            Arc::clone(&index),
            EngineLimits::default(),
        );
        let grammar = grammar.expect("a grammar");
        check_along_a_text(&grammar, &merged, &mut rng);
        nested += 1;
    }
    assert!(nested > 100, "only {nested}");
}

/// A grammar of a text, a schema, and a text.
fn between(before: &str, schema: &str, after: &str) -> formwork::cfg::Grammar {
    let terminal = |id| Expr::Terminal(formwork::cfg::TerminalId(id));
    formwork::cfg::Grammar {
        rules: vec![formwork::cfg::Rule {
            name: "start".to_owned(),
            span: Span::default(),
            body: Expr::Sequence(vec![terminal(0), Expr::Foreign(ForeignId(0)), terminal(1)]),
        }],
        terminals: [before, after]
            .map(|text| Arc::new(Dfa::from_words([text])))
            .into(),
        foreign: vec![Foreign {
            kind: ForeignKind::JsonSchema(schema.to_owned()),
            span: Span::default(),
        }],
        start: RuleId(0),
        lexing: None,
    }
}

/// The next bytes of a matcher.
fn next(matcher: &Matcher) -> Vec<u8> {
    matcher.next_bytes().expect("small").iter().collect()
}

#[test]
fn a_schema_in_a_grammar_is_what_it_is_alone() {
    let compiler: Compiler = support::compiler(formwork_testkit::vocab::toy(5));
    let mut rng = Rng::new(support::seed() + 2);
    let schemas = [
        r##"{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"items": {"$ref": "#"}}},
            "required": ["a"], "additionalProperties": false}"##,
        r#"{"type": "array", "uniqueItems": true, "items": {"type": "integer"}}"#,
        r#"{"type": ["number", "string"], "maxLength": 3, "multipleOf": 5}"#,
        r#"{"oneOf": [{"const": "a"}, {"type": "array", "contains": {"const": 1}}]}"#,
    ];
    let options = formwork::SchemaOptions::default();
    for schema in schemas {
        let alone = compiler.json_schema(schema, &options).expect("a schema");
        let nested = compiler
            .cfg(&between("<", schema, ">"), &CfgLimits::default())
            .expect("a grammar");
        assert_eq!(nested.status(), alone.status());
        for _ in 0..support::cases(20) {
            let mut inside = nested.matcher();
            let mut outside = alone.matcher();
            assert_eq!(next(&inside), b"<");
            inside.push_bytes(b"<").expect("the first byte");
            for _ in 0..40 {
                let mut expected = next(&outside);
                if outside.is_complete() {
                    expected.push(b'>');
                    expected.sort_unstable();
                }
                assert_eq!(next(&inside), expected, "{schema}");
                assert_eq!(Some(mask_of(&inside)), brute_mask(&inside), "{schema}");
                assert_eq!(
                    inside.min_completion_bytes(),
                    outside.min_completion_bytes() + 1,
                    "{schema}"
                );
                let ways: Vec<u8> = expected.iter().copied().filter(|&b| b != b'>').collect();
                if ways.is_empty() || outside.is_complete() && rng.chance(30) {
                    break;
                }
                let byte = *rng.pick(&ways);
                inside.push_bytes(&[byte]).expect("allowed");
                outside.push_bytes(&[byte]).expect("allowed");
            }
            while !outside.is_complete() {
                let Some(way) = outside.ways_to_end().expect("small").into_iter().next() else {
                    break;
                };
                inside.push_bytes(&way).expect("a way to the end");
                outside.push_bytes(&way).expect("a way to the end");
            }
            if outside.is_complete() {
                inside.push_bytes(b">").expect("the end");
                assert!(inside.is_complete(), "{schema}");
            }
        }
    }
}

#[test]
fn what_cannot_be_nested_is_refused() {
    let compiler = support::compiler(vocab());
    let limits = CfgLimits::default();
    let error = |grammar: &formwork::cfg::Grammar| {
        compiler
            .cfg(grammar, &limits)
            .expect_err("refused")
            .to_string()
    };
    let wrong = error(&between("<", r#"{"type": "objekt"}"#, ">"));
    assert!(
        wrong.starts_with("in the schema at bytes 0 to 0 of the grammar: "),
        "{wrong}"
    );
    let mut unknown = between("<", "true", ">");
    unknown.foreign[0].kind = ForeignKind::Token(TokenPattern {
        listed: vec![TokenName::Name("<w>".to_owned())],
        is_negated: false,
    });
    assert!(error(&unknown).ends_with("the vocabulary has no special token `<w>`"));
    unknown.foreign[0].kind = ForeignKind::Token(TokenPattern {
        listed: vec![TokenName::Numbers(0, u32::MAX)],
        is_negated: true,
    });
    assert!(error(&unknown).ends_with("no token of the vocabulary is meant"));
    assert!(compile(&unknown, &limits).is_err());
}

#[test]
fn negated_tokens_are_all_others_but_those_that_stop() {
    let compiler = support::compiler(vocab());
    let mut grammar = between("a", "true", "b");
    grammar.foreign[0].kind = ForeignKind::Token(TokenPattern {
        listed: vec![TokenName::Name("<y>".to_owned()), TokenName::Numbers(0, 96)],
        is_negated: true,
    });
    let grammar = compiler
        .cfg(&grammar, &CfgLimits::default())
        .expect("a grammar");
    let mut matcher = grammar.matcher();
    matcher.push_bytes(b"a").expect("the first byte");
    let vocab = compiler.vocab();
    let row = mask_of(&matcher);
    for id in (0..vocab.len() as u32).map(TokenId) {
        let expected = id.0 > 96 && !matches!(vocab.special_name(id), Some("<y>" | "<end>"));
        assert_eq!(mask::get(&row, id), expected, "{id:?}");
    }
    // Half a character is a token like others; what follows is text again.
    matcher.push(TokenId(0xc3)).expect("a token");
    assert_eq!(next(&matcher), b"b");
    // The token `<x>` alone may come next here.
    assert_eq!(matcher.forced_bytes().expect("small"), b"b");
}

#[test]
fn a_token_that_stops_can_be_part_of_the_text() {
    let compiler = support::compiler(vocab());
    let mut grammar = between("a", "true", "b");
    grammar.foreign[0].kind = ForeignKind::Token(TokenPattern {
        listed: vec![TokenName::Name("<end>".to_owned())],
        is_negated: false,
    });
    let grammar = compiler
        .cfg(&grammar, &CfgLimits::default())
        .expect("a grammar");
    let end = compiler
        .vocab()
        .special_by_name("<end>")
        .expect("it is there");
    let mut matcher = grammar.matcher();
    assert!(matcher.push(end).is_err());
    matcher.push_bytes(b"a").expect("the first byte");
    assert_eq!(matcher.forced_tokens().expect("small"), [end]);
    matcher.push(end).expect("part of the text");
    assert!(!matcher.is_terminated() && !matcher.is_complete());
    matcher.push_bytes(b"b").expect("the last byte");
    matcher.push(end).expect("the end");
    assert!(matcher.is_terminated());
    matcher.rollback(3);
    assert_eq!(matcher.len(), 1);
    assert_eq!(matcher.min_completion_bytes(), 2);
}
