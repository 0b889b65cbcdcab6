//! Tokens left out of a text, and how many a masked model guesses.

use formwork::TokenId;
use formwork_model::{CanvasId, CanvasStep, MaskedModel};

/// How many of the tokens at `left_out` are likeliest where they are, all left out at
/// once.
pub(crate) fn guessed(
    model: &mut dyn MaskedModel,
    canvas: CanvasId,
    tokens: &[TokenId],
    left_out: &[usize],
) -> usize {
    let mut open = tokens.to_vec();
    for &at in left_out {
        open[at] = model.mask_token();
    }
    let step = CanvasStep {
        canvas,
        tokens: &open,
        refresh: 0..open.len(),
        wanted: left_out,
    };
    let logits = model.forward(&[step]).expect("logits");
    let logits = logits.to_host().expect("logits");
    let rows = left_out.iter().zip(logits.chunks(model.vocab_len()));
    let is_right = |(at, row): &(&usize, &[f32])| {
        let best = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
        best == Some(tokens[**at].index())
    };
    rows.filter(is_right).count()
}
