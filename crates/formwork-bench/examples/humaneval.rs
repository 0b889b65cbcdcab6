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
use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork_bench::{Bench, Verdict, programs};

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
    let mut all = Vec::new();
    let tasks = programs::read(Path::new(tasks))?;
    let rounds = if std::env::var_os("FILES").is_some() {
        2
    } else {
        1
    };
    for program in std::iter::repeat_n(&tasks, rounds).flatten() {
        let compile = || {
            let compiled = bench.compiler().cfg(&grammar, &CfgLimits::default());
            compiled.map_err(|error| error.to_string())
        };
        let text = program.text();
        let measured = programs::measure(&bench, &text, compile)?;
        if measured.verdict != Verdict::Accepted {
            println!("{}: {:?}", program.name, measured.verdict);
            if let Verdict::Rejected { token } = measured.verdict {
                let tokens = bench.encoder().encode(&text)?;
                let at: usize = tokens[..token]
                    .iter()
                    .map(|&t| bench.vocab().bytes(t).len())
                    .sum();
                let from = text[..at].rfind('\n').map_or(0, |at| at + 1);
                println!("    {} >>> {:.60}", &text[from..at], &text[at..]);
            }
        }
        if std::env::var_os("FILES").is_some() {
            let one = programs::Summary::of(std::slice::from_ref(&measured));
            println!(
                "{} {} masks, mean {} p99 {} max {}, learnt {}",
                program.name,
                measured.masks.len(),
                one.mask_us.mean,
                one.mask_us.p99,
                one.mask_us.max,
                bench.compiler().learnt_bytes()
            );
        }
        all.push(measured);
    }
    println!("{:#?}", programs::Summary::of(&all));
    Ok(())
}
