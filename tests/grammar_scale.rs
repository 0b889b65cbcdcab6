//! Grammars with thousands of alternatives, and texts nested tens of thousands of
//! levels deep: masks stay right, and what is too much ends in a typed limit.

use std::collections::BTreeSet;

use formwork::cfg::syntax::{Format, SyntaxLimits, choice, parse};
use formwork::{
    CfgLimits, Compiler, EngineError, EngineLimits, Grammar, Matcher, PushError, TokenId, Vocab,
};
use formwork_testkit::Rng;
use formwork_testkit::vocab::{text_tokens, toy};
use formwork_testkit::walk::{brute_mask, differences, mask_of};

use crate::support;

fn read(compiler: &Compiler, text: &str, format: Format) -> Grammar {
    let grammar = parse(text, format, &SyntaxLimits::default()).expect(text);
    let grammar = compiler.cfg(&grammar, &CfgLimits::default());
    grammar.expect("a grammar")
}

/// Words of all lengths that begin alike, some of them the beginning of others.
fn options() -> Vec<String> {
    let mut rng = Rng::new(7);
    let parts = ["option", " ", "1e2", "é", "tr", "ue", "\\", "a", "-0"];
    let mut words = BTreeSet::new();
    while words.len() < 2_000 {
        let word = (0..1 + rng.below(6)).map(|_| *rng.pick(&parts));
        words.insert(word.collect::<String>());
    }
    words.into_iter().collect()
}

/// The options as alternatives in every notation.
fn notations(compiler: &Compiler, options: &[String]) -> Vec<(&'static str, Grammar)> {
    let quoted = |escape: &str, sign: &str| {
        let quote = |word: &String| format!("\"{}\"", word.replace('\\', escape));
        options.iter().map(quote).collect::<Vec<_>>().join(sign)
    };
    let gbnf = format!("root ::= {}", quoted("\\\\", " | "));
    let lark = format!("start: {}", quoted("\\\\", "\n | "));
    let w3c = format!("start ::= {}", quoted("\\", "\n | "));
    let iso = format!("start = {};", quoted("\\", "\n | "));
    let regex = options.iter().map(|word| word.replace('\\', "\\\\"));
    let regex = regex.collect::<Vec<_>>().join("|");
    let texts = options.iter().map(String::as_str);
    let list = choice(texts, &SyntaxLimits::default()).expect("a list");
    let list = compiler.cfg(&list, &CfgLimits::default());
    vec![
        ("GBNF", read(compiler, &gbnf, Format::Gbnf)),
        ("Lark", read(compiler, &lark, Format::Lark)),
        ("W3C", read(compiler, &w3c, Format::Ebnf)),
        ("ISO", read(compiler, &iso, Format::Ebnf)),
        ("regex", read(compiler, &regex, Format::Regex)),
        ("choice", list.expect("a grammar")),
    ]
}

#[test]
fn thousands_of_alternatives_have_exact_masks() {
    let options = options();
    let known: BTreeSet<&str> = options.iter().map(String::as_str).collect();
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let vocab = compiler.vocab();
    for (notation, grammar) in notations(&compiler, &options) {
        let mut rng = Rng::new(support::seed());
        for _ in 0..support::cases(20) {
            let option = rng.pick(&options).as_bytes();
            let begin = &option[..rng.below(option.len() + 1)];
            let mut matcher = grammar.matcher();
            matcher.push_bytes(begin).expect(notation);
            let is_option =
                |text: &[u8]| std::str::from_utf8(text).is_ok_and(|text| known.contains(text));
            assert_eq!(matcher.is_complete(), is_option(begin), "{notation}");
            let mut allowed = BTreeSet::new();
            for option in options.iter().map(String::as_bytes) {
                if let Some(rest) = option.strip_prefix(begin) {
                    allowed.extend((1..=rest.len()).map(|end| &rest[..end]));
                }
            }
            let row = mask_of(&matcher);
            for token in text_tokens(vocab) {
                assert_eq!(
                    formwork::mask::get(&row, token),
                    allowed.contains(vocab.bytes(token)),
                    "{notation}: {} after {}",
                    vocab.bytes(token).escape_ascii(),
                    begin.escape_ascii()
                );
            }
        }
    }
}

#[test]
fn thousands_of_alternatives_stand_within_others() {
    let compiler = support::compiler(toy(4));
    let options = options();
    let quote = |word: &String| format!("\"{}\"", word.replace('\\', "\\\\"));
    let words = options.iter().map(quote).collect::<Vec<_>>().join(" | ");
    let text = format!("root ::= \"[\" (word (\",\" word)* | root)? \"]\"\nword ::= {words}");
    let grammar = read(&compiler, &text, Format::Gbnf);
    let mut rng = Rng::new(support::seed());
    for _ in 0..support::cases(5) {
        let begin = format!("[[{},{}", rng.pick(&options), rng.pick(&options));
        let mut matcher = grammar.matcher();
        matcher.push_bytes(begin.as_bytes()).expect("a beginning");
        let (row, brute) = (mask_of(&matcher), brute_mask(&matcher).expect("no limit"));
        assert!(row == brute, "{:?}", differences(&matcher, &row, &brute));
        matcher.push_bytes(b"]]").expect("an end");
        assert!(matcher.is_complete());
        assert!(matcher.push_bytes(b",").is_err());
    }
}

/// How deep texts are nested.
const DEEP: usize = 60_000;
/// The stack of `std::thread::spawn`.
const STACK: usize = 2 << 20;

/// A shape of nesting: what opens a level, what is in the middle, what closes one.
struct Shape {
    grammar: &'static str,
    open: &'static str,
    middle: &'static str,
    close: &'static str,
}

const SHAPES: [Shape; 7] = [
    Shape {
        grammar: r#"start: "(" start ")" | "x""#,
        open: "(",
        middle: "x",
        close: ")",
    },
    // Left recursion of each level, direct and by way of another rule.
    Shape {
        grammar: r#"start: start "(" start ")" | "x""#,
        open: "x(",
        middle: "x",
        close: ")",
    },
    Shape {
        grammar: "start: call | \"x\"\ncall: start \"(\" start \")\"",
        open: "x(x)(",
        middle: "x",
        close: ")",
    },
    // Every level may be empty, and levels stand side by side in many ways.
    Shape {
        grammar: r#"start: start start | "(" start ")" |"#,
        open: "()(",
        middle: "",
        close: ")()",
    },
    Shape {
        grammar: r#"start: start "+" start | "-" start | "(" start ")" | "x""#,
        open: "x+(-",
        middle: "x",
        close: "+x)",
    },
    // What a level is shows only when it closes.
    Shape {
        grammar: r#"start: "(" start ")" | "(" start "]" | "x""#,
        open: "(",
        middle: "x",
        close: "]",
    },
    // Spaces in every place, which any of two rules may read.
    Shape {
        grammar: "start: gap (\"(\" start \")\" | \"x\") gap\ngap: \" \"*",
        open: " ( ",
        middle: "x",
        close: " ) ",
    },
];

#[test]
fn deep_texts_are_read() {
    for (number, shape) in SHAPES.iter().enumerate() {
        let result = on_a_small_stack(shape, DEEP);
        assert!(result.is_ok(), "shape {number}: {result:?}");
    }
}

/// Where any level may stay open, a text of `n` levels has returns to all of them,
/// so that memory grows with the square of `n`.
#[test]
fn levels_that_may_stay_open_are_read_or_meet_a_limit() {
    let shape = Shape {
        grammar: r#"start: "(" start ")" | "(" start | "x""#,
        open: "(",
        middle: "x",
        close: ")",
    };
    let result = on_a_small_stack(&shape, 1_000);
    assert!(result.is_ok(), "{result:?}");
    let limit = Err(PushError::Engine(EngineError::TooMuchMemory {
        limit: EngineLimits::default().max_bytes,
    }));
    assert_eq!(on_a_small_stack(&shape, DEEP), limit);
}

fn on_a_small_stack(shape: &Shape, levels: usize) -> Result<(), PushError> {
    let work = || {
        let compiler = support::compiler(toy(2));
        nested(&read(&compiler, shape.grammar, Format::Lark), shape, levels)
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work).expect("a thread");
        thread.join().expect("no panic")
    })
}

/// Reads a deep text, level by level; masks are compared with a shallow twin's.
fn nested(grammar: &Grammar, shape: &Shape, levels: usize) -> Result<(), PushError> {
    let mut deep = grammar.matcher();
    let mut shallow = grammar.matcher();
    shallow.push_bytes(shape.open.repeat(3).as_bytes())?;
    for level in 1..=levels {
        deep.push_bytes(shape.open.as_bytes())?;
        if level % 10_000 == 3 {
            same_masks(&deep, &shallow);
        }
    }
    deep.push_bytes(shape.middle.as_bytes())?;
    shallow.push_bytes(shape.middle.as_bytes())?;
    same_masks(&deep, &shallow);
    for level in 1..=levels {
        deep.push_bytes(shape.close.as_bytes())?;
        if level % 10_000 == 1 {
            deep.min_completion_bytes();
            mask_of(&deep);
        }
    }
    assert!(deep.is_complete());
    assert!(deep.push_bytes(shape.close.as_bytes()).is_err());
    let read = deep.len();
    deep.rollback(levels);
    assert_eq!(deep.len(), read - levels);
    Ok(())
}

/// Tokens of few bytes cannot tell how deep a text is.
fn same_masks(deep: &Matcher, shallow: &Matcher) {
    let vocab = deep.grammar().index().vocab();
    let (one, other) = (mask_of(deep), mask_of(shallow));
    let short = |token: &TokenId| vocab.bytes(*token).len() <= 2;
    for token in text_tokens(vocab).filter(short) {
        let bit = |row: &[u32]| formwork::mask::get(row, token);
        let text = vocab.bytes(token).escape_ascii();
        assert_eq!(bit(&one), bit(&other), "{text}");
    }
}
