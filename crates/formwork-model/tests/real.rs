//! Reads a real model, SmolLM2-135M-Instruct as a GGUF file, whose path the environment
//! variable `FORMWORK_MODEL` gives (see `scripts/fetch-smollm2`). Without it, nothing is
//! tested here.

use std::path::PathBuf;

use formwork::TokenId;
use formwork_model::{Family, Message, ModelFiles};

/// The model, or a word that there is none.
macro_rules! open_or_skip {
    () => {
        match std::env::var_os("FORMWORK_MODEL").map(PathBuf::from) {
            Some(path) => ModelFiles::open(&path).expect("a model"),
            None => {
                println!("skipped: FORMWORK_MODEL is not set");
                return;
            }
        }
    };
}

const TEXTS: &[&str] = &[
    "",
    "Hello, world!",
    " leading and trailing ",
    "a  b   c\t\td\n\n\ne\r\nf",
    "fn main() {\n    println!(\"{}\", 0x1f + 1_000);\n}\n",
    "{\"id\": 12345, \"tags\": [\"a\", \"b\"], \"ratio\": -1.5e-7}",
    "3.14159 2026-11-27 1,234,567 ½ ² Ⅷ ٣",
    "日本語のテキスト、中文字符 한국어",
    "👋🏽 🏳️‍🌈 👩‍👩‍👧 é e\u{301}",
    "Straße, naïve, Ελληνικά, русский, עברית, العربية",
    "it's we'll they've I'm don't 'quoted'",
    "<|im_start|>user\n<|im_end|>",
];

#[test]
fn the_shape_of_smollm2() {
    let model = open_or_skip!();
    let config = &model.config;
    assert_eq!(config.family, Family::Llama);
    assert_eq!(
        (config.vocab_len, config.hidden, config.intermediate),
        (49152, 576, 1536)
    );
    assert_eq!(
        (
            config.layers,
            config.heads,
            config.kv_heads,
            config.head_dim
        ),
        (30, 9, 3, 64)
    );
    assert_eq!((config.max_len, config.tied_embedding), (8192, true));
    assert_eq!(config.rope.base, 100_000.0);
}

#[test]
fn all_tensors_are_read() {
    let model = open_or_skip!();
    let names = model.weights.names();
    assert_eq!(names.len(), 272);
    let mut values = 0;
    for name in names {
        let tensor = model.weights.read(&name).expect(&name);
        assert_eq!(tensor.values.len(), tensor.shape.iter().product::<usize>());
        assert!(
            tensor
                .values
                .iter()
                .all(|x| x.is_finite() && x.abs() < 1000.0),
            "{name}"
        );
        values += tensor.values.len();
    }
    assert_eq!(values, 134_515_008);
}

#[test]
fn texts_go_to_tokens_and_back() {
    let model = open_or_skip!();
    let tokenizer = &model.tokenizer;
    assert_eq!(tokenizer.vocab().len(), 49152);
    for text in TEXTS {
        let ids = tokenizer.encode(text).expect(text);
        assert_eq!(tokenizer.decode(&ids), text.as_bytes(), "{text}");
        assert!(ids.iter().all(|&id| !tokenizer.vocab().is_special(id)));
    }
    // Digits are tokens of their own.
    assert_eq!(tokenizer.encode("12345").expect("digits").len(), 5);
    assert_eq!(
        tokenizer.encode("Hello, world!").expect("words"),
        [19556, 28, 905, 17].map(TokenId)
    );
    // Some control characters did not occur in training.
    assert!(tokenizer.encode("a\u{4}b").is_err());
}

#[test]
fn chats_are_written_in_chatml() {
    let model = open_or_skip!();
    let tokenizer = &model.tokenizer;
    assert_eq!(
        (tokenizer.bos(), tokenizer.adds_bos()),
        (Some(TokenId(1)), false)
    );
    assert_eq!(tokenizer.stop_ids(), [TokenId(2)]);
    let chat = model.chat.as_ref().expect("a template");
    let messages = [
        Message::new("system", "Be brief."),
        Message::new("user", "Hi!"),
    ];
    let text = chat
        .render(
            &messages,
            true,
            &tokenizer.bos_text(),
            &tokenizer.eos_text(),
        )
        .expect("a prompt");
    assert_eq!(
        text,
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi!<|im_end|>\n\
         <|im_start|>assistant\n"
    );
    let ids = tokenizer.encode_with_specials(&text).expect("tokens");
    let count = |id| ids.iter().filter(|&&other| other == TokenId(id)).count();
    assert_eq!((ids[0], count(1), count(2)), (TokenId(1), 3, 2));
    let without = text.replace("<|im_start|>", "").replace("<|im_end|>", "");
    assert_eq!(tokenizer.decode(&ids), without.as_bytes());

    let text = chat
        .render(&messages[1..], false, "", "")
        .expect("a prompt");
    assert!(text.starts_with("<|im_start|>system\nYou are a helpful AI assistant named SmolLM"));
    assert!(text.ends_with("<|im_start|>user\nHi!<|im_end|>\n"));
}
