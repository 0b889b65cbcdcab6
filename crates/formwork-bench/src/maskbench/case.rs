//! One file of a data set.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{BenchError, python};

/// A schema with its instances, as texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// The name of the file.
    pub name: String,
    /// The part of the data set that it belongs to.
    pub split: String,
    /// The schema, without white space.
    pub schema: String,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// A labelled instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    /// The label.
    pub valid: bool,
    /// The text, as Python writes it.
    pub text: String,
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
    ///
    /// # Errors
    ///
    /// If the file cannot be read or has another layout.
    pub fn read(path: &Path) -> Result<Case, BenchError> {
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

/// The schema in the text of a data set's file, as it stands there; `None` if the text
/// is none, but perhaps a schema itself: it takes `schema` and labelled `tests`, which
/// no schema has.
pub fn schema_of_case(text: &str) -> Option<&str> {
    let file: File<'_> = serde_json::from_str(text).ok()?;
    (!file.tests.is_empty()).then(|| file.schema.get())
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
