//! Decoders against outputs that another implementation gave: see `reference/README.md`.

// Tests fail by panicking, and say what they skipped.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::path::Path;

use formwork::TokenId;
use formwork_burn::{Device, load};
use formwork_model::{
    LanguageModel, ModelConfig, ModelError, ModelFiles, Safetensors, SequenceId, Step, Wanted,
    Weights,
};

use common::{assert_near, folder};

const DECODERS: [&str; 4] = ["llama", "llama3-rope", "qwen2", "qwen3"];

struct Reference {
    model: Box<dyn LanguageModel>,
    tokens: Vec<TokenId>,
    /// By place, what follows.
    logits: Vec<Vec<f32>>,
}

/// Every decoder on every device that is built in and there.
fn references() -> Vec<Reference> {
    let mut all = Vec::new();
    for &device in common::devices() {
        for name in DECODERS {
            match reference(name, device) {
                Ok(reference) => all.push(reference),
                Err(error) if device != Device::Cpu => eprintln!("skipped {name}: {error}"),
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
    all
}

fn reference(name: &str, device: Device) -> Result<Reference, ModelError> {
    let folder = folder(name);
    let text = std::fs::read_to_string(folder.join("config.json")).expect("a configuration");
    let config = ModelConfig::from_json(&text).expect("a configuration");
    let weights = Safetensors::open(folder.join("model.safetensors")).expect("weights");
    let model = load(&config, &weights, device)?;
    let expected = Safetensors::open(folder.join("expected.safetensors")).expect("outputs");
    let logits = expected.read("logits").expect("logits");
    let (n, vocab_len) = (logits.shape[0], logits.shape[1]);
    assert_eq!(model.vocab_len(), vocab_len);
    // As the file's README has it.
    let token = |i: usize| TokenId(((5 * i * i + 3 * i + 1) % 64) as u32);
    Ok(Reference {
        model,
        tokens: (0..n).map(token).collect(),
        logits: logits
            .values
            .chunks(vocab_len)
            .map(<[f32]>::to_vec)
            .collect(),
    })
}

fn step<'a>(sequence: SequenceId, tokens: &'a [TokenId], wanted: Wanted) -> Step<'a> {
    Step {
        sequence,
        tokens,
        wanted,
    }
}

fn rows(model: &mut dyn LanguageModel, steps: &[Step<'_>]) -> Vec<Vec<f32>> {
    let logits = model.forward(steps).expect("logits");
    let all = logits.to_host().expect("logits");
    let rows: Vec<Vec<f32>> = all.chunks(model.vocab_len()).map(<[f32]>::to_vec).collect();
    assert_eq!(rows.len(), logits.rows());
    rows
}

#[test]
fn a_pass_over_everything() {
    for reference in references() {
        let Reference {
            mut model,
            tokens,
            logits,
        } = reference;
        let text = model.begin();
        let all = Wanted::Tail(tokens.len());
        let found = rows(&mut *model, &[step(text, &tokens, all)]);
        assert_near(&found, &logits, 1e-4);
        assert_eq!(model.len(text), Ok(tokens.len()));
    }
}

#[test]
fn token_by_token_forked_and_cut_back() {
    for reference in references() {
        let Reference {
            mut model,
            tokens,
            logits,
        } = reference;
        let text = model.begin();
        let mut other = None;
        for (at, token) in tokens.iter().enumerate() {
            if at == 9 {
                // Reads something else, which the text must not notice.
                let fork = model.fork(text).expect("a fork");
                rows(&mut *model, &[step(fork, &tokens[..3], Wanted::Last)]);
                other = Some(fork);
            }
            if at == 15 {
                rows(&mut *model, &[step(text, &tokens[..5], Wanted::Nothing)]);
                model.truncate(text, 15).expect("a longer text");
            }
            let one = std::slice::from_ref(token);
            let found = rows(&mut *model, &[step(text, one, Wanted::Last)]);
            assert_near(&found, &logits[at..=at], 1e-4);
        }
        // The fork goes back to where it began and reads the same.
        let fork = other.expect("a fork");
        model.truncate(fork, 9).expect("a longer text");
        let rest = Wanted::Tail(tokens.len() - 9);
        let found = rows(&mut *model, &[step(fork, &tokens[9..], rest)]);
        assert_near(&found, &logits[9..], 1e-4);
    }
}

/// More tokens than there is room for in the beginning, and more than few rows.
#[test]
fn long_texts_at_once_and_in_pieces() {
    for reference in references() {
        let mut model = reference.model;
        let mut tokens = reference.tokens;
        tokens = tokens.into_iter().cycle().take(100).collect();
        let whole = model.begin();
        let all = Wanted::Tail(tokens.len());
        let expected = rows(&mut *model, &[step(whole, &tokens, all)]);
        let pieces = model.begin();
        let mut begin = 0;
        for len in [1, 40, 2, 3, 14, 8, 32] {
            let end = begin + len;
            let piece = &tokens[begin..end];
            let found = rows(&mut *model, &[step(pieces, piece, Wanted::Tail(len))]);
            assert_near(&found, &expected[begin..end], 1e-4);
            begin = end;
        }
        assert_eq!(begin, tokens.len());
    }
}

#[test]
fn a_long_text_at_once_and_in_two_parts() {
    for mut reference in references() {
        let model = &mut *reference.model;
        let long: Vec<TokenId> = (0..100).map(|i| TokenId(7 * i % 64)).collect();
        let (whole, parts) = (model.begin(), model.begin());
        let expected = rows(model, &[step(whole, &long, Wanted::Last)]);
        rows(model, &[step(parts, &long[..30], Wanted::Nothing)]);
        let found = rows(model, &[step(parts, &long[30..], Wanted::Last)]);
        assert_near(&found, &expected, 1e-4);
    }
}

#[test]
fn texts_of_different_lengths_in_one_pass() {
    for reference in references() {
        let Reference {
            mut model,
            tokens,
            logits,
        } = reference;
        let ends = [1, 7, 24, 13];
        let texts = ends.map(|_| model.begin());
        let halves = |first: bool| {
            move |(&text, &end): (&SequenceId, &usize)| {
                let half = end / 2;
                let (range, wanted) = match first {
                    true => (0..half, Wanted::Nothing),
                    false => (half..end, Wanted::Tail(2)),
                };
                (text, range, wanted)
            }
        };
        for first in [true, false] {
            let parts = texts.iter().zip(&ends).map(halves(first));
            let steps: Vec<Step<'_>> = parts
                .filter(|(_, range, _)| !range.is_empty())
                .map(|(text, range, wanted)| step(text, &tokens[range], wanted))
                .collect();
            let found = rows(&mut *model, &steps);
            let expected: Vec<Vec<f32>> = match first {
                true => Vec::new(),
                false => ends
                    .iter()
                    .flat_map(|&end| logits[(end - 2.min(end - end / 2))..end].to_vec())
                    .collect(),
            };
            assert_near(&found, &expected, 1e-4);
        }
    }
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let Reference {
        mut model,
        tokens,
        logits,
    } = reference("llama", Device::Cpu).expect("a model");
    let text = model.begin();
    rows(&mut *model, &[step(text, &tokens[..4], Wanted::Nothing)]);
    let long = vec![TokenId(1); 125];
    let bad = [
        vec![step(text, &long, Wanted::Last)],
        vec![step(text, &[], Wanted::Last)],
        vec![step(text, &[TokenId(64)], Wanted::Last)],
        vec![step(SequenceId(99), &tokens, Wanted::Last)],
        vec![step(text, &tokens[4..5], Wanted::Last); 2],
    ];
    for steps in bad {
        assert!(model.forward(&steps).is_err());
    }
    assert!(model.truncate(text, 5).is_err());
    assert!(rows(&mut *model, &[]).is_empty());
    let found = rows(&mut *model, &[step(text, &tokens[4..6], Wanted::Tail(2))]);
    assert_near(&found, &logits[4..6], 1e-4);
    model.end(text);
    assert!(model.len(text).is_err());
}

/// The real model, if `FORMWORK_MODEL` names its file; `scripts/fetch-smollm2` gets it.
#[test]
fn smollm2() {
    let Some(path) = std::env::var_os("FORMWORK_MODEL") else {
        eprintln!("FORMWORK_MODEL is not set: no real model was run");
        return;
    };
    let files = ModelFiles::open(Path::new(&path)).expect("a model");
    let mut model = load(&files.config, &*files.weights, Device::Cpu).expect("a model");
    let expected = Safetensors::open(folder("smollm2-135m-q4_1.safetensors")).expect("outputs");
    let prompts = [
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging \
         Face<|im_end|>\n<|im_start|>user\nWhat is the capital of France?<|im_end|>\n\
         <|im_start|>assistant\n",
        "<|im_start|>user\nWrite one sentence about the sea.<|im_end|>\n\
         <|im_start|>assistant\n",
        "The first ten prime numbers are 2, 3, 5, 7, 11,",
    ];
    for (i, prompt) in prompts.iter().enumerate() {
        let tokens = files
            .tokenizer
            .encode_with_specials(prompt)
            .expect("tokens");
        let logits = expected
            .read(&format!("logits_{i}"))
            .expect("logits")
            .values;
        let shape = expected.shape(&format!("tokens_{i}")).expect("tokens");
        assert_eq!(shape, [tokens.len()]);
        let text = model.begin();
        let found = rows(&mut *model, &[step(text, &tokens, Wanted::Last)]);
        assert_near(&found, std::slice::from_ref(&logits), 0.02);
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter()
                .zip(b)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum()
        };
        let found = &found[0];
        let cosine = dot(found, &logits) / (dot(found, found) * dot(&logits, &logits)).sqrt();
        assert!(cosine >= 0.999, "{cosine}");
        let top = |row: &[f32]| {
            let mut ids: Vec<usize> = (0..row.len()).collect();
            ids.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            ids.truncate(5);
            ids
        };
        assert_eq!(top(found), top(&logits));
        eprintln!("prompt {i}: {} tokens, cosine {cosine:.7}", tokens.len());
        model.end(text);
    }
}
