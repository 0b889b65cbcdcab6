//! The grammars of `grammars/`, read by their front ends and run by the engine:
//! every sample gets its verdict, and every text that is made can be read, also
//! by others where there are any.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use formwork::cfg::syntax::{Format, SyntaxErrorKind, SyntaxLimits, parse};
use formwork::{CfgLimits, Compiler, Grammar, Vocab, samples, witness};
use formwork_automata::{Limits, regex};
use formwork_testkit::Rng;
use serde_json::Value;

use crate::{grammar_walks, support};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grammars")
}

/// Every file of a grammar, by name.
pub(crate) fn files() -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder()).expect("the folder of grammars");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| format(path).is_some());
    paths.sort();
    paths
}

fn format(path: &Path) -> Option<Format> {
    Format::from_extension(&path.extension()?.to_string_lossy())
}

pub(crate) fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

pub(crate) fn compile(compiler: &Compiler, path: &Path) -> Grammar {
    let text = std::fs::read_to_string(path).expect("a grammar");
    compile_text(compiler, &text, format(path).expect("a notation"))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn compile_text(compiler: &Compiler, text: &str, format: Format) -> Result<Grammar, String> {
    let grammar = parse(text, format, &SyntaxLimits::default());
    let grammar = grammar.map_err(|errors| errors.to_string())?;
    let grammar = compiler.cfg(&grammar, &CfgLimits::default());
    grammar.map_err(|error| error.to_string())
}

/// Every grammar with its name.
fn grammars(compiler: &Compiler) -> impl Iterator<Item = (String, Grammar)> {
    files()
        .into_iter()
        .map(|path| (name(&path), compile(compiler, &path)))
}

/// The grammar of a name.
fn named(compiler: &Compiler, name: &str) -> Grammar {
    compile(compiler, &folder().join(name))
}

fn compiler() -> Compiler {
    support::compiler(formwork_testkit::vocab::toy(3))
}

fn accepts(grammar: &Grammar, text: &str) -> bool {
    let mut matcher = grammar.matcher();
    matcher.push_bytes(text.as_bytes()).is_ok() && matcher.is_complete()
}

/// The samples of a grammar, `valid` or `invalid` ones, with their files.
pub(crate) fn samples_of(grammar: &Path, kind: &str) -> Vec<(PathBuf, String)> {
    let folder = folder().join("samples").join(name(grammar)).join(kind);
    let files = std::fs::read_dir(&folder).expect("samples");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a sample");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn samples_get_their_verdicts() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let mut read = 0;
    for path in files() {
        let grammar = compile(&compiler, &path);
        for (kind, valid) in [("valid", true), ("invalid", false)] {
            for (file, text) in samples_of(&path, kind) {
                assert_eq!(accepts(&grammar, &text), valid, "{}", file.display());
                read += 1;
            }
        }
    }
    assert!(read > 400, "only {read} samples");
}

#[test]
fn texts_that_are_made_come_to_an_end_and_are_accepted() {
    for (name, grammar) in grammars(&compiler()) {
        let shortest = witness(&grammar).expect(&name).expect(&name);
        assert!(accepts(&grammar, &shortest.text), "{name}: {shortest:?}");
        let bound = grammar.matcher().min_completion_bytes() as usize;
        assert!(shortest.text.len() <= bound, "{name}: {shortest:?}");
        let mut made = 0;
        for text in samples(&grammar, 11).take(support::cases(10) as usize) {
            let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(accepts(&grammar, &text), "{name}: {text}");
            made += 1;
        }
        assert!(made > 0, "{name}: no text was made");
    }
}

/// Random texts of a grammar are read by `read`, which knows nothing of it.
fn read_by_another(grammar: &Grammar, read: impl Fn(&str) -> Result<(), String>) {
    let shortest = witness(grammar).expect("no limit").expect("a short text");
    let mut texts = BTreeSet::from([shortest.text]);
    let mut rng = Rng::new(support::seed());
    for _ in 0..support::cases(100) {
        texts.insert(grammar_walks::text(grammar, &mut rng));
    }
    assert!(texts.len() > 80, "only {} texts", texts.len());
    for text in texts {
        read(&text).unwrap_or_else(|why| panic!("{text:?}: {why}"));
    }
}

/// Halves of surrogate pairs are in the grammar of JSON, but in no string of Rust.
#[test]
fn json_is_read_by_another() {
    let halves = ["surrogate", "unexpected end of hex escape"];
    read_by_another(&named(&compiler(), "json.gbnf"), |text| {
        let read = serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
        match read {
            Err(why) if !halves.iter().any(|what| why.contains(what)) => Err(why),
            _ => Ok(()),
        }
    });
}

/// Regular expressions are syntax to their compiler, whatever else it thinks.
#[test]
fn regular_expressions_are_read_by_their_compiler() {
    let grammar = named(&compiler(), "regex.gbnf");
    read_by_another(&grammar, |text| {
        match regex::compile(text, &Limits::default()) {
            Err(error) if matches!(error.kind(), regex::RegexErrorKind::Syntax(_)) => {
                Err(error.to_string())
            }
            _ => Ok(()),
        }
    });
}

#[test]
fn lark_in_lark_derives_the_grammars_in_lark() {
    let lark = named(&compiler(), "lark.lark");
    let mut read = 0;
    for path in files() {
        if format(&path) == Some(Format::Lark) {
            let text = std::fs::read_to_string(&path).expect("a grammar");
            assert!(accepts(&lark, &text), "{}", path.display());
            read += 1;
        }
    }
    assert!(read > 5, "only {read} grammars in Lark");
}

/// Where regular expressions and ends of ranges, which it does not check, are always
/// right, whatever Lark in Lark derives has the syntax of Lark.
#[test]
fn lark_in_lark_derives_lark() {
    let path = folder().join("lark.lark");
    let text = std::fs::read_to_string(path).expect("a grammar");
    let lines = text.lines().map(|line| match line.split_once(": ") {
        Some(("REGEX", _)) => r"REGEX: /\/[a-z]+\/i?/",
        Some(("CHAR", _)) => r#"CHAR: "\"x\"""#,
        _ => line,
    });
    let checked = lines.collect::<Vec<_>>().join("\n");
    let grammar = compile_text(&compiler(), &checked, Format::Lark).expect("a grammar");
    read_by_another(&grammar, |text| {
        let read = parse(text, Format::Lark, &SyntaxLimits::default());
        let errors = read.map_or_else(|errors| errors.errors().to_vec(), |_| Vec::new());
        let syntax = errors
            .iter()
            .find(|error| error.kind == SyntaxErrorKind::Malformed);
        syntax.map_or(Ok(()), |error| Err(error.to_string()))
    });
}
