//! `formwork check`.

use formwork::cfg::{Analysis, RuleId, analyze};
use formwork::{
    CfgLimits, CompileError, Refusal, SchemaError, SchemaOptions, Status, cfg, check_cfg,
    check_json_schema, explain_json_schema,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::CheckArgs;
use crate::error::CliError;
use crate::printer::Printer;
use crate::restrictions::LeftOut;
use crate::source::{Kind, Source};
use crate::status::ExitStatus;
use crate::{explain, verdict};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Answer<'a> {
    verdict: &'static str,
    message: Option<String>,
    reasons: Vec<Reason<'a>>,
    /// What a subset leaves out.
    restrictions: Vec<LeftOut<'a>>,
    /// What the parts of the source became.
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<Value>,
}

#[derive(Serialize)]
struct Reason<'a> {
    pointer: &'a str,
    keyword: &'a str,
    reason: &'a str,
}

/// What the parts of a source became, for people and as an object.
struct Explained {
    text: String,
    object: Value,
}

pub(super) fn run(args: &CheckArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let source = Source::subject(&args.subject)?;
    let options = args.options.build()?;
    let (result, explained) = check(&source, &options, args.explain);
    let verdict = verdict::word(&result);
    let error = result.as_ref().err();
    let status = error.map_or(ExitStatus::Yes, verdict::status);
    let refusals = error.map(refusals).unwrap_or_default();
    let restrictions = result.as_ref().map(Status::restrictions);
    let restrictions = restrictions.unwrap_or_default();
    if args.json {
        printer.json(&Answer {
            verdict,
            message: error.map(ToString::to_string),
            reasons: refusals.iter().map(Reason::of).collect(),
            restrictions: restrictions.iter().map(LeftOut::of).collect(),
            explain: explained.map(|explained| explained.object),
        })?;
        return Ok(status);
    }
    printer.line(format_args!("{}: {verdict}", source.name()))?;
    for refusal in refusals {
        printer.line(format_args!("  {refusal}"))?;
    }
    for restriction in restrictions {
        printer.line(format_args!("  {restriction}"))?;
    }
    if let Some(error) = error.filter(|_| refusals.is_empty()) {
        for line in error.to_string().lines() {
            printer.line(format_args!("  {line}"))?;
        }
    }
    if let Some(explained) = explained {
        printer.text(explained.text)?;
    }
    Ok(status)
}

/// The verdict, and what became of the parts if that is wanted: what is refused
/// has become nothing.
fn check(
    source: &Source,
    options: &SchemaOptions,
    explain: bool,
) -> (Result<Status, CompileError>, Option<Explained>) {
    let (format, syntax) = match &source.kind {
        Kind::Schema => {
            let result = check_json_schema(&source.text, options);
            let explained = explain.then(|| explain_json_schema(&source.text, options).ok());
            let explained = explained.flatten().map(|explained| Explained {
                text: explained.to_string(),
                object: explain::object(&explained),
            });
            return (result.map_err(CompileError::Schema), explained);
        }
        Kind::Grammar(format, syntax) => (*format, syntax),
    };
    let grammar = match source.grammar(format, syntax) {
        Ok(grammar) => grammar,
        Err(error) => return (Err(error), None),
    };
    let limits = CfgLimits::default();
    let facts = explain.then(|| analyze(&grammar, &limits).ok()).flatten();
    let explained = facts.map(|facts| of_rules(&grammar, &facts));
    let result = check_cfg(&grammar, &limits, options);
    (result, explained)
}

/// The rules of a grammar, each with what is worth knowing of it.
fn of_rules(grammar: &cfg::Grammar, facts: &Analysis) -> Explained {
    let mut text = format!(
        "{} rules, {} terminals\n",
        grammar.rules.len(),
        grammar.terminals.len()
    );
    let mut rules = Vec::new();
    for (number, rule) in grammar.rules.iter().enumerate() {
        let id = RuleId(number as u32);
        let known = [
            (!facts.is_productive(id), "derives nothing"),
            (!facts.is_reachable(id), "not used"),
            (facts.is_nullable(id), "may be empty"),
            (facts.is_left_recursive(id), "left-recursive"),
            (
                facts.is_recursive(id) && !facts.is_left_recursive(id),
                "recursive",
            ),
            (facts.is_cyclic(id), "derives itself"),
        ];
        let known = known.iter().filter(|(holds, _)| *holds);
        let known: Vec<&str> = known.map(|(_, fact)| *fact).collect();
        rules.push(json!({
            "name": rule.name,
            "span": [rule.span.start, rule.span.end],
            "facts": known,
        }));
        if !known.is_empty() {
            text.push_str(&format!("  {}: {}\n", rule.name, known.join(", ")));
        }
    }
    let object = json!({ "terminals": grammar.terminals.len(), "rules": rules });
    Explained { text, object }
}

fn refusals(error: &CompileError) -> &[Refusal] {
    match error {
        CompileError::Schema(error) => SchemaError::refusals(error),
        _ => &[],
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
