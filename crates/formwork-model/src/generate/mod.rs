//! The loop that lets a model write texts in a given form.
//!
//! Every round is one pass of the model over what it has not read yet, of all texts at
//! once. Masks are filled while it runs. Three things save passes: what the constraint
//! forces is appended without asking the model, drafted tokens are read in one pass and
//! kept as far as the model agrees, and texts with the same prompt read it once.

mod batch;
mod draft;
mod error;
mod promise;
mod prompts;
mod running;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use formwork::{Matcher, TokenId, Vocab};

pub use batch::{Batch, Prepared, Progress, Share, Spent, TextId};
pub use draft::{Drafter, PromptLookup};
pub use error::GenerateError;

use crate::{LanguageModel, Sampling};

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
/// has grown by, but for what may turn out to begin a text to stop before; if it breaks,
/// that text ends.
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
    let mut batch = Batch::new(model, vocab)?;
    for request in requests {
        batch.add(request.clone())?;
    }
    let mut generations: Vec<Option<Generation>> = vec![None; requests.len()];
    // Texts are numbered as they were added.
    let mut on_text = |TextId(id): TextId, bytes: &[u8]| on_text(id as usize, bytes);
    while !batch.is_empty() {
        let drafter = drafter
            .as_mut()
            .map(|drafter| &mut **drafter as &mut dyn Drafter);
        for (TextId(id), generation) in batch.step(drafter, &mut on_text)?.ended {
            if let Some(slot) = generations.get_mut(id as usize) {
                *slot = Some(generation?);
            }
        }
    }
    let stats = Stats {
        total: begun.elapsed(),
        ..batch.stats()
    };
    let generations = generations.into_iter().flatten().collect();
    Ok(Generated { generations, stats })
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = run();
    (result, begun.elapsed())
}
