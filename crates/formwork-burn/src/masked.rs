//! A network as a `MaskedModel`: canvases with their caches, and passes over parts of
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use formwork::TokenId;
use formwork_model::{
    CanvasId, CanvasStep, Family, Logits, Masked, MaskedModel, ModelConfig, ModelError,
    ModelErrorKind, Weights,
};

use crate::attention::{Reach, attend};
use crate::cache::Cache;
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::matrix::Matrix;
use crate::model::request;
use crate::network::Network;
use crate::rows::Rows;
use crate::sampler::Sampler;

/// A network without a causal mask, with the canvases that it has looked at.
///
/// As with texts, canvases of a batch may be of different lengths: only attention takes
/// them one by one.
pub(crate) struct Diffusion<B: Backend> {
    network: Box<dyn Network<B>>,
    masked: Masked,
    canvases: BTreeMap<CanvasId, Canvas<B>>,
    next: u64,
}

/// What is kept of a canvas.
struct Canvas<B: Backend> {
    /// Tokens at the last look; nought before the first.
    len: usize,
    /// One by block.
    caches: Vec<Cache<B>>,
}

impl<B: Backend> Diffusion<B> {
    pub(crate) fn new<M: Matrix<B>>(
        config: &ModelConfig,
        weights: &dyn Weights,
        device: &B::Device,
    ) -> Result<Diffusion<B>, ModelError> {
        let masked = config.masked.ok_or_else(|| {
            ModelError::new(
                ModelErrorKind::Unsupported,
                "the model is a causal one and fills no masks; load it as a language model",
            )
        })?;
        Ok(Diffusion {
            network: match config.family {
                Family::Bert => Box::new(Encoder::<B, M>::new(config, weights, device)?),
                _ => Box::new(Decoder::<B, M>::new(config, weights, device)?),
            },
            masked,
            canvases: BTreeMap::new(),
            next: 0,
        })
    }

    /// That every step can be taken.
    fn check(&self, steps: &[CanvasStep<'_>]) -> Result<(), ModelError> {
        let mut seen = BTreeSet::new();
        for step in steps {
            let CanvasId(number) = step.canvas;
            let Some(canvas) = self.canvases.get(&step.canvas) else {
                return Err(request(format!("there is no canvas {number}")));
            };
            if !seen.insert(step.canvas) {
                return Err(request(format!("canvas {number} is in two steps")));
            }
            self.check_step(step, canvas.len)
                .map_err(|what| request(format!("canvas {number} {what}")))?;
        }
        Ok(())
    }

    /// That a step over a canvas of a known length can be taken.
    fn check_step(&self, step: &CanvasStep<'_>, known: usize) -> Result<(), String> {
        let config = self.network.config();
        let CanvasStep {
            tokens, refresh, ..
        } = step;
        let len = tokens.len();
        if len > config.max_len {
            return Err(format!(
                "has {len} tokens; the model reads {}",
                config.max_len
            ));
        }
        if refresh.is_empty() || refresh.end > len {
            return Err(format!(
                "cannot be computed at {refresh:?}; it has {len} tokens"
            ));
        }
        if len != known && *refresh != (0..len) {
            return Err(format!(
                "had {known} tokens and has {len}; all of them must be computed"
            ));
        }
        if let Some(at) = step.wanted.iter().find(|at| !refresh.contains(at)) {
            return Err(format!("is not computed at {at} but at {refresh:?}"));
        }
        let is_known = |token: &TokenId| token.index() < config.vocab_len;
        match tokens.iter().find(|token| !is_known(token)) {
            Some(token) => Err(format!("has token {token}; the model has none such")),
            None => Ok(()),
        }
    }

    /// The positions that a step computes, and the position whose output tells of `at`.
    fn computed(&self, refresh: &Range<usize>) -> Range<usize> {
        self.source(refresh.start)..refresh.end
    }

    fn source(&self, at: usize) -> usize {
        at.saturating_sub(usize::from(self.masked.shifted))
    }
}

impl<B: Sampler> MaskedModel for Diffusion<B> {
    fn vocab_len(&self) -> usize {
        self.network.config().vocab_len
    }

    fn max_len(&self) -> usize {
        self.network.config().max_len
    }

    fn mask_token(&self) -> TokenId {
        self.masked.mask_token
    }

    fn begin(&mut self) -> CanvasId {
        let config = self.network.config();
        let cache = || Cache::new(config.kv_heads, config.head_dim, self.network.device());
        let caches = (0..config.layers).map(|_| cache()).collect();
        let id = CanvasId(self.next);
        self.next += 1;
        self.canvases.insert(id, Canvas { len: 0, caches });
        id
    }

    fn end(&mut self, canvas: CanvasId) {
        self.canvases.remove(&canvas);
    }

    fn forward(&mut self, steps: &[CanvasStep<'_>]) -> Result<Box<dyn Logits>, ModelError> {
        self.check(steps)?;
        if steps.is_empty() {
            return Ok(Box::new(Rows::<B>::none(&*self.network)));
        }
        let mut tokens = Vec::new();
        let mut positions = Vec::new();
        let mut wanted = Vec::new();
        for step in steps {
            let computed = self.computed(&step.refresh);
            let first = tokens.len();
            let rows = step.wanted.iter();
            wanted.extend(rows.map(|&at| first + self.source(at) - computed.start));
            let new = &step.tokens[computed.clone()];
            tokens.extend(new.iter().map(|token| token.0));
            positions.extend(computed);
        }
        let parts: Vec<_> = steps.iter().map(|s| self.computed(&s.refresh)).collect();
        let Diffusion {
            network, canvases, ..
        } = self;
        let x = network.pass(&tokens, &positions, &mut |layer, heads| {
            let mut end = 0;
            let mut attended = Vec::with_capacity(steps.len());
            for (step, part) in steps.iter().zip(&parts) {
                let (first, n) = (end, part.len());
                end += n;
                let own = |all: &Tensor<B, 3>| all.clone().narrow(0, first, n);
                let queries = own(&heads.queries);
                let keys = own(&heads.keys).swap_dims(0, 1);
                let values = own(&heads.values).swap_dims(0, 1);
                let canvas = canvases.get_mut(&step.canvas);
                let cache = canvas.and_then(|canvas| canvas.caches.get_mut(layer));
                let (keys, values) = match cache {
                    Some(cache) => cache.replace(part.start, step.tokens.len(), keys, values),
                    None => (keys, values), // every step was looked up before
                };
                attended.push(attend(1, Reach::All, queries, keys, values));
            }
            match attended.len() {
                1 => attended.swap_remove(0),
                _ => Tensor::cat(attended, 0),
            }
        });
        for step in steps {
            if let Some(canvas) = canvases.get_mut(&step.canvas) {
                canvas.len = step.tokens.len();
            }
        }
        Ok(Box::new(Rows::select(&**network, x, &wanted)))
    }
}
