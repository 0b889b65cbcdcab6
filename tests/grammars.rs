//! The grammars of `grammars/`, read by their front ends and run by the engine:
//! every sample gets its verdict, and every text that is made can be read.

use std::path::{Path, PathBuf};

use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{CfgLimits, Compiler, Grammar, Vocab, samples};

use crate::support;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grammars")
}

/// Every grammar with its name.
fn grammars(compiler: &Compiler) -> Vec<(String, Grammar)> {
    let files = std::fs::read_dir(folder()).expect("the folder of grammars");
    let mut found = Vec::new();
    for path in files.map(|file| file.expect("a file").path()) {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let Some(format) = Format::from_extension(&extension) else {
            continue;
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(&path).expect("a grammar");
        let grammar = parse(&text, format, &SyntaxLimits::default());
        let grammar = grammar.unwrap_or_else(|errors| panic!("{name}: {errors}"));
        let grammar = compiler.cfg(&grammar, &CfgLimits::default());
        let grammar = grammar.unwrap_or_else(|error| panic!("{name}: {error}"));
        found.push((name.into_owned(), grammar));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn accepts(grammar: &Grammar, text: &str) -> bool {
    let mut matcher = grammar.matcher();
    matcher.push_bytes(text.as_bytes()).is_ok() && matcher.is_complete()
}

#[test]
fn samples_get_their_verdicts() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let mut read = 0;
    for (name, grammar) in grammars(&compiler) {
        for (kind, valid) in [("valid", true), ("invalid", false)] {
            let folder = folder().join("samples").join(&name).join(kind);
            for file in std::fs::read_dir(&folder).expect("samples") {
                let path = file.expect("a file").path();
                let text = std::fs::read_to_string(&path).expect("a sample");
                assert_eq!(accepts(&grammar, &text), valid, "{}", path.display());
                read += 1;
            }
        }
    }
    assert!(read > 100, "only {read} samples");
}

#[test]
fn texts_that_are_made_come_to_an_end_and_are_accepted() {
    let compiler = support::compiler(formwork_testkit::vocab::toy(3));
    for (name, grammar) in grammars(&compiler) {
        let mut made = 0;
        for text in samples(&grammar, 11).take(10) {
            let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(accepts(&grammar, &text), "{name}: {text}");
            made += 1;
        }
        assert!(made > 0, "{name}: no text was made");
    }
}
