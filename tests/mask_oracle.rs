//! Masks against brute force that shares no code with the engine.
//!
//! A random schema is bound to a finite set of values by an `enum` at its root.
//! Another validator says which of them satisfy it, so the language is known
//! exactly: the spellings of those. At random places in them, and beside them,
//! every bit of the mask, every push and the oracle have to agree.

use formwork::{Grammar, Matcher, SchemaError, TokenId, Vocab, mask};
use formwork_testkit::spell::{Style, spell};
use formwork_testkit::universe::universe;
use formwork_testkit::walk::{mask_of, show};
use formwork_testkit::{Judge, Oracle, Rng, schema, vocab};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support;

/// White space in each place; one more would be refused.
const SPACE: u32 = 1;

/// Counts of a run.
#[derive(Default)]
struct Tally {
    compiled: u32,
    refused: u32,
    unsatisfiable: u32,
    masks: u32,
}

#[test]
fn masks_are_what_brute_force_says() {
    run(schema::any_schema(), 1500, 1);
}

#[test]
fn masks_of_focused_schemas_are_what_brute_force_says() {
    run(schema::any_focused_schema(), 800, 2);
}

fn run(schemas: impl Strategy<Value = Value>, cases: u32, salt: u64) {
    let vocabs: Vec<_> = (0..4)
        .map(|seed| support::compiler(vocab::toy(seed + salt)))
        .collect();
    let tally = std::cell::RefCell::new(Tally::default());
    let mut runner = proptest::test_runner::TestRunner::new(support::config(cases));
    let result = runner.run(&(schemas, any::<u64>()), |(schema, seed)| {
        let mut rng = Rng::new(seed ^ salt);
        let compiler = rng.pick(&vocabs);
        let (document, valid) = bound(&schema, &mut rng)?;
        let grammar = match support::compile(compiler, &document, SPACE) {
            Ok(grammar) => grammar,
            Err(SchemaError::Unsatisfiable(_)) => {
                prop_assert!(
                    valid.is_empty(),
                    "called unsatisfiable: {document}, but {valid:?}"
                );
                tally.borrow_mut().unsatisfiable += 1;
                return Ok(());
            }
            Err(SchemaError::Refused(_) | SchemaError::Limit { .. }) => {
                tally.borrow_mut().refused += 1;
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(format!("{error}: {document}"))),
        };
        prop_assert!(!valid.is_empty(), "should be unsatisfiable: {document}");
        tally.borrow_mut().compiled += 1;
        let masks = check(&grammar, compiler.vocab(), &valid, &mut rng);
        tally.borrow_mut().masks += masks.map_err(|why| {
            TestCaseError::fail(format!("{why}\nschema {document}\nvalues {}", json!(valid)))
        })?;
        Ok(())
    });
    let tally = tally.into_inner();
    eprintln!(
        "{} compiled, {} unsatisfiable, {} refused; {} masks",
        tally.compiled, tally.unsatisfiable, tally.refused, tally.masks
    );
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(
        tally.refused * 20 <= tally.compiled,
        "too many schemas are refused"
    );
    assert!(tally.compiled * 3 >= cases, "too few schemas have values");
}

/// The schema with an `enum` of random values, and those that satisfy it.
fn bound(schema: &Value, rng: &mut Rng) -> Result<(Value, Vec<Value>), TestCaseError> {
    let mut values = universe(schema, 6, rng);
    // Draft 4 tells integers by their spelling, which an `enum` does not have.
    if schema
        .get("$schema")
        .is_some_and(|uri| uri.to_string().contains("draft-04"))
    {
        values.retain(|value| !has_number(value));
    }
    let mut document = schema.clone();
    let Value::Object(members) = &mut document else {
        return Err(TestCaseError::reject("not an object"));
    };
    let mut all = match members.shift_remove("allOf") {
        Some(Value::Array(all)) => all,
        _ => Vec::new(),
    };
    all.push(json!({"enum": values}));
    members.insert("allOf".into(), Value::Array(all));
    let Some(judge) = Judge::new(&document) else {
        return Err(TestCaseError::reject("the validator takes no such schema"));
    };
    values.retain(|value| judge.accepts(value));
    Ok((document, values))
}

fn has_number(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::Array(items) => items.iter().any(has_number),
        Value::Object(members) => members.values().any(has_number),
        _ => false,
    }
}

/// Compares at places in spellings of the values and beside them; the number of
/// masks compared.
fn check(grammar: &Grammar, vocab: &Vocab, valid: &[Value], rng: &mut Rng) -> Result<u32, String> {
    let oracle = Oracle::new(valid.to_vec(), SPACE);
    let style = Style {
        space: SPACE,
        exponents: true,
        keep_numbers: false,
    };
    let mut masks = 0;
    for round in 0..6 {
        let text = spell(rng.pick(valid), style, rng).into_bytes();
        let mut whole = grammar.matcher();
        if whole.push_bytes(&text).is_err() || !whole.is_complete() {
            return Err(format!("{} is refused", show(&text)));
        }
        let mut prefix = text;
        match round {
            0 => {}
            1..=3 => prefix.truncate(rng.below(prefix.len() + 1)),
            _ => {
                // A near miss: one more byte, often one that does not fit.
                prefix.truncate(rng.below(prefix.len() + 1));
                prefix.push(*rng.pick(b"\"\\,:{}[] \n0159.eE-+abcnu\xc3\xa9\xf0"));
            }
        }
        let mut matcher = grammar.matcher();
        let pushed = matcher.push_bytes(&prefix).is_ok();
        if pushed != oracle.starts(&prefix) {
            return Err(format!("{} is read: {pushed}", show(&prefix)));
        }
        if pushed {
            compare(&matcher, vocab, &oracle, &prefix)?;
            masks += 1;
        }
    }
    Ok(masks)
}

/// Mask, push and oracle for every token.
fn compare(matcher: &Matcher, vocab: &Vocab, oracle: &Oracle, prefix: &[u8]) -> Result<(), String> {
    // The second is the first one kept, the third is read from the cache.
    let rows = [mask_of(matcher), mask_of(matcher), mask_of(matcher)];
    if rows[0] != rows[1] || rows[1] != rows[2] {
        return Err(format!("after {} the mask changes", show(prefix)));
    }
    let complete = oracle.spells(prefix);
    if matcher.is_complete() != complete {
        return Err(format!("{} is complete: {}", show(prefix), !complete));
    }
    let mut longer = prefix.to_vec();
    for id in (0..vocab.len() as u32).map(TokenId) {
        let bytes = vocab.bytes(id);
        longer.truncate(prefix.len());
        longer.extend_from_slice(bytes);
        let wanted = if bytes.is_empty() {
            complete && vocab.stop_ids().contains(&id)
        } else {
            oracle.starts(&longer)
        };
        let allowed = mask::get(&rows[0], id);
        let pushed = matcher.fork().push(id).is_ok();
        if allowed != wanted || pushed != wanted {
            return Err(format!(
                "after {} token {} is allowed: {allowed}, pushed: {pushed}, should be: {wanted}",
                show(prefix),
                show(bytes)
            ));
        }
    }
    Ok(())
}
