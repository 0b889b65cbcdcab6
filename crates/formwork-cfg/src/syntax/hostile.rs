//! Grammars made to take long, or much memory: they end, in a grammar or in a
//! typed limit.

use super::{Format, SyntaxLimits, parse};

fn lines(n: usize, f: impl Fn(usize) -> String) -> String {
    (0..n).map(f).collect()
}

/// Reads a grammar under lowered limits; whether it was read.
fn ends(format: Format, text: &str) -> bool {
    let limits = SyntaxLimits {
        max_work: 2_000_000,
        max_pattern_work: 10_000_000,
        max_automata_bytes: 16 << 20,
        max_states: 2_000,
        ..SyntaxLimits::default()
    };
    match parse(text, format, &limits) {
        Ok(_) => true,
        Err(errors) => {
            assert!(errors.is_limit(), "{errors}");
            false
        }
    }
}

#[test]
fn exponential_automata() {
    let joins = |n| format!("([ab]* \"a\" [ab]{{{}}} | root \"x\") | ", 10 + n % 7);
    assert!(ends(
        Format::Gbnf,
        &format!("root ::= {}", lines(3_000, joins))
    ));
    let nested = " [ab]* \"a\" [ab]{14})".repeat(199);
    assert!(ends(
        Format::Gbnf,
        &format!("root ::= {}\"a\"{nested}", "(".repeat(199))
    ));
    let counts = "root ::= ((((\"a\"{9999} \"b\"){9999}){9999}){9999})";
    assert!(ends(Format::Gbnf, counts));
    let regexes = |n| format!("/[ab]*a[ab]{{{}}}|[ab]*c{{{n}}}/ | ", 8 + n % 7);
    assert!(!ends(
        Format::Lark,
        &format!("start: {}\"a\"", lines(3_000, regexes))
    ));
    let minus = |n| format!("| ([a-c]* 'a' [a-c] [a-c] [a-c] [a-c]) - 'b{n}'");
    ends(Format::Ebnf, &format!("a ::= {}", lines(3_000, minus)));
}

#[test]
fn many_things() {
    let regexes = |n| format!("/\\w+{n}/i | ");
    assert!(!ends(
        Format::Lark,
        &format!("start: {}\"a\"", lines(3_000, regexes))
    ));
    let instances = lines(3_000, |n| format!("t{{\"{n}\"}} "));
    let template = format!("start: {instances}\nt{{x}}: {}", "x \"y\" ".repeat(3_000));
    assert!(!ends(Format::Lark, &template));
    let rules = |n| {
        format!(
            "r{n} ::= \"x{n}\" r{} | r{} \"y\"\n",
            n * 7 % 5_000,
            n * 13 % 5_000
        )
    };
    assert!(ends(
        Format::Gbnf,
        &format!("root ::= r1\n{}", lines(5_000, rules))
    ));
    let tails = format!(
        "root ::= {}\"a\" root{}",
        "\"a\" (".repeat(199),
        " | \"b\")".repeat(199)
    );
    assert!(ends(Format::Gbnf, &tails));
}

#[test]
fn many_characters() {
    let letters = |n: usize| {
        lines(n, |n| {
            char::from_u32(0x4E00 + n as u32 % 20_000).map_or(String::new(), String::from)
        })
    };
    assert!(ends(
        Format::Gbnf,
        &format!("root ::= \"{}\"", letters(3_000))
    ));
    assert!(!ends(
        Format::Gbnf,
        &format!("root ::= \"{}\"", letters(200_000))
    ));
    let words = lines(20_000, |n| format!("\"word{}\" | ", n * 7919));
    let grammar = parse(
        &format!("root ::= {words}[0-9]+"),
        Format::Gbnf,
        &SyntaxLimits::default(),
    );
    assert!(grammar.unwrap().terminals.len() <= 2);
    let classes = lines(1_000, |n| format!("[{}]* ", &letters(n + 50)[n * 3..]));
    assert!(ends(Format::Gbnf, &format!("root ::= {classes}")));
}

#[test]
fn long_tokens() {
    let long = "a".repeat(150_000);
    let limits = SyntaxLimits::default();
    for (format, text) in [
        (Format::Gbnf, format!("root ::= \"{long}\" # {long}\n")),
        (
            Format::Gbnf,
            format!("root ::= [{long}]{}", " ".repeat(150_000)),
        ),
        (
            Format::Gbnf,
            format!("root ::= {long}\n{long} ::= \"\\{}\"", "\\".repeat(150_001)),
        ),
        (Format::Lark, format!("start: \"{long}\" // {long}\n")),
        (
            Format::Lark,
            format!("start: {long}\n{long}: \"x\"{}", "\n".repeat(150_000)),
        ),
        (
            Format::Ebnf,
            format!("{long} ::= '{long}' /* {long}{} */", "*".repeat(150_000)),
        ),
        (Format::Ebnf, format!("{long} = '{long}' (* {long} *);")),
    ] {
        let read = parse(&text, format, &limits);
        assert!(read.is_ok(), "{}", read.map(|_| ()).unwrap_err());
    }
    for regex in [
        long.clone(),
        format!("[{}]", "\\W".repeat(75_000)),
        "\\b".repeat(75_000),
    ] {
        let regex = format!("start: /{regex}/");
        assert!(
            parse(&regex, Format::Lark, &limits)
                .map(|_| ())
                .unwrap_err()
                .is_limit()
        );
    }
}
