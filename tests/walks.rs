//! Random walks over real schemas with a real vocabulary: no mask is empty,
//! every walk can be brought to an end, and what it generated is valid.

use std::time::Instant;

use formwork::{Grammar, Vocab};
use formwork_testkit::shared::shared;
use formwork_testkit::walk::{Stuck, generate, show};
use formwork_testkit::{Judge, Rng};
use serde_json::Value;

use crate::support;

/// Schemas that are walked.
const SCHEMAS: u32 = 500;

/// Tokens at random at most, before a walk is steered to its end.
const TOKENS: usize = 40;

#[derive(Default)]
struct Tally {
    compiled: u32,
    refused: u32,
    unjudged: u32,
    walks: usize,
    tokens: usize,
    detours: usize,
    limited: usize,
    wrong: Vec<String>,
}

#[test]
fn walks_over_maskbench_end_in_valid_texts() {
    let Some(data) = shared("maskbench/data") else {
        return;
    };
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let mut files: Vec<_> = std::fs::read_dir(data)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut rng = Rng::new(support::seed());
    rng.shuffle(&mut files);
    let start = Instant::now();
    let mut tally = Tally::default();
    for path in files {
        if tally.compiled >= support::cases(SCHEMAS) {
            break;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(&path).expect("a file");
        let Ok(file) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        let Some(judge) = Judge::new(&file["schema"]) else {
            tally.unjudged += 1;
            continue;
        };
        let Ok(grammar) = support::compile(&compiler, &file["schema"], 2) else {
            tally.refused += 1;
            continue;
        };
        tally.compiled += 1;
        let budget = rng.below(TOKENS);
        if let Err(why) = walk(&grammar, &judge, budget, &mut tally, &mut rng) {
            tally.wrong.push(format!("{name}: {why}"));
        }
    }
    eprintln!(
        "{} schemas, {} refused, {} not judged; {} walks of {} tokens, {} detours, {} over a \
         limit, in {:?}",
        tally.compiled,
        tally.refused,
        tally.unjudged,
        tally.walks,
        tally.tokens,
        tally.detours,
        tally.limited,
        start.elapsed()
    );
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
    assert!(
        tally.limited * 50 <= tally.walks,
        "too many walks reach a limit"
    );
}

fn walk(
    grammar: &Grammar,
    judge: &Judge,
    budget: usize,
    tally: &mut Tally,
    rng: &mut Rng,
) -> Result<(), String> {
    let generated = match generate(grammar, budget, rng) {
        Ok(generated) => generated,
        Err(Stuck::Limit(_)) => {
            tally.limited += 1;
            return Ok(());
        }
        Err(Stuck::Endless(what) | Stuck::Broken(what)) => return Err(what),
    };
    tally.walks += 1;
    tally.tokens += generated.tokens.len();
    tally.detours += generated.detours.len();
    let value: Value = serde_json::from_slice(&generated.text)
        .map_err(|error| format!("not JSON: {}: {error}", show(&generated.text)))?;
    if judge.accepts(&value) {
        Ok(())
    } else {
        Err(format!("not valid: {value}"))
    }
}
