//! Lark grammars read with a lexer, case by case: what the longest match takes,
//! which terminal wins, and what that does to masks.

use formwork::cfg::syntax::{Format, Lexing, SyntaxOptions, parse_with};
use formwork::cfg::{CfgError, Grammar};
use formwork::{CfgLimits, CompileError, Compiler, Vocab, samples};
use formwork_testkit::walk::{brute_mask, mask_of};

use crate::support;

fn read(text: &str, lexing: Lexing) -> Grammar {
    let options = SyntaxOptions {
        lexing,
        ..SyntaxOptions::default()
    };
    parse_with(text, Format::Lark, &options).unwrap_or_else(|errors| panic!("{errors}"))
}

fn compiler() -> Compiler {
    support::compiler(formwork_testkit::vocab::toy(3))
}

fn compiled(text: &str) -> formwork::Grammar {
    let grammar = read(text, Lexing::LongestMatch);
    let grammar = compiler().cfg(&grammar, &CfgLimits::default());
    grammar.unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn accepts(grammar: &formwork::Grammar, text: &str) -> bool {
    let mut matcher = grammar.matcher();
    matcher.push_bytes(text.as_bytes()).is_ok() && matcher.is_complete()
}

#[track_caller]
fn check(text: &str, valid: &[&str], invalid: &[&str]) {
    let grammar = compiled(text);
    for sample in valid {
        assert!(accepts(&grammar, sample), "{sample:?} by {text}");
    }
    for sample in invalid {
        assert!(!accepts(&grammar, sample), "{sample:?} by {text}");
    }
}

/// Checks which bytes can follow `begun`, ascending.
#[track_caller]
fn check_next(text: &str, begun: &str, next: &str) {
    let grammar = compiled(text);
    let mut matcher = grammar.matcher();
    matcher.push_bytes(begun.as_bytes()).expect("begun");
    let bytes: Vec<u8> = matcher.next_bytes().expect("no limit").iter().collect();
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        next,
        "after {begun:?} by {text}"
    );
}

#[test]
fn keywords_are_no_names() {
    let text = "start: \"if\" NAME | NAME \"=\" NAME\nNAME: /[a-z]+/\n%ignore \" \"";
    check(
        text,
        &["if x", "iff=x", "x = iff", "fi=i", " if  ifx "],
        &["ifx", "if", "if if", "x=if", "if=x", "if ="],
    );
    check_next(text, "if", " abcdefghijklmnopqrstuvwxyz");
    check_next(text, "if ", " abcdefghijklmnopqrstuvwxyz");
    check_next(text, "x=i", " abcdefghijklmnopqrstuvwxyz");
    // The end is a matter of the lexer too: `if` is no name, `i` is.
    let grammar = compiled(text);
    let mut matcher = grammar.matcher();
    matcher.push_bytes(b"x=i").expect("a name");
    assert!(matcher.is_complete());
    matcher.push_bytes(b"f").expect("more of a name");
    assert!(!matcher.is_complete());
    assert_eq!(matcher.min_completion_bytes(), 1);
}

#[test]
fn the_longest_match_is_taken_though_another_would_do() {
    // A takes every `a`, so nothing is left for an `a` after it; and a single one is
    // the text.
    let text = "start: A \"b\" | A \"a\" \"c\"\nA: /a+/";
    check(text, &["aab", "aaab"], &["ab", "aac", "aaac"]);
    check_next(text, "a", "a");
    check_next(text, "aa", "ab");
    // `ab` is longer than A at the start only.
    check("start: A \"b\" | A \"ab\"\nA: /a+/", &["aab"], &["ab"]);
    // `ab` is longer than `a` and is taken at the start.
    check("start: \"a\" \"b\" | \"ab\" \"c\"", &["abc"], &["ab"]);
    // `=` twice is `==`, but for a space between them.
    let text = "start: \"x\" \"=\" (\"=\" \"x\" | \"x\" | \"==\")\n%ignore \" \"";
    check(text, &["x=x", "x= =x", "x= =="], &["x==x", "x==="]);
    check_next(text, "x=", " x");
}

#[test]
fn priority_comes_after_length_and_before_everything_else() {
    let number = "start: A \".\" | B \"!\"\nA: /[0-9]+/\nB: /[0-9a-f]+/";
    check(number, &["12.", "1f!"], &["12!", "1f."]);
    let number = "start: A \".\" | B \"!\"\nA: /[0-9]+/\nB.1: /[0-9a-f]+/";
    check(number, &["12!", "1f!"], &["12.", "1f."]);
    let number = "start: A \".\" | B \"!\"\nA.3: /[0-9]+/\nB.1: /[0-9a-f]+/";
    check(number, &["12.", "1f!"], &["12!", "1f."]);
    // A pattern of higher priority beats a text, also a negative one's.
    let text = "start: \"if\" \"!\" | NAME \".\"\nNAME.1: /[a-z]+/";
    check(text, &["if."], &["if!"]);
    let text = "start: \"if\" \"!\" | NAME \".\"\nNAME.-1: /[a-z]+/";
    check(text, &["if!", "of."], &["if."]);
    // Of two texts, or two patterns, the first.
    check(
        "start: B \"1\" | A \"2\"\nA: \"x\"\nB: \"x\"",
        &["x2"],
        &["x1"],
    );
    // The priority of a rule says nothing of the language.
    check(
        "start: a | b\na.5: \"x\"\nb: \"x\" \"y\"",
        &["x", "xy"],
        &["y"],
    );
}

#[test]
fn what_looks_alike_is_one_terminal() {
    let text = "start: IF \"!\" | \"if\" \"?\" | /i+/ \"1\" | I \"2\"\nIF: \"if\"\nI: /i+/";
    let grammar = read(text, Lexing::LongestMatch);
    let lexemes = grammar.lexing.expect("a lexer").lexemes;
    let names: Vec<&str> = lexemes.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["IF", "I", "\"!\"", "\"?\"", "\"1\"", "\"2\""]);
    check(text, &["if!", "if?", "ii1", "i2"], &["if1"]);
}

#[test]
fn only_terminals_of_rules_compete() {
    // LETTER is a part of NAME, and no terminal by itself.
    let text = "start: NAME \"x\"\nNAME: LETTER LETTER\nLETTER.9: /[a-z]/\nUNUSED: /.../";
    check(text, &["abx"], &["xx", "abab"]);
    // A terminal of a rule that is not reached is none.
    let text = "start: \"a\" \"b\"\nother: \"ab\"";
    check(text, &["ab"], &["a"]);
}

#[test]
fn comments_and_space_are_dropped() {
    let text = "start: term (\"/\" term)*\n?term: NAME | NAME \"*\" NAME\nNAME: /[a-z]+/\n\
                COMMENT: /\\/\\*([^*]|\\*+[^*\\/])*\\*+\\//\n%import common.WS\n%ignore WS\n\
                %ignore COMMENT";
    check(
        text,
        &["a/b", "a/*b*/", " /**/ a / /* x */ b*c/**//d ", "/***/a"],
        &["", "a/*b", "/**/", "a*/b", "a/*b*/c", "a b"],
    );
    // `*` after `/` begins a comment, if that ends; otherwise it is a token.
    let text = "start: \"/\" \"*\" /[^*]/ \"*\"? \"/\"? \"!\"\nC: /\\/\\*[^*]*\\*\\//\n%ignore C";
    check(text, &["/*x!", "/*x*!", "/*x/!", "/*y*//*x!"], &["/*x*/!"]);
}

#[test]
fn a_grammar_that_the_lexer_never_serves_is_refused() {
    // Every `x` is DROPPED.
    let text = "start: X\nX: /x/\nDROPPED: \"x\"\n%ignore DROPPED";
    match compiler().cfg(&read(text, Lexing::LongestMatch), &CfgLimits::default()) {
        Err(CompileError::Cfg(CfgError::NeverLexed)) => {}
        other => panic!("{other:?}"),
    }
    // The empty text is left.
    let grammar = compiled("start: X?\nX: /x/\nDROPPED: \"x\"\n%ignore DROPPED");
    assert!(accepts(&grammar, "") && accepts(&grammar, "xx"));
    // No rule reads what is ignored.
    match compiler().cfg(
        &read("start: X\nX: \"x\"\n%ignore X", Lexing::LongestMatch),
        &CfgLimits::default(),
    ) {
        Err(CompileError::Cfg(CfgError::Unproductive { .. })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_restriction_lasts_until_it_is_met_or_cannot_be() {
    // `1`, `.`, `x`…: a digit right after `.` would make the number `1.5`; later
    // it would not.
    let text = "start: (NUMBER | \".\" | \"x\")+\nNUMBER: /[0-9]+(\\.[0-9]+)?/";
    check(text, &["1.x", "1.5", "1..5", "x.5.5"], &["5x,"]);
    // `a` may be the start of `a…b`, however much later the `b` comes: then `a` was
    // no token.
    let text = "start: \"a\" X* \"y\" | LONG \"z\"\nX: /[xb]/\nLONG: /ax*b/";
    check(text, &["axxxy", "axxbz", "ay"], &["axxby", "axbxy", "abxz"]);
    check_next(text, "ax", "bxy");
    // After `axb` it was LONG, and a `z` has to come.
    check_next(text, "axxb", "z");
}

/// Where a lexer that cannot take back what it took runs into a dead end.
#[test]
fn there_are_no_dead_ends() {
    // After `ax`, LONG may have begun, or `a` and `x` are tokens; `y` decides.
    let text = "start: \"a\" \"x\" \"y\" | LONG\nLONG: /axz/";
    check(text, &["axy", "axz"], &["ax", "axyz"]);
    check_next(text, "ax", "yz");
    // `b` after `a` would make `ab` of them, which is dropped; so no `b` follows but
    // after an `a` that is dropped too.
    let text = "start: \"a\" \"b\" \"c\" | \"a\" \"c\"\nAB: \"ab\"\n%ignore AB";
    check(
        text,
        &["ac", "abac", "aabc", "acab", "aabbc"],
        &["abc", "abcc"],
    );
    check_next(text, "", "a");
    check_next(text, "a", "abc");
    check_next(text, "aa", "b");
    check_next(text, "aab", "abc");
    // `ok` is dropped, so `o` and `k` are tokens of their own only if another `o`
    // comes between.
    let text = "start: \"f\" \"(\" (\"o\" \"k\" | \"x\") \")\"\nOK: \"ok\"\n%ignore OK";
    check(text, &["f(x)", "f(okx)", "fok(x)ok", "f(ookk)"], &["f(ok)"]);
    check_next(text, "f(", "ox");
    check_next(text, "f(o", "ko");
    check_next(text, "f(ok", "ox");
}

#[test]
fn empty_texts_and_only_ignored_ones() {
    let text = "start: \"a\"*\n%ignore \" \"";
    check(text, &["", " ", "   a", "a a "], &["b"]);
    check("start: \"a\"+\n%ignore \" \"", &[" a"], &["", " "]);
    check("start: NUMBER\n%import common.NUMBER", &["1e5"], &[""]);
    // The start may be a terminal.
    let options = SyntaxOptions {
        start: Some("A".into()),
        lexing: Lexing::LongestMatch,
        ..SyntaxOptions::default()
    };
    let grammar = parse_with("A: \"x\"\n%ignore \" \"", Format::Lark, &options).expect("a grammar");
    let grammar = compiler()
        .cfg(&grammar, &CfgLimits::default())
        .expect("a grammar");
    assert!(accepts(&grammar, " x ") && !accepts(&grammar, ""));
}

#[test]
fn templates_keep_terminals_apart() {
    let text = "start: list{\"a\"} list{NAME} list{pair}\nlist{x}: \"[\" x (\",\" x)* \"]\"\n\
                pair: NAME \":\" NAME\nNAME: /[a-z]+/\n%ignore \" \"";
    check(
        text,
        &["[a,a][b, c][d:e]"],
        &["[a][a][d:e]", "[aa][b][d:e]", "[a][b][a:e]"],
    );
}

#[test]
fn recursion_takes_no_stack_with_a_lexer_either() {
    for text in [
        "start: sum\nsum: sum \"+\" NAME | NAME\nNAME: /[a-z]+/\n%ignore \" \"",
        "start: sum\nsum: NAME \"+\" sum | NAME\nNAME: /[a-z]+/\n%ignore \" \"",
        "start: sum\nsum: sum \"+\" sum | NAME | \"(\" sum \")\"\nNAME: /[a-z]+/\n%ignore \" \"",
    ] {
        let grammar = compiled(text);
        let mut matcher = grammar.matcher();
        matcher.push_bytes(&b"ab + c +".repeat(3)).expect("begin");
        let before = grammar.heap_bytes();
        matcher
            .push_bytes(&b"ab + c +".repeat(20_000))
            .expect("more");
        matcher.push_bytes(b"x").expect("the end");
        assert!(matcher.is_complete());
        assert!(grammar.heap_bytes() <= before + 10_000, "{text}");
    }
}

/// Statements of a language like C: operators that begin alike, names and keywords,
/// numbers with a point, comments.
const STATEMENTS: &str = r#"
start: statement*
?statement: "{" statement* "}" | expr ";" | "return" expr? ";"
    | "if" "(" expr ")" statement ["else" statement]
    | type NAME ["=" expr] ";"
type: ("int" | "float" | NAME) "*"*
?expr: sum | postfix ("=" | "+=" | "-=") expr
?sum: product | sum ("+" | "-") product
?product: unary | product ("*" | "/") unary
?unary: ("++" | "--" | "-" | "*") unary | postfix
?postfix: atom | postfix "[" expr "]" | postfix "." NAME | postfix ("++" | "--")
    | postfix "(" [expr ("," expr)*] ")"
?atom: NAME | NUMBER | STRING+ | "(" expr ")"
NAME: /[A-Za-z_]\w*/
STRING: /"([^"\\\n]|\\.)*"/
%import common (NUMBER, WS, C_COMMENT, CPP_COMMENT)
%ignore WS
%ignore C_COMMENT
%ignore CPP_COMMENT
"#;

/// A lexer takes readings away and adds none: every mask is a part of the one
/// without, and both are what pushes say.
#[test]
fn masks_over_a_real_vocabulary() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let limits = CfgLimits::default();
    let [plain, lexed] = [Lexing::Scannerless, Lexing::LongestMatch].map(|lexing| {
        let grammar = compiler.cfg(&read(STATEMENTS, lexing), &limits);
        grammar.expect("a grammar").matcher()
    });
    let (mut plain, mut lexed) = (plain, lexed);
    let text = "// é\nint x = y+++1.5e3*f(a, \"b\\\"\" \"c\")[2]/z;/* / */ if (x) { return -x; }\n";
    let mut fewer = 0;
    for (at, byte) in text.bytes().enumerate() {
        let (wide, row) = (mask_of(&plain), mask_of(&lexed));
        assert!(row.iter().zip(&wide).all(|(few, all)| few & !all == 0));
        fewer += usize::from(row != wide);
        assert!(plain.is_complete() || !lexed.is_complete());
        if at % 16 == 5 {
            assert_eq!(Some(row), brute_mask(&lexed), "after {}", &text[..at]);
        }
        plain.push_bytes(&[byte]).expect("a statement");
        lexed.push_bytes(&[byte]).expect("a statement");
    }
    assert!(lexed.is_complete() && fewer > 10, "{fewer}");
    // Without a lexer only, names run together and operators fall apart.
    let verdict = |text| accepts(lexed.grammar(), text);
    assert!(
        verdict("returnx;") && verdict("return x;") && verdict("int x;") && !verdict("int return;")
    );
    assert!(verdict("x++ + ++y;") && verdict("x+++y;") && !verdict("x----y;"));
    assert!(accepts(plain.grammar(), "x----y;") && accepts(plain.grammar(), "intx;"));
}

const SUMS: &str = "start: sum (\";\" sum)*\nsum: sum (\"+\" | \"++\") atom | atom\n\
    atom: NUMBER | NAME | \"(\" sum \")\" | \"+\" atom\nNUMBER: /[0-9]+(\\.[0-9]+)?/\n\
    NAME: /[a-z][a-z0-9]*/\n%ignore /[ \\n]+/\n%ignore /#[^\\n]*\\n/\n";

#[test]
fn texts_that_are_made_come_to_an_end_and_need_no_lexer() {
    let compiler = compiler();
    for text in [STATEMENTS, SUMS] {
        let [plain, lexed] = [Lexing::Scannerless, Lexing::LongestMatch].map(|lexing| {
            let grammar = compiler.cfg(&read(text, lexing), &CfgLimits::default());
            grammar.expect("a grammar")
        });
        let mut made = 0;
        for text in samples(&lexed, 7).take(20) {
            let text = text.expect("a text");
            assert!(accepts(&lexed, &text), "{text}");
            assert!(accepts(&plain, &text), "{text}");
            made += 1;
        }
        assert!(made > 0);
    }
}
