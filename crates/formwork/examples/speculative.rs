//! Speculative decoding: a small model drafts tokens, the grammar cuts the draft where it is
//! not allowed, and the large model judges what is left in one pass, each position under its
//! own mask.
//!
//! ```text
//! cargo run --release -p formwork --example speculative
//! ```
//!
//! Both models are stand-ins: the large one follows a text, the small one often does.

// An example prints, and has nobody to hand errors to.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;

use formwork::{Compiler, Matcher, SchemaOptions, Spec, TokenId, Vocab, Whitespace, mask};

/// Tokens of one draft.
const DRAFT: usize = 6;

/// What the large model would like to say.
const MEANT: &str = r#"{"name":"formwork","parts":["automata","masks","canvas"],"stable":false}"#;

/// The longest allowed token that goes on as `meant` does, or any allowed one.
fn choose(vocab: &Vocab, row: &[u32], said: usize, meant: &str) -> Option<TokenId> {
    let rest = meant.as_bytes().get(said..).unwrap_or_default();
    let fits = |id: &TokenId| !vocab.bytes(*id).is_empty() && rest.starts_with(vocab.bytes(*id));
    let longest = mask::iter_ones(row)
        .filter(fits)
        .max_by_key(|&id| vocab.bytes(id).len());
    longest.or_else(|| mask::iter_ones(row).next())
}

fn main() -> Result<(), Box<dyn Error>> {
    let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
    let vocab = Arc::clone(compiler.vocab());
    let schema = r#"{"type": "object", "required": ["name", "parts", "stable"],
        "properties": {"name": {"type": "string"}, "stable": {"type": "boolean"},
                       "parts": {"type": "array", "items": {"type": "string"}}},
        "additionalProperties": false}"#;
    let compact = SchemaOptions {
        whitespace: Whitespace::Compact,
        ..SchemaOptions::default()
    };
    let spec = Spec::json_schema(schema).with_schema_options(compact);
    let mut matcher: Matcher = compiler.compile(&spec)?.matcher();

    let words = vocab.mask_words();
    let mut rows = vec![0u32; (DRAFT + 1) * words];
    let (mut text, mut passes, mut tokens) = (Vec::<u8>::new(), 0, 0);
    while !matcher.is_terminated() {
        // The small model misspells what comes after a comma.
        let guess = MEANT.replace(",\"", ",'");
        let mut draft = Vec::new();
        let mut ahead = matcher.fork();
        let mut said = text.len();
        for row in rows.chunks_exact_mut(words).take(DRAFT) {
            ahead.fill_mask(row)?; // masks for the large model, as a by-product
            let Some(token) = choose(&vocab, row, said, &guess) else {
                break;
            };
            if ahead.push(token).is_err() || ahead.is_terminated() {
                break;
            }
            said += vocab.bytes(token).len();
            draft.push(token);
        }
        ahead.fill_mask(&mut rows[draft.len() * words..][..words])?;
        assert_eq!(matcher.validate_tokens(&draft)?, draft.len());

        // One pass of the large model: its choice at every position of the draft, and one more.
        passes += 1;
        for (position, row) in rows.chunks_exact(words).take(draft.len() + 1).enumerate() {
            let Some(token) = choose(&vocab, row, text.len(), MEANT) else {
                break;
            };
            matcher.push(token)?;
            text.extend_from_slice(vocab.bytes(token));
            tokens += 1;
            if draft.get(position) != Some(&token) || matcher.is_terminated() {
                break; // the draft is of no use from here on
            }
        }
    }
    assert_eq!(text, MEANT.as_bytes());
    println!("{}", String::from_utf8(text)?);
    println!("{tokens} tokens in {passes} passes of the large model");
    Ok(())
}
