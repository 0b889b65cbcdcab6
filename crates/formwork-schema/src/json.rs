//! Reads schema documents: JSON with exact numbers, located errors and limits.
//!
//! `serde_json` would round numbers beyond 64 bits unless its
//! `arbitrary_precision` feature is on, and that feature changes every other
//! crate in an embedder's build. Schemas need exact bounds, so the reader is
//! our own.

use crate::decimal::Decimal;
use crate::error::SchemaError;
use crate::intern::hash_of;

/// A JSON value. Object members keep their order; names are unique.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Decimal),
    String(Box<str>),
    Array(Box<[Json]>),
    Object(Box<[(Box<str>, Json)]>),
}

impl Json {
    /// The member `name` of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.members()?
            .iter()
            .find(|(key, _)| &**key == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn members(&self) -> Option<&[(Box<str>, Json)]> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value this is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

/// Reads one document. Time and memory are linear; nesting is bounded by
/// `max_nesting`, so the call stack is too.
pub(crate) fn parse(text: &str, max_nesting: u32) -> Result<Json, SchemaError> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        nesting: max_nesting,
        max_nesting,
    };
    reader.space();
    let value = reader.value()?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err(reader.error("the document goes on after its value"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    nesting: u32,
    max_nesting: u32,
}

impl Reader<'_> {
    fn error(&self, message: &str) -> SchemaError {
        SchemaError::Syntax {
            offset: self.at,
            message: message.into(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while self
            .peek()
            .is_some_and(formwork_grammar::whitespace::is_space)
        {
            self.at += 1;
        }
    }

    fn expect(&mut self, literal: &str, value: Json) -> Result<Json, SchemaError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(literal.as_bytes()) {
            self.at += literal.len();
            Ok(value)
        } else {
            Err(self.error("expected a JSON value"))
        }
    }

    fn value(&mut self) -> Result<Json, SchemaError> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b't') => self.expect("true", Json::Bool(true)),
            Some(b'f') => self.expect("false", Json::Bool(false)),
            Some(b'n') => self.expect("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.error("expected a JSON value")),
            None => Err(self.error("the document ends before its value is complete")),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Json, SchemaError>,
    ) -> Result<Json, SchemaError> {
        if self.nesting == 0 {
            return Err(SchemaError::Limit {
                name: "max_nesting",
                limit: u64::from(self.max_nesting),
                place: format!("byte {} of the document", self.at),
            });
        }
        self.nesting -= 1;
        self.at += 1;
        let value = read(self)?;
        self.nesting += 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Json, SchemaError> {
        let mut members: Vec<(Box<str>, Json)> = Vec::new();
        let mut hashes = rustc_hash::FxHashSet::default();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(Box::default()));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a member name in quotes"));
            }
            let name = self.string()?;
            let twice = !hashes.insert(hash_of(&name));
            if twice && members.iter().any(|(known, _)| *known == name) {
                return Err(self.error("this member name occurs twice in one object"));
            }
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.error("expected `:` after a member name"));
            }
            self.at += 1;
            self.space();
            members.push((name, self.value()?));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Object(members.into()));
                }
                _ => return Err(self.error("expected `,` or `}` after a member")),
            }
        }
    }

    fn array(&mut self) -> Result<Json, SchemaError> {
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(Box::default()));
        }
        loop {
            self.space();
            items.push(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::Array(items.into()));
                }
                _ => return Err(self.error("expected `,` or `]` after an item")),
            }
        }
    }

    fn string(&mut self) -> Result<Box<str>, SchemaError> {
        let start = self.at;
        let mut end = start + 1;
        // Most strings stand for themselves.
        let mut plain = true;
        while let Some(&byte) = self.bytes.get(end) {
            match byte {
                b'"' if plain => {
                    self.at = end + 1;
                    return Ok(self.text.get(start + 1..end).unwrap_or_default().into());
                }
                b'"' => {
                    let literal = self.bytes.get(start..=end).unwrap_or_default();
                    let Some(text) = formwork_grammar::json_text::decode(literal) else {
                        return Err(self.error("this string has an invalid escape or character"));
                    };
                    self.at = end + 1;
                    return Ok(text.into());
                }
                b'\\' => (plain, end) = (false, end + 2),
                ..0x20 => (plain, end) = (false, end + 1),
                _ => end += 1,
            }
        }
        Err(self.error("this string is not closed"))
    }

    fn number(&mut self) -> Result<Json, SchemaError> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
        ) {
            self.at += 1;
        }
        match self.text.get(start..self.at).and_then(Decimal::parse) {
            Some(number) if !number.is_long() => Ok(Json::Number(number)),
            Some(_) => Err(SchemaError::Limit {
                name: "number digits",
                limit: Decimal::MAX_DIGITS,
                place: format!("byte {start} of the document"),
            }),
            None => {
                self.at = start;
                Err(self.error("this is no JSON number, or its exponent is beyond 10^6"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        for text in [
            "{}",
            "[]",
            " {\"a\" : [1, -2.50e3, true, null, \"x\\u00e9\\\"\"]} ",
            "3",
            "\"\"",
        ] {
            assert!(parse(text, 8).is_ok(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
        }
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            "nul",
            "\"\\x\"",
            "\"a",
            "1 2",
            "{a:1}",
            "-",
            "\"\\",
            "[1 2]",
            "\u{feff}{}",
        ] {
            assert!(parse(text, 8).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err());
        }
    }

    #[test]
    fn limits_and_duplicates_are_located() {
        assert!(matches!(
            parse("[[[]]]", 2),
            Err(SchemaError::Limit { limit: 2, .. })
        ));
        assert!(matches!(
            parse("{\"a\":1,\"a\":2}", 2),
            Err(SchemaError::Syntax { offset: 10, .. })
        ));
    }
}
