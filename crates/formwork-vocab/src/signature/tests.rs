//! Scans against their definition.

use proptest::prelude::*;

use super::{ByteSig, ascii_set};
use crate::{TokenId, Vocab, mask};

fn token() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-e]{1,6}".prop_map(String::into_bytes),
        2 => "[ -~]{1,4}".prop_map(String::into_bytes),
        2 => "[a-cäß€😀]{1,4}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => (250usize..260).prop_map(|n| "é".repeat(n).into_bytes()),
        1 => (250usize..260).prop_map(|n| vec![b'a'; n]),
    ]
}

fn vocab_of(tokens: &[Vec<u8>]) -> Vocab {
    let mut builder = Vocab::builder();
    for (id, token) in tokens.iter().enumerate() {
        builder.token(TokenId(id as u32), token);
    }
    // Special ids and holes are never found.
    let special = TokenId(tokens.len() as u32 + 3);
    builder.special(special, "<eos>").stop(special);
    builder.build().expect("within limits")
}

fn byte_set() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(0u8..128, 0..128),
        prop::collection::vec(b'a'..=b'e', 0..5),
        Just((0u8..128).collect()),
        Just((0u8..128).filter(|b| !b"\"\\".contains(b)).collect()),
    ]
}

fn max_chars() -> impl Strategy<Value = Option<u8>> {
    prop_oneof![
        Just(None),
        (0u8..8).prop_map(Some),
        (250u8..=255).prop_map(Some)
    ]
}

fn within(token: &[u8], allowed: &[u8], non_ascii: bool, max: Option<u8>) -> bool {
    let Ok(text) = std::str::from_utf8(token) else {
        return false;
    };
    !text.is_empty()
        && token.iter().all(|b| {
            if b.is_ascii() {
                allowed.contains(b)
            } else {
                non_ascii
            }
        })
        && max.is_none_or(|max| text.chars().count() <= usize::from(max))
}

proptest! {
    #[test]
    fn scan_within_is_its_definition(
        tokens in prop::collection::vec(token(), 0..120),
        allowed in byte_set(),
        non_ascii: bool,
        max in max_chars(),
    ) {
        let vocab = vocab_of(&tokens);
        let mut row = vec![0; vocab.mask_words()];
        mask::set(&mut row, TokenId(1)); // stays
        vocab.scan_within(ascii_set(allowed.iter().copied()), non_ascii, max, &mut row);
        for (id, token) in tokens.iter().enumerate() {
            let expected = id == 1 || within(token, &allowed, non_ascii, max);
            prop_assert_eq!(mask::get(&row, TokenId(id as u32)), expected, "{:?}", token);
        }
        let extra = usize::from(tokens.len() < 2); // the bit set above, if not a token's
        let inside = tokens.len() as u32;
        prop_assert_eq!(mask::iter_ones(&row).filter(|id| id.0 >= inside).count(), extra);
    }

    #[test]
    fn both_ways_to_scan_agree(tokens in prop::collection::vec(token(), 0..120), allowed in byte_set()) {
        let vocab = vocab_of(&tokens);
        let set = ascii_set(allowed);
        let by_planes = vocab.sigs().within_by_planes(set, false);
        prop_assert_eq!(vocab.sigs().within_by_candidates(set), by_planes);
    }

    #[test]
    fn scan_containing_is_its_definition(
        tokens in prop::collection::vec(token(), 0..120),
        bytes in byte_set(),
    ) {
        let vocab = vocab_of(&tokens);
        let mut row = vec![0; vocab.mask_words()];
        vocab.scan_containing(ascii_set(bytes.iter().copied()), &mut row);
        let contains = |token: &Vec<u8>| token.iter().any(|b| bytes.contains(b));
        let expected: Vec<_> = (0..).map(TokenId).zip(&tokens).filter(|(_, t)| contains(t)).map(|(id, _)| id).collect();
        prop_assert_eq!(mask::iter_ones(&row).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn signatures_and_counts(tokens in prop::collection::vec(token(), 1..40)) {
        let vocab = vocab_of(&tokens);
        for (id, token) in tokens.iter().enumerate() {
            let id = TokenId(id as u32);
            let text = std::str::from_utf8(token).ok().filter(|text| !text.is_empty());
            let sig = vocab.signature(id);
            let expected = ByteSig {
                ascii: ascii_set(token.iter().copied()),
                has_non_ascii: !token.is_ascii(),
                whole_utf8: text.is_some(),
            };
            prop_assert_eq!(sig, expected);
            prop_assert_eq!(vocab.signatures()[id.index()], sig.ascii);
            for b in 0..=255 {
                prop_assert_eq!(sig.contains(b), b < 128 && token.contains(&b));
            }
            let chars = text.map(|text| text.chars().count());
            prop_assert_eq!(vocab.char_len(id).map(|n| n as usize), chars);
            let short = chars.filter(|&n| n < 255).map(|n| n as u8);
            prop_assert_eq!(vocab.char_count(id), short);
            prop_assert_eq!(vocab.char_counts()[id.index()], short.unwrap_or(255));
            prop_assert_eq!(mask::get(vocab.whole_utf8_row(), id), sig.whole_utf8);
        }
    }
}

#[test]
fn ids_without_bytes() {
    let vocab = vocab_of(&[b"a".to_vec()]);
    for id in [1, 2, 4, 5, u32::MAX].map(TokenId) {
        let none = ByteSig {
            ascii: [0; 2],
            has_non_ascii: false,
            whole_utf8: false,
        };
        assert_eq!(vocab.signature(id), none);
        assert_eq!(vocab.char_count(id), None);
        assert_eq!(vocab.char_len(id), None);
    }
}
