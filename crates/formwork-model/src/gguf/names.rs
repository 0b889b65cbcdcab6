//! From llama.cpp's names of tensors to those of Hugging Face's `transformers`.

/// A name in `transformers`, and what it belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Name {
    pub(super) text: String,
    /// The block, if it is in one.
    pub(super) block: Option<usize>,
    pub(super) part: Part,
}

/// Parts of a model that are not treated alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Queries,
    Keys,
    Other,
}

/// Tensors that hold no weights: the configuration has them.
pub(super) const ROPE_FACTORS: &str = "rope_freqs.weight";

/// Parts of a block.
const PARTS: &[(&str, &str, Part)] = &[
    ("attn_q", "self_attn.q_proj", Part::Queries),
    ("attn_k", "self_attn.k_proj", Part::Keys),
    ("attn_v", "self_attn.v_proj", Part::Other),
    ("attn_output", "self_attn.o_proj", Part::Other),
    ("attn_q_norm", "self_attn.q_norm", Part::Other),
    ("attn_k_norm", "self_attn.k_norm", Part::Other),
    ("attn_norm", "input_layernorm", Part::Other),
    ("ffn_gate", "mlp.gate_proj", Part::Other),
    ("ffn_up", "mlp.up_proj", Part::Other),
    ("ffn_down", "mlp.down_proj", Part::Other),
    ("ffn_norm", "post_attention_layernorm", Part::Other),
];

/// The name of a tensor; `None` if it is not one of a plain decoder.
pub(super) fn translate(name: &str) -> Option<Name> {
    let (stem, end) = name.rsplit_once('.')?;
    if !matches!(end, "weight" | "bias") {
        return None;
    }
    let top = match stem {
        "token_embd" => Some("model.embed_tokens"),
        "output_norm" => Some("model.norm"),
        "output" => Some("lm_head"),
        _ => None,
    };
    if let Some(top) = top {
        return Some(Name {
            text: format!("{top}.{end}"),
            block: None,
            part: Part::Other,
        });
    }
    let (number, part) = stem.strip_prefix("blk.")?.split_once('.')?;
    let block: usize = number.parse().ok()?;
    if block.to_string() != number {
        return None; // "+1" and "01" would give two tensors one name
    }
    let &(_, theirs, part) = PARTS.iter().find(|(ours, _, _)| *ours == part)?;
    Some(Name {
        text: format!("model.layers.{block}.{theirs}.{end}"),
        block: Some(block),
        part,
    })
}

/// Puts the rows of queries or keys back to the order that [`Rope`](crate::Rope)
/// expects, in which row `i` of a head turns with row `i + half`. Where the pairs turn
/// side by side, they are rows `2 i` and `2 i + 1`.
///
/// `values` are `heads` heads of `2 half` rows of any one length; otherwise nothing is
/// done.
pub(super) fn split_halves<T: Copy>(values: &mut [T], heads: usize, half: usize) {
    let rows = heads.saturating_mul(2).saturating_mul(half);
    let Some(width) = values.len().checked_div(rows).filter(|&width| width > 0) else {
        return;
    };
    let head_len = 2 * half * width;
    for head in values.chunks_exact_mut(head_len) {
        let side_by_side = head.to_vec();
        let (first, second) = head.split_at_mut(head_len / 2);
        let to = first.chunks_mut(width).zip(second.chunks_mut(width));
        for ((first, second), pair) in to.zip(side_by_side.chunks(2 * width)) {
            let (a, b) = pair.split_at(width);
            first.copy_from_slice(a);
            second.copy_from_slice(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, split_halves, translate};

    #[test]
    fn names_of_a_decoder() {
        for (theirs, ours) in [
            ("token_embd.weight", "model.embed_tokens.weight"),
            ("output_norm.weight", "model.norm.weight"),
            ("output.weight", "lm_head.weight"),
            (
                "blk.0.attn_norm.weight",
                "model.layers.0.input_layernorm.weight",
            ),
            (
                "blk.11.attn_q.bias",
                "model.layers.11.self_attn.q_proj.bias",
            ),
            (
                "blk.2.attn_k_norm.weight",
                "model.layers.2.self_attn.k_norm.weight",
            ),
            (
                "blk.2.attn_output.weight",
                "model.layers.2.self_attn.o_proj.weight",
            ),
            (
                "blk.3.ffn_down.weight",
                "model.layers.3.mlp.down_proj.weight",
            ),
            (
                "blk.3.ffn_norm.weight",
                "model.layers.3.post_attention_layernorm.weight",
            ),
        ] {
            let name = translate(theirs).expect(theirs);
            assert_eq!(name.text, ours);
        }
        let queries = translate("blk.7.attn_q.weight").expect("queries");
        assert_eq!((queries.part, queries.block), (Part::Queries, Some(7)));
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "rope_freqs.weight",
            "blk.0.attn_sub_norm.weight",
            "blk.0.ffn_gate_exps.weight",
            "blk.+1.attn_q.weight",
            "blk.01.attn_q.weight",
            "blk..attn_q.weight",
            "blk.0.attn_q",
            "blk.99999999999999999999999.attn_q.weight",
            "weight",
            "",
        ] {
            assert_eq!(translate(name), None, "{name}");
        }
    }

    #[test]
    fn rows_go_back_to_halves() {
        // Two heads of four rows of two values; a row is written as its place in the
        // head, by halves: 0 and 2 are a pair, 1 and 3 are one.
        let row = |head: usize, row: usize| [(10 * head + row) as f32, 0.5];
        let side_by_side = [0, 2, 1, 3];
        let mut values: Vec<f32> = (0..2)
            .flat_map(|head| side_by_side.into_iter().flat_map(move |r| row(head, r)))
            .collect();
        split_halves(&mut values, 2, 2);
        let wanted: Vec<f32> = (0..2)
            .flat_map(|head| (0..4).flat_map(move |r| row(head, r)))
            .collect();
        assert_eq!(values, wanted);
    }

    #[test]
    fn nothing_to_put_back() {
        split_halves::<u8>(&mut [], 1, 1);
        split_halves(&mut [1.0], 0, 0);
        split_halves(&mut [1.0], usize::MAX, 2);
    }
}
