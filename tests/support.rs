//! What the modules share.

use std::sync::Arc;
use std::time::Duration;

use formwork::{Compiler, Grammar, SchemaError, SchemaOptions, Vocab, Whitespace};
use proptest::test_runner::{Config, RngSeed};
use serde_json::Value;

/// Whether a long run is asked for.
pub(crate) fn is_long() -> bool {
    std::env::var_os("FORMWORK_LONG").is_some_and(|value| value == "1")
}

/// Twenty times as many in a long run.
pub(crate) fn cases(n: u32) -> u32 {
    if is_long() { 20 * n } else { n }
}

/// The seed of random tests, other ones with `FORMWORK_SEED=n`.
pub(crate) fn seed() -> u64 {
    let other = std::env::var("FORMWORK_SEED").ok();
    0x00F0_4203 ^ other.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0)
}

/// So many cases, always the same ones.
pub(crate) fn config(n: u32) -> Config {
    Config {
        cases: cases(n),
        rng_seed: RngSeed::Fixed(seed()),
        failure_persistence: None,
        max_shrink_iters: 4000,
        max_shrink_time: 20_000,
        ..Config::default()
    }
}

/// What a stranger's input may take of the time of the thread; what else the machine does
/// counts for nothing.
const TIME: Duration = Duration::from_secs(1);

/// The stack of `std::thread::spawn`.
const STACK: usize = 2 << 20;

/// Tries everything on a thread of its own with an ordinary stack: `trial` says what is wrong,
/// or how long it took. Nothing may panic or take more than a second.
pub(crate) fn withstand<T: Sync>(
    cases: impl IntoIterator<Item = (impl std::fmt::Display, T)>,
    trial: impl Fn(&T) -> Result<Duration, String> + Sync,
) {
    let tried = |case: &T| {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK);
            let thread = thread
                .spawn_scoped(scope, || trial(case))
                .expect("a thread");
            thread.join().map_err(|_| "panics".to_owned())?
        })
    };
    let mut wrong = Vec::new();
    for (name, case) in cases {
        // A busy machine may be slow once.
        let mut result = tried(&case);
        if result.as_ref().is_ok_and(|time| *time > TIME) {
            result = tried(&case);
        }
        match result {
            Ok(time) if time > TIME => wrong.push(format!("{name}: takes {time:?}")),
            Ok(_) => {}
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Brackets of any kind around something.
pub(crate) fn nested(open: &str, middle: &str, close: &str, depth: usize) -> String {
    [&open.repeat(depth), middle, &close.repeat(depth)].concat()
}

/// Options with `space` bytes of white space in each place.
pub(crate) fn options(space: u32) -> SchemaOptions {
    SchemaOptions {
        whitespace: Whitespace::Bounded(space),
        ..SchemaOptions::default()
    }
}

/// The compiler of a vocabulary.
pub(crate) fn compiler(vocab: Vocab) -> Compiler {
    Compiler::new(Arc::new(vocab)).expect("a vocabulary of all bytes")
}

/// Compiles a schema; `Err` holds what the schema was found to be. Every second
/// schema is compiled by deciding literals, not by multiplying out: the language
/// has to be the same.
pub(crate) fn compile(
    compiler: &Compiler,
    schema: &Value,
    space: u32,
) -> Result<Grammar, SchemaError> {
    let text = schema.to_string();
    let mut options = options(space);
    if text.len() % 2 == 1 {
        options.limits.max_multiplied = 1;
    }
    match compiler.json_schema(&text, &options) {
        Ok(grammar) => Ok(grammar),
        Err(formwork::CompileError::Schema(error)) => Err(error),
        Err(error) => panic!("{error}, for {schema}"),
    }
}

/// Defects of the engine that are known; tests step around them as long as the
/// constant is `true`. To be set to `false`, then dropped, once mended.
pub(crate) mod known {
    /// Within escapes and within characters of several bytes, no byte may lower
    /// [`formwork::Matcher::min_completion_bytes`], though one always should:
    /// `{"const":"\u00e9"}` after a quote and a backslash. Some texts then have
    /// no end in sight.
    pub(crate) const STEERING_HAS_DETOURS: bool = true;
}
