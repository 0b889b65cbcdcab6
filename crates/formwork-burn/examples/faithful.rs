//! How faithful ways to sample are, and what they cost.
//!
//! ```text
//! cargo run --release -p formwork-burn --example faithful [MODEL]
//! ```
//!
//! Three grammars of `grammars/`, each with a prompt, 200 texts by each method. Without a
//! model, the very small one answers that comes with the library: it knows no language but
//! JSON, so the probability that it keeps to a grammar by itself is tiny, which is what
//! the samplers have to cope with.
//!
//! KL is that of what came from the model's law given the grammar, after 50 and after all
//! texts, with the floor that exact samples have on average; ln P(L) lies within the
//! bounds of a tree that was grown until they met.

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
    Canonical, Cut, Encode, GrammarConstraint, LogitCache, Mcmc, Method, Product, SampleError,
    SampleOptions, Sampler, Stop, Tally, WarpedModel,
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
        prompt: "the dog ran: (S (NP (DT the) (NN dog)) (VP (VBD ran)))\n\
                 the cat saw a dog in the park: ",
        max_tokens: 120,
    },
];

type Constraint = Product<GrammarConstraint, Canonical>;
type Samplers<'a> = Sampler<WarpedModel<'a>, Constraint>;

struct Setup {
    constraint: Constraint,
    prompt: Vec<TokenId>,
    max_tokens: usize,
}

impl Setup {
    /// Texts end where they are complete; what is drawn has the tokens that the tokenizer
    /// gives it.
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
    for task in &TASKS {
        run(task, &tokenizer, &mut *model)?;
    }
    Ok(())
}

fn run(
    task: &Task,
    tokenizer: &Arc<Tokenizer>,
    model: &mut dyn LanguageModel,
) -> Result<(), Box<dyn Error>> {
    let vocab = tokenizer.vocab();
    let compiler = Compiler::new(Arc::clone(vocab))?;
    let syntax = parse(task.grammar, Format::Gbnf, &SyntaxLimits::default())?;
    let grammar = compiler.cfg(&syntax, &CfgLimits::default())?;
    let encoder = Arc::clone(tokenizer);
    let encode: Encode = Arc::new(move |text| encoder.encode(text).ok());
    let canonical = Canonical::new(Arc::clone(vocab), encode);
    let grammar = GrammarConstraint::new(&grammar, task.grammar.as_bytes());
    let constraint = Product::new(grammar, canonical);
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
        let cache = match name.ends_with("no cache") {
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
