//! Exact decimal numbers, as schemas write them.

use std::cmp::Ordering;

/// Exponents beyond this are refused: no schema needs them, and digits are
/// written out when automata are built.
const MAX_EXPONENT: i64 = 1_000_000;

/// The number ±digits × 10^exponent. Digits have no zero at either end, so
/// equal numbers are equal values; zero has no digits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Decimal {
    negative: bool,
    digits: Box<[u8]>,
    exponent: i64,
}

impl Decimal {
    pub(crate) fn zero() -> Decimal {
        Decimal {
            negative: false,
            digits: Box::default(),
            exponent: 0,
        }
    }

    pub(crate) fn one() -> Decimal {
        Decimal {
            negative: false,
            digits: Box::new([1]),
            exponent: 0,
        }
    }

    /// Reads a JSON number; `None` if it is none, or out of range.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (int, frac) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let digits_only = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = int.len() > 1 && int.starts_with('0');
        if int.is_empty() || leading_zero || !digits_only(int) || !digits_only(frac) {
            return None;
        }
        if exponent.abs() > MAX_EXPONENT {
            return None;
        }
        let digits = int.bytes().chain(frac.bytes()).map(|b| b - b'0').collect();
        Some(Decimal::new(negative, digits, exponent - frac.len() as i64))
    }

    fn new(negative: bool, mut digits: Vec<u8>, mut exponent: i64) -> Decimal {
        while digits.last() == Some(&0) {
            digits.pop();
            exponent += 1;
        }
        let zeros = digits.iter().take_while(|&&d| d == 0).count();
        digits.drain(..zeros);
        if digits.is_empty() {
            return Decimal::zero();
        }
        Decimal {
            negative,
            digits: digits.into_boxed_slice(),
            exponent,
        }
    }

    /// Digits that a number of a schema may have when written out: automata are
    /// built digit by digit. Doubles have at most 767 significant ones, and
    /// exponents up to 324.
    pub(crate) const MAX_DIGITS: u64 = 1100;

    /// Whether the number has more digits than that.
    pub(crate) fn is_long(&self) -> bool {
        let before = self.scientific_exponent().max(0).unsigned_abs();
        !self.is_zero() && before.max(self.fraction_len()) >= Self::MAX_DIGITS
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub(crate) fn is_negative(&self) -> bool {
        self.negative
    }

    pub(crate) fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    pub(crate) fn negate(&self) -> Decimal {
        Decimal {
            negative: !self.negative && !self.is_zero(),
            ..self.clone()
        }
    }

    /// The digits without leading or trailing zeros.
    pub(crate) fn digits(&self) -> &[u8] {
        &self.digits
    }

    /// The exponent e of the form d.ddd × 10^e; meaningless for zero.
    pub(crate) fn scientific_exponent(&self) -> i64 {
        self.exponent + self.digits.len() as i64 - 1
    }

    /// The number of digits after the point.
    pub(crate) fn fraction_len(&self) -> u64 {
        self.exponent.min(0).unsigned_abs()
    }

    /// The digits before the point (at least one) and after it.
    pub(crate) fn plain(&self) -> (Vec<u8>, Vec<u8>) {
        let places = self.exponent.min(0).unsigned_abs() as usize;
        let mut all = self.digits.to_vec();
        all.resize(all.len() + self.exponent.max(0) as usize, 0);
        if all.len() <= places {
            let mut padded = vec![0; places + 1 - all.len()];
            padded.append(&mut all);
            all = padded;
        }
        let frac = all.split_off(all.len() - places);
        (all, frac)
    }

    /// The number as a non-negative integer, if it is one that fits.
    pub(crate) fn to_u64(&self) -> Option<u64> {
        if self.negative || !self.is_integer() {
            return None;
        }
        let mut value = 0u64;
        for &digit in &self.digits {
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        }
        let scale = 10u64.checked_pow(u32::try_from(self.exponent).ok()?)?;
        value.checked_mul(scale)
    }

    /// The number `integer` / 10^places.
    pub(crate) fn from_scaled(integer: u64, places: u64) -> Decimal {
        let digits = integer.to_string();
        let digits = digits.bytes().map(|byte| byte - b'0').collect();
        Decimal::new(false, digits, -(places as i64))
    }

    /// |self| × 10^places as an integer, if it is one that fits.
    pub(crate) fn scaled(&self, places: u64) -> Option<u64> {
        Decimal {
            negative: false,
            digits: self.digits.clone(),
            exponent: self.exponent.checked_add_unsigned(places)?,
        }
        .to_u64()
    }

    /// The nearest double, or an infinity.
    pub(crate) fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::INFINITY)
    }

    /// Compares magnitudes.
    fn cmp_magnitude(&self, other: &Decimal) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            _ => {}
        }
        self.scientific_exponent()
            .cmp(&other.scientific_exponent())
            // Without trailing zeros, a proper prefix is smaller.
            .then_with(|| self.digits.cmp(&other.digits))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = |d: &[u8]| d.iter().map(|d| char::from(b'0' + d)).collect::<String>();
        if self.exponent.abs() > 40 {
            return write!(f, "{}e{}", digits(&self.digits), self.exponent);
        }
        let (int, frac) = self.plain();
        f.write_str(&digits(&int))?;
        if !frac.is_empty() {
            write!(f, ".{}", digits(&frac))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn equal_spellings_are_equal() {
        assert_eq!(d("1.50"), d("15e-1"));
        assert_eq!(d("-0.0"), d("0"));
        assert_eq!(d("100"), d("1E+2"));
        assert_eq!(d("0.001").to_string(), "0.001");
        assert_eq!(d("12300").to_u64(), Some(12300));
        assert_eq!(d("0.25").scaled(3), Some(250));
        assert_eq!(d("18446744073709551616").to_u64(), None);
        for bad in ["", "-", "01", "1.", ".5", "1e", "1e9999999", "+1", "1e1.5"] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn orders_like_integers(a in -100_000i64..100_000, b in -100_000i64..100_000, e in 0u32..4) {
            let scale = format!("e-{e}");
            let (x, y) = (d(&format!("{a}{scale}")), d(&format!("{b}{scale}")));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x == y, a == b);
            prop_assert_eq!(x.negate().cmp(&y.negate()), b.cmp(&a));
        }
    }
}
