//! A second opinion on instances.

use std::fmt;

use serde_json::Value;

/// The validator of the crate `jsonschema`, formats asserted in every draft.
/// The draft is what `$schema` says, 2020-12 if it says nothing.
///
/// # Limitations
///
/// Numbers are `f64` or 64-bit integers, so verdicts on others may be wrong. Of
/// a duplicate key the last value counts, where formwork writes no duplicates.
pub struct Oracle {
    validator: jsonschema::Validator,
}

impl Oracle {
    /// The oracle for a schema.
    ///
    /// # Errors
    ///
    /// If the text is not JSON or not a schema, or refers to another document.
    pub fn new(schema: &str) -> Result<Oracle, OracleError> {
        let schema: Value = serde_json::from_str(schema).map_err(OracleError::new)?;
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .offline()
            .build(&schema)
            .map_err(OracleError::new)?;
        Ok(Oracle { validator })
    }

    /// Whether the text is a valid instance. Text that is not JSON is not.
    ///
    /// # Errors
    ///
    /// If the text has a number too large for `f64`.
    pub fn accepts(&self, text: &str) -> Result<bool, OracleError> {
        match serde_json::from_str(text) {
            Ok(instance) => Ok(self.validator.is_valid(&instance)),
            Err(error) if error.to_string().starts_with("number out of range") => {
                Err(OracleError::new(error))
            }
            Err(_) => Ok(false),
        }
    }
}

/// Why there is no second opinion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OracleError {
    message: String,
}

impl OracleError {
    fn new(error: impl fmt::Display) -> OracleError {
        OracleError {
            message: error.to_string(),
        }
    }
}

impl fmt::Display for OracleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the oracle gives no verdict: {}", self.message)
    }
}

impl std::error::Error for OracleError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(schema: &str, text: &str) -> bool {
        Oracle::new(schema).unwrap().accepts(text).unwrap()
    }

    #[test]
    fn drafts_are_told_apart() {
        let draft4 = r#"{"$schema":"http://json-schema.org/draft-04/schema#",
            "maximum":3,"exclusiveMaximum":true}"#;
        assert!(!accepts(draft4, "3"));
        let newest = r#"{"prefixItems":[{"type":"string"}]}"#;
        assert!(!accepts(newest, "[1]"));
    }

    #[test]
    fn formats_are_asserted() {
        for schema in [
            r#"{"format":"ipv4"}"#,
            r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","format":"ipv4"}"#,
            r#"{"$schema":"http://json-schema.org/draft-07/schema#","format":"ipv4"}"#,
        ] {
            assert!(!accepts(schema, "\"1.2.3\""), "{schema}");
            assert!(accepts(schema, "\"1.2.3.4\""), "{schema}");
        }
    }

    #[test]
    fn what_it_cannot_say() {
        assert!(Oracle::new("{").is_err());
        assert!(Oracle::new(r#"{"type":3}"#).is_err());
        let oracle = Oracle::new("{}").unwrap();
        assert_eq!(oracle.accepts("nonsense"), Ok(false));
        assert!(oracle.accepts("1e400").is_err());
    }
}
