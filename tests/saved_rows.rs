//! What was learnt of a vocabulary, saved and restored: the same rows, the same masks;
//! whatever else comes is refused with a reason, and changes nothing.

use formwork::{Compiler, RestoreError, Vocab};
use formwork_testkit::walk::mask_of;
use formwork_testkit::{Rng, vocab};
use serde_json::{Value, json};

use crate::support;

/// A compiler that has learnt something.
fn prepared(vocab: Vocab) -> Compiler {
    let compiler = support::compiler(vocab);
    compiler.prepare();
    compiler
}

fn saved(compiler: &Compiler) -> Vec<u8> {
    let mut bytes = Vec::new();
    compiler.save(&mut bytes).expect("memory takes all");
    bytes
}

/// Masks in strings, by what was restored or not.
fn masks(compiler: &Compiler) -> Vec<Vec<u32>> {
    let schemas: [Value; 5] = [
        json!({"type": "string", "maxLength": 9}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "string", "pattern": "^[a-z0-9-]+$"}),
        json!({"type": "string", "pattern": "^[a-z]{2,5}$"}),
        json!({"type": "string", "format": "uri"}),
    ];
    let mask = |schema: &Value| {
        let mut matcher = support::compile(compiler, schema, 1).unwrap().matcher();
        matcher.push_bytes(b"\"").unwrap();
        mask_of(&matcher)
    };
    schemas.iter().map(mask).collect()
}

#[test]
fn what_was_saved_is_restored() {
    for vocab in [
        vocab::toy(5),
        Vocab::embedded().expect("the embedded vocabulary"),
    ] {
        let compiler = prepared(vocab.clone());
        let bytes = saved(&compiler);
        assert_eq!(saved(&compiler), bytes, "the same bytes for the same rows");
        let other = support::compiler(vocab.clone());
        let rows = other.restore(&bytes[..]).expect("as it was saved");
        assert!(rows > 10, "only {rows} rows");
        assert_eq!(saved(&other), bytes);
        assert_eq!(other.restore(&bytes[..]), Ok(rows), "a second time");
        assert_eq!(saved(&other), bytes);
        assert_eq!(masks(&other), masks(&support::compiler(vocab)));
    }
}

#[test]
fn nothing_learnt_is_saved_as_nothing() {
    let compiler = support::compiler(vocab::toy(5));
    let bytes = saved(&compiler);
    assert_eq!(compiler.restore(&bytes[..]), Ok(0));
}

#[test]
fn rows_of_others_are_refused() {
    let compiler = support::compiler(vocab::toy(5));
    let bytes = saved(&prepared(vocab::toy(6)));
    let found = vocab::toy(6).fingerprint();
    let error = RestoreError::OtherVocabulary { found };
    assert_eq!(compiler.restore(&bytes[..]), Err(error));
    let mut bytes = saved(&prepared(vocab::toy(5)));
    bytes[8] += 1;
    let error = RestoreError::OtherVersion { found: 2 };
    assert_eq!(compiler.restore(&bytes[..]), Err(error));
    assert!(error.to_string().ends_with("save them anew"), "{error}");
    let text = b"{\"this\": \"is no such file\"}";
    assert_eq!(compiler.restore(&text[..]), Err(RestoreError::NotRows));
    assert_eq!(compiler.restore(&[][..]), Err(RestoreError::Truncated));
    assert_eq!(saved(&compiler), saved(&support::compiler(vocab::toy(5))));
}

/// Something other than the bytes.
fn damaged(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    let at = rng.below(bytes.len());
    // The head is short, but says how much follows.
    let at = if rng.chance(40) { at % 40 } else { at };
    match rng.below(6) {
        0 => damaged[at] ^= 1 << rng.below(8),
        1 => damaged[at] = !damaged[at],
        2 => damaged.truncate(at),
        3 => damaged.extend_from_slice(&bytes[at..]),
        4 => {
            damaged.remove(at);
        }
        _ => {
            let end = bytes.len().min(at + 1 + rng.below(16));
            damaged[at..end]
                .iter_mut()
                .for_each(|byte| *byte = byte.wrapping_add(0x55));
        }
    }
    damaged
}

#[test]
fn damage_is_found_and_changes_nothing() {
    let bytes = saved(&prepared(vocab::toy(5)));
    let compiler = support::compiler(vocab::toy(5));
    let empty = saved(&compiler);
    let mut rng = Rng::new(support::seed());
    let mut reasons = std::collections::BTreeSet::new();
    for _ in 0..support::cases(3000) {
        let damaged = damaged(&bytes, &mut rng);
        let error = compiler.restore(&damaged[..]).expect_err("it is damaged");
        let error = error.to_string();
        reasons.insert(error.split(['(', '0', '1', '2']).next().map(str::to_owned));
    }
    assert!(reasons.len() > 5, "{reasons:?}");
    assert_eq!(saved(&compiler), empty);
    for end in (0..bytes.len()).step_by(97) {
        let error = compiler.restore(&bytes[..end]);
        assert_eq!(error, Err(RestoreError::Truncated), "{end}");
    }
    compiler.restore(&bytes[..]).expect("the whole is as saved");
    assert_eq!(saved(&compiler), bytes);
}

/// Gives zeros for ever.
struct Endless(usize);

impl std::io::Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0 += into.len();
        assert!(self.0 < 1 << 24, "far more is read than there can be");
        into.fill(0);
        Ok(into.len())
    }
}

#[test]
fn what_never_ends_is_left() {
    use std::io::Read;

    let compiler = support::compiler(vocab::toy(5));
    let error = compiler.restore(Endless(0));
    assert_eq!(error, Err(RestoreError::NotRows));
    let bytes = saved(&prepared(vocab::toy(5)));
    for end in [0, 8, 24, 32, bytes.len() / 2, bytes.len() - 8, bytes.len()] {
        assert!(compiler.restore(bytes[..end].chain(Endless(0))).is_err());
    }
    // As many rows as the head can say.
    let mut many = bytes;
    many[24..32].fill(0xFF);
    let error = compiler.restore(many.chain(Endless(0)));
    assert!(matches!(error, Err(RestoreError::Corrupt { .. })));
}
