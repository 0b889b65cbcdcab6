//! One file, measured.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use formwork::{Matcher, TokenId};

use super::Options;
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
    /// The same of a second request, if it was asked for.
    pub(crate) again_us: Vec<f32>,
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
            again_us: Vec::new(),
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

/// Compiles the schema of `case` and reads its instances, twice if asked to.
pub(crate) fn measure(
    bench: &Bench,
    options: &Options,
    case: &Case,
    signals: &Signals,
) -> Measured {
    let start = Instant::now();
    let compiled = bench.compiler().json_schema(&case.schema, &options.schema);
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
    let encoded = case.instances.iter();
    let encoded = encoded.map(|instance| bench.encoder().encode(&instance.text));
    let texts: Vec<Vec<TokenId>> = match encoded.collect() {
        Ok(texts) => texts,
        Err(error) => {
            measured.outcome = Outcome::Failed(error.to_string());
            return measured;
        }
    };

    let mut reader = Reader {
        bench,
        signals,
        matcher: &mut matcher,
        row: vec![0; bench.vocab().mask_words()],
        disagreements: 0,
    };
    let (accepted, mut outcome) = reader.read(&texts, &mut measured.tbm_us);
    if options.again && outcome == Outcome::Ran {
        let (again, second) = reader.read(&texts, &mut measured.again_us);
        outcome = second;
        // What was learnt must not change a verdict.
        let pairs = accepted.iter().zip(&again);
        reader.disagreements += pairs.filter(|(first, again)| first != again).count();
    }
    measured.outcome = outcome;
    measured.disagreements = reader.disagreements;
    for (instance, &accepted) in case.instances.iter().zip(&accepted) {
        measured.tally(instance.valid, accepted);
    }
    measured
}

/// Reads the instances of one schema.
struct Reader<'a> {
    bench: &'a Bench,
    signals: &'a Signals,
    matcher: &'a mut Matcher,
    row: Vec<u32>,
    disagreements: usize,
}

impl Reader<'_> {
    /// Which of the texts are accepted, up to the one that made an end of it, if
    /// one did; the time of every token goes to `times`.
    fn read(&mut self, texts: &[Vec<TokenId>], times: &mut Vec<f32>) -> (Vec<bool>, Outcome) {
        let mut accepted = Vec::with_capacity(texts.len());
        for tokens in texts {
            self.matcher.reset();
            let (matcher, vocab) = (&mut *self.matcher, self.bench.vocab());
            let walked = walk(matcher, vocab, tokens, &mut self.row, |time| {
                times.push(micros(time));
                self.signals.check()
            });
            self.disagreements += walked.disagreements;
            match walked.verdict {
                Verdict::Accepted => accepted.push(true),
                Verdict::Rejected { .. } | Verdict::Unfinished => accepted.push(false),
                Verdict::Failed(message) => return (accepted, Outcome::Failed(message)),
                Verdict::Cancelled => return (accepted, Outcome::TimedOut),
            }
        }
        (accepted, Outcome::Ran)
    }
}

/// A time in microseconds; `f32` keeps seven digits at half the memory.
pub(crate) fn micros(time: Duration) -> f32 {
    (time.as_secs_f64() * 1e6) as f32
}
