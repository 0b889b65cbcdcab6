//! What the programs that train models share.

pub(crate) mod bpe;
pub(crate) mod corpus;
mod start;

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use formwork_burn::train::{Batch, Trainer};
use formwork_model::{HostTensor, SafetensorsType, write_safetensors};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

pub(crate) use start::Start;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) const SEED: u64 = 20_261_127;
/// The largest step of a weight, reached after `WARM_UP` steps.
const RATE: f64 = 3e-3;
const WARM_UP: f64 = 100.0;
/// One in so many texts is kept apart to tell how well others are predicted.
const HELD_OUT: usize = 40;

/// Texts kept apart, and those to train on.
pub(crate) fn apart<T>(rows: Vec<T>) -> (Vec<T>, Vec<T>) {
    let (mut held_out, mut rest) = (Vec::new(), Vec::new());
    for (at, row) in rows.into_iter().enumerate() {
        match at % HELD_OUT {
            0 => held_out.push(row),
            _ => rest.push(row),
        }
    }
    (held_out, rest)
}

/// The numbers below `n` in random order (Fisher and Yates).
pub(crate) fn shuffled(n: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for at in (1..n).rev() {
        order.swap(at, random.next_u32() as usize % (at + 1));
    }
    order
}

/// Steps until the time is up, at a rate that falls along half a wave. `look` sees the
/// model every so often.
pub(crate) fn train(
    trainer: &mut Trainer,
    time: Duration,
    mut batch: impl FnMut() -> Batch,
    (every, mut look): (Duration, impl FnMut(&mut Trainer) -> Result<()>),
) -> Result<()> {
    let begun = Instant::now();
    let (mut step, mut mean, mut looks) = (0u32, 0.0, 0);
    loop {
        let done = begun.elapsed().as_secs_f64() / time.as_secs_f64();
        if done >= 1.0 {
            break;
        }
        let wave = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        let rate = RATE * (f64::from(step + 1) / WARM_UP).min(1.0) * wave.max(0.02);
        let loss = trainer.step(&batch(), rate);
        mean = if step == 0 {
            loss
        } else {
            0.98 * mean + 0.02 * loss
        };
        step += 1;
        if step.is_multiple_of(100) {
            let seconds = begun.elapsed().as_secs();
            eprintln!("step {step}: loss {mean:.3}, {seconds} s");
        }
        if begun.elapsed() >= every * (looks + 1) {
            looks += 1;
            look(trainer)?;
        }
    }
    eprintln!("{step} steps; loss {mean:.3}");
    Ok(())
}

/// Writes `model.safetensors`, in 16-bit floats, under the names that `name` gives.
pub(crate) fn save(
    trainer: &mut Trainer,
    out: &Path,
    name: impl Fn(&str) -> Option<String>,
) -> Result<()> {
    let weights = trainer.weights()?;
    let named = weights.iter().map(|(ours, tensor)| {
        let name = name(ours).ok_or_else(|| format!("{ours} has no name there"))?;
        Ok((name, tensor))
    });
    let named: Vec<(String, &HostTensor)> = named.collect::<Result<_>>()?;
    let tensors = named.iter().map(|(name, tensor)| (&**name, *tensor));
    write_safetensors(out.join("model.safetensors"), tensors, SafetensorsType::F16)?;
    Ok(())
}

/// Writes a `config.json`.
pub(crate) fn describe(config: &serde_json::Value, out: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(config)? + "\n";
    std::fs::write(out.join("config.json"), text)?;
    Ok(())
}
