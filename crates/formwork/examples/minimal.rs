//! The minimal loop: one text under one schema.
//!
//! ```text
//! cargo run --release -p formwork --example minimal
//! ```
//!
//! The model is a stand-in that likes every token equally well.

// An example prints, and has nobody to hand errors to.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;

use formwork::{Compiler, Spec, Vocab, mask};

fn main() -> Result<(), Box<dyn Error>> {
    // Once for each vocabulary.
    let compiler = Compiler::new(Arc::new(Vocab::embedded()?))?;
    let vocab = compiler.vocab();

    // Once for each form; the same form is compiled once.
    let schema = r#"{"type": "object", "required": ["answer", "sure"],
        "properties": {"answer": {"enum": ["yes", "no"]}, "sure": {"type": "boolean"}},
        "additionalProperties": false}"#;
    let grammar = compiler.compile(&Spec::json_schema(schema))?;

    // Once for each text.
    let mut matcher = grammar.matcher();
    let mut row = vec![0; vocab.mask_words()];
    let mut text = Vec::new();
    let mut random = 1u64;
    while !matcher.is_terminated() {
        matcher.fill_mask(&mut row)?;
        // Here a model would compute logits, and the mask would take away what is not allowed.
        let allowed: Vec<_> = mask::iter_ones(&row).collect();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let token = allowed[(random >> 33) as usize % allowed.len()];
        matcher.push(token)?;
        text.extend_from_slice(vocab.bytes(token));
    }
    println!("{}", String::from_utf8(text)?);
    Ok(())
}
