//! A file, or bytes in memory, read at positions.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::ModelError;

/// Bytes of a known length, read piece by piece. Reads of several threads do not
/// disturb each other.
#[derive(Debug)]
pub(crate) struct Source {
    bytes: Bytes,
    len: u64,
    path: PathBuf,
}

#[derive(Debug)]
enum Bytes {
    File(File),
    Memory(Vec<u8>),
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Source, ModelError> {
        let failed = |error: std::io::Error| ModelError::io("open", path, &error);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(ModelError::new(
                crate::ModelErrorKind::Io,
                format!("{} is not a file", path.display()),
            ));
        }
        Ok(Source {
            len: metadata.len(),
            bytes: Bytes::File(file),
            path: path.to_owned(),
        })
    }

    /// Bytes in memory; messages call them `name`.
    pub(crate) fn memory(name: &str, bytes: Vec<u8>) -> Source {
        Source {
            len: bytes.len() as u64,
            bytes: Bytes::Memory(bytes),
            path: name.into(),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The `len` bytes from `start` on. Nothing is allocated for bytes that are not
    /// there.
    pub(crate) fn read(&self, start: u64, len: u64) -> Result<Vec<u8>, ModelError> {
        let end = start.checked_add(len).filter(|&end| end <= self.len);
        let (Some(_), Ok(size)) = (end, usize::try_from(len)) else {
            return Err(self.cut_off(start, len));
        };
        match &self.bytes {
            Bytes::File(file) => {
                let mut buffer = vec![0; size];
                read_exact_at(file, &mut buffer, start)
                    .map_err(|error| ModelError::io("read", &self.path, &error))?;
                Ok(buffer)
            }
            Bytes::Memory(bytes) => usize::try_from(start)
                .ok()
                .and_then(|start| bytes.get(start..)?.get(..size))
                .map(<[u8]>::to_vec)
                .ok_or_else(|| self.cut_off(start, len)),
        }
    }

    /// The error of a file that is shorter than it says.
    pub(crate) fn cut_off(&self, start: u64, len: u64) -> ModelError {
        ModelError::format(format!(
            "{} is cut off: {len} bytes are expected at {start}, but the file has {}; \
             get the file again",
            self.path.display(),
            self.len
        ))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], start: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, start)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut start: u64) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !buffer.is_empty() {
        match file.seek_read(buffer, start)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = buffer.get_mut(read..).unwrap_or_default();
                start += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn reads_what_is_there_and_refuses_the_rest() {
        let source = Source::memory("bytes", vec![1, 2, 3]);
        assert_eq!(source.read(1, 2), Ok(vec![2, 3]));
        assert_eq!(source.read(3, 0), Ok(vec![]));
        for (start, len) in [(0, 4), (2, 2), (4, 0), (1, u64::MAX), (u64::MAX, 1)] {
            assert!(source.read(start, len).is_err(), "{len} at {start}");
        }
    }
}
