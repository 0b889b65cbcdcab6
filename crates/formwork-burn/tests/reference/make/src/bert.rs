//! BERT (Devlin et al., arXiv:1810.04805).

use crate::{
    architecture::{HEADS, HIDDEN, INTERMEDIATE, LAYERS, Spec, VOCABULARY, bias, norm, weight},
    masked::{EPS, Formulas, Kept, MASK, Tensors, add, attend},
};
use serde_json::{Value, json};
use std::ops::Range;

const LENGTH: usize = 128;

pub struct Bert {
    config: Value,
}

impl Bert {
    pub fn new() -> Bert {
        let config = json!({
            "architectures": ["BertForMaskedLM"],
            "attention_probs_dropout_prob": 0.0,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0,
            "hidden_size": HIDDEN,
            "initializer_range": 0.02,
            "intermediate_size": INTERMEDIATE,
            "layer_norm_eps": EPS,
            // `transformers` does not write it.
            "mask_token_id": MASK,
            "max_position_embeddings": LENGTH,
            "model_type": "bert",
            "num_attention_heads": HEADS,
            "num_hidden_layers": LAYERS,
            "pad_token_id": 0,
            "position_embedding_type": "absolute",
            "type_vocab_size": 2,
            "vocab_size": VOCABULARY,
        });
        Bert { config }
    }
}

impl Formulas for Bert {
    fn name(&self) -> &'static str {
        "bert"
    }

    fn config(&self) -> &Value {
        &self.config
    }

    fn tensors(&self) -> Vec<Spec> {
        let linear =
            |name: String, rows, columns| [weight(name.clone(), rows, columns), bias(name, rows)];
        let layer_norm = |name: String| [norm(name.clone(), HIDDEN), bias(name, HIDDEN)];
        let embedding = |name: &str, rows| weight(format!("bert.embeddings.{name}"), rows, HIDDEN);
        let mut specs = vec![
            embedding("word_embeddings", VOCABULARY),
            embedding("position_embeddings", LENGTH),
            embedding("token_type_embeddings", 2),
            bias("cls.predictions".into(), VOCABULARY),
        ];
        specs.extend(layer_norm("bert.embeddings.LayerNorm".into()));
        let head = |part: &str| format!("cls.predictions.transform.{part}");
        specs.extend(linear(head("dense"), HIDDEN, HIDDEN));
        specs.extend(layer_norm(head("LayerNorm")));
        for layer in 0..LAYERS {
            for name in ["self.query", "self.key", "self.value", "output.dense"] {
                specs.extend(linear(
                    part(layer, &format!("attention.{name}")),
                    HIDDEN,
                    HIDDEN,
                ));
            }
            specs.extend(layer_norm(part(layer, "attention.output.LayerNorm")));
            specs.extend(linear(
                part(layer, "intermediate.dense"),
                INTERMEDIATE,
                HIDDEN,
            ));
            specs.extend(linear(part(layer, "output.dense"), HIDDEN, INTERMEDIATE));
            specs.extend(layer_norm(part(layer, "output.LayerNorm")));
        }
        specs
    }

    fn pass(
        &self,
        tensors: &Tensors,
        kept: &mut Kept,
        tokens: &[u32],
        range: Range<usize>,
    ) -> Vec<Vec<f64>> {
        let embedded = |at: usize| {
            let row = |name: &str, row| tensors.row(&format!("bert.embeddings.{name}"), row);
            let mut x = row("word_embeddings", tokens[at] as usize);
            add(&mut x, &row("position_embeddings", at));
            add(&mut x, &row("token_type_embeddings", 0));
            layer_norm(tensors, "bert.embeddings.LayerNorm", &x)
        };
        let mut all: Vec<Vec<f64>> = range.clone().map(embedded).collect();
        for (layer, [keys, values]) in kept.iter_mut().enumerate() {
            let linear = |name: &str, x: &[f64]| tensors.linear(&part(layer, name), x);
            for (x, at) in all.iter().zip(range.clone()) {
                keys[at] = linear("attention.self.key", x);
                values[at] = linear("attention.self.value", x);
            }
            for x in &mut all {
                let attended = attend(&linear("attention.self.query", x), keys, values);
                add(x, &linear("attention.output.dense", &attended));
                *x = layer_norm(tensors, &part(layer, "attention.output.LayerNorm"), x);
                let feed = gelu(&linear("intermediate.dense", x));
                add(x, &linear("output.dense", &feed));
                *x = layer_norm(tensors, &part(layer, "output.LayerNorm"), x);
            }
        }
        let logits = |x: &Vec<f64>| {
            let head = |part: &str| format!("cls.predictions.transform.{part}");
            let x = gelu(&tensors.linear(&head("dense"), x));
            let x = layer_norm(tensors, &head("LayerNorm"), &x);
            let mut logits = tensors.linear("bert.embeddings.word_embeddings", &x);
            add(
                &mut logits,
                &tensors.bias("cls.predictions").unwrap_or_default(),
            );
            logits
        };
        all.iter().map(logits).collect()
    }
}

fn part(layer: usize, name: &str) -> String {
    format!("bert.encoder.layer.{layer}.{name}")
}

fn layer_norm(tensors: &Tensors, name: &str, x: &[f64]) -> Vec<f64> {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let scaled = x.iter().zip(tensors.row(name, 0));
    let mut y: Vec<f64> = scaled
        .map(|(x, weight)| (x - mean) / (variance + EPS).sqrt() * weight)
        .collect();
    add(&mut y, &tensors.bias(name).unwrap_or_default());
    y
}

/// `x` times the distribution function of normal numbers at `x`.
fn gelu(x: &[f64]) -> Vec<f64> {
    x.iter()
        .map(|&x| 0.5 * x * (1.0 + erf(x / 2f64.sqrt())))
        .collect()
}

/// The series of Maclaurin: within 1e-9 up to four, beyond which it is one.
fn erf(x: f64) -> f64 {
    if x.abs() > 4.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..100 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}
