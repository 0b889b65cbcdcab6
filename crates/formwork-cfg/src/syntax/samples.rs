//! The grammars of the folder `grammars`, against their samples.

use std::fs;
use std::path::{Path, PathBuf};

use super::earley::accepts;
use super::{Format, SyntaxLimits, parse};

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_grammar_tells_its_samples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grammars");
    let (mut grammars, mut wrong) = (0, Vec::new());
    for path in entries(&folder) {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let Some(format) = extension.and_then(Format::from_extension) else {
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        let grammar = match parse(&text, format, &SyntaxLimits::default()) {
            Ok(grammar) => grammar,
            Err(errors) => {
                wrong.push(format!("{}:\n{errors}", path.display()));
                continue;
            }
        };
        grammars += 1;
        let name = path.file_stem().unwrap();
        for (kind, expected) in [("valid", true), ("invalid", false)] {
            for sample in entries(&folder.join("samples").join(name).join(kind)) {
                let text = fs::read_to_string(&sample).unwrap();
                if accepts(&grammar, &text) != expected {
                    wrong.push(format!("{}: {text:?}", sample.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(grammars >= 20);
}
