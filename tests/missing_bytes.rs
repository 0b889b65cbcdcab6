//! Vocabularies in which some bytes are no tokens: JSON does without, grammars are
//! refused if they might not.

use std::sync::Arc;

use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{CfgError, CfgLimits, CompileError, Compiler, Grammar, Vocab, mask};
use formwork_testkit::vocab::{toy, without};
use formwork_testkit::walk::{brute_mask, differences, mask_of, show};
use formwork_testkit::{Rng, schema};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support;

/// Control characters, and bytes that begin characters of one to four bytes.
const MISSING: &[u8] = b"\x04\x06\x1D\x7F\xC3\xE4\xF0\xF1\xF2";

fn compiler(seed: u64) -> Compiler {
    support::compiler(without(&toy(seed), MISSING))
}

/// Walks at random: no mask is empty, and all are those of pushes. Returns whether the
/// text came to its end.
fn walk(grammar: &Grammar, tokens: usize, rng: &mut Rng) -> Result<bool, String> {
    let vocab = grammar.index().vocab();
    let mut matcher = grammar.matcher();
    let mut text = Vec::new();
    for _ in 0..tokens {
        let row = mask_of(&matcher);
        if let Some(brute) = brute_mask(&matcher)
            && brute != row
        {
            let differences = differences(&matcher, &row, &brute);
            return Err(format!("after {}: {differences:?}", show(&text)));
        }
        let allowed: Vec<_> = mask::iter_ones(&row).collect();
        if allowed.is_empty() {
            return Err(format!("nothing may follow {}", show(&text)));
        }
        let token = *rng.pick(&allowed);
        matcher.push(token).map_err(|error| error.to_string())?;
        if matcher.is_terminated() {
            return Ok(true);
        }
        text.extend_from_slice(vocab.bytes(token));
    }
    Ok(false)
}

#[test]
fn json_does_without() {
    let compilers = [compiler(1), compiler(2)];
    let mut runner = proptest::test_runner::TestRunner::new(support::config(250));
    let result = runner.run(&(schema::any_schema(), any::<u64>()), |(schema, seed)| {
        let mut rng = Rng::new(seed);
        let Ok(grammar) = support::compile(rng.pick(&compilers), &schema, 1) else {
            return Ok(());
        };
        walk(&grammar, 25, &mut rng)
            .map(|_| ())
            .map_err(|why| TestCaseError::fail(format!("{why}\nschema {schema}")))
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Strings of nothing but characters that the vocabulary cannot write end as well.
#[test]
fn what_cannot_be_written_is_escaped() {
    let schemas: [Value; 4] = [
        json!({"const": "\u{4}\u{7F}é\u{4E2D}😀\u{40000}"}),
        json!({"type": "string", "pattern": "^[\u{40000}-\u{40010}]{3}$"}),
        json!({"enum": ["é", "éé", "\u{80000}x"]}),
        json!({
            "type": "object", "required": ["é"], "additionalProperties": false,
            "properties": {"é": {"const": "ä"}}
        }),
    ];
    let compiler = compiler(3);
    for schema in schemas {
        let grammar = support::compile(&compiler, &schema, 0).expect("a grammar");
        for seed in 0..u64::from(support::cases(20)) {
            // No text of these has so many bytes.
            let ended = walk(&grammar, 200, &mut Rng::new(seed));
            assert_eq!(ended, Ok(true), "{schema}");
        }
    }
}

#[test]
fn grammars_that_might_need_them_are_refused() {
    let compiler = compiler(4);
    let compile = |text: &str, format| {
        let grammar = parse(text, format, &SyntaxLimits::default()).expect("a grammar");
        compiler.cfg(&grammar, &CfgLimits::default())
    };
    let fine = [
        ("root ::= \"<\" [^<>]* \">\"", Format::Gbnf),
        ("root ::= [a-z\u{40000}]+", Format::Gbnf),
        // One terminal, whose words need not be these.
        ("root ::= [a-z]+ | \"é\"", Format::Gbnf),
        ("start: %json {\"const\": \"é\"}", Format::Lark),
    ];
    let mut rng = Rng::new(4);
    for (text, format) in fine {
        let grammar = compile(text, format).expect("a grammar");
        for _ in 0..20 {
            let walked = walk(&grammar, 30, &mut rng);
            assert!(walked.is_ok(), "{text}: {walked:?}");
        }
    }
    let refused = [
        "root ::= \"é\"",
        "root ::= \"a\" [\u{40000}-\u{40010}] | \"b\"",
        "root ::= [^a]* \"\u{1F600}\"",
    ];
    for text in refused {
        match compile(text, Format::Gbnf) {
            Err(CompileError::Cfg(CfgError::Unspellable { bytes, .. })) => {
                assert_eq!(bytes, MISSING, "{text}");
            }
            other => panic!("{text}: {:?}", other.map(|_| ())),
        }
    }
}

#[test]
fn some_bytes_have_to_be_tokens() {
    let vocab = toy(5);
    for (byte, is_needed) in [
        (b'a', true),
        (0x80, true),
        (b' ', true),
        (0xE4, false),
        (9, false),
    ] {
        let less: Arc<Vocab> = Arc::new(without(&vocab, &[byte]));
        assert_eq!(Compiler::new(less).is_err(), is_needed, "{byte:#x}");
    }
}
