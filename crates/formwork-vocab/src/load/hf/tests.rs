//! Small `tokenizer.json` files of every sort.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{LoadOptions, TokenId, Vocab, VocabErrorKind};

fn load(file: &Value) -> Result<Vocab, crate::VocabError> {
    Vocab::from_hf(&file.to_string(), &LoadOptions::new())
}

fn kind(file: &Value) -> VocabErrorKind {
    load(file).expect_err("an error").kind()
}

#[track_caller]
fn check(file: &Value, expected: &[&[u8]]) {
    let vocab = load(file).expect("valid");
    let bytes: Vec<&[u8]> = (0..vocab.len())
        .map(|id| vocab.bytes(TokenId(id as u32)))
        .collect();
    assert_eq!(bytes, expected);
}

fn bpe(vocab: Value) -> Value {
    json!({"type": "BPE", "vocab": vocab, "merges": ["a b", ["c", "d"]]})
}

#[test]
fn byte_level() {
    let model = bpe(json!({"Ġa": 1, "a": 0, "Ċ": 2, "Ã": 3, "\u{e9}": 4}));
    let expected: [&[u8]; 5] = [b"a", b" a", b"\n", b"\xc3", b"\xe9"];
    let step = json!({"type": "ByteLevel", "add_prefix_space": false});
    let nested = json!({"type": "Sequence", "decoders": [{"type": "Fuse"}, step]});
    let split = json!({"type": "Sequence", "pretokenizers": [{"type": "Digits"}, step]});
    check(&json!({"decoder": step, "model": model}), &expected);
    check(&json!({"decoder": nested, "model": model}), &expected);
    check(
        &json!({"decoder": null, "pre_tokenizer": split, "model": model}),
        &expected,
    );
}

#[test]
fn sentencepiece() {
    let model = json!({
        "type": "BPE", "byte_fallback": true, "unk_token": "<unk>", "merges": [],
        "vocab": {"<unk>": 0, "<0x0A>": 1, "<0xfF>": 2, "▁": 3, "▁a▁": 4, "<0x+1>": 5, "Ġ": 6,
                  "x": 7, "y": 8},
    });
    let expected: [&[u8]; 9] = [
        b"",
        b"\n",
        b"\xff",
        b" ",
        b" a ",
        b"<0x+1>",
        "Ġ".as_bytes(),
        b"x",
        b"y",
    ];
    let out = json!({"type": "Replace", "pattern": {"String": "▁"}, "content": " "});
    let decoder =
        json!({"type": "Sequence", "decoders": [out, {"type": "ByteFallback"}, {"type": "Fuse"}]});
    check(&json!({"decoder": decoder, "model": model}), &expected);
    let back = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    let normalizer = json!({"type": "Sequence", "normalizers": [{"type": "NFC"}, back]});
    check(
        &json!({"normalizer": normalizer, "model": model}),
        &expected,
    );
    check(
        &json!({"pre_tokenizer": {"type": "Metaspace"}, "model": model}),
        &expected,
    );
}

#[test]
fn byte_pieces_without_fallback_are_text() {
    let model = bpe(json!({"<0x0A>": 0, "a": 1}));
    let decoder = json!({"type": "Metaspace", "replacement": "_"});
    check(
        &json!({"decoder": decoder, "model": model}),
        &[b"<0x0A>", b"a"],
    );
    let model = bpe(json!({"_a": 0, "▁": 1}));
    check(
        &json!({"decoder": decoder, "model": model}),
        &[b" a", "▁".as_bytes()],
    );
}

#[test]
fn unigram() {
    let vocab = json!([
        ["<pad>", 0.0],
        ["<unk>", -1],
        ["▁the", -2.5],
        ["s", -3.0, "ignored"]
    ]);
    let model = json!({"type": "Unigram", "unk_id": 1, "vocab": vocab});
    let decoder = json!({"type": "Metaspace", "replacement": "▁", "add_prefix_space": true});
    check(
        &json!({"decoder": decoder, "model": model}),
        &[b"<pad>", b"", b" the", b"s"],
    );
    let untyped = json!({"unk_id": 1, "vocab": vocab});
    check(
        &json!({"decoder": decoder, "model": untyped}),
        &[b"<pad>", b"", b" the", b"s"],
    );
}

#[test]
fn added_tokens() {
    let file = json!({
        "added_tokens": [
            {"id": 0, "content": "<s>", "special": true},
            {"id": 2, "content": "</s>", "special": true},
            {"id": 5, "content": "▁▁", "special": false},
            {"id": 6, "content": "<tool>"},
        ],
        "decoder": {"type": "Metaspace"},
        "model": bpe(json!({"<s>": 0, "a": 1, "</s>": 2})),
    });
    check(&file, &[b"", b"a", b"", b"", b"", b"  ", b"<tool>"]);
    let vocab = load(&file).expect("valid");
    assert_eq!(vocab.stop_ids(), [TokenId(2)]);
    assert_eq!(vocab.special_name(TokenId(0)), Some("<s>"));
    assert!(!vocab.is_special(TokenId(6)));

    let mut conflicting = file;
    conflicting["added_tokens"][1]["id"] = json!(0);
    assert_eq!(kind(&conflicting), VocabErrorKind::DuplicateId(TokenId(0)));
}

#[test]
fn scheme_mix_ups() {
    let byte_level = json!({"type": "ByteLevel"});
    let marker = json!({"type": "Metaspace"});
    let spaces = bpe(json!({"▁a": 0, "▁b": 1, "c": 2}));
    assert_eq!(
        kind(&json!({"decoder": byte_level, "model": spaces})),
        VocabErrorKind::SchemeMixUp
    );
    let spaces = bpe(json!({"Ġa": 0, "Ġb": 1, "c": 2}));
    assert_eq!(
        kind(&json!({"decoder": marker, "model": spaces})),
        VocabErrorKind::SchemeMixUp
    );
    let both = json!({"decoder": byte_level, "pre_tokenizer": marker, "model": spaces});
    assert_eq!(kind(&both), VocabErrorKind::SchemeMixUp);
}

#[test]
fn a_few_odd_pieces_are_literal() {
    let mut vocab: serde_json::Map<String, Value> = (0u8..26)
        .map(|i| (char::from(b'a' + i).to_string(), json!(i)))
        .collect();
    vocab.insert("▁ x".to_owned(), json!(26));
    let file = json!({"decoder": {"type": "ByteLevel"}, "model": bpe(Value::Object(vocab))});
    let vocab = load(&file).expect("valid");
    assert_eq!(vocab.bytes(TokenId(26)), "▁ x".as_bytes());
}

#[test]
fn unsupported_models() {
    let decoder = json!({"type": "ByteLevel"});
    let word_piece =
        json!({"type": "WordPiece", "continuing_subword_prefix": "##", "vocab": {"a": 0}});
    let with = |key: &str, value: &str| {
        let mut model = bpe(json!({"a": 0}));
        model[key] = json!(value);
        model
    };
    for model in [
        word_piece,
        with("type", "WordLevel"),
        with("end_of_word_suffix", "</w>"),
        with("continuing_subword_prefix", "##"),
        json!({"vocab": {"a": 0}}),
    ] {
        let file = json!({"decoder": decoder, "model": model});
        assert_eq!(kind(&file), VocabErrorKind::Unsupported, "{file}");
    }
    for decoder in [
        json!(null),
        json!({"type": "WordPiece"}),
        json!({"type": "Replace", "pattern": {"Regex": "▁"}, "content": " "}),
        json!({"type": "Replace", "pattern": {"String": "▁"}, "content": "-"}),
    ] {
        let file = json!({"decoder": decoder, "model": bpe(json!({"a": 0}))});
        assert_eq!(kind(&file), VocabErrorKind::Unsupported, "{file}");
    }
}

#[test]
fn malformed_files() {
    for file in [
        json!({}),
        json!({"model": {}}),
        json!({"model": {"type": "BPE", "vocab": 3}}),
        json!({"model": {"type": "BPE", "vocab": {"a": -1}}}),
        json!({"model": {"type": "BPE", "vocab": {"a": 4294967296u64}}}),
        json!({"model": {"type": "Unigram", "vocab": [[]]}}),
        json!({"model": {"type": "Unigram", "vocab": [[1, 2]]}}),
    ] {
        assert_eq!(kind(&file), VocabErrorKind::Syntax, "{file}");
    }
    let huge = json!({"decoder": {"type": "ByteLevel"}, "model": bpe(json!({"a": u32::MAX}))});
    assert_eq!(kind(&huge), VocabErrorKind::Limit);
}

proptest! {
    /// Changes one byte of a valid file: whatever comes of it, no panic.
    #[test]
    fn damaged_files(at in 0usize..400, byte in any::<u8>()) {
        let file = json!({
            "added_tokens": [{"id": 3, "content": "</s>", "special": true}],
            "decoder": {"type": "Sequence", "decoders": [{"type": "Metaspace", "replacement": "▁"}]},
            "model": {"type": "BPE", "byte_fallback": true, "unk_token": "a", "merges": ["a b"],
                      "vocab": {"a": 0, "▁b": 1, "<0x0A>": 2}},
        });
        let mut bytes = file.to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            let _ = Vocab::from_hf(&text, &LoadOptions::new());
        }
    }
}
