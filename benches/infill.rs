//! How long a canvas takes to be brought up to date after one token was put into it: all
//! allowed sets of all open positions.
//!
//! ```text
//! cargo bench --bench infill -- [json] [ordered] [smiles] [cpp] [fills] [SHARE%] [TEXTS]
//! ```
//!
//! `ordered` is JSON whose properties come in the order of their schemas. C++ is measured
//! only if it is asked for, and with holes of four tokens in programs, or a share of open
//! positions. With `fills`, nothing is timed: so many canvases, of which a random share is
//! open, are filled in random order with random tokens of those allowed, and the texts
//! judged by others.
//!
//! Canvases are texts of real tasks in tokens of Qwen 2.5, all open, with four more
//! positions behind; or, with `10%`, a tenth of the positions is, wherever they are. Their
//! own tokens are put in, in blocks of 32 from left to right and at random within each, or
//! at random all over. Times are of the thread, in milliseconds, and memory is limited to
//! 4 GiB a canvas. Without ../shared there is nothing to measure.
//!
//! On a busy machine with two cores, per commit, and per canvas opened:
//!
//! | | texts | order | p50 | p90 | p99 | open p50 |
//! |---|---|---|---|---|---|---|
//! | smiles | 30 | blocks | 0.041 | 0.30 | 0.63 | 1.1 |
//! | smiles | 30 | random | 0.042 | 0.30 | 0.61 | 1.1 |
//! | ordered | 6 | blocks | 0.14 | 21 | 350 | 260 |
//! | ordered | 6 | random | 0.19 | 17 | 87 | 310 |
//! | ordered | 10 | blocks | 0.15 | 23 | 990 | 340 |
//! | ordered | 10 | random | 0.15 | 14 | 270 | 360 |
//! | json | 2 | blocks | 0.48 | 13 | 760 | 310 |
//! | cpp (holes) | 10 | blocks | 0.66 | 53 | 330 | 350 |
//! | cpp (holes) | 10 | random | 0.62 | 60 | 250 | 270 |
//! | cpp 10% | 12 | blocks | 0.41 | 9 | 600 | 212 |
//! | cpp 10% | 12 | random | 0.32 | 8 | 510 | 240 |
//!
//! One of the ten schemas takes eleven seconds to open, and has the slowest commits. Of C++,
//! the first canvas takes five to eight seconds, in which the grammar is learnt. It is
//! compiled without fused rules: fused, each of 98 terminals has its own copy of the white
//! space in front of it. Longer runs of open positions of C++ cost more than their length:
//! eight take three seconds and 0.2 to 4 s for the first commit, sixteen half a minute and
//! gigabytes.
//!
//! What takes long are the first commits, which rule out most of what there is, and those
//! that complete a string which may be a name that the schema does not list: then all is
//! worked out anew.
//!
//! Fills: 200 of 200 canvases of SMILES, of JSON (`ordered fills 10% 200`, 2,091 commits) and
//! of C++ (`cpp fills 5% 200`, 2,896) are valid, with nothing refused; and 12 of 12 of JSON
//! in any order (`json fills 20% 12`), one of which ends in names that must be equal unless
//! `halves` are told apart. The schemas behind those take minutes with a fifth open. The rows
//! of ten schemas are from before that.

// A table for people; a bench that cannot be set up has nothing to measure.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{
    CfgLimits, Grammar, Language, PropertyOrder, SchemaOptions, TokenId, Whitespace, mask,
};
use formwork_bench::{Bench, Oracle};
use formwork_infill::{Canvas, Checker, InfillError, InfillLimits};
use formwork_testkit::Rng;
use formwork_testkit::shared::shared;
use serde_json::Value;

/// Positions behind a text.
const SLACK: usize = 4;
/// Open positions within a text of C++.
const HOLE: usize = 4;
/// Positions of a block.
const BLOCK: usize = 32;
/// The limit of memory.
const MAX_BYTES: usize = 4 << 30;

/// Makes a language for a vocabulary.
type Compile = Box<dyn Fn(&Bench) -> Box<dyn Language>>;

/// Tells whether a text is one of a grammar, without looking at canvases.
type Judge = Box<dyn Fn(&Bench, &[u8]) -> bool>;

/// Texts of one grammar.
struct Task {
    name: String,
    language: Compile,
    judge: Judge,
    texts: Vec<String>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` runs benches once, without this argument.
    let is_measured = arguments.iter().any(|argument| argument == "--bench");
    let named: Vec<&str> = ["json", "ordered", "smiles", "cpp"]
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
    let fills = arguments.iter().any(|argument| argument == "fills");
    let mut shares = arguments.iter().filter_map(|text| text.strip_suffix('%'));
    let share: Option<usize> = shares.find_map(|share| share.parse().ok());
    if fills {
        println!(
            "{:<8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "", "canvases", "valid", "refused", "commits", "given up"
        );
    } else {
        println!(
            "{:<8} {:<8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "", "order", "commits", "p50 ms", "p90", "p99", "max", "open p50", "open max"
        );
    }
    for (name, tasks) in [
        ("json", json(count, PropertyOrder::Any)),
        ("ordered", json(count, PropertyOrder::Schema)),
        ("cpp", cpp(count)),
        ("smiles", smiles(count)),
    ] {
        if asked(name) && fills {
            fill(&bench, name, &tasks, share, count);
        } else if asked(name) {
            for order in ["blocks", "random"] {
                measure(&bench, name, order, share, &tasks);
            }
        }
    }
}

/// Fills canvases at random.
fn fill(bench: &Bench, name: &str, tasks: &[Task], share: Option<usize>, count: usize) {
    let mut rng = Rng::new(11);
    let (mut done, mut valid, mut refused, mut commits, mut given_up) = (0, 0, 0, 0, 0);
    let end = bench.vocab().stop_ids()[0];
    let mut row = vec![0; bench.vocab().mask_words()];
    let checkers: Vec<Checker> = tasks.iter().map(|task| checker(bench, task)).collect();
    for turn in 0..count {
        let (task, checker) = (&tasks[turn % tasks.len()], &checkers[turn % tasks.len()]);
        let text = &task.texts[turn / tasks.len() % task.texts.len()];
        let tokens = bench.encoder().encode(text).expect("tokens");
        let share = share.unwrap_or([30, 50, 70, 90, 100][turn % 5]);
        let is_open: Vec<bool> = tokens.iter().map(|_| rng.chance(share)).collect();
        let mut filling = match checker.open(&canvas(&tokens, |at| is_open[at], SLACK)) {
            Ok(filling) => filling,
            Err(error) => {
                eprintln!("{}: {error}", task.name);
                given_up += 1;
                continue;
            }
        };
        let mut open: Vec<usize> = filling.open_positions().collect();
        rng.shuffle(&mut open);
        let filled = open.iter().all(|&position| {
            filling.fill_mask(position, &mut row).expect("a row");
            let allowed: Vec<_> = mask::iter_ones(&row).collect();
            // One text in eight has its own tokens where it can.
            let own = tokens.get(position).copied().unwrap_or(end);
            let token = match turn % 8 == 0 && allowed.contains(&own) {
                true => own,
                false => *rng.pick(&allowed),
            };
            commits += 1;
            match filling.commit(position, token) {
                Ok(()) => true,
                Err(InfillError::NotAllowed { .. }) => {
                    refused += 1;
                    false
                }
                Err(error) => {
                    eprintln!("{}: {error}", task.name);
                    false
                }
            }
        });
        given_up += usize::from(!filled);
        if filled {
            done += 1;
            let is_valid = (task.judge)(bench, &filling.text());
            valid += usize::from(is_valid);
            if !is_valid {
                eprintln!("{}: {}", task.name, filling.text().escape_ascii());
            }
        }
    }
    println!("{name:<8} {done:>8} {valid:>8} {refused:>8} {commits:>8} {given_up:>8}");
}

/// A checker for what a task is of.
fn checker(bench: &Bench, task: &Task) -> Checker {
    let (language, vocab) = ((task.language)(bench), bench.compiler().vocab());
    let limits = InfillLimits {
        max_bytes: MAX_BYTES,
        ..InfillLimits::default()
    };
    Checker::with(language, Arc::clone(vocab), vocab.stop_ids(), limits)
}

/// A text of which some positions are open, and so many behind it.
fn canvas(tokens: &[TokenId], is_open: impl Fn(usize) -> bool, behind: usize) -> Canvas {
    let tokens = tokens.iter().enumerate();
    let text = tokens.fold(Canvas::new(), |canvas, (at, &token)| match is_open(at) {
        true => canvas.masks(1),
        false => canvas.fixed([token]),
    });
    text.masks(behind).end()
}

fn measure(bench: &Bench, name: &str, order: &str, share: Option<usize>, tasks: &[Task]) {
    let mut rng = Rng::new(7);
    let (mut updates, mut opens) = (Vec::new(), Vec::new());
    for task in tasks {
        let checker = checker(bench, task);
        for text in &task.texts {
            let tokens = bench.encoder().encode(text).expect("tokens");
            let (open, behind): (Vec<usize>, usize) = match (share, name) {
                (Some(share), _) => {
                    let open = (0..tokens.len()).filter(|_| rng.chance(share));
                    (open.collect(), 0)
                }
                (None, "cpp") => {
                    let begin = rng.below(tokens.len().saturating_sub(HOLE).max(1));
                    ((begin..(begin + HOLE).min(tokens.len())).collect(), 0)
                }
                (None, _) => ((0..tokens.len() + SLACK).collect(), SLACK),
            };
            let canvas = canvas(&tokens, |at| open.binary_search(&at).is_ok(), behind);
            let started = ThreadTime::now();
            let mut filling = match checker.open(&canvas) {
                Ok(filling) => filling,
                Err(error) => {
                    eprintln!("{}: {error}", task.name);
                    continue;
                }
            };
            opens.push(started.elapsed());
            let chunk = match order {
                "blocks" => BLOCK,
                _ => open.len().max(1),
            };
            for block in open.chunks(chunk) {
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
fn json(count: usize, order: PropertyOrder) -> Vec<Task> {
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
        let oracle = Oracle::new(&schema);
        let judged = schema.clone();
        Task {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            language: Box::new(move |bench| {
                let compiler = bench.compiler();
                let language = compiler.json_schema_language(&schema, &options(order));
                language.expect("a schema")
            }),
            judge: Box::new(move |bench, text| {
                let grammar = bench.compiler().json_schema(&judged, &options(order));
                let is_read = is_read(&grammar.expect("a schema"), text);
                let text = std::str::from_utf8(text).unwrap_or_default();
                is_read && oracle.as_ref().is_ok_and(|oracle| oracle.accepts(text))
            }),
            texts: valid.map(|test| spaced(&test["data"])).collect(),
        }
    };
    files.iter().take(count).map(task).collect()
}

fn options(order: PropertyOrder) -> SchemaOptions {
    SchemaOptions {
        whitespace: Whitespace::Any,
        order,
        ..SchemaOptions::default()
    }
}

/// Whether a text is read from left to right, up to where it may end.
fn is_read(grammar: &Grammar, text: &[u8]) -> bool {
    let mut matcher = grammar.matcher();
    matcher.push_bytes(text).is_ok() && matcher.is_complete()
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

fn grammar(file: &str, format: Format, limits: CfgLimits) -> (Compile, Judge) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("grammars")
        .join(file);
    let text = std::fs::read_to_string(path).expect("a grammar");
    let grammar = parse(&text, format, &SyntaxLimits::default()).expect("a grammar");
    let same = grammar.clone();
    let language: Compile = Box::new(move |bench| {
        let options = SchemaOptions::default();
        let language = bench.compiler().cfg_language(&grammar, &limits, &options);
        language.expect("a language")
    });
    let judge: Judge = Box::new(move |bench, text| {
        let grammar = bench.compiler().cfg(&same, &CfgLimits::default());
        is_read(&grammar.expect("a grammar"), text)
    });
    (language, judge)
}

/// HumanEval-X.
fn cpp(count: usize) -> Vec<Task> {
    let Some(path) = shared("humaneval-x-cpp/humaneval_cpp.jsonl.gz") else {
        return Vec::new();
    };
    let programs = formwork_bench::programs::read(&path).expect("a file of tasks");
    let programs = programs.iter().take(count);
    let limits = CfgLimits {
        max_fused_states: 0,
        ..CfgLimits::default()
    };
    let (language, judge) = grammar("cpp.lark", Format::Lark, limits);
    vec![Task {
        name: "cpp".into(),
        language,
        judge,
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
    let (language, judge) = grammar("smiles.ebnf", Format::Ebnf, CfgLimits::default());
    vec![Task {
        name: "smiles".into(),
        language,
        judge,
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
