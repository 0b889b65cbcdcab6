//! The tokenizer of a GGUF file, by way of the `tokenizer.json` that it was made from.

use serde_json::{Map, Value as Json, json};

use super::{Tokenizer, TokenizerHints};
use crate::ModelError;
use crate::gguf::{Gguf, Value};
use formwork::TokenId;

/// Token types in GGUF files.
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
const USER_DEFINED: u64 = 4;
const UNUSED: u64 = 5;

/// How Llama 3 cuts text into words: contractions, letters with what is before them, up
/// to three digits, signs, line ends, blanks.
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How Qwen2 does: the same, with digits one by one.
const QWEN_2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// What differs between byte-level tokenizers.
struct Style {
    normalizer: Json,
    pre_tokenizer: Json,
    /// Whether a word that is a token is that token, whatever the merges say.
    whole_words: bool,
    /// Whether texts begin with the first token unless the file says otherwise.
    adds_bos: bool,
}

impl Tokenizer {
    /// The tokenizer in the metadata of a GGUF file: byte-level BPE with one of the
    /// pre-tokenizers `default`, `gpt-2`, `smollm`, `llama-bpe` and `qwen2`.
    ///
    /// # Errors
    ///
    /// If an entry is missing or of another type, or the tokenizer is another one.
    pub fn from_gguf(gguf: &Gguf) -> Result<Tokenizer, ModelError> {
        let (text, hints) = to_json(gguf)?;
        Tokenizer::with_hints(&text, &hints)
    }
}

/// The text of a `tokenizer.json`, and what it does not say.
fn to_json(gguf: &Gguf) -> Result<(String, TokenizerHints), ModelError> {
    let style = style(gguf)?;
    let tokens = texts(gguf, "tokenizer.ggml.tokens")?;
    let merges = texts(gguf, "tokenizer.ggml.merges")?;
    let types = types(gguf, tokens.len())?;

    let mut vocab = Map::new();
    let mut added = Vec::new();
    for ((id, token), &kind) in tokens.iter().enumerate().zip(&types) {
        // Unused tokens fill the embedding up; an empty one cannot be written.
        if kind == UNUSED || token.is_empty() {
            continue;
        }
        if vocab.insert(token.clone(), id.into()).is_some() {
            return Err(ModelError::format(format!(
                "tokenizer.ggml.tokens has {token:?} twice"
            )));
        }
        if matches!(kind, UNKNOWN | CONTROL | USER_DEFINED) {
            added.push(json!({
                "id": id, "content": token, "special": kind != USER_DEFINED,
                "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            }));
        }
    }
    let merges: Vec<Json> = merges
        .iter()
        .map(|merge| pair(merge))
        .collect::<Result<_, _>>()?;
    let hints = hints(gguf, tokens)?;
    let adds_bos = match gguf.get("tokenizer.ggml.add_bos_token") {
        None => style.adds_bos,
        Some(value) => value.as_bool().unwrap_or(style.adds_bos),
    };
    let bos = hints.bos.as_ref().filter(|_| adds_bos);
    let bos = bos.and_then(|bos| Some((bos, vocab.get(bos)?.clone())));
    let text = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": style.normalizer,
        "pre_tokenizer": style.pre_tokenizer,
        "post_processor": bos.map(|(name, id)| in_front(name, &id)),
        "decoder": byte_level(false),
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": null,
            "continuing_subword_prefix": null,
            "end_of_word_suffix": null,
            "fuse_unk": false,
            "byte_fallback": false,
            "ignore_merges": style.whole_words,
            "vocab": vocab,
            "merges": merges,
        },
    });
    Ok((text.to_string(), hints))
}

fn style(gguf: &Gguf) -> Result<Style, ModelError> {
    let text = |key| gguf.get(key).and_then(Value::as_str);
    match text("tokenizer.ggml.model") {
        Some("gpt2") => {}
        None => return Err(ModelError::format("tokenizer.ggml.model is missing")),
        Some(other) => {
            return Err(ModelError::unsupported(format!(
                "tokenizers of model {other:?} in GGUF files are not supported, gpt2 is; use \
                 the model's folder with its tokenizer.json"
            )));
        }
    }
    let plain = |pre_tokenizer| Style {
        normalizer: Json::Null,
        pre_tokenizer,
        whole_words: false,
        adds_bos: false,
    };
    Ok(match text("tokenizer.ggml.pre").unwrap_or("default") {
        "default" | "gpt-2" => plain(byte_level(true)),
        "smollm" => plain(in_turn([
            json!({"type": "Digits", "individual_digits": true}),
            byte_level(true),
        ])),
        "llama-bpe" => Style {
            whole_words: true,
            adds_bos: true,
            ..plain(in_turn([split(LLAMA_3), byte_level(false)]))
        },
        "qwen2" => Style {
            normalizer: json!({"type": "NFC"}),
            ..plain(in_turn([split(QWEN_2), byte_level(false)]))
        },
        other => {
            return Err(ModelError::unsupported(format!(
                "the pre-tokenizer {other:?} is not supported; default, gpt-2, smollm, \
                 llama-bpe and qwen2 are; use the model's folder with its tokenizer.json"
            )));
        }
    })
}

fn byte_level(words: bool) -> Json {
    json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": words,
    })
}

fn split(pattern: &str) -> Json {
    json!({
        "type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false,
    })
}

fn in_turn(steps: [Json; 2]) -> Json {
    json!({"type": "Sequence", "pretokenizers": steps})
}

/// Puts a token in front of every text.
fn in_front(name: &str, id: &Json) -> Json {
    let token = json!({"SpecialToken": {"id": name, "type_id": 0}});
    let first = json!({"Sequence": {"id": "A", "type_id": 0}});
    let second = json!({"Sequence": {"id": "B", "type_id": 1}});
    let mut tokens = Map::new();
    tokens.insert(
        name.to_owned(),
        json!({"id": name, "ids": [id], "tokens": [name]}),
    );
    json!({
        "type": "TemplateProcessing",
        "single": [token, first],
        "pair": [token, first, second],
        "special_tokens": tokens,
    })
}

/// The two parts of a merge. Neither is empty, and a blank may begin the first.
fn pair(merge: &str) -> Result<Json, ModelError> {
    let blank = merge.char_indices().skip(1).find(|&(_, c)| c == ' ');
    let parts = blank.map(|(at, _)| merge.split_at(at));
    match parts.and_then(|(left, right)| Some((left, right.strip_prefix(' ')?))) {
        Some((left, right)) if !right.is_empty() => Ok(json!([left, right])),
        _ => Err(ModelError::format(format!(
            "tokenizer.ggml.merges has {merge:?}, which is not two tokens"
        ))),
    }
}

fn texts<'a>(gguf: &'a Gguf, key: &str) -> Result<&'a [String], ModelError> {
    gguf.get(key)
        .and_then(Value::as_texts)
        .ok_or_else(|| ModelError::format(format!("{key} is missing, or not a list of texts")))
}

fn types(gguf: &Gguf, len: usize) -> Result<Vec<u64>, ModelError> {
    let key = "tokenizer.ggml.token_type";
    let Some(Value::Numbers(numbers)) = gguf.get(key) else {
        return Err(ModelError::format(format!(
            "{key} is missing, or not a list of numbers"
        )));
    };
    if numbers.len() != len {
        return Err(ModelError::format(format!(
            "{key} has {} entries for {len} tokens",
            numbers.len()
        )));
    }
    numbers
        .iter()
        .map(|n| n.as_u64())
        .collect::<Option<_>>()
        .ok_or_else(|| ModelError::format(format!("{key} has entries that are no types")))
}

fn hints(gguf: &Gguf, tokens: &[String]) -> Result<TokenizerHints, ModelError> {
    let id = |key: &str| -> Result<Option<usize>, ModelError> {
        let key = format!("tokenizer.ggml.{key}_token_id");
        let Some(value) = gguf.get(&key) else {
            return Ok(None);
        };
        let id = value.as_u64().and_then(|id| usize::try_from(id).ok());
        id.filter(|&id| id < tokens.len())
            .map(Some)
            .ok_or_else(|| ModelError::format(format!("{key} is not a token")))
    };
    let name = |id: Option<usize>| id.and_then(|id| tokens.get(id)).cloned();
    let mut stop_ids = Vec::new();
    for key in ["eos", "eot", "eom"] {
        // Ids are below the number of tokens, which fits 32 bits: the header is small.
        stop_ids.extend(id(key)?.and_then(|id| u32::try_from(id).ok()).map(TokenId));
    }
    Ok(TokenizerHints {
        bos: name(id("bos")?),
        eos: name(id("eos")?),
        stop_ids,
    })
}
