//! A thread that measures, and can be left behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;

use super::Options;
use super::case::Case;
use super::measure::{Measured, Outcome, Signals, measure, micros};
use crate::{Bench, BenchError, guard};

/// Measures one file at a time on a thread of its own, so that a panic is
/// caught and a file that takes too long can be given up.
pub(crate) struct Worker {
    bench: Arc<Bench>,
    options: Options,
    thread: Thread,
}

/// The two ends of a running thread. It ends when this is dropped, once its
/// current file is done.
struct Thread {
    jobs: Sender<Job>,
    results: Receiver<Measured>,
}

struct Job {
    case: Case,
    signals: Arc<Signals>,
}

impl Worker {
    /// A worker with a thread that waits.
    pub(crate) fn new(bench: &Arc<Bench>, options: &Options) -> Result<Worker, BenchError> {
        Ok(Worker {
            bench: Arc::clone(bench),
            options: options.clone(),
            thread: Thread::start(bench, options)?,
        })
    }

    /// Measures a file.
    pub(crate) fn measure(&mut self, case: Case) -> Result<Measured, BenchError> {
        let signals = Arc::new(Signals::default());
        let job = Job {
            case,
            signals: Arc::clone(&signals),
        };
        // If the thread is gone, receiving fails as well and says so.
        let _ = self.thread.jobs.send(job);
        match self.thread.results.recv_timeout(self.options.timeout) {
            Ok(measured) => Ok(measured),
            Err(RecvTimeoutError::Timeout) => {
                signals.cancelled.store(true, Ordering::Relaxed);
                self.thread = Thread::start(&self.bench, &self.options)?;
                let mut measured = Measured::only(Outcome::TimedOut);
                if !signals.compiled.load(Ordering::Relaxed) {
                    measured.ttfm_us = Some(micros(self.options.timeout));
                }
                Ok(measured)
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(BenchError::Setup("a worker thread ended early".to_owned()))
            }
        }
    }
}

impl Thread {
    fn start(bench: &Arc<Bench>, options: &Options) -> Result<Thread, BenchError> {
        let (jobs, inbox) = channel::<Job>();
        let (outbox, results) = channel();
        let bench = Arc::clone(bench);
        let options = options.clone();
        let work = move || {
            for Job { case, signals } in inbox {
                let measured = guard::catch(|| measure(&bench, &options, &case, &signals))
                    .unwrap_or_else(|message| Measured::only(Outcome::Panicked(message)));
                if outbox.send(measured).is_err() {
                    return; // nobody waits any more
                }
            }
        };
        thread::Builder::new()
            .name(guard::WORKER_NAME.to_owned())
            .stack_size(guard::STACK_BYTES)
            .spawn(work)
            .map_err(|error| BenchError::Setup(format!("cannot start a thread: {error}")))?;
        Ok(Thread { jobs, results })
    }
}
