//! Programs under the grammar of their language, from a file of HumanEval-X.
//!
//! Each line of the file is a task; its program is the prompt with the canonical
//! solution. Of every program the runner measures, token by token, the mask and
//! the push apart. The grammar is compiled anew for each, so every program is the
//! first text of its grammar; what the compiler knows of the vocabulary stays.
//! Times are CPU times of the thread, so that other work on the machine does not
//! count; reading the clock adds about 0.2 µs to each.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use cpu_time::ThreadTime;
use flate2::read::GzDecoder;
use formwork::{Grammar, Matcher, TokenId, mask};
use serde::Deserialize;

use crate::{Bench, BenchError, Percentiles, Verdict};

/// A program with the name of its task.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Program {
    /// The name of the task.
    #[serde(rename = "task_id")]
    pub name: String,
    prompt: String,
    canonical_solution: String,
}

impl Program {
    /// The whole text.
    pub fn text(&self) -> String {
        format!("{}{}", self.prompt, self.canonical_solution)
    }
}

/// Reads a file of tasks, a JSON object per line, compressed by gzip.
///
/// # Errors
///
/// If the file cannot be read or does not have that layout.
pub fn read(path: &Path) -> Result<Vec<Program>, BenchError> {
    let file = std::fs::File::open(path).map_err(BenchError::io(path))?;
    let mut text = String::new();
    GzDecoder::new(file)
        .read_to_string(&mut text)
        .map_err(BenchError::io(path))?;
    text.lines()
        .map(|line| serde_json::from_str(line).map_err(|error| BenchError::layout(path, error)))
        .collect()
}

/// What was measured of one program.
#[derive(Clone, PartialEq, Debug)]
pub struct Measured {
    /// What became of the text.
    pub verdict: Verdict,
    /// From the parsed grammar to a matcher.
    pub compile: Duration,
    /// The time of every mask, in microseconds.
    pub masks: Vec<f32>,
    /// The time of every push, in microseconds.
    pub pushes: Vec<f32>,
    /// What the grammar held in the end, in bytes.
    pub heap_bytes: usize,
}

/// Reads a program token by token: a mask, which has to allow the token, and its
/// push; at last a mask that has to allow a stop token.
///
/// # Errors
///
/// If the text cannot be tokenised or the grammar not be compiled.
pub fn measure(
    bench: &Bench,
    text: &str,
    compile: impl FnOnce() -> Result<Grammar, String>,
) -> Result<Measured, BenchError> {
    let tokens = bench
        .encoder()
        .encode(text)
        .map_err(|error| BenchError::Setup(error.to_string()))?;
    let start = ThreadTime::now();
    let grammar = compile().map_err(BenchError::Setup)?;
    let mut matcher = grammar.matcher();
    let mut measured = Measured {
        verdict: Verdict::Accepted,
        compile: start.elapsed(),
        masks: Vec::with_capacity(tokens.len() + 1),
        pushes: Vec::with_capacity(tokens.len()),
        heap_bytes: 0,
    };
    measured.verdict = read_tokens(bench, &mut matcher, &tokens, &mut measured);
    measured.heap_bytes = grammar.heap_bytes();
    Ok(measured)
}

fn read_tokens(
    bench: &Bench,
    matcher: &mut Matcher,
    tokens: &[TokenId],
    measured: &mut Measured,
) -> Verdict {
    let mut row = vec![0; bench.vocab().mask_words()];
    for (index, &token) in tokens.iter().enumerate() {
        let start = ThreadTime::now();
        let filled = matcher.fill_mask(&mut row);
        measured.masks.push(micros(start.elapsed()));
        if let Err(error) = filled {
            return Verdict::Failed(error.to_string());
        }
        let start = ThreadTime::now();
        let pushed = matcher.push(token);
        measured.pushes.push(micros(start.elapsed()));
        if !mask::get(&row, token) || pushed.is_err() {
            return Verdict::Rejected { token: index };
        }
    }
    let start = ThreadTime::now();
    let filled = matcher.fill_mask(&mut row);
    measured.masks.push(micros(start.elapsed()));
    if let Err(error) = filled {
        return Verdict::Failed(error.to_string());
    }
    let stop = |&id: &TokenId| mask::get(&row, id);
    if bench.vocab().stop_ids().iter().any(stop) {
        Verdict::Accepted
    } else {
        Verdict::Unfinished
    }
}

fn micros(time: Duration) -> f32 {
    (time.as_secs_f64() * 1e6) as f32
}

/// What all programs came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Summary {
    /// Programs read to the end.
    pub accepted: usize,
    /// All programs.
    pub programs: usize,
    /// Masks, in microseconds.
    pub mask_us: Percentiles,
    /// Pushes, in microseconds.
    pub push_us: Percentiles,
    /// Compilations, in microseconds.
    pub compile_us: Percentiles,
    /// The most bytes that a grammar held.
    pub max_heap_bytes: usize,
}

impl Summary {
    /// The summary of some measurements.
    pub fn of(all: &[Measured]) -> Summary {
        let mut masks: Vec<f32> = all.iter().flat_map(|one| one.masks.clone()).collect();
        let mut pushes: Vec<f32> = all.iter().flat_map(|one| one.pushes.clone()).collect();
        let mut compile: Vec<f32> = all.iter().map(|one| micros(one.compile)).collect();
        let accepted = |one: &&Measured| one.verdict == Verdict::Accepted;
        Summary {
            accepted: all.iter().filter(accepted).count(),
            programs: all.len(),
            mask_us: Percentiles::of(&mut masks),
            push_us: Percentiles::of(&mut pushes),
            compile_us: Percentiles::of(&mut compile),
            max_heap_bytes: all.iter().map(|one| one.heap_bytes).max().unwrap_or(0),
        }
    }
}
