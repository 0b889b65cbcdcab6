//! Tiny masked diffusion models, evaluated in 64-bit floats from the formulas of LLaDA
//! (Nie et al., arXiv:2502.09992) and Dream (Ye et al., arXiv:2508.15487). candle has
//! neither.

use crate::{
    architecture::{
        HEADS, HIDDEN, INTERMEDIATE, KV_HEADS, LAYERS, Spec, VOCABULARY, bias, config, norm, weight,
    },
    files::put,
    random,
};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use std::{collections::HashMap, error::Error, fs, ops::Range, path::Path};

/// Tokens of the text.
const LENGTH: usize = 24;
/// What the second pass computes anew.
const PART: Range<usize> = 9..15;
const MASK: u32 = 63;
const HEAD_DIM: usize = HIDDEN / HEADS;
const EPS: f64 = 0.001;

/// A tiny model, random weights apart.
pub struct Masked {
    /// The name of its folder.
    pub name: &'static str,
    config: Value,
    rope_theta: f64,
    /// Embedding, last norm and head.
    outer: [&'static str; 3],
    block: &'static str,
    /// Norm, queries, keys, values, output; norm, gate, up, down.
    parts: [&'static str; 9],
    qkv_bias: bool,
    /// Whether the output at a position predicts the next one.
    shifted: bool,
}

/// Both models.
pub fn all() -> [Masked; 2] {
    [
        Masked {
            name: "llada",
            config: json!({
                "activation_type": "silu",
                "alibi": false,
                "architectures": ["LLaDAModelLM"],
                "attention_layer_norm": false,
                "bias_for_layer_norm": false,
                "block_group_size": 1,
                "block_type": "llama",
                "d_model": HIDDEN,
                "embedding_size": VOCABULARY,
                "eos_token_id": 2,
                "include_bias": false,
                "include_qkv_bias": false,
                "input_emb_norm": false,
                "layer_norm_type": "rms",
                "mask_token_id": MASK,
                "max_sequence_length": 128,
                "mlp_hidden_size": INTERMEDIATE,
                "model_type": "llada",
                "n_heads": HEADS,
                "n_kv_heads": KV_HEADS,
                "n_layers": LAYERS,
                "pad_token_id": 2,
                "rms_norm_eps": EPS,
                "rope": true,
                "rope_full_precision": true,
                "rope_theta": 5000.0,
                "scale_logits": false,
                "vocab_size": VOCABULARY,
                "weight_tying": false,
            }),
            rope_theta: 5000.0,
            outer: [
                "model.transformer.wte",
                "model.transformer.ln_f",
                "model.transformer.ff_out",
            ],
            block: "model.transformer.blocks",
            parts: [
                "attn_norm",
                "q_proj",
                "k_proj",
                "v_proj",
                "attn_out",
                "ff_norm",
                "ff_proj",
                "up_proj",
                "ff_out",
            ],
            qkv_bias: false,
            shifted: false,
        },
        Masked {
            name: "dream",
            config: config(
                "Dream",
                "DreamModel",
                json!({
                    "mask_token_id": MASK,
                    "max_window_layers": LAYERS,
                    "pad_token_id": 2,
                    "rope_scaling": null,
                    "rope_theta": 1000000.0,
                    "sliding_window": null,
                    "tie_word_embeddings": false,
                    "use_sliding_window": false,
                }),
            ),
            rope_theta: 1_000_000.0,
            outer: ["model.embed_tokens", "model.norm", "lm_head"],
            block: "model.layers",
            parts: [
                "input_layernorm",
                "self_attn.q_proj",
                "self_attn.k_proj",
                "self_attn.v_proj",
                "self_attn.o_proj",
                "post_attention_layernorm",
                "mlp.gate_proj",
                "mlp.up_proj",
                "mlp.down_proj",
            ],
            qkv_bias: true,
            shifted: true,
        },
    ]
}

/// Writes `config.json`, `model.safetensors` and `expected.safetensors` to `folder`.
pub fn write(masked: &Masked, folder: &Path) -> Result<(), Box<dyn Error>> {
    let specs = masked.tensors();
    let values = |spec: &Spec| {
        let label = format!("{}/{}", masked.name, spec.name);
        let len = spec.shape.iter().product();
        random::values(&label, len, spec.centre, spec.spread)
    };
    let tensors: HashMap<String, Vec<f32>> = specs
        .iter()
        .map(|spec| (spec.name.clone(), values(spec)))
        .collect();
    let mut model = Model {
        masked,
        tensors: &tensors,
        kept: vec![vec![Vec::new(); LENGTH]; 2 * LAYERS],
    };

    let tokens = tokens();
    let logits = model.pass(&tokens, 0..LENGTH);
    // The part is filled but for its last two. What is filled elsewhere, at the end,
    // is not computed anew and must not show.
    let mut later = tokens.clone();
    for at in PART.start..PART.end - 2 {
        later[at] = (7 * at as u32 + 2) % VOCABULARY as u32;
    }
    later[LENGTH - 1] = 11;
    let part_logits = model.pass(&later, PART);

    let f32s = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let rounded = |rows: &[Vec<f64>]| {
        let values: Vec<f32> = rows.concat().iter().map(|&value| value as f32).collect();
        f32s(&values)
    };
    let u32s = |values: &[u32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let weights: Vec<(&String, Vec<usize>, Vec<u8>)> = specs
        .iter()
        .map(|spec| (&spec.name, spec.shape.clone(), f32s(&tensors[&spec.name])))
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
    let config = serde_json::to_string_pretty(&masked.config)? + "\n";
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

impl Masked {
    fn tensors(&self) -> Vec<Spec> {
        let kv = KV_HEADS * HEAD_DIM;
        let [embedding, last, head] = self.outer;
        let mut specs = vec![
            weight(embedding.into(), VOCABULARY, HIDDEN),
            norm(last.into(), HIDDEN),
            weight(head.into(), VOCABULARY, HIDDEN),
        ];
        for layer in 0..LAYERS {
            let name = |part: usize| self.part(layer, part);
            specs.extend([
                norm(name(0), HIDDEN),
                weight(name(1), HIDDEN, HIDDEN),
                weight(name(2), kv, HIDDEN),
                weight(name(3), kv, HIDDEN),
                weight(name(4), HIDDEN, HIDDEN),
                norm(name(5), HIDDEN),
                weight(name(6), INTERMEDIATE, HIDDEN),
                weight(name(7), INTERMEDIATE, HIDDEN),
                weight(name(8), HIDDEN, INTERMEDIATE),
            ]);
            if self.qkv_bias {
                specs.extend([bias(name(1), HIDDEN), bias(name(2), kv), bias(name(3), kv)]);
            }
        }
        specs
    }

    fn part(&self, layer: usize, part: usize) -> String {
        format!("{}.{layer}.{}", self.block, self.parts[part])
    }
}

/// A model with the keys and values of its last pass over each position: those of layer
/// `l` at `kept[2 * l]` and `kept[2 * l + 1]`.
struct Model<'a> {
    masked: &'a Masked,
    tensors: &'a HashMap<String, Vec<f32>>,
    kept: Vec<Vec<Vec<f64>>>,
}

impl Model<'_> {
    /// Logits of the tokens *at* the positions of `part`, all of which are computed anew.
    /// If outputs are shifted, so is the position before.
    fn pass(&mut self, tokens: &[u32], part: Range<usize>) -> Vec<Vec<f64>> {
        let [embedding, last, head] = self.masked.outer;
        let source = |at: usize| at.saturating_sub(usize::from(self.masked.shifted));
        let computed = source(part.start)..part.end;
        let sources: Vec<usize> = part.map(source).collect();
        let rows = &self.tensors[&format!("{embedding}.weight")];
        let mut x: Vec<Vec<f64>> = tokens[computed.clone()]
            .iter()
            .map(|&token| {
                let row = &rows[token as usize * HIDDEN..][..HIDDEN];
                row.iter().map(|&value| f64::from(value)).collect()
            })
            .collect();
        for layer in 0..LAYERS {
            let part = |part| self.masked.part(layer, part);
            let mut queries = Vec::new();
            for (x, at) in x.iter().zip(computed.clone()) {
                let n = self.norm(&part(0), x);
                queries.push(self.turned(self.linear(&part(1), &n), at));
                self.kept[2 * layer][at] = self.turned(self.linear(&part(2), &n), at);
                self.kept[2 * layer + 1][at] = self.linear(&part(3), &n);
            }
            for (x, query) in x.iter_mut().zip(&queries) {
                let attended = attend(query, &self.kept[2 * layer], &self.kept[2 * layer + 1]);
                add(x, &self.linear(&part(4), &attended));
                let n = self.norm(&part(5), x);
                let gate = self.linear(&part(6), &n);
                let up = self.linear(&part(7), &n);
                let gated = gate
                    .iter()
                    .zip(&up)
                    .map(|(g, u)| g / (1.0 + (-g).exp()) * u);
                let gated: Vec<f64> = gated.collect();
                add(x, &self.linear(&part(8), &gated));
            }
        }
        let output = |at: &usize| self.linear(head, &self.norm(last, &x[at - computed.start]));
        sources.iter().map(output).collect()
    }

    fn linear(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let weight = &self.tensors[&format!("{name}.weight")];
        let mut y: Vec<f64> = weight
            .chunks(x.len())
            .map(|row| row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum())
            .collect();
        if let Some(bias) = self.tensors.get(&format!("{name}.bias")) {
            let bias: Vec<f64> = bias.iter().map(|&value| f64::from(value)).collect();
            add(&mut y, &bias);
        }
        y
    }

    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let square = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let weight = &self.tensors[&format!("{name}.weight")];
        let scaled = x.iter().zip(weight);
        scaled
            .map(|(x, &w)| x / (square + EPS).sqrt() * f64::from(w))
            .collect()
    }

    /// Heads turned by their position: component `i` with `i + HEAD_DIM / 2`.
    fn turned(&self, mut heads: Vec<f64>, at: usize) -> Vec<f64> {
        for head in heads.chunks_mut(HEAD_DIM) {
            for i in 0..HEAD_DIM / 2 {
                let wave = self
                    .masked
                    .rope_theta
                    .powf(2.0 * i as f64 / HEAD_DIM as f64);
                let (sin, cos) = (at as f64 / wave).sin_cos();
                let (a, b) = (head[i], head[i + HEAD_DIM / 2]);
                head[i] = a * cos - b * sin;
                head[i + HEAD_DIM / 2] = b * cos + a * sin;
            }
        }
        heads
    }
}

/// Attention to all positions.
fn attend(query: &[f64], keys: &[Vec<f64>], values: &[Vec<f64>]) -> Vec<f64> {
    let mut attended = Vec::new();
    for (head, query) in query.chunks(HEAD_DIM).enumerate() {
        let own = head / (HEADS / KV_HEADS) * HEAD_DIM;
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

fn add(x: &mut [f64], y: &[f64]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}
