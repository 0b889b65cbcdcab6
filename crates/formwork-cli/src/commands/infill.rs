//! `formwork infill`.

use std::ops::ControlFlow;
use std::sync::Arc;

use formwork::{CompileError, Compiler, TokenId, Whitespace};
use formwork_burn::load_masked;
use formwork_infill::schedule::{AdaBlock, SchedulerOptions};
use formwork_infill::{
    Canvas, Cells, Checker, FillOptions, FillStep, FreeCells, InfillError, Report, fill, settle,
};
use formwork_model::{MaskedModel, ModelFiles};
use serde::Serialize;

use crate::args::InfillArgs;
use crate::error::CliError;
use crate::printer::{self, Printer};
use crate::source::Source;
use crate::status::ExitStatus;
use crate::{holes, prompt, restrictions, text, verdict};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Answer<'a> {
    text: &'a str,
    scheduler: &'static str,
    seed: u64,
    model_calls: usize,
    filled_tokens: usize,
    forced_tokens: usize,
    reopened_tokens: usize,
    rejected_tokens: usize,
}

/// Why there is nothing to fill.
enum Refused {
    Source(CompileError),
    Canvas(InfillError),
}

pub(super) fn run(args: &InfillArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let source = Source::constraint(&args.constraint)?;
    let files = match &args.model {
        Some(path) => ModelFiles::open(path),
        None => ModelFiles::embedded_masked(),
    };
    let files = files.map_err(CliError::other)?;
    let tokenizer = &files.tokenizer;
    let canvas = match (&args.canvas, args.length) {
        (Some(text), _) => holes::canvas(text, tokenizer)?,
        (None, length) => Canvas::new().masks(length.unwrap_or(0)).end(),
    };
    let prompt = prompt::tokens(&args.prompt, &files)?;
    check_len(&canvas, &prompt, files.config.max_len)?;
    let model = load_masked(&files.config, &*files.weights, args.device);
    let mut model = model.map_err(CliError::other)?;
    let mut cells: Box<dyn Cells> = match &source {
        None => {
            let vocab = Arc::clone(tokenizer.vocab());
            Box::new(FreeCells::new(&canvas, vocab, model.mask_token()))
        }
        Some(source) => match open(source, args, &files, &canvas, printer)? {
            Ok(filling) => filling,
            Err(Refused::Source(error)) => {
                printer::error(&source.error(&error));
                return Ok(verdict::status(&error));
            }
            Err(Refused::Canvas(error @ InfillError::Infeasible)) => {
                printer::error(&error);
                return Ok(ExitStatus::No);
            }
            Err(Refused::Canvas(error)) => return Err(CliError::other(error)),
        },
    };
    let report = fill_cells(args, &mut *model, &mut *cells, &prompt)?;
    show(args, &*cells, &report, printer)?;
    if !printer.is_quiet() {
        printer::note(&format_args!(
            "{} tokens in {} passes, {} of them forced",
            report.commits, report.model_calls, report.forced
        ));
    }
    Ok(ExitStatus::Yes)
}

/// A canvas that is too long for the model is refused before it costs anything.
fn check_len(canvas: &Canvas, prompt: &[TokenId], most: usize) -> Result<(), CliError> {
    let len = canvas.positions().saturating_add(prompt.len());
    match len <= most {
        true => Ok(()),
        false => Err(CliError::other(format_args!(
            "prompt and canvas have {len} tokens together, and the model reads {most}"
        ))),
    }
}

/// Begins a canvas under a constraint, its gaps as short as they can be.
fn open(
    source: &Source,
    args: &InfillArgs,
    files: &ModelFiles,
    canvas: &Canvas,
    printer: &Printer,
) -> Result<Result<Box<dyn Cells>, Refused>, CliError> {
    let vocab = Arc::clone(files.tokenizer.vocab());
    let compiler = Compiler::new(Arc::clone(&vocab)).map_err(CliError::other)?;
    // Counting white space makes many states, and each costs here.
    let options = args.options.build_or(Whitespace::Any)?;
    let language = match source.language(&compiler, &options) {
        Ok(language) => language,
        Err(error) => return Ok(Err(Refused::Source(error))),
    };
    let checker = Checker::new(language, vocab);
    restrictions::warn(source.path(), checker.status(), printer);
    let opened = settle(&checker, canvas).and_then(|canvas| checker.open(&canvas));
    Ok(match opened {
        Ok(filling) => Ok(Box::new(filling)),
        Err(error) => Err(Refused::Canvas(error)),
    })
}

fn fill_cells(
    args: &InfillArgs,
    model: &mut dyn MaskedModel,
    cells: &mut dyn Cells,
    prompt: &[TokenId],
) -> Result<Report, CliError> {
    let mut scheduler = args.scheduler.build(&SchedulerOptions {
        steps: args.steps.map(Into::into),
        block: args.block.map(Into::into),
        delimiters: AdaBlock::delimiters(cells.vocab()),
    });
    let options = FillOptions {
        temperature: args.temperature,
        top_p: args.top_p,
        seed: args.seed,
        cache: args.cache,
        refresh_every: args.refresh_every,
        guidance: args.guidance,
        ..FillOptions::default()
    };
    let mut trace = |step: &FillStep<'_>| {
        if args.trace {
            let shown = shown(step.cells);
            printer::note(&format_args!("{:>4} {shown}", step.model_calls));
        }
        ControlFlow::Continue(())
    };
    if args.trace {
        printer::note(&format_args!("     {}", shown(cells)));
    }
    fill(model, cells, &mut *scheduler, prompt, &options, &mut trace).map_err(CliError::other)
}

/// A canvas on a line: boxes are open.
fn shown(cells: &dyn Cells) -> String {
    let mut shown = String::new();
    let mut known = Vec::new();
    for position in 0..cells.len() {
        match cells.token(position) {
            Some(token) if cells.ends().contains(&token) => break,
            Some(token) => known.extend_from_slice(cells.vocab().bytes(token)),
            None => {
                shown.push_str(&text::plain(&known));
                known.clear();
                shown.push('▢');
            }
        }
    }
    shown + &text::plain(&known)
}

fn show(
    args: &InfillArgs,
    cells: &dyn Cells,
    report: &Report,
    printer: &mut Printer,
) -> Result<(), CliError> {
    let text = cells.text();
    // Without a constraint, a text may end within a character.
    let text = String::from_utf8_lossy(&text);
    if !args.json {
        printer.generated(&text)?;
        return Ok(());
    }
    printer.json(&Answer {
        text: &text,
        scheduler: args.scheduler.name(),
        seed: args.seed,
        model_calls: report.model_calls,
        filled_tokens: report.commits,
        forced_tokens: report.forced,
        reopened_tokens: report.reopened,
        rejected_tokens: report.rejected,
    })?;
    Ok(())
}
