//! One file, measured.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use formwork::SchemaOptions;

use super::case::Case;
use crate::walk::{Verdict, walk};
use crate::{Bench, refusal};

/// What a schema came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It compiled, and its instances were read.
    Ran,
    /// It did not compile, for these reasons.
    Refused(BTreeSet<String>),
    /// Reading an instance exceeded a limit of the engine.
    Failed(String),
    /// The code under test panicked.
    Panicked(String),
    /// It took too long.
    TimedOut,
}

/// Everything measured of one file.
pub(crate) struct Measured {
    pub(crate) outcome: Outcome,
    pub(crate) ttfm_us: Option<f32>,
    pub(crate) tbm_us: Vec<f32>,
    pub(crate) valid_accepted: usize,
    pub(crate) valid_total: usize,
    pub(crate) invalid_rejected: usize,
    pub(crate) invalid_total: usize,
    pub(crate) disagreements: usize,
    /// Whether only a part of the schema is compiled.
    pub(crate) subset: bool,
}

impl Measured {
    /// A result without measurements.
    pub(crate) fn only(outcome: Outcome) -> Measured {
        Measured {
            outcome,
            ttfm_us: None,
            tbm_us: Vec::new(),
            valid_accepted: 0,
            valid_total: 0,
            invalid_rejected: 0,
            invalid_total: 0,
            disagreements: 0,
            subset: false,
        }
    }

    /// Whether a valid instance was rejected.
    pub(crate) fn is_over(&self) -> bool {
        self.valid_accepted < self.valid_total
    }

    /// Whether an invalid instance was accepted.
    pub(crate) fn is_under(&self) -> bool {
        self.invalid_rejected < self.invalid_total
    }

    /// Whether everything about the schema was right.
    pub(crate) fn is_passing(&self) -> bool {
        let clean = self.outcome == Outcome::Ran && self.disagreements == 0;
        clean && !self.is_over() && !self.is_under()
    }

    fn tally(&mut self, valid: bool, accepted: bool) {
        if valid {
            self.valid_total += 1;
            self.valid_accepted += usize::from(accepted);
        } else {
            self.invalid_total += 1;
            self.invalid_rejected += usize::from(!accepted);
        }
    }
}

/// How a measurement in progress and the one who waits for it tell each other
/// how things stand.
#[derive(Default)]
pub(crate) struct Signals {
    /// Set by the measurement once the schema is compiled.
    pub(crate) compiled: AtomicBool,
    /// Set by the one who waits, when the time is up.
    pub(crate) cancelled: AtomicBool,
}

impl Signals {
    fn check(&self) -> ControlFlow<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Compiles the schema of `case` and reads its instances.
pub(crate) fn measure(
    bench: &Bench,
    options: &SchemaOptions,
    case: &Case,
    signals: &Signals,
) -> Measured {
    let start = Instant::now();
    let compiled = bench.compiler().json_schema(&case.schema, options);
    let ready = compiled.map(|grammar| grammar.matcher());
    let ttfm = start.elapsed();
    signals.compiled.store(true, Ordering::Relaxed);
    let mut matcher = match ready {
        Ok(matcher) => matcher,
        Err(error) => return Measured::only(Outcome::Refused(refusal::reasons(&error))),
    };

    let mut measured = Measured::only(Outcome::Ran);
    measured.ttfm_us = Some(micros(ttfm));
    measured.subset = !matcher.grammar().status().is_exact();
    let mut row = vec![0; bench.vocab().mask_words()];
    for instance in &case.instances {
        let tokens = match bench.encoder().encode(&instance.text) {
            Ok(tokens) => tokens,
            Err(error) => {
                measured.outcome = Outcome::Failed(error.to_string());
                return measured;
            }
        };
        matcher.reset();
        let times = &mut measured.tbm_us;
        let walked = walk(&mut matcher, bench.vocab(), &tokens, &mut row, |time| {
            times.push(micros(time));
            signals.check()
        });
        measured.disagreements += walked.disagreements;
        match walked.verdict {
            Verdict::Accepted => measured.tally(instance.valid, true),
            Verdict::Rejected { .. } | Verdict::Unfinished => {
                measured.tally(instance.valid, false);
            }
            Verdict::Failed(message) => {
                measured.outcome = Outcome::Failed(message);
                return measured;
            }
            Verdict::Cancelled => {
                measured.outcome = Outcome::TimedOut;
                return measured;
            }
        }
    }
    measured
}

/// A time in microseconds; `f32` keeps seven digits at half the memory.
pub(crate) fn micros(time: Duration) -> f32 {
    (time.as_secs_f64() * 1e6) as f32
}
