//! Other spellings of an instance: texts of the same value, within what the
//! compiler promises to read.

mod number;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(super) use number::Numbers;

/// What is written otherwise.
#[derive(Clone, Copy)]
struct Style {
    /// Every character of strings and names as `\u` escapes.
    escaped: bool,
    /// Members from the last to the first.
    reversed: bool,
    /// White space wherever JSON allows it.
    spaced: bool,
    numbers: Numbers,
}

const AS_IS: Style = Style {
    escaped: false,
    reversed: false,
    spaced: false,
    numbers: Numbers::AsIs,
};

/// The spellings of a text without white space, by name, those that are no
/// different left out. `numbers` says how far numbers may be rewritten. None
/// for texts that no string type can hold (lone surrogates).
pub(super) fn spellings(text: &str, numbers: Numbers) -> Vec<(&'static str, String)> {
    let decimals = numbers.min(Numbers::Decimals);
    let styles = [
        (
            "escaped",
            Style {
                escaped: true,
                ..AS_IS
            },
        ),
        (
            "reordered",
            Style {
                reversed: true,
                ..AS_IS
            },
        ),
        (
            "spaced",
            Style {
                spaced: true,
                ..AS_IS
            },
        ),
        (
            "with decimals",
            Style {
                numbers: decimals,
                ..AS_IS
            },
        ),
        ("with exponents", Style { numbers, ..AS_IS }),
        (
            "spelled otherwise",
            Style {
                escaped: true,
                reversed: true,
                spaced: true,
                numbers,
            },
        ),
    ];
    let mut texts: Vec<(&'static str, String)> = Vec::new();
    for (name, style) in styles {
        let mut out = String::new();
        if write(&mut out, text, style).is_err() {
            return Vec::new();
        }
        if out != text && texts.iter().all(|(_, known)| *known != out) {
            texts.push((name, out));
        }
    }
    texts
}

/// Whether a number in the text is written with an exponent.
pub(super) fn has_exponents(text: &str) -> bool {
    let mut quoted = false;
    let mut before = ' ';
    let mut escaped = false;
    text.chars().any(|c| {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            return false;
        }
        quoted = c == '"';
        let found = before.is_ascii_digit() && matches!(c, 'e' | 'E');
        before = c;
        found
    })
}

fn write(out: &mut String, text: &str, style: Style) -> serde_json::Result<()> {
    let space = if style.spaced { " \n\t" } else { "" };
    out.push_str(space);
    match text.as_bytes().first() {
        Some(b'{') => {
            let mut members = serde_json::Deserializer::from_str(text).deserialize_map(Members)?;
            if style.reversed {
                members.reverse();
            }
            out.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                out.push_str(space);
                string(out, &name, style);
                out.push_str(space);
                out.push(':');
                write(out, value.get(), style)?;
            }
            out.push_str(space);
            out.push('}');
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            out.push('[');
            for (at, item) in items.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write(out, item.get(), style)?;
            }
            out.push_str(space);
            out.push(']');
        }
        Some(b'"') if style.escaped => string(out, &serde_json::from_str::<String>(text)?, style),
        Some(b'-' | b'0'..=b'9') => number::write(out, text, style.numbers),
        _ => out.push_str(text),
    }
    out.push_str(space);
    Ok(())
}

fn string(out: &mut String, value: &str, style: Style) {
    if !style.escaped {
        out.push_str(&serde_json::Value::from(value).to_string());
        return;
    }
    out.push('"');
    for unit in value.encode_utf16() {
        out.push_str(&format!("\\u{unit:04x}"));
    }
    out.push('"');
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_text_of_the_same_value() {
        let text = r#"{"a":[1,-2.5,"é\n"],"b":{"c":1e2},"d":[{},[],null]}"#;
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let texts = spellings(text, Numbers::Exponents);
        assert_eq!(texts.len(), 6);
        for (name, other) in &texts {
            assert_ne!(other, text, "{name}");
            let other: serde_json::Value = serde_json::from_str(other).unwrap();
            let numbers = |value: &serde_json::Value| {
                let all = [&value["a"][0], &value["a"][1], &value["b"]["c"]];
                all.map(|n| n.as_f64())
            };
            assert_eq!(numbers(&other), numbers(&value), "{name}");
            assert_eq!(other["a"][2], value["a"][2], "{name}");
            assert_eq!(other["d"], value["d"], "{name}");
        }
        assert!(texts[0].1.contains(r#""\u0061":[1,-2.5,"\u00e9\u000a"]"#));
        assert!(texts[1].1.starts_with(r#"{"d":"#));
    }

    #[test]
    fn exponents() {
        assert!(has_exponents(r#"["a\"1e5",1.5E3]"#));
        assert!(!has_exponents(r#"{"1e5":[true,1,"\\"]}"#));
    }

    #[test]
    fn what_cannot_change_does_not() {
        assert!(spellings("[true]", Numbers::AsIs).len() == 1); // white space
        assert!(spellings(r#"["\ud800"]"#, Numbers::AsIs).is_empty());
    }
}
