//! The options of `formwork infill`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use formwork_burn::Device;
use formwork_infill::schedule::SchedulerKind;

use super::generate::PromptArgs;
use super::{ConstraintArgs, SchemaArgs};

/// Let a masked diffusion model fill the holes of a text, so that it is one of a schema or
/// a grammar.
///
/// The default model comes with this program: a very small one that knows nothing but
/// what JSON looks like. Standard output holds the filled text alone. The default white
/// space is `any`. Status 1, and the reason, if no text fits; nothing is asked of the model
/// then.
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("holes").required(true).args(["canvas", "length"])))]
pub(crate) struct InfillArgs {
    /// A folder with config.json, tokenizer.json and .safetensors, of a LLaDA or a Dream.
    #[arg(long, value_name = "PATH")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) constraint: ConstraintArgs,
    #[command(flatten)]
    pub(crate) options: SchemaArgs,
    /// A text with holes: `<mask:12>` for 12 tokens, `<gap:0..20>` for as few of 0 to 20 as
    /// can be. A text that does not end in a gap ends there.
    #[arg(long, value_name = "TEXT")]
    pub(crate) canvas: Option<String>,
    /// Nothing but a hole, for a text of at most so many tokens.
    #[arg(long, value_name = "N")]
    pub(crate) length: Option<usize>,
    /// Which positions are filled first, and how many at once.
    #[arg(long, value_name = "NAME", default_value_t = SchedulerKind::FastDllm)]
    pub(crate) scheduler: SchedulerKind,
    /// The steps of schedulers that have a number of them. The default is as published.
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<NonZeroUsize>,
    /// The positions of a block, for schedulers that have blocks. The default is as
    /// published.
    #[arg(long, value_name = "N")]
    pub(crate) block: Option<NonZeroUsize>,
    /// Divides logits; 0 takes the likeliest token.
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    pub(crate) temperature: f32,
    /// Keep the likeliest tokens that come to this probability together.
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    pub(crate) top_p: f32,
    /// The seed of chance; the same seed gives the same text.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) prompt: PromptArgs,
    /// Compute a block anew only, once all has been computed for it: faster, and not quite
    /// the same.
    #[arg(long)]
    pub(crate) cache: bool,
    /// With `--cache`, compute everything anew at one in so many steps.
    #[arg(long, value_name = "STEPS", requires = "cache", default_value_t = 0)]
    pub(crate) refresh_every: usize,
    /// How much more the prompt counts than by itself (classifier-free guidance); takes
    /// twice the work.
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    pub(crate) guidance: f32,
    /// Show the text after every step, on standard error.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Where the model runs: cpu, and with the features of these names cuda and wgpu.
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub(crate) device: Device,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
}
