//! Canonical states of the terminals of schemas: what can be read from a state can be read
//! from its canonical one, under the same labels.

// Tests fail by panicking, and say what they did.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::sync::Arc;

use formwork::{Compiler, SchemaOptions};
use formwork_grammar::{Dot, Edge, LexState, Terminal};
use formwork_testkit::Rng;
use formwork_testkit::corpus::corpus;
use formwork_testkit::vocab::toy;

/// Bytes that begin, go on with and end characters and escapes.
const BYTES: &[u8] = b"\\u0aAdDcC8e19\"\xC3\xA9\xE2\x82\xED\xA0\xF0\x9F\x98\xF4\x8F";

#[test]
fn canonical_states_read_the_same() {
    let compiler = Compiler::new(Arc::new(toy(5))).expect("a vocabulary of all bytes");
    let mut rng = Rng::new(0x1F15);
    let (mut terminals, mut changed) = (0, 0);
    for (name, file) in corpus() {
        let text = file["schema"].to_string();
        let language = compiler.json_schema_language(&text, &SchemaOptions::default());
        let Ok(mut language) = language else { continue };
        // The first dots of the language, by all ways out of their terminals.
        let mut dots: Vec<Dot> = vec![language.start()];
        let mut at = 0;
        while let Some(&dot) = dots.get(at).filter(|_| at < 60) {
            at += 1;
            for (edge, way) in language.expand(dot).edges.into_iter().enumerate() {
                let mut reach = |dot| {
                    if !dots.contains(&dot) {
                        dots.push(dot);
                    }
                };
                match way {
                    Edge::Call { callee, ret } => {
                        reach(callee);
                        reach(ret);
                    }
                    Edge::Terminal(terminal) => {
                        let mut ways = Vec::new();
                        terminal.ways_out(terminal.start(), &mut ways);
                        for (label, _) in ways {
                            reach(language.follow(dot, edge as u32, label, None));
                        }
                        terminals += 1;
                        for _ in 0..6 {
                            changed += walk(&*terminal, &mut rng, &name);
                        }
                    }
                    Edge::Token(_) => {}
                }
            }
        }
    }
    eprintln!("{terminals} terminals, {changed} states that have another canonical one");
    assert!(terminals > 1000 && changed > 1000);
}

/// Reads at random, from states as they come and from canonical ones.
fn walk(terminal: &dyn Terminal, rng: &mut Rng, name: &str) -> usize {
    let mut changed = 0;
    let (mut plain, mut same) = (terminal.start(), terminal.start());
    for _ in 0..24 {
        let canonical = terminal.canonical(same);
        changed += usize::from(canonical != same);
        same = canonical;
        let ways: Vec<(u8, LexState, LexState)> = (0..=u8::MAX)
            .filter_map(|byte| {
                let (a, b) = (terminal.step(plain, byte), terminal.step(same, byte));
                assert_eq!(a.is_some(), b.is_some(), "{name}: {byte} from {plain:?}");
                Some((byte, a?, b?))
            })
            .collect();
        for &(_, a, b) in &ways {
            assert_eq!(terminal.exit(a), terminal.exit(b), "{name}");
            assert_eq!(terminal.can_continue(a), terminal.can_continue(b), "{name}");
        }
        let liked: Vec<_> = ways
            .iter()
            .filter(|(byte, ..)| BYTES.contains(byte))
            .collect();
        (plain, same) = match (liked.is_empty(), ways.is_empty()) {
            (_, true) => return changed,
            (false, _) if rng.chance(80) => {
                let &&(_, a, b) = rng.pick(&liked);
                (a, b)
            }
            _ => {
                let &(_, a, b) = rng.pick(&ways);
                (a, b)
            }
        };
    }
    changed
}
