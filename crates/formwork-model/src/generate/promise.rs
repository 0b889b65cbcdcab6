//! Whether a text can still be completed within a number of tokens.

use formwork::{EngineError, Matcher, TokenId, Vocab};

/// How many states are looked at for a shorter way than the first one found.
///
/// PERF: all of them are kept by the grammar. Looking for a shorter way at every token
/// filled its 256 MiB within a hundred texts of `schemas/build-pipeline.json`.
const MAX_STATES: usize = 2_000;

/// Within an escape or a character, the bound on bytes may leave out what is left of it.
const SLACK: usize = 12;

/// A way to complete a text with at most `most` tokens: `None` if single bytes would do, or
/// nothing is left to do.
/// `Err` within the result tells how many tokens the shortest way has that was found.
pub(super) fn way(
    matcher: &Matcher,
    vocab: &Vocab,
    most: usize,
) -> Result<Result<Option<Vec<TokenId>>, usize>, EngineError> {
    if matcher.is_complete() {
        return Ok(Ok(None));
    }
    let bytes = matcher.min_completion_bytes() as usize;
    let all_are_tokens = matcher.grammar().index().missing().is_empty();
    if all_are_tokens && bytes + SLACK <= most {
        return Ok(Ok(None));
    }
    Ok(match tokens(matcher, vocab, 0)? {
        Some(tokens) if tokens.len() <= most => Ok(Some(tokens)),
        Some(tokens) => Err(tokens.len()),
        None => Err(bytes.max(most + 1)),
    })
}

/// The same in the course of a text. Unless that was `tight` on tokens from its beginning,
/// what single bytes might not do is refused, and no way is looked for.
///
/// PERF: a way through 60 bytes takes milliseconds. Looked for at every token of texts that
/// had twice the tokens they needed, it took more time than the model.
pub(super) fn way_from(
    matcher: &Matcher,
    vocab: &Vocab,
    most: usize,
    tight: bool,
) -> Result<Result<Option<Vec<TokenId>>, usize>, EngineError> {
    let bytes = matcher.min_completion_bytes() as usize;
    match !tight && !matcher.is_complete() && bytes + SLACK > most {
        true => Ok(Err(bytes)),
        false => way(matcher, vocab, most),
    }
}

/// The first step of a way to the end, in one byte where one brings it nearer; none if the
/// text may end, or a token by its number is needed.
pub(super) fn step(matcher: &Matcher, vocab: &Vocab) -> Result<Vec<TokenId>, EngineError> {
    // Of ways that are equally short, letters and digits are most common as tokens.
    let is_odd = |way: &Vec<u8>| !way.first().is_some_and(u8::is_ascii_alphanumeric);
    let ways = matcher.ways_to_end()?.into_iter();
    let way = ways.min_by_key(|way| (is_odd(way), way.clone()));
    Ok(way.and_then(|way| spell(vocab, &way)).unwrap_or_default())
}

/// The same from the beginning of a text, where a shorter way is worth a search.
pub(super) fn shortest_way(
    matcher: &Matcher,
    vocab: &Vocab,
    most: usize,
) -> Result<Result<Option<Vec<TokenId>>, usize>, EngineError> {
    let found = way(matcher, vocab, most)?;
    if found.is_ok() {
        return Ok(found);
    }
    Ok(match tokens(matcher, vocab, MAX_STATES)? {
        Some(tokens) if tokens.len() <= most => Ok(Some(tokens)),
        Some(tokens) => found.map_err(|needed| needed.min(tokens.len())),
        None => found,
    })
}

/// The fewest tokens of a short completion, for which so many states are looked at;
/// `None` if it needs a token by its number.
pub(super) fn tokens(
    matcher: &Matcher,
    vocab: &Vocab,
    max_states: usize,
) -> Result<Option<Vec<TokenId>>, EngineError> {
    let completion = matcher.shortest_completion(max_states)?;
    Ok(completion.and_then(|completion| spell(vocab, &completion.bytes)))
}

/// The fewest tokens with the given bytes, by the shortest way through all places
/// between them.
fn spell(vocab: &Vocab, bytes: &[u8]) -> Option<Vec<TokenId>> {
    /// How a place is reached with fewest tokens.
    #[derive(Clone, Copy)]
    struct Reached {
        tokens: usize,
        /// The last of them, and where it begins.
        last: Option<(usize, TokenId)>,
    }
    let trie = vocab.trie();
    let mut best: Vec<Option<Reached>> = vec![None; bytes.len() + 1];
    *best.first_mut()? = Some(Reached {
        tokens: 0,
        last: None,
    });
    for begin in 0..bytes.len() {
        let Some(Reached { tokens, .. }) = best[begin] else {
            continue;
        };
        let mut node = trie.root();
        for (end, &byte) in bytes.iter().enumerate().skip(begin) {
            let Some(child) = trie.child(node, byte) else {
                break;
            };
            node = child;
            let Some(&token) = trie.tokens(node).first() else {
                continue;
            };
            let there = &mut best[end + 1];
            if there.is_none_or(|known| known.tokens > tokens + 1) {
                *there = Some(Reached {
                    tokens: tokens + 1,
                    last: Some((begin, token)),
                });
            }
        }
    }
    let mut tokens = Vec::new();
    let mut at = bytes.len();
    while let Some((begin, token)) = best[at]?.last {
        tokens.push(token);
        at = begin;
    }
    tokens.reverse();
    Some(tokens)
}
