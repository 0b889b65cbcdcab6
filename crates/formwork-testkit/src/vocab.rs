//! Small vocabularies with every awkward kind of token.

use std::sync::Arc;

use formwork::{TokenId, Vocab};
use proptest::prelude::*;

use crate::pools::{FORMATS, NAMES, NUMBERS, STRINGS};
use crate::rng::Rng;

/// Pieces that tokens are merged from: structure, literals, halves of escapes,
/// halves of characters, halves of numbers.
const FRAGMENTS: &[&[u8]] = &[
    b"{\"",
    b"\":",
    b"\":\"",
    b"\": \"",
    b"\",\"",
    b"\", \"",
    b"\"},{\"",
    b"},{",
    b"]}",
    b"\"]",
    b"\"}",
    b"{}",
    b"[]",
    b"[[",
    b",\"\"",
    b"\":1,\"\":",
    b"\":{\"",
    b"\":[",
    b"],[",
    b",\"",
    b"\"\"",
    b"\\\"",
    b"\\\\",
    b"\\u",
    b"\\u00",
    b"\\ud83d",
    b"\\uDE00",
    b"d83d\\ude0",
    b"e9",
    b"\\n",
    b"\\\"b",
    b"  ",
    b"\n ",
    b", ",
    b" :",
    b" }",
    b"true",
    b"fal",
    b"se",
    b"null",
    b"nul",
    b"l,",
    b"00",
    b".0",
    b".5",
    b"1.",
    b"-0",
    b"-1",
    b"e-",
    b"E+",
    b"1e",
    b"12",
    b"0,",
    b"1,-",
    b"\xc3",
    b"\xa9\"",
    b"\xf0\x9f",
    b"\x98\x80",
    b"a\xf0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
];

/// Merged tokens in a vocabulary.
const MERGES: usize = 320;

/// The vocabulary of a seed: all 256 bytes, fragments and random merges of them
/// in a random order, some of them twice; a special token and a stop token in
/// the middle, an unused id, and a second stop token at the end.
pub fn toy(seed: u64) -> Vocab {
    let mut rng = Rng::new(seed ^ 0x7013);
    let pieces: Vec<Vec<u8>> = pieces();
    let mut tokens: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    tokens.extend(FRAGMENTS.iter().map(|fragment| fragment.to_vec()));
    for _ in 0..MERGES {
        let from = if rng.chance(50) { &pieces } else { &tokens };
        let mut merged = rng.pick(from).clone();
        merged.extend_from_slice(rng.pick::<Vec<u8>>(&pieces));
        merged.truncate(1 + rng.below(14));
        tokens.push(merged);
    }
    rng.shuffle(&mut tokens);
    let middle = tokens.len() / 2;
    let mut builder = Vocab::builder();
    let mut next = 0;
    let mut id = || {
        next += 1;
        TokenId(next - 1)
    };
    for (at, token) in tokens.iter().enumerate() {
        if at == middle {
            builder.special(id(), "<tool>");
            let stop = id();
            builder.special(stop, "<stop>").stop(stop);
            id(); // stays unused
        }
        builder.token(id(), token);
    }
    let stop = id();
    builder.special(stop, "<end>").stop(stop);
    builder.build().expect("a vocabulary")
}

/// The same vocabulary, but some bytes are no tokens by themselves.
pub fn without(vocab: &Vocab, bytes: &[u8]) -> Vocab {
    let mut builder = Vocab::builder();
    for id in (0..vocab.len() as u32).map(TokenId) {
        if let Some(name) = vocab.special_name(id) {
            builder.special(id, name);
        }
        match vocab.bytes(id) {
            [byte] if bytes.contains(byte) => {}
            [] => {}
            token => {
                builder.token(id, token);
            }
        }
    }
    for &stop in vocab.stop_ids() {
        builder.stop(stop);
    }
    builder.build().expect("a vocabulary")
}

fn pieces() -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = FRAGMENTS.iter().map(|f| f.to_vec()).collect();
    let texts = NAMES.iter().chain(STRINGS).chain(NUMBERS);
    pieces.extend(texts.map(|text| text.as_bytes().to_vec()));
    let formats = FORMATS.iter().map(|(_, examples)| examples[0]);
    pieces.extend(formats.map(|text| text.as_bytes().to_vec()));
    pieces.extend(br#"{}[]":, -.eE\u/0123abc"#.iter().map(|&byte| vec![byte]));
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Any [`toy`].
pub fn any_toy() -> impl Strategy<Value = Arc<Vocab>> {
    any::<u64>()
        .prop_map(|seed| Arc::new(toy(seed)))
        .no_shrink()
}

/// The ids of all tokens with text.
pub fn text_tokens(vocab: &Vocab) -> impl Iterator<Item = TokenId> + '_ {
    let ids = (0..vocab.len() as u32).map(TokenId);
    ids.filter(|&id| !vocab.bytes(id).is_empty())
}

/// Cuts `text` into tokens at random.
///
/// # Panics
///
/// If a byte of the text is no token.
pub fn segment(vocab: &Vocab, text: &[u8], rng: &mut Rng) -> Vec<TokenId> {
    let trie = vocab.trie();
    let mut rest = text;
    let mut tokens = Vec::new();
    while !rest.is_empty() {
        let mut node = trie.root();
        let mut choices = Vec::new();
        for (at, &byte) in rest.iter().enumerate() {
            let Some(child) = trie.child(node, byte) else {
                break;
            };
            node = child;
            choices.extend(trie.tokens(node).iter().map(|&token| (at + 1, token)));
        }
        let &(length, token) = rng.pick(&choices);
        tokens.push(token);
        rest = &rest[length..];
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toys_have_what_they_promise() {
        let vocab = toy(3);
        assert!(vocab.missing_bytes().is_empty());
        assert_eq!(vocab.stop_ids().len(), 2);
        let all: Vec<&[u8]> = text_tokens(&vocab).map(|id| vocab.bytes(id)).collect();
        let mut unique = all.clone();
        unique.sort_unstable();
        unique.dedup();
        assert!(unique.len() < all.len());
        assert_eq!(toy(3).fingerprint(), vocab.fingerprint());
        let text = "{\"é\":1}".as_bytes();
        let tokens = segment(&vocab, text, &mut Rng::new(1));
        let bytes: Vec<u8> = tokens
            .iter()
            .flat_map(|&t| vocab.bytes(t))
            .copied()
            .collect();
        assert_eq!(bytes, text);
    }
}
