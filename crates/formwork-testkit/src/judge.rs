//! Which values satisfy a schema: the verdict of the `jsonschema` crate.

use jsonschema::paths::Location;
use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value};

use crate::decimal::Decimal;

/// A schema as another validator reads it, formats asserted, nothing fetched.
///
/// `multipleOf` is decided here, exactly: the validator rounds what it divides.
pub struct Judge {
    validator: jsonschema::Validator,
}

impl Judge {
    /// The judge for a schema; `None` if the validator does not take it.
    pub fn new(schema: &Value) -> Option<Judge> {
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .with_keyword("multipleOf", multiple_of)
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

struct MultipleOf(Decimal);

impl<'i> Keyword<'i> for MultipleOf {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        match instance {
            Value::Number(number) if !Decimal::of(number).is_multiple_of(&self.0) => {
                Err(ValidationError::custom("not a multiple"))
            }
            _ => Ok(()),
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        self.validate(instance).is_ok()
    }
}

fn multiple_of<'a>(
    _: &'a Map<String, Value>,
    value: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    let Value::Number(number) = value else {
        return Err(ValidationError::custom("not a number"));
    };
    Ok(Box::new(MultipleOf(Decimal::of(number))))
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
        assert!(judge(r#"{"type":"integer"}"#).accepts(&value("1e2")));
    }
}
