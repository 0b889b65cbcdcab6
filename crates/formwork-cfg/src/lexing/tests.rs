use std::fmt::Write as _;

use crate::ir::Grammar;
use crate::syntax::{Format, Lexing, SyntaxOptions, parse_with};
use crate::{CfgError, CfgLanguage, CfgLimits, compile};

fn read(text: &str) -> Grammar {
    let options = SyntaxOptions {
        lexing: Lexing::LongestMatch,
        ..SyntaxOptions::default()
    };
    parse_with(text, Format::Lark, &options).unwrap_or_else(|errors| panic!("{errors}"))
}

fn compiled(text: &str) -> CfgLanguage {
    let language = compile(&read(text), &CfgLimits::default());
    language.unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The name of the limit that ends the compilation.
#[track_caller]
fn limit(text: &str, limits: &CfgLimits) -> &'static str {
    match compile(&read(text), limits) {
        Err(CfgError::Limit { name, .. }) => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn restrictions_that_make_no_difference_are_one() {
    // Names, keywords and numbers restrict what follows, but `+` and `)` care for
    // none of that: the product is the grammar, but for the end of the text.
    let text = "start: sum\nsum: item (\"+\" item)*\nitem: NAME | INT | \"(\" sum \")\" | KEY\n\
                NAME: /[a-z]+/\nINT: /[0-9]+/\nKEY.1: /if|then|else|while|do/";
    let language = compiled(text);
    assert_eq!(language.rule_count(), 2, "{language:?}");
}

#[test]
fn many_keywords() {
    let mut text = String::from("start: statement+\nstatement: ");
    for n in 0..300 {
        let _ = write!(text, "\"k{n}\" expr \";\" | ");
    }
    text.push_str(
        "expr \"=\" expr \";\"\n?expr: expr \"+\" term | term\n?term: term \"*\" atom | atom\n\
         ?atom: NAME | INT | \"(\" expr \")\" | STRING\nNAME: /\\w+/\nINT: /[0-9]+/\n\
         STRING: /\"[^\"]*\"/\nCOMMENT: /#.*/\n%import common.WS\n%ignore WS\n%ignore COMMENT",
    );
    let language = compiled(&text);
    assert!(language.rule_count() < 100);
}

#[test]
fn automata_that_grow_end_in_a_limit() {
    // Which of the last nine characters was which letter, for four of them.
    let mut text = String::from("start: \"x\"");
    for letter in ["a", "b", "c", "d"] {
        let _ = write!(text, " | /[a-z]*{letter}[a-z]{{8}}!/");
    }
    assert_eq!(limit(&text, &CfgLimits::default()), "max_lexer_states");
}

#[test]
fn restrictions_that_grow_end_in_a_limit() {
    // Each `x` may be the start of a word that ends in `!`, some characters later:
    // which of the last ones were `x` has to be remembered.
    let text = "start: (\"x\" | \"y\" | LONG)*\nLONG: /x[xy]{16}!/";
    assert_eq!(limit(text, &CfgLimits::default()), "max_restrictions");
    let few = CfgLimits {
        max_restrictions: 100,
        ..CfgLimits::default()
    };
    let text = "start: (\"x\" | \"y\" | LONG)*\nLONG: /x[xy]{8}!/";
    assert_eq!(limit(text, &few), "max_restrictions");
    compiled(text);
}

#[test]
fn products_that_grow_end_in_a_limit() {
    let mut text = String::from("start: (\"x\" | \"y\" | LONG | r0)*\nLONG: /x[xy]{9}!/\n");
    for n in 0..400 {
        let _ = writeln!(
            text,
            "r{n}: \"x\" r{} \"y\" | \"y\" r{} | \"z\"",
            (n + 1) % 400,
            (n * 7 + 3) % 400
        );
    }
    assert_eq!(limit(&text, &CfgLimits::default()), "max_rules");
}

#[test]
fn terminals_with_the_empty_word_are_refused() {
    let mut grammar = read("start: A\nA: \"x\"");
    grammar.terminals[0] = std::sync::Arc::new(formwork_automata::Dfa::from_words(["", "x"]));
    let error = compile(&grammar, &CfgLimits::default())
        .map(|_| ())
        .unwrap_err();
    assert!(
        matches!(&error, CfgError::EmptyTerminal { name, span } if name == "A" && span.start == 9)
    );
    assert!(error.is_user_error() && error.to_string().contains("`A` (bytes 9 to 10)"));
}
