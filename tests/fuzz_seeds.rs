//! What the fuzz targets start from, and what they found: each file is fed to its target.

use std::path::Path;

#[path = "../fuzz/cases.rs"]
mod cases;

#[test]
fn seeds_are_harmless() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, target) in cases::TARGETS {
        let files = std::fs::read_dir(folder.join(name)).expect("a folder of seeds");
        let mut count = 0;
        for file in files {
            let path = file.expect("a file").path();
            let data = std::fs::read(&path).expect("readable");
            let result = std::panic::catch_unwind(|| target(&data));
            assert!(result.is_ok(), "{} does harm", path.display());
            count += 1;
        }
        assert!(count >= 3, "{name} has {count} seeds");
    }
}
