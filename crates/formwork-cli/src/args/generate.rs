//! The options of `formwork generate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use formwork_burn::Device;
use formwork_model::Sampling;

use super::{GrammarArgs, SchemaArgs};

/// Let a language model write texts of a schema or a grammar.
///
/// The default model comes with this program: a very small one that knows nothing but
/// what JSON looks like. Standard output holds the texts alone, one after the other;
/// standard error how fast they came and the masks' share of the time. Status 1 if a
/// text was cut.
#[derive(clap::Args, Debug)]
pub(crate) struct GenerateArgs {
    /// A .gguf file, or a folder with config.json, tokenizer.json and .safetensors, of a
    /// Llama or a Qwen.
    #[arg(long, value_name = "PATH")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) constraint: ConstraintArgs,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    #[command(flatten)]
    pub(crate) prompt: PromptArgs,
    /// So many texts, each with the next seed.
    #[arg(short = 'n', long, value_name = "N", default_value = "1")]
    pub(crate) count: NonZeroUsize,
    #[command(flatten)]
    pub(crate) sampling: SamplingArgs,
    /// The seed of the first text; the same seed gives the same text.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The most tokens of a text.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) max_tokens: usize,
    /// Let a text be cut at the most tokens. Otherwise the model is led to its end in
    /// time, and a limit too small for any text is an error.
    #[arg(long)]
    pub(crate) may_cut: bool,
    /// End a text before the first of these. May be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,
    /// Guess that the text repeats its prompt or itself, and let the model check several
    /// tokens at once.
    #[arg(long)]
    pub(crate) draft: bool,
    /// Where the model runs: cpu, and with the features of these names cuda and wgpu.
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub(crate) device: Device,
    /// Print an object for each text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What the model reads first.
#[derive(clap::Args, Debug)]
pub(crate) struct PromptArgs {
    /// What to write about. Models with a chat template read it as a user's message.
    #[arg(long = "prompt", value_name = "TEXT", default_value = "")]
    pub(crate) text: String,
    /// Let the model read the prompt as it is, whatever template it has.
    #[arg(long)]
    pub(crate) raw: bool,
}

/// The form of texts, if they have one.
#[derive(clap::Args, Debug)]
pub(crate) struct ConstraintArgs {
    /// The schema of the texts.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["grammar", "regex"])]
    pub(crate) schema: Option<PathBuf>,
    /// A regular expression for whole texts, in the notation of JSON Schema.
    #[arg(long, value_name = "PATTERN", conflicts_with = "grammar")]
    pub(crate) regex: Option<String>,
    #[command(flatten)]
    pub(crate) grammar: GrammarArgs,
}

/// How tokens are chosen.
#[derive(clap::Args, Debug)]
pub(crate) struct SamplingArgs {
    /// Divides logits; 0 takes the likeliest token.
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    temperature: f32,
    /// Keep so many of the likeliest tokens; 0 for all.
    #[arg(long, value_name = "K", default_value_t = 0)]
    top_k: u32,
    /// Keep the likeliest tokens that come to this probability together.
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    top_p: f32,
    /// Keep tokens at least this part as likely as the likeliest.
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    min_p: f32,
}

impl SamplingArgs {
    pub(crate) fn build(&self) -> Sampling {
        Sampling {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
        }
    }
}
