//! Numbers in other spellings.

/// How far numbers may be rewritten.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::suite) enum Numbers {
    /// Not at all.
    AsIs,
    /// As decimals with a point.
    Decimals,
    /// As `d.ddd` times ten to a power, too.
    Exponents,
}

/// Digits of a mantissa, at most: of integers no more are read.
const MAX_MANTISSA: usize = 17;

/// Numbers of more digits than this are left as they are.
const MAX_DIGITS: i64 = 400;

/// Writes a JSON number.
pub(super) fn write(out: &mut String, text: &str, numbers: Numbers) {
    match Parts::of(text).filter(|_| numbers != Numbers::AsIs) {
        None => {
            out.push_str(text);
        }
        Some(parts) => {
            if text.starts_with('-') {
                out.push('-');
            }
            match numbers {
                Numbers::Exponents if parts.is_short() => parts.scientific(out),
                _ => parts.decimal(out),
            }
        }
    }
}

/// A magnitude: digits without zeros at either end, the point after `point`
/// of them.
struct Parts {
    digits: String,
    point: i64,
}

impl Parts {
    fn of(text: &str) -> Option<Parts> {
        let text = text.trim_start_matches('-');
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (int, frac) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{int}{frac}");
        let digits = all.trim_start_matches('0');
        let leading = (all.len() - digits.len()) as i64;
        let point = int.len() as i64 - leading + exponent.parse::<i64>().ok()?;
        let digits = digits.trim_end_matches('0').to_owned();
        let fits = point.abs() <= MAX_DIGITS && digits.len() as i64 <= MAX_DIGITS;
        (fits || digits.is_empty()).then_some(Parts { digits, point })
    }

    /// Whether there is a normalised spelling with an exponent.
    fn is_short(&self) -> bool {
        (1..=MAX_MANTISSA).contains(&self.digits.len())
    }

    fn scientific(&self, out: &mut String) {
        let (first, others) = self.digits.split_at(1);
        out.push_str(first);
        if !others.is_empty() {
            out.push('.');
            out.push_str(others);
        }
        out.push_str(&format!("e{}", self.point - 1));
    }

    fn decimal(&self, out: &mut String) {
        let digits = self
            .digits
            .bytes()
            .map(char::from)
            .chain(std::iter::repeat('0'));
        let point = if self.digits.is_empty() {
            0
        } else {
            self.point
        };
        let int = point.max(0) as usize;
        let zeros = (-point).max(0) as usize;
        let frac = self.digits.len().saturating_sub(int);
        if int == 0 {
            out.push('0');
        }
        out.extend(digits.clone().take(int));
        out.push('.');
        out.extend(std::iter::repeat_n('0', zeros));
        out.extend(digits.skip(int).take(frac + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let written = |text: &str, numbers| {
            let mut out = String::new();
            write(&mut out, text, numbers);
            out
        };
        for (text, decimal, scientific) in [
            ("0", "0.0", "0.0"),
            ("-0.0", "-0.0", "-0.0"),
            ("1", "1.0", "1e0"),
            ("1200", "1200.0", "1.2e3"),
            ("-2.50", "-2.50", "-2.5e0"),
            ("0.0012", "0.00120", "1.2e-3"),
            ("1e3", "1000.0", "1e3"),
            ("12.5E-1", "1.250", "1.25e0"),
        ] {
            assert_eq!(written(text, Numbers::Decimals), decimal);
            assert_eq!(written(text, Numbers::Exponents), scientific);
            assert_eq!(written(text, Numbers::AsIs), text);
        }
        assert_eq!(written("1e999999", Numbers::Exponents), "1e999999");
    }
}
