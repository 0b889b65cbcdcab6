//! `formwork generate`.

use std::ops::ControlFlow;
use std::sync::Arc;

use formwork::{Compiler, Matcher, TokenId};
use formwork_burn::load;
use formwork_model::{
    Drafter, Finish, Generation, ModelFiles, PromptLookup, Request, Sampling, Stats, generate,
};
use serde::Serialize;

use crate::args::GenerateArgs;
use crate::error::CliError;
use crate::printer::{self, Printer};
use crate::source::Source;
use crate::status::ExitStatus;
use crate::{progress, prompt, restrictions, verdict};

/// So many texts are generated at once.
const BATCH: usize = 32;

/// What is printed with `--json`.
#[derive(Serialize)]
struct Answer<'a> {
    text: &'a str,
    seed: u64,
    tokens: usize,
    finish: &'static str,
    constraint_completed: bool,
    forced_tokens: usize,
    drafted_tokens: usize,
    accepted_tokens: usize,
}

pub(super) fn run(args: &GenerateArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let sampling = args.sampling.build();
    sampling.check().map_err(CliError::other)?;
    let files = match &args.model {
        Some(path) => ModelFiles::open(path),
        None => ModelFiles::embedded(),
    };
    let files = files.map_err(CliError::other)?;
    let vocab = files.tokenizer.vocab();
    let constraint = match Source::constraint(&args.constraint)? {
        None => None,
        Some(source) => {
            let compiler = Compiler::new(Arc::clone(vocab)).map_err(CliError::other)?;
            match source.compile(&compiler, &args.options.build_compact()?) {
                Ok(grammar) => {
                    restrictions::warn(source.path(), grammar.status(), printer);
                    Some(grammar.matcher())
                }
                Err(error) => {
                    printer::error(&source.error(&error));
                    return Ok(verdict::status(&error));
                }
            }
        }
    };
    let prompt = prompt::tokens_or_first(&args.prompt, &files)?;
    let mut model = load(&files.config, &*files.weights, args.device).map_err(CliError::other)?;
    let bar = progress::bar(args.count.get(), printer.is_quiet());
    let mut lookup = PromptLookup::default();
    let mut stats = Stats::default();
    let mut status = ExitStatus::Yes;
    let seeds: Vec<u64> = (0..args.count.get() as u64)
        .map(|n| args.seed.wrapping_add(n))
        .collect();
    for seeds in seeds.chunks(BATCH) {
        let requests: Vec<Request> = seeds
            .iter()
            .map(|&seed| request(args, sampling, &prompt, constraint.as_ref(), seed))
            .collect();
        let drafter = args.draft.then_some(&mut lookup as &mut dyn Drafter);
        let mut quiet = |_: usize, _: &[u8]| ControlFlow::Continue(());
        let generated = generate(&mut *model, vocab, &requests, drafter, &mut quiet);
        let generated = generated.map_err(CliError::other)?;
        add(&mut stats, &generated.stats);
        bar.inc(seeds.len() as u64);
        for (generation, &seed) in generated.generations.iter().zip(seeds) {
            if !generation.constraint_completed {
                status = ExitStatus::No;
                printer::warning(&format_args!(
                    "the text of seed {seed} is cut after {} tokens; more with --max-tokens",
                    generation.tokens.len()
                ));
            }
            show(args, generation, seed, printer)?;
        }
    }
    bar.finish_and_clear();
    if !printer.is_quiet() {
        printer::note(&summary(&stats));
    }
    Ok(status)
}

fn request(
    args: &GenerateArgs,
    sampling: Sampling,
    prompt: &[TokenId],
    constraint: Option<&Matcher>,
    seed: u64,
) -> Request {
    Request {
        prompt: prompt.to_vec(),
        constraint: constraint.cloned(),
        sampling,
        seed,
        max_tokens: args.max_tokens,
        must_complete: !args.may_cut,
        stop: args.stop.iter().map(|stop| stop.clone().into()).collect(),
    }
}

fn show(
    args: &GenerateArgs,
    generation: &Generation,
    seed: u64,
    printer: &mut Printer,
) -> Result<(), CliError> {
    // Without a constraint, a text may end within a character.
    let text = String::from_utf8_lossy(&generation.text);
    if !args.json {
        printer.generated(&text)?;
        return Ok(());
    }
    printer.json(&Answer {
        text: &text,
        seed,
        tokens: generation.tokens.len(),
        finish: match generation.finish {
            Finish::Complete => "complete",
            Finish::StopText => "stop_text",
            Finish::MaxTokens => "max_tokens",
            _ => "cancelled",
        },
        constraint_completed: generation.constraint_completed,
        forced_tokens: generation.forced,
        drafted_tokens: generation.drafted,
        accepted_tokens: generation.accepted,
    })?;
    Ok(())
}

fn add(all: &mut Stats, more: &Stats) {
    all.prompt_tokens += more.prompt_tokens;
    all.tokens += more.tokens;
    all.passes += more.passes;
    all.prefill += more.prefill;
    all.forward += more.forward;
    all.masks += more.masks;
    all.sampling += more.sampling;
    all.total += more.total;
}

fn summary(stats: &Stats) -> String {
    let seconds = (stats.total - stats.prefill).as_secs_f64().max(1e-9);
    format!(
        "{} tokens in {} passes, {:.1} token/s; masks took {:.2} % of the time",
        stats.tokens,
        stats.passes,
        stats.tokens as f64 / seconds,
        100.0 * stats.masks.as_secs_f64() / seconds,
    )
}
