//! safetensors, the file format of Hugging Face for tensors.
//!
//! The format is described in <https://github.com/huggingface/safetensors>: the length
//! of a header, the header as JSON, then the tensors. A model is one file or several, with
//! or without an index. Opening reads the headers; the values of a tensor are read when
//! they are asked for.
//!
//! # Untrusted files
//!
//! A header has at most 64 MiB; places of tensors are checked before memory is set
//! aside for them: their bytes, and as 32-bit floats at most three times that. An index can only name files of its
//! own folder.

mod folder;
mod header;
mod write;

use std::collections::HashMap;
use std::path::Path;

use header::Tensor;
pub use write::{SafetensorsType, write_safetensors};

use crate::source::Source;
use crate::{ModelError, ModelErrorKind, StoredTensor, Weights};

/// The tensors of one or more safetensors files.
#[derive(Debug)]
pub struct Safetensors {
    files: Vec<Source>,
    tensors: HashMap<String, (usize, Tensor)>,
}

impl Safetensors {
    /// Opens a file, or the files of a folder: `model.safetensors`, or those that
    /// `model.safetensors.index.json` lists, or all that are called
    /// `model-*.safetensors`. Reads their headers.
    ///
    /// # Errors
    ///
    /// If a file is missing, cannot be read, or contradicts itself or another one:
    /// names that are there twice, tensors that overlap or reach beyond the end.
    pub fn open(path: impl AsRef<Path>) -> Result<Safetensors, ModelError> {
        let path = path.as_ref();
        let mut all = Safetensors {
            files: Vec::new(),
            tensors: HashMap::new(),
        };
        if path.is_dir() {
            folder::open(path, &mut all)?;
        } else {
            all.add(Source::open(path)?)?;
        }
        Ok(all)
    }

    /// As [`open`](Safetensors::open), of one file in memory that messages call `name`.
    ///
    /// # Errors
    ///
    /// As [`open`](Safetensors::open).
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Safetensors, ModelError> {
        let mut all = Safetensors {
            files: Vec::new(),
            tensors: HashMap::new(),
        };
        all.add(Source::memory(name, bytes))?;
        Ok(all)
    }

    fn add(&mut self, source: Source) -> Result<(), ModelError> {
        let file = self.files.len();
        for (name, tensor) in header::read(&source)? {
            if self.tensors.contains_key(&name) {
                return Err(ModelError::format(format!(
                    "{}: the tensor {name:?} is there twice",
                    source.path().display()
                )));
            }
            self.tensors.insert(name, (file, tensor));
        }
        self.files.push(source);
        Ok(())
    }

    /// The file that has a tensor.
    fn file_of(&self, name: &str) -> Option<&Path> {
        let (file, _) = self.tensors.get(name)?;
        self.files.get(*file).map(Source::path)
    }
}

impl Weights for Safetensors {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.tensors.get(name)?.1.shape.clone())
    }

    /// Reads a tensor of type F32, F16 or BF16.
    fn stored(&self, name: &str) -> Result<StoredTensor, ModelError> {
        let found = self.tensors.get(name);
        let Some((source, tensor)) =
            found.and_then(|(file, tensor)| Some((self.files.get(*file)?, tensor)))
        else {
            let folder = self.files.first().map(|file| file.path().display());
            let folder = folder.map_or_else(String::new, |path| path.to_string());
            return Err(ModelError::new(
                ModelErrorKind::Tensor,
                format!("there is no tensor {name:?} in {folder} and its sisters"),
            ));
        };
        let Some(kind) = header::kind(&tensor.kind) else {
            return Err(ModelError::unsupported(format!(
                "{}: the tensor {name:?} has values of type {}; F32, F16 and BF16 can be read",
                source.path().display(),
                tensor.kind
            )));
        };
        let bytes = source.read(tensor.start, tensor.bytes)?;
        Ok(StoredTensor::new(tensor.shape.clone(), kind, bytes))
    }
}

#[cfg(test)]
mod tests;
