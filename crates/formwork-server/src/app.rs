//! What all requests of a server share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use formwork::{Compiler, Fuel, Grammar, TokenId};
use formwork_model::{ChatTemplate, Prepared, Request, Tokenizer};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::constraint::Constraint;
use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::options::ServerOptions;
use crate::scheduler::{Event, Job};
use crate::settings::Settings;

/// What all requests of a server share.
pub(crate) struct App {
    /// The model's name, and when it was loaded, in seconds since 1970.
    pub(crate) name: String,
    pub(crate) created: u64,
    pub(crate) tokenizer: Tokenizer,
    pub(crate) chat: Option<ChatTemplate>,
    /// The model's logits, and the most tokens of a text.
    pub(crate) vocab_len: usize,
    pub(crate) max_len: usize,
    pub(crate) options: ServerOptions,
    pub(crate) compiler: Compiler,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) jobs: UnboundedSender<Job>,
    /// Places of requests that do not run yet.
    pub(crate) waiting: Arc<Semaphore>,
    /// Places of those that are read and compiled.
    pub(crate) compiling: Arc<Semaphore>,
}

impl App {
    /// A place among the requests that wait.
    pub(crate) fn admit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        place.map_err(|_| ApiError::overloaded(self.options.max_waiting))
    }

    /// The number of requests that do not run yet.
    pub(crate) fn waiting(&self) -> usize {
        let free = self.waiting.available_permits();
        self.options.max_waiting.saturating_sub(free)
    }

    /// Does what takes time on a thread of its own, not more of it at once than the
    /// options say. What compiles there burns the fuel that it is given, which stops it
    /// once nobody waits for this any more: the client is gone, or the time is over.
    pub(crate) async fn work<T: Send + 'static>(
        self: &Arc<App>,
        work: impl FnOnce(&App, &Fuel) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let waiting = Waiting::default();
        let fuel = waiting.fuel();
        let turn = Arc::clone(&self.compiling).acquire_owned().await;
        let turn = turn.map_err(|_| ApiError::stopped())?;
        let app = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&app, &fuel)
        });
        let failed = |_| ApiError::fault("the request could not be worked on");
        done.await.map_err(failed)?
    }

    /// The grammar of a constraint: one that is kept, or compiled, and then with the
    /// first mask, which takes longest.
    pub(crate) fn grammar(
        &self,
        constraint: &Constraint,
        fuel: &Fuel,
    ) -> Result<Grammar, ApiError> {
        let spec = constraint.spec(&self.options);
        if let Some(grammar) = self.compiler.known(&spec) {
            self.metrics.cache_hits.inc();
            return Ok(grammar);
        }
        self.metrics.cache_misses.inc();
        let begun = Instant::now();
        let grammar = self.compiler.compile_with(&spec, fuel);
        let grammar = grammar.map_err(|error| constraint.error(&error))?;
        let mut row = vec![0; self.compiler.vocab().mask_words()];
        let first = grammar.matcher().fill_mask(&mut row);
        first.map_err(|error| ApiError::fault(error.to_string()))?;
        self.metrics.compiled(begun.elapsed());
        Ok(grammar)
    }

    /// The texts that are asked for: `n` for each prompt, in that order.
    pub(crate) fn texts(
        &self,
        prompts: &[Vec<TokenId>],
        settings: &Settings,
        place: &str,
        fuel: &Fuel,
    ) -> Result<Vec<Prepared>, ApiError> {
        let (count, most) = (prompts.len().saturating_mul(settings.n), self.max_choices());
        if count > most {
            let message = format!("{count} texts are asked for; at most {most} are allowed");
            return Err(ApiError::limit("n", message));
        }
        let longest = self.options.max_prompt_tokens.min(self.max_len);
        for prompt in prompts {
            if prompt.len() > longest {
                let message = format!(
                    "the prompt has {} tokens; at most {longest} are allowed",
                    prompt.len()
                );
                return Err(ApiError::limit(place, message));
            }
        }
        let constraint = settings.constraint.as_ref();
        let grammar = constraint.map(|constraint| self.grammar(constraint, fuel));
        let grammar = grammar.transpose()?;
        let each = prompts
            .iter()
            .flat_map(|prompt| std::iter::repeat_n(prompt, settings.n));
        let text = |(number, prompt): (usize, &Vec<TokenId>)| {
            let room = self.max_len.saturating_sub(prompt.len()) + 1;
            let max_tokens = settings.max_tokens.min(room);
            let is_led = grammar
                .as_ref()
                .is_some_and(|grammar| has_room(grammar, max_tokens));
            let request = Request {
                prompt: prompt.clone(),
                constraint: grammar.as_ref().map(Grammar::matcher),
                sampling: settings.sampling,
                seed: settings.seed.wrapping_add(number as u64),
                max_tokens,
                must_complete: settings.must_complete.unwrap_or(is_led),
                stop: settings.stop.clone(),
            };
            let vocab = self.compiler.vocab();
            let prepared = Prepared::new(request, vocab, self.vocab_len, self.max_len);
            prepared.map_err(|error| ApiError::of_generation(&error))
        };
        each.enumerate().map(text).collect()
    }

    fn max_choices(&self) -> usize {
        self.options.max_choices.min(self.options.max_running)
    }

    /// Lets the model write texts. Dropping what is returned cancels them.
    pub(crate) fn start(
        &self,
        texts: Vec<Prepared>,
        place: OwnedSemaphorePermit,
    ) -> Result<UnboundedReceiver<Event>, ApiError> {
        let (events, receiver) = unbounded_channel();
        let job = Job {
            texts,
            events,
            place,
        };
        self.jobs.send(job).map_err(|_| ApiError::stopped())?;
        Ok(receiver)
    }
}

/// Somebody waits, as long as this lives.
#[derive(Default)]
struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// Stops once nobody waits.
    fn fuel(&self) -> Fuel {
        let is_gone = Arc::clone(&self.0);
        Fuel::unlimited().stop_if(move || is_gone.load(Ordering::Relaxed))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Tokens beyond single bytes, so that a text is not led from its very beginning.
const SPARE: usize = 16;

/// Whether a text of so many tokens may be led to its end without looking for short ways
/// at every token: there is room for a shortest one, written byte by byte.
fn has_room(grammar: &Grammar, max_tokens: usize) -> bool {
    let bytes = grammar.matcher().min_completion_bytes() as usize;
    grammar.index().missing().is_empty() && bytes + SPARE <= max_tokens
}
