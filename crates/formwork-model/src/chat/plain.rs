//! JSON values as templates see them.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A value whose numbers are numbers. With the feature `arbitrary_precision`, which any
/// crate of a program may switch on for all, `serde_json` writes them as objects that only it
/// can read.
pub(super) struct Plain<'a>(pub(super) &'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => {
                if let Some(number) = number.as_i64() {
                    serializer.serialize_i64(number)
                } else if let Some(number) = number.as_u64() {
                    serializer.serialize_u64(number)
                } else if let Some(number) = number.as_f64() {
                    serializer.serialize_f64(number)
                } else {
                    serializer.collect_str(number)
                }
            }
            Value::Array(values) => list(values, serializer),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, Plain(value))))
            }
            other => other.serialize(serializer),
        }
    }
}

/// Several of them.
pub(super) fn list<S: Serializer>(values: &[Value], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(Plain))
}
