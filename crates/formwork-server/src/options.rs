//! What a server may cost, and how it reads schemas.

use std::num::NonZeroUsize;
use std::time::Duration;

use formwork::cfg::CfgLimits;
use formwork::cfg::syntax::SyntaxLimits;
use formwork::{EngineLimits, Limits, SchemaOptions, Whitespace};

/// Bounds on what requests may ask for and on what is done at once, and how schemas and
/// grammars are compiled. What is over a bound is refused, with its name.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Bytes of a request's body. The default is 2 MiB.
    pub max_body_bytes: usize,
    /// Tokens of a prompt. The default is 32,768; the model's own length is a limit, too.
    pub max_prompt_tokens: usize,
    /// The largest `max_tokens`, and what a request gets that names none. The default is
    /// 4,096.
    pub max_tokens: usize,
    /// Texts of one request: prompts times `n`. The default is 16.
    pub max_choices: usize,
    /// Texts that the model writes at once. The default is 64.
    pub max_running: usize,
    /// Requests that are read, compiled or wait for the model; more are answered 429.
    /// The default is 256.
    pub max_waiting: usize,
    /// Threads that read requests and compile. The default is one for each processor.
    pub max_compiling: usize,
    /// Tokens of prompts that are read between two passes. The default is 512.
    pub prompt_tokens_per_pass: usize,
    /// How long one request may take. The default is 120 s.
    pub request_timeout: Duration,
    /// How long running requests may take once the server is to stop. The default is 30 s.
    pub shutdown_grace: Duration,
    /// How schemas are compiled. By default white space is compact.
    pub schemas: SchemaOptions,
    /// Bounds on reading grammars.
    pub syntax: SyntaxLimits,
    /// Bounds on compiling grammars.
    pub cfg: CfgLimits,
    /// Bounds on compiling as a whole, on the grammars that are kept, and on each of them
    /// while it runs. The defaults are those of the engine, but 256 MiB for all grammars,
    /// and for one 64 MiB of states and 16 MiB of masks.
    pub limits: Limits,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        ServerOptions {
            max_body_bytes: 2 << 20,
            max_prompt_tokens: 32_768,
            max_tokens: 4_096,
            max_choices: 16,
            max_running: 64,
            max_waiting: 256,
            max_compiling: processors,
            prompt_tokens_per_pass: 512,
            request_timeout: Duration::from_secs(120),
            shutdown_grace: Duration::from_secs(30),
            schemas: SchemaOptions {
                whitespace: Whitespace::Compact,
                ..SchemaOptions::default()
            },
            syntax: SyntaxLimits::default(),
            cfg: CfgLimits::default(),
            limits: Limits {
                cache_bytes: 256 << 20,
                engine: EngineLimits {
                    max_bytes: 64 << 20,
                    max_mask_bytes: 16 << 20,
                    ..EngineLimits::default()
                },
                ..Limits::default()
            },
        }
    }
}
