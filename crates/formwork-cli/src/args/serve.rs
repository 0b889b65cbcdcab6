//! The options of `formwork serve`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use formwork_burn::Device;

use super::SchemaArgs;

/// Serve a model over HTTP, in OpenAI's interface.
///
/// Chats and completions with `response_format`, tools, and the names that llama.cpp and
/// vLLM have for grammars; a page for people at `/`, counts and times at `/metrics`. There
/// is no authentication: whoever reaches the address may ask. Ends at SIGINT or SIGTERM,
/// once running requests have ended.
#[derive(clap::Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one. Standard output names it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,
    /// A .gguf file, or a folder with config.json, tokenizer.json and .safetensors, of a
    /// Llama or a Qwen. The default is the model that comes with this program.
    #[arg(long, value_name = "PATH")]
    pub(crate) model: Option<PathBuf>,
    /// What clients call the model. The default is the name of its file.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Where the model runs: cpu, and with the features of these names cuda and wgpu.
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub(crate) device: Device,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    /// Write at most so many texts at once.
    #[arg(long, value_name = "N", default_value = "64")]
    pub(crate) max_running: NonZeroUsize,
    /// Let at most so many requests wait; more are answered 429.
    #[arg(long, value_name = "N", default_value = "256")]
    pub(crate) max_waiting: NonZeroUsize,
    /// The most tokens of a text, and what a request gets that names none.
    #[arg(long, value_name = "N", default_value = "4096")]
    pub(crate) max_tokens: NonZeroUsize,
    /// The most tokens of a prompt.
    #[arg(long, value_name = "N", default_value = "32768")]
    pub(crate) max_prompt_tokens: NonZeroUsize,
    /// Give a request up after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) timeout: u64,
    /// Let running requests go on for so many seconds when told to end.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) grace: u64,
}
