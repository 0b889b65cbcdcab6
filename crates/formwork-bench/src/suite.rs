//! The official JSON Schema Test Suite.
//!
//! Every instance of a draft's tests goes through the token machine, like an
//! instance of [`maskbench`](crate::maskbench), but written as it stands in its
//! file, without white space: some tests are about how a number is written.
//! There are three scores for each
//! draft: the required tests, `optional`, and `optional/format`. A refused
//! schema is neither right nor wrong, and neither is a valid instance that is
//! rejected by a schema whose status is a subset (*left out*); a schema found
//! to be unsatisfiable rejects every instance.
//!
//! Every instance is then read in other spellings: with escapes, with members
//! reordered, with white space, with other spellings of numbers where the
//! schema allows them. A verdict that changes counts as wrong.
//!
//! A schema object without `$schema` is given its draft's. `format` is always
//! asserted, so required tests which say that it is "only an annotation by
//! default" are skipped.
//!
//! If the folder `remotes` lies beside `tests`, schemas that mention
//! `localhost:1234` may refer to its files, which the suite says are served
//! there.

mod file;
mod remotes;
mod score;
mod spelling;

use std::path::{Path, PathBuf};
use std::thread;

use formwork::SchemaOptions;

use crate::{Bench, BenchError, guard};
use remotes::Options;
pub use score::{DraftScore, Score, SuiteReport, Wrong};

/// The drafts: the name of the folder, and the `$schema` of a schema.
pub const DRAFTS: [(&str, &str); 5] = [
    ("draft4", "http://json-schema.org/draft-04/schema#"),
    ("draft6", "http://json-schema.org/draft-06/schema#"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    (
        "draft2019-09",
        "https://json-schema.org/draft/2019-09/schema",
    ),
    (
        "draft2020-12",
        "https://json-schema.org/draft/2020-12/schema",
    ),
];

/// The test files of one kind of one draft.
struct Part {
    draft: &'static str,
    uri: &'static str,
    kind: Kind,
    folder: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Core,
    Optional,
    Format,
}

/// Runs the suite in `folder`, which is the repository of the suite or its
/// folder `tests`; drafts that are not there are left out. `on_file` is called
/// after each file, for progress.
///
/// # Errors
///
/// If there is no draft in the folder, or a file cannot be read.
pub fn run(
    bench: &Bench,
    folder: &Path,
    options: &SchemaOptions,
    on_file: &(dyn Fn() + Sync),
) -> Result<SuiteReport, BenchError> {
    let work = || {
        let options = Options::read(&root(folder), options)?;
        run_parts(bench, &parts(folder)?, &options, on_file)
    };
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .name(guard::WORKER_NAME.to_owned())
            .stack_size(guard::STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| BenchError::Setup(format!("cannot start a thread: {error}")))?;
        let panicked = |_| BenchError::Setup("the runner itself panicked".to_owned());
        worker.join().map_err(panicked)?
    })
}

/// The number of files that [`run`] reads.
///
/// # Errors
///
/// If there is no draft in the folder.
pub fn file_count(folder: &Path) -> Result<usize, BenchError> {
    parts(folder)?
        .iter()
        .map(|part| Ok(part.files()?.len()))
        .sum()
}

fn run_parts(
    bench: &Bench,
    parts: &[Part],
    options: &Options,
    on_file: &(dyn Fn() + Sync),
) -> Result<SuiteReport, BenchError> {
    let mut report = SuiteReport::default();
    for part in parts {
        let score = report.score_mut(part.draft, part.kind);
        for path in part.files()? {
            file::run(bench, &path, part, options, score)?;
            on_file();
        }
    }
    Ok(report)
}

/// The folder `tests` of what [`run`] is given.
fn root(folder: &Path) -> PathBuf {
    let tests = folder.join("tests");
    if tests.is_dir() {
        tests
    } else {
        folder.to_owned()
    }
}

fn parts(folder: &Path) -> Result<Vec<Part>, BenchError> {
    let root = root(folder);
    let mut parts = Vec::new();
    for (draft, uri) in DRAFTS {
        for (kind, inner) in [
            (Kind::Core, ""),
            (Kind::Optional, "optional"),
            (Kind::Format, "optional/format"),
        ] {
            let folder = root.join(draft).join(inner);
            if folder.is_dir() {
                parts.push(Part {
                    draft,
                    uri,
                    kind,
                    folder,
                });
            }
        }
    }
    if parts.is_empty() {
        return Err(BenchError::layout(
            &root,
            "no folder of a draft, such as draft7, is here",
        ));
    }
    Ok(parts)
}

impl Part {
    fn files(&self) -> Result<Vec<PathBuf>, BenchError> {
        crate::maskbench::files(&self.folder)
    }
}
