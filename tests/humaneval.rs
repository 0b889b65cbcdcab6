//! The C++ grammar on the solutions of HumanEval-X, texts that were not written
//! for it.

use std::path::Path;

use formwork::cfg::syntax::{Format, SyntaxLimits, parse};
use formwork::{CfgLimits, Compiler, Vocab, cfg};
use formwork_bench::programs::{self, Program};
use formwork_bench::{Bench, Verdict};
use formwork_testkit::Rng;
use formwork_testkit::shared::shared;
use formwork_testkit::walk::{brute_mask, differences, mask_of};

use crate::support;

fn grammar() -> cfg::Grammar {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammars/cpp.lark");
    let text = std::fs::read_to_string(path).expect("the grammar");
    parse(&text, Format::Lark, &SyntaxLimits::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn compile(compiler: &Compiler, grammar: &cfg::Grammar) -> formwork::Grammar {
    let compiled = compiler.cfg(grammar, &CfgLimits::default());
    compiled.unwrap_or_else(|error| panic!("{error}"))
}

fn solutions() -> Option<Vec<Program>> {
    let path = shared("humaneval-x-cpp/humaneval_cpp.jsonl.gz")?;
    let programs = programs::read(&path).expect("a file of tasks");
    assert_eq!(programs.len(), 164);
    Some(programs)
}

#[test]
fn solutions_are_accepted() {
    let Some(programs) = solutions() else {
        return;
    };
    let compiler = support::compiler(formwork_testkit::vocab::toy(5));
    let grammar = compile(&compiler, &grammar());
    let mut refused = Vec::new();
    for program in &programs {
        let mut matcher = grammar.matcher();
        let read = matcher.push_bytes(program.text().as_bytes());
        if read.is_err() || !matcher.is_complete() {
            refused.push(&program.name);
        }
    }
    assert!(refused.len() <= 4, "{refused:?}");
}

/// A text cut short, or with a mark that does not belong, is no program.
#[test]
fn damaged_solutions_are_refused() {
    let Some(programs) = solutions() else {
        return;
    };
    let compiler = support::compiler(formwork_testkit::vocab::toy(5));
    let grammar = compile(&compiler, &grammar());
    for program in &programs {
        let text = program.text();
        let end = text.trim_end().len();
        let brace = text.rfind('}').expect("a body");
        for damaged in [
            text[..end - 1].to_owned(),
            format!("{})", &text[..end]),
            format!("{}else{{}}", &text[..end]),
            format!("{} return{}", &text[..brace], &text[brace..]),
            format!("{} a b c;{}", &text[..brace], &text[brace..]),
        ] {
            let mut matcher = grammar.matcher();
            let read = matcher.push_bytes(damaged.as_bytes());
            assert!(
                read.is_err() || !matcher.is_complete(),
                "{}: {damaged}",
                program.name
            );
        }
    }
}

#[test]
fn masks_allow_every_token() {
    let (Some(programs), Some(tokenizer)) = (solutions(), shared("tokenizers/llama3_1.json"))
    else {
        return;
    };
    let bench = Bench::load(&tokenizer).expect("a tokenizer");
    let grammar = grammar();
    let step = if support::cases(1) > 1 { 1 } else { STEP };
    for program in programs.iter().step_by(step) {
        let compile = || Ok(compile(bench.compiler(), &grammar));
        let measured = programs::measure(&bench, &program.text(), compile);
        let measured = measured.expect("a text that can be tokenised");
        assert_eq!(measured.verdict, Verdict::Accepted, "{}", program.name);
    }
}

/// Masks against pushing every token, wherever a text may be cut.
#[test]
fn masks_are_what_brute_force_says() {
    let text = "// Sums.\n#include <vector>\nint f(std::vector<int>& v, int n = -1) {\n    \
                for (auto x : v) { n += x * (x > 2 ? \"a\"[0] : 0x1F); } /* end */\n    \
                return n;\n}\n";
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let grammar = grammar();
    let mut rng = Rng::new(8);
    let mut checked = 0;
    for _ in 0..support::cases(12) {
        let end = rng.below(text.len() + 1);
        let compiled = compile(&compiler, &grammar);
        let mut matcher = compiled.matcher();
        matcher.push_bytes(&text.as_bytes()[..end]).expect("a text");
        let row = mask_of(&matcher);
        let Some(brute) = brute_mask(&matcher) else {
            continue; // trying every token took too many states
        };
        assert_eq!(
            differences(&matcher, &row, &brute),
            Vec::<String>::new(),
            "after {}",
            &text[..end]
        );
        checked += 1;
    }
    assert!(checked > 6, "only {checked} masks");
}

/// Every so many programs are read, unless a long run is asked for.
const STEP: usize = 8;
