//! The files of a model in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use serde::Deserialize;

use super::Safetensors;
use crate::source::Source;
use crate::{ModelError, ModelErrorKind};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// The largest index, in bytes.
const MAX_INDEX_BYTES: u64 = 1 << 26;

/// The highest number of files of a model.
const MAX_FILES: usize = 1 << 12;

/// Adds the files of a folder to `all`.
pub(super) fn open(folder: &Path, all: &mut Safetensors) -> Result<(), ModelError> {
    if folder.join(SINGLE).is_file() {
        return all.add(Source::open(&folder.join(SINGLE))?);
    }
    if folder.join(INDEX).is_file() {
        return by_index(folder, all);
    }
    let names = by_name(folder)?;
    if names.is_empty() {
        return Err(ModelError::new(
            ModelErrorKind::Io,
            format!(
                "{} has neither {SINGLE} nor {INDEX} nor model-*.safetensors",
                folder.display()
            ),
        ));
    }
    for name in names {
        all.add(Source::open(&folder.join(name))?)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

fn by_index(folder: &Path, all: &mut Safetensors) -> Result<(), ModelError> {
    let path = folder.join(INDEX);
    let broken = |what: String| ModelError::format(format!("{}: {what}", path.display()));
    let source = Source::open(&path)?;
    if source.len() > MAX_INDEX_BYTES {
        return Err(broken(format!("it has more than {MAX_INDEX_BYTES} bytes")));
    }
    let text = source.read(0, source.len())?;
    let index: Index = serde_json::from_slice(&text).map_err(|e| broken(e.to_string()))?;
    let names: BTreeSet<&String> = index.weight_map.values().collect();
    if names.len() > MAX_FILES {
        return Err(broken(format!("it lists more than {MAX_FILES} files")));
    }
    for name in names {
        // A name with folders in it could lead anywhere.
        let mut parts = Path::new(name).components();
        if !matches!(
            (parts.next(), parts.next()),
            (Some(Component::Normal(_)), None)
        ) {
            return Err(broken(format!(
                "{name:?} is not the name of a file beside it"
            )));
        }
        all.add(Source::open(&folder.join(name))?)?;
    }
    for (tensor, name) in &index.weight_map {
        if all.file_of(tensor) != Some(folder.join(name).as_path()) {
            return Err(broken(format!("the tensor {tensor:?} is not in {name}")));
        }
    }
    Ok(())
}

/// The names `model-*.safetensors`, sorted. Where they say of how many files they are,
/// as in `model-00001-of-00002.safetensors`, all must be there.
fn by_name(folder: &Path) -> Result<Vec<String>, ModelError> {
    let failed = |error: std::io::Error| ModelError::io("list", folder, &error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.starts_with("model-") && name.ends_with(".safetensors") && names.len() < MAX_FILES {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    let total = |name: &String| -> Option<usize> {
        let (_, total) = name.strip_suffix(".safetensors")?.rsplit_once("-of-")?;
        total.parse().ok()
    };
    match names.first().and_then(total) {
        Some(total) if total != names.len() => Err(ModelError::new(
            ModelErrorKind::Io,
            format!(
                "{} has {} of {total} files model-*.safetensors; get those that are missing",
                folder.display(),
                names.len()
            ),
        )),
        _ => Ok(names),
    }
}
