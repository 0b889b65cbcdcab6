//! Test data too large for the repository, which may lie in a folder `shared`
//! beside the checkout.

use std::path::{Path, PathBuf};

/// The path of `name` in the folder; `None`, with a line on standard error, if
/// it is not there.
#[allow(clippy::print_stderr)] // a test that was skipped should say so
pub fn shared(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: there is no `{name}` in the folder `shared` beside the checkout");
    None
}
