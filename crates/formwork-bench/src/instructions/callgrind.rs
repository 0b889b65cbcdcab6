//! The dumps that callgrind leaves.

use std::path::{Path, PathBuf};

use crate::BenchError;

/// The instructions of each dump, in the order in which they were made. With
/// `--callgrind-out-file=OUT` dumps are `OUT.1`, `OUT.2` and so on; `OUT` itself, of
/// the end of the program, is not among them.
///
/// # Errors
///
/// If a dump cannot be read or has no total.
pub fn dumps(out: &Path) -> Result<Vec<u64>, BenchError> {
    let mut totals = Vec::new();
    loop {
        let mut name = out.as_os_str().to_owned();
        name.push(format!(".{}", totals.len() + 1));
        let path = PathBuf::from(name);
        if !path.exists() {
            return Ok(totals);
        }
        let text = std::fs::read_to_string(&path).map_err(BenchError::io(&path))?;
        let total = total(&text).ok_or_else(|| BenchError::layout(&path, "there is no total"))?;
        totals.push(total);
    }
}

fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals() {
        let dump = "version: 1\nevents: Ir\nsummary: 7\n\nfn=(1) f\n12 7\n\ntotals: 7\n";
        assert_eq!(total(dump), Some(7));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn no_dumps() {
        let dumps = dumps(Path::new("no-such-folder/out")).unwrap();
        assert_eq!(dumps, [0; 0]);
    }
}
