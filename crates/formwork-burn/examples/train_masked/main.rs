//! Trains the embedded masked model, from the schemas of the project alone.
//!
//! ```text
//! cargo run --release -p formwork-burn --features train --example train_masked -- OUT [MINUTES]
//! ```
//!
//! The texts are those of `train_embedded`, and so are the tokens, but for one that
//! stands at open positions. Seeds are fixed, and weights nearly so. Writes
//! `config.json`, `tokenizer.json` and `model.safetensors` (16-bit) to the folder `OUT`,
//! laid out as LLaDA (arXiv:2502.09992), and says what the model makes of open texts;
//! both every five minutes and at the end. Goes on from the weights in `OUT` if there are
//! any.

// A program for people.
#![allow(clippy::print_stderr)]

mod rows;
mod samples;
#[path = "../training/mod.rs"]
mod training;

use std::path::Path;
use std::time::Duration;

use formwork::TokenId;
use formwork_burn::train::Trainer;
use formwork_model::{
    Family, LladaWeights, Masked, ModelConfig, Rope, RopeScaling, Safetensors, llada_name,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tokenizers::AddedToken;

use rows::{Row, Rows};
use training::{Result, SEED, Start, bpe, corpus};

/// What is read at open positions.
const MASK: &str = "<|mask|>";

/// The tokenizer of the embedded decoder.
const TOKENIZER: &str = "crates/formwork-model/embedded/tokenizer.json";

fn config(mask: u32) -> ModelConfig {
    ModelConfig {
        family: Family::Llama,
        vocab_len: bpe::VOCAB + 1,
        hidden: 128,
        intermediate: 384,
        layers: 5,
        heads: 4,
        kv_heads: 4,
        head_dim: 32,
        norm_eps: 1e-5,
        rope: Rope {
            base: 10_000.0,
            scaling: RopeScaling::None,
        },
        max_len: 512,
        tied_embedding: true,
        masked: Some(Masked {
            mask_token: TokenId(mask),
            shifted: false,
        }),
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("expected a folder to write to")?;
    let out = Path::new(&out);
    let minutes: u64 = arguments.next().map_or(Ok(30), |text| text.parse())?;
    std::fs::create_dir_all(out)?;
    let tokenizer = with_mask(Path::new(TOKENIZER), out)?;
    let (end, mask) = (bpe::id(&tokenizer, bpe::END)?, bpe::id(&tokenizer, MASK)?);
    let mut rows = Vec::new();
    for text in corpus::texts(Path::new("schemas"), SEED)? {
        rows.extend(Row::new(&tokenizer, &text)?);
    }
    let (held_out, rows) = training::apart(rows);
    let tokens: usize = rows.iter().map(Row::len).sum();
    eprintln!(
        "{} rows, {tokens} tokens, {} kept apart",
        rows.len(),
        held_out.len()
    );

    let config = config(mask);
    training::describe(&describe(&config, end), out)?;
    let before = out.join("model.safetensors");
    let mut trainer = match before.exists() {
        true => Trainer::new(&config, &LladaWeights::new(Safetensors::open(&before)?))?,
        false => Trainer::new(&config, &Start::new(&config))?,
    };
    // Whoever goes on sees the texts in another order.
    let seed = SEED + u64::from(before.exists());
    let mut rows = Rows::new(rows, end, mask, ChaCha8Rng::seed_from_u64(seed));
    let show = |trainer: &mut Trainer| {
        training::save(trainer, out, llada_name)?;
        samples::show(out)
    };
    let every = (Duration::from_secs(300), show);
    let time = Duration::from_secs(60 * minutes);
    training::train(&mut trainer, time, || rows.batch(), every)?;

    let mut held_out = Rows::new(held_out, end, mask, ChaCha8Rng::seed_from_u64(SEED));
    let losses = (0..held_out.batches()).map(|_| trainer.evaluate(&held_out.batch()));
    let losses: Vec<f64> = losses.collect();
    let mean = losses.iter().sum::<f64>() / losses.len() as f64;
    eprintln!("loss of texts kept apart {mean:.3} nats a token");
    show(&mut trainer)
}

/// The tokenizer of a file with one more token, [`MASK`], written to `tokenizer.json`.
fn with_mask(file: &Path, out: &Path) -> Result<bpe::Tokenizer> {
    let wrong = |error: tokenizers::Error| error.to_string();
    let mut tokenizer = bpe::Tokenizer::from_file(file).map_err(wrong)?;
    tokenizer.add_special_tokens(&[AddedToken::from(MASK, true)]);
    let path = out.join("tokenizer.json");
    tokenizer.save(path, false).map_err(wrong)?;
    Ok(tokenizer)
}

/// The configuration as LLaDA has it.
fn describe(config: &ModelConfig, end: u32) -> serde_json::Value {
    serde_json::json!({
        "architectures": ["LLaDAModelLM"],
        "model_type": "llada",
        "activation_type": "silu",
        "block_type": "llama",
        "layer_norm_type": "rms",
        "rope": true,
        "include_bias": false,
        "include_qkv_bias": false,
        "d_model": config.hidden,
        "mlp_hidden_size": config.intermediate,
        "n_layers": config.layers,
        "n_heads": config.heads,
        "n_kv_heads": config.kv_heads,
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope.base,
        "max_sequence_length": config.max_len,
        "vocab_size": config.vocab_len,
        "embedding_size": config.vocab_len,
        "weight_tying": config.tied_embedding,
        "mask_token_id": config.masked.map(|masked| masked.mask_token.0),
        "eos_token_id": end,
        "pad_token_id": end,
        "torch_dtype": "float16",
    })
}
