//! Meaning of each construct, by example.

use super::*;

fn compiled(pattern: &str) -> Dfa {
    compile(pattern, &Limits::default()).unwrap_or_else(|e| panic!("{pattern}: {e}"))
}

#[track_caller]
fn check(pattern: &str, yes: &[&str], no: &[&str]) {
    let dfa = compiled(pattern);
    for word in yes {
        assert!(dfa.accepts(word), "{pattern} should match {word:?}");
    }
    for word in no {
        assert!(!dfa.accepts(word), "{pattern} should not match {word:?}");
    }
}

#[track_caller]
fn refused(pattern: &str) -> RegexErrorKind {
    match compile(pattern, &Limits::default()) {
        Ok(_) => panic!("{pattern} should be refused"),
        Err(error) => error.kind().clone(),
    }
}

#[test]
fn searches_unless_anchored() {
    check("b", &["b", "abc", "ab"], &["", "a"]);
    check("^b", &["b", "bc"], &["ab"]);
    check("b$", &["b", "ab"], &["ba", "b\n"]);
    check("", &["", "x"], &[]);
    check("^$", &[""], &["a", "\n"]);
    check("^a|b$", &["ax", "xb"], &["xa", "bx"]);
    let whole = compile_whole("a|ab*", &Limits::default()).unwrap();
    assert!(whole.accepts("abb") && whole.accepts("a") && !whole.accepts("xa"));
}

#[test]
fn assertions_hold_in_the_middle() {
    check("a^b", &[], &["ab", "a^b", "a\nb"]);
    check("(^a|b)c", &["ac", "xbc"], &["xac"]);
    check("a($|b)c", &["abc"], &["ac", "a"]);
    check("a*^b", &["b"], &["ab", ""]);
    check("^$^$", &[""], &["a"]);
    check("(^)*a", &["a", "ba"], &["b"]);
    check(
        "(?:^|,)x(?:$|,)",
        &["x", "a,x", "x,", ",x,y"],
        &["ax", "xa"],
    );
}

#[test]
fn word_boundaries() {
    check(
        r"\bfoo\b",
        &["foo", "a foo.", "foo-"],
        &["food", "xfoo", "_foo"],
    );
    check(r"\Boo\B", &["fooz"], &["foo", "oo"]);
    check(r"^\b", &["a"], &["", "-"]);
    check(r"^\B$", &[""], &["a"]);
    check(r"\b\B", &[], &["", "a", " a"]);
    check(r"^.\b.$", &["a-", "-a", "éa"], &["ab", "--", "é-"]);
}

#[test]
fn repetition() {
    check("^a{2}$", &["aa"], &["a", "aaa"]);
    check("^a{2,}$", &["aa", "aaaa"], &["a"]);
    check("^a{1,3}?$", &["a", "aaa"], &["", "aaaa"]);
    check("^(ab){0}$", &[""], &["ab"]);
    check("^(a*)*$", &["", "aaa"], &["b"]);
    check("^(a*)+?b??$", &["", "aab"], &["bb"]);
    check("^(){99999999}a$", &["a"], &[""]);
    check("^(a|b*){3,7}$", &["", "ab", "abbbb"], &["c"]);
}

#[test]
fn annex_b() {
    check("^a{$", &["a{"], &["a"]);
    check("^a{1$", &["a{1"], &[]);
    check("^a{,5}$", &["a{,5}"], &["a"]);
    check("^{}]$", &["{}]"], &[]);
    check(r"^\c$", &["\\c"], &["c"]);
    check(r"^\cA\x41\x4$", &["\u{1}Ax4"], &[]);
    check(r"^\101\08\8$", &["A\u{0}88"], &[]);
    check(r"^\u0041\u{1F600}\uD83D\uDE00\u12$", &["A😀😀u12"], &[]);
    check(r"^\-\/\@\i$", &["-/@i"], &[]);
    check(r"^(?=a)*b$", &["b"], &["a"]);
    check(r"^(?!a){2}b$", &["b"], &["a"]);
    check(r"^\k<a>$", &["k<a>"], &[]);
}

#[test]
fn classes() {
    check("^[[a-z]*[-]?[a-z]*]*$", &["[-a]", "]", "a-", "-"], &["A"]);
    check("^[]$", &[], &["", "]"]);
    check("^[^]$", &["a", "\n", "😀"], &["", "ab"]);
    check(r"^[\w-.]+$", &["a-.", "-"], &["+"]);
    check(r"^[a-\d]+$", &["a-0"], &["b"]);
    check(r"^[\b\]\c1\cA]+$", &["\u{8}]\u{11}\u{1}"], &["b"]);
    check(r"^[\c]+$", &["\\c"], &[]);
    check(r"^[^\uD800-\uDFFF]$", &["a", "😀"], &[]);
    check(r"^[\uD83D\uDE00-\uD83D\uDE02]$", &["😁"], &["😃"]);
    check(r"^[\uD800-\uDBFF]$", &[], &["😁", "a"]);
    check("^[--/]$", &["-", ".", "/"], &[","]);
    check(r"^[^a-z\s]$", &["A", "-"], &["a", "\u{FEFF}"]);
    check(r"^\d\D\w\W\s\S.$", &["1aa- x."], &["٣aa- x.", "1aa- x\n"]);
    check(r"^[\d-x]$", &["-", "x", "5"], &["w"]);
}

#[test]
fn properties() {
    check(r"^\p{L}\p{Lu}\P{Lu}[\p{Zs}]$", &["éÉé\u{3000}"], &["éée "]);
    check(
        r"^\p{Script=Greek}\p{sc=Cyrillic}\p{Any}$",
        &["αя\n"],
        &["aя\n"],
    );
    check(r"^\p$", &["p"], &[]);
    assert!(matches!(refused(r"\p{Nope}"), RegexErrorKind::Syntax(_)));
}

#[test]
fn lookahead() {
    check(
        "^(?!tag|category)",
        &["", "news", "ta"],
        &["tag", "tags", "category"],
    );
    check(
        "^(?!(tag|category)$)[a-z]+$",
        &["tags"],
        &["tag", "category", ""],
    );
    check(
        "^(?=.*[0-9])(?=.*[a-z]).{4,}$",
        &["abc1", "1111x"],
        &["abcd", "1a", "1111"],
    );
    check(
        "^((?!ab).)*$",
        &["", "ba", "aab".get(..2).unwrap_or("")],
        &["ab", "xaby"],
    );
    check("a(?!b)", &["a", "ac", "aba"], &["ab", "b"]);
    check("a(?=b$)", &["ab", "xab"], &["abc", "a"]);
    check("^(?=(?!ab)a).b?$", &["a"], &["ab", "b"]);
    check(
        "^(?:a(?=b)|b(?=a|$))*$",
        &["", "ab", "abab", "b"],
        &["aa", "a", "ba"],
    );
    check(r"^.(?=\b).$", &["a-"], &["ab"]);
    check(r"^a(?!^)b(?!\B)$", &["ab"], &[]);
    check(r"(?=^)a", &["ab"], &["ba"]);
    check("(?=a)(?=b)", &[], &["ab"]);
}

#[test]
fn refusals_name_the_reason() {
    use Unsupported::{AtomicGroup, Backreference, InlineFlags, Lookbehind};
    for (pattern, what) in [
        (r"(a)\1", Backreference),
        (r"\1(a)", Backreference),
        (r"(?<n>a)\k<n>", Backreference),
        (r"(?<=a\b)b", Lookbehind),
        ("(?<!a$)b", Lookbehind),
        ("(?<=(?<=a)b)c", Lookbehind),
        ("(?=.(?<=a))b", Lookbehind),
        ("(?i)b", InlineFlags),
        ("(?-i:b)", InlineFlags),
        ("(?>b)", AtomicGroup),
    ] {
        assert_eq!(
            refused(pattern),
            RegexErrorKind::Unsupported(what),
            "{pattern}"
        );
    }
    for pattern in [
        "a**",
        "*",
        "+",
        "?",
        "^*",
        r"\b+",
        "a{2}{3}",
        "{2}",
        "(",
        ")",
        "(?",
        "(?:",
        "[",
        "[a",
        "[z-a]",
        "a{3,2}",
        "\\",
        "[\\",
        "(?x",
        "(?<",
        "(?<1>a)",
        "a|*",
        r"\p{",
        "(?#a)",
        r"(?<n>a)\k",
    ] {
        assert!(compile(pattern, &Limits::default()).is_err(), "{pattern}");
        assert!(
            !matches!(refused(pattern), RegexErrorKind::TooLarge(_)),
            "{pattern}"
        );
    }
    let error = compile("ab(?<=c$)", &Limits::default()).unwrap_err();
    assert_eq!(error.offset(), 2);
    assert_eq!(error.to_string(), "lookbehind is not supported at offset 2");
}

#[test]
fn lookbehinds_see_the_whole_past() {
    let price = compile(r"(?<=[$€])\d+$", &Limits::default()).unwrap();
    assert!(price.accepts("about $12") && price.accepts("€7"));
    assert!(!price.accepts("12") && !price.accepts("$12 "));
    let tail = compile(r"^.*(?<!\.tmp)$", &Limits::default()).unwrap();
    assert!(tail.accepts("a.txt") && tail.accepts("") && !tail.accepts("a.tmp"));
    assert!(compile("(?<=a)*b", &Limits::default()).is_err());
    assert!(compile("^(?<=a)b", &Limits::default()).unwrap().is_empty());
}

#[test]
fn limits_hold() {
    let deep = "(".repeat(400);
    let bomb = "(((((a{5}){50}){50}){50}){50})";
    let empties = "((((){99999999}){99999999}){99999999})";
    let subsets = "(a|b)*a(a|b){30}$";
    let looks = format!("^({})*$", "(?=a|b)?".repeat(60));
    let long = "a".repeat(20_000);
    for (pattern, limit) in [
        (deep.as_str(), Some(LimitKind::Nesting)),
        (bomb, Some(LimitKind::NfaStates)),
        (empties, None),
        (subsets, Some(LimitKind::States)),
        (looks.as_str(), None),
        (long.as_str(), Some(LimitKind::PatternBytes)),
    ] {
        match (compile(pattern, &Limits::default()), limit) {
            (Ok(_), limit) => assert_eq!(limit, None),
            (Err(error), limit) => match error.kind() {
                RegexErrorKind::TooLarge(error) => assert_eq!(Some(error.limit()), limit),
                other => panic!("{other:?}"),
            },
        }
    }
}

#[test]
fn small_automata() {
    for (pattern, states) in [
        ("[0-9]{10}", 11),
        (".{1,5000}", 2),
        ("^.{1,5000}$", 5001),
        ("^[a-z0-9-]{1,63}$", 64),
        (r"^\d{4}-\d{2}-\d{2}$", 11),
        ("^(.{1,100}){1,100}$", 10_001),
        (r"^(.{1,63}\.)+$", 66),
        ("", 1),
        ("a^", 0),
    ] {
        assert_eq!(compiled(pattern).state_count(), states, "{pattern}");
    }
}
