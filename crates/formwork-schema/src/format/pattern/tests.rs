//! Patterns against two compilers of patterns.

use formwork_automata::regex::{self, RegexErrorKind};

use super::super::tests::{Pair, Random, random_word};
use super::*;

fn dfa() -> Dfa {
    patterns(&Limits::default()).unwrap()
}

#[test]
fn knows_patterns() {
    let (dfa, outer) = (dfa(), outer(&Limits::default()).unwrap());
    assert!(dfa.state_count() < 10_000, "{}", dfa.state_count());
    for pattern in [
        "",
        r"([abc])+\s+$",
        r"^[A-Za-z_][A-Za-z0-9_\-]*$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^(?:(?:(?:(?:(?:(a|b){2,})*)+)?){3})$",
        r"^(?!.*(?:foo|bar(?!s)))(?=.{8,64}$)\S+$",
        r"(?<!\\)\/(?<=a)",
        r"[\u4e00-\u9fa5\u0400-\u04FF]|[\x00-\x7F]|[а-я]|[À-ÿ]|[α-ω]|[ぁ-ん]|[一-龥]",
        r"\p{Lu}\P{L}[\p{Nd}\d]\cA\0|\u{1F600}\x41\uABCD",
        r"[-a][a-][^\]-][\w-][--9][!-~][ -~]",
        r"x{0}y{1,}z{0,1}w{12,15}v{9,10}u{0,0}t{10,10}s*?r+?q??",
        r"(([0-9]{1,3})\.){3}([1-9]?[0-9])",
        r"^#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$",
        "[]|[^]|[[]",
    ] {
        assert!(dfa.accepts(pattern), "{pattern}");
        assert!(outer.accepts(pattern), "{pattern}");
    }
    for pattern in [
        "^(abc]",
        "a**",
        "(",
        ")",
        "*",
        "[a",
        "[b-a]",
        "[z-9]",
        r"\",
        r"\Z",
        r"\a",
        r"^\S(|(.|\n)*\S)\Z",
        "a{2,1}",
        "a{12,3}",
        "a{12,11}",
        "a{",
        "{1}",
        "]",
        "}",
        "^*",
        "(?=a)*",
        "(?<!a){2}",
        "(?a)",
        r"\u{110000}",
        r"\u12",
        r"\x1",
        r"[\d-z]",
        r"[a-\d]",
        r"\p{Xx}",
        r"\pL",
        r"\c1",
        r"\00",
        "[z-\\u0041]",
    ] {
        assert!(!dfa.accepts(pattern), "{pattern}");
    }
    for pattern in ["^(abc]", "a)", "(()", "+", r"\", "[a", r"[\]"] {
        assert!(!outer.accepts(pattern), "{pattern}");
    }
    // Annex B and other things that are left out.
    for pattern in [
        "a{",
        "]",
        r"\a",
        "(?<x>a)",
        r"(a)\1",
        "((((((((((a))))))))))",
    ] {
        assert!(outer.accepts(pattern), "{pattern}");
    }
}

#[test]
fn accepts_only_patterns() {
    let (dfa, outer) = (dfa(), outer(&Limits::default()).unwrap());
    let pair = Pair::new("regex");
    let mut random = Random(1);
    let limits = Limits {
        max_states: 100,
        max_steps: 10_000,
        max_nfa_states: 1000,
        ..Limits::default()
    };
    for wander in [3, 6, 12, 24, 60] {
        for _ in 0..4000 {
            let word = random_word(&dfa, wander, &mut random);
            assert!(outer.accepts(&word), "{word:?}");
            if let Err(error) = regex::compile(&word, &limits) {
                let syntax = matches!(error.kind(), RegexErrorKind::Syntax(_));
                assert!(!syntax, "{word:?}: {error}");
            }
            assert!(pair.is_valid(&word), "{word:?}");
        }
    }
}
