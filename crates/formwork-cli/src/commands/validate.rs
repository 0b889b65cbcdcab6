//! `formwork validate`.

use std::ops::ControlFlow;
use std::path::Path;

use formwork::{Grammar, PushError, TokenId};
use formwork_bench::{Bench, Oracle, Verdict, walk};
use serde::Serialize;

use crate::args::ValidateArgs;
use crate::error::CliError;
use crate::printer::{self, Printer};
use crate::source::Source;
use crate::status::ExitStatus;
use crate::{expect, input, location, restrictions};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Answer {
    file: String,
    accepted: bool,
    /// `exact`, or `subset` if a rejected text may be valid.
    grammar: String,
    #[serde(flatten)]
    fault: Option<Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oracle: Option<bool>,
}

/// Where and why a text is rejected.
#[derive(Serialize)]
struct Fault {
    /// Bytes before the first that is not allowed.
    offset: usize,
    line: usize,
    column: usize,
    expected: String,
    /// Whether the text ends there.
    unfinished: bool,
}

pub(super) fn run(args: &ValidateArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let source = Source::against(&args.against)?;
    let options = args.options.build()?;
    let oracle = args
        .oracle
        .then(|| Oracle::with_documents(&source.text, &options.documents))
        .transpose()?;
    let bench = input::bench(args.tokenizer.as_deref(), &args.cache)?;
    let grammar = source
        .compile(bench.compiler(), &options)
        .map_err(|error| source.error(&error))?;
    restrictions::warn(source.path(), grammar.status(), printer);
    let mut status = ExitStatus::Yes;
    for file in &args.files {
        let text = input::read(file)?;
        let text = match source.is_schema() {
            true => without_line_end(&text),
            false => &text,
        };
        let fault = judge(&bench, &grammar, text)?;
        let answer = Answer {
            file: input::name(file),
            accepted: fault.is_none(),
            grammar: grammar.status().to_string(),
            fault,
            oracle: oracle.as_ref().map(|oracle| oracle.accepts(text)),
        };
        status = status.max(answer.status());
        report(&answer, file, args.json, printer)?;
    }
    Ok(status)
}

impl Answer {
    fn contradicts_oracle(&self) -> bool {
        self.oracle.is_some_and(|oracle| oracle != self.accepted)
    }

    fn status(&self) -> ExitStatus {
        if self.contradicts_oracle() {
            ExitStatus::Error
        } else if self.accepted {
            ExitStatus::Yes
        } else {
            ExitStatus::No
        }
    }
}

fn report(answer: &Answer, file: &Path, json: bool, printer: &mut Printer) -> Result<(), CliError> {
    if json {
        printer.json(answer)?;
    } else if let Some(fault) = &answer.fault {
        let Fault {
            offset,
            line,
            column,
            expected,
            unfinished,
        } = fault;
        let ends = if *unfinished {
            "the text ends here, "
        } else {
            ""
        };
        printer.line(format_args!(
            "{}:{line}:{column}: rejected at byte {offset}: {ends}expected {expected}",
            answer.file
        ))?;
    } else {
        printer.line(format_args!("{}: accepted", answer.file))?;
    }
    if answer.contradicts_oracle() {
        let verdict = if answer.accepted {
            "rejects"
        } else {
            "accepts"
        };
        printer.flush()?;
        printer::error(&CliError::file(
            file,
            format_args!("the oracle {verdict} the text"),
        ));
    }
    Ok(())
}

fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Sends the text through the masks of `grammar`.
fn judge(bench: &Bench, grammar: &Grammar, text: &str) -> Result<Option<Fault>, CliError> {
    let tokens = bench.encoder().encode(text).map_err(CliError::other)?;
    let mut row = vec![0; bench.vocab().mask_words()];
    let mut matcher = grammar.matcher();
    let walked = walk(&mut matcher, bench.vocab(), &tokens, &mut row, |_| {
        ControlFlow::Continue(())
    });
    if walked.disagreements > 0 {
        return Err(CliError::other(
            "a mask contradicted a push; this is a defect",
        ));
    }
    match walked.verdict {
        Verdict::Accepted => Ok(None),
        Verdict::Unfinished => locate(bench, grammar, &tokens, tokens.len()).map(Some),
        Verdict::Rejected { token } => locate(bench, grammar, &tokens, token).map(Some),
        Verdict::Failed(message) => Err(CliError::other(message)),
        Verdict::Cancelled => Err(CliError::other("cancelled")),
    }
}

/// The place of a fault: within the token `at`, or at the end of the text if
/// there is no such token.
fn locate(
    bench: &Bench,
    grammar: &Grammar,
    tokens: &[TokenId],
    at: usize,
) -> Result<Fault, CliError> {
    let vocab = bench.vocab();
    let mut text: Vec<u8> = Vec::new();
    for &token in tokens.iter().take(at) {
        text.extend_from_slice(vocab.bytes(token));
    }
    let mut matcher = grammar.matcher();
    matcher.push_bytes(&text).map_err(CliError::other)?;
    if let Some(&token) = tokens.get(at) {
        let bytes = vocab.bytes(token);
        if let Err(PushError::Rejected { offset }) = matcher.push_bytes(bytes) {
            let readable = &bytes[..offset];
            matcher.push_bytes(readable).map_err(CliError::other)?;
            text.extend_from_slice(readable);
        }
    }
    let (line, column) = location::line_column(&text, text.len());
    Ok(Fault {
        offset: text.len(),
        line,
        column,
        expected: expect::describe(&matcher)?,
        unfinished: at == tokens.len(),
    })
}
