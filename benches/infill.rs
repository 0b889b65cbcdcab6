//! How long a canvas takes to be brought up to date after one token was put into it: all
//! allowed sets of all open positions.
//!
//! ```text
//! cargo bench --bench infill -- [json] [smiles] [cpp] [TEXTS]
//! ```
//!
//! C++ is measured only if it is asked for: an open canvas of it takes minutes.
//!
//! Canvases are texts of real tasks in tokens of Qwen 2.5, all open, with four more
//! positions behind; their own tokens are put in, in blocks of 32 from left to right and
//! at random within each, or at random all over. Times are of the thread, in
//! milliseconds. Without ../shared there is nothing to measure.

// A table for people; a bench that cannot be set up has nothing to measure.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{CfgLimits, Language, SchemaOptions, Whitespace};
use formwork_bench::Bench;
use formwork_infill::{Canvas, Checker};
use formwork_testkit::Rng;
use formwork_testkit::shared::shared;
use serde_json::Value;

/// Positions behind a text.
const SLACK: usize = 4;
/// Positions of a block.
const BLOCK: usize = 32;

/// Makes a language for a vocabulary.
type Compile = Box<dyn Fn(&Bench) -> Box<dyn Language>>;

/// Texts of one grammar.
struct Task {
    name: String,
    language: Compile,
    texts: Vec<String>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` runs benches once, without this argument.
    let is_measured = arguments.iter().any(|argument| argument == "--bench");
    let named: Vec<&str> = ["json", "smiles", "cpp"]
        .into_iter()
        .filter(|name| arguments.iter().any(|argument| argument == name))
        .collect();
    let asked = |name: &str| match named.is_empty() {
        true => name != "cpp",
        false => named.contains(&name),
    };
    let count = arguments.iter().find_map(|argument| argument.parse().ok());
    let count: usize = count.unwrap_or(if is_measured { 20 } else { 1 });
    let Some(tokenizer) = shared("tokenizers/qwen2_5.json") else {
        return;
    };
    let bench = Bench::load(&tokenizer).expect("a tokenizer");
    println!(
        "{:<8} {:<8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "order", "commits", "p50 ms", "p90", "p99", "max", "open p50", "open max"
    );
    for (name, tasks) in [
        ("json", json(count)),
        ("cpp", cpp(count)),
        ("smiles", smiles(count)),
    ] {
        if asked(name) {
            for order in ["blocks", "random"] {
                measure(&bench, name, order, &tasks);
            }
        }
    }
}

fn measure(bench: &Bench, name: &str, order: &str, tasks: &[Task]) {
    let mut rng = Rng::new(7);
    let (mut updates, mut opens) = (Vec::new(), Vec::new());
    for task in tasks {
        let language = (task.language)(bench);
        let checker = Checker::new(language, Arc::clone(bench.compiler().vocab()));
        for text in &task.texts {
            let tokens = bench.encoder().encode(text).expect("tokens");
            let canvas = Canvas::new().masks(tokens.len() + SLACK).end();
            let started = ThreadTime::now();
            let mut filling = match checker.open(&canvas) {
                Ok(filling) => filling,
                Err(error) => {
                    eprintln!("{}: {error}", task.name);
                    continue;
                }
            };
            opens.push(started.elapsed());
            let positions: Vec<usize> = (0..tokens.len() + SLACK).collect();
            let chunk = if order == "blocks" {
                BLOCK
            } else {
                positions.len()
            };
            for block in positions.chunks(chunk) {
                let mut block = block.to_vec();
                rng.shuffle(&mut block);
                for position in block {
                    let end = bench.vocab().stop_ids()[0];
                    let token = tokens.get(position).copied().unwrap_or(end);
                    let started = ThreadTime::now();
                    if let Err(error) = filling.commit(position, token) {
                        eprintln!("{}: {error} {:?}", task.name, bench.vocab().bytes(token));
                        break;
                    }
                    updates.push(started.elapsed());
                }
            }
        }
    }
    updates.sort_unstable();
    opens.sort_unstable();
    let at = |times: &[Duration], share: f64| {
        let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times
            .get(at)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    println!(
        "{name:<8} {order:<8} {:>8} {:>9.3} {:>9.3} {:>9.3} {:>9.3} {:>9.3} {:>9.3}",
        updates.len(),
        at(&updates, 0.5),
        at(&updates, 0.9),
        at(&updates, 0.99),
        at(&updates, 1.0),
        at(&opens, 0.5),
        at(&opens, 1.0),
    );
}

/// JSON-Mode-Eval, as MaskBench has it.
fn json(count: usize) -> Vec<Task> {
    let Some(folder) = shared("maskbench/data") else {
        return Vec::new();
    };
    let files = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    let is_one = |path: &std::path::PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("JME_"))
    };
    files.retain(is_one);
    files.sort();
    let task = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("a file");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        let schema = file["schema"].to_string();
        let tests = file["tests"].as_array().into_iter().flatten();
        let valid = tests.filter(|test| test["valid"] == true);
        Task {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            language: Box::new(move |bench| {
                let options = SchemaOptions {
                    whitespace: Whitespace::Any,
                    ..SchemaOptions::default()
                };
                let language = bench.compiler().json_schema_language(&schema, &options);
                language.expect("a schema")
            }),
            texts: valid.map(|test| spaced(&test["data"])).collect(),
        }
    };
    files.iter().take(count).map(task).collect()
}

/// JSON as Python writes it.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

fn grammar(file: &str, format: Format) -> Compile {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("grammars")
        .join(file);
    let text = std::fs::read_to_string(path).expect("a grammar");
    let grammar = parse(&text, format, &SyntaxLimits::default()).expect("a grammar");
    Box::new(move |bench| {
        let (limits, options) = (CfgLimits::default(), SchemaOptions::default());
        let language = bench.compiler().cfg_language(&grammar, &limits, &options);
        language.expect("a language")
    })
}

/// HumanEval-X.
fn cpp(count: usize) -> Vec<Task> {
    let Some(path) = shared("humaneval-x-cpp/humaneval_cpp.jsonl.gz") else {
        return Vec::new();
    };
    let programs = formwork_bench::programs::read(&path).expect("a file of tasks");
    let programs = programs.iter().take(count);
    vec![Task {
        name: "cpp".into(),
        language: grammar("cpp.lark", Format::Lark),
        texts: programs
            .map(formwork_bench::programs::Program::text)
            .collect(),
    }]
}

/// The samples of the grammar.
fn smiles(count: usize) -> Vec<Task> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammars/samples/smiles/valid");
    let files = std::fs::read_dir(folder).expect("samples");
    let mut files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    files.sort();
    let texts = files.iter().take(count);
    vec![Task {
        name: "smiles".into(),
        language: grammar("smiles.ebnf", Format::Ebnf),
        texts: texts
            .map(|file| {
                std::fs::read_to_string(file)
                    .expect("a sample")
                    .trim_end()
                    .into()
            })
            .collect(),
    }]
}
