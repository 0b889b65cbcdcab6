//! A text in a given form from a model.
//!
//! ```text
//! cargo run --release -p formwork-burn --example city [MODEL]
//! ```
//!
//! The model is a GGUF file or a folder; without one, the very small model answers that
//! comes with the library.

// A program for people.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use formwork::{Compiler, SchemaOptions, Whitespace};
use formwork_burn::{Device, load};
use formwork_model::{Message, ModelFiles, Request, Sampling, generate};

const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
    "required": ["city", "country"],
    "additionalProperties": false
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let files = match std::env::args().nth(1) {
        Some(path) => ModelFiles::open(path)?,
        None => ModelFiles::embedded()?,
    };
    let mut model = load(&files.config, &*files.weights, Device::Cpu)?;
    let tokenizer = &files.tokenizer;
    let compiler = Compiler::new(Arc::clone(tokenizer.vocab()))?;
    let compact = SchemaOptions {
        whitespace: Whitespace::Compact,
        ..SchemaOptions::default()
    };
    let grammar = compiler.json_schema(SCHEMA, &compact)?;

    let question = "I live in Paris. Which city is that, in which country? Answer in JSON.";
    let chat = files.chat.ok_or("the model has no chat template")?;
    let messages = [Message::new("user", question)];
    let prompt = chat.render(
        &messages,
        true,
        &tokenizer.bos_text(),
        &tokenizer.eos_text(),
    )?;
    let request = Request {
        prompt: tokenizer.encode_with_specials(&prompt)?,
        constraint: Some(grammar.matcher()),
        sampling: Sampling::GREEDY,
        seed: 0,
        max_tokens: 60,
        must_complete: true,
        stop: Vec::new(),
    };
    let mut print = |_: usize, text: &[u8]| {
        print!("{}", String::from_utf8_lossy(text));
        match std::io::stdout().flush() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()), // nobody listens
        }
    };
    let generated = generate(&mut *model, tokenizer.vocab(), &[request], None, &mut print)?;
    println!();
    eprintln!("{} tokens", generated.stats.tokens);
    Ok(())
}
