//! What is counted and measured, for Prometheus.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use formwork_model::{Share, Stats};

/// An endpoint and how it answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Answered {
    endpoint: &'static str,
    status: u16,
}

/// Counts and times of a server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    prompt_tokens: Counter,
    tokens: Counter,
    passes: Counter,
    cancelled: Counter,
    pub(crate) cache_hits: Counter,
    pub(crate) cache_misses: Counter,
    running: Gauge,
    waiting: Gauge,
    cache_grammars: Gauge,
    cache_bytes: Gauge,
    constraint: Histogram,
    constraint_cpu: Histogram,
    pass: Histogram,
    compile: Histogram,
    first: Histogram,
    forward: Counter<f64, AtomicU64>,
    masks: Counter<f64, AtomicU64>,
}

/// Bounds of short times, in seconds: fine around a millisecond.
const SHORT: [f64; 15] = [
    5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 3e-4, 5e-4, 7e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.1, 1.0,
];

/// Bounds of long times, in seconds.
const LONG: [f64; 13] = [
    1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0,
];

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("formwork"),
            requests: Family::default(),
            prompt_tokens: Counter::default(),
            tokens: Counter::default(),
            passes: Counter::default(),
            cancelled: Counter::default(),
            cache_hits: Counter::default(),
            cache_misses: Counter::default(),
            running: Gauge::default(),
            waiting: Gauge::default(),
            cache_grammars: Gauge::default(),
            cache_bytes: Gauge::default(),
            constraint: Histogram::new(SHORT),
            constraint_cpu: Histogram::new(SHORT),
            pass: Histogram::new(LONG),
            compile: Histogram::new(LONG),
            first: Histogram::new(LONG),
            forward: Counter::default(),
            masks: Counter::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "requests",
            "Answers by endpoint and status",
            self.requests.clone(),
        );
        for (name, help, counter) in [
            (
                "prompt_tokens",
                "Tokens of prompts that were read",
                &self.prompt_tokens,
            ),
            ("tokens", "Tokens that were generated", &self.tokens),
            ("passes", "Passes of the model", &self.passes),
            (
                "cancelled",
                "Texts that nobody waited for any more",
                &self.cancelled,
            ),
            ("cache_hits", "Grammars that were kept", &self.cache_hits),
            (
                "cache_misses",
                "Grammars that were compiled",
                &self.cache_misses,
            ),
        ] {
            registry.register(name, help, counter.clone());
        }
        for (name, help, gauge) in [
            ("running", "Texts that the model writes", &self.running),
            ("waiting", "Requests that wait for the model", &self.waiting),
            (
                "cache_grammars",
                "Grammars that are kept",
                &self.cache_grammars,
            ),
            (
                "cache_bytes",
                "Bytes of the grammars that are kept",
                &self.cache_bytes,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
        for (name, help, histogram) in [
            (
                "constraint_token",
                "What a constraint takes for one token of one text: its mask, and to read it",
                &self.constraint,
            ),
            (
                "constraint_token_cpu",
                "The same in time of the processor, without what others had of it meanwhile",
                &self.constraint_cpu,
            ),
            (
                "pass",
                "Passes of all running texts, with everything",
                &self.pass,
            ),
            ("compile", "Compiling of one grammar", &self.compile),
            (
                "first_token",
                "From a request to the first bytes of its text",
                &self.first,
            ),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
        for (name, help, counter) in [
            ("forward", "Passes of the model alone", &self.forward),
            ("masks", "Masks, which are filled meanwhile", &self.masks),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, counter.clone());
        }
    }

    /// An endpoint has answered.
    pub(crate) fn answered(&self, endpoint: &'static str, status: u16) {
        let labels = Answered { endpoint, status };
        self.requests.get_or_create(&labels).inc();
    }

    /// A pass was taken, of all that `shares` name; `before` and `after` are the sums of
    /// all passes.
    pub(crate) fn pass(&self, took: Duration, shares: &[Share], before: &Stats, after: &Stats) {
        self.pass.observe(took.as_secs_f64());
        self.passes.inc_by((after.passes - before.passes) as u64);
        self.prompt_tokens
            .inc_by((after.prompt_tokens - before.prompt_tokens) as u64);
        self.forward
            .inc_by((after.forward - before.forward).as_secs_f64());
        self.masks
            .inc_by((after.masks - before.masks).as_secs_f64());
        for share in shares {
            self.tokens.inc_by(share.tokens as u64);
            if let (Some(spent), 1..) = (share.constraint, share.tokens) {
                let each = |time: Duration| time.as_secs_f64() / share.tokens as f64;
                for _ in 0..share.tokens {
                    self.constraint.observe(each(spent.wall));
                    self.constraint_cpu.observe(each(spent.cpu));
                }
            }
        }
    }

    pub(crate) fn cancelled(&self) {
        self.cancelled.inc();
    }

    pub(crate) fn running(&self, texts: usize) {
        self.running.set(texts as i64);
    }

    pub(crate) fn compiled(&self, took: Duration) {
        self.compile.observe(took.as_secs_f64());
    }

    pub(crate) fn began(&self, took: Duration) {
        self.first.observe(took.as_secs_f64());
    }

    /// All of it in Prometheus' text format.
    pub(crate) fn text(&self, waiting: usize, (grammars, bytes): (usize, usize)) -> String {
        self.waiting.set(waiting as i64);
        self.cache_grammars.set(grammars as i64);
        self.cache_bytes.set(bytes as i64);
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(), // writing to a string does not fail
        }
    }
}
