use crate::ir::{ForeignKind, TokenName, TokenPattern};
use crate::syntax::earley::accepts;
use crate::syntax::{
    Format, SyntaxErrorKind, SyntaxLimits, SyntaxOptions, Undefined, parse, parse_with,
};

fn check(text: &str, valid: &[&str], invalid: &[&str]) {
    let grammar =
        parse(text, Format::Gbnf, &SyntaxLimits::default()).unwrap_or_else(|e| panic!("{e}"));
    for sample in valid {
        assert!(accepts(&grammar, sample), "{sample:?} by {text}");
    }
    for sample in invalid {
        assert!(!accepts(&grammar, sample), "{sample:?} by {text}");
    }
}

fn errors(text: &str) -> String {
    let errors = parse(text, Format::Gbnf, &SyntaxLimits::default());
    errors.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn operators() {
    check(
        "root ::= \"a\"+ \"b\"? | [c-e]*",
        &["a", "aab", "", "cde"],
        &["b", "abb", "f"],
    );
    check(
        "root ::= (\"ab\" | \"c\"){2,3}",
        &["abc", "ccc", "abab"],
        &["c", "cccc"],
    );
    check(
        "root ::= \"a\"{2} \"b\"{1,} \"c\"{,2} \"d\"{0,1}",
        &["aab", "aabbccd"],
        &["ab", "aa", "aabccc"],
    );
    check("root ::= . .", &["a\n", "日本"], &["a", "abc"]);
    check("root ::= [^a-c\\n]", &["d", "^"], &["a", "\n"]);
    check("root ::= [\\]\\-x]+ [+-]", &["]-x-", "x+"], &["\\+"]);
    check("root ::=", &[""], &["a"]);
}

#[test]
fn escapes() {
    check(
        r#"root ::= "\n\t\\\"\x41\u00e9\U0001F600" [\x00-\x1f]"#,
        &["\n\t\\\"Aé😀\u{1}"],
        &["\n\t\\\"Aé😀 "],
    );
}

#[test]
fn lines_and_comments() {
    check(
        "# a list\nroot ::= # here\n  (\n item # one\n \",\"\n)+ |\n \"x\"\n | \"y\"\n\nitem ::= [0-9]\n",
        &["1,2,", "x", "y"],
        &["1", "z"],
    );
}

#[test]
fn recursion() {
    check(
        "root ::= sum\nsum ::= sum [+-] term | term\nterm ::= \"(\" sum \")\" | [0-9]+\n",
        &["1", "(1+2)-3", "((7))"],
        &["", "(1", "1+"],
    );
    check(
        "root ::= \"a\" root \"b\" | \"\"",
        &["", "aabb"],
        &["aab", "ba"],
    );
}

#[test]
fn places_of_errors() {
    assert_eq!(
        errors("root ::= int\nint ::= digt+\n"),
        "line 2, column 9: `digt` is not defined; define it or correct the name\n  |\n\
         2 | int ::= digt+\n  |         ^^^^"
    );
    let several = errors("root ::= )\na ::= *\nb ::= \"x\ny\\q\" c\n");
    assert_eq!(several.matches("line ").count(), 3, "{several}");
    assert!(several.contains("line 2, column 7"), "{several}");
    assert!(errors("root ::= [z-a]").contains("^^^"));
    assert!(errors("root ::= (\"a\"").contains("no closing `)`"));
    assert!(errors("root ::= \"a\nb ::= c").contains("no closing `\"`"));
    assert!(errors("root ::= <[9-]>").contains("column 10: expected numbers of tokens"));
    assert!(errors("root ::= \"\\ud800\"").contains("not a character"));
    assert!(errors("root ::= \"a\"\nroot ::= \"b\"").contains("defined already"));
    assert!(errors("a ::= \"a\"").contains("no rule `root`"));
    assert!(errors("root ::= \"é\" ü").contains("column 14"));
}

#[test]
fn undefined_as_nothing() {
    let options = SyntaxOptions {
        undefined: Undefined::Nothing,
        ..SyntaxOptions::default()
    };
    let grammar = parse_with("root ::= \"a\" | b \"c\"", Format::Gbnf, &options).unwrap();
    assert!(accepts(&grammar, "a") && !accepts(&grammar, "c"));
}

#[test]
fn limits_are_typed() {
    let deep = format!("root ::= {}\"a\"{}", "(".repeat(60_000), ")".repeat(60_000));
    let kinds = |text: &str, limits: &SyntaxLimits| {
        let errors = parse(text, Format::Gbnf, limits).map(|_| ()).unwrap_err();
        assert!(errors.is_limit(), "{errors}");
        assert_eq!(errors.errors()[0].kind, SyntaxErrorKind::Limit);
    };
    let default = SyntaxLimits::default();
    kinds(&deep, &default);
    kinds(&format!("root ::= \"a\"{}", "*".repeat(60_000)), &default);
    kinds("root ::= \"a\"{100001}", &default);
    kinds("root ::= \"a\"{99999999999}", &default);
    kinds(
        "root ::= a\na ::= \"a\"",
        &SyntaxLimits {
            max_rules: 1,
            ..default.clone()
        },
    );
    kinds(
        "root ::= \"abc\"",
        &SyntaxLimits {
            max_bytes: 5,
            ..default.clone()
        },
    );
    kinds(
        "root ::= \"abc\"",
        &SyntaxLimits {
            max_automata_bytes: 2,
            ..default.clone()
        },
    );
}

#[test]
fn long_chains_of_rules() {
    let mut text = String::from("root ::= r0\n");
    for n in 0..15_000 {
        text.push_str(&format!("r{n} ::= r{} | \"{n}\"\n", n + 1));
    }
    text.push_str("r15000 ::= \"end\"\n");
    let grammar = parse(&text, Format::Gbnf, &SyntaxLimits::default()).unwrap();
    assert!(grammar.rules.len() <= 15_002);
}

#[test]
fn regular_parts_are_one_terminal() {
    let json = "root ::= \"{\" ws pair (\",\" ws pair)* \"}\"\npair ::= str \":\" (str | num)\n\
                str ::= \"\\\"\" [^\"]* \"\\\"\" ws\nnum ::= \"-\"? digit+ ws\ndigit ::= [0-9]\nws ::= [ \\n]*\n";
    let grammar = parse(json, Format::Gbnf, &SyntaxLimits::default()).unwrap();
    let names: Vec<&str> = grammar
        .rules
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    assert_eq!(names, ["root", "pair", "str"]);
    // Too large to join, and no error.
    check(
        "root ::= [ab]* \"a\" [ab]{15}",
        &["abbbbbbbbbbbbbbb"],
        &["bbbbbbbbbbbbbbbb"],
    );
}

#[test]
fn calls_at_an_end_are_repetitions() {
    let texts = [
        "root ::= ([ab] root)? ",
        "root ::= \"\" | root [ab]",
        "root ::= [ab] rest\nrest ::= [ab] rest | \"\" | rest",
        "root ::= [ab] (\"\" | root) | \"\"",
    ];
    for (text, empty) in texts.into_iter().zip([true, true, false, true]) {
        let grammar = parse(text, Format::Gbnf, &SyntaxLimits::default()).unwrap();
        assert_eq!(
            (grammar.rules.len(), grammar.terminals.len()),
            (1, 1),
            "{text}"
        );
        check(text, &["a", "abba"], &["c", "abc"]);
        assert_eq!(accepts(&grammar, ""), empty);
    }
    check(
        "root ::= \"a\" root \"b\" | root \"c\" | \"x\"",
        &["x", "axbc", "axcbcc"],
        &["axc"],
    );
    check("root ::= root", &[], &["", "a"]);
    check(
        "root ::= e\ne ::= \"(\" e \")\" e | \"\"",
        &["", "()(())"],
        &["(", ")("],
    );
}

#[test]
fn tokens_of_a_vocabulary() {
    let text = "root ::= <think> (!</think>)* </think> <[10,20-22]> !<[7]>";
    let grammar = parse(text, Format::Gbnf, &SyntaxLimits::default()).unwrap();
    let pattern = |listed: &[TokenName], is_negated| {
        ForeignKind::Token(TokenPattern {
            listed: listed.to_vec(),
            is_negated,
        })
    };
    let name = |name: &str| TokenName::Name(name.to_owned());
    let kinds: Vec<ForeignKind> = grammar.foreign.into_iter().map(|part| part.kind).collect();
    let expected = [
        pattern(&[name("<think>")], false),
        pattern(&[name("</think>")], true),
        pattern(&[name("</think>")], false),
        pattern(
            &[TokenName::Numbers(10, 10), TokenName::Numbers(20, 22)],
            false,
        ),
        pattern(&[TokenName::Numbers(7, 7)], true),
    ];
    assert_eq!(kinds, expected);
}
