//! What is held in memory: by the index of a vocabulary, by a grammar after a text was
//! read under it token by token, and by what the compiler has learnt until then.
//!
//! ```text
//! cargo bench --bench memory
//! FORMWORK_TOKENIZER=tokenizer.json cargo bench --bench memory
//! ```
//!
//! One compiler for all, as in a server. The library counts its own bytes; beside that,
//! where the system tells, how much the process has grown. It grows less than it takes
//! where it has room from before.

// A table for people; a bench that cannot be set up has nothing to measure.
#![allow(clippy::expect_used, clippy::print_stdout)]

mod common;

use std::path::Path;
use std::sync::Arc;

use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{CfgLimits, Compiler, Grammar, TokenId};
use formwork_bench::longest_match;

/// Grammars of the project's own, each with a sample.
const GRAMMARS: [&str; 3] = ["json.gbnf", "sql.lark", "cpp.lark"];

fn main() {
    let start = resident_kib();
    let vocab = common::vocab();
    let read = resident_kib();
    let compiler = Compiler::new(Arc::clone(&vocab)).expect("it has every byte");
    let indexed = resident_kib();
    println!("{} tokens; all in KiB", vocab.len());
    println!("{:<34} {:>10} {:>10}", "", "counted", "grown by");
    println!("{:<34} {:>10} {:>10}", "vocabulary", "", grown(start, read));
    let index_kib = common::compile(&compiler, "{}").index().heap_bytes() / 1024;
    println!(
        "{:<34} {index_kib:>10} {:>10}",
        "index",
        grown(read, indexed)
    );
    let learnt_kib = compiler.learnt_bytes() / 1024;
    println!("{:<34} {learnt_kib:>10}", "learnt before any grammar");

    println!(
        "\n{:<26} {:>7} {:>10} {:>10} {:>10}",
        "", "tokens", "grammar", "learnt", "grown by"
    );
    let mut kept = Vec::new(); // as a server keeps its grammars
    for name in common::NAMES {
        let case = common::case(&compiler, name);
        let compile = || common::compile(&compiler, &case.schema);
        kept.push(walk(&compiler, name, compile, &case.tokens));
    }
    for name in GRAMMARS {
        let text = sample(name);
        let tokens = longest_match(&vocab, &text).expect("every byte is a token");
        kept.push(walk(&compiler, name, || grammar(&compiler, name), &tokens));
    }
    let all_kib = kept.iter().map(Grammar::heap_bytes).sum::<usize>() / 1024;
    println!(
        "{:<34} {all_kib:>10} {:>10} {:>10}",
        "all",
        compiler.learnt_bytes() / 1024,
        grown(indexed, resident_kib())
    );
}

/// Reads a text token by token, a mask each, and prints what is held afterwards.
fn walk(
    compiler: &Compiler,
    name: &str,
    compile: impl Fn() -> Grammar,
    tokens: &[TokenId],
) -> Grammar {
    let before = resident_kib();
    let grammar = compile();
    let mut matcher = grammar.matcher();
    let mut row = vec![0; compiler.vocab().mask_words()];
    for &token in tokens {
        matcher.fill_mask(&mut row).expect("no limit is reached");
        matcher.push(token).expect("the text is valid");
    }
    matcher.fill_mask(&mut row).expect("no limit is reached");
    println!(
        "{name:<26} {:>7} {:>10} {:>10} {:>10}",
        tokens.len(),
        grammar.heap_bytes() / 1024,
        compiler.learnt_bytes() / 1024,
        grown(before, resident_kib())
    );
    grammar
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/grammars"))
}

fn grammar(compiler: &Compiler, name: &str) -> Grammar {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).expect("the file is in the repository");
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let format = Format::from_extension(&extension).expect("a notation");
    let grammar = parse(&text, format, &SyntaxLimits::default()).expect("it is a grammar");
    compiler
        .cfg(&grammar, &CfgLimits::default())
        .expect("the grammars of the benches compile")
}

/// The longest valid sample of a grammar.
fn sample(name: &str) -> String {
    let stem = Path::new(name).file_stem().unwrap_or_default();
    let samples = folder().join("samples").join(stem).join("valid");
    let files = std::fs::read_dir(samples).expect("samples");
    let texts = files.map(|file| {
        let path = file.expect("a file").path();
        std::fs::read_to_string(path).expect("a text")
    });
    let longest = texts.max_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    longest.expect("one sample at least")
}

/// The memory of this process; `None` where the system does not tell.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn grown(before: Option<u64>, after: Option<u64>) -> String {
    match before.zip(after) {
        Some((before, after)) => after.saturating_sub(before).to_string(),
        None => "?".to_owned(),
    }
}
