//! A language model without training: logits are a hash of the last tokens.

use std::collections::BTreeMap;

use formwork::TokenId;
use formwork_model::{
    HostLogits, LanguageModel, Logits, ModelError, ModelErrorKind, SequenceId, Step,
};

use formwork_testkit::Rng;

/// A model whose logits depend on the last four tokens alone, by chance, and are the
/// same everywhere.
#[derive(Clone, Debug)]
pub(crate) struct HashModel {
    vocab_len: usize,
    max_len: usize,
    seed: u64,
    texts: BTreeMap<SequenceId, Vec<TokenId>>,
    next: u64,
    /// Calls of `forward` so far.
    pub(crate) passes: usize,
}

impl HashModel {
    /// The model of a seed.
    pub(crate) fn new(vocab_len: usize, max_len: usize, seed: u64) -> HashModel {
        HashModel {
            vocab_len,
            max_len,
            seed,
            texts: BTreeMap::new(),
            next: 0,
            passes: 0,
        }
    }

    /// The logits behind some tokens.
    pub(crate) fn logits(&self, tokens: &[TokenId]) -> Vec<f32> {
        let mut state = self.seed;
        for token in tokens.iter().rev().take(4) {
            state = Rng::new(state ^ u64::from(token.0)).bits();
        }
        let mut rng = Rng::new(state);
        let mut logit = || (rng.bits() >> 40) as f32 / (1u32 << 20) as f32;
        (0..self.vocab_len).map(|_| logit()).collect()
    }

    /// How many texts it keeps.
    pub(crate) fn texts(&self) -> usize {
        self.texts.len()
    }

    fn text(&self, sequence: SequenceId) -> Result<&Vec<TokenId>, ModelError> {
        let text = self.texts.get(&sequence);
        text.ok_or_else(|| wrong("there is no such text"))
    }

    fn add(&mut self, text: Vec<TokenId>) -> SequenceId {
        self.next += 1;
        self.texts.insert(SequenceId(self.next), text);
        SequenceId(self.next)
    }
}

impl LanguageModel for HashModel {
    fn vocab_len(&self) -> usize {
        self.vocab_len
    }

    fn max_len(&self) -> usize {
        self.max_len
    }

    fn begin(&mut self) -> SequenceId {
        self.add(Vec::new())
    }

    fn fork(&mut self, sequence: SequenceId) -> Result<SequenceId, ModelError> {
        let text = self.text(sequence)?.clone();
        Ok(self.add(text))
    }

    fn len(&self, sequence: SequenceId) -> Result<usize, ModelError> {
        self.text(sequence).map(Vec::len)
    }

    fn truncate(&mut self, sequence: SequenceId, len: usize) -> Result<(), ModelError> {
        if self.text(sequence)?.len() < len {
            return Err(wrong("the text is shorter"));
        }
        if let Some(text) = self.texts.get_mut(&sequence) {
            text.truncate(len);
        }
        Ok(())
    }

    fn end(&mut self, sequence: SequenceId) {
        self.texts.remove(&sequence);
    }

    fn forward(&mut self, steps: &[Step<'_>]) -> Result<Box<dyn Logits>, ModelError> {
        self.passes += 1;
        let mut rows = Vec::new();
        for step in steps {
            let mut text = self.text(step.sequence)?.clone();
            let wanted = step.wanted.rows(step.tokens.len());
            for (at, &token) in step.tokens.iter().enumerate() {
                text.push(token);
                if at + wanted >= step.tokens.len() {
                    rows.extend(self.logits(&text));
                }
            }
            if step.tokens.is_empty() || text.len() > self.max_len {
                return Err(wrong("there is nothing to read, or too much"));
            }
            self.texts.insert(step.sequence, text);
        }
        Ok(Box::new(HostLogits::new(rows, self.vocab_len)))
    }
}

fn wrong(message: &str) -> ModelError {
    ModelError::new(ModelErrorKind::Request, message)
}
