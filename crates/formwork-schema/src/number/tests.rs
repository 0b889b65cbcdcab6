//! Number automata against a naive reading of the literals.

use formwork_grammar::Terminal;
use proptest::prelude::*;

use super::*;
use crate::node::Bound;

/// Builds the automaton of a set of literals, as the solver does.
fn automaton(types: TypeSet, by_spelling: bool, literals: &[Literal]) -> ByteDfa {
    let Some((low, high)) = range(literals.iter()) else {
        return ByteDfa::from_words([]);
    };
    let divisors = literals
        .iter()
        .filter(|l| matches!(l, Literal::Multiple { .. }));
    let divisors: Vec<Literal> = divisors.cloned().collect();
    let base = Interval {
        low,
        high,
        kinds: types,
        by_spelling,
        exponents: divisors.is_empty(),
    };
    let residues = Residues::group(&divisors).expect("small");
    let base = Part::Dfa(base.build(), true);
    let parts: Vec<Part> = std::iter::once(base)
        .chain(residues.into_iter().map(Part::Residues))
        .collect();
    product::product(&parts, 100_000).expect("small")
}

fn bound(text: &str, exclusive: bool) -> Option<Bound> {
    let value = Decimal::parse(text).expect("a number");
    Some(Bound { value, exclusive })
}

fn is_integer(text: &str, n: &Decimal, by_spelling: bool) -> bool {
    if by_spelling {
        !text.contains(['.', 'e', 'E'])
    } else {
        n.is_integer()
    }
}

/// Whether a number is spelled as the policy of this module has it.
fn is_normal(text: &str, exponents: bool) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return true;
    };
    let mantissa = mantissa.trim_start_matches('-');
    let digits = exponent.trim_start_matches(['+', '-']);
    let (int, frac) = mantissa.split_once('.').unwrap_or((mantissa, "1"));
    exponents
        && int.len() == 1
        && int != "0"
        && !frac.ends_with('0')
        && (1..=3).contains(&digits.len())
}

fn number() -> impl Strategy<Value = String> {
    (
        prop::bool::ANY,
        0u32..2000,
        prop::option::of("[0-9]{1,3}"),
        prop::option::of(("[eE][+-]?", 0u32..6)),
    )
        .prop_map(|(negative, int, frac, exponent)| {
            let sign = if negative { "-" } else { "" };
            let frac = frac.map_or(String::new(), |digits| format!(".{digits}"));
            let exponent = exponent.map_or(String::new(), |(e, n)| format!("{e}{n}"));
            format!("{sign}{int}{frac}{exponent}")
        })
}

fn plain() -> impl Strategy<Value = String> {
    (prop::bool::ANY, 0u32..1500, prop::option::of("[0-9]{1,2}")).prop_map(
        |(negative, int, frac)| {
            let sign = if negative { "-" } else { "" };
            let frac = frac.map_or(String::new(), |digits| format!(".{digits}"));
            format!("{sign}{int}{frac}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn intervals_and_multiples_accept_their_numbers(
        low in prop::option::of((plain(), prop::bool::ANY)),
        high in prop::option::of((plain(), prop::bool::ANY)),
        of in prop::option::of((prop::sample::select(vec!["1", "2", "7", "0.5", "0.01", "2.5"]), prop::bool::ANY)),
        kind in 0usize..3,
        by_spelling in prop::bool::ANY,
        texts in prop::collection::vec(number(), 40),
    ) {
        let types = [TypeSet::NUMBER, TypeSet::INTEGER, TypeSet::FRACTION][kind];
        let mut literals = vec![Literal::Range {
            low: low.and_then(|(text, exclusive)| bound(&text, exclusive)),
            high: high.and_then(|(text, exclusive)| bound(&text, exclusive)),
        }];
        if let Some((of, holds)) = of {
            let of = Decimal::parse(of).expect("a number");
            literals.push(Literal::Multiple { of, holds });
        }
        let exponents = literals.len() == 1;
        let dfa = automaton(types, by_spelling, &literals);
        for text in texts {
            let n = Decimal::parse(&text).expect("a number");
            let kind = if is_integer(&text, &n, by_spelling) {
                TypeSet::INTEGER
            } else {
                TypeSet::FRACTION
            };
            let wanted = types.meets(kind)
                && is_normal(&text, exponents)
                && literals.iter().all(|literal| satisfies(&n, literal));
            prop_assert_eq!(dfa.accepts(text.as_bytes()), wanted, "{} of {:?}", text, literals);
        }
    }

    #[test]
    fn several_multiples_are_told_together(
        of in prop::collection::vec(
            (
                prop::sample::select(vec!["2", "3", "6", "8", "11", "33", "1.5", "0.25", "0.04"]),
                prop::bool::ANY,
            ),
            1..5,
        ),
        from in 0u32..500,
    ) {
        let literals: Vec<Literal> = of
            .iter()
            .map(|(of, holds)| Literal::Multiple {
                of: Decimal::parse(of).expect("a number"),
                holds: *holds,
            })
            .collect();
        let combined = multiple::combine(&literals);
        let dfa = automaton(TypeSet::NUMBER, false, &combined);
        for k in from..from + 40 {
            let texts = [1, 6, 24, 33, 264].map(|step| (step * k).to_string());
            let fractions = ["5", "25", "04", "120", "125", "000"].map(|f| format!("{k}.{f}"));
            for text in texts.into_iter().chain(fractions) {
                let n = Decimal::parse(&text).expect("a number");
                let wanted = literals.iter().all(|literal| satisfies(&n, literal));
                prop_assert_eq!(dfa.accepts(text.as_bytes()), wanted, "{} of {:?}", text, of);
                let negative = format!("-{text}");
                prop_assert_eq!(dfa.accepts(negative.as_bytes()), wanted, "{}", negative);
            }
        }
    }

    #[test]
    fn finite_sets_accept_every_spelling(
        values in prop::collection::vec(plain(), 1..8),
        texts in prop::collection::vec(number(), 40),
        zeros in 0usize..3,
    ) {
        let set: Vec<Decimal> =
            values.iter().map(|text| Decimal::parse(text).expect("a number")).collect();
        let dfa = finite(set.clone());
        for text in texts {
            let n = Decimal::parse(&text).expect("a number");
            let wanted = set.contains(&n) && is_normal(&text, true);
            prop_assert_eq!(dfa.accepts(text.as_bytes()), wanted, "{} of {:?}", text, values);
        }
        for text in values {
            let point = if zeros > 0 && !text.contains('.') { "." } else { "" };
            let padded = format!("{text}{point}{}", "0".repeat(zeros));
            if !point.is_empty() || text.contains('.') || zeros == 0 {
                prop_assert!(dfa.accepts(padded.as_bytes()), "{}", padded);
            }
        }
    }
}

#[test]
fn every_state_is_live() {
    let dfa = automaton(
        TypeSet::NUMBER,
        false,
        &[
            Literal::Range {
                low: bound("3", false),
                high: bound("17", true),
            },
            Literal::Multiple {
                of: Decimal::parse("5").expect("a number"),
                holds: true,
            },
        ],
    );
    // 5, 10 and 15 only: no number starts with 2, 3 or a minus.
    for byte in *b"-23" {
        assert!(dfa.step(dfa.start(), byte).is_none());
    }
    assert!(dfa.accepts(b"15.000") && !dfa.accepts(b"20"));
}
