//! Schedulers beside each other: passes of the model for 100 positions, ends of text
//! included, and valid texts, with a constraint and without.
//!
//! ```text
//! cargo run --release -p formwork-burn --example schedulers [SCHEDULER ...]
//! ```
//!
//! The model is the very small one that comes with the library, the prompts are names of
//! schemas of the project, the canvases 40 open positions. Properties come in the order of
//! their schema. A text without a constraint is what stands before the first end.

// A program for people.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use formwork::{Compiler, PropertyOrder, SchemaOptions, Whitespace};
use formwork_burn::{Device, load_masked};
use formwork_infill::schedule::{AdaBlock, SchedulerKind, SchedulerOptions};
use formwork_infill::{Canvas, Cells, Checker, FillOptions, FreeCells, fill};
use formwork_model::{MaskedModel, Message, ModelFiles};
use formwork_testkit::{Judge, corpus};
use serde_json::Value;

const LENGTH: usize = 40;

/// Schemas with short instances.
const SCHEMAS: [&str; 12] = [
    "additional-properties-false",
    "any-of",
    "const-discriminator",
    "const-values",
    "enum-strings",
    "enum-typed-filter",
    "feature-flags",
    "http-request",
    "min-max-items",
    "min-max-length",
    "minimum-maximum",
    "type-object-scalars",
];

/// What one scheduler did with all schemas.
#[derive(Default)]
struct Sum {
    calls: usize,
    canvases: usize,
    positions: usize,
    valid: usize,
    texts: usize,
    rejected: usize,
    time: Duration,
}

impl Sum {
    fn show(&self) -> String {
        let per_100 = |count: usize| 100.0 * count as f64 / self.positions.max(1) as f64;
        format!(
            "{:>7.1} {:>8.1} {:>6}/{:<2} {:>8} {:>7.2}",
            per_100(self.calls),
            per_100(self.canvases),
            self.valid,
            self.texts,
            self.rejected,
            self.time.as_secs_f64(),
        )
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let named: Vec<SchedulerKind> = std::env::args()
        .skip(1)
        .map(|name| name.parse())
        .collect::<Result<_, _>>()?;
    let kinds = match named.is_empty() {
        true => SchedulerKind::ALL,
        false => &named,
    };
    let files = ModelFiles::embedded_masked()?;
    let mut model = load_masked(&files.config, &*files.weights, Device::Cpu)?;
    let tokenizer = &files.tokenizer;
    let compiler = Compiler::new(Arc::clone(tokenizer.vocab()))?;
    let chat = files
        .chat
        .as_ref()
        .ok_or("the model has no chat template")?;
    let options = SchemaOptions {
        whitespace: Whitespace::Any,
        order: PropertyOrder::Schema,
        ..SchemaOptions::default()
    };
    let mut tasks = Vec::new();
    for (name, document) in corpus() {
        if !SCHEMAS.contains(&name.as_str()) {
            continue;
        }
        let schema = &document["schema"];
        let language = compiler.json_schema_language(&schema.to_string(), &options)?;
        let checker = Checker::new(language, Arc::clone(tokenizer.vocab()));
        let canvas = Canvas::new().masks(LENGTH).end();
        if let Err(error) = checker.open(&canvas) {
            eprintln!("{name}: {error}");
            continue;
        }
        let about = [Message::new("user", name.replace('-', " "))];
        let prompt = chat.render(&about, true, &tokenizer.bos_text(), &tokenizer.eos_text())?;
        let judge = Judge::new(schema).ok_or("the other validator refuses the schema")?;
        tasks.push((
            checker,
            canvas,
            tokenizer.encode_with_specials(&prompt)?,
            judge,
        ));
    }
    println!("{:<18} {:^44}   {:^44}", "", "with a constraint", "without");
    let head = "  calls canvases  valid    rejected seconds";
    println!("{:<18} {head}   {head}", "for 100 positions");
    for &kind in kinds {
        let (mut held, mut free) = (Sum::default(), Sum::default());
        for (checker, canvas, prompt, judge) in &tasks {
            let mut filling = checker.open(canvas)?;
            one(kind, &mut *model, &mut filling, prompt, judge, &mut held)?;
            let vocab = Arc::clone(tokenizer.vocab());
            let mut cells = FreeCells::new(canvas, vocab, model.mask_token());
            one(kind, &mut *model, &mut cells, prompt, judge, &mut free)?;
        }
        println!("{:<18} {}   {}", kind.name(), held.show(), free.show());
    }
    Ok(())
}

fn one(
    kind: SchedulerKind,
    model: &mut dyn MaskedModel,
    cells: &mut dyn Cells,
    prompt: &[formwork::TokenId],
    judge: &Judge,
    sum: &mut Sum,
) -> Result<(), Box<dyn Error>> {
    let mut scheduler = kind.build(&SchedulerOptions {
        delimiters: AdaBlock::delimiters(cells.vocab()),
        ..SchedulerOptions::default()
    });
    let begun = Instant::now();
    let options = FillOptions::default();
    let mut go_on = |_: &formwork_infill::FillStep<'_>| ControlFlow::Continue(());
    let report = fill(model, cells, &mut *scheduler, prompt, &options, &mut go_on)?;
    sum.time += begun.elapsed();
    sum.calls += report.model_calls;
    sum.canvases += report.canvases;
    sum.rejected += report.rejected;
    sum.positions += report.commits - report.reopened;
    sum.texts += 1;
    let value = serde_json::from_slice::<Value>(&cells.text());
    sum.valid += usize::from(value.is_ok_and(|value| judge.accepts(&value)));
    Ok(())
}
