use formwork::TokenId;
use serde_json::{Value, json};

use super::{Tokenizer, TokenizerHints};
use crate::gguf::Gguf;
use crate::gguf::tests::Builder;
use crate::{ModelError, ModelErrorKind};

/// The characters that stand for bytes in byte-level pieces.
fn alphabet() -> Vec<char> {
    let plain = |b: u32| matches!(b, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 0x100;
    let mut of = |b: u32| {
        let c = if plain(b) { b } else { next };
        next += u32::from(!plain(b));
        char::from_u32(c).expect("a character")
    };
    (0..256).map(&mut of).collect()
}

const MERGES: [&str; 6] = ["h e", "l l", "he ll", "hell o", "1 2", "Ġ hello"];

/// Specials, then one token for each byte, then merges. Special tokens are 0 and 1, an
/// added text is 2.
fn tokens() -> Vec<String> {
    let specials = ["<s>", "</s>", "<tool>"].map(str::to_owned);
    let bytes = alphabet().into_iter().map(String::from);
    let merges = MERGES.map(|merge| merge.replace(' ', ""));
    specials.into_iter().chain(bytes).chain(merges).collect()
}

fn types() -> Vec<i32> {
    let mut types = vec![1; tokens().len()];
    types[..3].copy_from_slice(&[3, 3, 4]);
    types
}

/// Metadata of a tokenizer.
fn metadata(pre: &str) -> Builder {
    Builder::decoder("llama", 300)
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", pre)
        .texts("tokenizer.ggml.tokens", &tokens())
        .i32s("tokenizer.ggml.token_type", &types())
        .texts("tokenizer.ggml.merges", &MERGES.map(str::to_owned))
        .u32("tokenizer.ggml.bos_token_id", 0)
        .u32("tokenizer.ggml.eos_token_id", 1)
}

fn from_gguf(builder: &Builder) -> Result<Tokenizer, ModelError> {
    Tokenizer::from_gguf(&Gguf::from_bytes("test.gguf", builder.build())?)
}

/// The pieces of a text.
fn pieces(tokenizer: &Tokenizer, text: &str) -> Vec<String> {
    let ids = tokenizer.encode(text).expect(text);
    let piece = |&id: &TokenId| String::from_utf8_lossy(tokenizer.vocab().bytes(id)).into_owned();
    ids.iter().map(piece).collect()
}

#[test]
fn words_and_digits_by_pre_tokenizer() {
    for (pre, wanted) in [
        ("gpt-2", &["hello", " hello", "12", "3"][..]),
        ("default", &["hello", " hello", "12", "3"]),
        ("smollm", &["hello", " hello", "1", "2", "3"]),
        ("llama-bpe", &["hello", " hello", "12", "3"]),
        ("qwen2", &["hello", " hello", "1", "2", "3"]),
    ] {
        let tokenizer = from_gguf(&metadata(pre)).expect(pre);
        assert_eq!(pieces(&tokenizer, "hello hello123"), wanted, "{pre}");
    }
}

#[test]
fn texts_go_to_tokens_and_back() {
    for pre in ["gpt-2", "smollm", "llama-bpe", "qwen2"] {
        let tokenizer = from_gguf(&metadata(pre)).expect(pre);
        for text in [
            "",
            " ",
            "a\n\n b\t",
            "½ 日本 👋🏽",
            "it's \u{0}\u{7f}",
            "<s>hello</s>",
        ] {
            let ids = tokenizer.encode(text).expect(text);
            assert_eq!(tokenizer.decode(&ids), text.as_bytes(), "{pre}: {text}");
        }
    }
}

#[test]
fn special_tokens_only_where_asked_for() {
    let tokenizer = from_gguf(&metadata("gpt-2")).expect("a tokenizer");
    let text = "<s>hello<tool></s>";
    let plain = tokenizer.encode(text).expect("tokens");
    assert!(plain.iter().all(|id| id.0 > 1));
    assert!(
        plain.contains(&TokenId(2)),
        "an added token that is text is found in texts"
    );
    let chat = tokenizer.encode_with_specials(text).expect("tokens");
    assert_eq!(chat.len(), 4);
    assert_eq!((chat[0], chat[3]), (TokenId(0), TokenId(1)));
    assert_eq!(tokenizer.decode(&chat), b"hello<tool>");
}

#[test]
fn where_texts_begin_and_end() {
    let tokenizer = from_gguf(&metadata("gpt-2")).expect("a tokenizer");
    assert_eq!(
        (tokenizer.bos(), tokenizer.adds_bos()),
        (Some(TokenId(0)), false)
    );
    assert_eq!(tokenizer.stop_ids(), [TokenId(1)]);
    assert_eq!(
        (&*tokenizer.bos_text(), &*tokenizer.eos_text()),
        ("<s>", "</s>")
    );
    // Llama 3 begins every text so, unless the file says otherwise.
    let tokenizer = from_gguf(&metadata("llama-bpe")).expect("a tokenizer");
    assert!(tokenizer.adds_bos());
    assert_eq!(tokenizer.encode("hello").expect("tokens").len(), 1);
    for adds in [false, true] {
        let builder = metadata("llama-bpe").bool("tokenizer.ggml.add_bos_token", adds);
        assert_eq!(from_gguf(&builder).expect("a tokenizer").adds_bos(), adds);
    }
    let builder = metadata("gpt-2").u32("tokenizer.ggml.eot_token_id", 0);
    let tokenizer = from_gguf(&builder).expect("a tokenizer");
    assert_eq!(tokenizer.stop_ids(), [TokenId(0), TokenId(1)]);
}

#[test]
fn metadata_that_is_no_tokenizer() {
    let unsupported = |pre, what: &str| {
        let error = from_gguf(&metadata(pre)).expect_err("a refusal");
        assert_eq!(error.kind(), ModelErrorKind::Unsupported);
        assert!(error.to_string().contains(what), "{error}");
    };
    unsupported("deepseek-v3", "deepseek-v3");
    let base = || Builder::decoder("llama", 300).text("tokenizer.ggml.model", "gpt2");
    let tokens = ["a", "b"].map(str::to_owned);
    let with = |merges: &[&str], types: &[i32], tokens: &[String]| {
        let merges: Vec<String> = merges.iter().map(|&merge| merge.to_owned()).collect();
        base()
            .texts("tokenizer.ggml.tokens", tokens)
            .i32s("tokenizer.ggml.token_type", types)
            .texts("tokenizer.ggml.merges", &merges)
    };
    assert!(from_gguf(&with(&[], &[1, 1], &tokens)).is_ok());
    for (builder, what) in [
        (Builder::default(), "tokenizer.ggml.model"),
        (base(), "tokenizer.ggml.tokens"),
        (with(&[], &[1], &tokens), "token_type"),
        (with(&[], &[1, -1], &tokens), "token_type"),
        (with(&["ab"], &[1, 1], &tokens), "not two tokens"),
        (with(&["a "], &[1, 1], &tokens), "not two tokens"),
        (with(&[""], &[1, 1], &tokens), "not two tokens"),
        (with(&["a b"], &[1, 1], &tokens), "tokenizer.json"),
        (with(&[], &[1, 1], &["a".into(), "a".into()]), "twice"),
        (
            with(&[], &[1, 1], &tokens).u32("tokenizer.ggml.eos_token_id", 2),
            "eos_token_id",
        ),
    ] {
        let error = from_gguf(&builder).expect_err(what);
        assert!(error.to_string().contains(what), "{what}: {error}");
        assert_eq!(error.kind(), ModelErrorKind::Format, "{error}");
    }
    let builder = Builder::default()
        .text("tokenizer.ggml.model", "t5")
        .texts("tokenizer.ggml.tokens", &tokens)
        .i32s("tokenizer.ggml.token_type", &[1, 1]);
    assert_eq!(
        from_gguf(&builder).map(drop).map_err(|e| e.kind()),
        Err(ModelErrorKind::Unsupported)
    );
}

/// Specials, a token for each byte, then pieces, the likelier first and `last` behind
/// them; the first so many have scores.
fn sentence_piece(scored: usize, last: &str) -> Builder {
    const PIECES: [&str; 11] = [
        "▁h", "ll", "▁he", "llo", "▁hello", "he", "▁", "h", "e", "l", "o",
    ];
    let specials = ["<unk>", "<s>", "</s>"].map(str::to_owned);
    let bytes = (0..=255).map(|byte: u8| format!("<0x{byte:02X}>"));
    let pieces = PIECES.into_iter().chain([last]).map(str::to_owned);
    let tokens: Vec<String> = specials.into_iter().chain(bytes).chain(pieces).collect();
    let mut types = vec![1; tokens.len()];
    types[..3].copy_from_slice(&[2, 3, 3]);
    types[3..259].fill(6);
    let scores: Vec<f32> = (0..scored).map(|id| 259.0 - id as f32).collect();
    Builder::decoder("llama", tokens.len() as u64)
        .text("tokenizer.ggml.model", "llama")
        .texts("tokenizer.ggml.tokens", &tokens)
        .i32s("tokenizer.ggml.token_type", &types)
        .f32s("tokenizer.ggml.scores", &scores)
        .u32("tokenizer.ggml.bos_token_id", 1)
        .u32("tokenizer.ggml.eos_token_id", 2)
}

#[test]
fn pieces_are_joined_by_score() {
    let tokenizer = from_gguf(&sentence_piece(271, "ä")).expect("a tokenizer");
    assert!(tokenizer.adds_bos());
    assert_eq!(tokenizer.stop_ids(), [TokenId(2)]);
    // "▁h" is joined before "he", and "ll" before "▁hello" can be.
    assert_eq!(pieces(&tokenizer, "hello"), [" hello"]);
    assert_eq!(pieces(&tokenizer, "hell he"), [" he", "ll", " he"]);
    assert_eq!(pieces(&tokenizer, "helo"), [" he", "l", "o"]);
    // Characters without a piece are bytes.
    assert_eq!(tokenizer.encode("xä½").expect("tokens").len(), 5);
    for text in ["", "hello hello", "½ 日本 👋🏽", "\u{0}\n\t", "<s>h</s>"] {
        let ids = tokenizer.encode(text).expect(text);
        let decoded = tokenizer.decode(&ids);
        let wanted = if text.is_empty() {
            String::new()
        } else {
            format!(" {text}")
        };
        assert_eq!(decoded, wanted.as_bytes(), "{text}");
    }
    let plain = sentence_piece(271, "ä").bool("tokenizer.ggml.add_space_prefix", false);
    let plain = from_gguf(&plain).expect("a tokenizer");
    assert_eq!(pieces(&plain, "he he"), ["he", " he"]);
    let error = from_gguf(&sentence_piece(270, "ä")).expect_err("a refusal");
    assert!(
        error.to_string().contains("scores has 270 entries"),
        "{error}"
    );
    let error = from_gguf(&sentence_piece(271, &"l".repeat(300))).expect_err("a refusal");
    assert!(error.to_string().contains("token 270"), "{error}");
}

#[test]
fn bytes_without_tokens_are_not_dropped() {
    // Without the token of byte 4, and with an unused token in its place.
    let mut types = types();
    types[3 + 4] = 5;
    let builder = Builder::default()
        .text("tokenizer.ggml.model", "gpt2")
        .texts("tokenizer.ggml.tokens", &tokens())
        .i32s("tokenizer.ggml.token_type", &types)
        .texts("tokenizer.ggml.merges", &[]);
    let tokenizer = from_gguf(&builder).expect("a tokenizer");
    assert_eq!(tokenizer.vocab().missing_bytes(), [4]);
    assert!(tokenizer.encode("a\u{3}b").is_ok());
    for encoded in [
        tokenizer.encode("a\u{4}b"),
        tokenizer.encode_with_specials("\u{4}"),
    ] {
        let error = encoded.expect_err("a refusal");
        assert_eq!(error.kind(), ModelErrorKind::Request);
        assert!(error.to_string().contains("0x04"), "{error}");
    }
}

/// A small `tokenizer.json`, with a byte-level alphabet and specials `<s>` and `<end>`.
pub(crate) fn small() -> Value {
    let bytes = alphabet().into_iter().map(String::from);
    let pieces = ["<s>", "<end>"].map(str::to_owned).into_iter().chain(bytes);
    let vocab: serde_json::Map<_, _> = pieces.zip(0u32..).map(|(s, id)| (s, id.into())).collect();
    let special = |id: u32, content: &str| {
        json!({"id": id, "content": content, "special": true, "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false})
    };
    let step = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": true});
    json!({
        "version": "1.0", "truncation": {"direction": "Right", "max_length": 4,
            "strategy": "LongestFirst", "stride": 0},
        "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": [special(0, "<s>"), special(1, "<end>")],
        "pre_tokenizer": step, "decoder": step,
        "model": {"type": "BPE", "vocab": vocab, "merges": []},
    })
}

#[test]
fn what_a_tokenizer_json_does_not_say() {
    let text = small().to_string();
    let tokenizer = Tokenizer::from_json(&text).expect("a tokenizer");
    assert_eq!((tokenizer.bos(), tokenizer.stop_ids()), (None, &[][..]));
    assert_eq!((&*tokenizer.bos_text(), &*tokenizer.eos_text()), ("", ""));
    assert_eq!(
        tokenizer.encode("longer than four").expect("tokens").len(),
        16
    );
    let hints = TokenizerHints {
        bos: Some("<s>".into()),
        eos: Some("<end>".into()),
        stop_ids: vec![TokenId(0)],
    };
    let tokenizer = Tokenizer::with_hints(&text, &hints).expect("a tokenizer");
    assert_eq!(tokenizer.bos(), Some(TokenId(0)));
    assert_eq!(tokenizer.stop_ids(), [TokenId(0), TokenId(1)]);
    assert_eq!(
        (&*tokenizer.bos_text(), &*tokenizer.eos_text()),
        ("<s>", "<end>")
    );
    let hints = TokenizerHints {
        eos: Some("<none>".into()),
        ..TokenizerHints::default()
    };
    let error = Tokenizer::with_hints(&text, &hints).expect_err("a refusal");
    assert!(error.to_string().contains("<none>"), "{error}");
    for text in [
        "",
        "{}",
        "[]",
        "{\"model\": {\"type\": \"WordPiece\", \"vocab\": {}}}",
    ] {
        assert!(Tokenizer::from_json(text).is_err(), "{text}");
    }
}
