//! The folder of a tiny model.

use crate::{
    architecture::{Architecture, VOCABULARY},
    files::put,
    model::Model,
    random,
};
use candle_core::{Device, Tensor};
use std::{collections::HashMap, error::Error, fs, path::Path};

/// As many tokens are read.
const LENGTH: usize = 24;

/// Logits by two ways through candle are as close as this.
const AGREEMENT: f32 = 1e-4;

/// Writes `config.json`, `model.safetensors` and `expected.safetensors` to `folder`.
pub fn write(architecture: &Architecture, folder: &Path) -> Result<(), Box<dyn Error>> {
    let config = serde_json::to_string_pretty(&architecture.config)? + "\n";
    let weights = weights(architecture)?;
    let mut model = Model::load(&architecture.config, weights.clone())?;
    let tokens = tokens();

    // candle gives the logits of the last position only: every prefix is read anew.
    let mut logits = Vec::new();
    for end in 1..=LENGTH {
        model.clear()?;
        logits.push(model.read(&tokens[..end], 0)?);
    }
    model.clear()?;
    for (at, expected) in logits.iter().enumerate() {
        agree(&model.read(&tokens[at..=at], at)?, expected, "step by step")?;
    }
    let (half, last) = (LENGTH / 2, LENGTH - 1);
    model.clear()?;
    agree(&model.read(&tokens[..half], 0)?, &logits[half - 1], "half")?;
    agree(
        &model.read(&tokens[half..], half)?,
        &logits[last],
        "in two halves",
    )?;

    let expected = HashMap::from([
        (
            "logits",
            Tensor::from_vec(logits.concat(), (LENGTH, VOCABULARY), &Device::Cpu)?,
        ),
        ("tokens", Tensor::new(&tokens[..], &Device::Cpu)?),
    ]);
    fs::create_dir_all(folder)?;
    put(&folder.join("config.json"), config.as_bytes())?;
    put(&folder.join("model.safetensors"), &weights)?;
    put(
        &folder.join("expected.safetensors"),
        &safetensors::serialize(expected, None)?,
    )
}

/// Tokens that come again, at varying distances.
fn tokens() -> Vec<u32> {
    (0..LENGTH as u32)
        .map(|i| (5 * i * i + 3 * i + 1) % VOCABULARY as u32)
        .collect()
}

/// The bytes of `model.safetensors`.
fn weights(architecture: &Architecture) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut tensors = Vec::new();
    for spec in architecture.tensors() {
        let label = format!("{}/{}", architecture.name, spec.name);
        let len = spec.shape.iter().product();
        let values = random::values(&label, len, spec.centre, spec.spread);
        tensors.push((
            spec.name,
            Tensor::from_vec(values, spec.shape, &Device::Cpu)?,
        ));
    }
    // As `transformers` writes it.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    Ok(safetensors::serialize(tensors, Some(metadata))?)
}

fn agree(found: &[f32], expected: &[f32], way: &str) -> Result<(), Box<dyn Error>> {
    let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let off = off.fold(0.0, f32::max);
    if found.len() == expected.len() && off <= AGREEMENT {
        Ok(())
    } else {
        Err(format!("logits {way} are off by {off}").into())
    }
}
