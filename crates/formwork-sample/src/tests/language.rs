//! A language model of `formwork-model` behind the seam: forks, prompts, and nothing left.

use std::collections::HashMap;

use formwork::TokenId;
use formwork_model::{
    HostLogits, LanguageModel, Logits, ModelError, ModelErrorKind, Sampling, SequenceId, Step,
    Wanted,
};

use super::toys::hard;
use crate::{Cut, Mcmc, Method, Model, SampleError, SampleOptions, Sampler, Smc, WarpedModel};

/// Logits that depend on all that was read.
#[derive(Default)]
struct Sums {
    texts: HashMap<u64, Vec<TokenId>>,
    made: u64,
    most: usize,
}

const VOCAB: usize = 7;

fn logits(tokens: &[TokenId]) -> Vec<f32> {
    let sum = tokens
        .iter()
        .fold(1, |sum, token| (sum * 5 + token.0 + 1) % 1009);
    (0..VOCAB as u32)
        .map(|at| ((sum * (at + 3)) % 17) as f32 / 5.0)
        .collect()
}

impl Sums {
    fn text(&mut self, id: SequenceId) -> Result<&mut Vec<TokenId>, ModelError> {
        let error = || ModelError::new(ModelErrorKind::Request, "no such text");
        self.texts.get_mut(&id.0).ok_or_else(error)
    }
}

impl LanguageModel for Sums {
    fn vocab_len(&self) -> usize {
        VOCAB
    }

    fn max_len(&self) -> usize {
        20
    }

    fn begin(&mut self) -> SequenceId {
        self.made += 1;
        self.texts.insert(self.made, Vec::new());
        self.most = self.most.max(self.texts.len());
        SequenceId(self.made)
    }

    fn fork(&mut self, sequence: SequenceId) -> Result<SequenceId, ModelError> {
        let text = self.text(sequence)?.clone();
        let id = self.begin();
        *self.text(id)? = text;
        Ok(id)
    }

    fn len(&self, sequence: SequenceId) -> Result<usize, ModelError> {
        Ok(self.texts[&sequence.0].len())
    }

    fn truncate(&mut self, sequence: SequenceId, len: usize) -> Result<(), ModelError> {
        self.text(sequence)?.truncate(len);
        Ok(())
    }

    fn end(&mut self, sequence: SequenceId) {
        self.texts
            .remove(&sequence.0)
            .expect("a text that was not ended");
    }

    fn forward(&mut self, steps: &[Step<'_>]) -> Result<Box<dyn Logits>, ModelError> {
        let mut rows = Vec::new();
        for step in steps {
            assert!(!step.tokens.is_empty());
            let text = self.text(step.sequence)?;
            text.extend_from_slice(step.tokens);
            if step.wanted == Wanted::Last {
                rows.extend(logits(text));
            }
        }
        Ok(Box::new(HostLogits::new(rows, VOCAB)))
    }
}

/// The same law by a function, so that there is nothing to fork.
fn as_function() -> impl Model {
    crate::ClosureModel::new(VOCAB, 1, |tokens: &[TokenId], out: &mut [f32]| {
        let all = [&PROMPT[..], tokens].concat();
        for (out, logit) in out.iter_mut().zip(logits(&all)) {
            *out = logit / 2.0;
        }
    })
}

const PROMPT: [TokenId; 3] = [TokenId(1), TokenId(4), TokenId(2)];

#[test]
fn models_are_read_as_functions_are() {
    let toy = hard(1);
    let warm = Sampling {
        temperature: 2.0,
        ..Sampling::default()
    };
    for batch in [1, 4] {
        for method in [Method::GCD, Method::CARS] {
            let options = SampleOptions {
                batch,
                max_row_bytes: 3000,
                ..toy.options(method)
            };
            let mut model = Sums::default();
            let one = WarpedModel::new(&mut model, &PROMPT, warm, 0).unwrap();
            let mut one = Sampler::new(one, toy.finite(), options.clone()).unwrap();
            let mut other = Sampler::new(as_function(), toy.finite(), options).unwrap();
            for _ in 0..150 {
                assert_eq!(one.sample(), other.sample());
            }
            let chain = Mcmc {
                steps: 20,
                cut: Cut::Prefix,
            };
            assert_eq!(one.mcmc(&chain), other.mcmc(&chain));
            assert_eq!(one.smc(&Smc::new(20)), other.smc(&Smc::new(20)));
            drop(one);
            assert!(
                model.texts.is_empty(),
                "{} texts are left",
                model.texts.len()
            );
            // The states that are kept, a batch, and those that are about to be ended.
            assert!(model.most < 32 + 20 * batch, "{} texts at once", model.most);
        }
    }
}

#[test]
fn prompts_and_parameters_are_part_of_the_model() {
    let mut model = Sums::default();
    let mut of = |prompt: &[TokenId], sampling, weights| {
        let model = WarpedModel::new(&mut model, prompt, sampling, weights);
        model.map(|model| model.fingerprint())
    };
    let plain = Sampling::default();
    let all = [
        of(&PROMPT, plain, 0),
        of(&PROMPT[1..], plain, 0),
        of(&PROMPT, plain, 1),
        of(
            &PROMPT,
            Sampling {
                temperature: 0.5,
                ..plain
            },
            0,
        ),
        of(&PROMPT, Sampling { top_k: 3, ..plain }, 0),
        of(
            &PROMPT,
            Sampling {
                top_p: 0.5,
                ..plain
            },
            0,
        ),
        of(
            &PROMPT,
            Sampling {
                min_p: 0.5,
                ..plain
            },
            0,
        ),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(one.is_ok());
        assert_eq!(all.iter().filter(|other| *other == one).count(), 1, "{at}");
    }
    let greedy = of(&PROMPT, Sampling::GREEDY, 0);
    assert!(matches!(
        greedy,
        Err(SampleError::Option {
            name: "temperature",
            ..
        })
    ));
    let refused = [&[][..], &[TokenId(0); 20]].map(|prompt| of(prompt, plain, 0));
    assert!(
        refused
            .iter()
            .all(|one| matches!(one, Err(SampleError::Model(_))))
    );
}

#[test]
fn texts_fit_behind_the_prompt() {
    let toy = hard(1);
    let mut model = Sums::default();
    let options = SampleOptions::new(Method::CARS, toy.stop.clone(), 18);
    let warped = WarpedModel::new(&mut model, &PROMPT, Sampling::default(), 0).unwrap();
    let error = Sampler::new(warped, toy.finite(), options).err();
    assert!(matches!(
        error,
        Some(SampleError::Option {
            name: "max_tokens",
            ..
        })
    ));
}
