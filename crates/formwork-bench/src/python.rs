//! JSON as Python writes it.
//!
//! The reference runner of MaskBench loads a file and tokenises each instance
//! from `json.dumps(data, ensure_ascii=False)`. To be measured on the same
//! tokens, instances have to be written the same way, byte for byte:
//!
//! - `", "` and `": "` as separators, no other white space;
//! - integers as they were written, except that `-0` is `0`;
//! - other numbers through `f64`, in the shortest form that reads back, with
//!   Python's choice of notation: `6000.0`, `1e-06`, `1e+16`, `Infinity`;
//! - of a duplicate key the last value, at the place of the first;
//! - in strings, escapes for `"`, `\` and control characters below U+0020 only.
//!
//! ```
//! use formwork_bench::python;
//!
//! let text = r#"{"a":[1,2.50,1E-7],"b":"\u00e9\u0001","a":6e3}"#;
//! assert_eq!(python::dumps(text)?, r#"{"a": 6000.0, "b": "é\u0001"}"#);
//! # Ok::<(), python::DumpError>(())
//! ```
//!
//! # Limitations
//!
//! `NaN` and `Infinity` as input, which Python reads, are not JSON. A lone
//! surrogate, which Python cannot encode as UTF-8 either, is an error.

mod number;
mod string;

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub use number::repr;

/// The deepest nesting that is written; Python's own limit is near.
const MAX_DEPTH: usize = 900;

/// What `json.dumps(json.loads(text), ensure_ascii=False)` gives.
///
/// # Errors
///
/// If the text is not JSON, has a lone surrogate, or is nested deeper than 900
/// levels.
pub fn dumps(text: &str) -> Result<String, DumpError> {
    let mut out = String::with_capacity(text.len());
    write(&mut out, serde_json::from_str(text)?, 0)?;
    Ok(out)
}

/// The text without white space outside of strings; for JSON, the same value.
pub fn compact(text: &str) -> String {
    let mut quoted = false;
    let mut escaped = false;
    let mut keep = |c: char| {
        if !quoted {
            quoted = c == '"';
            return !matches!(c, ' ' | '\t' | '\n' | '\r');
        }
        quoted = escaped || c != '"';
        escaped = !escaped && c == '\\';
        true
    };
    text.chars().filter(|&c| keep(c)).collect()
}

fn write(out: &mut String, value: &RawValue, depth: usize) -> Result<(), DumpError> {
    if depth > MAX_DEPTH {
        return Err(DumpError("nested too deeply".to_owned()));
    }
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => write_object(out, text, depth),
        Some(b'[') => write_array(out, text, depth),
        Some(b'"') => {
            string::write(out, &serde_json::from_str::<String>(text)?);
            Ok(())
        }
        Some(b'-' | b'0'..=b'9') => {
            number::write(out, text);
            Ok(())
        }
        _ => {
            out.push_str(text);
            Ok(())
        }
    }
}

fn write_array(out: &mut String, text: &str, depth: usize) -> Result<(), DumpError> {
    let items: Vec<&RawValue> = serde_json::from_str(text)?;
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        write(out, item, depth + 1)?;
    }
    out.push(']');
    Ok(())
}

fn write_object(out: &mut String, text: &str, depth: usize) -> Result<(), DumpError> {
    let members = serde_json::Deserializer::from_str(text).deserialize_map(Members)?;
    out.push('{');
    for (index, (key, value)) in members.into_iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        string::write(out, &key);
        out.push_str(": ");
        write(out, value, depth + 1)?;
    }
    out.push('}');
    Ok(())
}

/// Reads an object as a Python dict: the first occurrence of a key gives the
/// place, the last one the value.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::new();
        let mut places = std::collections::HashMap::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            let place = *places.entry(key.clone()).or_insert(members.len());
            match members.get_mut(place) {
                Some(member) => member.1 = value,
                None => members.push((key, value)),
            }
        }
        Ok(members)
    }
}

/// Why a text cannot be written as Python does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DumpError(String);

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot be rewritten: {}", self.0)
    }
}

impl std::error::Error for DumpError {}

impl From<serde_json::Error> for DumpError {
    fn from(error: serde_json::Error) -> Self {
        DumpError(error.to_string())
    }
}

#[cfg(test)]
mod tests;
