//! Two engines on the same data; see README.md.

mod engine;
mod table;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use formwork::TokenId;
use formwork_bench::Bench;
use formwork_bench::maskbench::Case;

use engine::{Engine, Formwork, Llguidance};
use table::Row;

/// What one engine made of one file.
struct Measured {
    /// `None` if the schema was refused.
    ttfm: Option<Duration>,
    tbm: Vec<f32>,
    over: bool,
    under: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, tokenizer, every) = match arguments.as_slice() {
        [folder, tokenizer] => (folder, tokenizer, 1),
        [folder, tokenizer, every] => (folder, tokenizer, every.parse()?),
        _ => return Err("expected a folder, a tokenizer.json and perhaps a number".into()),
    };
    let tokenizer = Path::new(tokenizer);
    let bench = Bench::load(tokenizer)?;
    let mut engines: [Box<dyn Engine>; 2] = [
        Box::new(Formwork::new(tokenizer)?),
        Box::new(Llguidance::new(tokenizer)?),
    ];
    let mut rows = [
        [Row::default(), Row::default()],
        [Row::default(), Row::default()],
    ];
    for (number, path) in files(folder, every)?.into_iter().enumerate() {
        let case = Case::read(&path)?;
        let instances = case.instances.iter();
        let tokens: Vec<Vec<TokenId>> = instances
            .map(|instance| bench.encoder().encode(&instance.text))
            .collect::<Result<_, _>>()?;
        // Who goes first changes from file to file.
        let mut order = [0, 1];
        order.rotate_left(number % 2);
        let mut both = [const { None }; 2];
        for at in order {
            both[at] = Some(measure(&mut *engines[at], &case, &tokens));
        }
        let is_common = both
            .iter()
            .flatten()
            .all(|measured| measured.ttfm.is_some());
        for (at, measured) in both.into_iter().flatten().enumerate() {
            rows[0][at].add(&measured);
            if is_common {
                rows[1][at].add(&measured);
            }
        }
    }
    for (set, rows) in ["all", "common"].into_iter().zip(&mut rows) {
        table::print(set, engines.each_ref().map(|engine| engine.name()), rows);
    }
    Ok(())
}

/// The files of a folder by name, every so many.
fn files(folder: &str, every: usize) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = entries.collect::<Result<Vec<PathBuf>, _>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    Ok(files.into_iter().step_by(every.max(1)).collect())
}

/// Compiles a schema and reads its instances.
fn measure(engine: &mut dyn Engine, case: &Case, tokens: &[Vec<TokenId>]) -> Measured {
    let mut measured = Measured {
        ttfm: None,
        tbm: Vec::new(),
        over: false,
        under: false,
    };
    let start = Instant::now();
    let is_ready = engine.compile(&case.schema);
    let ttfm = start.elapsed();
    if !is_ready {
        return measured;
    }
    measured.ttfm = Some(ttfm);
    for (instance, tokens) in case.instances.iter().zip(tokens) {
        engine.restart();
        let mut is_allowed = true;
        for &token in tokens {
            let start = Instant::now();
            is_allowed = engine.read(token);
            let micros = start.elapsed().as_secs_f64() * 1e6;
            measured.tbm.push(micros as f32);
            if !is_allowed {
                break;
            }
        }
        let is_accepted = is_allowed && engine.may_end();
        measured.over |= instance.valid && !is_accepted;
        measured.under |= !instance.valid && is_accepted;
    }
    measured
}
