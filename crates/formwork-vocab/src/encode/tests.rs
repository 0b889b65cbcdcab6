//! What is encoded comes back as the bytes of the tokens.

use super::{Encoder, Inner};
use crate::load::tests::shared_tokenizer;
use crate::{LoadOptions, TokenId, Vocab};

const TEXTS: &[&str] = &[
    "",
    " ",
    "Hello, world!",
    "{\"name\": \"Zoë\", \"tags\": [1, 2.5e-3, null, true]}\n",
    "    fn main() {\r\n\t\tprintln!(\"\\u{1F600}\");\r\n    }\n\n\n",
    "naïve café — 東京都 \u{1F469}\u{200D}\u{1F680} مرحبا\u{7f}\0",
    "<|eot_id|> and <|im_end|> and <|endoftext|> are text here, and <tool_call> too",
];

#[track_caller]
fn check(encoder: &Encoder, vocab: &Vocab) {
    for text in TEXTS {
        let ids = encoder.encode(text).expect("encodable");
        let bytes: Vec<u8> = ids
            .iter()
            .flat_map(|&id| vocab.bytes(id))
            .copied()
            .collect();
        assert_eq!(String::from_utf8_lossy(&bytes), *text);
        assert!(ids.iter().all(|&id| !vocab.is_special(id)));
    }
}

fn check_file(name: &str) {
    let Some(path) = shared_tokenizer(name) else {
        return;
    };
    let encoder = Encoder::from_hf_file(&path).expect("valid");
    let vocab = Vocab::load(&path, &LoadOptions::new()).expect("valid");
    check(&encoder, &vocab);
    check_each_token(&encoder, &vocab);
}

/// Every token by itself, against the reference decoder, which replaces what is
/// not UTF-8.
#[track_caller]
fn check_each_token(encoder: &Encoder, vocab: &Vocab) {
    let Inner::Hf(tokenizer) = &encoder.inner else {
        return;
    };
    assert_eq!(vocab.len(), tokenizer.get_vocab_size(true));
    for id in (0..vocab.len() as u32).map(TokenId) {
        let decoded = tokenizer.decode(&[id.0], false).expect("decodable");
        match vocab.special_name(id) {
            Some(name) => assert_eq!(decoded, name),
            None => assert_eq!(decoded, String::from_utf8_lossy(vocab.bytes(id)), "{id}"),
        }
    }
}

#[test]
fn llama_3_1_round_trip() {
    check_file("llama3_1.json");
}

#[test]
fn qwen_2_5_round_trip() {
    check_file("qwen2_5.json");
}

#[cfg(feature = "embedded")]
#[test]
fn embedded_round_trip() {
    let vocab = Vocab::embedded().expect("valid");
    check(&Encoder::embedded().expect("valid"), &vocab);
}

/// A SentencePiece-style file, against the decoder of the crate `tokenizers`.
#[test]
fn sentencepiece_round_trip() {
    let file = r#"{
        "version": "1.0", "truncation": null, "padding": null, "post_processor": null,
        "added_tokens": [
            {"id": 0, "content": "<unk>", "single_word": false, "lstrip": false,
             "rstrip": false, "normalized": false, "special": true}],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": null,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
            "vocab": {"<unk>": 0, "a": 1, "b": 2, "▁": 3, "▁a": 4, "<0x0A>": 5, "<0xC3>": 6,
                      "<0xA9>": 7},
            "merges": ["▁ a"]}}"#;
    let encoder = Encoder::from_hf(file).expect("valid");
    let vocab = Vocab::from_hf(file, &LoadOptions::new()).expect("valid");
    for text in ["ab a  b\n", " aé", "ba"] {
        let ids = encoder.encode(text).expect("encodable");
        let bytes: Vec<u8> = ids
            .iter()
            .flat_map(|&id| vocab.bytes(id))
            .copied()
            .collect();
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }
}
