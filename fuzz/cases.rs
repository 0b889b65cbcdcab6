//! What a fuzzer feeds, one function per kind of input. Each ends, whatever it is given:
//! without a panic, under the limits, and where it is a grammar, with masks that allow exactly
//! what can be pushed.
//!
//! Used by the targets in `fuzz_targets`, and by the workspace's tests, which replay what is in
//! `seeds`.

use std::sync::{Arc, OnceLock};

use formwork::cfg::syntax::Format;
use formwork::{
    Compiler, EngineLimits, Fuel, Grammar, Limits, LoadOptions, Matcher, PushError, Spec, TokenId,
    Vocab, mask,
};
use formwork_infill::{Canvas, Checker, InfillError, InfillLimits, Piece};
use formwork_model::{Gguf, Safetensors};
use formwork_testkit::vocab;
use formwork_testkit::walk::{brute_mask, mask_of};

/// Eats anything.
pub(crate) type Target = fn(&[u8]);

/// The targets, by name.
pub(crate) const TARGETS: [(&str, Target); 10] = [
    ("schema", schema),
    ("lark", lark),
    ("gbnf", gbnf),
    ("ebnf", ebnf),
    ("regex", regex),
    ("structural_tag", structural_tag),
    ("tokenizer", tokenizer),
    ("weights", weights),
    ("tokens", tokens),
    ("canvas", canvas),
];

/// Longer inputs show nothing that short ones do not.
const MAX_BYTES: usize = 8 << 10;
/// Tokens that are read of a grammar.
const STEPS: usize = 12;

fn compiler() -> &'static Compiler {
    static COMPILER: OnceLock<Compiler> = OnceLock::new();
    COMPILER.get_or_init(|| {
        let limits = Limits {
            cache_bytes: 0,
            engine: EngineLimits {
                max_threads: 1_000,
                max_bytes: 32 << 20,
                max_mask_bytes: 8 << 20,
            },
            ..Limits::default()
        };
        let compiler = Compiler::with_limits(Arc::new(vocab::toy(1)), limits);
        compiler.expect("a vocabulary of all bytes")
    })
}

/// A JSON Schema.
pub(crate) fn schema(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        form(&Spec::json_schema(text), data);
    }
}

/// A grammar in the notation of Lark.
pub(crate) fn lark(data: &[u8]) {
    grammar(Format::Lark, data);
}

/// A grammar in the notation of llama.cpp.
pub(crate) fn gbnf(data: &[u8]) {
    grammar(Format::Gbnf, data);
}

/// A grammar in EBNF.
pub(crate) fn ebnf(data: &[u8]) {
    grammar(Format::Ebnf, data);
}

/// A regular expression.
pub(crate) fn regex(data: &[u8]) {
    grammar(Format::Regex, data);
}

/// Structural tags.
pub(crate) fn structural_tag(data: &[u8]) {
    grammar(Format::StructuralTag, data);
}

fn grammar(format: Format, data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        form(&Spec::grammar(format, text), data);
    }
}

/// Compiles a form with little fuel, and walks through what came of it.
fn form(spec: &Spec, data: &[u8]) {
    if data.len() > MAX_BYTES {
        return;
    }
    match compiler().compile_with(spec, &Fuel::new(200_000)) {
        Ok(grammar) => walk(&grammar, data),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Along a text that the input chooses: every mask is what pushing allows, and no state is a
/// dead end.
fn walk(grammar: &Grammar, data: &[u8]) {
    let mut matcher = grammar.matcher();
    let mut row = vec![0; compiler().vocab().mask_words()];
    for step in 0..STEPS {
        // A limit of the engine is an answer, too.
        if matcher.fill_mask(&mut row).is_err() {
            return;
        }
        if let Some(wanted) = brute_mask(&matcher) {
            assert_eq!(row, wanted, "after {step} tokens");
        }
        if matcher.is_terminated() {
            return;
        }
        let allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
        let choice = data.get(step).map_or(step, |&byte| usize::from(byte));
        let token = allowed.get(choice % allowed.len().max(1));
        let token = *token.expect("no dead end");
        if let Some(forced) = matcher.forced_tokens().unwrap_or_default().first() {
            assert!(mask::get(&row, *forced), "what is forced is allowed");
        }
        if matcher.push(token).is_err() {
            return; // a limit: the mask said that it is allowed
        }
    }
    matcher.rollback(STEPS);
    assert!(matcher.is_empty());
}

/// A tokenizer, in each of the formats.
pub(crate) fn tokenizer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let options = LoadOptions::new();
    for vocab in [
        Vocab::from_hf(text, &options),
        Vocab::from_byte_json(text, &options),
        Vocab::from_tiktoken(text, &options),
    ] {
        match vocab {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(vocab) => {
                let all = (0..vocab.len() as u32).map(TokenId);
                assert!(all.map(|id| vocab.bytes(id).len()).sum::<usize>() <= 4 * data.len());
                vocab.fingerprint();
            }
        }
    }
}

/// Weights: a GGUF file, a safetensors file.
pub(crate) fn weights(data: &[u8]) {
    match Gguf::from_bytes("fuzz", data.to_vec()) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(file) => {
            for name in file.tensor_names().take(8) {
                assert!(file.shape(name).is_some());
                // Whether it can be read depends on its type.
                let _ = (file.read(name), file.stored(name));
            }
        }
    }
    if let Err(error) = Safetensors::from_bytes("fuzz", data.to_vec()) {
        assert!(!error.to_string().is_empty());
    }
}

const SCHEMAS: [&str; 4] = [
    r#"{"type": "object", "properties": {"a": {"type": "string", "maxLength": 3},
        "b": {"type": "array", "items": {"type": "integer"}}}, "required": ["a"]}"#,
    r##"{"anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"enum": [null, "x", 1.5]}]}"##,
    r#"{"type": "object", "patternProperties": {"^x": {"type": "number"}}, "minProperties": 1}"#,
    r#"{"type": "array", "uniqueItems": true, "items": {"enum": ["a", "b", 1, 2]}}"#,
];

/// Any tokens, any calls, on a text under one of some schemas: what a matcher says agrees with
/// itself.
pub(crate) fn tokens(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else {
        return;
    };
    // Not kept from input to input: a grammar has room for so many states.
    let schema = SCHEMAS[usize::from(first) % SCHEMAS.len()];
    let grammar = compiler().compile(&Spec::json_schema(schema));
    let mut matcher = grammar.expect("a grammar").matcher();
    for call in data.chunks_exact(2).take(200) {
        let token = TokenId(u32::from(call[1]) | u32::from(call[0] & 3) << 8);
        match call[0] >> 2 & 7 {
            0 => matcher.rollback(usize::from(call[1] % 4)),
            1 => {
                let at = (mask_of(&matcher), matcher.len());
                if matcher.push_bytes(&call[1..]).is_ok() {
                    matcher.rollback(1);
                }
                assert_eq!((mask_of(&matcher), matcher.len()), at);
            }
            2 => {
                // Some allowed token.
                let row = mask_of(&matcher);
                let count = mask::iter_ones(&row).count();
                let nth = usize::from(call[1]) % count.max(1);
                if let Some(token) = mask::iter_ones(&row).nth(nth) {
                    push(&mut matcher, token);
                }
            }
            3 => {
                let mut fork = matcher.fork();
                let forced = matcher.forced_tokens().expect("no limit");
                assert_eq!(matcher.validate_tokens(&forced), Ok(forced.len()));
                forced.iter().for_each(|&token| push(&mut fork, token));
            }
            4 => matcher.reset(),
            _ => push(&mut matcher, token),
        }
    }
}

/// Pushing, the mask and validating agree.
fn push(matcher: &mut Matcher, token: TokenId) {
    let row = mask_of(matcher);
    let is_known = (token.0 as usize) < compiler().vocab().len();
    let is_allowed = is_known && mask::get(&row, token);
    let valid = matcher.validate_tokens(&[token]);
    assert_eq!(valid, Ok(usize::from(is_allowed)));
    match matcher.push(token) {
        Ok(()) => assert!(is_allowed),
        Err(PushError::Engine(error)) => panic!("{error}"),
        Err(_) => assert!(!is_allowed),
    }
}

const GRAMMARS: [&str; 3] = [
    "root ::= \"(\" root* \")\" | [a-c]+",
    "root ::= item (\",\" item)*\nitem ::= [0-9]{1,3} | \"x\" root \"y\"",
    "root ::= root \"+\" root | \"a\" | \"ab\" | \"\"",
];

/// A canvas over a small grammar: what is allowed can be committed, what is not cannot, and
/// without gaps the last commit leaves a text of the grammar.
pub(crate) fn canvas(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else {
        return;
    };
    let number = usize::from(first) % GRAMMARS.len();
    let spec = Spec::grammar(Format::Gbnf, GRAMMARS[number]);
    let vocab = Arc::new(vocab::toy(2));
    let own = Compiler::new(Arc::clone(&vocab)).expect("a vocabulary of all bytes");
    let language = own
        .language_with(&spec, &Fuel::unlimited())
        .expect("a grammar");
    let limits = InfillLimits {
        max_bytes: 64 << 20,
        ..InfillLimits::default()
    };
    let checker = Checker::with(language, Arc::clone(&vocab), vocab.stop_ids(), limits);
    let split = data.len() / 2;
    let (shape, choices) = data.split_at(split.min(10));
    let mut canvas = Canvas::new();
    for &byte in shape {
        canvas = match byte >> 5 {
            0 => canvas.masks(usize::from(byte % 4)),
            1 => canvas.gap(usize::from(byte % 3), usize::from(byte % 7)),
            2 => canvas.fixed([TokenId(u32::from(byte))]),
            _ => {
                let letter = b"()abcxy,0123+"[usize::from(byte) % 13];
                let found = vocab.trie().descend(vocab.trie().root(), &[letter]);
                let tokens = found.map(|node| vocab.trie().tokens(node));
                let token = tokens.and_then(|tokens| tokens.first());
                canvas.fixed(token.copied())
            }
        };
    }
    let has_gap = |piece: &Piece| matches!(piece, Piece::Gap { .. });
    let has_gaps = canvas.pieces().iter().any(has_gap);
    let mut filling = match checker.open(&canvas.end()) {
        Ok(filling) => filling,
        Err(InfillError::Infeasible) => return,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let mut row = vec![0; vocab.mask_words()];
    for step in 0.. {
        let choice = choices.get(step).map_or(step, |&byte| usize::from(byte));
        let open: Vec<usize> = filling.open_positions().collect();
        let Some(&position) = open.get(choice % open.len().max(1)) else {
            break;
        };
        filling
            .fill_mask(position, &mut row)
            .expect("a row of the right length");
        let allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
        assert!(!allowed.is_empty(), "no dead end");
        let other = TokenId(choice as u32 % vocab.len() as u32);
        if !mask::get(&row, other) {
            assert!(!filling.allows(position, other));
            assert!(filling.commit(position, other).is_err());
        }
        let token = allowed[choice / 7 % allowed.len()];
        filling.commit(position, token).expect("allowed");
    }
    if has_gaps {
        return; // which may still be of several lengths
    }
    let text = filling.text();
    let grammar = own.compile(&spec).expect("a grammar");
    let mut matcher = grammar.matcher();
    assert!(
        text.is_empty() || matcher.push_bytes(&text).is_ok(),
        "a text of the grammar"
    );
    assert!(matcher.is_complete());
}
