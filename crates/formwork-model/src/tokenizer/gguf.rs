//! The tokenizer of a GGUF file, by way of the `tokenizer.json` that it was made from.

mod merges;

use serde_json::{Map, Value as Json, json};

use super::{Tokenizer, TokenizerHints};
use crate::ModelError;
use crate::gguf::{Gguf, Numbers, Value};
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

/// What SentencePiece writes for a blank.
const BLANK: &str = "\u{2581}";

/// What differs between tokenizers.
struct Style {
    normalizer: Json,
    pre_tokenizer: Json,
    decoder: Json,
    /// The token of what has no other; pieces are scored and bytes are tokens then. In
    /// byte-level tokenizers, which have merges, there is none.
    unknown: Option<String>,
    /// Whether a word that is a token is that token, whatever the merges say.
    whole_words: bool,
    /// Whether texts begin with the first token unless the file says otherwise.
    adds_bos: bool,
}

impl Tokenizer {
    /// The tokenizer in the metadata of a GGUF file: byte-level BPE (`gpt2`) with one of
    /// the pre-tokenizers `default`, `gpt-2`, `smollm`, `llama-bpe` and `qwen2`, or that
    /// of SentencePiece (`llama`).
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
    let model = gguf.get("tokenizer.ggml.model").and_then(Value::as_str);
    let model = model.ok_or_else(|| ModelError::format("tokenizer.ggml.model is missing"))?;
    let tokens = texts(gguf, "tokenizer.ggml.tokens")?;
    let types = types(gguf, tokens.len())?;
    let style = match model {
        "gpt2" => byte_level_style(gguf)?,
        "llama" => sentence_piece_style(gguf, tokens, &types)?,
        other => {
            return Err(ModelError::unsupported(format!(
                "tokenizers of model {other:?} in GGUF files are not supported, gpt2 and \
                 llama are; use the model's folder with its tokenizer.json"
            )));
        }
    };

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
    let merges: Vec<Json> = match style.unknown {
        Some(_) => merges::of_scores(gguf, tokens)?,
        None => texts(gguf, "tokenizer.ggml.merges")?
            .iter()
            .map(|merge| pair(merge))
            .collect::<Result<_, _>>()?,
    };
    let has_bytes = style.unknown.is_some();
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
        "decoder": style.decoder,
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": style.unknown,
            "continuing_subword_prefix": null,
            "end_of_word_suffix": null,
            "fuse_unk": has_bytes,
            "byte_fallback": has_bytes,
            "ignore_merges": style.whole_words,
            "vocab": vocab,
            "merges": merges,
        },
    });
    Ok((text.to_string(), hints))
}

fn byte_level_style(gguf: &Gguf) -> Result<Style, ModelError> {
    let plain = |pre_tokenizer| Style {
        normalizer: Json::Null,
        pre_tokenizer,
        decoder: byte_level(false),
        unknown: None,
        whole_words: false,
        adds_bos: false,
    };
    let pre = gguf.get("tokenizer.ggml.pre").and_then(Value::as_str);
    Ok(match pre.unwrap_or("default") {
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

/// A text is one word, with a mark for each blank and, unless the file says otherwise,
/// one in front.
fn sentence_piece_style(
    gguf: &Gguf,
    tokens: &[String],
    types: &[u64],
) -> Result<Style, ModelError> {
    let unknown = tokens.iter().zip(types).find(|&(_, &kind)| kind == UNKNOWN);
    let (unknown, _) = unknown.ok_or_else(|| {
        ModelError::format("tokenizer.ggml.token_type has no unknown token, of type 2")
    })?;
    let in_front = gguf.get("tokenizer.ggml.add_space_prefix");
    let in_front = in_front.and_then(Value::as_bool).unwrap_or(true);
    let replace = |from: &str, to: &str| json!({"type": "Replace", "pattern": {"String": from}, "content": to});
    let mut normalizers = vec![replace(" ", BLANK)];
    let mut decoders = vec![
        replace(BLANK, " "),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if in_front {
        normalizers.insert(0, json!({"type": "Prepend", "prepend": BLANK}));
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    Ok(Style {
        normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
        pre_tokenizer: Json::Null,
        decoder: json!({"type": "Sequence", "decoders": decoders}),
        unknown: Some(unknown.clone()),
        whole_words: false,
        adds_bos: true,
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
    list(gguf, key, len)?
        .iter()
        .map(|n| n.as_u64())
        .collect::<Option<_>>()
        .ok_or_else(|| ModelError::format(format!("{key} has entries that are no types")))
}

/// A list with a number for each token.
fn list<'a>(gguf: &'a Gguf, key: &str, len: usize) -> Result<&'a Numbers, ModelError> {
    match gguf.get(key) {
        Some(Value::Numbers(numbers)) if numbers.len() == len => Ok(numbers),
        Some(Value::Numbers(numbers)) => Err(ModelError::format(format!(
            "{key} has {} entries for {len} tokens",
            numbers.len()
        ))),
        _ => Err(ModelError::format(format!(
            "{key} is missing, or not a list of numbers"
        ))),
    }
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
