//! Which values satisfy a schema: the verdict of the `jsonschema` crate.

use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value};

use crate::decimal::Decimal;

/// A schema as another validator reads it, formats asserted, nothing fetched.
///
/// Bounds and `multipleOf` are decided here, exactly: the validator rounds what
/// it divides, and numbers near zero.
pub struct Judge {
    validator: jsonschema::Validator,
}

impl Judge {
    /// The judge for a schema; `None` if the validator does not take it.
    pub fn new(schema: &Value) -> Option<Judge> {
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .with_keyword("multipleOf", |_, value, _| keyword(Test::Multiple, value))
            .with_keyword("minimum", |parent, value, _| {
                keyword(Test::Least(is_true(parent, "exclusiveMinimum")), value)
            })
            .with_keyword("maximum", |parent, value, _| {
                keyword(Test::Most(is_true(parent, "exclusiveMaximum")), value)
            })
            .with_keyword("exclusiveMinimum", |_, value, _| {
                keyword(Test::Least(true), value)
            })
            .with_keyword("exclusiveMaximum", |_, value, _| {
                keyword(Test::Most(true), value)
            })
            .offline()
            .build(schema)
            .ok()?;
        Some(Judge { validator })
    }

    /// Whether the value is valid.
    pub fn accepts(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }
}

/// What a number has to be; bounds with whether they are exclusive.
#[derive(Clone, Copy)]
enum Test {
    Multiple,
    Least(bool),
    Most(bool),
}

struct Numeric {
    test: Test,
    /// `None` for the booleans of draft 4, which modify another keyword.
    operand: Option<Decimal>,
}

impl<'i> Keyword<'i> for Numeric {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            Ok(())
        } else {
            Err(ValidationError::custom("out of bounds"))
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        let (Value::Number(number), Some(operand)) = (instance, &self.operand) else {
            return true;
        };
        let number = Decimal::of(number);
        match self.test {
            Test::Multiple => number.is_multiple_of(operand),
            Test::Least(true) => number.compare(operand).is_gt(),
            Test::Least(false) => number.compare(operand).is_ge(),
            Test::Most(true) => number.compare(operand).is_lt(),
            Test::Most(false) => number.compare(operand).is_le(),
        }
    }
}

fn is_true(parent: &Map<String, Value>, name: &str) -> bool {
    parent.get(name) == Some(&Value::Bool(true))
}

fn keyword(test: Test, value: &Value) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'_>> {
    let operand = match value {
        Value::Number(number) => Some(Decimal::of(number)),
        Value::Bool(_) => None,
        _ => return Err(ValidationError::custom("not a number")),
    };
    Ok(Box::new(Numeric { test, operand }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let judge = |text: &str| Judge::new(&value(text)).unwrap();
        assert!(judge(r#"{"enum":[1.50]}"#).accepts(&value("1.5")));
        assert!(judge(r#"{"enum":[-0.0]}"#).accepts(&value("0")));
        assert!(judge(r#"{"multipleOf":0.1}"#).accepts(&value("0.3")));
        assert!(!judge(r#"{"multipleOf":7}"#).accepts(&value("12345678901234567890123.5")));
        assert!(!judge(r#"{"maximum":1}"#).accepts(&value("1.00000000000000000000001")));
        assert!(judge(r#"{"exclusiveMinimum":-0.0}"#).accepts(&value("1e-615")));
        let draft4 = r#"{"$schema":"http://json-schema.org/draft-04/schema#",
            "maximum":3,"exclusiveMaximum":true}"#;
        assert!(!judge(draft4).accepts(&value("3.0")) && judge(draft4).accepts(&value("2.9")));
        assert!(judge(r#"{"type":"integer"}"#).accepts(&value("1e2")));
    }
}
