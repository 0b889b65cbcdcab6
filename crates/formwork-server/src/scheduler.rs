//! The one thread that runs the model.
//!
//! All texts are decoded together; between two passes, new ones join and those that
//! nobody waits for leave.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use formwork::Vocab;
use formwork_model::{Batch, GenerateError, Generation, LanguageModel, Prepared, Stats, TextId};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::metrics::Metrics;

/// Texts that were asked for together.
pub(crate) struct Job {
    /// At least one text.
    pub(crate) texts: Vec<Prepared>,
    /// What hears of them; once it is closed, they are cancelled.
    pub(crate) events: UnboundedSender<Event>,
    /// The place in the queue, which is given back once the texts run.
    pub(crate) place: OwnedSemaphorePermit,
}

/// What becomes of a text, by its number in the job.
pub(crate) enum Event {
    /// It has grown by some bytes.
    Grown(usize, Vec<u8>),
    /// It has ended.
    Ended(usize, Box<Result<Generation, GenerateError>>),
}

/// Starts the thread. It ends when all senders are dropped and no text runs.
pub(crate) fn start(
    mut model: Box<dyn LanguageModel>,
    vocab: Arc<Vocab>,
    max_running: usize,
    prompt_tokens: usize,
    metrics: Arc<Metrics>,
) -> std::io::Result<UnboundedSender<Job>> {
    let (sender, jobs) = unbounded_channel();
    let run = move || {
        // What does not fit was refused when the server was made.
        let Ok(batch) = Batch::new(&mut *model, &vocab) else {
            return;
        };
        Scheduler {
            batch: batch.with_prompt_tokens(prompt_tokens),
            jobs,
            held: None,
            running: BTreeMap::new(),
            max_running,
            metrics,
            stats: Stats::default(),
        }
        .run();
    };
    let builder = std::thread::Builder::new().name("model".to_owned());
    builder.spawn(run).map(|_| sender)
}

struct Scheduler<'a> {
    batch: Batch<'a>,
    jobs: UnboundedReceiver<Job>,
    /// A job for which there is no room yet.
    held: Option<Job>,
    running: BTreeMap<TextId, Listener>,
    max_running: usize,
    metrics: Arc<Metrics>,
    /// Of all passes so far.
    stats: Stats,
}

/// What hears of a text, which has this number in its job.
struct Listener {
    number: usize,
    events: UnboundedSender<Event>,
}

impl Listener {
    /// Tells it, if it still listens; otherwise the text is cancelled before the next pass.
    fn tell(&self, event: impl FnOnce(usize) -> Event) {
        let _ = self.events.send(event(self.number));
    }
}

impl Scheduler<'_> {
    fn run(mut self) {
        while self.admit().is_continue() {
            self.cancel();
            self.step();
            self.metrics.running(self.running.len());
        }
    }

    /// Takes jobs while there is room; waits for one if nothing runs. Breaks once there
    /// will be none.
    fn admit(&mut self) -> ControlFlow<()> {
        loop {
            let job = match self.held.take() {
                Some(job) => job,
                None if self.running.is_empty() => match self.jobs.blocking_recv() {
                    Some(job) => job,
                    None => return ControlFlow::Break(()),
                },
                None => match self.jobs.try_recv() {
                    Ok(job) => job,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                },
            };
            let wanted = self.running.len() + job.texts.len();
            if !self.running.is_empty() && wanted > self.max_running {
                self.held = Some(job);
                break;
            }
            self.begin(job);
        }
        ControlFlow::Continue(())
    }

    fn begin(&mut self, job: Job) {
        if job.events.is_closed() {
            return;
        }
        for (number, text) in job.texts.into_iter().enumerate() {
            let id = self.batch.add_prepared(text);
            let events = job.events.clone();
            self.running.insert(id, Listener { number, events });
        }
        drop(job.place);
    }

    /// Ends texts that nobody waits for.
    fn cancel(&mut self) {
        let batch = &mut self.batch;
        let metrics = &self.metrics;
        self.running.retain(|&id, listener| {
            let is_wanted = !listener.events.is_closed();
            if !is_wanted {
                batch.cancel(id);
                metrics.cancelled();
            }
            is_wanted
        });
    }

    fn step(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let begun = Instant::now();
        // Told after the pass: whoever is woken takes time that the others wait for.
        let mut grown: BTreeMap<TextId, Vec<u8>> = BTreeMap::new();
        let mut on_text = |id: TextId, bytes: &[u8]| {
            grown.entry(id).or_default().extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        let progress = match self.batch.step(None, &mut on_text) {
            Ok(progress) => progress,
            Err(error) => {
                // All texts are ended, and the next ones may fare better.
                for (_, listener) in std::mem::take(&mut self.running) {
                    let error = Err(GenerateError::Model(error.clone()));
                    listener.tell(|number| Event::Ended(number, Box::new(error)));
                }
                return;
            }
        };
        for (id, bytes) in grown {
            if let Some(listener) = self.running.get(&id) {
                listener.tell(|number| Event::Grown(number, bytes));
            }
        }
        let stats = self.batch.stats();
        self.metrics
            .pass(begun.elapsed(), &progress.shares, &self.stats, &stats);
        self.stats = stats;
        for (id, result) in progress.ended {
            if let Some(listener) = self.running.remove(&id) {
                listener.tell(|number| Event::Ended(number, Box::new(result)));
            }
        }
    }
}
