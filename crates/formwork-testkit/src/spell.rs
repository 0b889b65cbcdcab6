//! One random spelling of a value.

use serde_json::Value;

use crate::decimal::Decimal;
use crate::rng::Rng;

/// How freely a value is spelled.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// White-space bytes in each place, at most.
    pub space: u32,
    /// Whether numbers may have exponents.
    pub exponents: bool,
    /// Whether numbers are written as the value has them, spare zeros and all.
    pub keep_numbers: bool,
}

/// A random spelling, of those that [`Oracle`](crate::Oracle) knows.
pub fn spell(value: &Value, style: Style, rng: &mut Rng) -> String {
    let mut speller = Speller {
        style,
        rng,
        out: String::new(),
    };
    speller.value(value);
    speller.space();
    speller.out
}

/// Longer mantissas are written as plain decimals: of integers, the engine
/// reads no longer ones with an exponent.
const MAX_MANTISSA: usize = 16;

struct Speller<'a> {
    style: Style,
    rng: &'a mut Rng,
    out: String,
}

impl Speller<'_> {
    fn space(&mut self) {
        if self.rng.chance(80) {
            return;
        }
        for _ in 0..self.rng.below(self.style.space as usize + 1) {
            self.out.push(*self.rng.pick(&[' ', '\n', '\t', '\r']));
        }
    }

    fn value(&mut self, value: &Value) {
        self.space();
        match value {
            Value::Null | Value::Bool(_) => self.out += &value.to_string(),
            Value::Number(number) if self.style.keep_numbers => self.out += &number.to_string(),
            Value::Number(number) => self.number(&Decimal::of(number)),
            Value::String(string) => self.string(string),
            Value::Array(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.comma(at);
                    self.value(item);
                }
                self.space();
                self.out.push(']');
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                self.rng.shuffle(&mut members);
                self.out.push('{');
                for (at, (name, value)) in members.into_iter().enumerate() {
                    self.comma(at);
                    self.space();
                    self.string(name);
                    self.space();
                    self.out.push(':');
                    self.value(value);
                }
                self.space();
                self.out.push('}');
            }
        }
    }

    fn comma(&mut self, at: usize) {
        if at > 0 {
            self.space();
            self.out.push(',');
        }
    }

    fn string(&mut self, string: &str) {
        self.out.push('"');
        for c in string.chars() {
            let needs_escape = c < ' ' || c == '"' || c == '\\';
            if !needs_escape && self.rng.chance(85) {
                self.out.push(c);
                continue;
            }
            let short = match c {
                '"' | '\\' | '/' => Some(c),
                '\u{8}' => Some('b'),
                '\u{c}' => Some('f'),
                '\n' => Some('n'),
                '\r' => Some('r'),
                '\t' => Some('t'),
                _ => None,
            };
            match short.filter(|_| self.rng.chance(50)) {
                Some(short) => self.out.extend(['\\', short]),
                None => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let upper = self.rng.chance(50);
                        self.out += &if upper {
                            format!("\\u{unit:04X}")
                        } else {
                            format!("\\u{unit:04x}")
                        };
                    }
                }
            }
        }
        self.out.push('"');
    }

    fn number(&mut self, number: &Decimal) {
        if number.negative || (number.is_zero() && self.rng.chance(10)) {
            self.out.push('-');
        }
        let ascii = |digits: &[u8]| digits.iter().map(|&d| char::from(d)).collect::<String>();
        if let Some((first, others, exponent)) = number.scientific()
            && self.style.exponents
            && others.len() < MAX_MANTISSA
            && self.rng.chance(20)
        {
            self.out.push(char::from(first));
            if !others.is_empty() {
                self.out += &format!(".{}", ascii(others));
            }
            self.out.push(*self.rng.pick(&['e', 'E']));
            if exponent >= 0 && self.rng.chance(50) {
                self.out.push('+');
            }
            self.out += &exponent.to_string();
            return;
        }
        let (int, mut frac) = number.plain();
        if self.rng.chance(20) {
            frac.resize(frac.len() + 1 + self.rng.below(2), b'0');
        }
        self.out += &ascii(&int);
        if !frac.is_empty() {
            self.out += &format!(".{}", ascii(&frac));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Oracle;
    use crate::pools::{NUMBERS, STRINGS, number};

    #[test]
    fn the_oracle_reads_every_spelling() {
        let mut rng = Rng::new(1);
        let numbers: Vec<Value> = NUMBERS.iter().map(|text| number(text)).collect();
        let strings: Vec<Value> = STRINGS.iter().map(|&text| text.into()).collect();
        let members = serde_json::json!({"é": numbers, "": strings, "a\"b": {}, "[]": []});
        for value in numbers.iter().chain(&strings).chain([&members]) {
            let oracle = Oracle::new(vec![value.clone()], 2);
            for _ in 0..20 {
                let style = Style {
                    space: 2,
                    exponents: true,
                    keep_numbers: false,
                };
                let text = spell(value, style, &mut rng);
                assert!(oracle.spells(text.as_bytes()), "{value}: {text}");
            }
        }
    }
}
