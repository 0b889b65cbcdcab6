//! A second opinion on instances.

use std::fmt;

use jsonschema::{Retrieve, Uri};
use serde_json::Value;

use crate::documents::Document;

/// Where a schema without an identifier is, for the crate `jsonschema`.
const DEFAULT_BASE: &str = "json-schema:///";

/// The validator of the crate `jsonschema`, formats asserted in every draft.
/// The draft is what `$schema` says, 2020-12 if it says nothing.
///
/// # Limitations
///
/// Of a duplicate key the last value counts, where formwork allows no
/// duplicates.
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
        Oracle::with_documents(schema, &[])
    }

    /// The oracle for a schema that may refer to `documents`. Of several with
    /// the same URI the first counts.
    ///
    /// # Errors
    ///
    /// If the text is not JSON or not a schema, or refers to any other document.
    pub fn with_documents(schema: &str, documents: &[Document]) -> Result<Oracle, OracleError> {
        let schema: Value = serde_json::from_str(schema).map_err(OracleError::new)?;
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .with_retriever(Documents(documents.to_vec()))
            .build(&schema)
            .map_err(OracleError::new)?;
        Ok(Oracle { validator })
    }

    /// Whether the text is a valid instance. Text that is not JSON is not.
    pub fn accepts(&self, text: &str) -> bool {
        match serde_json::from_str(text) {
            Ok(instance) => self.validator.is_valid(&instance),
            Err(_) => false,
        }
    }
}

/// The only documents that are ever retrieved.
struct Documents(Vec<Document>);

impl Retrieve for Documents {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let uri = uri.as_str();
        let path = uri.strip_prefix(DEFAULT_BASE).unwrap_or(uri);
        let found = self.0.iter().find(|(name, _)| name == uri || name == path);
        match found {
            Some((_, text)) => Ok(serde_json::from_str(text)?),
            None => Err(format!("there is no document `{path}`").into()),
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
        Oracle::new(schema).unwrap().accepts(text)
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
    fn numbers_are_exact() {
        assert!(accepts(r#"{"multipleOf":0.01}"#, "4.35"));
        assert!(!accepts(
            r#"{"maximum":9007199254740992}"#,
            "9007199254740993"
        ));
        assert!(accepts(r#"{"type":"number"}"#, "1e400"));
    }

    #[test]
    fn documents_are_found_by_uri() {
        let documents = [
            ("defs/a.json".to_owned(), r#"{"$ref":"urn:b"}"#.to_owned()),
            ("urn:b".to_owned(), r#"{"type":"null"}"#.to_owned()),
        ];
        let schema = r#"{"$ref":"defs/a.json"}"#;
        let oracle = Oracle::with_documents(schema, &documents).unwrap();
        assert!(oracle.accepts("null"));
        assert!(!oracle.accepts("1"));
        assert!(Oracle::new(schema).is_err());
    }

    #[test]
    fn what_it_cannot_say() {
        assert!(Oracle::new("{").is_err());
        assert!(Oracle::new(r#"{"type":3}"#).is_err());
        assert!(Oracle::new(r#"{"$ref":"https://example.com/other"}"#).is_err());
        assert!(!accepts("{}", "nonsense"));
    }
}
