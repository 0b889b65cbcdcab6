//! The embedded masked model guesses tokens left out of the project's own JSON.

// Tests fail by panicking, and say what they did.
#![allow(clippy::expect_used, clippy::print_stderr)]

mod guess;

use formwork_burn::{Device, load_masked};
use formwork_model::ModelFiles;
use formwork_testkit::corpus;

use guess::guessed;

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
        right += guessed(&mut *model, canvas, &tokens, &wanted);
        all += wanted.len();
    }
    eprintln!("{right} of {all} tokens guessed");
    assert!(all > 200, "only {all} tokens");
    assert!(right * 3 >= all, "only {right} of {all} tokens guessed");
}
