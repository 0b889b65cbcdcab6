//! Trains the embedded model, from the schemas of the project alone.
//!
//! ```text
//! cargo run --release -p formwork-burn --features train --example train_embedded -- OUT [MINUTES]
//! ```
//!
//! Seeds are fixed: corpus and tokenizer come out the same everywhere, weights nearly so
//! (sums of floats depend on the number of threads, steps on the minutes). Writes
//! `config.json`, `tokenizer.json` and `model.safetensors` (16-bit) to the folder `OUT`.

// A program for people.
#![allow(clippy::print_stderr)]

mod learn;
#[path = "../training/mod.rs"]
mod training;

use std::path::Path;
use std::time::Duration;

use formwork_burn::train::{Batch, Trainer};
use formwork_model::{Family, ModelConfig, Rope, RopeScaling};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use training::{Result, SEED, Start, bpe, corpus};

/// Tokens of a row.
const LEN: usize = 129;
const BATCH: usize = 16;

fn config(vocab_len: usize) -> ModelConfig {
    ModelConfig {
        family: Family::Llama,
        vocab_len,
        hidden: 160,
        intermediate: 432,
        layers: 5,
        heads: 5,
        kv_heads: 1,
        head_dim: 32,
        norm_eps: 1e-5,
        rope: Rope {
            base: 10_000.0,
            scaling: RopeScaling::None,
        },
        max_len: 2048,
        tied_embedding: true,
        masked: None,
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("expected a folder to write to")?;
    let out = Path::new(&out);
    let minutes: u64 = arguments.next().map_or(Ok(30), |text| text.parse())?;
    std::fs::create_dir_all(out)?;
    let texts = corpus::texts(Path::new("schemas"), SEED)?;
    let bytes: usize = texts.iter().map(String::len).sum();
    eprintln!("{} texts, {bytes} bytes", texts.len());
    let tokenizer = learn::learn(&texts, out)?;
    let mut rows = Vec::new();
    for text in &texts {
        rows.push(Row::new(bpe::encode(&tokenizer, text)?));
    }
    let (held_out, rows) = training::apart(rows);
    let tokens: usize = rows.iter().map(|row| row.len).sum();
    eprintln!(
        "{} rows, {tokens} tokens, {} kept apart",
        rows.len(),
        held_out.len()
    );

    let config = config(bpe::VOCAB);
    let mut trainer = Trainer::new(&config, &Start::new(&config))?;
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut order: Vec<usize> = Vec::new();
    let next = || {
        if order.len() < BATCH {
            order = training::shuffled(rows.len(), &mut random);
        }
        let batch = order.drain(order.len() - BATCH..).map(|at| &rows[at]);
        causal(&batch.collect::<Vec<_>>())
    };
    let time = Duration::from_secs(60 * minutes);
    training::train(&mut trainer, time, next, (time, |_: &mut Trainer| Ok(())))?;
    let losses = held_out
        .chunks(BATCH)
        .map(|rows| trainer.evaluate(&causal(&rows.iter().collect::<Vec<_>>())));
    let losses: Vec<f64> = losses.collect();
    let mean = losses.iter().sum::<f64>() / losses.len() as f64;
    eprintln!("loss of texts kept apart {mean:.3} nats a token");
    training::save(&mut trainer, out, |name| Some(name.to_owned()))?;
    training::describe(&describe(&config), out)
}

/// The configuration as Hugging Face has it.
fn describe(config: &ModelConfig) -> serde_json::Value {
    serde_json::json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_len,
        "hidden_size": config.hidden,
        "intermediate_size": config.intermediate,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope.base,
        "max_position_embeddings": config.max_len,
        "tie_word_embeddings": config.tied_embedding,
        "torch_dtype": "float16",
    })
}

/// A text as tokens, filled up.
struct Row {
    tokens: Vec<u32>,
    len: usize,
}

impl Row {
    fn new(mut tokens: Vec<u32>) -> Row {
        let len = tokens.len().min(LEN);
        tokens.resize(LEN, 0);
        Row { tokens, len }
    }
}

/// Rows cut to the longest of them.
fn causal(rows: &[&Row]) -> Batch {
    let lens: Vec<usize> = rows.iter().map(|row| row.len).collect();
    let longest = lens.iter().copied().max().unwrap_or(0);
    let rows: Vec<&[u32]> = rows.iter().map(|row| &row.tokens[..longest]).collect();
    Batch::causal(&rows, &lens)
}
