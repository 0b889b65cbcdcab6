//! The failures of other engines that became advisories and bug reports, each tried on
//! this one through its front door, under the default limits: a typed error or a grammar,
//! in under a second of the thread, on the 2 MiB stack of an ordinary thread. Schemas by
//! themselves are in `limits`.

use std::time::Duration;

use cpu_time::ThreadTime;
use formwork::cfg::syntax::Format;
use formwork::{CompileError, Compiler, Spec, TokenId};
use formwork_testkit::vocab;

use crate::support::{self, nested};

/// What should become of a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Want {
    /// A grammar that reads this.
    Reads(&'static str),
    /// The author's mistake.
    Mistake,
    /// More than is allowed.
    Limit,
}

fn fate(compiler: &Compiler, spec: &Spec, want: Want) -> Result<Duration, String> {
    let start = ThreadTime::now();
    let result = compiler.compile(spec);
    let found = match (&result, want) {
        (Ok(grammar), Want::Reads(text)) => {
            let mut matcher = grammar.matcher();
            let mut row = vec![0; compiler.vocab().mask_words()];
            for byte in text.bytes() {
                let mask = matcher.fill_mask(&mut row);
                mask.map_err(|error| format!("no mask: {error}"))?;
                let pushed = matcher.push_bytes(&[byte]);
                pushed.map_err(|error| format!("`{text}` is not read: {error}"))?;
            }
            want
        }
        (Ok(_), _) => return Err("is a grammar".to_owned()),
        (Err(error), _) if error.is_user_error() => Want::Mistake,
        (Err(_), _) => Want::Limit,
    };
    let time = start.elapsed();
    match result {
        Err(error) if found != want => Err(format!("is a {found:?}: {error:.300}")),
        Err(error) if error.to_string().is_empty() => Err("has no message".to_owned()),
        _ => Ok(time),
    }
}

fn check(cases: Vec<(&str, Spec, Want)>) {
    let compiler = support::compiler(vocab::toy(1));
    let cases = cases
        .into_iter()
        .map(|(name, spec, want)| (name, (spec, want)));
    support::withstand(cases, |(spec, want)| {
        compiler.forget();
        fate(&compiler, spec, *want)
    });
}

/// Stack overflows of recursive parsers and converters.
#[test]
fn nesting() {
    let deep = |format, open, middle, close, around: (&str, &str)| {
        let text = nested(open, middle, close, 60_000);
        Spec::grammar(format, [around.0, &text, around.1].concat())
    };
    check(vec![
        (
            "brackets in GBNF",
            deep(Format::Gbnf, "(", "\"a\"", ")", ("root ::= ", "")),
            Want::Limit,
        ),
        (
            "brackets in GBNF that never close",
            Spec::grammar(Format::Gbnf, format!("root ::= {}", "(".repeat(60_000))),
            Want::Limit,
        ),
        (
            "brackets in Lark",
            deep(Format::Lark, "(", "\"a\"", ")", ("start: ", "")),
            Want::Limit,
        ),
        (
            "brackets in EBNF",
            deep(Format::Ebnf, "(", "'a'", ")", ("a ::= ", "")),
            Want::Limit,
        ),
        (
            "brackets in a regular expression",
            Spec::regex(nested("(", "a", ")", 8_000)),
            Want::Limit,
        ),
        (
            "looks in a regular expression",
            Spec::regex(nested("(?=", "a", ")", 4_000)),
            Want::Limit,
        ),
        (
            "brackets in a pattern",
            Spec::json_schema(format!(
                r#"{{"type": "string", "pattern": "{}"}}"#,
                nested("(", "a", ")", 8_000)
            )),
            Want::Mistake,
        ),
        (
            "arrays in a schema",
            Spec::json_schema(nested(r#"{"items":"#, "{}", "}", 60_000)),
            Want::Limit,
        ),
        (
            "arrays in structural tags",
            Spec::grammar(Format::StructuralTag, nested("[", "", "]", 60_000)),
            Want::Mistake,
        ),
    ]);
}

/// Recursion that goes nowhere, and repetitions of what may be empty.
#[test]
fn recursion() {
    let gbnf = |text: &str| Spec::grammar(Format::Gbnf, text);
    check(vec![
        (
            "left recursion",
            gbnf("root ::= root \"+\" root | \"1\""),
            Want::Reads("1+1+1"),
        ),
        (
            "hidden left recursion",
            gbnf("root ::= empty root \"a\" | \"b\"\nempty ::= \"\" | \"c\""),
            Want::Reads("cbaa"),
        ),
        (
            "a repetition of what may be empty",
            gbnf("root ::= (\"a\"*)*"),
            Want::Reads("aaa"),
        ),
        (
            "a rule that is only itself",
            gbnf("root ::= root"),
            Want::Mistake,
        ),
        (
            "rules that are each other",
            gbnf("root ::= a | \"x\"\na ::= b\nb ::= a | root"),
            Want::Reads("x"),
        ),
        ("no start", gbnf("rot ::= \"a\""), Want::Mistake),
        ("no rule at all", gbnf(""), Want::Mistake),
        (
            "a schema that is its own reference",
            Spec::json_schema(r##"{"$ref": "#"}"##),
            Want::Mistake,
        ),
        (
            "a schema that never ends",
            Spec::json_schema(
                r##"{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}"##,
            ),
            Want::Mistake,
        ),
    ]);
}

/// What multiplies out, or is built at great length.
#[test]
fn explosions() {
    let lines = |n: usize, f: &dyn Fn(usize) -> String| (0..n).map(f).collect::<String>();
    let property =
        |n| format!(r#""p{n}": {{"type": "string", "pattern": "^(a|b)*a(a|b){{10}}x{n}$"}},"#);
    let patterns = format!(
        r#"{{"type": "object", "properties": {{{} "last": {{}}}}}}"#,
        lines(3_000, &property)
    );
    let nested_schema =
        |n| format!(r#" | %json {{"type": "string", "pattern": "^(a|b)*a(a|b){{10}}x{n}$"}}"#);
    check(vec![
        (
            "counts of counts",
            Spec::regex("(((a{9}){9}){9}){9}"),
            Want::Reads("aaa"),
        ),
        (
            "more counts of counts",
            Spec::regex("((((a{99}){99}){99}){99}){99}"),
            Want::Limit,
        ),
        (
            "a hard regular expression",
            Spec::regex("(a|b)*a(a|b){40}"),
            Want::Limit,
        ),
        (
            "Unicode many times",
            Spec::regex(r"(\p{L}{1,500}\p{N}){1,500}"),
            Want::Limit,
        ),
        (
            "not a regular expression",
            Spec::regex("foo**"),
            Want::Mistake,
        ),
        ("a back-reference", Spec::regex(r"(a+)\1"), Want::Mistake),
        (
            "many patterns, each of them hard",
            Spec::json_schema(patterns),
            Want::Limit,
        ),
        (
            "many schemas in a grammar, each of them hard",
            Spec::grammar(
                Format::Lark,
                format!("start: \"x\"{}", lines(3_000, &nested_schema)),
            ),
            Want::Limit,
        ),
        (
            "a large choice",
            Spec::choice((0..40_000).map(|n| format!("choice number {n}"))),
            Want::Reads("choice number 39999"),
        ),
        (
            "a choice that is too large",
            Spec::choice((0..200_000).map(|n| format!("choice number {n}"))),
            Want::Limit,
        ),
        (
            "a repetition without end",
            Spec::grammar(Format::Gbnf, "root ::= \"a\"{999999999999}"),
            Want::Limit,
        ),
    ]);
}

/// What names things that are elsewhere.
#[test]
fn elsewhere() {
    check(vec![
        (
            "a reference to the network",
            Spec::json_schema(r#"{"$ref": "http://example.org/schema.json"}"#),
            Want::Mistake,
        ),
        (
            "a reference to a file",
            Spec::json_schema(r#"{"$ref": "file:///etc/passwd"}"#),
            Want::Mistake,
        ),
        (
            "an import",
            Spec::grammar(Format::Lark, "start: x\n%import .secret.x"),
            Want::Mistake,
        ),
        (
            "a token that there is not",
            Spec::grammar(Format::Lark, "start: <|no_such_token|>"),
            Want::Mistake,
        ),
    ]);
}

/// Tokens from a stranger: any number is an answer.
#[test]
fn tokens() {
    let compiler = support::compiler(vocab::toy(1));
    let grammar = compiler.compile(&Spec::json_object()).expect("a grammar");
    let len = compiler.vocab().len() as u32;
    let mut matcher = grammar.matcher();
    for token in [len, len + 1, u32::MAX - 1, u32::MAX] {
        assert!(matcher.push(TokenId(token)).is_err());
        assert_eq!(matcher.validate_tokens(&[TokenId(token)]), Ok(0));
    }
    matcher.rollback(usize::MAX);
    assert!(matcher.is_empty());
}

/// Messages quote what they are about, but not without end.
#[test]
fn messages_are_short() {
    let compiler = support::compiler(vocab::toy(1));
    let long = "x".repeat(200_000);
    let specs = [
        Spec::json_schema(format!(r#"{{"type": "{long}"}}"#)),
        Spec::json_schema(format!(r#"{{"{long}": 1, "pattern": "({long}"}}"#)),
        Spec::json_schema(format!(r##"{{"$ref": "#/{long}"}}"##)),
        Spec::grammar(Format::Gbnf, format!("root ::= {long}")),
        Spec::grammar(Format::Lark, format!("start: <{long}>")),
        Spec::regex(format!("({long}")),
    ];
    for spec in specs {
        let error = compiler.compile(&spec);
        let error = error.err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        let start: String = error.chars().take(200).collect();
        assert!(
            !error.is_empty() && error.len() < 10_000,
            "{} bytes: {start}",
            error.len()
        );
    }
    let error = compiler
        .compile(&Spec::regex("(a\n\u{1b}[31m"))
        .unwrap_err();
    assert!(matches!(error, CompileError::Syntax(_)));
}
