//! The matcher as a caller sees it: rolling back, forking, stop tokens, forced
//! tokens, rows and batches. On accepted texts, cut into tokens at random.

use formwork::{Grammar, MaskError, MaskKind, Matcher, PushError, TokenId, fill_masks, mask};
use formwork_testkit::vocab::{segment, text_tokens};
use formwork_testkit::walk::{Generated, brute_mask, differences, generate, mask_of, show};
use formwork_testkit::{Rng, schema, vocab};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support;

/// A grammar and texts it accepts.
struct Case {
    grammar: Grammar,
    texts: Vec<Generated>,
    rng: Rng,
}

/// Checks random grammars.
fn check(cases: u32, test: impl Fn(&mut Case) -> Result<(), TestCaseError>) {
    let compiler = support::compiler(vocab::toy(7));
    let mut runner = proptest::test_runner::TestRunner::new(support::config(cases));
    let result = runner.run(&(schema::any_schema(), any::<u64>()), |(schema, seed)| {
        let Ok(grammar) = support::compile(&compiler, &schema, 2) else {
            return Ok(());
        };
        let mut rng = Rng::new(seed);
        let texts = (0..3).filter_map(|_| {
            let budget = rng.below(30);
            generate(&grammar, budget, &mut rng).ok()
        });
        let texts: Vec<Generated> = texts.filter(|text| text.text.len() < 2000).collect();
        prop_assert!(!texts.is_empty(), "no text of {}", schema);
        test(&mut Case {
            grammar,
            texts,
            rng,
        })
        .map_err(|error| TestCaseError::fail(format!("{error}\nschema {schema}")))
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// What can be told of a matcher's state.
fn state(matcher: &Matcher) -> (Vec<u32>, bool, bool, usize, u32) {
    (
        mask_of(matcher),
        matcher.is_complete(),
        matcher.is_terminated(),
        matcher.len(),
        matcher.min_completion_bytes(),
    )
}

#[test]
fn rollback_undoes_pushes() {
    check(150, |case| {
        let tokens = &case.texts[0].tokens;
        let stop = *case.rng.pick(case.grammar.index().vocab().stop_ids());
        let mut matcher = case.grammar.matcher();
        let mut states = vec![state(&matcher)];
        for &token in tokens.iter().chain([&stop]) {
            // A failed push in between changes nothing.
            let refused = TokenId(case.rng.below(700) as u32);
            let mut other = matcher.fork();
            if other.push(refused).is_err() {
                prop_assert!(matcher.push(refused).is_err());
            }
            prop_assert!(matcher.push(token).is_ok());
            states.push(state(&matcher));
        }
        prop_assert!(matcher.is_terminated());
        while !matcher.is_empty() {
            let n = 1 + case.rng.below(matcher.len());
            matcher.rollback(n);
            prop_assert_eq!(&state(&matcher), &states[matcher.len()]);
            if case.rng.chance(30) && matcher.len() < tokens.len() {
                let token = tokens[matcher.len()];
                prop_assert!(matcher.push(token).is_ok());
                prop_assert_eq!(&state(&matcher), &states[matcher.len()]);
                matcher.rollback(1);
            }
        }
        prop_assert!(matcher.is_empty());
        matcher.rollback(3);
        prop_assert_eq!(&state(&matcher), &states[0]);
        Ok(())
    });
}

#[test]
fn masks_are_what_can_be_pushed() {
    check(250, |case| {
        for text in &case.texts {
            let mut matcher = case.grammar.matcher();
            for (at, &token) in text.tokens.iter().enumerate() {
                if at < 12 || case.rng.chance(20) {
                    let row = mask_of(&matcher);
                    let brute = brute_mask(&matcher).expect("no limit so early");
                    let wrong = differences(&matcher, &row, &brute);
                    let before = text.tokens[..at].iter();
                    let vocab = case.grammar.index().vocab();
                    let before: Vec<u8> = before.flat_map(|&t| vocab.bytes(t)).copied().collect();
                    prop_assert!(wrong.is_empty(), "after {}: {:?}", show(&before), wrong);
                }
                prop_assert!(matcher.push(token).is_ok());
            }
        }
        Ok(())
    });
}

#[test]
fn reset_goes_back_to_the_start() {
    check(50, |case| {
        let mut matcher = case.grammar.matcher();
        let start = state(&matcher);
        for &token in &case.texts[0].tokens {
            prop_assert!(matcher.push(token).is_ok());
        }
        matcher.reset();
        prop_assert_eq!(state(&matcher), start);
        matcher.rollback(1);
        prop_assert!(matcher.is_empty());
        for &token in &case.texts[0].tokens {
            prop_assert!(matcher.push(token).is_ok());
        }
        prop_assert!(matcher.is_complete());
        Ok(())
    });
}

#[test]
fn forks_go_their_own_ways() {
    check(100, |case| {
        let tokens = &case.texts[0].tokens;
        let cut = case.rng.below(tokens.len() + 1);
        let mut one = case.grammar.matcher();
        for &token in &tokens[..cut] {
            prop_assert!(one.push(token).is_ok());
        }
        let before = state(&one);
        let mut two = one.fork();
        let mut three = one.clone();
        for &token in &tokens[cut..] {
            prop_assert!(two.push(token).is_ok());
        }
        three.rollback(cut);
        prop_assert!(two.is_complete());
        prop_assert!(three.is_empty());
        prop_assert_eq!(&state(&one), &before);
        two.rollback(tokens.len() - cut);
        prop_assert_eq!(&state(&two), &before);
        one.reset();
        prop_assert_eq!(&state(&two), &before);
        Ok(())
    });
}

#[test]
fn every_segmentation_is_accepted() {
    check(150, |case| {
        let grammar = &case.grammar;
        let vocab = grammar.index().vocab();
        for text in &case.texts {
            let mut bytes = grammar.matcher();
            prop_assert!(bytes.push_bytes(&text.text).is_ok() && bytes.is_complete());
            let end = mask_of(&bytes);
            for _ in 0..3 {
                let mut matcher = grammar.matcher();
                for token in segment(vocab, &text.text, &mut case.rng) {
                    prop_assert!(mask::get(&mask_of(&matcher), token));
                    prop_assert!(matcher.push(token).is_ok());
                }
                prop_assert!(matcher.is_complete());
                prop_assert_eq!(&mask_of(&matcher), &end);
            }
        }
        Ok(())
    });
}

#[test]
fn validate_reads_without_moving() {
    check(100, |case| {
        let grammar = &case.grammar;
        let vocab = grammar.index().vocab();
        let all: Vec<TokenId> = text_tokens(vocab).collect();
        let tokens = &case.texts[0].tokens;
        let start = case.rng.below(tokens.len() + 1);
        let mut matcher = grammar.matcher();
        for &token in &tokens[..start] {
            prop_assert!(matcher.push(token).is_ok());
        }
        let mut draft = tokens[start..].to_vec();
        draft.push(vocab.stop_ids()[0]);
        if case.rng.chance(50) {
            let at = case.rng.below(draft.len());
            draft[at] = *case.rng.pick(&all);
        }
        let mut other = matcher.fork();
        let read = draft
            .iter()
            .take_while(|&&token| other.push(token).is_ok())
            .count();
        let before = state(&matcher);
        prop_assert_eq!(matcher.validate_tokens(&draft), Ok(read));
        prop_assert_eq!(state(&matcher), before);
        Ok(())
    });
}

#[test]
fn stop_tokens_end_complete_texts_only() {
    check(100, |case| {
        let vocab = std::sync::Arc::clone(case.grammar.index().vocab());
        let mut matcher = case.grammar.matcher();
        for &token in &case.texts[0].tokens {
            let complete = matcher.is_complete();
            for &stop in vocab.stop_ids() {
                let pushed = matcher.fork().push(stop);
                let wanted = if complete {
                    Ok(())
                } else {
                    Err(PushError::Incomplete)
                };
                prop_assert_eq!(pushed, wanted);
                prop_assert_eq!(mask::get(&mask_of(&matcher), stop), complete);
            }
            prop_assert!(matcher.push(token).is_ok());
        }
        for &stop in vocab.stop_ids() {
            prop_assert!(matcher.push(stop).is_ok());
            prop_assert!(matcher.is_terminated() && !matcher.is_complete());
            prop_assert_eq!(mask::count_ones(&mask_of(&matcher)), 0);
            prop_assert_eq!(matcher.push(stop), Err(PushError::Stopped));
            prop_assert_eq!(matcher.push_bytes(b" "), Err(PushError::Stopped));
            prop_assert_eq!(matcher.next_bytes().map(|set| set.iter().count()), Ok(0));
            prop_assert_eq!(matcher.forced_tokens(), Ok(Vec::new()));
            prop_assert_eq!(matcher.validate_tokens(&[stop]), Ok(0));
            matcher.rollback(1);
            prop_assert!(matcher.is_complete() && !matcher.is_terminated());
        }
        Ok(())
    });
}

#[test]
fn forced_tokens_lie_in_masks() {
    check(150, |case| {
        let mut matcher = case.grammar.matcher();
        for &token in &case.texts[0].tokens {
            let bytes = matcher.forced_bytes().unwrap();
            let vocab = case.grammar.index().vocab();
            let mut ahead = matcher.fork();
            let mut drafted = Vec::new();
            for forced in matcher.forced_tokens().unwrap() {
                prop_assert!(mask::get(&mask_of(&ahead), forced));
                prop_assert!(ahead.push(forced).is_ok());
                drafted.extend_from_slice(vocab.bytes(forced));
            }
            prop_assert!(bytes.starts_with(&drafted));
            let mut along = matcher.fork();
            for &byte in &bytes {
                let next: Vec<u8> = along.next_bytes().unwrap().iter().collect();
                prop_assert_eq!(next, [byte]);
                prop_assert!(!along.is_complete());
                prop_assert!(along.push_bytes(&[byte]).is_ok());
            }
            prop_assert!(matcher.push(token).is_ok());
        }
        Ok(())
    });
}

#[test]
fn next_bytes_are_the_bytes_that_can_be_pushed() {
    check(50, |case| {
        let mut matcher = case.grammar.matcher();
        for &token in &case.texts[0].tokens {
            let next = matcher.next_bytes().unwrap();
            for byte in 0..=u8::MAX {
                prop_assert_eq!(
                    next.contains(byte),
                    matcher.fork().push_bytes(&[byte]).is_ok()
                );
            }
            prop_assert!(matcher.push(token).is_ok());
        }
        Ok(())
    });
}

#[test]
fn batches_and_padded_rows_hold_the_same_masks() {
    check(60, |case| {
        let words = case.grammar.index().vocab().mask_words();
        let mut matchers = vec![case.grammar.matcher()];
        for text in &case.texts {
            let mut matcher = case.grammar.matcher();
            let cut = case.rng.below(text.tokens.len() + 1);
            for &token in &text.tokens[..cut] {
                prop_assert!(matcher.push(token).is_ok());
            }
            matchers.push(matcher);
        }
        for padding in [0, 1, 5] {
            let stride = words + padding;
            let mut rows = vec![u32::MAX; stride * matchers.len() + 3];
            let kinds = fill_masks(&matchers, &mut rows, stride);
            let kinds = kinds.map_err(|error| TestCaseError::fail(error.to_string()))?;
            for (at, matcher) in matchers.iter().enumerate() {
                let row = &rows[at * stride..(at + 1) * stride];
                prop_assert_eq!(&row[..words], &mask_of(matcher));
                prop_assert!(row[words..].iter().all(|&word| word == 0));
                let ones: Vec<TokenId> = mask::iter_ones(row).collect();
                match kinds[at] {
                    MaskKind::One(token) => prop_assert_eq!(ones, [token]),
                    MaskKind::Many => prop_assert!(ones.len() > 1),
                    kind => prop_assert!(false, "{:?} for {} tokens", kind, ones.len()),
                }
            }
            // What lies behind the last row is not touched.
            prop_assert!(
                rows[stride * matchers.len()..]
                    .iter()
                    .all(|&word| word == u32::MAX)
            );
        }
        Ok(())
    });
}

fn simple() -> Grammar {
    let compiler = support::compiler(vocab::toy(7));
    let schema: Value = json!({"properties": {"a": {"type": "integer"}}, "required": ["a"]});
    support::compile(&compiler, &schema, 1).unwrap()
}

#[test]
fn short_rows_are_an_error() {
    let matcher = simple().matcher();
    let needed = matcher.grammar().index().vocab().mask_words();
    let error = MaskError::RowTooShort {
        words: needed - 1,
        needed,
    };
    assert_eq!(matcher.fill_mask(&mut vec![0; needed - 1]), Err(error));
    let two = [matcher.fork(), matcher];
    assert!(fill_masks(&two, &mut vec![0; 2 * needed - 1], needed).is_err());
    assert!(fill_masks(&two, &mut vec![0; 2 * needed], 0).is_err());
    assert!(fill_masks(&two, &mut vec![0; 2 * needed], needed - 1).is_err());
    assert!(fill_masks(&[], &mut [], needed).is_ok());
}

#[test]
fn ids_without_text_are_never_allowed() {
    let mut matcher = simple().matcher();
    let vocab = std::sync::Arc::clone(matcher.grammar().index().vocab());
    matcher.push_bytes(b"{\"b\":\"").unwrap();
    let row = mask_of(&matcher);
    for id in (0..vocab.len() as u32 + 40).map(TokenId) {
        if vocab.bytes(id).is_empty() && !vocab.stop_ids().contains(&id) {
            assert!(!mask::get(&row, id));
            assert_eq!(matcher.push(id), Err(PushError::NoText { token: id }));
        }
    }
    assert_eq!(Some(row), brute_mask(&matcher));
}

#[test]
fn errors_say_how_far_bytes_were_read() {
    let mut matcher = simple().matcher();
    assert_eq!(
        matcher.push_bytes(b"{\"a\":x"),
        Err(PushError::Rejected { offset: 5 })
    );
    assert!(matcher.is_empty());
    assert_eq!(matcher.push_bytes(b""), Ok(()));
    assert_eq!(matcher.len(), 1);
}

#[test]
fn grammars_and_matchers_cross_threads() {
    let grammar = simple();
    let text = b"{\"a\":12,\"b\":[true,null]}";
    let wanted = {
        let mut matcher = grammar.matcher();
        matcher.push_bytes(&text[..9]).unwrap();
        mask_of(&matcher)
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut matcher = grammar.matcher();
            let wanted = &wanted;
            scope.spawn(move || {
                for &byte in &text[..9] {
                    matcher.push_bytes(&[byte]).unwrap();
                    mask_of(&matcher);
                }
                assert_eq!(&mask_of(&matcher), wanted);
            });
        }
    });
}
