//! What is certain about texts that are taken as they are proposed.

/// Bounds without chance in them, from what a tree has seen. Logarithms are natural.
///
/// Every text w is proposed with Q(w) ≥ P(w)/θ, where θ is the bound at the root, and the
/// target is P(w)/P(L). So Q ≥ target · P(L)/θ for every text, whence TV ≤ 1 − P(L)/θ and
/// KL(target‖Q) ≤ ln(θ/P(L)); and P(L) is at least the mass of the texts that are known.
/// They hold for texts that are [taken](crate::Finish::Biased) from a tree that stays as
/// it is; texts that [rejection](crate::Finish::Reject) leaves follow the target exactly.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Certificate {
    /// ln of an upper bound of P(L), the probability that the model writes a text of the
    /// constraint.
    pub ln_upper: f64,
    /// ln of a lower bound of P(L): the mass of the texts that are known.
    pub ln_lower: f64,
    /// At least the total variation distance of what is proposed from the target.
    pub tv: f64,
    /// At least the divergence KL(target‖proposed), in nats; infinite if no text is known.
    pub kl: f64,
    /// At most the part of attempts that rejection accepts: P(L)/θ is at least this.
    pub acceptance: f64,
}

impl Certificate {
    pub(crate) fn new(ln_upper: f64, ln_lower: f64) -> Certificate {
        // What rounding may add to sums of many tokens.
        let slack = 1e-12;
        let kl = (ln_upper - ln_lower).max(0.0);
        let kl = if kl.is_nan() { f64::INFINITY } else { kl };
        Certificate {
            ln_upper,
            ln_lower,
            tv: (-(-kl).exp_m1() + slack).min(1.0),
            kl: kl + slack,
            acceptance: (-kl).exp(),
        }
    }
}
