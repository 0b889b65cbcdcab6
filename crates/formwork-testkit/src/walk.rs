//! Generation under masks, as a sampler does it, and masks by trying.

use formwork::{EngineError, Grammar, MaskError, Matcher, PushError, TokenId, mask};

use crate::rng::Rng;

/// A generated text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generated {
    /// The tokens, the stop token left out.
    pub tokens: Vec<TokenId>,
    /// Their bytes.
    pub text: Vec<u8>,
    /// The text before each token that was chosen because it was the best of
    /// those that do not lower the bytes to go.
    pub detours: Vec<Vec<u8>>,
}

/// Why a walk did not reach an end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stuck {
    /// A limit of the engine was reached.
    Limit(EngineError),
    /// The text does not come to an end; the text so far.
    Endless(String),
    /// A promise of the engine was broken: what, and after which text.
    Broken(String),
}

impl From<EngineError> for Stuck {
    fn from(error: EngineError) -> Stuck {
        Stuck::Limit(error)
    }
}

/// Tokens after which a walk must have ended, whatever was generated before, or
/// twice the bytes of the shortest text if that is more.
const MAX_TOKENS: usize = 2000;

/// Generates a text: at random for `budget` tokens, then along tokens that lower
/// [`Matcher::min_completion_bytes`], to the end.
///
/// # Errors
///
/// If a mask is empty, or allows what cannot be pushed, or if the text does not
/// come to an end. Where nothing lowers the bytes to go, the best byte is taken
/// and noted as a detour.
pub fn generate(grammar: &Grammar, budget: usize, rng: &mut Rng) -> Result<Generated, Stuck> {
    let vocab = grammar.index().vocab();
    let mut matcher = grammar.matcher();
    let mut row = vec![0u32; vocab.mask_words()];
    let mut done = Generated {
        tokens: Vec::new(),
        text: Vec::new(),
        detours: Vec::new(),
    };
    let most = MAX_TOKENS.max(2 * matcher.min_completion_bytes() as usize);
    let broken = |what: &str, text: &[u8]| Stuck::Broken(format!("{what} after {}", show(text)));
    loop {
        match matcher.fill_mask(&mut row) {
            Ok(_) => {}
            Err(MaskError::Engine(error)) => return Err(error.into()),
            Err(error) => return Err(broken(&error.to_string(), &done.text)),
        }
        let spent = done.tokens.len() >= budget;
        let complete = matcher.is_complete();
        let mut allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
        allowed.retain(|token| !vocab.stop_ids().contains(token));
        if complete && (spent || allowed.is_empty() || rng.chance(25)) {
            let stop = *rng.pick(vocab.stop_ids());
            if !mask::get(&row, stop) || matcher.push(stop).is_err() {
                return Err(broken("cannot stop", &done.text));
            }
            return Ok(done);
        }
        if allowed.is_empty() {
            return Err(broken("nothing may follow", &done.text));
        }
        if done.tokens.len() >= most {
            return Err(Stuck::Endless(format!("no end to {}", show(&done.text))));
        }
        let mut next = vec![*rng.pick(&allowed)];
        if spent {
            let lower;
            (next, lower) = steer(&matcher, &allowed, rng)?;
            if !lower {
                done.detours.push(done.text.clone());
            }
        }
        for token in next {
            match matcher.push(token) {
                Ok(()) => {}
                Err(PushError::Engine(error)) => return Err(error.into()),
                Err(error) => {
                    let bytes = show(vocab.bytes(token));
                    let what = format!("{bytes}, allowed by the mask, is refused ({error})");
                    return Err(broken(&what, &done.text));
                }
            }
            done.tokens.push(token);
            done.text.extend_from_slice(vocab.bytes(token));
        }
    }
}

/// A random token that leaves fewer bytes to go; if there is none, the two bytes
/// that leave fewest, and `false`.
fn steer(
    matcher: &Matcher,
    allowed: &[TokenId],
    rng: &mut Rng,
) -> Result<(Vec<TokenId>, bool), EngineError> {
    let before = matcher.min_completion_bytes();
    // A few at random; then tokens of one byte or read by number, one of which has
    // to do.
    for _ in 0..8 {
        let token = *rng.pick(allowed);
        if after(matcher, token)?.is_some_and(|m| m.min_completion_bytes() < before) {
            return Ok((vec![token], true));
        }
    }
    let vocab = matcher.grammar().index().vocab();
    let is_byte = |token: &TokenId| vocab.bytes(*token).len() <= 1;
    let mut bytes: Vec<TokenId> = allowed.iter().copied().filter(is_byte).collect();
    rng.shuffle(&mut bytes);
    for &token in &bytes {
        if after(matcher, token)?.is_some_and(|m| m.min_completion_bytes() < before) {
            return Ok((vec![token], true));
        }
    }
    let mut best = (u32::MAX, vec![*rng.pick(allowed)]);
    for &one in &bytes {
        let Some(next) = after(matcher, one)? else {
            continue;
        };
        for byte in next.next_bytes()?.iter() {
            let node = vocab.trie().child(vocab.trie().root(), byte);
            let tokens = node.map_or(&[][..], |node| vocab.trie().tokens(node));
            let Some(&two) = tokens.first() else {
                continue;
            };
            let Some(second) = after(&next, two)? else {
                continue;
            };
            if second.min_completion_bytes() < best.0 {
                best = (second.min_completion_bytes(), vec![one, two]);
            }
        }
    }
    Ok((best.1, false))
}

/// A second matcher after one more token; `None` if it is refused.
fn after(matcher: &Matcher, token: TokenId) -> Result<Option<Matcher>, EngineError> {
    let mut after = matcher.fork();
    match after.push(token) {
        Err(PushError::Engine(error)) => Err(error),
        Err(_) => Ok(None),
        Ok(()) => Ok(Some(after)),
    }
}

/// The mask of the next token, by pushing every token. `None` if a limit of the
/// engine was reached.
pub fn brute_mask(matcher: &Matcher) -> Option<Vec<u32>> {
    let vocab = matcher.grammar().index().vocab();
    let mut row = vec![0u32; vocab.mask_words()];
    for id in 0..vocab.len() as u32 {
        match matcher.fork().push(TokenId(id)) {
            Ok(()) => mask::set(&mut row, TokenId(id)),
            Err(PushError::Engine(_)) => return None,
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
        .map(|id| {
            format!(
                "{} {} in the first",
                show(vocab.bytes(id)),
                mask::get(one, id)
            )
        })
        .take(8)
        .collect()
}

/// Bytes as readable text.
pub fn show(bytes: &[u8]) -> String {
    format!("`{}`", bytes.escape_ascii())
}
