//! Tensors that share bytes of a file.

use crate::ModelError;

/// Fails if two spans, given by start, length and name, share a byte: `O(n log n)`.
pub(crate) fn check<'a>(
    spans: impl Iterator<Item = (u64, u64, &'a str)>,
) -> Result<(), ModelError> {
    let mut spans: Vec<_> = spans.filter(|&(_, len, _)| len > 0).collect();
    spans.sort_unstable();
    for (a, b) in spans.iter().zip(spans.iter().skip(1)) {
        if a.0.saturating_add(a.1) > b.0 {
            return Err(ModelError::format(format!(
                "the tensors {:?} and {:?} overlap",
                a.2, b.2
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_shared_bytes_count() {
        assert!(check([(4, 4, "b"), (0, 4, "a"), (2, 0, "empty")].into_iter()).is_ok());
        let error = check([(3, 1, "b"), (0, 4, "a")].into_iter());
        assert!(error.is_err_and(|error| error.to_string().contains(r#""a" and "b""#)));
    }
}
