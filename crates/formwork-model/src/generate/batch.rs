//! Texts that are generated together, and that come and go between passes.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use formwork::{TokenId, Vocab};
use rayon::prelude::*;

use super::draft::Drafter;
use super::error::GenerateError;
use super::prompts::Prompts;
use super::running::Running;
use super::{Generation, Request, Stats, timed};
use crate::{LanguageModel, ModelError, ModelErrorKind, SequenceId, Step, Wanted};

/// A text of a [`Batch`], by number: 0 for the first one, and never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TextId(pub u64);

/// Texts that a model writes together. Any may be [added](Batch::add) or
/// [cancelled](Batch::cancel) between two [steps](Batch::step), and none changes another:
/// a text is the same alone and in a batch.
///
/// What the model keeps of the texts is ended with them, at the latest when the batch is
/// dropped.
pub struct Batch<'a> {
    model: &'a mut dyn LanguageModel,
    vocab: Arc<Vocab>,
    prompt_tokens: usize,
    prompts: Prompts,
    /// In the order in which they were added.
    texts: Vec<Running>,
    next: u64,
    stats: Stats,
}

/// A request that was checked, and for which a way to its end was looked for: what takes
/// time before the model is asked, to be done on any thread.
pub struct Prepared(Running);

impl Prepared {
    /// Prepares a request for a model of so many logits that reads so many tokens.
    ///
    /// # Errors
    ///
    /// If the request does not fit the model, or cannot be completed as it has to be.
    pub fn new(
        request: Request,
        vocab: &Arc<Vocab>,
        vocab_len: usize,
        max_len: usize,
    ) -> Result<Prepared, GenerateError> {
        request.sampling.check()?;
        let len = request.prompt.len();
        if len == 0 || len > max_len {
            return Err(wrong(format!(
                "the prompt has {len} tokens; the model reads 1 to {max_len}"
            )));
        }
        Running::new(request, vocab, vocab_len, max_len).map(Prepared)
    }
}

/// What one step came to.
#[derive(Debug, Default)]
pub struct Progress {
    /// Texts that are no longer part of the batch. A text that fails ends alone.
    pub ended: Vec<(TextId, Result<Generation, GenerateError>)>,
    /// What every text had of the pass.
    pub shares: Vec<Share>,
}

/// What a text had of one pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// The text.
    pub text: TextId,
    /// So many tokens were added to it.
    pub tokens: usize,
    /// What its constraint took: its masks, to read its tokens, and to choose others where
    /// it has to end. `None` without one.
    pub constraint: Option<Spent>,
}

/// Time spent by one thread.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Spent {
    /// From begin to end; on a busy machine, also that in which others had the processor.
    pub wall: Duration,
    /// Of the processor.
    pub cpu: Duration,
}

impl<'a> Batch<'a> {
    /// A batch without texts, whose prompts are read at once.
    ///
    /// # Errors
    ///
    /// If the model has fewer logits than the vocabulary has tokens.
    pub fn new(
        model: &'a mut dyn LanguageModel,
        vocab: &Arc<Vocab>,
    ) -> Result<Batch<'a>, GenerateError> {
        if vocab.len() > model.vocab_len() {
            let (tokens, logits) = (vocab.len(), model.vocab_len());
            return Err(wrong(format!(
                "the vocabulary has {tokens} tokens, the model only {logits} logits"
            )));
        }
        Ok(Batch {
            model,
            vocab: Arc::clone(vocab),
            prompt_tokens: usize::MAX,
            prompts: Prompts::default(),
            texts: Vec::new(),
            next: 0,
            stats: Stats::default(),
        })
    }

    /// Reads at most so many tokens of prompts in one step, and at least one, so that a
    /// long prompt does not make the other texts wait.
    #[must_use]
    pub fn with_prompt_tokens(mut self, most: usize) -> Batch<'a> {
        self.prompt_tokens = most.max(1);
        self
    }

    /// Adds a text.
    ///
    /// # Errors
    ///
    /// If the request does not fit the model, or cannot be completed as it has to be.
    pub fn add(&mut self, request: Request) -> Result<TextId, GenerateError> {
        let (vocab_len, max_len) = (self.model.vocab_len(), self.model.max_len());
        let prepared = Prepared::new(request, &self.vocab, vocab_len, max_len)?;
        Ok(self.add_prepared(prepared))
    }

    /// Adds a text that was prepared for this model, which takes no time to speak of.
    pub fn add_prepared(&mut self, Prepared(mut running): Prepared) -> TextId {
        let id = TextId(self.next);
        self.next += 1;
        running.id = id;
        if running.is_open() {
            self.prompts.add(self.model, running.prompt(), id);
        }
        self.texts.push(running);
        id
    }

    /// Ends a text as it is; `None` if it is not part of the batch.
    pub fn cancel(&mut self, id: TextId) -> Option<Generation> {
        let at = self.texts.iter().position(|running| running.id == id)?;
        let running = self.texts.remove(at);
        self.forget(&running);
        running.cancelled().ok()
    }

    /// The number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are no texts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// What all steps took so far. `total` is left to the caller.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Reads prompts, as far as they are new, and lets the model take one pass over all
    /// texts whose prompts are read. `on_text` gets the bytes that a text has grown by;
    /// if it breaks, that text ends.
    ///
    /// # Errors
    ///
    /// If the model fails: then all texts are ended, and none is left.
    pub fn step(
        &mut self,
        drafter: Option<&mut dyn Drafter>,
        on_text: &mut dyn FnMut(TextId, &[u8]) -> ControlFlow<()>,
    ) -> Result<Progress, ModelError> {
        let mut progress = Progress::default();
        match self.advance(drafter, on_text) {
            Ok(shares) => progress.shares = shares,
            Err(error) => {
                self.clear();
                return Err(error);
            }
        }
        let ended = self.texts.extract_if(.., |running| !running.is_open());
        for running in ended.collect::<Vec<_>>() {
            self.forget(&running);
            let id = running.id;
            let generation = running.finish();
            if let Ok(generation) = &generation {
                self.stats.tokens += generation.tokens.len();
            }
            progress.ended.push((id, generation));
        }
        Ok(progress)
    }

    fn advance(
        &mut self,
        mut drafter: Option<&mut dyn Drafter>,
        on_text: &mut dyn FnMut(TextId, &[u8]) -> ControlFlow<()>,
    ) -> Result<Vec<Share>, ModelError> {
        let ready = self
            .prompts
            .read(self.model, self.prompt_tokens, &mut self.stats)?;
        for (id, sequence) in ready {
            let mut texts = self.texts.iter_mut();
            if let Some(running) = texts.find(|running| running.id == id) {
                running.sequence = Some(sequence);
                running.attempt(|running| running.take_forced(on_text));
            }
        }
        for running in self.texts.iter_mut().filter(|running| running.is_read()) {
            running.attempt(|running| running.propose(&mut drafter));
        }
        let is_in_pass = |running: &&mut Running| running.is_open() && running.is_read();
        let mut open: Vec<&mut Running> = self.texts.iter_mut().filter(is_in_pass).collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        pass(self.model, &mut open, on_text, &mut self.stats)?;
        Ok(open
            .iter_mut()
            .map(|running| running.take_share())
            .collect())
    }

    /// Ends what the model keeps of a text.
    fn forget(&mut self, running: &Running) {
        match running.sequence {
            Some(sequence) => self.model.end(sequence),
            None => self.prompts.remove(self.model, running.id),
        }
    }

    fn clear(&mut self) {
        self.prompts.clear(self.model);
        for running in self.texts.drain(..) {
            if let Some(sequence) = running.sequence {
                self.model.end(sequence);
            }
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// One pass of the model over what it has not read yet of all texts. Masks are filled
/// while it runs.
fn pass(
    model: &mut dyn LanguageModel,
    open: &mut [&mut Running],
    on_text: &mut dyn FnMut(TextId, &[u8]) -> ControlFlow<()>,
    stats: &mut Stats,
) -> Result<(), ModelError> {
    let inputs: Vec<(SequenceId, Vec<TokenId>, usize)> =
        open.iter().filter_map(|running| running.input()).collect();
    let steps: Vec<Step<'_>> = inputs
        .iter()
        .map(|(sequence, tokens, rows)| Step {
            sequence: *sequence,
            tokens,
            wanted: Wanted::Tail(*rows),
        })
        .collect();
    let fill = |running: &mut &mut Running| running.attempt(|running| running.fill_masks());
    let ((logits, forward), ((), masks)) = rayon::join(
        || timed(|| model.forward(&steps)),
        || timed(|| open.par_iter_mut().for_each(fill)),
    );
    stats.passes += 1;
    stats.forward += forward;
    stats.masks += masks;
    let logits = logits?;
    let mut first = 0;
    let mut draws = Vec::new();
    let mut firsts = Vec::with_capacity(open.len());
    for running in open.iter() {
        firsts.push((first, draws.len()));
        draws.extend(running.draws(first));
        first += running.rows();
    }
    let (tokens, time) = timed(|| logits.sample(&draws));
    drop(draws);
    stats.sampling += time;
    let tokens = tokens?;
    for (running, (first, draw)) in open.iter_mut().zip(firsts) {
        if !running.is_open() {
            continue; // its masks could not be filled
        }
        let sampled = tokens.get(draw..draw + running.rows()).unwrap_or_default();
        running.attempt(|running| running.accept(sampled, &*logits, first, on_text));
        if let (true, Some(sequence)) = (running.is_open(), running.sequence) {
            model.truncate(sequence, running.read)?;
            running.attempt(|running| running.take_forced(on_text));
        }
    }
    Ok(())
}

fn wrong(message: String) -> GenerateError {
    ModelError::new(ModelErrorKind::Request, message).into()
}
