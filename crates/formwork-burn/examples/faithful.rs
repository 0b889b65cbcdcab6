//! How faithful ways to sample are, and what they cost.
//!
//! ```text
//! cargo run --release -p formwork-burn --example faithful [MODEL]
//! ```
//!
//! Rows without a cache are counted for the very small model only.
//!
//! Three grammars of `grammars/`, each with a prompt, 200 texts by each method. Without a
//! model, the very small one answers that comes with the library: it knows no language but
//! JSON, so the probability that it keeps to a grammar by itself is tiny, which is what
//! the samplers have to cope with.
//!
//! KL is that of what came from the model's law given the grammar, after 50 and after all
//! texts, with the floor that exact samples have on average; ln P(L) lies within the
//! bounds of a tree that was grown until they met.
//!
//! With the very small model, on a busy machine with two cores:
//!
//! string_edit: ln P(L) from -6.789 to -6.789
//!
//! | method | KL at 50 | floor | KL at 200 | floor | texts | attempts | rows | s |
//! |---|---|---|---|---|---|---|---|---|
//! | GCD | 13.987 | 0.200 | 10.656 | 0.068 | 12 | 1.00 | 0.39 | 0.2 |
//! | ASAp | 3.085 | 0.090 | 0.754 | 0.025 | 6 | 1.00 | 0.16 | 0.1 |
//! | CARS | 0.014 | 0.010 | 0.014 | 0.003 | 1 | 1.06 | 0.07 | 0.0 |
//! | MCMC k=10 | 5.452 | 0.120 | 4.572 | 0.045 | 10 | 11.00 | 2.66 | 0.8 |
//! | GCD, no cache | 13.987 | 0.200 | 10.656 | 0.068 | 12 | 1.00 | 3.48 | 0.9 |
//! | ASAp, no cache | 3.085 | 0.090 | 0.754 | 0.025 | 6 | 1.00 | 1.22 | 0.4 |
//! | CARS, no cache | 0.014 | 0.010 | 0.014 | 0.003 | 1 | 1.06 | 1.22 | 0.3 |
//!
//! bit_vector: ln P(L) from -40.381 to -40.380
//!
//! | method | KL at 50 | floor | KL at 200 | floor | texts | attempts | rows | s |
//! |---|---|---|---|---|---|---|---|---|
//! | GCD | 68.108 | 0.470 | 60.874 | 0.453 | 176 | 1.07 | 8.60 | 2.5 |
//! | ASAp | 49.887 | 0.490 | 26.199 | 0.302 | 121 | 1.02 | 6.59 | 1.6 |
//! | CARS | 0.008 | 0.030 | 0.004 | 0.007 | 4 | 2.45 | 1.47 | 0.6 |
//! | MCMC k=10 | 30.094 | 0.300 | 26.599 | 0.207 | 74 | 11.07 | 46.74 | 13.6 |
//! | GCD, no cache | 68.108 | 0.470 | 60.874 | 0.453 | 176 | 1.07 | 23.11 | 4.8 |
//! | ASAp, no cache | 49.887 | 0.490 | 26.199 | 0.302 | 121 | 1.02 | 13.61 | 2.8 |
//! | CARS, no cache | 0.008 | 0.030 | 0.004 | 0.007 | 4 | 2.45 | 18.55 | 4.1 |
//!
//! parse_tree: ln P(L) from -106.737 to -106.736
//!
//! | method | KL at 50 | floor | KL at 200 | floor | texts | attempts | rows | s |
//! |---|---|---|---|---|---|---|---|---|
//! | GCD | 81.312 | 0.320 | 86.152 | 0.290 | 10 | 1.00 | 9.20 | 2.3 |
//! | ASAp | 95.424 | 0.490 | 89.266 | 0.470 | 14 | 1.00 | 20.36 | 4.4 |
//! | CARS | 0.047 | 0.040 | 0.010 | 0.010 | 1 | 5.07 | 4.18 | 4.0 |
//! | MCMC k=10 | 32.137 | 0.260 | 31.118 | 0.155 | 5 | 11.00 | 30.68 | 8.5 |
//! | GCD, no cache | 81.312 | 0.320 | 86.152 | 0.290 | 10 | 1.00 | 34.04 | 5.4 |
//! | ASAp, no cache | 95.424 | 0.490 | 89.266 | 0.470 | 14 | 1.00 | 36.09 | 5.9 |
//! | CARS, no cache | 0.047 | 0.040 | 0.010 | 0.010 | 1 | 5.07 | 86.98 | 14.7 |
//!
//! CARS is at the floor from the first texts on; without the cache it asks for 13 to 21
//! times as many rows.
//!
//! With SmolLM2-135M-Instruct (Q4_1), the first two on the same machine:
//!
//! string_edit: ln P(L) from -12.109 to -12.109
//!
//! | method | KL at 50 | floor | KL at 200 | floor | texts | attempts | rows | s |
//! |---|---|---|---|---|---|---|---|---|
//! | GCD | 0.905 | 0.070 | 0.529 | 0.037 | 15 | 1.00 | 0.24 | 3.2 |
//! | ASAp | 0.424 | 0.050 | 0.350 | 0.025 | 8 | 1.00 | 0.17 | 1.6 |
//! | CARS | 0.070 | 0.020 | 0.023 | 0.010 | 5 | 1.04 | 0.11 | 1.2 |
//! | MCMC k=10 | 0.365 | 0.060 | 0.094 | 0.018 | 8 | 11.00 | 1.45 | 15.7 |
//!
//! bit_vector: ln P(L) from -20.647 to -20.646
//!
//! | method | KL at 50 | floor | KL at 200 | floor | texts | attempts | rows | s |
//! |---|---|---|---|---|---|---|---|---|
//! | GCD | 2.661 | 0.120 | 2.688 | 0.070 | 21 | 1.00 | 0.57 | 4.8 |
//! | ASAp | 2.760 | 0.140 | 0.695 | 0.043 | 12 | 1.00 | 0.47 | 3.7 |
//! | CARS | 0.011 | 0.020 | 0.011 | 0.005 | 3 | 1.11 | 0.20 | 1.7 |
//! | MCMC k=10 | 0.015 | 0.020 | 0.035 | 0.010 | 5 | 11.00 | 2.22 | 25.4 |

// A program for people.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{CfgLimits, Compiler, TokenId};
use formwork_burn::{Device, load};
use formwork_model::{LanguageModel, ModelFiles, Sampling, Tokenizer};
use formwork_sample::{
    Cut, GrammarConstraint, LogitCache, Mcmc, Method, SampleError, SampleOptions, Sampler, Stop,
    Tally, WarpedModel,
};

const SAMPLES: usize = 200;

struct Task {
    name: &'static str,
    grammar: &'static str,
    prompt: &'static str,
    max_tokens: usize,
}

const TASKS: [Task; 3] = [
    Task {
        name: "string_edit",
        grammar: include_str!("../../../grammars/string_edit.gbnf"),
        prompt: "first=Ada last=Byron -> \"Ada Byron\": (str.++ first (str.++ \" \" last))\n\
                 first=Ada last=Byron -> \"Byron, Ada\": (str.++ last (str.++ \", \" first))\n\
                 first=Ada last=Byron -> \"Ada\": ",
        max_tokens: 40,
    },
    Task {
        name: "bit_vector",
        grammar: include_str!("../../../grammars/bit_vector.gbnf"),
        prompt: "x is less than y: (bvult x y)\n\
                 x equals the complement of y: (= x (bvnot y))\n\
                 x plus one is at least y: ",
        max_tokens: 40,
    },
    Task {
        name: "parse_tree",
        grammar: include_str!("../../../grammars/parse_tree.gbnf"),
        prompt: "[\"S\", \"NP\", [\"VP\", \"NP\"]]\n\
                 [\"S\", [\"DT\", \"NN\"], [\"VP\", \"NP\", [\"PP\", \"NP\"]]]\n",
        max_tokens: 60,
    },
];

type Samplers<'a> = Sampler<WarpedModel<'a>, GrammarConstraint>;

struct Setup {
    constraint: GrammarConstraint,
    prompt: Vec<TokenId>,
    max_tokens: usize,
}

impl Setup {
    /// Texts end where they are complete, in whatever tokens they are spelled.
    fn sampler<'a>(
        &self,
        model: &'a mut dyn LanguageModel,
        method: Method,
        logit_cache: LogitCache,
    ) -> Result<Samplers<'a>, SampleError> {
        let model = WarpedModel::new(model, &self.prompt, Sampling::default(), 0)?;
        let options = SampleOptions {
            logit_cache,
            ..SampleOptions::new(method, Stop::WhenComplete, self.max_tokens)
        };
        Sampler::new(model, self.constraint.clone(), options)
    }
}

/// What one method did.
struct Row {
    name: &'static str,
    tallies: [Tally; 2],
    attempts: u64,
    rows: u64,
    seconds: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let files = match std::env::args().nth(1) {
        Some(path) => ModelFiles::open(path)?,
        None => ModelFiles::embedded()?,
    };
    let mut model = load(&files.config, &*files.weights, Device::Cpu)?;
    let tokenizer = Arc::new(files.tokenizer);
    let is_slow = std::env::args().len() > 1;
    for task in &TASKS {
        run(task, &tokenizer, &mut *model, is_slow)?;
    }
    Ok(())
}

fn run(
    task: &Task,
    tokenizer: &Arc<Tokenizer>,
    model: &mut dyn LanguageModel,
    is_slow: bool,
) -> Result<(), Box<dyn Error>> {
    let vocab = tokenizer.vocab();
    let compiler = Compiler::new(Arc::clone(vocab))?;
    let syntax = parse(task.grammar, Format::Gbnf, &SyntaxLimits::default())?;
    let grammar = compiler.cfg(&syntax, &CfgLimits::default())?;
    let constraint = GrammarConstraint::new(&grammar, task.grammar.as_bytes());
    let prompt = tokenizer.encode(task.prompt)?;
    let setup = Setup {
        constraint,
        prompt,
        max_tokens: task.max_tokens,
    };
    let mut rows = Vec::new();
    for (name, method, steps) in [
        ("GCD", Method::GCD, None),
        ("ASAp", Method::ASAP, None),
        ("CARS", Method::CARS, None),
        ("MCMC k=10", Method::GCD, Some(10)),
        ("GCD, no cache", Method::GCD, None),
        ("ASAp, no cache", Method::ASAP, None),
        ("CARS, no cache", Method::CARS, None),
    ] {
        let is_uncached = name.ends_with("no cache");
        if is_uncached && is_slow {
            continue;
        }
        let cache = match is_uncached {
            true => LogitCache::None,
            false => LogitCache::Sparse,
        };
        let mut sampler = setup.sampler(model, method, cache)?;
        rows.push(measure(name, &mut sampler, steps, vocab)?);
    }
    // Until the bounds meet, or so many rows were asked for.
    let mut sampler = setup.sampler(model, Method::CARS, LogitCache::Sparse)?;
    for _ in 0..20 {
        let certificate = sampler.certificate();
        if certificate.ln_upper - certificate.ln_lower < 0.001 {
            break;
        }
        sampler
            .samples(100)
            .try_for_each(|sample| sample.map(drop))?;
        sampler.warm_start(100)?;
    }
    let certificate = sampler.certificate();
    let mass = (certificate.ln_upper + certificate.ln_lower) / 2.0;
    println!(
        "\n{}: ln P(L) from {:.3} to {:.3}",
        task.name, certificate.ln_lower, certificate.ln_upper
    );
    println!("| method | KL at 50 | floor | KL at 200 | floor | texts | attempts | rows | s |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for Row {
        name,
        tallies: [first, all],
        attempts,
        rows,
        seconds,
    } in &rows
    {
        println!(
            "| {name} | {:.3} | {:.3} | {:.3} | {:.3} | {} | {:.2} | {:.2} | {seconds:.1} |",
            first.kl(mass),
            first.floor(),
            all.kl(mass),
            all.floor(),
            all.texts().len(),
            *attempts as f64 / SAMPLES as f64,
            *rows as f64 / SAMPLES as f64,
        );
    }
    Ok(())
}

fn measure(
    name: &'static str,
    sampler: &mut Samplers<'_>,
    steps: Option<usize>,
    vocab: &formwork::Vocab,
) -> Result<Row, SampleError> {
    let begun = Instant::now();
    let mut tallies = [Tally::default(), Tally::default()];
    for number in 0..SAMPLES {
        let sample = match steps {
            None => sampler.sample()?,
            Some(steps) => sampler.mcmc(&Mcmc {
                steps,
                cut: Cut::Prefix,
            })?,
        };
        let [first, all] = &mut tallies;
        all.add(&sample, vocab);
        if number < 50 {
            first.add(&sample, vocab);
        }
    }
    let stats = sampler.stats();
    Ok(Row {
        name,
        tallies,
        attempts: stats.attempts,
        rows: stats.model_rows,
        seconds: begun.elapsed().as_secs_f64(),
    })
}
