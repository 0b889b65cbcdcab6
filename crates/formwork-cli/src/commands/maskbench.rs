//! `formwork maskbench`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use formwork_bench::golden::Golden;
use formwork_bench::maskbench::{self, Options, Page};

use super::report;
use crate::args::MaskbenchArgs;
use crate::error::CliError;
use crate::printer::Printer;
use crate::status::ExitStatus;
use crate::{input, progress};

pub(super) fn run(args: &MaskbenchArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let golden = args.golden.as_deref().map(Golden::read).transpose()?;
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => own_schemas()?,
    };
    let mut files = maskbench::files(&folder)?;
    files.truncate(args.limit.unwrap_or(files.len()));
    if files.is_empty() {
        return Err(CliError::file(&folder, "no .json files are here"));
    }
    let options = Options {
        schema: args.options.build()?,
        restore_disguised: args.restore_disguised,
        threads: args.threads.get(),
        timeout: Duration::from_secs(args.timeout),
        again: args.again,
        slowest: args.slowest,
    };
    let bench = Arc::new(input::bench(args.tokenizer.as_deref(), &args.cache)?);
    report::silence_workers();
    let bar = progress::bar(files.len(), printer.is_quiet());
    let result = maskbench::run(&bench, &files, &options, &|| bar.inc(1));
    bar.finish_and_clear();
    let result = result?;
    if let Some(path) = &args.report {
        let settings = settings(args, &folder, bench.vocab().len());
        let page = Page {
            report: &result,
            settings: &settings,
        };
        std::fs::write(path, page.to_string()).map_err(|error| CliError::file(path, error))?;
    }
    report::write(&result, args.json.as_deref(), printer)?;

    let counts = Golden::of(&result);
    if let Some(path) = &args.write_golden {
        counts.write(path)?;
    }
    let worse = golden
        .map(|golden| golden.regressions(&counts))
        .unwrap_or_default();
    for regression in &worse {
        printer.line(format_args!("worse   {regression}"))?;
    }
    Ok(if worse.is_empty() {
        ExitStatus::Yes
    } else {
        ExitStatus::No
    })
}

/// What the result depends on, for the page. Of paths, only the last part: where
/// things lie on this machine is of no use to others.
fn settings(args: &MaskbenchArgs, folder: &Path, tokens: usize) -> Vec<(&'static str, String)> {
    let name = |path: &Path| match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    };
    let vocab = args.tokenizer.as_deref().map(name);
    let vocab = vocab.unwrap_or_else(|| "embedded".to_owned());
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    vec![
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("data", name(folder)),
        ("vocabulary", format!("{vocab}, {tokens} tokens")),
        ("schemas", args.options.describe()),
        (
            "disguised keywords restored",
            yes_no(args.restore_disguised),
        ),
        ("instances read twice", yes_no(args.again)),
        ("cache", yes_no(args.cache.folder().is_some())),
        ("files at once", args.threads.to_string()),
        ("time limit", format!("{} s a file", args.timeout)),
    ]
}

/// The project's own schemas: here, or where this program was built.
fn own_schemas() -> Result<PathBuf, CliError> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let candidates = [PathBuf::from("schemas"), built];
    candidates
        .into_iter()
        .find(|folder| folder.is_dir())
        .ok_or_else(|| CliError::other("there is no folder `schemas` here; name one"))
}
