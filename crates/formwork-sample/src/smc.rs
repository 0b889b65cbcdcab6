//! Particles that are resampled on their way.

use crate::prefix::Prefix;
use crate::random::{Chance, Streams};
use crate::{Constraint, LogitCache, Model, Resampler, Sample, SampleError, Sampler, WeightedSet};

/// Sequential Monte Carlo (arXiv:2306.03081, arXiv:2504.13139).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Smc {
    /// The particles.
    pub particles: usize,
    /// They are resampled when their effective sample size is below this part of their
    /// number: 0 never, 1 at almost every token.
    pub ess: f64,
    /// How they are resampled.
    pub resampler: Resampler,
    /// How they get their tokens.
    pub propose: Propose,
}

/// How particles get their tokens.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum Propose {
    /// Among what the mask allows.
    #[default]
    Masks,
    /// By adaptive weighted rejection: checks alone.
    Checks,
}

impl Smc {
    /// So many particles, resampled in strata below half of their number.
    #[must_use]
    pub fn new(particles: usize) -> Smc {
        Smc {
            particles,
            ess: 0.5,
            resampler: Resampler::default(),
            propose: Propose::default(),
        }
    }
}

/// A particle, and ln of its weight and of the probability of its tokens as proposed.
type Particle<S> = (Prefix<S>, f64, f64);

impl<M: Model, C: Constraint> Sampler<M, C> {
    /// Texts by sequential Monte Carlo: all particles take a token at a time, weigh what
    /// the mask lets through, and are resampled when few of them carry all weight. At the
    /// most tokens only stop tokens are left, at their probability.
    ///
    /// The mean weight is an unbiased estimate of P(L) for any number of particles;
    /// averages follow the target up to an error of the order of one over their number.
    ///
    /// # Errors
    ///
    /// If there are no particles or too many for `max_nodes`, `ess` is not from 0 to 1, or
    /// model or constraint fail.
    pub fn smc(&mut self, smc: &Smc) -> Result<WeightedSet, SampleError> {
        if !(1..=1 << 20).contains(&smc.particles) {
            return Err(SampleError::Option {
                name: "particles",
                wanted: "from 1 to 2^20",
            });
        }
        if smc.particles * (self.options.max_tokens + 2) > self.options.max_nodes {
            return Err(SampleError::Option {
                name: "particles",
                wanted: "few enough that `max_nodes` holds `max_tokens` + 2 for each",
            });
        }
        if !(0.0..=1.0).contains(&smc.ess) {
            return Err(SampleError::Option {
                name: "ess",
                wanted: "from 0 to 1",
            });
        }
        let mut chance = Streams::new(self.options.seed, self.attempt);
        // A stream for every particle, one for resampling.
        self.attempt += smc.particles as u64 + 1;
        self.run_smc(smc, &mut chance)
    }

    pub(crate) fn run_smc(
        &mut self,
        smc: &Smc,
        chance: &mut dyn Chance,
    ) -> Result<WeightedSet, SampleError> {
        self.make_room_for(smc.particles);
        self.explorer.stats.attempts += smc.particles as u64;
        let empty = self.empty()?;
        let mut all: Vec<Particle<C::State>> = vec![(empty, 0.0, 0.0); smc.particles];
        for depth in 0.. {
            let is_going =
                |(text, ln_w, _): &Particle<C::State>| !text.is_text() && *ln_w > f64::NEG_INFINITY;
            if !all.iter().any(is_going) {
                break;
            }
            self.read_rows_of(&all)?;
            for (stream, particle) in all.iter_mut().enumerate() {
                if is_going(particle) {
                    chance.go_to(stream as u64, depth);
                    self.move_particle(smc, particle, chance)?;
                }
            }
            chance.go_to(smc.particles as u64, depth);
            resample(smc, &mut all, chance);
        }
        let mut samples: Vec<Sample> = Vec::new();
        for (text, ln_w, ln_q) in all {
            if text.is_text() && ln_w > f64::NEG_INFINITY {
                self.explorer.stats.samples += 1;
                samples.push(self.sample_of(text, ln_q, ln_w));
            } else {
                self.explorer.stats.dead += 1;
            }
        }
        Ok(WeightedSet::new(samples, smc.particles))
    }

    fn move_particle(
        &mut self,
        smc: &Smc,
        particle: &mut Particle<C::State>,
        chance: &mut dyn Chance,
    ) -> Result<(), SampleError> {
        let (text, ln_w, ln_q) = particle;
        let before = text.ln_p;
        let ln_step = match smc.propose {
            Propose::Checks => self.awrs_step(text, chance)?.map(f64::ln),
            Propose::Masks if text.is_dead() => None,
            Propose::Masks => {
                let next = self.next(text)?;
                let at = chance.pick(&next.shares());
                match at.and_then(|at| next.tokens.get(at)) {
                    None => None,
                    Some(&token) => {
                        self.extend(text, token, next.is_checked)?;
                        (!text.is_dead()).then(|| next.ln_z())
                    }
                }
            }
        };
        *ln_w += ln_step.unwrap_or(f64::NEG_INFINITY);
        *ln_q += text.ln_p - before - ln_step.unwrap_or(0.0);
        Ok(())
    }

    /// Asks for the rows of all particles at once.
    fn read_rows_of(&mut self, all: &[Particle<C::State>]) -> Result<(), SampleError> {
        if self.options.logit_cache == LogitCache::None {
            return Ok(());
        }
        let mut open: Vec<&Prefix<C::State>> = all
            .iter()
            .filter(|(text, ln_w, _)| {
                text.leaf.is_none() && text.stop.is_none() && *ln_w > f64::NEG_INFINITY
            })
            .map(|(text, _, _)| text)
            .filter(|text| !self.tree.rows.contains(text.node))
            .collect();
        open.sort_by_key(|text| text.node);
        open.dedup_by_key(|text| text.node);
        // Not more at once than the model was to read.
        for open in open.chunks(self.options.batch) {
            let wanted: Vec<_> = open.iter().map(|text| text.wanted()).collect();
            self.explorer.read(&mut self.tree, &self.options, &wanted)?;
        }
        Ok(())
    }
}

fn resample<S: Clone>(smc: &Smc, all: &mut Vec<Particle<S>>, chance: &mut dyn Chance) {
    let max = all
        .iter()
        .map(|(_, ln_w, _)| *ln_w)
        .fold(f64::NEG_INFINITY, f64::max);
    if max == f64::NEG_INFINITY {
        return;
    }
    let weights: Vec<f64> = all.iter().map(|(_, ln_w, _)| (ln_w - max).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
    let n = all.len() as f64;
    if sum * sum / squares >= smc.ess * n {
        return;
    }
    let weights: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
    let mean = max + (sum / n).ln();
    let chosen = smc.resampler.choose(&weights, all.len(), chance);
    let next = chosen.into_iter().filter_map(|at| all.get(at).cloned());
    let next = next.map(|(text, _, ln_q)| (text, mean, ln_q));
    *all = next.collect();
}
