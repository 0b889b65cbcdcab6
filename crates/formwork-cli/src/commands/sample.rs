//! `formwork sample`.

mod curves;

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use formwork::{Compiler, Vocab};
use formwork_burn::load;
use formwork_model::ModelFiles;
use formwork_sample::{
    AtLimit, Canonical, Constraint, Cut, Encode, GrammarConstraint, LogitCache, Lookahead, Mcmc,
    Method, Model, Product, Sample, SampleError, SampleOptions, Sampler, Smc, Stop, Tally,
    WarpedModel, WeightedSet,
};
use serde::Serialize;

use crate::args::{CacheKind, MethodName, SampleArgs, StopRule, Tokens};
use crate::error::CliError;
use crate::printer::{self, Printer};
use crate::source::Source;
use crate::status::ExitStatus;
use crate::{plot, progress, prompt, restrictions, verdict};
use curves::Curves;

/// What is printed of a text with `--json`.
#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
    tokens: Vec<u32>,
    logp: f64,
    log_q: f64,
    log_w: f64,
    attempts: u64,
    model_rows: u64,
    truncated: bool,
}

/// What is printed of all of them. Numbers that are not finite are `null`.
#[derive(Serialize)]
struct Summary<'a> {
    method: &'a str,
    n: usize,
    distinct: usize,
    ess: f64,
    log_p_grammar: Option<f64>,
    kl: Option<f64>,
    kl_floor: f64,
    certificate: Bounds,
    attempts: u64,
    model_rows: u64,
    checks: u64,
}

/// At least the distance of what is proposed from what is aimed at.
#[derive(Serialize)]
struct Bounds {
    tv: f64,
    kl: Option<f64>,
}

pub(super) fn run(args: &SampleArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let Some(source) = Source::constraint(&args.constraint)? else {
        return Err(CliError::other("name --schema, --grammar or --regex"));
    };
    let has_tree = args.method.options().memory;
    if args.tree.is_some() && !has_tree {
        return Err(CliError::other(
            "--tree is for methods that learn: asap, ars, cars and is",
        ));
    }
    let files = match &args.model {
        Some(path) => ModelFiles::open(path),
        None => ModelFiles::embedded(),
    };
    let files = files.map_err(CliError::other)?;
    let vocab = files.tokenizer.vocab();
    let compiler = Compiler::new(Arc::clone(vocab)).map_err(CliError::other)?;
    let options = args.options.build_compact()?;
    let grammar = match source.compile(&compiler, &options) {
        Ok(grammar) => grammar,
        Err(error) => {
            printer::error(&source.error(&error));
            return Ok(verdict::status(&error));
        }
    };
    restrictions::warn(source.path(), grammar.status(), printer);
    // Whatever changes what the text means.
    let meaning = format!("{:?} {options:?}\n{}", source.kind, source.text);
    let grammar = GrammarConstraint::new(&grammar, meaning.as_bytes());

    let tokens = prompt::tokens_or_first(&args.prompt, &files)?;
    let mut model = load(&files.config, &*files.weights, args.device).map_err(CliError::other)?;
    let weights = weights_fingerprint(args.model.as_deref())?;
    let model = WarpedModel::new(&mut *model, &tokens, args.sampling.build(), weights);
    let model = model.map_err(CliError::other)?;
    let options = sample_options(args, vocab)?;
    match args.tokens {
        Tokens::Any => draw(args, model, grammar, options, vocab, printer),
        Tokens::Canonical => {
            let tokenizer = files.tokenizer;
            let vocab = Arc::clone(tokenizer.vocab());
            let encode: Encode = Arc::new(move |text| tokenizer.encode(text).ok());
            let canonical = Canonical::new(Arc::clone(&vocab), encode);
            let both = Product::new(grammar, canonical);
            draw(args, model, both, options, &vocab, printer)
        }
    }
}

fn sample_options(args: &SampleArgs, vocab: &Vocab) -> Result<SampleOptions, CliError> {
    let stop = match args.stop {
        StopRule::Complete => Stop::WhenComplete,
        StopRule::Token if vocab.stop_ids().is_empty() => {
            return Err(CliError::other(
                "the model has no stop token; use --stop complete",
            ));
        }
        StopRule::Token => Stop::Tokens(vocab.stop_ids().to_vec()),
    };
    let mut method = args.method.options();
    if args.tokens == Tokens::Canonical && method.lookahead == Lookahead::Mask {
        // A check encodes the whole text: only of tokens that are drawn.
        method.lookahead = Lookahead::Cheap;
    }
    Ok(SampleOptions {
        seed: args.seed,
        at_limit: if args.may_cut {
            AtLimit::Cut
        } else {
            AtLimit::Exclude
        },
        logit_cache: match args.logit_cache {
            CacheKind::None => LogitCache::None,
            CacheKind::Sparse => LogitCache::Sparse,
            CacheKind::F16 => LogitCache::F16,
            CacheKind::F32 => LogitCache::F32,
        },
        max_attempts: args.max_attempts,
        ..SampleOptions::new(method, stop, args.max_tokens)
    })
}

/// A number for the model's weights: where they are, and how many bytes they have.
fn weights_fingerprint(path: Option<&Path>) -> Result<u64, CliError> {
    let Some(path) = path else {
        return Ok(0);
    };
    let place = path
        .canonicalize()
        .map_err(|error| CliError::file(path, error))?;
    let size = place
        .metadata()
        .map_err(|error| CliError::file(path, error))?
        .len();
    let mut hasher = formwork_sample::Hasher::new();
    hasher.bytes(place.as_os_str().as_encoded_bytes());
    hasher.word(size);
    Ok(hasher.finish())
}

fn draw<M: Model, C: Constraint>(
    args: &SampleArgs,
    model: M,
    constraint: C,
    options: SampleOptions,
    vocab: &Vocab,
    printer: &mut Printer,
) -> Result<ExitStatus, CliError> {
    let mut sampler = Sampler::new(model, constraint, options).map_err(CliError::other)?;
    if let Some(path) = &args.tree {
        read_tree(&mut sampler, path)?;
    }
    if args.warm_up > 0 {
        sampler.warm_start(args.warm_up).map_err(CliError::other)?;
    }
    let mut curves = Curves::default();
    let bar = progress::bar(args.count.get(), printer.is_quiet());
    let count = args.count.get();
    let mut failed = None;
    let set = match args.method {
        MethodName::Is => sampler.weighted(count).map_err(CliError::other)?,
        MethodName::Awrs => sampler.awrs(count).map_err(CliError::other)?,
        MethodName::Smc => sampler.smc(&Smc::new(count)).map_err(CliError::other)?,
        _ => {
            let mut samples = Vec::new();
            for _ in 0..count {
                match one(args, &mut sampler) {
                    Ok(sample) => {
                        curves.add(&sample, sampler.certificate());
                        samples.push(sample);
                    }
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
                bar.inc(1);
            }
            let draws = samples.len();
            WeightedSet::new(samples, draws)
        }
    };
    bar.finish_and_clear();
    let mut tally = Tally::default();
    for sample in set.samples() {
        tally.add(sample, vocab);
        show(args, sample, vocab, printer)?;
    }
    let log_p_grammar = mass(args.method, &sampler, &set);
    if args.json {
        printer.json(&summary(args, &sampler, &set, &tally, log_p_grammar))?;
    }
    if let Some(path) = &args.plot {
        let base = base(&sampler, &tally, log_p_grammar);
        let diagrams = curves.diagrams(args.method.name(), set.samples(), base, vocab);
        std::fs::write(path, plot::svg(&diagrams)).map_err(|error| CliError::file(path, error))?;
    }
    if let Some(path) = &args.tree {
        let file = File::create(path).map_err(|error| CliError::file(path, error))?;
        let saved = sampler.save(BufWriter::new(file));
        saved.map_err(|error| CliError::file(path, error))?;
    }
    if let Some(error) = failed {
        printer.flush()?;
        printer::error(&error);
        let is_about_texts = matches!(
            error,
            SampleError::BudgetSpent { .. }
                | SampleError::EmptyLanguage { .. }
                | SampleError::NoMassLeft
        );
        return Ok(if is_about_texts {
            ExitStatus::No
        } else {
            ExitStatus::Error
        });
    }
    Ok(match set.samples().is_empty() {
        true => ExitStatus::No,
        false => ExitStatus::Yes,
    })
}

/// The next text of methods that draw one after the other.
fn one<M: Model, C: Constraint>(
    args: &SampleArgs,
    sampler: &mut Sampler<M, C>,
) -> Result<Sample, SampleError> {
    match args.method {
        MethodName::Mcmc => sampler.mcmc(&Mcmc {
            steps: args.steps,
            cut: Cut::Prefix,
        }),
        _ => sampler.sample(),
    }
}

fn read_tree<M: Model, C: Constraint>(
    sampler: &mut Sampler<M, C>,
    path: &Path,
) -> Result<(), CliError> {
    match File::open(path) {
        Ok(file) => {
            let restored = sampler.restore(BufReader::new(file));
            restored.map_err(|error| CliError::file(path, error))?;
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CliError::file(path, error)),
    }
}

fn show(
    args: &SampleArgs,
    sample: &Sample,
    vocab: &Vocab,
    printer: &mut Printer,
) -> Result<(), CliError> {
    // Cut texts may end within a character.
    let bytes = sample.bytes(vocab);
    let text = String::from_utf8_lossy(&bytes);
    if !args.json {
        printer.generated(&text)?;
        return Ok(());
    }
    printer.json(&Text {
        text: &text,
        tokens: sample.tokens.iter().map(|token| token.0).collect(),
        logp: sample.log_p,
        log_q: sample.log_q,
        log_w: sample.log_w,
        attempts: sample.attempts,
        model_rows: sample.model_rows,
        truncated: sample.truncated,
    })?;
    Ok(())
}

/// ln of the estimate of P(L), if the method has one.
fn mass<M: Model, C: Constraint>(
    method: MethodName,
    sampler: &Sampler<M, C>,
    set: &WeightedSet,
) -> Option<f64> {
    let ln = match method {
        MethodName::Mcmc => return None,
        MethodName::Awrs | MethodName::Smc => set.log_mean_weight(),
        _ => sampler.log_p_grammar(),
    };
    ln.is_finite().then_some(ln)
}

/// ln P(L) as divergences are measured with: the estimate, as far as it is within what is
/// certain; without one, what the texts that came have together.
fn base<M: Model, C: Constraint>(
    sampler: &Sampler<M, C>,
    tally: &Tally,
    log_p_grammar: Option<f64>,
) -> f64 {
    let certificate = sampler.certificate();
    let seen = tally.log_p_seen();
    let lower = certificate.ln_lower.max(seen);
    let upper = certificate.ln_upper.max(lower);
    log_p_grammar.unwrap_or(seen).clamp(lower, upper)
}

fn summary<'a, M: Model, C: Constraint>(
    args: &SampleArgs,
    sampler: &Sampler<M, C>,
    set: &WeightedSet,
    tally: &Tally,
    log_p_grammar: Option<f64>,
) -> Summary<'a> {
    let (certificate, stats) = (sampler.certificate(), sampler.stats());
    let finite = |number: f64| number.is_finite().then_some(number);
    let kl = tally.kl(base(sampler, tally, log_p_grammar));
    let has_weights = matches!(
        args.method,
        MethodName::Is | MethodName::Awrs | MethodName::Smc
    );
    Summary {
        method: args.method.name(),
        n: set.samples().len(),
        distinct: tally.texts().len(),
        // What has weights is counted by them.
        ess: set.ess(),
        log_p_grammar,
        kl: finite(kl).filter(|_| !has_weights && tally.total() > 0),
        kl_floor: tally.floor(),
        certificate: Bounds {
            tv: certificate.tv,
            kl: finite(certificate.kl),
        },
        attempts: stats.attempts,
        model_rows: stats.model_rows,
        checks: stats.checks + stats.masks,
    }
}

impl MethodName {
    /// How it works for the sampler. Those that do not use the tree only look at prefixes
    /// through it.
    fn options(self) -> Method {
        match self {
            MethodName::Gcd | MethodName::Smc | MethodName::Mcmc => Method::GCD,
            MethodName::Asap | MethodName::Is => Method::ASAP,
            MethodName::Rejection | MethodName::Awrs => Method::REJECTION,
            MethodName::Ars => Method::ARS,
            MethodName::Cars => Method::CARS,
        }
    }

    fn name(self) -> &'static str {
        match self {
            MethodName::Gcd => "gcd",
            MethodName::Asap => "asap",
            MethodName::Rejection => "rejection",
            MethodName::Ars => "ars",
            MethodName::Cars => "cars",
            MethodName::Awrs => "awrs",
            MethodName::Is => "is",
            MethodName::Smc => "smc",
            MethodName::Mcmc => "mcmc",
        }
    }
}
