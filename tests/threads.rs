//! Sixteen threads, one compiler, many schemas: every mask and every error is what one
//! thread finds. A few seconds; with `FORMWORK_LONG=1` a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use formwork::{Compiler, Limits, Spec, mask};
use formwork_testkit::{Rng, corpus, schema, vocab};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::support;

const THREADS: usize = 16;

/// What a schema is found to be: masks along a text that follows the lowest bits, or the
/// error.
fn fingerprint(compiler: &Compiler, spec: &Spec) -> Result<Vec<u64>, String> {
    let grammar = compiler.compile(spec).map_err(|error| error.to_string())?;
    let mut matcher = grammar.matcher();
    let mut row = vec![0; compiler.vocab().mask_words()];
    let mut found = Vec::new();
    for step in 0..24 {
        matcher
            .fill_mask(&mut row)
            .map_err(|error| error.to_string())?;
        let hash = row.iter().fold(step, |hash: u64, &word| {
            (hash.rotate_left(5) ^ u64::from(word)).wrapping_mul(0x517c_c1b7_2722_0a95)
        });
        found.push(hash);
        let allowed = mask::iter_ones(&row).count();
        let Some(token) = mask::iter_ones(&row).nth(hash as usize % allowed.max(1)) else {
            break;
        };
        matcher.push(token).map_err(|error| error.to_string())?;
        if matcher.is_terminated() {
            break;
        }
    }
    Ok(found)
}

fn specs() -> Vec<Spec> {
    let mut runner = TestRunner::new(support::config(1));
    let random = (0..800).filter_map(|_| schema::any_schema().new_tree(&mut runner).ok());
    let random = random.map(|tree| tree.current());
    let known = corpus().into_iter().map(|(_, schema)| schema);
    let schemas = random.chain(known).take(1000);
    let bad = [
        "{",
        "[]",
        r#"{"type": 1}"#,
        r#"{"pattern": "("}"#,
        r#"{"enum": []}"#,
    ];
    let texts = schemas.map(|schema| schema.to_string());
    texts
        .chain(bad.map(str::to_owned))
        .map(Spec::json_schema)
        .collect()
}

#[test]
fn threads_find_what_one_finds() {
    let specs = specs();
    let compiler = |cache_bytes| {
        let limits = Limits {
            cache_bytes,
            ..Limits::default()
        };
        Compiler::with_limits(Arc::new(vocab::toy(3)), limits).expect("a vocabulary")
    };
    let alone = compiler(0);
    let wanted: Vec<_> = specs.iter().map(|spec| fingerprint(&alone, spec)).collect();
    // Small enough that grammars come and go.
    let shared = compiler(8 << 20);
    let time = Duration::from_secs(u64::from(support::cases(3)));
    let (start, stop) = (Instant::now(), AtomicBool::new(false));
    let compared = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (specs, wanted, shared) = (&specs, &wanted, &shared);
            let (stop, compared) = (&stop, &compared);
            scope.spawn(move || {
                let mut rng = Rng::new(thread as u64);
                while !stop.load(Ordering::Relaxed) && start.elapsed() < time {
                    // Mostly the same few at the same time.
                    let few = if rng.chance(70) { 20 } else { specs.len() };
                    let number = rng.below(few);
                    let found = fingerprint(shared, &specs[number]);
                    if found != wanted[number] {
                        stop.store(true, Ordering::Relaxed);
                        panic!("differs: {:?}", specs[number]);
                    }
                    compared.fetch_add(1, Ordering::Relaxed);
                    if rng.below(500) == 0 {
                        shared.forget();
                    }
                }
            });
        }
    });
    assert!(compared.load(Ordering::Relaxed) > THREADS);
}
