//! A real masked model, if `FORMWORK_ANTIBERTY` names its folder;
//! `scripts/fetch-antiberty` gets it.

// Tests fail by panicking, and say what they did or skipped.
#![allow(clippy::expect_used, clippy::print_stderr)]

mod guess;

use std::path::Path;

use formwork_burn::{Device, load_masked};
use formwork_model::ModelFiles;

use guess::guessed;

/// The heavy chain of trastuzumab up to its variable loop, which no antibody shares.
const CHAIN: &str = "EVQLVESGGGLVQPGGSLRLSCAASGFNIKDTYIHWVRQAPGKGLEWVARIYPTNGYTRYADSVKGRFTISADTSKN\
                     TAYLQMNSLRAEDTAVYYCSR";

#[test]
fn amino_acids_left_out_are_guessed() {
    let Some(path) = std::env::var_os("FORMWORK_ANTIBERTY") else {
        eprintln!("FORMWORK_ANTIBERTY is not set: no real masked model was run");
        return;
    };
    let files = ModelFiles::open(Path::new(&path)).expect("a model");
    let mut model = load_masked(&files.config, &*files.weights, Device::Cpu).expect("a model");
    let mut tokens = vec![files.tokenizer.bos().expect("a beginning")];
    tokens.extend(files.tokenizer.encode(CHAIN).expect("tokens"));
    tokens.extend_from_slice(files.tokenizer.stop_ids());
    assert_eq!(tokens.len(), CHAIN.len() + 2);

    let (mut right, mut all) = (0, 0);
    // Every position once, with every seventh masked at a time.
    for first in 1..8 {
        let wanted: Vec<usize> = (first..=CHAIN.len()).step_by(7).collect();
        let canvas = model.begin();
        right += guessed(&mut *model, canvas, &tokens, &wanted);
        all += wanted.len();
        model.end(canvas);
    }
    eprintln!("{right} of {all} amino acids guessed");
    assert!(right * 4 >= all * 3, "only {right} of {all}");
}
