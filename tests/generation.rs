//! The generation loop over a model that takes no weights, against a loop that does one
//! thing after the other.

use std::ops::ControlFlow;
use std::sync::Arc;

use formwork::{Compiler, Grammar, TokenId, Vocab, mask};
use formwork_model::{
    Batch, Drafter, Finish, GenerateError, Generated, Generation, PromptLookup, Request, Sampling,
    TextId, generate,
};
use formwork_testkit::vocab::toy;
use formwork_testkit::{Judge, Rng, corpus};
use serde_json::{Value, json};

use crate::hash_model::HashModel;
use crate::support;

/// Schemas whose texts end by themselves sooner or later.
fn schemas() -> Vec<Value> {
    vec![
        json!({"const": 17}),
        json!({"enum": ["red", "green", "blue", 4, null]}),
        json!({"type": "string", "maxLength": 12}),
        json!({"type": "array", "items": {"type": "integer"}, "maxItems": 4, "minItems": 2}),
        json!({
            "type": "object",
            "properties": {"a": {"type": "boolean"}, "name": {"type": "string", "maxLength": 4}},
            "required": ["a", "name"],
            "additionalProperties": false
        }),
        json!({"type": "array", "items": {"type": "array", "maxItems": 1}, "minItems": 3}),
    ]
}

struct Bed {
    vocab: Arc<Vocab>,
    model: HashModel,
    grammars: Vec<(Grammar, Judge)>,
}

fn bed(seed: u64) -> Bed {
    let vocab = Arc::new(toy(seed));
    let compiler = Compiler::new(Arc::clone(&vocab)).expect("a vocabulary of all bytes");
    let grammar = |schema: &Value| {
        let grammar = support::compile(&compiler, schema, 1).expect("a grammar");
        (grammar, Judge::new(schema).expect("a judge"))
    };
    Bed {
        grammars: schemas().iter().map(grammar).collect(),
        // More logits than tokens, as models have them.
        model: HashModel::new(vocab.len() + 37, 400, seed),
        vocab,
    }
}

fn request(grammar: &Grammar, seed: u64, max_tokens: usize) -> Request {
    Request {
        prompt: vec![TokenId(seed as u32 % 7), TokenId(3), TokenId(5)],
        constraint: Some(grammar.matcher()),
        sampling: Sampling {
            temperature: (seed % 3) as f32,
            ..Sampling::default()
        },
        seed,
        max_tokens,
        must_complete: false,
        stop: Vec::new(),
    }
}

fn run(bed: &mut Bed, requests: &[Request], drafter: Option<&mut dyn Drafter>) -> Generated {
    let mut quiet = |_: usize, _: &[u8]| ControlFlow::Continue(());
    let (model, vocab) = (&mut bed.model, &bed.vocab);
    let generated = generate(model, vocab, requests, drafter, &mut quiet).expect("texts");
    assert_eq!(bed.model.texts(), 0, "every text of the model was ended");
    generated
}

/// One token after the other, each with its own mask and all logits anew.
fn one_by_one(bed: &Bed, request: &Request) -> (Vec<TokenId>, bool) {
    let mut matcher = request.constraint.clone().expect("a constraint");
    let mut tokens = request.prompt.clone();
    while tokens.len() - request.prompt.len() < request.max_tokens {
        let may_go_on = matcher.next_bytes().expect("bytes").iter().next().is_some();
        if matcher.is_complete() && !may_go_on {
            break;
        }
        let forced = matcher.forced_tokens().expect("tokens");
        if let Some(&token) = forced.first() {
            matcher.push(token).expect("a forced token");
            tokens.push(token);
            continue;
        }
        let mut row = vec![0; bed.vocab.mask_words()];
        matcher.fill_mask(&mut row).expect("a mask");
        let logits = bed.model.logits(&tokens);
        let logit = |token: &TokenId| logits[token.0 as usize];
        let best = mask::iter_ones(&row).reduce(|best, next| match logit(&next) > logit(&best) {
            true => next,
            false => best,
        });
        let best = best.expect("an allowed token");
        matcher.push(best).expect("an allowed token");
        if bed.vocab.stop_ids().contains(&best) {
            break;
        }
        tokens.push(best);
    }
    let complete = matcher.is_complete() || matcher.is_terminated();
    (tokens.split_off(request.prompt.len()), complete)
}

#[test]
fn greedy_texts_are_those_of_the_naive_loop() {
    for seed in 0..u64::from(support::cases(6)) {
        let mut bed = bed(seed);
        for at in 0..bed.grammars.len() {
            let mut one = request(&bed.grammars[at].0, seed, 60);
            one.sampling = Sampling::GREEDY;
            let generated = run(&mut bed, std::slice::from_ref(&one), None);
            let text = &generated.generations[0];
            let (tokens, complete) = one_by_one(&bed, &one);
            assert_eq!(text.tokens, tokens);
            assert_eq!(text.constraint_completed, complete);
        }
    }
}

#[test]
fn texts_are_valid_or_reported_as_cut() {
    let (mut complete, mut cut) = (0, 0);
    for seed in 0..u64::from(support::cases(20)) {
        let mut bed = bed(seed);
        for at in 0..bed.grammars.len() {
            let max_tokens = 1 + (seed as usize * 7 + at * 13) % 60;
            let one = request(&bed.grammars[at].0, seed, max_tokens);
            let generated = run(&mut bed, &[one], None);
            let text = &generated.generations[0];
            assert!(text.tokens.len() <= max_tokens);
            let value: Option<Value> = serde_json::from_slice(&text.text).ok();
            let is_valid = value.is_some_and(|value| bed.grammars[at].1.accepts(&value));
            assert_eq!(text.constraint_completed, is_valid, "{text:?}");
            match text.finish {
                Finish::Complete => assert!(is_valid),
                Finish::MaxTokens => assert_eq!(text.tokens.len(), max_tokens),
                other => panic!("{other:?}"),
            }
            complete += usize::from(is_valid);
            cut += usize::from(!is_valid);
        }
    }
    assert!(complete > 20 && cut > 20, "{complete} complete, {cut} cut");
}

#[test]
fn a_promised_text_is_complete_within_its_tokens() {
    let mut refused = 0;
    for seed in 0..u64::from(support::cases(20)) {
        let mut bed = bed(seed);
        for at in 0..bed.grammars.len() {
            let max_tokens = 1 + (seed as usize * 5 + at * 3) % 25;
            let mut one = request(&bed.grammars[at].0, seed, max_tokens);
            one.must_complete = true;
            let mut quiet = |_: usize, _: &[u8]| ControlFlow::Continue(());
            let result = generate(&mut bed.model, &bed.vocab, &[one], None, &mut quiet);
            match result {
                Ok(generated) => {
                    let text = &generated.generations[0];
                    assert!(text.constraint_completed, "{text:?}");
                    assert!(text.tokens.len() <= max_tokens);
                    let value: Value = serde_json::from_slice(&text.text).expect("JSON");
                    assert!(bed.grammars[at].1.accepts(&value));
                }
                Err(GenerateError::TooFewTokens { needed, allowed }) => {
                    assert!(needed > allowed && allowed == max_tokens);
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(refused > 0);
}

/// With room for a shortest text byte by byte, no way is known from the beginning; texts
/// that would go on for ever come to their end all the same.
#[test]
fn a_text_with_some_room_is_led_to_its_end() {
    let endless = [
        json!({"type": "array", "items": {"type": "string"}, "minItems": 2}),
        json!({"type": "object", "required": ["name", "tags"], "properties": {
            "name": {"type": "string", "minLength": 9},
            "tags": {"type": "array", "items": {"pattern": "^[a-zé]{2,}$"}, "minItems": 1}}}),
        json!({"type": "object", "minProperties": 2, "additionalProperties": {"type": "number"}}),
        json!({"type": "array", "prefixItems": [{"const": "a long constant text"}],
            "items": {"type": "array"}, "minItems": 4}),
    ];
    let mut led = 0;
    for seed in 0..u64::from(support::cases(12)) {
        let mut bed = bed(seed);
        let compiler = Compiler::new(Arc::clone(&bed.vocab)).expect("a vocabulary of all bytes");
        for (at, schema) in endless.iter().enumerate() {
            let grammar = support::compile(&compiler, schema, 1).expect("a grammar");
            let judge = Judge::new(schema).expect("a judge");
            let bytes = grammar.matcher().min_completion_bytes() as usize;
            let max_tokens = bytes + 12 + (seed as usize * 7 + at * 5) % 30;
            let mut one = request(&grammar, seed, max_tokens);
            one.must_complete = true;
            let text = run(&mut bed, std::slice::from_ref(&one), None)
                .generations
                .remove(0);
            assert!(
                text.constraint_completed && text.tokens.len() <= max_tokens,
                "{text:?}"
            );
            let value: Value = serde_json::from_slice(&text.text).expect("JSON");
            assert!(judge.accepts(&value), "{text:?}");
            one.must_complete = false;
            let free = run(&mut bed, &[one], None).generations.remove(0);
            led += usize::from(!free.constraint_completed);
        }
    }
    assert!(led > 20, "{led} texts would not have ended by themselves");
}

/// Drafts what it was told before, with mistakes.
struct Recorded {
    tokens: Vec<TokenId>,
    rng: Rng,
}

impl Drafter for Recorded {
    fn draft(&mut self, tokens: &[TokenId], most: usize) -> Vec<TokenId> {
        let rest = self.tokens.get(tokens.len()..).unwrap_or_default();
        let mut draft: Vec<TokenId> = rest.iter().copied().take(most.min(5)).collect();
        if let Some(at) = (!draft.is_empty()).then(|| self.rng.below(2 * draft.len()))
            && let Some(token) = draft.get_mut(at)
        {
            token.0 = token.0.wrapping_add(1);
        }
        draft
    }
}

/// Looking for ways to the end keeps states. Where texts remember names, hardly two of
/// them share any, and a search at every token once filled the grammar's memory.
#[test]
fn promises_leave_few_states() {
    let files = corpus();
    let file = files.iter().find(|(name, _)| name == "build-pipeline");
    let (_, file) = file.expect("a schema with names of any kind");
    let mut bed = bed(3);
    let compiler = Compiler::new(Arc::clone(&bed.vocab)).expect("a vocabulary of all bytes");
    let grammar = support::compile(&compiler, &file["schema"], 0).expect("a grammar");
    let shortest = grammar.matcher().shortest_completion(0).expect("a text");
    let bytes = shortest.expect("a text").bytes.len();
    let one = |seed| Request {
        sampling: Sampling::default(),
        must_complete: true,
        ..request(&grammar, seed, bytes + 20)
    };
    let requests: Vec<Request> = (0..8).map(one).collect();
    for text in run(&mut bed, &requests, None).generations {
        assert!(text.constraint_completed);
    }
    let used = grammar.heap_bytes();
    assert!(used < 64 << 20, "{used} bytes");
}

#[test]
fn drafts_change_nothing_but_the_passes() {
    let (mut accepted, mut saved) = (0, 0);
    for seed in 0..u64::from(support::cases(20)) {
        let mut bed = bed(seed);
        for at in 0..bed.grammars.len() {
            let one = request(&bed.grammars[at].0, seed, 50);
            let alone = run(&mut bed, std::slice::from_ref(&one), None);
            let text = &alone.generations[0];
            let mut recorded = Recorded {
                tokens: [&one.prompt[..], &text.tokens].concat(),
                rng: Rng::new(seed),
            };
            let mut lookup = PromptLookup::default();
            let drafters: [&mut dyn Drafter; 2] = [&mut recorded, &mut lookup];
            for drafter in drafters {
                let drafted = run(&mut bed, std::slice::from_ref(&one), Some(drafter));
                let other = &drafted.generations[0];
                assert_eq!((&other.text, &other.tokens), (&text.text, &text.tokens));
                assert_eq!(other.finish, text.finish);
                assert!(other.accepted <= other.drafted);
                assert!(drafted.stats.passes <= alone.stats.passes);
                accepted += other.accepted;
                saved += alone.stats.passes - drafted.stats.passes;
            }
        }
    }
    assert!(accepted > 50 && saved > 50, "{accepted} {saved}");
}

#[test]
fn a_batch_is_its_texts_one_by_one() {
    let mut bed = bed(4);
    let requests: Vec<Request> = (0..24)
        .map(|n| request(&bed.grammars[n % bed.grammars.len()].0, n as u64, 30))
        .collect();
    let batch = run(&mut bed, &requests, None);
    for (request, text) in requests.iter().zip(&batch.generations) {
        let alone = run(&mut bed, std::slice::from_ref(request), None);
        assert_eq!(&alone.generations[0], text);
    }
    // Prompts that are the same are read once.
    assert_eq!(batch.stats.prompt_tokens, 7 * 2);
}

/// Texts join at any step, prompts are read a few tokens at a time, and some texts are
/// cancelled: the others are what they are alone, and the model keeps nothing.
#[test]
fn texts_that_come_and_go_are_their_own() {
    let (mut cancelled, mut whole) = (0, 0);
    for seed in 0..u64::from(support::cases(8)) {
        let mut bed = bed(seed);
        let mut rng = Rng::new(seed);
        let mut request = |n: usize| {
            let mut one = request(&bed.grammars[n % bed.grammars.len()].0, n as u64, 30);
            let more = (0..rng.below(9)).map(|at| TokenId(at as u32 % 5));
            one.prompt.extend(more);
            one
        };
        let requests: Vec<Request> = (0..16).map(&mut request).collect();
        let alone: Vec<Generation> = requests
            .iter()
            .map(|one| {
                run(&mut bed, std::slice::from_ref(one), None)
                    .generations
                    .remove(0)
            })
            .collect();
        let mut told: Vec<Vec<u8>> = vec![Vec::new(); requests.len()];
        let batch = Batch::new(&mut bed.model, &bed.vocab).expect("a batch");
        let mut batch = batch.with_prompt_tokens(1 + rng.below(5));
        let (mut next, mut ended) = (0, 0);
        while ended < requests.len() {
            while next < requests.len() && rng.below(3) == 0 {
                let id = batch.add(requests[next].clone()).expect("a text");
                assert_eq!(id, TextId(next as u64));
                next += 1;
            }
            let mut on_text = |TextId(id): TextId, bytes: &[u8]| {
                told[id as usize].extend_from_slice(bytes);
                ControlFlow::Continue(())
            };
            let progress = batch.step(None, &mut on_text).expect("a step");
            for share in &progress.shares {
                assert!(share.constraint.is_some() && share.text.0 < next as u64);
            }
            for (TextId(id), generation) in progress.ended {
                let generation = generation.expect("a text");
                assert_eq!(generation, alone[id as usize]);
                assert_eq!(told[id as usize], generation.text);
                (ended, whole) = (ended + 1, whole + 1);
            }
            let id = rng.below(requests.len() * 4);
            if let Some(generation) = batch.cancel(TextId(id as u64)) {
                assert_eq!(generation.finish, Finish::Cancelled);
                assert!(alone[id].text.starts_with(&generation.text));
                assert!(generation.text.starts_with(&told[id]));
                (ended, cancelled) = (ended + 1, cancelled + 1);
            }
        }
        assert!(batch.is_empty() && batch.cancel(TextId(0)).is_none());
        drop(batch);
        assert_eq!(bed.model.texts(), 0, "every text of the model was ended");
    }
    assert!(
        cancelled > 10 && whole > 30,
        "{cancelled} cancelled, {whole} whole"
    );
}

#[test]
fn a_dropped_batch_leaves_nothing() {
    let mut bed = bed(2);
    let one = request(&bed.grammars[2].0, 1, 30);
    let mut batch = Batch::new(&mut bed.model, &bed.vocab).expect("a batch");
    batch.add(one.clone()).expect("a text");
    let mut quiet = |_: TextId, _: &[u8]| ControlFlow::Continue(());
    batch.step(None, &mut quiet).expect("a step");
    batch.add(one).expect("a text");
    drop(batch);
    assert_eq!(bed.model.texts(), 0);
}

/// What is told never holds the beginning of a text to stop before, however it is cut.
#[test]
fn stop_texts_are_not_told_in_part() {
    let mut stopped = 0;
    for seed in 0..u64::from(support::cases(30)) {
        let mut bed = bed(seed);
        let mut one = request(&bed.grammars[2].0, seed, 120);
        one.constraint = None;
        one.sampling = Sampling::default();
        let whole = run(&mut bed, std::slice::from_ref(&one), None)
            .generations
            .remove(0);
        let Some(stop) = whole.text.get(10..16) else {
            continue;
        };
        one.stop = vec![stop.to_vec(), b"never this".to_vec()];
        let mut told = Vec::new();
        let mut listen = |_: usize, bytes: &[u8]| {
            told.extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        let cut = generate(&mut bed.model, &bed.vocab, &[one], None, &mut listen).expect("a text");
        assert_eq!(cut.generations[0].finish, Finish::StopText);
        assert_eq!(cut.generations[0].text, told);
        stopped += 1;
    }
    assert!(stopped > 10, "{stopped}");
}

#[test]
fn a_text_ends_before_a_stop_text_and_when_told() {
    let mut bed = bed(9);
    let mut one = request(&bed.grammars[2].0, 4, 200);
    one.constraint = None;
    one.sampling = Sampling::default();
    let whole = run(&mut bed, std::slice::from_ref(&one), None);
    let whole = &whole.generations[0];
    assert!(whole.text.len() > 20 && whole.constraint_completed);
    let stop = whole.text[12..15].to_vec();
    one.stop = vec![b"not there".repeat(9), stop.clone()];
    let cut = run(&mut bed, std::slice::from_ref(&one), None);
    let cut = &cut.generations[0];
    assert_eq!(cut.finish, Finish::StopText);
    assert!(cut.text.len() <= 12 && whole.text.starts_with(&cut.text));
    one.stop.clear();
    let mut heard = Vec::new();
    let mut listen = |_: usize, bytes: &[u8]| {
        heard.extend_from_slice(bytes);
        match heard.len() > 9 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let told = generate(&mut bed.model, &bed.vocab, &[one], None, &mut listen).expect("a text");
    assert_eq!(told.generations[0].finish, Finish::Cancelled);
    assert_eq!(told.generations[0].text, heard);
}

#[test]
fn requests_that_do_not_fit_are_refused() {
    let mut bed = bed(1);
    let good = request(&bed.grammars[0].0, 1, 5);
    let bad = [
        Request {
            prompt: Vec::new(),
            ..good.clone()
        },
        Request {
            prompt: vec![TokenId(0); 401],
            ..good.clone()
        },
        Request {
            sampling: Sampling {
                temperature: f32::NAN,
                ..Sampling::default()
            },
            ..good
        },
    ];
    for request in bad {
        let mut quiet = |_: usize, _: &[u8]| ControlFlow::Continue(());
        let result = generate(&mut bed.model, &bed.vocab, &[request], None, &mut quiet);
        assert!(matches!(result, Err(GenerateError::Model(_))), "{result:?}");
    }
}
