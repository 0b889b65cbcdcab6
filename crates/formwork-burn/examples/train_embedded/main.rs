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

mod bpe;
mod corpus;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use formwork_burn::train::Trainer;
use formwork_model::{
    Family, HostTensor, ModelConfig, ModelError, Rope, RopeScaling, SafetensorsType, StoredTensor,
    Weights, write_safetensors,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SEED: u64 = 20_261_127;
/// Tokens of a row.
const LEN: usize = 129;
const BATCH: usize = 16;
/// The largest step of a weight, reached after `WARM_UP` steps.
const RATE: f64 = 3e-3;
const WARM_UP: f64 = 100.0;
/// One in so many texts is kept apart to tell how well others are predicted.
const HELD_OUT: usize = 40;

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
    let tokenizer = bpe::train(&texts, out)?;
    let mut rows = Vec::new();
    for text in &texts {
        rows.push(Row::new(bpe::encode(&tokenizer, text)?));
    }
    let (held_out, rows): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .enumerate()
        .partition(|(at, _)| at % HELD_OUT == 0);
    let plain =
        |rows: Vec<(usize, Row)>| -> Vec<Row> { rows.into_iter().map(|(_, row)| row).collect() };
    let (held_out, rows) = (plain(held_out), plain(rows));
    let tokens: usize = rows.iter().map(|row| row.len).sum();
    eprintln!(
        "{} rows, {tokens} tokens, {} kept apart",
        rows.len(),
        held_out.len()
    );

    let config = config(bpe::VOCAB);
    let begin = Begin::new(&config);
    let mut trainer = Trainer::new(&config, &begin)?;
    train(
        &mut trainer,
        &rows,
        &held_out,
        Duration::from_secs(60 * minutes),
    )?;
    let weights = trainer.weights()?;
    let tensors = weights.iter().map(|(name, tensor)| (&**name, tensor));
    write_safetensors(out.join("model.safetensors"), tensors, SafetensorsType::F16)?;
    std::fs::write(out.join("config.json"), describe(&config)?)?;
    Ok(())
}

/// The configuration as Hugging Face has it.
fn describe(config: &ModelConfig) -> Result<String> {
    let text = serde_json::to_string_pretty(&serde_json::json!({
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
    }))?;
    Ok(text + "\n")
}

/// Steps until the time is up, at a rate that falls along half a wave.
fn train(trainer: &mut Trainer, rows: &[Row], held_out: &[Row], time: Duration) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let begun = Instant::now();
    let (mut step, mut mean) = (0u32, 0.0);
    let mut order: Vec<usize> = Vec::new();
    loop {
        let done = begun.elapsed().as_secs_f64() / time.as_secs_f64();
        if done >= 1.0 {
            break;
        }
        let wave = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        let rate = RATE * (f64::from(step + 1) / WARM_UP).min(1.0) * wave.max(0.02);
        if order.len() < BATCH {
            order = (0..rows.len()).collect();
            for at in (1..order.len()).rev() {
                order.swap(at, random.next_u32() as usize % (at + 1));
            }
        }
        let batch: Vec<&Row> = order
            .drain(order.len() - BATCH..)
            .map(|at| &rows[at])
            .collect();
        let loss = run(&batch, |rows, lens| trainer.step(rows, lens, rate));
        mean = if step == 0 {
            loss
        } else {
            0.98 * mean + 0.02 * loss
        };
        step += 1;
        if step % 100 == 0 {
            let seconds = begun.elapsed().as_secs();
            eprintln!("step {step}: loss {mean:.3}, {seconds} s");
        }
    }
    let losses = held_out.chunks(BATCH).map(|rows| {
        let rows: Vec<&Row> = rows.iter().collect();
        run(&rows, |rows, lens| trainer.evaluate(rows, lens))
    });
    let losses: Vec<f64> = losses.collect();
    let held_out = losses.iter().sum::<f64>() / losses.len() as f64;
    eprintln!("{step} steps; loss {mean:.3}, of texts kept apart {held_out:.3} nats a token");
    Ok(())
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

/// Cuts rows to the longest of them.
fn run<T>(rows: &[&Row], step: impl FnOnce(&[&[u32]], &[usize]) -> T) -> T {
    let lens: Vec<usize> = rows.iter().map(|row| row.len).collect();
    let longest = lens.iter().copied().max().unwrap_or(0);
    let rows: Vec<&[u32]> = rows.iter().map(|row| &row.tokens[..longest]).collect();
    step(&rows, &lens)
}

/// Weights before training: normal numbers, smaller where blocks add to what came in.
struct Begin {
    tensors: BTreeMap<String, HostTensor>,
}

impl Begin {
    fn new(config: &ModelConfig) -> Begin {
        let mut random = ChaCha8Rng::seed_from_u64(SEED + 1);
        let mut uniform = || (f64::from(random.next_u32()) + 0.5) / f64::from(u32::MAX);
        let mut normal = |scale: f64| {
            // Box and Muller, 1958.
            let radius = (-2.0 * uniform().ln()).sqrt();
            (scale * radius * (std::f64::consts::TAU * uniform()).cos()) as f32
        };
        let small = 0.02 / (2.0 * config.layers as f64).sqrt();
        let (hidden, feed) = (config.hidden, config.intermediate);
        let (all, shared) = (
            config.heads * config.head_dim,
            config.kv_heads * config.head_dim,
        );
        let mut tensors = BTreeMap::new();
        let mut add = |name: String, shape: Vec<usize>, scale: Option<f64>| {
            let n = shape.iter().product();
            let values = match scale {
                Some(scale) => (0..n).map(|_| normal(scale)).collect(),
                None => vec![1.0; n],
            };
            tensors.insert(name, HostTensor { shape, values });
        };
        let embedding = vec![config.vocab_len, hidden];
        add(
            "model.embed_tokens.weight".to_owned(),
            embedding,
            Some(0.02),
        );
        add("model.norm.weight".to_owned(), vec![hidden], None);
        for layer in 0..config.layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}.weight");
            add(name("input_layernorm"), vec![hidden], None);
            add(name("post_attention_layernorm"), vec![hidden], None);
            add(name("self_attn.q_proj"), vec![all, hidden], Some(0.02));
            add(name("self_attn.k_proj"), vec![shared, hidden], Some(0.02));
            add(name("self_attn.v_proj"), vec![shared, hidden], Some(0.02));
            add(name("self_attn.o_proj"), vec![hidden, all], Some(small));
            add(name("mlp.gate_proj"), vec![feed, hidden], Some(0.02));
            add(name("mlp.up_proj"), vec![feed, hidden], Some(0.02));
            add(name("mlp.down_proj"), vec![hidden, feed], Some(small));
        }
        Begin { tensors }
    }
}

impl Weights for Begin {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.get(name).map(|tensor| tensor.shape.clone())
    }

    fn stored(&self, name: &str) -> std::result::Result<StoredTensor, ModelError> {
        // Whoever reads has asked for the shape.
        self.tensors[name].clone().try_into()
    }
}
