//! The schedules of Dream.

use super::{Plan, Scheduler, View, rank};

/// Which positions Dream fills first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DreamOrder {
    /// Every open position with the probability that is its due: `origin`.
    Origin,
    /// By the probability of the proposed token: `maskgit_plus`.
    Probability,
    /// By the two largest probabilities, one less the other: `topk_margin`.
    Margin,
    /// By entropy, least first: `entropy`.
    Entropy,
}

/// The schedules of Dream (Ye et al., arXiv:2508.15487): the whole canvas, and at step
/// `s` a part `1 - t(s+1) / t(s)` of what is open, where `t` falls evenly from 1 to
/// `eps`; everything in the last.
///
/// Steps in which nothing is filled need no look of the model and are passed over.
#[derive(Clone, Debug)]
pub struct Dream {
    steps: usize,
    eps: f64,
    order: DreamOrder,
    /// Positions are drawn by their confidence divided by this; at 0 the best are taken.
    order_temperature: f32,
    step: usize,
}

impl Default for Dream {
    /// By entropy, as recommended; 512 steps.
    fn default() -> Dream {
        Dream::new(512, DreamOrder::Entropy)
    }
}

impl Dream {
    /// So many steps; `eps` is 0.001.
    #[must_use]
    pub fn new(steps: usize, order: DreamOrder) -> Dream {
        Dream {
            steps: steps.max(1),
            eps: 1e-3,
            order,
            order_temperature: 0.0,
            step: 0,
        }
    }

    /// Draws positions by their confidence divided by a temperature, `alg_temp`. The
    /// default, 0, takes the most confident ones.
    #[must_use]
    pub fn order_temperature(mut self, temperature: f32) -> Dream {
        self.order_temperature = temperature;
        self
    }

    /// The part of the open positions that is due at a step.
    fn due(&self, step: usize) -> f64 {
        if step + 1 >= self.steps {
            return 1.0;
        }
        let t = |step: usize| 1.0 - (1.0 - self.eps) * step as f64 / self.steps as f64;
        1.0 - t(step + 1) / t(step)
    }

    /// The next step at which something is due, and how much.
    fn next_count(&mut self, open: usize) -> usize {
        loop {
            let due = self.due(self.step);
            self.step += 1;
            // All at the last: rounding must not leave one.
            let count = match due >= 1.0 {
                true => open,
                false => (open as f64 * due).floor() as usize,
            };
            if count > 0 || due >= 1.0 {
                return count;
            }
        }
    }

    fn drawn_each(&mut self, view: &View<'_>) -> Plan {
        loop {
            let (step, due) = (self.step, self.due(self.step));
            self.step += 1;
            let is_due = |&&at: &&usize| f64::from(view.uniform(at, step)) < due;
            let chosen: Vec<usize> = view.open().iter().filter(is_due).copied().collect();
            if !chosen.is_empty() {
                return Plan::commit(chosen);
            }
        }
    }
}

impl Scheduler for Dream {
    fn begin(&mut self, _: &[usize]) {
        self.step = 0;
    }

    fn plan(&mut self, view: &mut View<'_>) -> Plan {
        if self.order == DreamOrder::Origin {
            return self.drawn_each(view);
        }
        let mut ranked = view.ranked_by(|_, proposal| match self.order {
            DreamOrder::Margin => proposal.margin,
            DreamOrder::Entropy => proposal.negentropy,
            DreamOrder::Origin | DreamOrder::Probability => proposal.probability,
        });
        let count = self.next_count(ranked.len());
        if self.order_temperature > 0.0 {
            // The largest sums of score and Gumbel noise are a draw without replacement
            // (Kool et al., arXiv:1903.06059).
            for (position, score) in &mut ranked {
                let uniform = view.uniform(*position, self.step).max(f32::MIN_POSITIVE);
                *score = *score / self.order_temperature - (-uniform.ln()).ln();
            }
            rank(&mut ranked);
        }
        Plan::commit(ranked.into_iter().take(count).map(|(position, _)| position))
    }

    fn is_tempered(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_are_due() {
        let mut dream = Dream::new(4, DreamOrder::Entropy);
        // t = 1, 0.75025, 0.5005, 0.25075
        let mut open = 16;
        let counts: Vec<usize> = (0..4)
            .map(|_| {
                let count = dream.next_count(open);
                open -= count;
                count
            })
            .collect();
        assert_eq!(counts, [3, 4, 4, 5]);
        let mut slow = Dream::new(512, DreamOrder::Entropy);
        assert_eq!(slow.next_count(8), 1);
        assert!(slow.step > 400, "nothing is due before {}", slow.step);
    }
}
