//! The labelled instances of `schemas/`, byte by byte.

use std::collections::BTreeSet;

use formwork::SchemaError;
use formwork_testkit::{Rng, corpus, spell, vocab};

use crate::support;

/// Files that are refused, one name per line. The list may only shrink.
const REFUSED: &str = include_str!("expected/refused.txt");

#[test]
fn every_verdict_is_as_labelled() {
    let compiler = support::compiler(vocab::toy(5));
    let mut rng = Rng::new(11);
    let mut refused = BTreeSet::new();
    let (mut verdicts, mut wrong) = (0, Vec::new());
    for (name, file) in corpus() {
        let grammar = match support::compile(&compiler, &file["schema"], 4) {
            Ok(grammar) => grammar,
            Err(SchemaError::Refused(_) | SchemaError::Limit { .. }) => {
                refused.insert(name);
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        for test in file["tests"].as_array().expect("tests") {
            let valid = test["valid"] == true;
            let mut texts = vec![test["data"].to_string()];
            for _ in 0..3 {
                let style = spell::Style {
                    space: 4,
                    exponents: false,
                    // Draft 4 tells integers by their spelling.
                    keep_numbers: true,
                };
                texts.push(spell::spell(&test["data"], style, &mut rng));
            }
            for text in texts {
                verdicts += 1;
                let mut matcher = grammar.matcher();
                let accepted = matcher.push_bytes(text.as_bytes()).is_ok() && matcher.is_complete();
                if accepted != valid {
                    wrong.push(format!("{name}: {}: {text}", test["description"]));
                    break;
                }
            }
        }
    }
    eprintln!("{verdicts} verdicts; {} files refused", refused.len());
    assert!(wrong.is_empty(), "wrong verdicts:\n{}", wrong.join("\n"));
    let expected: BTreeSet<String> = REFUSED.lines().map(str::to_owned).collect();
    let new: Vec<_> = refused.difference(&expected).collect();
    assert!(new.is_empty(), "refused, and did not use to be: {new:?}");
    let gone: Vec<_> = expected.difference(&refused).collect();
    assert!(
        gone.is_empty(),
        "no longer refused; take these off the list: {gone:?}"
    );
}
