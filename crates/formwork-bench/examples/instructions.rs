//! How many instructions compiling and masks take, beside what is recorded.
//!
//! ```text
//! cargo build --release -p formwork-bench --example instructions
//! target/release/examples/instructions benches/instructions.txt [--update]
//! ```
//!
//! The table names schemas of `schemas/`. This program runs itself under callgrind,
//! once for all of them, and has counted only what is inside the functions whose
//! names begin with `measured_`, each call by itself:
//!
//! - `compile`: a schema's text to a matcher. The compiler is new, but for having
//!   compiled `true`, which makes what all schemas share.
//! - `first`: every instance, a mask and a push for each token up to the first that
//!   is not allowed, and a mask at the end. Nothing is known of the vocabulary.
//! - `second`: the same once more.
//!
//! The vocabulary is the embedded one, and texts are cut by longest match. Status 1
//! if a count rose by more than 5 %, or a sum of all schemas by more than 2 %; with
//! `--update`, the counts are written to the table instead.

// A program for people.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;

use formwork::{Compiler, Matcher, PushError, SchemaOptions, TokenId, Vocab, mask};
use formwork_bench::instructions::{COLUMNS, Counts, Table, dumps};
use formwork_bench::longest_match;
use formwork_bench::maskbench::Case;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["--measured", ref names @ ..] => measured(names).map(|()| ExitCode::SUCCESS),
        [table] => compare(Path::new(table), false),
        [table, "--update"] => compare(Path::new(table), true),
        _ => Err("expected a table, and perhaps --update".into()),
    }
}

fn compare(path: &Path, is_update: bool) -> Result<ExitCode> {
    let text = std::fs::read_to_string(path)?;
    let mut table = Table::parse(&text).map_err(|line| format!("no line of a table: {line}"))?;
    let run = table.with(&count(&table)?);
    let changes = table.changes(&run);
    for change in &changes {
        println!("{change}");
    }
    let tools = tools()?;
    if is_update {
        table.rows = run.rows;
        table.notes.retain(|note| !is_about_tools(note));
        table.notes.push(tools);
        std::fs::write(path, table.to_string())?;
        println!("{} schemas recorded", table.rows.len());
        return Ok(ExitCode::SUCCESS);
    }
    if !changes.is_empty() && !table.notes.contains(&tools) {
        println!("the table is not of these tools: {tools}");
    }
    if changes.iter().any(|change| change.is_worse) {
        println!("more instructions than recorded; if that is meant, update the table");
        return Ok(ExitCode::FAILURE);
    }
    if !changes.is_empty() {
        println!("fewer instructions than recorded: update the table");
    }
    println!(
        "{} schemas, no more instructions than recorded",
        table.rows.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// What counts depend on, as a note in the table.
fn tools() -> Result<String> {
    let version = |tool| -> Result<String> {
        let output = Command::new(tool).arg("--version").output()?;
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    };
    let (rustc, valgrind) = (version("rustc")?, version("valgrind")?);
    Ok(format!(
        "with {rustc}, {valgrind}, {}",
        std::env::consts::ARCH
    ))
}

fn is_about_tools(note: &str) -> bool {
    note.starts_with("with rustc ")
}

/// Counts the schemas of a table, half of them at a time on each of two cores.
fn count(table: &Table) -> Result<Vec<Counts>> {
    let folder = Folder::new()?;
    let names: Vec<&str> = table.rows.iter().map(|(name, _)| &**name).collect();
    let halves = names.chunks(names.len().div_ceil(2).max(1)).enumerate();
    let mut running = Vec::new();
    for (half, names) in halves {
        let out = folder.0.join(format!("out-{half}"));
        running.push((under_callgrind(names, &out)?, names.len(), out));
    }
    let mut counts = Vec::new();
    for (mut child, schemas, out) in running {
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("valgrind: {status}").into());
        }
        let dumps = dumps(&out)?;
        let expected = COLUMNS.len() * schemas;
        if dumps.len() != expected {
            return Err(format!("{} dumps instead of {expected}", dumps.len()).into());
        }
        let (rows, _) = dumps.as_chunks();
        counts.extend_from_slice(rows);
    }
    Ok(counts)
}

fn under_callgrind(names: &[&str], out: &Path) -> Result<Child> {
    let child = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg("--collect-atstart=no")
        .arg("--toggle-collect=*::measured_*")
        .arg("--dump-after=instructions::measured_*")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg("--quiet")
        .arg(std::env::current_exe()?)
        .arg("--measured")
        .args(names)
        .env_clear() // its size moves the stack
        .env("LD_BIND_NOW", "1") // no symbol is looked up while counting
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .spawn()?;
    Ok(child)
}

/// A folder for one run, beside this program.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder> {
        let program = std::env::current_exe()?;
        let path = program.with_extension(format!("{}.dumps", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // what is left there harms nobody
    }
}

/// What is run under callgrind.
fn measured(names: &[&str]) -> Result<()> {
    let vocab = Arc::new(Vocab::embedded()?);
    for name in names {
        let case = Case::read(Path::new(&format!("schemas/{name}.json")))?;
        let texts = case.instances.iter();
        let texts = texts.map(|instance| longest_match(&vocab, &instance.text));
        let texts: Option<Vec<Vec<TokenId>>> = texts.collect();
        let texts = texts.ok_or("not every byte is a token")?;
        // On a thread of its own, for a heap of its own. That of this thread is as
        // reading left it, which differs from run to run by the seeds of hash
        // tables; a count differs with it by up to 3 %, and is always the same on
        // an untouched heap.
        let run = || one(&vocab, &case.schema, &texts).map_err(|error| error.to_string());
        std::thread::scope(|scope| scope.spawn(run).join())
            .unwrap_or_else(|_| Err("panicked".to_owned()))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

fn one(vocab: &Arc<Vocab>, schema: &str, texts: &[Vec<TokenId>]) -> Result<()> {
    let mut row = vec![0; vocab.mask_words()];
    let compiler = Compiler::new(Arc::clone(vocab))?;
    drop(compiler.json_schema("true", &SchemaOptions::default())?);
    let mut matcher = measured_compile(&compiler, schema)?;
    measured_first(&mut matcher, texts, &mut row)?;
    measured_second(&mut matcher, texts, &mut row)
}

#[inline(never)]
fn measured_compile(compiler: &Compiler, schema: &str) -> Result<Matcher> {
    let grammar = compiler.json_schema(schema, &SchemaOptions::default())?;
    Ok(grammar.matcher())
}

#[inline(never)]
fn measured_first(matcher: &mut Matcher, texts: &[Vec<TokenId>], row: &mut [u32]) -> Result<()> {
    read(matcher, texts, row)
}

#[inline(never)]
fn measured_second(matcher: &mut Matcher, texts: &[Vec<TokenId>], row: &mut [u32]) -> Result<()> {
    let result = read(matcher, texts, row);
    std::hint::black_box(row); // or both functions would be one
    result
}

fn read(matcher: &mut Matcher, texts: &[Vec<TokenId>], row: &mut [u32]) -> Result<()> {
    for tokens in texts {
        matcher.reset();
        let mut is_allowed = true;
        for &token in tokens {
            matcher.fill_mask(row)?;
            is_allowed = mask::get(row, token);
            match matcher.push(token) {
                Ok(()) if is_allowed => {}
                Err(PushError::Engine(error)) => return Err(error.into()),
                Ok(()) | Err(_) => break,
            }
        }
        if is_allowed {
            matcher.fill_mask(row)?;
        }
    }
    Ok(())
}
