//! Masks over the programs of HumanEval-X under the C++ grammar.
//!
//! ```text
//! cargo run --release -p formwork-bench --example humaneval -- \
//!     grammars/cpp.lark ../shared/humaneval-x-cpp/humaneval_cpp.jsonl.gz \
//!     ../shared/tokenizers/llama3_1.json
//! ```

// A program for people.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;

use formwork::CfgLimits;
use formwork::cfg::Grammar;
use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork_bench::programs::{self, Program};
use formwork_bench::{Bench, Verdict};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, grammar, tasks, tokenizer] = arguments.as_slice() else {
        return Err("expected a grammar, a file of tasks and a tokenizer".into());
    };
    let text = std::fs::read_to_string(grammar)?;
    let format = Path::new(grammar).extension().and_then(|e| e.to_str());
    let format = format
        .and_then(Format::from_extension)
        .ok_or("no grammar")?;
    let start = std::time::Instant::now();
    let grammar = parse(&text, format, &SyntaxLimits::default())?;
    println!(
        "parse {:?}: {} rules, {} terminals",
        start.elapsed(),
        grammar.rules.len(),
        grammar.terminals.len()
    );
    let bench = Bench::load(Path::new(tokenizer))?;
    let tasks = programs::read(Path::new(tasks))?;
    println!("what is learnt of the vocabulary is kept:");
    run(&bench, &grammar, &tasks, false)?;
    println!("it is forgotten before each program:");
    run(&bench, &grammar, &tasks, true)
}

fn run(
    bench: &Bench,
    grammar: &Grammar,
    tasks: &[Program],
    forget: bool,
) -> Result<(), Box<dyn Error>> {
    let mut all = Vec::new();
    for program in tasks {
        if forget {
            bench.compiler().forget();
        }
        let compile = || {
            let compiled = bench.compiler().cfg(grammar, &CfgLimits::default());
            compiled.map_err(|error| error.to_string())
        };
        let text = program.text();
        let measured = programs::measure(bench, &text, compile)?;
        if measured.verdict != Verdict::Accepted {
            println!("{}: {:?}", program.name, measured.verdict);
            if let Verdict::Rejected { token } = measured.verdict {
                let tokens = bench.encoder().encode(&text)?;
                let lengths = tokens[..token]
                    .iter()
                    .map(|&t| bench.vocab().bytes(t).len());
                let (read, rest) = text.split_at(lengths.sum());
                let line = read.rfind('\n').map_or(0, |at| at + 1);
                println!("    {} >>> {:.60}", &read[line..], rest);
            }
        }
        all.push(measured);
    }
    println!("{:#?}", programs::Summary::of(&all));
    println!("learnt: {} bytes", bench.compiler().learnt_bytes());
    Ok(())
}
