//! The options of `formwork sample`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;
use formwork_burn::Device;

use super::generate::{PromptArgs, SamplingArgs};
use super::{ConstraintArgs, SchemaArgs};

/// Draw texts of a schema or a grammar by the model's own distribution, given that form.
///
/// `generate` masks tokens one by one and so prefers texts that the model would rarely
/// write; here texts come as often as they would if the model were asked again and again
/// until it kept to the form. Temperature, top-k, top-p and min-p change the model, and
/// with it what is aimed at. Standard output holds the texts alone; with `--json` an object
/// for each, and a last one for all. Status 1 if there are fewer texts than asked for.
#[derive(clap::Args, Debug)]
pub(crate) struct SampleArgs {
    /// A .gguf file, or a folder with config.json, tokenizer.json and .safetensors, of a
    /// Llama or a Qwen. The default is a very small one that comes with this program.
    #[arg(long, value_name = "PATH")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) constraint: ConstraintArgs,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    #[command(flatten)]
    pub(crate) prompt: PromptArgs,
    /// How to sample.
    #[arg(long, value_name = "METHOD", default_value = "cars")]
    pub(crate) method: MethodName,
    /// So many texts; of `is`, `awrs` and `smc` so many draws, some of which may come to
    /// nothing.
    #[arg(short = 'n', long, value_name = "N", default_value = "1")]
    pub(crate) count: NonZeroUsize,
    #[command(flatten)]
    pub(crate) sampling: SamplingArgs,
    /// The seed; the same seed gives the same texts.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The most tokens of a text. Longer ones are none: they are drawn by nobody.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(crate) max_tokens: usize,
    /// Cut texts at the most tokens instead, and say so.
    #[arg(long)]
    pub(crate) may_cut: bool,
    /// When a text ends.
    #[arg(long, value_name = "RULE", default_value = "token")]
    pub(crate) stop: StopRule,
    /// In which tokens a text may be spelled.
    #[arg(long, value_name = "WHICH", default_value = "any")]
    pub(crate) tokens: Tokens,
    /// The steps of a chain of `mcmc`.
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub(crate) steps: usize,
    /// Look behind so many of the likeliest prefixes before anything is drawn.
    #[arg(long, value_name = "ROWS", default_value_t = 0)]
    pub(crate) warm_up: usize,
    /// How rows of logits are kept for prefixes that come up again.
    #[arg(long, value_name = "KIND", default_value = "sparse")]
    pub(crate) logit_cache: CacheKind,
    /// Give up after so many attempts for one text.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) max_attempts: u64,
    /// Read what was learnt of model and grammar from this file, if it is there, and write
    /// it back afterwards. A file of another model, prompt or grammar is an error.
    #[arg(long, value_name = "FILE")]
    pub(crate) tree: Option<PathBuf>,
    /// Draw how the texts come near to the model's distribution, and what they cost, as an
    /// SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Where the model runs: cpu, and with the features of these names cuda and wgpu.
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub(crate) device: Device,
    /// Print an object for each text, and one for all of them.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A way to sample.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MethodName {
    /// Masks alone, as `generate` does: not the model's distribution.
    Gcd,
    /// Masks and what was learnt of the mass behind prefixes: nearer with every text.
    Asap,
    /// Draw from the model until a text is valid: exact, and slow.
    Rejection,
    /// The same without proposing again what was refused: exact.
    Ars,
    /// The same with masks and bounds: exact, and the fastest of the exact ones.
    Cars,
    /// Checks alone, with weights.
    Awrs,
    /// The texts of `asap` with weights.
    Is,
    /// N particles, with weights.
    Smc,
    /// Chains of texts: nearer with every step.
    Mcmc,
}

/// When a text ends.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StopRule {
    /// With a stop token of the model, whose probability counts.
    Token,
    /// As soon as it is complete.
    Complete,
}

/// In which tokens a text may be spelled.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tokens {
    /// In any.
    Any,
    /// In those that the tokenizer gives it.
    Canonical,
}

/// How rows of logits are kept.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CacheKind {
    /// Not at all.
    None,
    /// Allowed tokens alone.
    Sparse,
    /// In 16 bits.
    F16,
    /// In 32 bits.
    F32,
}
