//! Every pattern of the MaskBench schemas, compiled. Skipped where the data is not at hand.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use formwork_automata::{LengthSets, Limits, regex};
use serde_json::Value;

fn patterns() -> Option<BTreeSet<String>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/maskbench/data");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).ok()? {
        let text = std::fs::read_to_string(entry.ok()?.path()).ok()?;
        if text.contains("\"pattern") {
            collect(&serde_json::from_str(&text).ok()?, &mut found);
        }
    }
    Some(found)
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("pattern", Value::String(pattern)) => {
                        found.insert(pattern.clone());
                    }
                    ("patternProperties", Value::Object(names)) => {
                        found.extend(names.keys().cloned());
                    }
                    _ => {}
                }
                collect(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

#[test]
fn compiles_the_patterns_of_real_schemas() {
    let Some(patterns) = patterns() else {
        println!("skipped: no MaskBench data");
        return;
    };
    let limits = Limits::default();
    let (mut refused, mut slow) = (Vec::new(), Vec::new());
    let (mut times, mut states) = (Vec::new(), Vec::new());
    let mut lengths = Duration::ZERO;
    for pattern in &patterns {
        let clock = Instant::now();
        let result = regex::compile(pattern, &limits);
        let time = clock.elapsed();
        times.push(time);
        if time > Duration::from_millis(2) {
            slow.push((time, pattern));
        }
        let dfa = match result {
            Ok(dfa) => dfa,
            Err(error) => {
                refused.push((pattern, error, time));
                continue;
            }
        };
        states.push(dfa.state_count());
        let clock = Instant::now();
        let sets = LengthSets::new(&dfa, u32::MAX).expect("length sets");
        lengths += clock.elapsed();
        let Some(start) = dfa.start() else {
            println!("matches nothing: {pattern}");
            continue;
        };
        let word = dfa.shortest_word(start).expect("a word");
        let length = word.chars().count() as u32;
        assert!(dfa.accepts(&word), "{pattern}: {word:?}");
        assert!(
            sets.feasible(start, length, Some(length)),
            "{pattern}: {word:?}"
        );
        assert!(
            length == 0 || !sets.feasible(start, 0, Some(length - 1)),
            "{pattern}: {word:?}"
        );
    }
    times.sort();
    states.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    println!(
        "{} patterns, {} refused; {:?} in all, median {:?}, 90% {:?}, 99% {:?}, most {:?}",
        patterns.len(),
        refused.len(),
        times.iter().sum::<Duration>(),
        at(50),
        at(90),
        at(99),
        at(100),
    );
    println!(
        "states: median {}, most {:?}",
        states[states.len() / 2],
        states.last()
    );
    println!("length sets: {lengths:?} in all");
    for (time, pattern) in &slow {
        println!("slow: {time:?} {pattern}");
    }
    for (pattern, error, time) in &refused {
        println!("refused: {error} ({time:?}): {pattern}");
    }
}
