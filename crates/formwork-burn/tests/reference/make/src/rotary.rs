//! LLaDA (Nie et al., arXiv:2502.09992) and Dream (Ye et al., arXiv:2508.15487).

use crate::{
    architecture::{
        HEADS, HIDDEN, INTERMEDIATE, KV_HEADS, LAYERS, Spec, VOCABULARY, bias, config, norm, weight,
    },
    masked::{EPS, Formulas, HEAD_DIM, Kept, MASK, Tensors, add, attend},
};
use serde_json::{Value, json};
use std::ops::Range;

/// A tiny model, random weights apart.
pub struct Rotary {
    name: &'static str,
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
pub fn all() -> [Rotary; 2] {
    [
        Rotary {
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
        Rotary {
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

impl Formulas for Rotary {
    fn name(&self) -> &'static str {
        self.name
    }

    fn config(&self) -> &Value {
        &self.config
    }

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

    fn pass(
        &self,
        tensors: &Tensors,
        kept: &mut Kept,
        tokens: &[u32],
        part: Range<usize>,
    ) -> Vec<Vec<f64>> {
        let [embedding, last, head] = self.outer;
        let source = |at: usize| at.saturating_sub(usize::from(self.shifted));
        let computed = source(part.start)..part.end;
        let mut x: Vec<Vec<f64>> = tokens[computed.clone()]
            .iter()
            .map(|&token| tensors.row(embedding, token as usize))
            .collect();
        for (layer, [keys, values]) in kept.iter_mut().enumerate() {
            let part = |part| self.part(layer, part);
            let mut queries = Vec::new();
            for (x, at) in x.iter().zip(computed.clone()) {
                let n = root_mean_square(tensors, &part(0), x);
                queries.push(self.turned(tensors.linear(&part(1), &n), at));
                keys[at] = self.turned(tensors.linear(&part(2), &n), at);
                values[at] = tensors.linear(&part(3), &n);
            }
            for (x, query) in x.iter_mut().zip(&queries) {
                let attended = attend(query, keys, values);
                add(x, &tensors.linear(&part(4), &attended));
                let n = root_mean_square(tensors, &part(5), x);
                let gate = tensors.linear(&part(6), &n);
                let up = tensors.linear(&part(7), &n);
                let gated = gate
                    .iter()
                    .zip(&up)
                    .map(|(g, u)| g / (1.0 + (-g).exp()) * u);
                let gated: Vec<f64> = gated.collect();
                add(x, &tensors.linear(&part(8), &gated));
            }
        }
        part.map(|at| {
            let x = &x[source(at) - computed.start];
            tensors.linear(head, &root_mean_square(tensors, last, x))
        })
        .collect()
    }
}

impl Rotary {
    fn part(&self, layer: usize, part: usize) -> String {
        format!("{}.{layer}.{}", self.block, self.parts[part])
    }

    /// Heads turned by their position: component `i` with `i + HEAD_DIM / 2`.
    fn turned(&self, mut heads: Vec<f64>, at: usize) -> Vec<f64> {
        for head in heads.chunks_mut(HEAD_DIM) {
            for i in 0..HEAD_DIM / 2 {
                let wave = self.rope_theta.powf(2.0 * i as f64 / HEAD_DIM as f64);
                let (sin, cos) = (at as f64 / wave).sin_cos();
                let (a, b) = (head[i], head[i + HEAD_DIM / 2]);
                head[i] = a * cos - b * sin;
                head[i + HEAD_DIM / 2] = b * cos + a * sin;
            }
        }
        heads
    }
}

fn root_mean_square(tensors: &Tensors, name: &str, x: &[f64]) -> Vec<f64> {
    let square = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
    let weight = tensors.row(name, 0);
    let scaled = x.iter().zip(weight);
    scaled.map(|(x, w)| x / (square + EPS).sqrt() * w).collect()
}
