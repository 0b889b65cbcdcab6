//! Writing files.

use std::{error::Error, fs, path::Path};

/// Writes a file and says so.
pub fn put(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    fs::write(path, bytes)?;
    println!("{}: {} bytes", path.display(), bytes.len());
    Ok(())
}
