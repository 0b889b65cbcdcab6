use crate::syntax::earley::accepts;
use crate::syntax::{
    EbnfDialect, Format, SyntaxErrorKind, SyntaxLimits, SyntaxOptions, parse, parse_with,
};

fn check(text: &str, valid: &[&str], invalid: &[&str]) {
    let grammar =
        parse(text, Format::Ebnf, &SyntaxLimits::default()).unwrap_or_else(|e| panic!("{e}"));
    for sample in valid {
        assert!(accepts(&grammar, sample), "{sample:?} by {text}");
    }
    for sample in invalid {
        assert!(!accepts(&grammar, sample), "{sample:?} by {text}");
    }
}

fn errors(text: &str) -> String {
    let errors = parse(text, Format::Ebnf, &SyntaxLimits::default());
    errors.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn w3c() {
    check(
        "[1] doc ::= elem* /* a = b */\n[2] elem ::= '<' Name '>' Text? (elem Text?)* \"</\" Name '>' [ wfc: same ]\n\
         [3a] Name ::= [a-z] [a-z0-9#x2D]* - 'xml'\nText ::= [^<&]+ - ([^<&]* ']]>' [^<&]*)\n",
        &["", "<a>x<b-1>]]</b-1></a>"],
        &["<a>", "<a>]]></a>", "<A></A>"],
    );
    check(
        "a ::= [1] | #x1F600 'x'? | [-+#]",
        &["1", "😀x", "😀", "-", "#"],
        &["2", ""],
    );
    check("s ::= 'a' s 'b' | ('c' - 'd')", &["acb", "c"], &["d"]);
}

#[test]
fn w3c_tells_numbers_of_rules_from_classes() {
    check("a ::= b 'x' [01]\nb ::= [0]", &["0x0", "0x1"], &["0x"]);
    check("[1] a ::= b [01]\n[2] b ::= [0]", &["00", "01"], &["0"]);
}

#[test]
fn w3c_keeps_names_apart_by_difference() {
    check(
        "id ::= Name - key\nName ::= Letter (Letter | Digit)*\nLetter ::= [A-Za-z]\nDigit ::= [0-9]\n\
         key ::= 'if' | 'else'",
        &["i", "iff", "x1"],
        &["if", "else", "1"],
    );
}

#[test]
fn iso() {
    check(
        "(* numbers = signs *)\nnumber list = number, { ',', number };\nnumber = [ '-' ], digit - '0', {digit};\n\
         digit = '0' | '1' / \"2\" ! '3'.\n",
        &["1", "-10,23"],
        &["", "01", "1,"],
    );
    check(
        "a = 3 * 'x', (: 'y' :)-, (/ 'z' /);",
        &["xxxy", "xxxyyz"],
        &["xxx", "xxy"],
    );
    check("a = ;", &[""], &["x"]);
}

#[test]
fn refusals_have_places() {
    for (text, expected) in [
        ("a ::= b", "column 7: `b` is not defined"),
        (
            "a ::= 'a' - b\nb ::= 'b' b? 'b'",
            "column 11: both sides of `-`",
        ),
        ("a ::= ('a'", "column 7: the group has no closing"),
        ("a ::= 'a", "column 7: the text has no closing quote"),
        ("a = ? any character ?;", "column 5: a special sequence"),
        ("a = 'a'\nb = 'b';", "expected `,`, `|` or `;`"),
        ("a = {'a';", "column 9: expected `}`"),
        ("a = 'a' 'b';", "column 9: expected `,`, `|` or `;`"),
        ("", "there is no rule"),
    ] {
        assert!(errors(text).contains(expected), "{text}: {}", errors(text));
    }
}

#[test]
fn options_and_limits() {
    let options = SyntaxOptions {
        ebnf: EbnfDialect::Iso,
        start: Some("b".to_owned()),
        ..SyntaxOptions::default()
    };
    let grammar = parse_with("a = '::=', b; b = 'b';", Format::Ebnf, &options).unwrap();
    assert!(accepts(&grammar, "b"));
    for text in [
        format!("a ::= {}'a'{}", "(".repeat(60_000), ")".repeat(60_000)),
        format!("a ::= 'a'{}", " - 'b'".repeat(60_000)),
        format!("a = {}'a'{};", "[".repeat(60_000), "]".repeat(60_000)),
        "a = 1000000 * 'a';".to_owned(),
    ] {
        let errors = parse(&text, Format::Ebnf, &SyntaxLimits::default());
        let errors = errors.map(|_| ()).unwrap_err();
        assert!(
            errors
                .errors()
                .iter()
                .any(|e| e.kind == SyntaxErrorKind::Limit),
            "{errors}"
        );
    }
}
