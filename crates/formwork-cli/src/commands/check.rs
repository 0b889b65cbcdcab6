//! `formwork check`.

use formwork::{Refusal, SchemaError, Status, check_json_schema, explain_json_schema};
use serde::Serialize;

use crate::args::CheckArgs;
use crate::error::CliError;
use crate::printer::Printer;
use crate::restrictions::LeftOut;
use crate::status::ExitStatus;
use crate::{explain, input};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Answer<'a> {
    verdict: &'static str,
    message: Option<String>,
    reasons: Vec<Reason<'a>>,
    /// What a subset leaves out.
    restrictions: Vec<LeftOut<'a>>,
    /// What the parts of the schema became.
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Reason<'a> {
    pointer: &'a str,
    keyword: &'a str,
    reason: &'a str,
}

pub(super) fn run(args: &CheckArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let text = input::read(&args.schema)?;
    let options = args.options.build()?;
    let result = check_json_schema(&text, &options);
    // What is refused has become nothing.
    let explained = match args.explain {
        true => explain_json_schema(&text, &options).ok(),
        false => None,
    };
    let (verdict, status) = judge(&result);
    let error = result.as_ref().err();
    let refusals = error.map(SchemaError::refusals).unwrap_or_default();
    let restrictions = result.as_ref().map(Status::restrictions);
    let restrictions = restrictions.unwrap_or_default();
    if args.json {
        printer.json(&Answer {
            verdict,
            message: error.map(ToString::to_string),
            reasons: refusals.iter().map(Reason::of).collect(),
            restrictions: restrictions.iter().map(LeftOut::of).collect(),
            explain: explained.as_ref().map(explain::object),
        })?;
        return Ok(status);
    }
    printer.line(format_args!("{}: {verdict}", input::name(&args.schema)))?;
    for refusal in refusals {
        printer.line(format_args!("  {refusal}"))?;
    }
    for restriction in restrictions {
        printer.line(format_args!("  {restriction}"))?;
    }
    match error {
        Some(error) if refusals.is_empty() => printer.line(format_args!("  {error}"))?,
        _ => {}
    }
    if let Some(explained) = explained {
        printer.text(explained)?;
    }
    Ok(status)
}

fn judge(result: &Result<Status, SchemaError>) -> (&'static str, ExitStatus) {
    match result {
        Ok(Status::Exact) => ("exact", ExitStatus::Yes),
        Ok(Status::Subset(_)) => ("subset", ExitStatus::Yes),
        Err(error) => {
            let verdict = match error {
                SchemaError::Syntax { .. } => "not JSON",
                SchemaError::Invalid(_) => "not a schema",
                SchemaError::Unsatisfiable(_) => "unsatisfiable",
                SchemaError::Limit { .. } => "over a limit",
                _ => "refused",
            };
            (verdict, status_of(error))
        }
    }
}

/// Whether there is an answer about a schema that does not compile.
pub(super) fn status_of(error: &SchemaError) -> ExitStatus {
    match error {
        SchemaError::Syntax { .. } | SchemaError::Invalid(_) => ExitStatus::Error,
        _ => ExitStatus::No,
    }
}

impl Reason<'_> {
    fn of(refusal: &Refusal) -> Reason<'_> {
        Reason {
            pointer: &refusal.pointer,
            keyword: &refusal.keyword,
            reason: &refusal.reason,
        }
    }
}
