//! `formwork dot`.

use formwork::{CfgLimits, CompileError, DrawLimits, draw_cfg, draw_json_schema};

use crate::args::DotArgs;
use crate::error::CliError;
use crate::printer::Printer;
use crate::source::{Kind, Source};
use crate::status::ExitStatus;

pub(super) fn run(args: &DotArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let source = Source::subject(&args.subject)?;
    let options = args.options.build_compact()?;
    let limits = DrawLimits {
        max_dots: args.max_dots,
        max_states: args.max_states,
    };
    let drawn = match &source.kind {
        Kind::Schema => {
            draw_json_schema(&source.text, &options, &limits).map_err(CompileError::Schema)
        }
        Kind::Grammar(format, syntax) => source
            .grammar(*format, syntax)
            .and_then(|grammar| draw_cfg(&grammar, &CfgLimits::default(), &options, &limits)),
    };
    printer.text(drawn.map_err(|error| source.error(&error))?)?;
    Ok(ExitStatus::Yes)
}
