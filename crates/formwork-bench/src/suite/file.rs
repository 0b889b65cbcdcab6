//! One file of the suite.

use std::ops::ControlFlow;
use std::path::Path;

use formwork::{CompileError, Grammar, SchemaError, SchemaOptions};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::remotes::Options;
use super::score::{Score, Wrong};
use super::spelling::{Numbers, has_exponents, spellings};
use super::{Kind, Part};
use crate::walk::{Verdict, walk};
use crate::{Bench, BenchError, guard, python, refusal};

/// A required test ends in this if it holds only where formats are not
/// asserted.
const ANNOTATION_ONLY: &str = "only an annotation by default";

#[derive(Deserialize)]
struct Group<'a> {
    description: String,
    #[serde(borrow)]
    schema: &'a RawValue,
    #[serde(borrow)]
    tests: Vec<Test<'a>>,
}

#[derive(Deserialize)]
struct Test<'a> {
    description: String,
    #[serde(borrow)]
    data: &'a RawValue,
    valid: bool,
}

/// What is known of a schema before its instances are read.
enum Compiled {
    Grammar(Grammar),
    NoInstance,
    Refused,
    Panicked(String),
}

/// What a test came to.
#[derive(PartialEq, Eq)]
enum Got {
    Accepted,
    Rejected,
    /// By a schema of which only a part is compiled.
    LeftOut,
    Refused,
    Nothing(String),
}

impl Got {
    fn is_accepted(&self) -> bool {
        *self == Got::Accepted
    }
}

/// Runs the tests of a file, adding to `score`.
pub(super) fn run(
    bench: &Bench,
    path: &Path,
    part: &Part,
    options: &Options,
    score: &mut Score,
) -> Result<(), BenchError> {
    let text = std::fs::read_to_string(path).map_err(BenchError::io(path))?;
    let groups: Vec<Group<'_>> =
        serde_json::from_str(&text).map_err(|error| BenchError::layout(path, error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for group in &groups {
        let schema = with_dialect(group.schema.get(), part.uri);
        let compiled = compile(bench, &schema, options.of(&schema), score);
        for test in &group.tests {
            if part.kind == Kind::Core && test.description.ends_with(ANNOTATION_ONLY) {
                score.skipped += 1;
                continue;
            }
            let text = python::compact(test.data.get());
            let mut got = read(bench, &compiled, &text);
            for (spelling, other) in compiled.spellings(&text, &schema) {
                score.spellings += 1;
                let changed = read(bench, &compiled, &other);
                if changed.is_accepted() != got.is_accepted() {
                    score.disagree += 1;
                    got = Got::Nothing(format!("another verdict {spelling}: {other}"));
                    break;
                }
            }
            tally(score, test.valid, got, |got| Wrong {
                file: name.clone().into_owned(),
                group: group.description.clone(),
                test: test.description.clone(),
                got,
            });
        }
    }
    Ok(())
}

impl Compiled {
    /// Other spellings of an instance, for schemas that read instances. None
    /// if the instance itself is spelled in a way that need not be read.
    fn spellings(&self, text: &str, schema: &str) -> Vec<(&'static str, String)> {
        if !matches!(self, Compiled::Grammar(_)) {
            return Vec::new();
        }
        let numbers = if schema.contains("draft-04") {
            Numbers::AsIs // they tell integers by their spelling
        } else if schema.contains("multipleOf") {
            if has_exponents(text) {
                return Vec::new();
            }
            Numbers::Decimals
        } else {
            Numbers::Exponents
        };
        spellings(text, numbers)
    }
}

fn compile(bench: &Bench, schema: &str, options: &SchemaOptions, score: &mut Score) -> Compiled {
    match guard::catch(|| bench.compiler().json_schema(schema, options)) {
        Ok(Ok(grammar)) => Compiled::Grammar(grammar),
        Ok(Err(CompileError::Schema(SchemaError::Unsatisfiable(_)))) => Compiled::NoInstance,
        Ok(Err(error)) => {
            for reason in refusal::reasons(&error) {
                *score.refusals.entry(reason).or_default() += 1;
            }
            Compiled::Refused
        }
        Err(message) => Compiled::Panicked(message),
    }
}

fn read(bench: &Bench, compiled: &Compiled, text: &str) -> Got {
    let grammar = match compiled {
        Compiled::Grammar(grammar) => grammar,
        Compiled::NoInstance => return Got::Rejected,
        Compiled::Refused => return Got::Refused,
        Compiled::Panicked(message) => return Got::Nothing(format!("panicked: {message}")),
    };
    let tokens = match bench.encoder().encode(text) {
        Ok(tokens) => tokens,
        Err(error) => return Got::Nothing(error.to_string()),
    };
    let walked = guard::catch(|| {
        let mut matcher = grammar.matcher();
        let mut row = vec![0; bench.vocab().mask_words()];
        walk(&mut matcher, bench.vocab(), &tokens, &mut row, |_| {
            ControlFlow::Continue(())
        })
    });
    match walked {
        Err(message) => Got::Nothing(format!("panicked: {message}")),
        Ok(walked) if walked.disagreements > 0 => {
            Got::Nothing("a mask contradicted a push".to_owned())
        }
        Ok(walked) => match walked.verdict {
            Verdict::Accepted => Got::Accepted,
            Verdict::Rejected { .. } | Verdict::Unfinished if grammar.status().is_exact() => {
                Got::Rejected
            }
            Verdict::Rejected { .. } | Verdict::Unfinished => Got::LeftOut,
            Verdict::Failed(message) => Got::Nothing(message),
            Verdict::Cancelled => Got::Nothing("cancelled".to_owned()),
        },
    }
}

fn tally(score: &mut Score, valid: bool, got: Got, wrong: impl FnOnce(String) -> Wrong) {
    score.total += 1;
    let got = match got {
        Got::Refused => {
            score.refused += 1;
            return;
        }
        Got::LeftOut if valid => {
            score.left_out += 1;
            return;
        }
        Got::Accepted if valid => None,
        Got::Rejected | Got::LeftOut if !valid => None,
        Got::Accepted => Some("accepted".to_owned()),
        Got::Rejected | Got::LeftOut => Some("rejected".to_owned()),
        Got::Nothing(message) => Some(message),
    };
    match got {
        None => score.pass += 1,
        Some(got) => {
            score.wrong += 1;
            score.wrong_tests.push(wrong(got));
        }
    }
}

/// The schema with a `$schema`, unless it has one or is a boolean.
fn with_dialect(schema: &str, uri: &str) -> String {
    let has_one = serde_json::from_str::<serde_json::Value>(schema)
        .is_ok_and(|schema| schema.get("$schema").is_some());
    match schema.trim_start().strip_prefix('{') {
        Some(rest) if !has_one => {
            let comma = if rest.trim_start().starts_with('}') {
                ""
            } else {
                ","
            };
            format!("{{\"$schema\":\"{uri}\"{comma}{rest}")
        }
        _ => schema.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects() {
        assert_eq!(with_dialect("true", "u"), "true");
        assert_eq!(with_dialect("{ }", "u"), r#"{"$schema":"u" }"#);
        assert_eq!(with_dialect(r#"{"a":1}"#, "u"), r#"{"$schema":"u","a":1}"#);
        let own = r#"{"$schema":"v"}"#;
        assert_eq!(with_dialect(own, "u"), own);
        let inner = r#"{"properties":{"$schema":{}}}"#;
        assert!(with_dialect(inner, "u").starts_with(r#"{"$schema":"u","properties""#));
    }

    #[test]
    fn tallies() {
        let mut score = Score::default();
        let wrong = |got| Wrong {
            file: String::new(),
            group: String::new(),
            test: String::new(),
            got,
        };
        tally(&mut score, true, Got::Accepted, wrong);
        tally(&mut score, false, Got::Rejected, wrong);
        tally(&mut score, false, Got::Refused, wrong);
        tally(&mut score, true, Got::Rejected, wrong);
        tally(&mut score, true, Got::Nothing("limit".to_owned()), wrong);
        tally(&mut score, true, Got::LeftOut, wrong);
        tally(&mut score, false, Got::LeftOut, wrong);
        assert_eq!(
            (score.total, score.pass, score.refused, score.wrong),
            (7, 3, 1, 2)
        );
        assert_eq!(score.left_out, 1);
        assert_eq!(score.wrong_tests[1].got, "limit");
    }
}
