//! The MaskBench protocol.
//!
//! A file holds a `schema` and `tests`, each a labelled instance. Of every file
//! the runner measures:
//!
//! - **TTFM**, time to first mask: from the schema's text to a matcher that is
//!   ready, once per schema that compiles. A compilation that runs into the
//!   time limit counts as that limit. One compiler serves all schemas, as in a
//!   server.
//! - **TBM**, time between masks: one mask and the push of one token, once per
//!   token up to and including the first that is not allowed. Instances are
//!   tokenised beforehand, from the text Python would [write](crate::python),
//!   without special tokens.
//!
//! With [`Options::again`], the matcher then starts over and reads all instances
//! once more: **TBM of the second request**, in which the grammar knows what it
//! learnt in the first. A verdict that changes counts as a disagreement.
//!
//! An instance is accepted if every token was allowed and a stop token is
//! allowed after the last. This is stricter than the reference runner, which
//! never asks for the stop token.
//!
//! A schema passes if it compiles, no valid instance is rejected (*over*), no
//! invalid one accepted (*under*), and nothing panicked, ran into a limit or
//! contradicted itself. A schema without instances passes if it compiles.
//!
//! # Limitations
//!
//! A file that runs into the time limit leaves its thread behind, working in
//! vain until the compiler returns; times measured meanwhile are too long.
//! Times on a shared machine have noisy tails. A stack overflow or a failed
//! allocation cannot be caught and ends the run.

mod case;
mod curve;
mod disguise;
mod measure;
mod page;
mod report;
mod table;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use formwork::SchemaOptions;

use crate::{Bench, BenchError};
pub use case::{Case, Instance, schema_of_case};
pub use curve::{Curve, Point};
use measure::Measured;
pub use page::Page;
pub use report::{Accepted, Details, Rejected, Report, Slow, Split};
use worker::Worker;

/// How to run.
#[derive(Clone)]
pub struct Options {
    /// How schemas are compiled.
    pub schema: SchemaOptions,
    /// Rename the keys `_uniqueItems` and `_format`, wherever they are in a
    /// schema, to the keywords that the data set disguised by them. The default
    /// is not to.
    pub restore_disguised: bool,
    /// Files measured at once. The default is 1; more than one makes times less
    /// exact.
    pub threads: usize,
    /// The longest a file may take. The default is 60 seconds.
    pub timeout: Duration,
    /// Let the grammar of each schema read all instances a second time, as it
    /// would in the next request. The default is not to.
    pub again: bool,
    /// How many of the slowest schemas to list. The default is 0.
    pub slowest: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            schema: SchemaOptions::default(),
            restore_disguised: false,
            threads: 1,
            timeout: Duration::from_secs(60),
            again: false,
            slowest: 0,
        }
    }
}

/// The files of a folder whose names end in `.json`, sorted by name.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, BenchError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(BenchError::io(folder))? {
        let path = entry.map_err(BenchError::io(folder))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Measures every file. `on_file` is called after each, for progress.
///
/// # Errors
///
/// If a file cannot be read or does not have the layout above.
pub fn run(
    bench: &Arc<Bench>,
    files: &[PathBuf],
    options: &Options,
    on_file: &(dyn Fn() + Sync),
) -> Result<Report, BenchError> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(files.len()));
    let work = || -> Result<(), BenchError> {
        let mut worker = Worker::new(bench, options)?;
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut case = Case::read(path)?;
            if options.restore_disguised {
                case.schema = disguise::restore(&case.schema);
            }
            let (name, split) = (case.name.clone(), case.split.clone());
            let measured = worker.measure(case)?;
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push((name, split, measured));
            on_file();
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.threads.max(1))
            .map(|_| scope.spawn(work))
            .collect();
        workers.into_iter().try_for_each(|worker| {
            let panicked = |_| BenchError::Setup("the runner itself panicked".to_owned());
            worker.join().map_err(panicked)?
        })
    })?;
    let mut results: Vec<(String, String, Measured)> =
        results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Report::of(results, options))
}
