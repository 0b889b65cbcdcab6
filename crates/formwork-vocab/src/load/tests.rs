//! Byte lists, rank files, the embedded vocabulary, and finding the format.

use std::path::PathBuf;

use proptest::prelude::*;

use super::LoadOptions;
use crate::{TokenId, Vocab, VocabError, VocabErrorKind};

fn kind(result: Result<Vocab, VocabError>) -> VocabErrorKind {
    result.expect_err("an error").kind()
}

fn defaults() -> LoadOptions {
    LoadOptions::new()
}

fn bytes(vocab: &Vocab) -> Vec<&[u8]> {
    (0..vocab.len())
        .map(|id| vocab.bytes(TokenId(id as u32)))
        .collect()
}

#[test]
fn byte_json() {
    let text = r#"["a", [255, 0], null, "ä", []]"#;
    let vocab = Vocab::from_byte_json(text, &defaults()).expect("valid");
    assert_eq!(
        bytes(&vocab),
        [&b"a"[..], b"\xff\0", b"", "ä".as_bytes(), b""]
    );
    assert!(vocab.stop_ids().is_empty());
    for bad in ["", "[", "{}", "[1]", "[[256]]", "[[\"a\"]]", "[] []"] {
        assert_eq!(
            kind(Vocab::from_byte_json(bad, &defaults())),
            VocabErrorKind::Syntax,
            "{bad}"
        );
    }
}

#[test]
fn rank_file() {
    let text = "YQ== 0\r\n\nIGI= 2\n/w== 1";
    let options = defaults()
        .special(TokenId(5), "<|endoftext|>")
        .special(TokenId(4), "<|x|>");
    let vocab = Vocab::from_tiktoken(text, &options).expect("valid");
    assert_eq!(bytes(&vocab), [&b"a"[..], b"\xff", b" b", b"", b"", b""]);
    assert_eq!(vocab.stop_ids(), [TokenId(5)]);
    for bad in [
        "YQ==",
        "YQ 0",
        "YQ== x",
        "YQ== -1",
        "YQ== 4294967296",
        "? 0",
        "YQ== 0 0",
    ] {
        assert_eq!(
            kind(Vocab::from_tiktoken(bad, &defaults())),
            VocabErrorKind::Syntax,
            "{bad}"
        );
    }
    assert_eq!(
        kind(Vocab::from_tiktoken("YQ== 4000000000", &defaults())),
        VocabErrorKind::Limit
    );
    let twice = kind(Vocab::from_tiktoken("YQ== 3\nYg== 3", &defaults()));
    assert_eq!(twice, VocabErrorKind::DuplicateId(TokenId(3)));
}

#[test]
fn stop_options() {
    let load = |options: LoadOptions| {
        let options = options
            .special(TokenId(2), "</s>")
            .special(TokenId(3), "<x>");
        Vocab::from_byte_strings(["a", "b"], &options)
    };
    let stop = |options| load(options).expect("valid").stop_ids().to_vec();
    assert_eq!(stop(defaults()), [TokenId(2)]);
    assert_eq!(stop(defaults().stop_names(["<x>"])), [TokenId(3)]);
    assert_eq!(
        stop(defaults().stop_ids([TokenId(3)]).stop_names(["</s>"])),
        [2, 3].map(TokenId)
    );
    assert_eq!(stop(defaults().stop_ids([])), []);
    assert_eq!(
        kind(load(defaults().stop_names(["<y>"]))),
        VocabErrorKind::BadStop
    );
    assert_eq!(
        kind(load(defaults().stop_ids([TokenId(9)]))),
        VocabErrorKind::BadStop
    );

    // A text token that is a stop token is text no more.
    let vocab = load(defaults().stop_ids([TokenId(1)])).expect("valid");
    assert_eq!(vocab.stop_ids(), [TokenId(1)]);
    assert_eq!(vocab.special_name(TokenId(1)), Some("b"));
    assert_eq!(vocab.bytes(TokenId(1)), b"");
}

#[test]
fn load_looks_at_the_content() {
    let dir = std::env::temp_dir().join(format!("formwork-vocab-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let load = |text: &str| {
        let path = dir.join("vocab");
        std::fs::write(&path, text).expect("a file");
        Vocab::load(&path, &defaults())
    };
    assert_eq!(bytes(&load(" [\"a\"]").expect("a list")), [b"a"]);
    assert_eq!(bytes(&load("YQ== 0").expect("ranks")), [b"a"]);
    let hf = r#"{"decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {"a": 0}}}"#;
    assert_eq!(bytes(&load(hf).expect("a tokenizer.json")), [b"a"]);
    let missing = Vocab::load(dir.join("none"), &defaults());
    assert_eq!(
        kind(missing),
        VocabErrorKind::Io(std::io::ErrorKind::NotFound)
    );
    std::fs::remove_dir_all(&dir).expect("removed");
}

#[cfg(feature = "embedded")]
#[test]
fn embedded() {
    let vocab = Vocab::embedded().expect("valid");
    assert_eq!(vocab.len(), 200_019);
    assert_eq!(
        vocab.trie().subtree_tokens(vocab.trie().root()).len(),
        199_998
    );
    assert_eq!(vocab.stop_ids(), [TokenId(199_999)]);
    assert_eq!(
        vocab.special_by_name("<|endoftext|>"),
        Some(TokenId(199_999))
    );
    assert_eq!(
        vocab.special_by_name("<|endofprompt|>"),
        Some(TokenId(200_018))
    );
    assert_eq!(vocab.bytes(TokenId(0)), b"!");
    assert_eq!(vocab.bytes(TokenId(199_998)), b"");
    assert!(vocab.missing_bytes().is_empty());
}

/// A tokenizer file that tests may use when it is there.
pub(crate) fn shared_tokenizer(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/tokenizers")
        .join(name);
    if !path.exists() {
        println!("skipped: no tokenizer file {name}");
        return None;
    }
    Some(path)
}

#[test]
fn llama_3_1() {
    let Some(path) = shared_tokenizer("llama3_1.json") else {
        return;
    };
    let vocab = Vocab::load(path, &defaults()).expect("valid");
    assert_eq!(
        (vocab.len(), vocab.mask_words(), vocab.trie().len()),
        (128_256, 4008, 274_521)
    );
    let stop: Vec<_> = vocab
        .stop_ids()
        .iter()
        .filter_map(|&id| vocab.special_name(id))
        .collect();
    assert_eq!(stop, ["<|end_of_text|>", "<|eot_id|>"]);
    assert_eq!(vocab.specials().count(), 256);
    assert_eq!(vocab.bytes(TokenId(220)), b" ");
    assert!(vocab.missing_bytes().is_empty());
}

#[test]
fn qwen_2_5() {
    let Some(path) = shared_tokenizer("qwen2_5.json") else {
        return;
    };
    let vocab = Vocab::load(path, &defaults()).expect("valid");
    assert_eq!(vocab.len(), 151_665);
    let stop: Vec<_> = vocab
        .stop_ids()
        .iter()
        .filter_map(|&id| vocab.special_name(id))
        .collect();
    assert_eq!(stop, ["<|endoftext|>", "<|im_end|>"]);
    // Added, but not special.
    assert_eq!(vocab.bytes(TokenId(151_657)), b"<tool_call>");
    assert!(vocab.missing_bytes().is_empty());
}

proptest! {
    #[test]
    fn byte_strings_come_back(tokens in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..50)) {
        let vocab = Vocab::from_byte_strings(&tokens, &defaults()).expect("valid");
        prop_assert_eq!(bytes(&vocab), tokens.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let json = serde_json::to_string(&tokens).expect("serializable");
        let again = Vocab::from_byte_json(&json, &defaults()).expect("valid");
        prop_assert_eq!(vocab.fingerprint(), again.fingerprint());
    }

    #[test]
    fn nothing_panics(text in "[\\[\\]{}\",:a0-9= \\n\\\\]{0,40}") {
        let _ = Vocab::from_byte_json(&text, &defaults());
        let _ = Vocab::from_tiktoken(&text, &defaults());
        let _ = Vocab::from_hf(&text, &defaults());
    }
}
