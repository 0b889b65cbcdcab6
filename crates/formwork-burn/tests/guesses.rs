//! The embedded masked model guesses tokens left out of the project's own JSON.

// Tests fail by panicking, and say what they did.
#![allow(clippy::expect_used, clippy::print_stderr)]

use formwork_burn::{Device, load_masked};
use formwork_model::{CanvasStep, ModelFiles};
use formwork_testkit::corpus;

/// One in so many tokens is left out.
const LEFT_OUT: usize = 4;
/// Longer texts than it was trained on are left alone.
const LEN: usize = 128;

#[test]
fn tokens_left_out_are_guessed() {
    let files = ModelFiles::embedded_masked().expect("a model");
    let mut model = load_masked(&files.config, &*files.weights, Device::Cpu).expect("a model");
    let tokenizer = &files.tokenizer;
    let canvas = model.begin();
    let (mut right, mut all) = (0, 0);
    for (name, file) in corpus() {
        let instances = file["tests"].as_array().expect("instances");
        let valid = instances.iter().find(|test| test["valid"] == true);
        let Some(valid) = valid else { continue };
        let text = |text: &str| tokenizer.encode(text).expect("tokens");
        let mut tokens = vec![tokenizer.bos().expect("a beginning")];
        tokens.extend(text(&format!("{}\n", name.replace('-', " "))));
        let prompt = tokens.len();
        tokens.extend(text(&valid["data"].to_string()));
        tokens.extend_from_slice(tokenizer.stop_ids());
        if tokens.len() > LEN {
            continue;
        }
        let wanted: Vec<usize> = (prompt..tokens.len()).step_by(LEFT_OUT).collect();
        let mut open = tokens.clone();
        for &at in &wanted {
            open[at] = model.mask_token();
        }
        let step = CanvasStep {
            canvas,
            tokens: &open,
            refresh: 0..open.len(),
            wanted: &wanted,
        };
        let logits = model.forward(&[step]).expect("logits");
        let logits = logits.to_host().expect("logits");
        for (at, row) in wanted.iter().zip(logits.chunks(model.vocab_len())) {
            let best = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
            right += usize::from(best == Some(tokens[*at].index()));
            all += 1;
        }
    }
    eprintln!("{right} of {all} tokens guessed");
    assert!(all > 200, "only {all} tokens");
    assert!(right * 3 >= all, "only {right} of {all} tokens guessed");
}
