//! What a model makes of open texts, for a look.

use std::path::Path;

use formwork::TokenId;
use formwork_burn::{Device, load_masked};
use formwork_model::{CanvasStep, MaskedModel, ModelFiles};

use crate::training::{Result, bpe};

/// Open positions, filled block by block.
const OPEN: usize = 48;
const BLOCK: usize = 8;
const PROMPTS: [&str; 5] = [
    "",
    "medical note\n",
    "package manifest\n",
    "type object scalars\n",
    "a thing nobody has heard of\n",
];

/// Fills open positions one by one, each time the surest of a block with its likeliest
/// token (Nie et al., arXiv:2502.09992, section 2.4), with and without a text before them.
pub(crate) fn show(folder: &Path) -> Result<()> {
    let files = ModelFiles::open(folder)?;
    let mut model = load_masked(&files.config, &*files.weights, Device::Cpu)?;
    for prompt in PROMPTS {
        let mut tokens = files.tokenizer.encode_with_specials(bpe::BEGIN)?;
        tokens.extend(files.tokenizer.encode(prompt)?);
        let open = tokens.len();
        tokens.resize(open + OPEN, model.mask_token());
        fill(&mut *model, &mut tokens)?;
        let ends = |token: &TokenId| files.tokenizer.stop_ids().contains(token);
        let end = tokens.iter().position(ends).unwrap_or(tokens.len());
        let text = files.tokenizer.decode(&tokens[open..end.max(open)]);
        eprintln!("{prompt:?}: {}", String::from_utf8_lossy(&text));
    }
    Ok(())
}

fn fill(model: &mut dyn MaskedModel, tokens: &mut [TokenId]) -> Result<()> {
    let (mask, vocab_len) = (model.mask_token(), model.vocab_len());
    let canvas = model.begin();
    loop {
        let open = (0..tokens.len()).filter(|&at| tokens[at] == mask);
        let open: Vec<usize> = open.collect();
        let Some(first) = open.first() else { break };
        let open: Vec<usize> = open
            .iter()
            .copied()
            .filter(|at| at - first < BLOCK)
            .collect();
        let step = CanvasStep {
            canvas,
            tokens,
            refresh: 0..tokens.len(),
            wanted: &open,
        };
        let logits = model.forward(&[step])?.to_host()?;
        let rows = open.iter().zip(logits.chunks_exact(vocab_len));
        let best = rows.map(|(&at, row)| {
            let ids = (0..vocab_len).filter(|&id| id != mask.index());
            let best = ids.max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
            let others: f32 = row.iter().map(|logit| (logit - row[best]).exp()).sum();
            (1.0 / others, at, best)
        });
        if let Some((_, at, token)) = best.max_by(|a, b| a.0.total_cmp(&b.0)) {
            tokens[at] = TokenId(token as u32);
        }
    }
    model.end(canvas);
    Ok(())
}
