//! Tiny masked diffusion models, evaluated in 64-bit floats from the formulas of their
//! papers.

use crate::{
    architecture::{HEADS, HIDDEN, LAYERS, Spec, VOCABULARY},
    bert::Bert,
    files::put,
    random, rotary,
};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;
use std::{collections::HashMap, error::Error, fs, ops::Range, path::Path};

/// Tokens of the text.
const LENGTH: usize = 24;
/// What the second pass computes anew.
const PART: Range<usize> = 9..15;
pub const MASK: u32 = 63;
pub const HEAD_DIM: usize = HIDDEN / HEADS;
pub const EPS: f64 = 0.001;

/// A tiny model, random weights apart.
pub trait Formulas {
    /// The name of its folder.
    fn name(&self) -> &'static str;

    fn config(&self) -> &Value;

    fn tensors(&self) -> Vec<Spec>;

    /// Logits of the tokens *at* the positions of `part`, all of which are computed anew.
    /// If outputs are shifted, so is the position before.
    fn pass(
        &self,
        tensors: &Tensors,
        kept: &mut Kept,
        tokens: &[u32],
        part: Range<usize>,
    ) -> Vec<Vec<f64>>;
}

/// By layer, the keys and the values of the last pass over each position.
pub type Kept = Vec<[Vec<Vec<f64>>; 2]>;

/// All models.
pub fn all() -> Vec<Box<dyn Formulas>> {
    let mut all: Vec<Box<dyn Formulas>> = vec![Box::new(Bert::new())];
    for model in rotary::all() {
        all.push(Box::new(model));
    }
    all
}

/// Writes `config.json`, `model.safetensors` and `expected.safetensors` to `folder`.
pub fn write(formulas: &dyn Formulas, folder: &Path) -> Result<(), Box<dyn Error>> {
    let specs = formulas.tensors();
    let values = |spec: &Spec| {
        let label = format!("{}/{}", formulas.name(), spec.name);
        let len = spec.shape.iter().product();
        random::values(&label, len, spec.centre, spec.spread)
    };
    let tensors = specs.iter().map(|spec| (spec.name.clone(), values(spec)));
    let tensors = Tensors(tensors.collect());
    let mut kept = vec![[vec![Vec::new(); LENGTH], vec![Vec::new(); LENGTH]]; LAYERS];

    let tokens = tokens();
    let logits = formulas.pass(&tensors, &mut kept, &tokens, 0..LENGTH);
    // The part is filled but for its last two. What is filled elsewhere, at the end,
    // is not computed anew and must not show.
    let mut later = tokens.clone();
    for at in PART.start..PART.end - 2 {
        later[at] = (7 * at as u32 + 2) % VOCABULARY as u32;
    }
    later[LENGTH - 1] = 11;
    let part_logits = formulas.pass(&tensors, &mut kept, &later, PART);

    let f32s = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let rounded = |rows: &[Vec<f64>]| {
        let values: Vec<f32> = rows.concat().iter().map(|&value| value as f32).collect();
        f32s(&values)
    };
    let u32s = |values: &[u32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let weights: Vec<(&String, Vec<usize>, Vec<u8>)> = specs
        .iter()
        .map(|spec| (&spec.name, spec.shape.clone(), f32s(&tensors.0[&spec.name])))
        .collect();
    let views = weights
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    // As `transformers` writes it.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let weights = safetensors::serialize(views, Some(metadata))?;

    let matrix = |rows: &[Vec<f64>]| (Dtype::F32, vec![rows.len(), VOCABULARY], rounded(rows));
    let row = |tokens: &[u32]| (Dtype::U32, vec![LENGTH], u32s(tokens));
    let expected: [(&str, (Dtype, Vec<usize>, Vec<u8>)); 4] = [
        ("logits", matrix(&logits)),
        ("part_logits", matrix(&part_logits)),
        ("part_tokens", row(&later)),
        ("tokens", row(&tokens)),
    ];
    let views = expected
        .iter()
        .map(|(name, (dtype, shape, bytes))| {
            Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let expected = safetensors::serialize(views, None)?;

    fs::create_dir_all(folder)?;
    let config = serde_json::to_string_pretty(formulas.config())? + "\n";
    put(&folder.join("config.json"), config.as_bytes())?;
    put(&folder.join("model.safetensors"), &weights)?;
    put(&folder.join("expected.safetensors"), &expected)
}

/// The tokens of the other models, masked at a third of the places behind the first six.
fn tokens() -> Vec<u32> {
    (0..LENGTH as u32)
        .map(|i| match i > 5 && i % 3 != 0 {
            true => MASK,
            false => (5 * i * i + 3 * i + 1) % VOCABULARY as u32,
        })
        .collect()
}

/// Tensors by name.
pub struct Tensors(HashMap<String, Vec<f32>>);

impl Tensors {
    pub fn linear(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let mut y: Vec<f64> = self.0[&format!("{name}.weight")]
            .chunks(x.len())
            .map(|row| row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum())
            .collect();
        if let Some(bias) = self.bias(name) {
            add(&mut y, &bias);
        }
        y
    }

    /// A row of a matrix of `HIDDEN` columns, or a vector.
    pub fn row(&self, name: &str, row: usize) -> Vec<f64> {
        let rows = self.0[&format!("{name}.weight")].chunks(HIDDEN);
        doubles(rows.skip(row).flatten().take(HIDDEN))
    }

    pub fn bias(&self, name: &str) -> Option<Vec<f64>> {
        self.0
            .get(&format!("{name}.bias"))
            .map(|bias| doubles(bias.iter()))
    }
}

fn doubles<'a>(values: impl Iterator<Item = &'a f32>) -> Vec<f64> {
    values.map(|&value| f64::from(value)).collect()
}

/// Attention to all positions.
pub fn attend(query: &[f64], keys: &[Vec<f64>], values: &[Vec<f64>]) -> Vec<f64> {
    // Heads of queries that share one of keys.
    let group = query.len() / keys[0].len();
    let mut attended = Vec::new();
    for (head, query) in query.chunks(HEAD_DIM).enumerate() {
        let own = head / group * HEAD_DIM;
        let scores = keys.iter().map(|key| {
            let dot: f64 = key[own..].iter().zip(query).map(|(k, q)| k * q).sum();
            (dot / (HEAD_DIM as f64).sqrt()).exp()
        });
        let scores: Vec<f64> = scores.collect();
        let all: f64 = scores.iter().sum();
        attended.extend((own..own + HEAD_DIM).map(|i| {
            let weighted = scores
                .iter()
                .zip(values)
                .map(|(score, value)| score * value[i]);
            weighted.sum::<f64>() / all
        }));
    }
    attended
}

pub fn add(x: &mut [f64], y: &[f64]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}
