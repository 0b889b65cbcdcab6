//! Many different schemas through one compiler: what it keeps stays under its budget. 400
//! of them; with `FORMWORK_LONG=1` 20,000, which takes some minutes.

use std::sync::Arc;

use formwork::{Compiler, Limits, Spec, Vocab, mask};
use formwork_testkit::Rng;

use crate::support;

/// Bytes of memory in use and at their highest, as the system counts them.
fn resident() -> Option<(usize, usize)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<usize>()
            .ok()
    };
    Some((kib("VmRSS:")? << 10, kib("VmHWM:")? << 10))
}

/// A schema that no other number has, with strings, patterns, numbers, names, arrays.
fn schema(n: usize) -> String {
    let kinds = [
        format!(
            r#"{{"type": "string", "pattern": "^[a-f]{{{}}}-{n}$"}}"#,
            n % 7 + 1
        ),
        format!(r#"{{"type": "string", "maxLength": {}}}"#, n % 400),
        format!(
            r#"{{"type": "number", "minimum": {n}, "maximum": {}}}"#,
            3 * n + 5
        ),
        format!(r#"{{"enum": ["v{n}", "w{n}", {n}, null]}}"#),
        format!(
            r#"{{"type": "array", "items": {{"const": "i{n}"}}, "maxItems": {}}}"#,
            n % 9
        ),
        format!(r#"{{"anyOf": [{{"type": "integer"}}, {{"pattern": "x{n}"}}]}}"#),
        r#"{"type": "string", "format": "date-time"}"#.to_owned(),
    ];
    let members = (0..n % 12 + 2).map(|m| format!(r#""p{m}_{n}": {}"#, kinds[(n + m) % 7]));
    let members: Vec<_> = members.collect();
    format!(
        r#"{{"type": "object", "properties": {{{}}}, "required": ["p0_{n}"]}}"#,
        members.join(", ")
    )
}

#[test]
fn memory_stays_under_the_budget() {
    const SLACK: usize = 64 << 20;
    let budget = 128 << 20;
    let limits = Limits {
        cache_bytes: budget,
        ..Limits::default()
    };
    let vocab = Arc::new(Vocab::embedded().expect("it is there"));
    let compiler = Compiler::with_limits(vocab, limits).expect("a vocabulary");
    compiler.prepare();
    let mut rng = Rng::new(1);
    let mut row = vec![0; compiler.vocab().mask_words()];
    let mut work = |n: usize| {
        let grammar = compiler.compile(&Spec::json_schema(schema(n)));
        let mut matcher = grammar.expect("a grammar").matcher();
        for _ in 0..30 {
            matcher.fill_mask(&mut row).expect("a mask");
            let allowed = mask::iter_ones(&row).count();
            let pick = rng.below(allowed.max(1));
            let Some(token) = mask::iter_ones(&row).nth(pick) else {
                break;
            };
            matcher.push(token).expect("allowed");
        }
    };
    // What all grammars share is learnt first.
    (0..100).for_each(&mut work);
    let before = resident();
    let all = if support::is_long() { 20_000 } else { 400 };
    (100..all).for_each(&mut work);
    let (grammars, bytes) = compiler.kept();
    assert!(grammars > 10 && bytes <= budget);
    let (Some((before, _)), Some((_, peak))) = (before, resident()) else {
        eprintln!("skipped: this system does not tell how much memory is in use");
        return;
    };
    eprintln!(
        "{all} schemas: {grammars} kept, {} MiB by count; {} MiB before, {} MiB at most",
        bytes >> 20,
        before >> 20,
        peak >> 20
    );
    // Other tests of this process use memory, too, if it runs them beside.
    if support::is_long() {
        assert!(peak <= before + budget + SLACK);
    }
}
