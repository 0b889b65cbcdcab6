//! `formwork witness`.

use std::collections::HashSet;
use std::sync::Arc;

use formwork::{Compiler, Grammar, LoadOptions, Vocab, samples, witness};
use formwork_bench::Oracle;
use serde::Serialize;

use crate::args::WitnessArgs;
use crate::error::CliError;
use crate::printer::{self, Printer};
use crate::source::Source;
use crate::status::ExitStatus;
use crate::{restrictions, verdict};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Answer {
    text: String,
    bytes: usize,
    /// Whether no valid text has fewer bytes; only without `--count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortest: Option<bool>,
    /// What the other validator says, if it says anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    oracle: Option<bool>,
}

pub(super) fn run(args: &WitnessArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let source = Source::subject(&args.subject)?;
    let options = args.options.build_compact()?;
    let grammar = match source.compile(&bytes()?, &options) {
        Ok(grammar) => grammar,
        Err(error) => {
            printer::error(&source.error(&error));
            return Ok(verdict::status(&error));
        }
    };
    restrictions::warn(source.path(), grammar.status(), printer);
    let oracle = match Oracle::with_documents(&source.text, &options.documents) {
        _ if args.no_check || !source.is_schema() => None,
        Ok(oracle) => Some(oracle),
        Err(error) => {
            printer::warning(&error);
            None
        }
    };
    let answers: Vec<Answer> = match args.count {
        None => vec![shortest(&grammar)?],
        Some(count) => random(&grammar, args.seed, count)?,
    };
    let wanted = args.count.unwrap_or(1);
    if answers.len() < wanted && !printer.is_quiet() {
        let found = answers.len();
        printer::warning(&format_args!("only {found} different texts were found"));
    }
    let mut status = ExitStatus::Yes;
    for mut answer in answers {
        answer.oracle = oracle.as_ref().map(|oracle| oracle.accepts(&answer.text));
        if answer.oracle == Some(false) {
            status = ExitStatus::Error;
            printer::error(&format_args!("the oracle rejects {}", answer.text));
        }
        if args.json {
            printer.json(&answer)?;
        } else if source.is_schema() {
            printer.line(one_line(&answer.text))?;
        } else if args.count.is_some() {
            printer.json(&answer.text)?;
        } else {
            printer.line(&answer.text)?;
        }
    }
    Ok(status)
}

/// A compiler whose tokens are the bytes.
fn bytes() -> Result<Compiler, CliError> {
    let tokens = (0..=255u8).map(|byte| [byte]);
    let vocab = Vocab::from_byte_strings(tokens, &LoadOptions::new()).map_err(CliError::other)?;
    Compiler::new(Arc::new(vocab)).map_err(CliError::other)
}

impl Answer {
    fn new(text: String, shortest: Option<bool>) -> Answer {
        Answer {
            bytes: text.len(),
            text,
            shortest,
            oracle: None,
        }
    }
}

fn shortest(grammar: &Grammar) -> Result<Answer, CliError> {
    match witness(grammar).map_err(CliError::other)? {
        Some(found) => Ok(Answer::new(found.text, Some(found.is_shortest))),
        None => Err(CliError::other(
            "every valid text is very long, or needs tokens that are no text",
        )),
    }
}

/// Different texts. Where many in a row are known already there may be no more.
fn random(grammar: &Grammar, seed: u64, count: usize) -> Result<Vec<Answer>, CliError> {
    const MAX_KNOWN: usize = 200;
    let mut known: HashSet<String> = HashSet::new();
    let mut answers = Vec::new();
    let mut repeated = 0;
    for text in samples(grammar, seed) {
        if answers.len() >= count || repeated >= MAX_KNOWN {
            break;
        }
        let text = text.map_err(CliError::other)?;
        if known.insert(text.clone()) {
            repeated = 0;
            answers.push(Answer::new(text, None));
        } else {
            repeated += 1;
        }
    }
    Ok(answers)
}

/// The text on one line: line ends can only be white space between tokens.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
