//! What was learnt of a vocabulary, kept in a folder from one call to the next.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind};
use std::path::Path;

use formwork::Compiler;

use crate::printer;

/// Gives a compiler what the folder has about its vocabulary. What is missing, damaged
/// or of another version is made and written; that nothing can be read or written is
/// told on standard error and has no other consequence.
pub(crate) fn prepare(compiler: &Compiler, folder: Option<&Path>) {
    let Some(folder) = folder else { return };
    let path = folder.join(format!(
        "formwork-{:016x}.rows",
        compiler.vocab().fingerprint()
    ));
    match File::open(&path) {
        Ok(file) => match compiler.restore(BufReader::new(file)) {
            Ok(_) => return,
            Err(error) => warn(&path, &error),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => warn(&path, &error),
    }
    compiler.prepare();
    if let Err(error) = write(compiler, folder, &path) {
        warn(&path, &error);
    }
}

fn warn(path: &Path, error: &dyn std::fmt::Display) {
    printer::warning(&format_args!("{}: {error}", path.display()));
}

/// Writes the file beside its place and moves it there, so that nobody ever reads a part
/// of one.
fn write(compiler: &Compiler, folder: &Path, path: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    let file = File::create(&beside)?;
    let written = compiler.save(BufWriter::new(file));
    let moved = written.and_then(|()| fs::rename(&beside, path));
    if moved.is_err() {
        let _ = fs::remove_file(&beside); // the first error is the one to tell
    }
    moved
}
