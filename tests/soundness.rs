//! Random schemas against another validator: every text that masks lead to is
//! valid, and every value is accepted exactly if it is valid; but a schema of
//! which only a part is compiled may leave valid ones out.

use formwork::{Compiler, Grammar, SchemaError};
use formwork_testkit::decimal::Decimal;
use formwork_testkit::spell::{Style, spell};
use formwork_testkit::universe::{arbitrary, mutate, universe};
use formwork_testkit::walk::{Stuck, generate, show};
use formwork_testkit::{Judge, Rng, schema, vocab};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{self, known};

/// White space in each place.
const SPACE: u32 = 2;

/// Values made from a generated one, each changed in one more place.
const NEAR: u32 = 3;

#[derive(Default)]
struct Tally {
    compiled: u32,
    refused: u32,
    limited: u32,
    unsatisfiable: u32,
    unjudged: u32,
    walks: u32,
    detours: u32,
    accepted: u32,
    rejected: u32,
    left_out: u32,
}

#[test]
fn walks_and_verdicts_agree_with_a_validator() {
    run(schema::any_schema(), 4000, 1);
}

#[test]
fn walks_and_verdicts_of_focused_schemas_agree_with_a_validator() {
    run(schema::any_focused_schema(), 1500, 2);
}

fn run(schemas: impl Strategy<Value = Value>, cases: u32, salt: u64) {
    let vocabs: Vec<_> = (0..4)
        .map(|seed| support::compiler(vocab::toy(seed + salt)))
        .collect();
    let tally = std::cell::RefCell::new(Tally::default());
    let mut runner = proptest::test_runner::TestRunner::new(support::config(cases));
    let result = runner.run(&(schemas, any::<u64>()), |(schema, seed)| {
        let mut rng = Rng::new(seed ^ salt);
        let tally = &mut tally.borrow_mut();
        let Some(judge) = Judge::new(&schema) else {
            tally.unjudged += 1;
            return Ok(());
        };
        let compiler = rng.pick(&vocabs);
        check(compiler, &schema, &judge, tally, &mut rng)
            .map_err(|why| TestCaseError::fail(format!("{why}\nschema {schema}")))
    });
    let tally = tally.into_inner();
    eprintln!(
        "{} compiled, {} unsatisfiable, {} refused, {} over a limit, {} not judged; \
         {} walks, {} with detours, {} values accepted, {} rejected, {} left out",
        tally.compiled,
        tally.unsatisfiable,
        tally.refused,
        tally.limited,
        tally.unjudged,
        tally.walks,
        tally.detours,
        tally.accepted,
        tally.rejected,
        tally.left_out
    );
    if let Err(error) = result {
        panic!("{error}");
    }
    let tried = tally.compiled + tally.refused + tally.limited;
    assert!(
        tally.compiled * 100 >= tried * 95,
        "less than 95 % of the schemas compile"
    );
    assert!(
        tally.accepted * 10 >= tally.rejected,
        "too few values are valid"
    );
}

fn check(
    compiler: &Compiler,
    schema: &Value,
    judge: &Judge,
    tally: &mut Tally,
    rng: &mut Rng,
) -> Result<(), String> {
    let mut values = universe(schema, 16, rng);
    values.extend((0..8).map(|_| arbitrary(3, rng)));
    let grammar = match support::compile(compiler, schema, SPACE) {
        Ok(grammar) => grammar,
        Err(SchemaError::Unsatisfiable(_)) => {
            tally.unsatisfiable += 1;
            return match values.into_iter().find(|value| judge.accepts(value)) {
                Some(value) => Err(format!("called unsatisfiable, but {value} is valid")),
                None => Ok(()),
            };
        }
        Err(SchemaError::Refused(_)) => {
            tally.refused += 1;
            return Ok(());
        }
        Err(SchemaError::Limit { .. }) => {
            tally.limited += 1;
            return Ok(());
        }
        Err(error) => return Err(error.to_string()),
    };
    tally.compiled += 1;
    for value in &values {
        verdict(&grammar, schema, value, judge, tally, rng)?;
    }
    for _ in 0..4 {
        let budget = rng.below(40);
        let generated = match generate(&grammar, budget, rng) {
            Ok(generated) => generated,
            Err(Stuck::Limit(error)) => return Err(error.to_string()),
            Err(Stuck::Endless(_)) if known::STEERING_HAS_DETOURS => continue,
            Err(Stuck::Endless(what) | Stuck::Broken(what)) => return Err(what),
        };
        tally.walks += 1;
        if let (false, Some(text)) = (known::STEERING_HAS_DETOURS, generated.detours.first()) {
            return Err(format!(
                "no byte lowers the bytes to go after {}",
                show(text)
            ));
        }
        tally.detours += u32::from(!generated.detours.is_empty());
        let text = std::str::from_utf8(&generated.text);
        let text = text.map_err(|_| format!("not UTF-8: {}", show(&generated.text)))?;
        let value: Value = serde_json::from_str(text)
            .map_err(|error| format!("not JSON: {}: {error}", show(text.as_bytes())))?;
        if !judge.accepts(&value) {
            return Err(format!("generated, but not valid: {text}"));
        }
        let mut near = value;
        for _ in 0..NEAR {
            near = mutate(near, rng);
            if !is_plain(&near) {
                break;
            }
            verdict(&grammar, schema, &near, judge, tally, rng)?;
        }
    }
    Ok(())
}

/// Whether every number can be written out.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Number(number) => Decimal::of(number).point.abs() < 1000,
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => members.values().all(is_plain),
        _ => true,
    }
}

/// Whether one spelling of a value is accepted exactly if it is valid.
fn verdict(
    grammar: &Grammar,
    schema: &Value,
    value: &Value,
    judge: &Judge,
    tally: &mut Tally,
    rng: &mut Rng,
) -> Result<(), String> {
    let style = Style {
        space: SPACE,
        // Multiples are read as plain decimals only.
        exponents: !schema.to_string().contains("multipleOf"),
        keep_numbers: false,
    };
    let text = spell(value, style, rng);
    let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let valid = judge.accepts(&value);
    let mut matcher = grammar.matcher();
    let accepted = match matcher.push_bytes(text.as_bytes()) {
        Ok(()) => matcher.is_complete(),
        Err(formwork::PushError::Engine(error)) => return Err(error.to_string()),
        Err(_) => false,
    };
    if valid && !accepted && !grammar.status().is_exact() {
        tally.left_out += 1;
        return Ok(());
    }
    if accepted {
        tally.accepted += 1;
    } else {
        tally.rejected += 1;
    }
    if accepted != valid {
        return Err(format!(
            "accepted: {accepted}, valid: {valid}, text {}",
            show(text.as_bytes())
        ));
    }
    Ok(())
}
