//! Objects of a JSON text whose members keep their places.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ir::Span;
use crate::syntax::error::Fault;

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    /// The whole text.
    text: &'a str,
    pub(super) span: Span,
}

/// An object. Every member is asked for at most once, and at the end none may be
/// left.
pub(super) struct Object<'a> {
    pub(super) span: Span,
    members: Vec<(String, Value<'a>)>,
}

/// The members of an object, as they come.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

impl<'a> Value<'a> {
    /// The value of a whole text.
    pub(super) fn whole(text: &'a str) -> Result<Value<'a>, Fault> {
        let value: &RawValue = serde_json::from_str(text).map_err(|error| {
            let line_start = text
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1));
            let start = line_start.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
            let span = Span {
                start,
                end: start + 1,
            };
            Fault::malformed(span, format!("not JSON: {error}"))
        })?;
        Ok(Value::of(text, value))
    }

    fn of(text: &'a str, value: &'a RawValue) -> Value<'a> {
        // The raw value borrows from the text; this is where.
        let start = (value.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        Value {
            text,
            span: Span {
                start,
                end: start + value.get().len(),
            },
        }
    }

    /// The value as it is written.
    pub(super) fn source(&self) -> &'a str {
        self.text
            .get(self.span.start..self.span.end)
            .unwrap_or_default()
    }

    fn parse<T: Deserialize<'a>>(&self, expected: &str) -> Result<T, Fault> {
        serde_json::from_str(self.source())
            .map_err(|_| Fault::malformed(self.span, format!("expected {expected}")))
    }

    pub(super) fn object(&self) -> Result<Object<'a>, Fault> {
        let Members(members) = self.parse("an object")?;
        let mut list: Vec<(String, Value<'a>)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            let value = Value::of(self.text, value);
            if list.iter().any(|(known, _)| *known == name) {
                let message = format!("`{name}` is given twice");
                return Err(Fault::duplicate(value.span, message));
            }
            list.push((name, value));
        }
        Ok(Object {
            span: self.span,
            members: list,
        })
    }

    pub(super) fn is_object(&self) -> bool {
        self.source().starts_with('{')
    }

    pub(super) fn array(&self) -> Result<Vec<Value<'a>>, Fault> {
        let items: Vec<&'a RawValue> = self.parse("an array")?;
        let items = items.into_iter();
        Ok(items.map(|item| Value::of(self.text, item)).collect())
    }

    pub(super) fn string(&self) -> Result<String, Fault> {
        self.parse("a string")
    }

    /// A string that is not empty.
    pub(super) fn marker(&self) -> Result<String, Fault> {
        let text = self.string()?;
        if text.is_empty() {
            let message = "an empty text occurs everywhere; say what to look for";
            return Err(Fault::malformed(self.span, message));
        }
        Ok(text)
    }

    pub(super) fn boolean(&self) -> Result<bool, Fault> {
        self.parse("`true` or `false`")
    }

    pub(super) fn number(&self) -> Result<i64, Fault> {
        self.parse("an integer")
    }

    pub(super) fn is_null(&self) -> bool {
        self.source() == "null"
    }
}

impl<'a> Object<'a> {
    /// A member, if it is there.
    pub(super) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.members.iter().position(|(known, _)| known == name)?;
        Some(self.members.remove(at).1)
    }

    /// A member that has to be there.
    pub(super) fn need(&mut self, name: &str) -> Result<Value<'a>, Fault> {
        let message = || format!("`{name}` is missing here");
        self.take(name)
            .ok_or_else(|| Fault::malformed(self.span, message()))
    }

    /// A member that is `false` unless given.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Fault> {
        self.take(name).map_or(Ok(false), |value| value.boolean())
    }

    /// A list that is empty unless given.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value<'a>>, Fault> {
        self.take(name)
            .map_or(Ok(Vec::new()), |value| value.array())
    }

    /// Refuses members that nobody asked for.
    pub(super) fn finish(self) -> Result<(), Fault> {
        match self.members.first() {
            None => Ok(()),
            Some((name, value)) => {
                let message = format!("`{name}` is not known here; remove it");
                Err(Fault::unsupported(value.span, message))
            }
        }
    }
}
