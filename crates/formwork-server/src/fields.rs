//! Objects of a request, member by member, so that none is overlooked.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ApiError;

/// The members of an object that were not taken yet, each as it is written, so that
/// schemas keep their numbers digit by digit.
pub(crate) struct Fields<'a> {
    place: String,
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// The object that a body is.
    pub(crate) fn of_body(body: &'a [u8]) -> Result<Fields<'a>, ApiError> {
        let members = serde_json::from_slice(body).map_err(|error| {
            ApiError::body(
                axum::http::StatusCode::BAD_REQUEST,
                format!("the body has to be a JSON object: {error}"),
            )
        });
        let Members(members) = members?;
        Ok(Fields {
            place: String::new(),
            members,
        })
    }

    /// The object at `place`.
    pub(crate) fn of(raw: &'a RawValue, place: &str) -> Result<Fields<'a>, ApiError> {
        let Members(members) = parse(raw, place)?;
        Ok(Fields {
            place: place.to_owned(),
            members,
        })
    }

    /// The place of a member.
    pub(crate) fn place(&self, name: &str) -> String {
        match self.place.as_str() {
            "" => name.to_owned(),
            place => format!("{place}.{name}"),
        }
    }

    /// A member as it is written; `null` counts as none.
    pub(crate) fn raw(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.members.iter().position(|(other, _)| other == name)?;
        let (_, raw) = self.members.swap_remove(at);
        (raw.get() != "null").then_some(raw)
    }

    /// A member that need not be there.
    pub(crate) fn take<T: Deserialize<'a>>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let place = self.place(name);
        self.raw(name).map(|raw| parse(raw, &place)).transpose()
    }

    /// A member that has to be there.
    pub(crate) fn need<T: Deserialize<'a>>(&mut self, name: &str) -> Result<T, ApiError> {
        let value = self.take(name)?;
        value.ok_or_else(|| self.missing(name))
    }

    /// That a member is not there.
    pub(crate) fn missing(&self, name: &str) -> ApiError {
        ApiError::invalid(self.place(name), format!("`{name}` is missing"))
    }

    /// A member that is not supported but for these values, which say nothing.
    pub(crate) fn only(&mut self, name: &str, neutral: &[&str]) -> Result<(), ApiError> {
        match self.raw(name) {
            Some(raw) if !neutral.contains(&raw.get()) => Err(ApiError::unsupported(
                self.place(name),
                format!("`{name}` is not supported; leave it out"),
            )),
            _ => Ok(()),
        }
    }

    /// Drops members that change no answer.
    pub(crate) fn ignore(&mut self, names: &[&str]) {
        let is_kept = |(name, _): &(String, &RawValue)| !names.contains(&name.as_str());
        self.members.retain(is_kept);
    }

    /// That every member was taken.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.members.first() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::unsupported(
                self.place(name),
                format!("there is no parameter `{name}` here, and none is ignored"),
            )),
        }
    }
}

/// A value at a place.
pub(crate) fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue, place: &str) -> Result<T, ApiError> {
    serde_json::from_str(raw.get()).map_err(|error| ApiError::invalid(place, error.to_string()))
}

/// Members, of which no two have one name.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    if members.iter().any(|(other, _)| *other == name) {
                        let message = format!("the member `{name}` is there twice");
                        return Err(A::Error::custom(message));
                    }
                    members.push((name, value));
                    if members.len() > MAX_MEMBERS {
                        return Err(A::Error::custom("there are too many members"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// More members than any object of the interface has.
const MAX_MEMBERS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_taken_or_named() {
        let body = br#"{"a": 1.50, "b": null, "c": {"d": "x"}, "user": "u"}"#;
        let mut fields = Fields::of_body(body).expect("an object");
        assert_eq!(fields.raw("a").map(RawValue::get), Some("1.50"));
        assert_eq!(fields.take::<u32>("b").expect("none"), None);
        let c = fields.raw("c").expect("an object");
        let inner = Fields::of(c, "c").expect("an object");
        assert_eq!(
            inner.finish().expect_err("d").object()["error"]["param"],
            "c.d"
        );
        fields.ignore(&["user"]);
        fields.finish().expect("nothing is left");
    }

    #[test]
    fn what_is_no_object() {
        for body in [
            "",
            "[1]",
            "{\"a\": 1, \"a\": 2}",
            "{\"a\": }",
            "{} x",
            "\u{0}",
        ] {
            let error = Fields::of_body(body.as_bytes()).err().expect("no object");
            assert_eq!(error.status().as_u16(), 400, "{body}");
        }
        let many: Vec<String> = (0..300).map(|n| format!("\"{n}\": 0")).collect();
        assert!(Fields::of_body(format!("{{{}}}", many.join(",")).as_bytes()).is_err());
    }
}
