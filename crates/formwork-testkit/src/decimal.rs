//! Numbers as digits: what their text says, without a machine number between.

use std::cmp::Ordering;

use serde_json::Number;

/// ±0.digits, moved by a point: the number is `digits` with the decimal point
/// after `point` of them (which may be outside of them).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decimal {
    /// Whether it is below zero.
    pub negative: bool,
    /// Digits as ASCII, without zeros at either end; empty for zero.
    pub digits: Vec<u8>,
    /// Where the point stands; 0 for zero.
    pub point: i64,
}

impl Decimal {
    /// The value of a JSON number.
    pub fn of(number: &Number) -> Decimal {
        Decimal::parse(&number.to_string())
    }

    /// The value of a number's text.
    ///
    /// # Panics
    ///
    /// If the text is no JSON number.
    pub fn parse(text: &str) -> Decimal {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (
                &text[..at],
                text[at + 1..].parse().unwrap_or(i64::from(i32::MAX)),
            ),
            None => (text, 0i64),
        };
        let (int, frac) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [int, frac].concat();
        let digits = all.trim_start_matches('0');
        let point = int.len() as i64 - (all.len() - digits.len()) as i64 + exponent;
        let digits = digits.trim_end_matches('0').as_bytes().to_vec();
        if digits.is_empty() {
            return Decimal {
                negative: false,
                digits,
                point: 0,
            };
        }
        Decimal {
            negative,
            digits,
            point,
        }
    }

    /// Whether the number is zero.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The digits before the point, one at least, and those after it.
    pub fn plain(&self) -> (Vec<u8>, Vec<u8>) {
        let mut int = Vec::new();
        let mut frac = Vec::new();
        for (at, &digit) in self.digits.iter().enumerate() {
            if (at as i64) < self.point {
                int.push(digit);
            } else {
                frac.push(digit);
            }
        }
        let zeros = self.point - self.digits.len() as i64;
        int.resize(int.len() + zeros.max(0) as usize, b'0');
        if int.is_empty() {
            int.push(b'0');
        }
        for _ in self.point..0 {
            frac.insert(0, b'0');
        }
        (int, frac)
    }

    /// Compares two numbers.
    pub fn compare(&self, other: &Decimal) -> Ordering {
        let sign = |n: &Decimal| match (n.is_zero(), n.negative) {
            (true, _) => 0,
            (_, true) => -1,
            _ => 1,
        };
        let size = |n: &Decimal| (n.point, n.digits.clone());
        match (sign(self).cmp(&sign(other)), sign(self)) {
            (Ordering::Equal, 1) => size(self).cmp(&size(other)),
            (Ordering::Equal, -1) => size(other).cmp(&size(self)),
            (order, _) => order,
        }
    }

    /// Whether the number is `of` times an integer.
    ///
    /// # Panics
    ///
    /// If `of` is zero or has more than 19 digits.
    pub fn is_multiple_of(&self, of: &Decimal) -> bool {
        let scale = |n: &Decimal| n.point - n.digits.len() as i64;
        let text = std::str::from_utf8(&of.digits).unwrap_or_default();
        let divisor = u128::from(text.parse::<u64>().expect("a divisor of few digits"));
        if self.is_zero() {
            return true;
        }
        // The quotient of the digits, times ten to this. Below zero it is no
        // integer, since the last digit is not 0.
        let Ok(mut exponent) = u64::try_from(scale(self) - scale(of)) else {
            return false;
        };
        let step = |rest: u128, digit: &u8| (rest * 10 + u128::from(digit - b'0')) % divisor;
        let mut rest = self.digits.iter().fold(0, step);
        let mut power = 10 % divisor;
        while exponent > 0 {
            if exponent % 2 == 1 {
                rest = rest * power % divisor;
            }
            power = power * power % divisor;
            exponent /= 2;
        }
        rest == 0
    }

    /// The first digit, the others, and the exponent of d.ddd × 10^e; `None`
    /// for zero and for exponents of more than three digits.
    pub fn scientific(&self) -> Option<(u8, &[u8], i64)> {
        let (&first, rest) = self.digits.split_first()?;
        let exponent = self.point - 1;
        (exponent.abs() <= 999).then_some((first, rest, exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_point() {
        let plain = |text: &str| {
            let (int, frac) = Decimal::parse(text).plain();
            let text = |part| String::from_utf8(part).unwrap();
            (text(int), text(frac))
        };
        let pair = |int: &str, frac: &str| (int.to_owned(), frac.to_owned());
        assert_eq!(plain("12.50"), pair("12", "5"));
        assert_eq!(plain("1200"), pair("1200", ""));
        assert_eq!(plain("1e-3"), pair("0", "001"));
        assert_eq!(plain("0.0012E+3"), pair("1", "2"));
        assert_eq!(plain("-0.0"), pair("0", ""));
        assert_eq!(Decimal::parse("-0.0"), Decimal::parse("0"));
        let less = |a: &str, b: &str| Decimal::parse(a).compare(&Decimal::parse(b)).is_lt();
        assert!(less("-1e-999", "-0.0") && less("0", "1e-999") && less("9.9", "10"));
        assert!(less("-10", "-9.9") && less("1.5", "1.51") && !less("2", "2.0"));
        let multiple = |n: &str, of: &str| Decimal::parse(n).is_multiple_of(&Decimal::parse(of));
        assert!(multiple("0.30", "0.1") && multiple("-14", "7") && multiple("0", "7"));
        assert!(multiple("1e99999999999", "16") && !multiple("1e99999999999", "7"));
        assert!(multiple("1e3", "2.5") && !multiple("0.35", "0.1"));
        let small = Decimal::parse("0.0012");
        assert_eq!(small.scientific(), Some((b'1', &b"2"[..], -3)));
    }
}
