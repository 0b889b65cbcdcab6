//! Documents that a schema may refer to, from a folder.
//!
//! A folder is trusted, but it may be the wrong one: what is read of it is
//! bounded by [`MAX_FILES`] and [`MAX_BYTES`].
//!
//! # Limitations
//!
//! Folders that are symbolic links are not entered.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::BenchError;

/// Most documents that are read below one folder.
pub const MAX_FILES: usize = 10_000;

/// Most bytes that the documents below one folder may have together.
pub const MAX_BYTES: u64 = 64 << 20;

/// The URI of a document and its text, as
/// [`SchemaOptions::documents`](formwork::SchemaOptions::documents) takes them.
pub type Document = (String, String);

/// Every file below `folder` whose name ends in `.json`, sorted by path.
///
/// The URI of a document is its own `$id`, in draft 4 its `id`, if that is an
/// absolute URI; otherwise its path relative to `folder`, with `/` between the
/// parts.
///
/// # Errors
///
/// If something cannot be read, is not JSON, or is beyond a limit.
pub fn load(folder: &Path) -> Result<Vec<Document>, BenchError> {
    let own = |file: &Path, path: String, text: &str| {
        let json: Value =
            serde_json::from_str(text).map_err(|error| BenchError::layout(file, error))?;
        Ok(own_uri(&json).unwrap_or(path))
    };
    read(folder, &Limits::default(), &own)
}

/// Like [`load`], but the URI of every document is `base` and its path relative
/// to `folder`, whatever it calls itself.
///
/// # Errors
///
/// If something cannot be read or is beyond a limit.
pub fn load_at(folder: &Path, base: &str) -> Result<Vec<Document>, BenchError> {
    let under = |_: &Path, path: String, _: &str| Ok(format!("{base}{path}"));
    read(folder, &Limits::default(), &under)
}

struct Limits {
    files: usize,
    bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            files: MAX_FILES,
            bytes: MAX_BYTES,
        }
    }
}

/// Gives the URI of a document, from its file, relative path and text.
type Name<'a> = dyn Fn(&Path, String, &str) -> Result<String, BenchError> + 'a;

fn read(folder: &Path, limits: &Limits, name: &Name<'_>) -> Result<Vec<Document>, BenchError> {
    let mut documents = Vec::new();
    let mut left = limits.bytes;
    for file in files(folder, limits.files)? {
        let mut bytes = Vec::new();
        File::open(&file)
            .and_then(|open| open.take(left.saturating_add(1)).read_to_end(&mut bytes))
            .map_err(BenchError::io(&file))?;
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| BenchError::Limit {
                path: folder.to_owned(),
                what: "bytes of documents",
                limit: limits.bytes,
            })?;
        let text = String::from_utf8(bytes).map_err(|error| BenchError::layout(&file, error))?;
        let uri = name(&file, relative(folder, &file), &text)?;
        documents.push((uri, text));
    }
    Ok(documents)
}

/// The files below `folder`, sorted.
fn files(folder: &Path, limit: usize) -> Result<Vec<PathBuf>, BenchError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(&inner).map_err(BenchError::io(&inner))? {
            let entry = entry.map_err(BenchError::io(&inner))?;
            let path = entry.path();
            if entry.file_type().map_err(BenchError::io(&path))?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "json") && path.is_file() {
                files.push(path);
            }
            if files.len() > limit {
                return Err(BenchError::Limit {
                    path: folder.to_owned(),
                    what: "documents",
                    limit: limit as u64,
                });
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The path of `file` from `folder` on.
fn relative(folder: &Path, file: &Path) -> String {
    let parts: Vec<_> = file
        .strip_prefix(folder)
        .unwrap_or(file)
        .iter()
        .map(|part| part.to_string_lossy())
        .collect();
    parts.join("/")
}

/// What a document calls itself, if that is an absolute URI.
fn own_uri(json: &Value) -> Option<String> {
    let dialect = json.get("$schema").and_then(Value::as_str);
    let old = dialect.is_some_and(|uri| uri.contains("draft-04"));
    let id = json.get(if old { "id" } else { "$id" })?.as_str()?;
    let id = id.strip_suffix('#').unwrap_or(id);
    is_absolute(id).then(|| id.to_owned())
}

/// Whether `uri` has a scheme and no fragment.
fn is_absolute(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return false;
    };
    let of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(of_scheme)
        && !rest.is_empty()
        && !rest.contains(|c: char| c == '#' || c.is_whitespace())
}

#[cfg(test)]
mod tests;
