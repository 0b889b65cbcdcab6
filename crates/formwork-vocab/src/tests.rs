//! The vocabulary and its builder.

use crate::{MAX_TOKENS, TokenId, Vocab, VocabBuilder, VocabError, VocabErrorKind};

fn kind(result: Result<Vocab, VocabError>) -> VocabErrorKind {
    result.expect_err("an error").kind()
}

fn small() -> VocabBuilder {
    let mut builder = Vocab::builder();
    builder
        .token(TokenId(4), "b")
        .token(TokenId(0), "ab")
        .special(TokenId(6), "<eos>")
        .special(TokenId(2), "<pad>")
        .stop(TokenId(6));
    builder
}

#[test]
fn text_specials_and_holes() {
    let vocab = small().build().expect("valid");
    assert_eq!((vocab.len(), vocab.mask_words()), (7, 1));
    let bytes: Vec<&[u8]> = (0..8).map(|id| vocab.bytes(TokenId(id))).collect();
    assert_eq!(bytes, [&b"ab"[..], b"", b"", b"", b"b", b"", b"", b""]);
    assert_eq!(vocab.bytes(TokenId(u32::MAX)), b"");
    let specials: Vec<_> = (0..9).filter(|&id| vocab.is_special(TokenId(id))).collect();
    assert_eq!(specials, [2, 6]);
    assert_eq!(vocab.special_name(TokenId(2)), Some("<pad>"));
    assert_eq!(vocab.special_name(TokenId(0)), None);
    assert_eq!(vocab.special_by_name("<eos>"), Some(TokenId(6)));
    assert_eq!(vocab.special_by_name("<eot>"), None);
    assert_eq!(vocab.special_by_name("<zzz>"), None);
    assert_eq!(vocab.stop_ids(), [TokenId(6)]);
    assert_eq!(vocab.trie().len(), 4);
    assert_eq!(
        vocab.specials().collect::<Vec<_>>(),
        [(TokenId(2), "<pad>"), (TokenId(6), "<eos>")]
    );
}

#[test]
fn shared_names_and_repeated_stops() {
    let mut builder = Vocab::builder();
    for id in [3, 1, 2].map(TokenId) {
        builder.special(id, "<x>").stop(id).stop(id);
    }
    let vocab = builder.build().expect("valid");
    assert_eq!(vocab.special_by_name("<x>"), Some(TokenId(1)));
    assert_eq!(vocab.stop_ids(), [1, 2, 3].map(TokenId));
}

#[test]
fn empty_vocabulary() {
    let vocab = Vocab::builder().build().expect("valid");
    assert_eq!(
        (vocab.len(), vocab.mask_words(), vocab.trie().len()),
        (0, 0, 1)
    );
    vocab.scan_within([u64::MAX; 2], true, Some(3), &mut []);
    assert_eq!(vocab.missing_bytes().len(), 256);
}

#[test]
fn missing_bytes() {
    let mut builder = Vocab::builder();
    for b in (0..=255u8).filter(|b| !b"x\xff".contains(b)) {
        builder.token(TokenId(u32::from(b)), [b]);
    }
    builder.token(TokenId(256), "xy");
    assert_eq!(builder.build().expect("valid").missing_bytes(), b"x\xff");
}

#[test]
fn one_meaning_per_id() {
    let expected = VocabErrorKind::DuplicateId(TokenId(4));
    assert_eq!(kind(small().token(TokenId(4), "c").build()), expected);
    assert_eq!(kind(small().token(TokenId(4), "b").build()), expected);
    assert_eq!(kind(small().special(TokenId(4), "<x>").build()), expected);
}

#[test]
fn stop_tokens_are_special() {
    for id in [0, 1, 99, u32::MAX].map(TokenId) {
        assert_eq!(kind(small().stop(id).build()), VocabErrorKind::BadStop);
    }
}

#[test]
fn limits() {
    let most = TokenId(MAX_TOKENS as u32);
    for id in [most, TokenId(u32::MAX)] {
        assert_eq!(kind(small().token(id, "c").build()), VocabErrorKind::Limit);
        assert_eq!(
            kind(small().special(id, "<x>").build()),
            VocabErrorKind::Limit
        );
    }
    let vocab = small()
        .token(TokenId(most.0 - 1), "c")
        .build()
        .expect("valid");
    assert_eq!(vocab.len(), MAX_TOKENS);
    let long = vec![b'a'; crate::MAX_TOKEN_BYTES + 1];
    assert_eq!(
        kind(small().token(TokenId(1), long).build()),
        VocabErrorKind::Limit
    );
}

#[test]
fn fingerprint_is_of_the_content() {
    let vocab = small().build().expect("valid");
    let mut reordered = Vocab::builder();
    reordered
        .special(TokenId(2), "<pad>")
        .special(TokenId(6), "<eos>")
        .stop(TokenId(6));
    reordered.token(TokenId(0), "ab").token(TokenId(4), "b");
    let reordered = reordered.build().expect("valid");
    assert_eq!(vocab.fingerprint(), reordered.fingerprint());

    let others = [
        small().token(TokenId(1), "c").build(),
        small().token(TokenId(7), "").build(),
        small().special(TokenId(5), "<x>").build(),
        small().stop(TokenId(2)).build(),
    ];
    for other in others {
        assert_ne!(vocab.fingerprint(), other.expect("valid").fingerprint());
    }
}

#[test]
fn vocabularies_and_errors_can_be_shared() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Vocab>();
    shared::<VocabError>();
}
