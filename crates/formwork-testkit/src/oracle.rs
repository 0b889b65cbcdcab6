//! Which texts spell one of finitely many values: by trying every reading, with
//! no tables and no memory, so that nothing can be wrong but the rules.
//!
//! The spellings of a value are those that a compiled schema accepts:
//!
//! * up to a given number of white-space bytes wherever JSON allows any, before
//!   and after the text too;
//! * members in every order;
//! * each character of a string raw, with a short escape or with `\u` escapes
//!   in any case, beyond the first plane as a surrogate pair;
//! * numbers as plain decimals with any number of spare zeros, and as
//!   `d.ddd` times ten to an exponent of one to three digits without spare
//!   zeros in the mantissa; a zero may have a minus but no exponent.

use serde_json::Value;

use crate::decimal::Decimal;

/// The texts of finitely many values.
#[derive(Clone, Debug)]
pub struct Oracle {
    values: Vec<Value>,
    space: u32,
}

impl Oracle {
    /// The oracle for some values, with up to `space` bytes of white space in
    /// each place.
    pub fn new(values: Vec<Value>, space: u32) -> Oracle {
        Oracle { values, space }
    }

    /// Whether some spelling of some value starts with `prefix`.
    pub fn starts(&self, prefix: &[u8]) -> bool {
        self.read(prefix, true)
    }

    /// Whether `text` is a spelling of some value.
    pub fn spells(&self, text: &[u8]) -> bool {
        self.read(text, false)
    }

    fn read(&self, text: &[u8], prefix: bool) -> bool {
        let reader = Reader {
            prefix,
            space: self.space,
        };
        let end = |rest: &[u8]| rest.is_empty();
        let after = |rest: &[u8]| reader.space(rest, &end);
        self.values.iter().any(|v| reader.value(text, v, &after))
    }
}

/// What has to be read after a part: given the rest of the text, whether that
/// fits.
type Then<'a> = &'a dyn Fn(&[u8]) -> bool;

struct Reader {
    /// Whether a text that ends within a spelling fits.
    prefix: bool,
    space: u32,
}

impl Reader {
    fn one_of(&self, text: &[u8], wanted: &[u8], then: Then) -> bool {
        match text.split_first() {
            None => self.prefix,
            Some((byte, rest)) => wanted.contains(byte) && then(rest),
        }
    }

    fn bytes(&self, text: &[u8], wanted: &[u8], then: Then) -> bool {
        match wanted.split_first() {
            None => then(text),
            Some((&byte, others)) => {
                self.one_of(text, &[byte], &|rest| self.bytes(rest, others, then))
            }
        }
    }

    fn space(&self, text: &[u8], then: Then) -> bool {
        self.spaces(text, self.space, then)
    }

    fn spaces(&self, text: &[u8], left: u32, then: Then) -> bool {
        let more = |rest: &[u8]| self.spaces(rest, left - 1, then);
        then(text) || (left > 0 && self.one_of(text, b" \t\n\r", &more))
    }

    fn value(&self, text: &[u8], value: &Value, then: Then) -> bool {
        self.space(text, &|text| match value {
            Value::Null => self.bytes(text, b"null", then),
            Value::Bool(false) => self.bytes(text, b"false", then),
            Value::Bool(true) => self.bytes(text, b"true", then),
            Value::Number(number) => self.number(text, &Decimal::of(number), then),
            Value::String(string) => self.string(text, string, then),
            Value::Array(items) => {
                self.bytes(text, b"[", &|rest| self.items(rest, items, true, then))
            }
            Value::Object(members) => {
                let members: Vec<_> = members.iter().map(|(k, v)| (k.as_str(), v)).collect();
                self.bytes(text, b"{", &|rest| self.members(rest, &members, true, then))
            }
        })
    }

    fn items(&self, text: &[u8], left: &[Value], first: bool, then: Then) -> bool {
        let Some((item, others)) = left.split_first() else {
            return self.space(text, &|rest| self.bytes(rest, b"]", then));
        };
        let item =
            |rest: &[u8]| self.value(rest, item, &|rest| self.items(rest, others, false, then));
        if first {
            item(text)
        } else {
            self.space(text, &|rest| self.bytes(rest, b",", &item))
        }
    }

    fn members(&self, text: &[u8], left: &[(&str, &Value)], first: bool, then: Then) -> bool {
        if left.is_empty() {
            return self.space(text, &|rest| self.bytes(rest, b"}", then));
        }
        let any = |text: &[u8]| {
            (0..left.len()).any(|at| {
                let (name, value) = left[at];
                let mut others = left.to_vec();
                others.remove(at);
                let others = |rest: &[u8]| self.members(rest, &others, false, then);
                let member = |rest: &[u8]| self.value(rest, value, &others);
                let colon = |rest: &[u8]| self.bytes(rest, b":", &member);
                let after_name = |rest: &[u8]| self.space(rest, &colon);
                self.space(text, &|rest| self.string(rest, name, &after_name))
            })
        };
        if first {
            any(text)
        } else {
            self.space(text, &|rest| self.bytes(rest, b",", &any))
        }
    }

    fn string(&self, text: &[u8], string: &str, then: Then) -> bool {
        let close = |rest: &[u8]| self.bytes(rest, b"\"", then);
        self.bytes(text, b"\"", &|rest| self.chars(rest, string, &close))
    }

    fn chars(&self, text: &[u8], string: &str, then: Then) -> bool {
        let Some(c) = string.chars().next() else {
            return then(text);
        };
        let others = |rest: &[u8]| self.chars(rest, &string[c.len_utf8()..], then);
        let raw = c.encode_utf8(&mut [0; 4]).as_bytes().to_vec();
        let needs_escape = c < ' ' || c == '"' || c == '\\';
        if !needs_escape && self.bytes(text, &raw, &others) {
            return true;
        }
        let short = match c {
            '"' => b"\\\"",
            '\\' => b"\\\\",
            '/' => b"\\/",
            '\u{8}' => b"\\b",
            '\u{c}' => b"\\f",
            '\n' => b"\\n",
            '\r' => b"\\r",
            '\t' => b"\\t",
            _ => &[0; 2],
        };
        if short[0] != 0 && self.bytes(text, short, &others) {
            return true;
        }
        let units = c.encode_utf16(&mut [0; 2]).to_vec();
        self.units(text, &units, &others)
    }

    fn units(&self, text: &[u8], units: &[u16], then: Then) -> bool {
        let Some((unit, others)) = units.split_first() else {
            return then(text);
        };
        let digits = format!("{unit:04x}");
        self.bytes(text, b"\\u", &|rest| {
            self.hex(rest, digits.as_bytes(), &|rest| {
                self.units(rest, others, then)
            })
        })
    }

    fn hex(&self, text: &[u8], digits: &[u8], then: Then) -> bool {
        let Some((digit, others)) = digits.split_first() else {
            return then(text);
        };
        let either = [*digit, digit.to_ascii_uppercase()];
        self.one_of(text, &either, &|rest| self.hex(rest, others, then))
    }

    fn number(&self, text: &[u8], number: &Decimal, then: Then) -> bool {
        let magnitude =
            |rest: &[u8]| self.plain(rest, number, then) || self.scientific(rest, number, then);
        if number.is_zero() {
            magnitude(text) || self.bytes(text, b"-", &magnitude)
        } else if number.negative {
            self.bytes(text, b"-", &magnitude)
        } else {
            magnitude(text)
        }
    }

    fn plain(&self, text: &[u8], number: &Decimal, then: Then) -> bool {
        let (int, frac) = number.plain();
        self.bytes(text, &int, &|rest| {
            if frac.is_empty() {
                then(rest) || self.bytes(rest, b".0", &|rest| self.zeros(rest, then))
            } else {
                let zeros = |rest: &[u8]| self.zeros(rest, then);
                self.bytes(rest, b".", &|rest| self.bytes(rest, &frac, &zeros))
            }
        })
    }

    fn zeros(&self, text: &[u8], then: Then) -> bool {
        then(text) || self.bytes(text, b"0", &|rest| self.zeros(rest, then))
    }

    fn scientific(&self, text: &[u8], number: &Decimal, then: Then) -> bool {
        let Some((first, others, exponent)) = number.scientific() else {
            return false;
        };
        let mut mantissa = vec![first];
        if !others.is_empty() {
            mantissa.push(b'.');
            mantissa.extend_from_slice(others);
        }
        let signs: &[&str] = match exponent {
            0 => &["", "+", "-"],
            1.. => &["", "+"],
            _ => &["-"],
        };
        let exponent = exponent.unsigned_abs();
        let exponents = |rest: &[u8]| {
            signs.iter().any(|sign| {
                (1..=3).any(|width| {
                    let spelled = format!("{exponent:0width$}");
                    let spelled = format!("{sign}{spelled}");
                    self.bytes(rest, spelled.as_bytes(), then)
                })
            })
        };
        self.bytes(text, &mantissa, &|rest| {
            self.one_of(rest, b"eE", &exponents)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spellings_by_hand() {
        let oracle = Oracle::new(vec![json!({"a": 1, "é": ["/", null]}), json!(1.5)], 1);
        for text in [
            r#"{"a":1,"é":["/",null]}"#,
            r#" { "\u00E9" : [ "\/" , null ] , "\u0061" : 1.00 } "#,
            "1.5",
            "1.5e0",
            "1.500",
            "1.5E-00",
        ] {
            assert!(oracle.spells(text.as_bytes()), "{text}");
            for end in 0..text.len() {
                assert!(oracle.starts(&text.as_bytes()[..end]), "{text} at {end}");
            }
        }
        for text in [
            r#"{"a":1}"#,
            r#"{"a":1,"é":["/",null],}"#,
            r#"{"a":1,"a":1,"é":["/",null]}"#,
            "  1.5",
            "1.50e0",
            "15e-1",
            "",
        ] {
            assert!(!oracle.spells(text.as_bytes()), "{text}");
        }
        assert!(oracle.starts(b"") && !oracle.starts(b"2"));
        let zero = Oracle::new(vec![json!(0)], 0);
        assert!(zero.spells(b"-0.00") && !zero.starts(b"0e"));
    }
}
