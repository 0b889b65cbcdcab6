//! Constraints and models from elsewhere: the engine's, products, functions.

use std::sync::Arc;

use formwork::{Compiler, Encoder, SchemaOptions, TokenId, Vocab, mask};
use formwork_infill::{Canvas, Checker};
use proptest::prelude::*;

use super::enumerate::{accepted, law, normalised, target};
use super::toys::{Chance, random};
use crate::{
    Canonical, CanvasConstraint, ClosureModel, Constraint, Coverage, Encode, FiniteSet,
    GrammarConstraint, Lookahead, Method, Product, SampleError, SampleOptions, Sampler, Stop,
};

/// Whether masks are what checks say, along random walks.
fn masks_are_checks<C: Constraint>(constraint: &C, chance: &mut Chance) {
    for _ in 0..20 {
        let mut state = constraint.start().unwrap();
        for _ in 0..6 {
            let mut row = vec![0; constraint.vocab_len().div_ceil(32)];
            let coverage = constraint.mask(&state, &mut row).unwrap();
            let mut allowed = Vec::new();
            for token in (0..constraint.vocab_len() as u32).map(TokenId) {
                let is_allowed = constraint.check(&state, token).unwrap();
                match coverage {
                    Coverage::Exact => assert_eq!(mask::get(&row, token), is_allowed),
                    Coverage::Superset => assert!(mask::get(&row, token) || !is_allowed),
                    Coverage::Unsupported => {}
                }
                if is_allowed {
                    allowed.push(token);
                }
            }
            let is_left = !allowed.is_empty() || constraint.is_complete(&state);
            let missing = constraint.min_tokens_to_finish(&state);
            assert!(is_left && (missing == 0) == constraint.is_complete(&state));
            let Some(&token) = allowed.get(chance.below(allowed.len().max(1))) else {
                break;
            };
            constraint.advance(&mut state, token).unwrap();
        }
    }
}

fn vocab() -> Arc<Vocab> {
    let mut builder = Vocab::builder();
    // Exact masks want every byte as a token.
    let bytes = (0..=255u8).map(|byte| vec![byte]);
    let longer = ["ab", "ba", "\"a", "b\"", "11", "[1"].map(|text| text.as_bytes().to_vec());
    let tokens: Vec<Vec<u8>> = bytes.chain(longer).collect();
    for (id, bytes) in tokens.iter().enumerate() {
        builder.token(TokenId(id as u32), bytes);
    }
    let stop = TokenId(tokens.len() as u32);
    builder.special(stop, "<end>").stop(stop);
    Arc::new(builder.build().unwrap())
}

fn grammar(vocab: &Arc<Vocab>, schema: &str) -> GrammarConstraint {
    let compiler = Compiler::new(Arc::clone(vocab)).unwrap();
    let grammar = compiler
        .json_schema(schema, &SchemaOptions::default())
        .unwrap();
    GrammarConstraint::new(&grammar, schema.as_bytes())
}

const SCHEMA: &str = r#"{"enum": ["ab", "aab", 1, 11, [1], []]}"#;

#[test]
fn masks_of_all_constraints_are_their_checks() {
    let vocab = vocab();
    let mut chance = Chance::new(1);
    let schema = grammar(&vocab, SCHEMA);
    let texts = FiniteSet::new(Arc::clone(&vocab), ["\"ab\"", "11", "ab", "[1]", "[]"]);
    masks_are_checks(&schema, &mut chance);
    masks_are_checks(&texts, &mut chance);
    masks_are_checks(&Product::new(schema.clone(), texts.clone()), &mut chance);
    let toy = random(4);
    masks_are_checks(&toy.finite(), &mut chance);
    let one = Product::new(schema.clone(), texts.clone());
    let ids = [schema.fingerprint(), texts.fingerprint(), one.fingerprint()];
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

/// A schema of the engine, a function as a model: the law is that of the texts, one by
/// one, whatever the tree has seen; also of a product, which leaves what is in both.
#[test]
fn schemas_and_products_are_exact() {
    let vocab = vocab();
    let len = vocab.len();
    // Depends on all that was written.
    let model = || {
        ClosureModel::new(len, 1, |tokens: &[TokenId], logits: &mut [f32]| {
            let sum = tokens.iter().map(|token| token.0 + 1).sum::<u32>();
            for (at, logit) in logits.iter_mut().enumerate() {
                *logit = ((at as u32 * 7 + sum * 3) % 11) as f32 / 4.0;
            }
        })
    };
    let stop = Stop::Tokens(vocab.stop_ids().to_vec());
    let texts = FiniteSet::new(Arc::clone(&vocab), ["\"ab\"", "11", "[1]", "1"]);
    for lookahead in [Lookahead::Mask, Lookahead::Cheap, Lookahead::Check] {
        let method = Method {
            lookahead,
            ..Method::CARS
        };
        let options = SampleOptions::new(method, stop.clone(), 5);
        let product = Product::new(grammar(&vocab, SCHEMA), texts.clone());
        let all = target(&mut model(), &product, &options);
        // `"ab"` has four spellings: in `"` `ab` `"`, `"` `a` `b` `"`, …
        assert!(all.len() > 8, "{all:?}");
        let goal = normalised(all);
        let mut sampler = Sampler::new(model(), product, options).unwrap();
        for _ in 0..30 {
            let (kept, _) = accepted(&law(&mut sampler));
            assert!(goal.iter().all(|(text, p)| (kept[text] - p).abs() < 1e-12));
            sampler.sample().unwrap();
        }
    }
}

/// The texts that fit a canvas are those of its grammar with the right tokens in the right
/// places, and come as often as they should.
#[test]
fn canvases_are_exact() {
    let vocab = vocab();
    let compiler = Compiler::new(Arc::clone(&vocab)).unwrap();
    let language = compiler.json_schema_language(SCHEMA, &SchemaOptions::default());
    let checker = Checker::new(language.unwrap(), Arc::clone(&vocab));
    let a = TokenId(u32::from(b'a'));
    let canvas = Canvas::new().masks(1).fixed([a]).masks(3).end();
    let filling = checker.open(&canvas).unwrap();
    let constraint = CanvasConstraint::new(filling, SCHEMA.as_bytes()).unwrap();
    masks_are_checks(&constraint, &mut Chance::new(2));
    let model = || {
        ClosureModel::new(vocab.len(), 1, |tokens: &[TokenId], logits: &mut [f32]| {
            for (at, logit) in logits.iter_mut().enumerate() {
                *logit = ((at * 5 + tokens.len() * 3) % 7) as f32 / 2.0;
            }
        })
    };
    let stop = Stop::Tokens(vocab.stop_ids().to_vec());
    let options = SampleOptions::new(Method::CARS, stop, 5);
    let all = target(&mut model(), &grammar(&vocab, SCHEMA), &options);
    let fits = all
        .into_iter()
        .filter(|((tokens, _), _)| tokens.get(1) == Some(&a));
    let goal = normalised(fits);
    assert!(goal.len() > 3, "{goal:?}");
    let mut sampler = Sampler::new(model(), constraint, options).unwrap();
    for _ in 0..20 {
        let (kept, _) = accepted(&law(&mut sampler));
        let kept = normalised(kept);
        assert!(goal.keys().eq(kept.keys()));
        assert!(goal.iter().all(|(text, p)| (kept[text] - p).abs() < 1e-12));
        sampler.sample().unwrap();
    }
    let gap = checker.open(&Canvas::new().fixed([a]).gap(0, 3).end());
    let gap = gap.or_else(|_| checker.open(&Canvas::new().gap(0, 3).end()));
    let refused = CanvasConstraint::new(gap.unwrap(), b"");
    assert!(matches!(refused, Err(SampleError::Canvas(_))));
}

#[test]
fn canonical_texts_are_those_of_the_tokenizer() {
    let vocab = Arc::new(Vocab::embedded().unwrap());
    let encoder = Arc::new(Encoder::embedded().unwrap());
    let tokenizer = Arc::clone(&encoder);
    let encode: Encode = Arc::new(move |text| tokenizer.encode(text).ok());
    let canonical = Canonical::new(Arc::clone(&vocab), encode);
    let texts = ["hello world", " hello", "été 12345", "12345", "don't"];
    for text in texts {
        let mut state = canonical.start().unwrap();
        for token in encoder.encode(text).unwrap() {
            assert!(canonical.check(&state, token).unwrap(), "{text}");
            canonical.advance(&mut state, token).unwrap();
        }
        assert!(canonical.is_complete(&state));
    }
    // The same text in single bytes is not.
    let byte = |byte: u8| {
        let trie = vocab.trie();
        trie.tokens(trie.descend(trie.root(), &[byte]).unwrap())[0]
    };
    let mut state = canonical.start().unwrap();
    canonical.advance(&mut state, byte(b'h')).unwrap();
    assert!(!canonical.check(&state, byte(b'e')).unwrap());
    // Uniform logits: of all spellings of two texts, those that the tokenizer gives.
    let both = FiniteSet::new(Arc::clone(&vocab), ["hello world", "hi"]);
    let product = Product::new(both, canonical);
    let len = vocab.len();
    let model = ClosureModel::new(len, 1, |_: &[TokenId], logits: &mut [f32]| logits.fill(0.0));
    let method = Method {
        lookahead: Lookahead::Cheap,
        ..Method::CARS
    };
    let options = SampleOptions::new(method, Stop::WhenComplete, 12);
    let mut sampler = Sampler::new(model, product, options).unwrap();
    sampler.warm_start(100).unwrap();
    for sample in sampler.samples(20) {
        let sample = sample.unwrap();
        let text = String::from_utf8(sample.bytes(&vocab)).unwrap();
        assert_eq!(sample.tokens, encoder.encode(&text).unwrap());
    }
}

#[test]
fn languages_without_texts_and_models_without_mass() {
    let toy = random(4);
    let options = SampleOptions::new(Method::CARS, toy.stop.clone(), 3);
    let nothing: [&str; 0] = [];
    let empty = FiniteSet::new(Arc::clone(&toy.vocab), nothing);
    for method in [Method::GCD, Method::ASAP, Method::CARS] {
        let options = SampleOptions {
            method,
            ..options.clone()
        };
        let mut sampler = Sampler::new(toy.model.clone(), empty.clone(), options).unwrap();
        let error = sampler.sample().unwrap_err();
        assert_eq!(error, SampleError::EmptyLanguage { max_tokens: 3 });
        assert!(error.to_string().contains("at most 3 tokens"));
        // It can be asked again.
        assert!(sampler.sample().is_err());
    }
    let len = toy.vocab.len();
    let only_b = |_: &[TokenId], logits: &mut [f32]| {
        logits.fill(f32::NEG_INFINITY);
        logits[0] = 0.0;
    };
    let ends = FiniteSet::new(Arc::clone(&toy.vocab), [""]);
    let model = ClosureModel::new(len, 1, only_b);
    let options = SampleOptions::new(Method::CARS, Stop::Tokens(vec![TokenId(len as u32 - 1)]), 3);
    let mut sampler = Sampler::new(model, ends.clone(), options.clone()).unwrap();
    assert_eq!(sampler.sample(), Err(SampleError::NoMassLeft));
    let bad = ClosureModel::new(len, 1, |_: &[TokenId], l: &mut [f32]| l.fill(f32::INFINITY));
    let mut sampler = Sampler::new(bad, ends.clone(), options.clone()).unwrap();
    assert_eq!(sampler.sample(), Err(SampleError::BadRow { depth: 0 }));
    let small = ClosureModel::new(1, 1, |_: &[TokenId], l: &mut [f32]| l.fill(0.0));
    let error = Sampler::new(small, ends, options).err();
    assert!(matches!(
        error,
        Some(SampleError::Vocabulary { logits: 1, .. })
    ));
}

#[test]
fn budgets_are_kept() {
    let toy = super::toys::hard(1);
    let options = SampleOptions {
        max_rows: Some(3),
        ..toy.options(Method::CARS)
    };
    let mut sampler = Sampler::new(toy.model.clone(), toy.finite(), options).unwrap();
    let error = sampler.samples(100).find_map(Result::err).unwrap();
    assert!(error.to_string().contains("max_rows"), "{error}");
    assert!(sampler.stats().model_rows <= 3);
    let options = SampleOptions {
        max_attempts: 1,
        ..toy.options(Method::REJECTION)
    };
    let mut sampler = Sampler::new(toy.model.clone(), toy.finite(), options).unwrap();
    let error = sampler.samples(1000).find_map(Result::err).unwrap();
    assert!(error.to_string().contains("max_attempts"), "{error}");
}

proptest! {
    /// Listed texts, with tokens of several letters, are what a search among them says.
    #[test]
    fn listed_texts(texts in prop::collection::vec("[ab]{0,4}", 1..6), steps in any::<u64>()) {
        let vocab = vocab();
        let set = FiniteSet::new(Arc::clone(&vocab), &texts);
        let (mut state, mut read) = (set.start().unwrap(), Vec::new());
        let mut chance = Chance::new(steps);
        for _ in 0..5 {
            let begins = |bytes: &[u8]| texts.iter().any(|text| text.as_bytes().starts_with(bytes));
            let mut allowed = Vec::new();
            for token in (0..vocab.len() as u32).map(TokenId) {
                let bytes = vocab.bytes(token);
                let expected = !bytes.is_empty() && begins(&[&read, bytes].concat());
                prop_assert_eq!(set.check(&state, token).unwrap(), expected);
                allowed.extend(expected.then_some(token));
            }
            let is_complete = texts.iter().any(|text| text.as_bytes() == read);
            prop_assert_eq!(set.is_complete(&state), is_complete);
            let Some(&token) = allowed.get(chance.below(allowed.len().max(1))) else { break };
            set.advance(&mut state, token).unwrap();
            read.extend_from_slice(vocab.bytes(token));
        }
    }
}

#[test]
fn nothing_is_known_before_the_first_attempt() {
    let sampler = random(4).sampler(Method::CARS, 0);
    assert_eq!(sampler.log_p_grammar(), f64::NEG_INFINITY);
    let certificate = sampler.certificate();
    assert_eq!((certificate.tv, certificate.kl), (1.0, f64::INFINITY));
    assert_eq!(certificate.acceptance, 0.0);
}
