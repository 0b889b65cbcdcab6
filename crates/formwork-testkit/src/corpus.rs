//! The project's own schemas with labelled instances.

use std::path::Path;

use serde_json::Value;

/// The names and documents of the folder `schemas`, by name.
///
/// # Panics
///
/// If one cannot be read.
pub fn corpus() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder schemas") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        let name = path.file_stem().expect("a name").to_string_lossy();
        files.push((
            name.into_owned(),
            serde_json::from_str(&text).expect("JSON"),
        ));
    }
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}
