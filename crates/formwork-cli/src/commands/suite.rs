//! `formwork suite`.

use formwork::SchemaOptions;
use formwork_bench::suite;

use super::report;
use crate::args::SuiteArgs;
use crate::error::CliError;
use crate::printer::Printer;
use crate::status::ExitStatus;
use crate::{input, progress};

pub(super) fn run(args: &SuiteArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let files = suite::file_count(&args.folder)?;
    let bench = input::bench(args.tokenizer.as_deref(), &args.cache)?;
    report::silence_workers();
    let bar = progress::bar(files, printer.is_quiet());
    let options = SchemaOptions::default();
    let result = suite::run(&bench, &args.folder, &options, &|| bar.inc(1));
    bar.finish_and_clear();
    let mut result = result?;
    if !args.wrong {
        result = result.without_lists();
    }
    report::write(&result, args.json.as_deref(), printer)?;
    Ok(ExitStatus::Yes)
}
