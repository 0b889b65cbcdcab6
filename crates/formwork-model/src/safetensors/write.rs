//! Writing a safetensors file.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use half::f16;
use serde_json::{Map, json};

use crate::{HostTensor, ModelError, ModelErrorKind};

/// What values are written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SafetensorsType {
    /// 32-bit floats.
    F32,
    /// 16-bit floats: values are rounded to the nearest, ties to even, and those beyond
    /// 65504 become infinite.
    F16,
}

/// Writes tensors in the order given, in the format of [`Safetensors`](super::Safetensors).
/// The file appears under its name when it is whole.
///
/// # Errors
///
/// If a name is given twice, the values of a tensor do not fit its shape, or the file
/// cannot be written.
pub fn write_safetensors<'a>(
    path: impl AsRef<Path>,
    tensors: impl IntoIterator<Item = (&'a str, &'a HostTensor)>,
    dtype: SafetensorsType,
) -> Result<(), ModelError> {
    let path = path.as_ref();
    let tensors: Vec<_> = tensors.into_iter().collect();
    let header = header(&tensors, dtype)?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let failed = |error: std::io::Error| ModelError::io("write", path, &error);
    let written = write(partial, &header, &tensors, dtype)
        .and_then(|()| std::fs::rename(partial, path))
        .map_err(failed);
    if written.is_err() {
        // It is of no use to anyone; that it may not be there is no matter.
        let _ = std::fs::remove_file(partial);
    }
    written
}

fn header(tensors: &[(&str, &HostTensor)], dtype: SafetensorsType) -> Result<Vec<u8>, ModelError> {
    let (name_of_type, size) = match dtype {
        SafetensorsType::F32 => ("F32", 4),
        SafetensorsType::F16 => ("F16", 2),
    };
    let refuse = |name: &str, what: &str| {
        Err(ModelError::new(
            ModelErrorKind::Tensor,
            format!("the tensor {name:?} {what}"),
        ))
    };
    let mut seen = HashSet::new();
    let mut map = Map::new();
    let mut start = 0u64;
    for &(name, tensor) in tensors {
        if !seen.insert(name) || name == "__metadata__" {
            return refuse(name, "is given twice, or its name is not free");
        }
        let sizes = tensor.shape.iter();
        let len = sizes
            .copied()
            .try_fold(1, |n: usize, size| n.checked_mul(size));
        if len != Some(tensor.values.len()) {
            return refuse(name, "has not as many values as its shape says");
        }
        let end = start + tensor.values.len() as u64 * size;
        let entry = json!({
            "dtype": name_of_type, "shape": tensor.shape, "data_offsets": [start, end],
        });
        map.insert(name.to_owned(), entry);
        start = end;
    }
    let mut text = serde_json::Value::Object(map).to_string().into_bytes();
    // Tensors start at a multiple of eight.
    text.resize(text.len().next_multiple_of(8), b' ');
    Ok(text)
}

fn write(
    path: &Path,
    header: &[u8],
    tensors: &[(&str, &HostTensor)],
    dtype: SafetensorsType,
) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header)?;
    for value in tensors.iter().flat_map(|(_, tensor)| &tensor.values) {
        match dtype {
            SafetensorsType::F32 => file.write_all(&value.to_le_bytes())?,
            SafetensorsType::F16 => file.write_all(&f16::from_f32(*value).to_le_bytes())?,
        }
    }
    file.into_inner()?.sync_all()
}
