//! `formwork maskbench`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use formwork_bench::golden::Golden;
use formwork_bench::maskbench::{self, Options};

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
        slowest: args.slowest,
    };
    let bench = Arc::new(input::bench(args.tokenizer.as_deref())?);
    report::silence_workers();
    let bar = progress::bar(files.len(), printer.is_quiet());
    let result = maskbench::run(&bench, &files, &options, &|| bar.inc(1));
    bar.finish_and_clear();
    let result = result?;
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

/// The project's own schemas: here, or where this program was built.
fn own_schemas() -> Result<PathBuf, CliError> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let candidates = [PathBuf::from("schemas"), built];
    candidates
        .into_iter()
        .find(|folder| folder.is_dir())
        .ok_or_else(|| CliError::other("there is no folder `schemas` here; name one"))
}
