use crate::ir::{ForeignKind, Grammar, TokenName, TokenPattern};
use crate::syntax::earley::accepts;
use crate::syntax::{Format, Lexing, SyntaxErrorKind, SyntaxErrors};
use crate::syntax::{SyntaxLimits, SyntaxOptions, parse, parse_with};

fn check(text: &str, valid: &[&str], invalid: &[&str]) {
    let grammar =
        parse(text, Format::Lark, &SyntaxLimits::default()).unwrap_or_else(|e| panic!("{e}"));
    for sample in valid {
        assert!(accepts(&grammar, sample), "{sample:?} by {text}");
    }
    for sample in invalid {
        assert!(!accepts(&grammar, sample), "{sample:?} by {text}");
    }
}

fn errors(text: &str) -> String {
    let errors = parse(text, Format::Lark, &SyntaxLimits::default());
    errors.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn calculator() {
    check(
        "?start: sum\n?sum: product | sum \"+\" product -> add\n    | sum \"-\" product -> sub\n\
         ?product: atom | product (\"*\" | \"/\") atom\n?atom: NUMBER | \"-\" atom -> neg | \"(\" sum \")\"\n\
         %import common.NUMBER\n%import common.WS_INLINE\n%ignore WS_INLINE\n",
        &["1", " 1 + 2.5e3*( -4 ) ", "1+1-1"],
        &["", "1 +", "1 2", "(1"],
    );
}

#[test]
fn operators() {
    check(
        "start: \"a\"~2 \"b\"~1..3 [\"c\"] \"d\"*",
        &["aab", "aabbbcdd"],
        &["ab", "aabbbb"],
    );
    check(
        "!start.2: (\"a\" | )+ \"select\"i \"0\"..\"9\"",
        &["aSeLect5"],
        &["aselect"],
    );
    check("start: \"\" | \"\\\"\\n\\u0041\"", &["", "\"\nA"], &["A"]);
    check(
        "start: A B\nA: \"x\" | B A\nB: /y+/i",
        &["xy", "yxY"],
        &["y"],
    );
    check("start:\n  | \"a\"\n  | \"b\"", &["a", "b"], &["", "c"]);
}

#[test]
fn terminals_are_one_automaton() {
    let text = "start: FLOAT (\",\" FLOAT)* NAME\nFLOAT.1: INT \".\" INT?\nINT: DIGIT+\nDIGIT: \"0\"..\"9\"\nNAME: /[^\\W\\d]\\w*/ | INT\n";
    let grammar = parse(text, Format::Lark, &SyntaxLimits::default()).unwrap();
    assert_eq!(grammar.rules.len(), 1);
    assert_eq!(grammar.terminals.len(), 1);
    check(text, &["1.5,2.x", "1.05"], &["1.,é,"]);
}

#[test]
fn templates() {
    check(
        "start: _list{item, \",\"} \";\" _list{NUM, /[ab]/}\n_list{x, sep}: x | _list{x, sep} sep x\n\
         item: \"i\" NUM?\nNUM: /\\d/a\n%ignore \" \"",
        &["i,i1;1a2b3", " i , i1 ; 1 a 2 "],
        &["i;", "i1;1,2"],
    );
    let endless = "start: a{\"x\"}\na{x}: \"y\" | a{(x x)}";
    let errors = parse(endless, Format::Lark, &SyntaxLimits::default());
    assert!(errors.map(|_| ()).unwrap_err().is_limit());
}

#[test]
fn ignored() {
    check(
        "start: NAME \"=\" /[0-9]+/ // the end\n%import common (CNAME, C_COMMENT)\n%import common.WS -> SPACE\n\
         NAME: CNAME\n%ignore SPACE\n%ignore C_COMMENT # too\n",
        &["a=1", "/* x */ a\n= 12 /**/", "a/***/=1"],
        &["a b=1", "a=1 2", "a=1 /* */ */", "a=/* 1"],
    );
}

#[test]
fn common_terminals() {
    for name in super::common::NAMES.split([',', ' ', '\n']) {
        if super::ast::is_terminal(name) {
            check(
                &format!("start: {name}\n%import common.{name}"),
                &[],
                &["", "§"],
            );
        }
    }
    check(
        "start: ESCAPED_STRING\n%import common.ESCAPED_STRING",
        &[r#""a\"b\\""#, r#""""#],
        &[r#""a"b""#, r#""a\""#, "\"\n\""],
    );
    check(
        "start: SIGNED_NUMBER\n%import common.SIGNED_NUMBER",
        &["-1", "+.5", "1.e3"],
        &["-", ".", "e3"],
    );
}

#[test]
fn refusals_have_places() {
    let cases = [
        ("start: a", "line 1, column 8: `a` is not defined"),
        (
            "start: \"a\" %json {\"b\": 1",
            "column 12: expected an object",
        ),
        ("start: %lark { start: x }", "column 23: `x` is not defined"),
        (
            "start: %lark start: x",
            "column 8: expected a grammar in braces",
        ),
        ("start: A\nA: %json {}", "line 2, column 10: this cannot be"),
        ("start: <[5-3]>", "column 8: expected numbers of tokens"),
        (
            "start: %regex {\"a\": 1}",
            "column 15: expected an object with",
        ),
        (
            "start: %regex {\"type\": \"number\", \"chars\": \"\"}",
            "the only type",
        ),
        ("start: \"a\" & b\nb: \"a\"", "column 14: `b` is a rule"),
        ("start: ~", "column 9: expected what `~` excludes"),
        ("start: \"a\"{3,2}", "column 11: the most is less"),
        (
            "%json {}\nstart: \"a\"",
            "column 1: this has no meaning of its own",
        ),
        ("%declare A\nstart: A", "line 1, column 1: a declared"),
        (
            "%override A: \"b\"\nstart: \"a\"",
            "line 1, column 11: `A` is not imported",
        ),
        (
            "%import .other.X\nstart: X",
            "column 9: only terminals of `common`",
        ),
        (
            "%import common.NUM\nstart: NUM",
            "column 16: `common` has no terminal `NUM`",
        ),
        ("start: /a(b/", "column 10"),
        ("start: /(a)\\1/", "column 12: backreferences"),
        (
            "start: A\nA: b\nb: \"c\"",
            "line 2, column 4: `b` is a rule",
        ),
        ("start: \"a", "column 8: the text has no closing"),
        ("start: (\"a\"", "column 8: expected `)`"),
        ("start: a{b}\nb: \"c\"", "column 8: no template `a`"),
        (
            "start: a{b}\na{x, y}: x y\nb: \"c\"",
            "column 8: `a` has 2 parameters, not 1",
        ),
        ("start: \"z\"..\"a\"", "column 8: the range"),
        (
            "start: \"a\"\nstart: \"b\"",
            "line 2, column 1: `start` is defined already",
        ),
        ("start[max_tokens=3]: \"a\"", "column 7: how many tokens"),
        ("start[lasy]: \"a\"", "column 7: there are the attributes"),
        ("start[lazy]: a\na: \"a\"", "column 14: `a` is a rule"),
        ("a: \"a\"", "no rule `start`"),
    ];
    for (text, expected) in cases {
        let errors = errors(text);
        assert!(errors.contains(expected), "{text}: {errors}");
    }
    let several = errors("start: )\nx: *\nA: \"a\" ^\n%declare X\ny: \"y\"");
    assert_eq!(several.matches("line ").count(), 4, "{several}");
}

#[test]
fn limits_are_typed() {
    let nested = |open: &str, close: &str| {
        format!(
            "start: {}\"a\"{}",
            open.repeat(60_000),
            close.repeat(60_000)
        )
    };
    for text in [
        nested("(", ")"),
        nested("[", "]"),
        nested("", "*"),
        nested("a{", "}"),
        "start: \"a\"~9999999".into(),
    ] {
        let errors = parse(&text, Format::Lark, &SyntaxLimits::default());
        let errors = errors.map(|_| ()).unwrap_err();
        assert!(
            errors
                .errors()
                .iter()
                .any(|e| e.kind == SyntaxErrorKind::Limit),
            "{errors}"
        );
    }
    parse(
        "%llguidance {}\nstart: \"a\"",
        Format::Lark,
        &SyntaxLimits::default(),
    )
    .unwrap();
}

#[test]
fn schemas_and_tokens_are_foreign() {
    let text = "start: <|call|> body <[3,5-9]> | <[^7]> <[*]>\nbody: %json {\"const\": \"}\"}";
    let grammar = parse(text, Format::Lark, &SyntaxLimits::default()).unwrap();
    let name = |name: &str| TokenName::Name(name.to_owned());
    let token = |listed: Vec<TokenName>, is_negated| {
        ForeignKind::Token(TokenPattern { listed, is_negated })
    };
    let kinds: Vec<ForeignKind> = grammar.foreign.into_iter().map(|part| part.kind).collect();
    for kind in [
        token(vec![name("<|call|>")], false),
        token(
            vec![TokenName::Numbers(3, 3), TokenName::Numbers(5, 9)],
            false,
        ),
        token(vec![TokenName::Numbers(7, 7)], true),
        token(vec![], true),
        ForeignKind::JsonSchema("{\"const\": \"}\"}".to_owned()),
    ] {
        assert!(kinds.contains(&kind), "{kind:?} not in {kinds:?}");
    }
    assert_eq!(kinds.len(), 5);
}

#[test]
fn grammars_in_grammars_have_names_of_their_own() {
    check(
        "start: a %lark { start: a | \"(\" start \")\" // }\n a: \"b\" /}/ } a\na: \"a\"\n%ignore \" \"",
        &["ab}a", "a (b}) a ", "a((b}))a"],
        &["aaa", "a( b})a", "b}"],
    );
    let deep = "start: ".to_owned() + &"%lark { start: ".repeat(9_000) + &"}".repeat(9_000);
    let errors = parse(&deep, Format::Lark, &SyntaxLimits::default());
    assert!(errors.map(|_| ()).unwrap_err().is_limit());
}

#[test]
fn terminals_are_regular_algebra() {
    check(
        "start: LINES \";\" WORD+\nLINES: /[a-z\\n]*/ & ~/(?s:.*)\\n\\n(?s:.*)/\n\
         WORD: /[a-z]{2}/ & ~\"if\" & ~(\"do\" | \"of\")",
        &["a\nb\n;ab", ";xyzw"],
        &["a\n\nb;ab", ";if", ";xyof", "A;ab"],
    );
    check(
        "start: \"a\"{2} \"b\"{,2} \"c\"{1,} (\"d\" \"e\"){0,1} long-name\nlong-name: \"-\" -> x",
        &["aac-", "aabbccde-"],
        &["ac-", "aabbbc-", "aacdede-"],
    );
}

#[test]
fn rules_can_take_as_little_as_they_can() {
    check(
        "start: (call | tail)\ncall: head \"=\" /[0-9]/ \"</f>\" start\n\
         head[lazy]: TEXT \"<f\"\ntail: /[^<]*/\nTEXT: /(.|\\n)*/",
        &["", "ab", "a<f=1</f>", "a<<f=1</f>b<f=2</f>"],
        &["a<f", "a<f=1</f", "<f=x</f>", "<f<f=1</f>"],
    );
    check(
        "start: quoted \"!\"\nquoted[suffix=\"``\", capture=\"q\"]: /[^!]*/\n%ignore \" \"",
        &["a``!", "a`b`` !", "``!"],
        &["a```!", "a``b``!", "a`!"],
    );
    check("start[lazy]: /a*/", &[""], &["a"]);
}

#[test]
fn imports_can_be_changed() {
    check(
        "%import common (INT, WORD)\n%override INT: /[1-9]/\n%extend WORD: \"_\"\nstart: INT WORD",
        &["1ab", "9_"],
        &["0a", "12a", "1_a"],
    );
}

#[test]
fn parts_of_texts() {
    check(
        "start: \"<\" PART \">\" %regex {\"substring_chars\": \"abc\"}\n\
         PART: %regex {\"type\": \"substring\", \"words\": \"foo bar. baz\"}",
        &["<foo>", "<bar. >ab", "<>", "< bar>bc", "<foo bar. baz>abc"],
        &["<fo>", "<foobar>", "<foo>ac", "<foo. >"],
    );
}

fn with_lexer(text: &str, format: Format) -> Result<Grammar, SyntaxErrors> {
    let options = SyntaxOptions {
        lexing: Lexing::LongestMatch,
        ..SyntaxOptions::default()
    };
    parse_with(text, format, &options)
}

#[test]
fn terminals_of_a_lexer() {
    let text = "start: B.. | \"b\" C /[a]/ \"x\"i [\"b\"] D\n".replace("B..", "B B*");
    let text = text
        + "D: \"d\" \"d\"\nC.2: B\nB: (\"b\")\nE: /e/\nF: E\n%import common.INT -> N\n\
           %ignore N\n%ignore \" \" | \"\\t\"\n%ignore F";
    let grammar = with_lexer(&text, Format::Lark).unwrap_or_else(|e| panic!("{e}"));
    let lexing = grammar.lexing.expect("a lexer");
    let shown: Vec<String> = lexing
        .lexemes
        .iter()
        .map(|l| {
            let kind = if l.is_text { "text" } else { "pattern" };
            let ignored = if l.is_ignored { " ignored" } else { "" };
            format!("{} {kind} {}{ignored}", l.name, l.priority)
        })
        .collect();
    // E is a part of F only; `"b"` is B, and so would C be by its words, but it has
    // a name.
    assert_eq!(
        shown,
        [
            "D pattern 0",
            "C text 2",
            "B text 0",
            "F pattern 0 ignored",
            "N pattern 0 ignored",
            "%ignore 1 pattern 0 ignored",
            "/[a]/ pattern 0",
            "\"x\"i text 0",
        ]
    );
    assert!(grammar.terminals[0].accepts("dd") && grammar.terminals[5].accepts("\t"));
    assert!(grammar.terminals[7].accepts("X"));
}

#[test]
fn what_a_lexer_cannot_take() {
    let error = |text: &str, format| with_lexer(text, format).map(|_| ()).unwrap_err();
    let empty = error("start: A \"b\"\nA: /a*/", Format::Lark);
    assert_eq!(empty.errors()[0].kind, SyntaxErrorKind::Malformed);
    assert_eq!(empty.errors()[0].line, 2);
    assert!(
        empty.to_string().contains("`A` matches the empty text"),
        "{empty}"
    );
    let ignored = error("start: \"b\"\n%ignore / */", Format::Lark);
    assert!(ignored.to_string().contains("the empty text"), "{ignored}");
    // What no rule uses may be empty: it is no terminal of the lexer.
    assert!(with_lexer("start: \"b\" B\nA: /a*/\nB: \"x\" A", Format::Lark).is_ok());
    let itself = error("start: A\nA: \"a\" A \"b\" | \"c\"", Format::Lark);
    assert!(
        itself.to_string().contains("cannot contain itself"),
        "{itself}"
    );
    let schema = error("start: \"a\" %json {}", Format::Lark);
    assert!(
        schema.to_string().contains("a lexer cannot cut"),
        "{schema}"
    );
    let lazy = error("start[lazy]: /a*/", Format::Lark);
    assert!(lazy.to_string().contains("longest match"), "{lazy}");
    // Terminals may be made of others in any way.
    let algebra = "start: A (/b+/ & ~\"bb\")\nA: /[a-z]{2}/ & ~\"if\"\n%ignore \" \"";
    let algebra = with_lexer(algebra, Format::Lark).unwrap_or_else(|e| panic!("{e}"));
    assert!(
        algebra
            .terminals
            .iter()
            .any(|a| a.accepts("of") && !a.accepts("if"))
    );
    let priority = error("start: A\nA.12345678901: \"a\"", Format::Lark);
    assert!(priority.to_string().contains("nine digits"), "{priority}");
    for (text, format) in [
        ("root ::= \"a\"", Format::Gbnf),
        ("root ::= \"a\"", Format::Ebnf),
        ("a", Format::Regex),
    ] {
        let refused = error(text, format);
        assert_eq!(refused.errors()[0].kind, SyntaxErrorKind::Unsupported);
        assert!(
            refused.to_string().contains("has no terminals"),
            "{refused}"
        );
    }
}
