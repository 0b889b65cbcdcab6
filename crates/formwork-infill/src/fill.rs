//! The loop that lets a masked diffusion model fill a canvas.

mod error;
mod passes;
mod run;

use std::ops::ControlFlow;

use formwork_model::{MaskedModel, ModelError, ModelErrorKind};
use formwork_vocab::TokenId;

use crate::Cells;
use crate::schedule::Scheduler;

pub use error::FillError;
use run::Run;

/// How a canvas is filled.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FillOptions {
    /// Logits are divided by it to draw tokens; 0, the default, takes the likeliest.
    pub temperature: f32,
    /// The likeliest tokens that come to this probability are drawn from. The default is
    /// 1: all.
    pub top_p: f32,
    /// The seed of chance: the same seed gives the same text.
    pub seed: u64,
    /// Whether positions with one choice are filled without asking the model, as by
    /// default. An end of text is one choice, however many tokens spell it.
    pub force: bool,
    /// Whether the model looks at the window of a scheduler alone, once it has looked at
    /// everything when the window was new: the dual cache of Fast-dLLM
    /// (arXiv:2505.22618), which is an approximation. Not by default.
    pub cache: bool,
    /// With the cache, one in so many looks is at everything, as dKV-Cache refreshes it
    /// (arXiv:2505.15781; every 2 to 16 steps there); 0, the default, if only a new window
    /// is a reason.
    pub refresh_every: usize,
    /// How much more than by itself the prompt counts: logits are `u + (guidance + 1)(l - u)`,
    /// where `u` are those with all of the prompt masked (Nie et al., LLaDA,
    /// arXiv:2502.09992, classifier-free guidance). Every look is at two canvases then. The
    /// default is 0: none.
    pub guidance: f32,
}

impl Default for FillOptions {
    fn default() -> FillOptions {
        FillOptions {
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
            force: true,
            cache: false,
            refresh_every: 0,
            guidance: 0.0,
        }
    }
}

/// What filling a canvas took.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Report {
    /// Passes of the model.
    pub model_calls: usize,
    /// Canvases that were looked at in them: more than passes if steps were drafted, or
    /// the prompt guides them.
    pub canvases: usize,
    /// Positions that were filled; twice if one was opened again in between.
    pub commits: usize,
    /// Of those, the ones that had no choice and took no look of the model.
    pub forced: usize,
    /// Positions that were opened again.
    pub reopened: usize,
    /// Proposals that were no longer allowed after others of the same step, and were
    /// proposed anew.
    pub proposed_anew: usize,
    /// Tokens that were allowed and refused all the same: 0.
    pub rejected: usize,
    /// Whether no position is open. Not if the caller broke off.
    pub finished: bool,
}

/// A step that was taken.
pub struct FillStep<'a> {
    /// Passes of the model so far.
    pub model_calls: usize,
    /// The canvas after it.
    pub cells: &'a dyn Cells,
    /// What was filled, in this order.
    pub commits: &'a [(usize, TokenId)],
    /// Of those, as many at the end were forced.
    pub forced: usize,
    /// What was opened again before.
    pub reopened: &'a [usize],
}

/// Lets a model fill all open positions of a canvas, behind a prompt.
///
/// The cells are a [`Filling`](crate::Filling), or
/// [`FreeCells`](crate::FreeCells) for comparison. A `Filling` stays completable
/// throughout, so its text is one of the grammar at the end; gaps need a length first
/// (see [`settle`](crate::settle)). Every step is one pass of the model; `on_step` hears
/// of each and may break off.
///
/// # Errors
///
/// If the canvas and the prompt do not fit the model, there is a gap, or the scheduler
/// names nothing; if the model fails, or a limit of the checker is reached.
pub fn fill(
    model: &mut dyn MaskedModel,
    cells: &mut dyn Cells,
    scheduler: &mut dyn Scheduler,
    prompt: &[TokenId],
    options: &FillOptions,
    on_step: &mut dyn FnMut(&FillStep<'_>) -> ControlFlow<()>,
) -> Result<Report, FillError> {
    check(model, cells, prompt, options)?;
    let mut run = Run::new(model, cells, scheduler, prompt, *options);
    let done = run.all(on_step);
    run.end();
    done?;
    Ok(run.report)
}

fn check(
    model: &dyn MaskedModel,
    cells: &dyn Cells,
    prompt: &[TokenId],
    options: &FillOptions,
) -> Result<(), FillError> {
    let wrong = |message: String| Err(ModelError::new(ModelErrorKind::Request, message).into());
    let numbers = [
        ("temperature", options.temperature, 0.0, f32::MAX),
        ("top_p", options.top_p, f32::MIN_POSITIVE, 1.0),
        ("guidance", options.guidance, 0.0, f32::MAX),
    ];
    for (name, value, least, most) in numbers {
        if !(least..=most).contains(&value) {
            return wrong(format!(
                "{name} is {value}, which is not within {least} and {most}"
            ));
        }
    }
    let (tokens, logits) = (cells.vocab().len(), model.vocab_len());
    if tokens > logits {
        return wrong(format!(
            "the vocabulary has {tokens} tokens, the model only {logits} logits"
        ));
    }
    let (len, most) = (prompt.len() + cells.len(), model.max_len());
    if len > most {
        return wrong(format!(
            "prompt and canvas have {len} tokens together, and the model reads {most}; \
             shorten one of them"
        ));
    }
    let is_gap = |&at: &usize| !cells.is_open(at) && cells.token(at).is_none();
    match (0..cells.len()).find(is_gap) {
        Some(position) => Err(FillError::Gap { position }),
        None => Ok(()),
    }
}
