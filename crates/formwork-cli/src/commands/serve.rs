//! `formwork serve`.

use std::time::Duration;

use formwork_burn::load;
use formwork_model::ModelFiles;
use formwork_server::{Served, Server, ServerOptions};

use crate::args::ServeArgs;
use crate::error::CliError;
use crate::printer::{self, Printer};
use crate::status::ExitStatus;

/// What clients call the embedded model.
const EMBEDDED: &str = "formwork-embedded";

pub(super) fn run(args: &ServeArgs, printer: &mut Printer) -> Result<ExitStatus, CliError> {
    let options = ServerOptions {
        max_running: args.max_running.get(),
        max_waiting: args.max_waiting.get(),
        max_tokens: args.max_tokens.get(),
        max_prompt_tokens: args.max_prompt_tokens.get(),
        request_timeout: Duration::from_secs(args.timeout),
        shutdown_grace: Duration::from_secs(args.grace),
        schemas: args.options.build_compact()?,
        ..ServerOptions::default()
    };
    let files = match &args.model {
        Some(path) => ModelFiles::open(path),
        None => ModelFiles::embedded(),
    };
    let files = files.map_err(CliError::other)?;
    let served = Served {
        name: name(args),
        model: load(&files.config, &*files.weights, args.device).map_err(CliError::other)?,
        tokenizer: files.tokenizer,
        chat: files.chat,
    };
    let server = Server::new(served, options).map_err(CliError::other)?;
    if !args.addr.ip().is_loopback() {
        printer::warning(&"other machines may reach this address, and nobody is asked for a name");
    }
    let mut printed = Ok(());
    let ran = server.run(args.addr, |address| {
        let line = printer.generated(&format!("http://{address}"));
        printed = line.and_then(|()| printer.flush());
    });
    ran.map_err(|error| CliError::Message(format!("{}: {error}", args.addr)))?;
    printed?;
    Ok(ExitStatus::Yes)
}

/// What clients call the model: its file without the ending.
fn name(args: &ServeArgs) -> String {
    let stem = args.model.as_deref().and_then(|path| path.file_stem());
    let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
    let name = args.name.clone().or(stem);
    name.unwrap_or_else(|| EMBEDDED.to_owned())
}
