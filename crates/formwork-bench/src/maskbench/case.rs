//! One file of a data set.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{BenchError, python};

/// A schema with its instances, as texts.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) split: String,
    pub(crate) schema: String,
    pub(crate) instances: Vec<Instance>,
}

/// A labelled instance.
pub(crate) struct Instance {
    pub(crate) valid: bool,
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    schema: &'a RawValue,
    #[serde(borrow, default)]
    tests: Vec<Test<'a>>,
}

#[derive(Deserialize)]
struct Test<'a> {
    valid: bool,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Case {
    /// Reads a file. The schema loses its white space; instances are written as
    /// Python does.
    pub(crate) fn read(path: &Path) -> Result<Case, BenchError> {
        let text = std::fs::read_to_string(path).map_err(BenchError::io(path))?;
        let file: File<'_> =
            serde_json::from_str(&text).map_err(|error| BenchError::layout(path, error))?;
        let mut instances = Vec::with_capacity(file.tests.len());
        for test in file.tests {
            let text =
                python::dumps(test.data.get()).map_err(|error| BenchError::layout(path, error))?;
            instances.push(Instance {
                valid: test.valid,
                text,
            });
        }
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Case {
            split: split(&name).to_owned(),
            name,
            schema: python::compact(file.schema.get()),
            instances,
        })
    }
}

/// The part of a data set a file belongs to: what comes before `---`, or else
/// before a number at the end, or else `other`.
fn split(name: &str) -> &str {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    if let Some((split, _)) = stem.split_once("---") {
        return split;
    }
    match stem.rsplit_once('_') {
        Some((split, number)) if number.bytes().all(|b| b.is_ascii_digit()) => split,
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        assert_eq!(split("Github_easy---o12_3.json"), "Github_easy");
        assert_eq!(
            split("BFCL_parallel_multiple_17.json"),
            "BFCL_parallel_multiple"
        );
        assert_eq!(split("JME_0.json"), "JME");
        assert_eq!(split("max-length.json"), "other");
        assert_eq!(split("max_length.json"), "other");
    }
}
