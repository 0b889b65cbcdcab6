//! Masks while the model computes: the mask of the next token needs the last token, not
//! the logits, so it can be made beside the forward pass and costs no time of its own.
//!
//! ```text
//! cargo run --release -p formwork --example overlap
//! ```
//!
//! The model here is a stand-in that takes about as long as a small one.

// An example prints, and has nobody to hand errors to.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use formwork::{Compiler, MaskKind, Matcher, SchemaOptions, TokenId, Vocab, Whitespace, mask};

/// What a forward pass of the stand-in takes.
const FORWARD: Duration = Duration::from_millis(2);

/// Scores of all tokens after `last`: arbitrary, but always the same.
fn forward(tokens: usize, last: u32) -> Vec<f32> {
    let start = Instant::now();
    let score = |id: usize| ((id as u32 ^ last).wrapping_mul(2_654_435_761) >> 16) as f32;
    let logits = (0..tokens).map(score).collect();
    while start.elapsed() < FORWARD {
        std::hint::spin_loop();
    }
    logits
}

/// The allowed token with the highest score.
fn best(logits: &[f32], row: &[u32]) -> Option<TokenId> {
    let score = |id: &TokenId| logits.get(id.index()).copied().unwrap_or(f32::MIN);
    mask::iter_ones(row).max_by(|a, b| score(a).total_cmp(&score(b)))
}

fn main() -> Result<(), Box<dyn Error>> {
    let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
    let schema = r#"{"type": "object", "required": ["name", "size"], "additionalProperties": false,
        "properties": {"name": {"type": "string", "maxLength": 20},
                       "size": {"enum": ["small", "large"]}}}"#;
    let options = SchemaOptions {
        whitespace: Whitespace::Compact,
        ..SchemaOptions::default()
    };
    let grammar = compiler.json_schema(schema, &options)?;
    let vocab = Arc::clone(compiler.vocab());
    let mut matcher: Matcher = grammar.matcher();
    let mut row = vec![0u32; vocab.mask_words()];
    let mut text = Vec::new();
    let (mut last, mut waited, mut steps) = (0, Duration::ZERO, 0u32);
    while !matcher.is_terminated() && steps < 200 {
        // Both at once: the mask on a thread of its own, the model on this one.
        let (logits, filled) = std::thread::scope(|scope| {
            let masks = scope.spawn(|| matcher.fill_mask(&mut row));
            let logits = forward(vocab.len(), last);
            let start = Instant::now();
            let filled = masks.join();
            waited += start.elapsed();
            (logits, filled)
        });
        let kind = filled.map_err(|_| "the thread of the masks panicked")??;
        let token = match kind {
            MaskKind::One(token) => token, // no need for scores at all
            _ => best(&logits, &row).ok_or("no token is allowed")?,
        };
        matcher.push(token)?;
        text.extend_from_slice(vocab.bytes(token));
        last = token.0;
        steps += 1;
    }
    println!("{}", String::from_utf8_lossy(&text));
    println!(
        "{steps} tokens of {FORWARD:?}; waited {:.1} us for each mask",
        waited.as_secs_f64() * 1e6 / f64::from(steps.max(1))
    );
    Ok(())
}
