//! Passes of the model over a canvas: what is computed at each, and what is kept.

use std::ops::Range;

use formwork_model::{CanvasId, CanvasStep, MaskedModel, ModelError, ModelErrorKind};
use formwork_vocab::TokenId;

use super::{FillError, FillOptions, Report};
use crate::schedule::Rows;

/// A model with a prompt, and what it knows of the canvas behind it.
pub(super) struct Passes<'a> {
    model: &'a mut dyn MaskedModel,
    prompt: &'a [TokenId],
    options: FillOptions,
    /// Those of the canvas, and of as many drafts as there were at once; if the prompt
    /// guides, each is followed by the one without it.
    canvases: Vec<CanvasId>,
    /// The window of the last look.
    window: Option<Range<usize>>,
    /// Looks at that window alone, since all was looked at.
    alone: usize,
}

/// A canvas that the model is to look at.
pub(super) struct Look {
    /// The prompt and the canvas.
    pub(super) tokens: Vec<TokenId>,
    /// Open positions of the window.
    pub(super) positions: Vec<usize>,
    pub(super) window: Range<usize>,
}

impl<'a> Passes<'a> {
    pub(super) fn new(
        model: &'a mut dyn MaskedModel,
        prompt: &'a [TokenId],
        options: FillOptions,
    ) -> Passes<'a> {
        Passes {
            model,
            prompt,
            options,
            canvases: Vec::new(),
            window: None,
            alone: 0,
        }
    }

    pub(super) fn end(&mut self) {
        for canvas in self.canvases.drain(..) {
            self.model.end(canvas);
        }
    }

    /// The tokens of a canvas behind the prompt.
    pub(super) fn canvas(&self, tokens: impl Iterator<Item = Option<TokenId>>) -> Vec<TokenId> {
        let mask = self.model.mask_token();
        let tokens = tokens.map(|token| token.unwrap_or(mask));
        self.prompt.iter().copied().chain(tokens).collect()
    }

    /// The same behind a prompt of which nothing is seen.
    fn without_prompt(&self, look: &Look) -> Vec<TokenId> {
        let canvas = look.tokens.iter().skip(self.prompt.len()).copied();
        let masks = self.prompt.iter().map(|_| self.model.mask_token());
        masks.chain(canvas).collect()
    }

    /// Whether the model looks at the window alone this time.
    fn is_alone(&self, looks: &[Look]) -> bool {
        let every = self.options.refresh_every;
        let is_due = every > 0 && self.alone + 1 >= every;
        let is_same = |look: &Look| self.window.as_ref() == Some(&look.window);
        self.options.cache && !is_due && looks.len() == 1 && looks.iter().all(is_same)
    }

    /// Looks at some canvases in one pass.
    pub(super) fn forward(
        &mut self,
        looks: Vec<Look>,
        report: &mut Report,
    ) -> Result<Vec<Rows>, FillError> {
        let is_guided = self.options.guidance > 0.0 && !self.prompt.is_empty();
        let unguided: Vec<Vec<TokenId>> = match is_guided {
            true => looks.iter().map(|look| self.without_prompt(look)).collect(),
            false => Vec::new(),
        };
        while self.canvases.len() < looks.len() + unguided.len() {
            self.canvases.push(self.model.begin());
        }
        let prompt = self.prompt.len();
        let wanted: Vec<Vec<usize>> = looks
            .iter()
            .map(|look| look.positions.iter().map(|at| prompt + at).collect())
            .collect();
        let is_alone = self.is_alone(&looks);
        // Looks come first, then the same without the prompt; each has its canvas, however
        // many looks there are at once.
        let stride = 1 + usize::from(is_guided);
        let tokens = looks.iter().map(|look| &look.tokens).chain(&unguided);
        let own = self.canvases.iter().step_by(stride).take(looks.len());
        let canvases = own.chain(self.canvases.iter().skip(1).step_by(stride));
        let steps: Vec<CanvasStep<'_>> = tokens
            .zip(canvases)
            .zip(looks.iter().zip(&wanted).cycle())
            .map(|((tokens, &canvas), (look, wanted))| CanvasStep {
                canvas,
                tokens,
                refresh: match is_alone {
                    true => prompt + look.window.start..prompt + look.window.end,
                    false => 0..tokens.len(),
                },
                wanted,
            })
            .collect();
        let mut logits = self.model.forward(&steps)?.to_host()?;
        report.model_calls += 1;
        report.canvases += steps.len();
        let rows: usize = steps.iter().map(|step| step.wanted.len()).sum();
        self.alone = if is_alone { self.alone + 1 } else { 0 };
        self.window = looks.first().map(|look| look.window.clone());
        let width = self.model.vocab_len();
        if logits.len() != rows * width {
            return Err(FillError::Model(ModelError::new(
                ModelErrorKind::Device,
                format!(
                    "the model gave {} logits for {rows} rows of {width}",
                    logits.len()
                ),
            )));
        }
        if is_guided {
            let (guided, unguided) = logits.split_at_mut(rows * width / 2);
            for (logit, &without) in guided.iter_mut().zip(&*unguided) {
                *logit = without + (self.options.guidance + 1.0) * (*logit - without);
            }
        }
        let mut from = logits.as_slice();
        let mut next = |look: Look| {
            let (own, rest) = from.split_at(look.positions.len() * width);
            from = rest;
            Rows::new(look.positions, width, own.to_vec())
        };
        Ok(looks.into_iter().map(&mut next).collect())
    }
}
