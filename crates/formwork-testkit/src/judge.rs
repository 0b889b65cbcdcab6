//! Which values satisfy a schema: the verdict of the `jsonschema` crate.

use serde_json::Value;

/// A schema as another validator reads it, formats asserted, nothing fetched.
pub struct Judge {
    validator: jsonschema::Validator,
}

impl Judge {
    /// The judge for a schema; `None` if the validator does not take it.
    pub fn new(schema: &Value) -> Option<Judge> {
        let validator = jsonschema::options()
            .should_validate_formats(true)
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
        assert!(!judge(r#"{"maximum":1}"#).accepts(&value("1.00000000000000000000001")));
        assert!(judge(r#"{"type":"integer"}"#).accepts(&value("1e2")));
    }
}
