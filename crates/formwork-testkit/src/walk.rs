//! Generation under masks, as a sampler does it, and masks by trying.

use formwork::{Grammar, Matcher, TokenId, mask};

use crate::rng::Rng;

/// A generated text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generated {
    /// The tokens, the stop token left out.
    pub tokens: Vec<TokenId>,
    /// Their bytes.
    pub text: Vec<u8>,
}

/// Tokens after which a walk must have ended, whatever was generated before.
const MAX_TOKENS: usize = 20_000;

/// Generates a text: at random for `budget` tokens, then along tokens that lower
/// [`Matcher::min_completion_bytes`], to the end. `None` if a limit of the
/// engine was reached.
///
/// # Panics
///
/// If a mask is empty, or disagrees with what can be pushed, or nothing lowers
/// the bytes to go.
pub fn generate(grammar: &Grammar, budget: usize, rng: &mut Rng) -> Option<Generated> {
    let vocab = grammar.index().vocab();
    let mut matcher = grammar.matcher();
    let mut row = vec![0u32; vocab.mask_words()];
    let mut done = Generated {
        tokens: Vec::new(),
        text: Vec::new(),
    };
    loop {
        matcher.fill_mask(&mut row).ok()?;
        let mut allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
        assert!(!allowed.is_empty(), "no token may follow {}", show(&done.text));
        let complete = matcher.is_complete();
        let spent = done.tokens.len() >= budget;
        if complete && (spent || rng.chance(25)) {
            let stop = *rng.pick(vocab.stop_ids());
            assert!(mask::get(&row, stop), "cannot stop after {}", show(&done.text));
            matcher.push(stop).expect("a stop token that the mask allows");
            return Some(done);
        }
        assert!(done.tokens.len() < MAX_TOKENS, "no end to {}", show(&done.text));
        allowed.retain(|token| !vocab.stop_ids().contains(token));
        if allowed.is_empty() {
            continue; // complete, and only a stop token may follow
        }
        let token = if spent {
            lowering(&matcher, &allowed, rng)?
        } else {
            *rng.pick(&allowed)
        };
        match matcher.push(token) {
            Ok(()) => {}
            Err(formwork::PushError::Engine(_)) => return None,
            Err(error) => panic!("{token:?}, allowed after {}: {error}", show(&done.text)),
        }
        done.tokens.push(token);
        done.text.extend_from_slice(vocab.bytes(token));
    }
}

/// A random token that leaves fewer bytes to go.
fn lowering(matcher: &Matcher, allowed: &[TokenId], rng: &mut Rng) -> Option<TokenId> {
    let vocab = matcher.grammar().index().vocab();
    let before = matcher.min_completion_bytes();
    let lowers = |token: TokenId| {
        let mut after = matcher.fork();
        after.push(token).is_ok() && after.min_completion_bytes() < before
    };
    // A few at random; then one-byte tokens, one of which has to do.
    for _ in 0..8 {
        let token = *rng.pick(allowed);
        if lowers(token) {
            return Some(token);
        }
    }
    let bytes = allowed.iter().copied().filter(|&t| vocab.bytes(t).len() == 1);
    let mut bytes: Vec<TokenId> = bytes.collect();
    rng.shuffle(&mut bytes);
    let found = bytes.into_iter().find(|&token| lowers(token));
    if found.is_none() && matcher.next_bytes().is_err() {
        return None;
    }
    assert!(found.is_some(), "no byte lowers the {before} bytes to go");
    found
}

/// The mask of the next token, by pushing every token. `None` if a limit of the
/// engine was reached.
pub fn brute_mask(matcher: &Matcher) -> Option<Vec<u32>> {
    let vocab = matcher.grammar().index().vocab();
    let mut row = vec![0u32; vocab.mask_words()];
    for id in 0..vocab.len() as u32 {
        match matcher.fork().push(TokenId(id)) {
            Ok(()) => mask::set(&mut row, TokenId(id)),
            Err(formwork::PushError::Engine(_)) => return None,
            Err(_) => {}
        }
    }
    Some(row)
}

/// The mask as the matcher fills it.
///
/// # Panics
///
/// If a limit is reached.
pub fn mask_of(matcher: &Matcher) -> Vec<u32> {
    let words = matcher.grammar().index().vocab().mask_words();
    let mut row = vec![u32::MAX; words];
    matcher.fill_mask(&mut row).expect("a mask");
    row
}

/// The tokens in which two masks differ, with their bytes, at most eight.
pub fn differences(matcher: &Matcher, one: &[u32], other: &[u32]) -> Vec<String> {
    let vocab = matcher.grammar().index().vocab();
    let ids = (0..vocab.len() as u32).map(TokenId);
    let differ = ids.filter(|&id| mask::get(one, id) != mask::get(other, id));
    differ
        .map(|id| format!("{} {} in the first", show(vocab.bytes(id)), mask::get(one, id)))
        .take(8)
        .collect()
}

/// Bytes as readable text.
pub fn show(bytes: &[u8]) -> String {
    format!("`{}`", bytes.escape_ascii())
}
