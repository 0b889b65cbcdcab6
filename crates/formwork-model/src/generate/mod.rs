//! The loop that lets a model write texts in a given form.
//!
//! Every round is one pass of the model over what it has not read yet, of all texts at
//! once. Masks are filled while it runs. Three things save passes: what the constraint
//! forces is appended without asking the model, drafted tokens are read in one pass and
//! kept as far as the model agrees, and texts with the same prompt read it once.

mod draft;
mod error;
mod promise;
mod running;
mod sequences;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use formwork::{Matcher, TokenId, Vocab};

pub use draft::{Drafter, PromptLookup};
pub use error::GenerateError;
use running::Running;
use sequences::Sequences;

use crate::{LanguageModel, ModelError, ModelErrorKind, Sampling, SequenceId, Step, Wanted};

/// A text to be generated.
#[derive(Clone)]
pub struct Request {
    /// What the model reads first: at least one token.
    pub prompt: Vec<TokenId>,
    /// The form that the text has to have, at its beginning; `None` for any text.
    pub constraint: Option<Matcher>,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// The seed of chance: the same request with the same seed gives the same text,
    /// with drafts and without.
    pub seed: u64,
    /// The most tokens, without the prompt's.
    pub max_tokens: usize,
    /// Whether the constraint is fulfilled within `max_tokens`, whatever the model
    /// prefers: from where only short ways to the end are left, tokens that lead away
    /// from it are not taken.
    pub must_complete: bool,
    /// The text ends before the first of these.
    pub stop: Vec<Vec<u8>>,
}

/// Why a text ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Finish {
    /// The model chose to end it, where the constraint allows it, or nothing can follow.
    Complete,
    /// One of the texts to stop before came up.
    StopText,
    /// It has as many tokens as were allowed, or as the model can read.
    MaxTokens,
    /// The caller asked for it.
    Cancelled,
}

/// A text that was generated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generation {
    /// The text; what models write need not be UTF-8 without a constraint.
    pub text: Vec<u8>,
    /// Its tokens, without a stop token.
    pub tokens: Vec<TokenId>,
    /// Why it ended.
    pub finish: Finish,
    /// Whether it is a whole text of the constraint, or there is none.
    pub constraint_completed: bool,
    /// Tokens that were forced by the constraint.
    pub forced: usize,
    /// Tokens that were drafted.
    pub drafted: usize,
    /// Of those, the ones that the model would have chosen itself.
    pub accepted: usize,
}

/// What a run took. Times of masks and passes overlap.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Tokens of prompts that the model read.
    pub prompt_tokens: usize,
    /// Tokens of all texts.
    pub tokens: usize,
    /// Passes of the model, without that over prompts.
    pub passes: usize,
    /// Time of the pass over prompts.
    pub prefill: Duration,
    /// Time of the other passes, as far as the host waits for them.
    pub forward: Duration,
    /// Time of filling masks.
    pub masks: Duration,
    /// Time of sampling; on a device, of what is left of the pass as well.
    pub sampling: Duration,
    /// Everything.
    pub total: Duration,
}

/// Texts, in the order of their requests.
#[derive(Clone, PartialEq, Debug)]
pub struct Generated {
    /// The texts.
    pub generations: Vec<Generation>,
    /// What they took.
    pub stats: Stats,
}

/// Generates texts. `on_text` gets the number of a request and the bytes that its text
/// has grown by; if it breaks, that text ends.
///
/// Takes at most `max_tokens` passes of the model, beyond one for the prompts.
///
/// # Errors
///
/// If a request does not fit the model, or cannot be completed as it has to be; if the
/// model fails, or a limit of the constraint is reached.
pub fn generate(
    model: &mut dyn LanguageModel,
    vocab: &Arc<Vocab>,
    requests: &[Request],
    mut drafter: Option<&mut dyn Drafter>,
    on_text: &mut dyn FnMut(usize, &[u8]) -> ControlFlow<()>,
) -> Result<Generated, GenerateError> {
    let begun = Instant::now();
    let mut stats = Stats::default();
    check(model, vocab, requests)?;
    let mut all = Vec::with_capacity(requests.len());
    for (number, request) in requests.iter().enumerate() {
        all.push(Running::new(number, request, vocab, model)?);
    }
    let mut sequences = Sequences::new(model);
    let own = sequences.read_prompts(requests, &mut stats)?;
    for (running, sequence) in all.iter_mut().zip(own) {
        running.sequence = sequence;
        running.take_forced(on_text)?;
    }
    loop {
        let mut open: Vec<&mut Running> = all.iter_mut().filter(|r| r.finish.is_none()).collect();
        if open.is_empty() {
            break;
        }
        round(
            sequences.model,
            &mut open,
            &mut drafter,
            on_text,
            &mut stats,
        )?;
    }
    drop(sequences);
    let generations: Vec<Generation> = all.into_iter().map(Running::finish).collect();
    stats.tokens = generations.iter().map(|one| one.tokens.len()).sum();
    stats.total = begun.elapsed();
    Ok(Generated { generations, stats })
}

/// One pass of the model.
fn round(
    model: &mut dyn LanguageModel,
    open: &mut [&mut Running],
    drafter: &mut Option<&mut dyn Drafter>,
    on_text: &mut dyn FnMut(usize, &[u8]) -> ControlFlow<()>,
    stats: &mut Stats,
) -> Result<(), GenerateError> {
    for running in open.iter_mut() {
        running.propose(drafter)?;
    }
    let inputs: Vec<(SequenceId, Vec<TokenId>, usize)> =
        open.iter().map(|running| running.input()).collect();
    let steps: Vec<Step<'_>> = inputs
        .iter()
        .map(|(sequence, tokens, rows)| Step {
            sequence: *sequence,
            tokens,
            wanted: Wanted::Tail(*rows),
        })
        .collect();
    let (logits, masks) = rayon::join(
        || timed(|| model.forward(&steps)),
        || timed(|| open.iter_mut().try_for_each(|running| running.fill_masks())),
    );
    let ((logits, forward), (filled, masks)) = (logits, masks);
    stats.passes += 1;
    stats.forward += forward;
    stats.masks += masks;
    let logits = logits?;
    filled?;
    let mut first = 0;
    let mut draws = Vec::new();
    for running in open.iter() {
        draws.extend(running.draws(first));
        first += running.rows();
    }
    let (tokens, time) = timed(|| logits.sample(&draws));
    stats.sampling += time;
    let tokens = tokens?;
    let mut first = 0;
    for running in open.iter_mut() {
        let rows = running.rows();
        let own = tokens.get(first..first + rows).unwrap_or_default().to_vec();
        running.accept(&own, &*logits, first, on_text)?;
        first += rows;
        if running.finish.is_none() {
            model.truncate(running.sequence, running.read)?;
            running.take_forced(on_text)?;
        }
    }
    Ok(())
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = run();
    (result, begun.elapsed())
}

fn check(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    requests: &[Request],
) -> Result<(), GenerateError> {
    let wrong = |message: String| Err(ModelError::new(ModelErrorKind::Request, message).into());
    if vocab.len() > model.vocab_len() {
        return wrong(format!(
            "the vocabulary has {} tokens, the model only {} logits",
            vocab.len(),
            model.vocab_len()
        ));
    }
    for (number, request) in requests.iter().enumerate() {
        request.sampling.check()?;
        let len = request.prompt.len();
        if len == 0 || len > model.max_len() {
            return wrong(format!(
                "the prompt of request {number} has {len} tokens; the model reads 1 to {}",
                model.max_len()
            ));
        }
    }
    Ok(())
}
