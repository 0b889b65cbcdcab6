//! Schedulers with a model that says anything: whatever it proposes, texts are valid, what
//! was fixed stays, and nothing that was allowed is refused.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod common;

use std::ops::ControlFlow;
use std::sync::Arc;

use common::{RandomModel, Scripted, keeps};
use formwork::{Compiler, SchemaOptions, TokenId, Vocab, Whitespace};
use formwork_infill::schedule::{
    FreeDave, Prophet, Scheduler, SchedulerKind, SchedulerOptions, Threshold,
};
use formwork_infill::{
    Canvas, Cells, Checker, FillError, FillOptions, FillStep, FreeCells, InfillError, Report, fill,
    fill_left_to_right, settle,
};
use formwork_model::{MaskedModel, Sampling};
use formwork_testkit::{Rng, vocab};
use serde_json::{Value, json};

/// Schemas with canvases around a text that fits them.
fn schemas() -> Vec<(Value, &'static str)> {
    vec![
        (
            json!({
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}},
                "required": ["a"],
                "additionalProperties": false
            }),
            r#"{"a": 12, "b": "x"}"#,
        ),
        (
            json!({"type": "array", "items": {"type": ["boolean", "null"]}, "minItems": 2}),
            "[true, null, false]",
        ),
        (
            json!({"type": "string", "pattern": "^[ab]{2,5}$"}),
            r#""abba""#,
        ),
    ]
}

fn checker(vocab: &Arc<Vocab>, schema: &Value) -> Checker {
    let compiler = Compiler::new(Arc::clone(vocab)).unwrap();
    let options = SchemaOptions {
        whitespace: Whitespace::Any,
        ..SchemaOptions::default()
    };
    let language = compiler
        .json_schema_language(&schema.to_string(), &options)
        .unwrap();
    Checker::new(language, Arc::clone(vocab))
}

fn model(vocab: &Vocab, sharpness: f32) -> RandomModel {
    let mask = vocab.special_by_name("<tool>").unwrap();
    RandomModel::new(vocab.len(), mask, sharpness)
}

/// A text with holes, and some room behind.
fn holes(vocab: &Vocab, text: &str, rng: &mut Rng) -> Canvas {
    let mut canvas = Canvas::new();
    for token in vocab::segment(vocab, text.as_bytes(), rng) {
        canvas = match rng.chance(60) {
            true => canvas.masks(1),
            false => canvas.fixed([token]),
        };
    }
    // Only the end follows what is fixed last.
    match rng.chance(50) {
        true => canvas.masks(1 + rng.below(3)).end(),
        false => canvas.end(),
    }
}

fn run(
    kind: SchedulerKind,
    model: &mut RandomModel,
    cells: &mut dyn Cells,
    options: &FillOptions,
) -> Report {
    let delimiters = (0..cells.vocab().len() as u32)
        .map(TokenId)
        .filter(|&id| cells.vocab().bytes(id).contains(&b','))
        .collect();
    let mut scheduler = kind.build(&SchedulerOptions {
        delimiters,
        ..SchedulerOptions::default()
    });
    let mut filled = vec![false; cells.len()];
    let report = fill(model, cells, &mut *scheduler, &[], options, &mut |step| {
        step.reopened.iter().for_each(|&at| filled[at] = false);
        for &(position, _) in step.commits {
            assert!(!filled[position], "{kind} fills {position} twice");
            filled[position] = true;
            assert_eq!(
                step.cells.token(position).is_some(),
                !step.cells.is_open(position)
            );
        }
        ControlFlow::Continue(())
    });
    report.unwrap_or_else(|error| panic!("{kind}: {error}"))
}

/// Fills a canvas, whatever the steps are.
fn fill_all(
    model: &mut dyn MaskedModel,
    cells: &mut dyn Cells,
    scheduler: &mut dyn Scheduler,
    prompt: &[TokenId],
    options: &FillOptions,
) -> Result<Report, FillError> {
    let mut go_on = |_: &FillStep<'_>| ControlFlow::Continue(());
    fill(model, cells, scheduler, prompt, options, &mut go_on)
}

/// The token of a byte.
fn byte(vocab: &Vocab, byte: u8) -> TokenId {
    let mut ids = vocab::text_tokens(vocab);
    ids.find(|&id| vocab.bytes(id) == [byte]).unwrap()
}

fn tokens(cells: &dyn Cells) -> Vec<Option<TokenId>> {
    (0..cells.len())
        .map(|position| cells.token(position))
        .collect()
}

#[test]
fn whatever_is_proposed_texts_are_valid() {
    let mut rng = Rng::new(0x5CED);
    let mut filled = 0;
    for round in 0..2 {
        let vocab = Arc::new(vocab::toy(round));
        for (schema, text) in schemas() {
            let checker = checker(&vocab, &schema);
            let judge = formwork_testkit::Judge::new(&schema).unwrap();
            let canvases = [Canvas::new().masks(20).end(), holes(&vocab, text, &mut rng)];
            for canvas in &canvases {
                for &kind in SchedulerKind::ALL {
                    let options = FillOptions {
                        temperature: if rng.chance(50) { 1.0 } else { 0.0 },
                        top_p: 0.9,
                        seed: rng.bits(),
                        force: rng.chance(70),
                        cache: rng.chance(30),
                        refresh_every: rng.below(4),
                        guidance: 0.0,
                    };
                    let mut model = model(&vocab, 12.0);
                    let mut filling = checker.open(canvas).unwrap();
                    let open = filling.open_positions().count();
                    let report = run(kind, &mut model, &mut filling, &options);
                    let text = filling.text();
                    let shown = String::from_utf8_lossy(&text);
                    let value: Value = serde_json::from_slice(&text)
                        .unwrap_or_else(|error| panic!("{kind}: {error}: {shown}"));
                    assert!(judge.accepts(&value), "{kind}: {shown}");
                    assert!(keeps(canvas, &tokens(&filling)), "{kind}: {canvas:?}");
                    assert_eq!(report.rejected, 0, "{kind}");
                    assert!(report.finished);
                    assert_eq!(report.commits, open + report.reopened, "{kind}");
                    assert!(
                        report.model_calls <= open + report.reopened,
                        "{kind}: {report:?}"
                    );
                    filled += 1;
                }
            }
        }
    }
    assert_eq!(filled, 2 * 3 * 2 * SchedulerKind::ALL.len());
}

#[test]
fn without_a_grammar_anything_goes() {
    let vocab = Arc::new(vocab::toy(3));
    let canvas = Canvas::new().fixed([TokenId(5)]).masks(24).end();
    for &kind in SchedulerKind::ALL {
        let mut model = model(&vocab, 12.0);
        let mut cells = FreeCells::new(&canvas, Arc::clone(&vocab), model.mask);
        let report = run(kind, &mut model, &mut cells, &FillOptions::default());
        assert!(report.finished && report.forced == 0, "{kind}");
        assert_eq!(report.commits, 24 + report.reopened, "{kind}");
        assert!(keeps(&canvas, &tokens(&cells)), "{kind}");
        assert!(!tokens(&cells).contains(&Some(model.mask)), "{kind}");
    }
}

#[test]
fn drafts_change_nothing_but_the_number_of_passes() {
    let vocab = Arc::new(vocab::toy(4));
    let (schema, _) = schemas().swap_remove(0);
    let checker = checker(&vocab, &schema);
    let canvas = Canvas::new().masks(24).end();
    let mut fewer = 0;
    for seed in 0..8 {
        let options = FillOptions {
            temperature: (seed % 2) as f32,
            seed,
            ..FillOptions::default()
        };
        let fill_with = |drafts, constrained| {
            let mut model = model(&vocab, 60.0);
            let mut scheduler = FreeDave::new(drafts, 16);
            let mut free = FreeCells::new(&canvas, Arc::clone(&vocab), model.mask);
            let mut filling = checker.open(&canvas).unwrap();
            let cells: &mut dyn Cells = match constrained {
                true => &mut filling,
                false => &mut free,
            };
            let mut order = Vec::new();
            let report = fill(
                &mut model,
                cells,
                &mut scheduler,
                &[],
                &options,
                &mut |step| {
                    order.extend(step.commits.to_vec());
                    ControlFlow::Continue(())
                },
            );
            (order, report.unwrap())
        };
        for constrained in [true, false] {
            let (alone, plain) = fill_with(0, constrained);
            for drafts in [1, 4] {
                let (order, report) = fill_with(drafts, constrained);
                assert_eq!(order, alone, "seed {seed}, {drafts} drafts");
                assert!(report.model_calls <= plain.model_calls);
                assert!(report.canvases >= plain.model_calls);
                fewer += plain.model_calls - report.model_calls;
            }
        }
    }
    assert!(fewer > 0, "no draft ever came true");
}

#[test]
fn the_same_seed_gives_the_same_text() {
    let vocab = Arc::new(vocab::toy(5));
    let (schema, _) = schemas().swap_remove(1);
    let checker = checker(&vocab, &schema);
    let text = |kind, seed| {
        let mut filling = checker.open(&Canvas::new().masks(24).end()).unwrap();
        let options = FillOptions {
            temperature: 1.0,
            seed,
            ..FillOptions::default()
        };
        run(kind, &mut model(&vocab, 2.0), &mut filling, &options);
        filling.text()
    };
    for &kind in SchedulerKind::ALL {
        assert_eq!(text(kind, 1), text(kind, 1), "{kind}");
        let others = (2..6).filter(|&seed| text(kind, seed) != text(kind, 1));
        assert!(others.count() > 0, "{kind}");
    }
}

#[test]
fn gaps_get_the_least_length_that_fits() {
    let vocab = Arc::new(vocab::toy(6));
    let checker = checker(&vocab, &json!({"type": "string", "pattern": "^a{3}b*$"}));
    let bytes = |text: &str| -> Vec<TokenId> { text.bytes().map(|b| byte(&vocab, b)).collect() };
    let canvas = Canvas::new()
        .fixed(bytes("\"a"))
        .gap(0, 6)
        .fixed(bytes("b\""))
        .end();
    let mut with_gap = checker.open(&canvas).unwrap();
    let mut scheduler = Threshold::default();
    let mut model = model(&vocab, 1.0);
    let options = FillOptions::default();
    let refused = fill_all(&mut model, &mut with_gap, &mut scheduler, &[], &options);
    assert_eq!(refused, Err(FillError::Gap { position: 2 }));
    let settled = settle(&checker, &canvas).unwrap();
    let has_aa =
        vocab::text_tokens(&vocab).any(|id| [&b"aa"[..], b"aab"].contains(&vocab.bytes(id)));
    assert_eq!(settled.positions(), if has_aa { 6 } else { 7 });
    let mut filling = checker.open(&settled).unwrap();
    fill_all(&mut model, &mut filling, &mut scheduler, &[], &options).unwrap();
    assert!(filling.text().starts_with(b"\"aaa"));
    let none = Canvas::new().fixed(bytes("\"b")).gap(0, 6).end();
    assert_eq!(settle(&checker, &none), Err(InfillError::Infeasible));
}

/// Where a model is sure of everything, it fills in what is likeliest together and not one
/// after the other.
#[test]
fn a_last_fill_is_the_likeliest_of_all() {
    let vocab = Arc::new(vocab::toy(9));
    let checker = checker(&vocab, &json!({"enum": ["ac", "ad", "bb"]}));
    let byte = |letter| byte(&vocab, letter);
    let canvas = Canvas::new().fixed([byte(b'"')]).masks(2);
    let canvas = canvas.fixed([byte(b'"')]).end();
    // Of the tokens that are allowed: `a` .55 first, then `b` .45; `c` .3, `d` .25, `b` .45.
    let row = |_: &[TokenId], position| {
        let mut row = vec![-50.0; vocab.len()];
        let likely: &[(u8, f32)] = match position {
            1 => &[(b'a', 0.55), (b'b', 0.45)],
            _ => &[(b'c', 0.3), (b'd', 0.25), (b'b', 0.45)],
        };
        for &(letter, p) in likely {
            row[byte(letter).index()] = p.ln();
        }
        row
    };
    let text = |scheduler: &mut dyn Scheduler| {
        let mut model = Scripted::new(&vocab, &row);
        let mut filling = checker.open(&canvas).unwrap();
        let options = FillOptions::default();
        let report = fill_all(&mut model, &mut filling, scheduler, &[], &options);
        (filling.text(), report.unwrap())
    };
    let (text_alone, _) = text(&mut Threshold::default());
    assert_eq!(text_alone, br#""ac""#);
    let (text_jointly, report) = text(&mut Prophet::new([0.0; 3], 32));
    assert_eq!(text_jointly, br#""bb""#);
    assert_eq!(
        (report.model_calls, report.commits, report.rejected),
        (1, 2, 0)
    );
}

/// The prompt counts for more than it says, by looks at the canvas without it.
#[test]
fn prompts_guide() {
    let vocab = Arc::new(vocab::toy(10));
    let mask = vocab.special_by_name("<tool>").unwrap();
    let (one, two) = (TokenId(1), TokenId(2));
    let row = |tokens: &[TokenId], _| {
        let mut row = vec![-50.0; vocab.len()];
        let is_seen = tokens[..2] == [TokenId(7), TokenId(8)];
        assert!(is_seen || tokens[..2] == [mask, mask]);
        (row[one.index()], row[two.index()]) = if is_seen { (2.0, 1.0) } else { (3.0, 0.0) };
        row
    };
    // With twice the difference and more: 3 - (g + 1) and g + 1.
    for (guidance, token, canvases) in [(0.0, one, 3), (0.4, one, 6), (0.6, two, 6)] {
        let mut model = Scripted::new(&vocab, &row);
        let mut cells = FreeCells::new(&Canvas::new().masks(3), Arc::clone(&vocab), mask);
        let mut scheduler = SchedulerKind::Llada.build(&SchedulerOptions::default());
        let options = FillOptions {
            guidance,
            ..FillOptions::default()
        };
        let prompt = [TokenId(7), TokenId(8)];
        let report = fill_all(&mut model, &mut cells, &mut *scheduler, &prompt, &options);
        let report = report.unwrap();
        assert_eq!(tokens(&cells), [Some(token); 3], "{guidance}");
        assert_eq!(report.model_calls, 3);
        assert_eq!(report.canvases, canvases);
        // The same with drafts, of which there are now more and now fewer.
        let mut model = Scripted::new(&vocab, &row);
        let mut cells = FreeCells::new(&Canvas::new().masks(9), Arc::clone(&vocab), mask);
        let mut scheduler = FreeDave::new(2, 4);
        fill_all(&mut model, &mut cells, &mut scheduler, &prompt, &options).unwrap();
        assert_eq!(tokens(&cells), [Some(token); 9], "{guidance}");
    }
}

/// Windows are looked at alone, but for every so many looks.
#[test]
fn caches_are_refreshed() {
    let vocab = Arc::new(vocab::toy(11));
    let row = |_: &[TokenId], position| vec![position as f32; vocab.len()];
    let looks = |cache, refresh_every| {
        let mut model = Scripted::new(&vocab, &row);
        let mask = model.mask_token();
        let mut cells = FreeCells::new(&Canvas::new().masks(8), Arc::clone(&vocab), mask);
        let mut scheduler = SchedulerKind::Llada.build(&SchedulerOptions {
            block: Some(4),
            steps: Some(8),
            ..SchedulerOptions::default()
        });
        let options = FillOptions {
            cache,
            refresh_every,
            ..FillOptions::default()
        };
        fill_all(&mut model, &mut cells, &mut *scheduler, &[], &options).unwrap();
        model.looks
    };
    assert_eq!(looks(false, 0), vec![0..8; 8]);
    let mut once = vec![0..8, 0..4, 0..4, 0..4];
    once.extend([0..8, 4..8, 4..8, 4..8]);
    assert_eq!(looks(true, 0), once);
    let mut every_other = vec![0..8, 0..4, 0..8, 0..4];
    every_other.extend([0..8, 4..8, 0..8, 4..8]);
    assert_eq!(looks(true, 2), every_other);
    assert_eq!(looks(true, 1), vec![0..8; 8]);
}

#[test]
fn causal_models_fill_holes() {
    let mut rng = Rng::new(0xCA05);
    let vocab = Arc::new(vocab::toy(7));
    for (schema, text) in schemas() {
        let checker = checker(&vocab, &schema);
        let judge = formwork_testkit::Judge::new(&schema).unwrap();
        for seed in 0..6 {
            let canvas = holes(&vocab, text, &mut rng);
            let mut model = model(&vocab, 4.0);
            let mut filling = checker.open(&canvas).unwrap();
            let (sampling, prompt) = (Sampling::default(), [TokenId(3)]);
            let report =
                fill_left_to_right(&mut model, &mut filling, &prompt, &sampling, seed).unwrap();
            assert!(report.finished);
            assert_eq!(report.commits, report.forced + report.model_calls);
            let value: Value = serde_json::from_slice(&filling.text()).unwrap();
            assert!(judge.accepts(&value), "{value}");
            assert!(keeps(&canvas, &tokens(&filling)));
        }
    }
}

#[test]
fn what_does_not_fit_the_model_is_refused() {
    let vocab = Arc::new(vocab::toy(8));
    let (schema, _) = schemas().swap_remove(1);
    let checker = checker(&vocab, &schema);
    let canvas = Canvas::new().masks(20).end();
    let refused = |prompt: &[TokenId], options: &FillOptions, logits| {
        let mut model = RandomModel::new(logits, TokenId(0), 1.0);
        let mut filling = checker.open(&canvas).unwrap();
        let mut scheduler = Threshold::default();
        let done = fill_all(&mut model, &mut filling, &mut scheduler, prompt, options);
        done.unwrap_err().to_string()
    };
    let options = FillOptions::default();
    let long = refused(&[TokenId(1); 600], &options, vocab.len());
    assert!(long.contains("the model reads 512"), "{long}");
    let few = refused(&[], &options, 10);
    assert!(few.contains("only 10 logits"), "{few}");
    let cold = FillOptions {
        temperature: -1.0,
        ..options
    };
    let cold = refused(&[], &cold, vocab.len());
    assert!(cold.contains("temperature is -1"), "{cold}");
}
