//! Masked diffusion models against outputs that another implementation gave: see
//! `reference/README.md`.

// Tests fail by panicking, and say what they skipped.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::ops::Range;

use common::{assert_near, folder};
use formwork::TokenId;
use formwork_burn::{Device, load, load_masked};
use formwork_model::{
    CanvasId, CanvasStep, LladaWeights, MaskedModel, ModelConfig, ModelError, ModelErrorKind,
    Safetensors, Weights,
};

/// What the second pass of the references computes anew.
const PART: Range<usize> = 9..15;

/// A file of whole numbers is no tensor of weights; these are as the README has them.
fn tokens() -> Vec<TokenId> {
    let token = |i: u32| match i > 5 && !i.is_multiple_of(3) {
        true => TokenId(63),
        false => TokenId((5 * i * i + 3 * i + 1) % 64),
    };
    (0..24).map(token).collect()
}

fn part_tokens() -> Vec<TokenId> {
    let part = PART.start..PART.end - 2;
    let token = |(at, token)| match at {
        23 => TokenId(11),
        at if part.contains(&at) => TokenId((7 * at as u32 + 2) % 64),
        _ => token,
    };
    tokens().into_iter().enumerate().map(token).collect()
}

struct Reference {
    name: &'static str,
    model: Box<dyn MaskedModel>,
    /// By position, of the first pass.
    logits: Vec<Vec<f32>>,
    /// Of the second, over [`PART`].
    part_logits: Vec<Vec<f32>>,
}

/// Every model on every device that is built in and there.
fn references() -> Vec<Reference> {
    let mut all = Vec::new();
    for &device in common::devices() {
        for name in ["llada", "dream", "bert"] {
            match reference(name, device) {
                Ok(reference) => all.push(reference),
                Err(error) if device != Device::Cpu => eprintln!("skipped {name}: {error}"),
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
    all
}

fn files(name: &str) -> (ModelConfig, Box<dyn Weights>) {
    let folder = folder(name);
    let text = std::fs::read_to_string(folder.join("config.json")).expect("a configuration");
    let weights = Safetensors::open(folder.join("model.safetensors")).expect("weights");
    let weights: Box<dyn Weights> = match name {
        "llada" => Box::new(LladaWeights::new(weights)),
        _ => Box::new(weights),
    };
    (ModelConfig::from_json(&text).expect("a shape"), weights)
}

fn reference(name: &'static str, device: Device) -> Result<Reference, ModelError> {
    let (config, weights) = files(name);
    let model = load_masked(&config, &*weights, device)?;
    let expected = Safetensors::open(folder(name).join("expected.safetensors")).expect("outputs");
    let rows = |name: &str| -> Vec<Vec<f32>> {
        let logits = expected.read(name).expect("logits").values;
        logits.chunks(64).map(<[f32]>::to_vec).collect()
    };
    assert_eq!((model.vocab_len(), model.max_len()), (64, 128));
    assert_eq!(model.mask_token(), TokenId(63));
    Ok(Reference {
        name,
        model,
        logits: rows("logits"),
        part_logits: rows("part_logits"),
    })
}

fn step<'a>(
    canvas: CanvasId,
    tokens: &'a [TokenId],
    refresh: Range<usize>,
    wanted: &'a [usize],
) -> CanvasStep<'a> {
    CanvasStep {
        canvas,
        tokens,
        refresh,
        wanted,
    }
}

fn rows(model: &mut dyn MaskedModel, steps: &[CanvasStep<'_>]) -> Vec<Vec<f32>> {
    let logits = model.forward(steps).expect("logits");
    let all = logits.to_host().expect("logits");
    let rows: Vec<Vec<f32>> = all.chunks(model.vocab_len()).map(<[f32]>::to_vec).collect();
    assert_eq!(rows.len(), logits.rows());
    rows
}

#[test]
fn a_pass_over_everything_and_over_a_part() {
    let (tokens, later) = (tokens(), part_tokens());
    let all: Vec<usize> = (0..24).collect();
    let part: Vec<usize> = PART.collect();
    for mut reference in references() {
        let model = &mut *reference.model;
        let canvas = model.begin();
        for _ in 0..2 {
            let found = rows(model, &[step(canvas, &tokens, 0..24, &all)]);
            assert_near(&found, &reference.logits, 1e-4);
        }
        for _ in 0..2 {
            let found = rows(model, &[step(canvas, &later, PART, &part)]);
            assert_near(&found, &reference.part_logits, 1e-4);
        }
        // What was kept aside shows: a pass over all of that text is another.
        let fresh = rows(model, &[step(canvas, &later, 0..24, &part)]);
        let apart = fresh.concat();
        let apart = apart.iter().zip(reference.part_logits.concat());
        let worst = apart.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst > 1e-2, "{}: {worst}", reference.name);
    }
}

#[test]
fn a_canvas_that_grows() {
    let long: Vec<TokenId> = (0..100).map(|i| TokenId(7 * i % 64)).collect();
    for mut reference in references() {
        let model = &mut *reference.model;
        let (canvas, new) = (model.begin(), model.begin());
        rows(model, &[step(canvas, &long[..30], 0..30, &[])]);
        let found = rows(model, &[step(canvas, &long, 0..100, &[0, 99])]);
        let expected = rows(model, &[step(new, &long, 0..100, &[0, 99])]);
        assert_near(&found, &expected, 1e-5);
    }
}

#[test]
fn canvases_of_different_lengths_in_one_pass() {
    let (tokens, later) = (tokens(), part_tokens());
    for mut reference in references() {
        let model = &mut *reference.model;
        let [long, short, other] = [model.begin(), model.begin(), model.begin()];
        let alone = rows(model, &[step(short, &tokens[..7], 0..7, &[6, 0])]);
        rows(model, &[step(short, &tokens[..5], 0..5, &[])]);
        let found = rows(
            model,
            &[
                step(long, &tokens, 0..24, &[20]),
                step(short, &tokens[..7], 0..7, &[6, 0]),
                step(other, &tokens, 0..24, &[]),
            ],
        );
        assert_near(&found[..1], &reference.logits[20..21], 1e-4);
        assert_near(&found[1..], &alone, 1e-5);
        model.end(long);
        let found = rows(
            model,
            &[
                step(short, &tokens[..7], 6..7, &[6]),
                step(other, &later, PART, &[14, 9, 9]),
            ],
        );
        assert_near(&found[..1], &alone[..1], 1e-4);
        let expected = [5, 0, 0].map(|at| reference.part_logits[at].clone());
        assert_near(&found[1..], &expected, 1e-4);
    }
}

#[test]
fn what_cannot_be_computed_changes_nothing() {
    let tokens = tokens();
    let later = part_tokens();
    for mut reference in references() {
        let model = &mut *reference.model;
        let (canvas, new) = (model.begin(), model.begin());
        rows(model, &[step(canvas, &tokens, 0..24, &[])]);
        let long = vec![TokenId(1); 129];
        let unknown = [TokenId(64); 24];
        let good = step(canvas, &later, 0..24, &[1]);
        #[allow(clippy::reversed_empty_ranges)]
        let bad = [
            vec![step(canvas, &long, 0..129, &[])],
            vec![step(canvas, &tokens[..23], 3..23, &[])],
            vec![step(canvas, &unknown, 0..24, &[])],
            vec![step(canvas, &tokens, 3..3, &[])],
            vec![step(canvas, &tokens, 4..3, &[])],
            vec![step(canvas, &tokens, 3..25, &[])],
            vec![step(canvas, &tokens, PART, &[15])],
            vec![step(canvas, &tokens, PART, &[8])],
            vec![step(canvas, &[], 0..0, &[])],
            vec![good.clone(), step(new, &tokens, PART, &[])],
            vec![good.clone(), step(CanvasId(99), &tokens, 0..24, &[])],
            vec![good.clone(), good],
        ];
        for steps in bad {
            let refused = model.forward(&steps).map(drop);
            let kind = refused.map_err(|error| error.kind());
            assert_eq!(kind, Err(ModelErrorKind::Request), "{steps:?}");
        }
        assert!(rows(model, &[]).is_empty());
        let found = rows(model, &[step(canvas, &later, PART, &[9, 10])]);
        assert_near(&found, &reference.part_logits[..2], 1e-4);
    }
}

#[test]
fn one_kind_is_not_loaded_as_the_other() {
    let kind = |error: ModelError| error.kind();
    let (config, weights) = files("dream");
    let causal = load(&config, &*weights, Device::Cpu).map(drop);
    assert_eq!(causal.map_err(kind), Err(ModelErrorKind::Unsupported));
    let (config, weights) = files("qwen2");
    let masked = load_masked(&config, &*weights, Device::Cpu).map(drop);
    assert_eq!(masked.map_err(kind), Err(ModelErrorKind::Unsupported));
}
