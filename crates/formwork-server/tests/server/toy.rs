//! A model without training: it repeats what a prompt asks it to say, or rambles.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use formwork::{TokenId, Vocab};
use formwork_model::{
    HostLogits, LanguageModel, Logits, ModelError, ModelErrorKind, SequenceId, Step,
};
use formwork_testkit::Rng;

/// Prefers to write what stands between `say:` and `§` in its prompt; where there is no
/// such thing, or it was led away from it, logits are a hash of the last tokens.
pub(crate) struct Toy {
    vocab: Arc<Vocab>,
    texts: BTreeMap<SequenceId, Vec<TokenId>>,
    next: u64,
    /// What a pass takes.
    pub(crate) delay: Duration,
    /// Passes after which it fails once.
    pub(crate) fails_at: Option<usize>,
    passes: usize,
}

pub(crate) const MAX_LEN: usize = 2_000;

impl Toy {
    pub(crate) fn new(vocab: &Arc<Vocab>) -> Toy {
        Toy {
            vocab: Arc::clone(vocab),
            texts: BTreeMap::new(),
            next: 0,
            delay: Duration::ZERO,
            fails_at: None,
            passes: 0,
        }
    }

    fn wish(&self, tokens: &[TokenId]) -> Option<TokenId> {
        let bytes = tokens.iter().flat_map(|&id| self.vocab.bytes(id));
        let bytes: Vec<u8> = bytes.copied().collect();
        let find = |what: &[u8]| bytes.windows(what.len()).rposition(|w| w == what);
        let begin = find(b"say:")? + 4;
        let end = find("§".as_bytes())?;
        let script = bytes.get(begin..end)?;
        let written = bytes.get(end + "§\n".len()..)?;
        let rest = script.strip_prefix(written)?;
        if rest.is_empty() {
            return self.vocab.stop_ids().first().copied();
        }
        let ids = (0..self.vocab.len() as u32).map(TokenId);
        let fitting = ids.filter(|&id| {
            let bytes = self.vocab.bytes(id);
            !bytes.is_empty() && rest.starts_with(bytes)
        });
        fitting.max_by_key(|&id| self.vocab.bytes(id).len())
    }

    fn logits(&self, tokens: &[TokenId]) -> Vec<f32> {
        let mut state = 7;
        for token in tokens.iter().rev().take(4) {
            state = Rng::new(state ^ u64::from(token.0)).bits();
        }
        let mut rng = Rng::new(state);
        let mut logit = || (rng.bits() >> 40) as f32 / (1u32 << 22) as f32;
        let mut logits: Vec<f32> = (0..self.vocab_len()).map(|_| logit()).collect();
        if let Some(wish) = self.wish(tokens) {
            logits[wish.0 as usize] = 1e6;
        }
        logits
    }
}

fn wrong() -> ModelError {
    ModelError::new(ModelErrorKind::Device, "the toy is broken")
}

impl LanguageModel for Toy {
    fn vocab_len(&self) -> usize {
        self.vocab.len() + 5
    }

    fn max_len(&self) -> usize {
        MAX_LEN
    }

    fn begin(&mut self) -> SequenceId {
        self.next += 1;
        self.texts.insert(SequenceId(self.next), Vec::new());
        SequenceId(self.next)
    }

    fn fork(&mut self, sequence: SequenceId) -> Result<SequenceId, ModelError> {
        let text = self.texts.get(&sequence).ok_or_else(wrong)?.clone();
        let fork = self.begin();
        self.texts.insert(fork, text);
        Ok(fork)
    }

    fn len(&self, sequence: SequenceId) -> Result<usize, ModelError> {
        self.texts.get(&sequence).map(Vec::len).ok_or_else(wrong)
    }

    fn truncate(&mut self, sequence: SequenceId, len: usize) -> Result<(), ModelError> {
        let text = self.texts.get_mut(&sequence).ok_or_else(wrong)?;
        text.truncate(len);
        Ok(())
    }

    fn end(&mut self, sequence: SequenceId) {
        self.texts.remove(&sequence);
    }

    fn forward(&mut self, steps: &[Step<'_>]) -> Result<Box<dyn Logits>, ModelError> {
        std::thread::sleep(self.delay);
        self.passes += 1;
        if self.fails_at == Some(self.passes) {
            return Err(wrong());
        }
        let mut rows = Vec::new();
        for step in steps {
            let mut text = self.texts.get(&step.sequence).ok_or_else(wrong)?.clone();
            let wanted = step.wanted.rows(step.tokens.len());
            for (at, &token) in step.tokens.iter().enumerate() {
                text.push(token);
                if at + wanted >= step.tokens.len() {
                    rows.extend(self.logits(&text));
                }
            }
            self.texts.insert(step.sequence, text);
        }
        Ok(Box::new(HostLogits::new(rows, self.vocab_len())))
    }
}
