//! Sums of numbers that are kept as logarithms.

/// The logarithm of a sum, given the logarithms of its parts; minus infinity of none.
/// Never a difference: what is small stays exact to its last bits.
pub(crate) fn ln_sum(parts: &[f64]) -> f64 {
    let max = parts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !max.is_finite() {
        return max;
    }
    max + parts
        .iter()
        .map(|part| (part - max).exp())
        .sum::<f64>()
        .ln()
}

/// A logarithm of a probability, kept from exceeding 0 by what rounding adds.
pub(crate) fn at_most_one(ln: f64) -> f64 {
    ln.min(0.0)
}

#[cfg(test)]
mod tests {
    use super::ln_sum;

    #[test]
    fn sums_of_what_would_underflow() {
        assert_eq!(ln_sum(&[]), f64::NEG_INFINITY);
        assert_eq!(ln_sum(&[f64::NEG_INFINITY; 3]), f64::NEG_INFINITY);
        let sum = ln_sum(&[-5000.0, -5000.0]);
        assert!((sum - (-5000.0 + 2f64.ln())).abs() < 1e-12);
        let sum = ln_sum(&[0.25f64.ln(), 0.5f64.ln(), 0.25f64.ln()]);
        assert!(sum.abs() < 1e-15);
    }
}
