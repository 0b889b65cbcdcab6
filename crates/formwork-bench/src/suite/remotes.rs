//! The documents that tests refer to.

use std::path::Path;

use formwork::SchemaOptions;

use crate::{BenchError, documents};

/// Where the suite says its folder `remotes` is served.
const BASE: &str = "http://localhost:1234/";

/// What a schema contains if it refers to such a document.
const MARK: &str = "localhost:1234";

/// How schemas are compiled.
pub(super) struct Options {
    alone: SchemaOptions,
    with_remotes: SchemaOptions,
}

impl Options {
    /// As `options` say, with the folder `remotes` beside `tests`, if it is
    /// there.
    pub(super) fn read(tests: &Path, options: &SchemaOptions) -> Result<Options, BenchError> {
        let mut with_remotes = options.clone();
        let folder = tests.join("../remotes");
        if folder.is_dir() {
            let remotes = documents::load_at(&folder, BASE)?;
            with_remotes.documents.extend(remotes);
        }
        Ok(Options {
            alone: options.clone(),
            with_remotes,
        })
    }

    /// The options for a schema. All documents are read whenever a schema is
    /// compiled, so only those schemas get them that mention one.
    pub(super) fn of(&self, schema: &str) -> &SchemaOptions {
        if schema.contains(MARK) {
            &self.with_remotes
        } else {
            &self.alone
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_schemas_that_mention_remotes_get_them() {
        let name = format!("formwork-remotes-{}", std::process::id());
        let root = std::env::temp_dir().join(name);
        let (tests, remotes) = (root.join("tests"), root.join("remotes/a"));
        std::fs::create_dir_all(&tests).unwrap();
        let options = SchemaOptions::default();
        let schema = r#"{"$ref":"http://localhost:1234/a/b.json"}"#;

        let without = Options::read(&tests, &options).unwrap();
        assert!(without.of(schema).documents.is_empty());

        std::fs::create_dir_all(&remotes).unwrap();
        std::fs::write(remotes.join("b.json"), r#"{"$id":"urn:b"}"#).unwrap();
        let with = Options::read(&tests, &options).unwrap();
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(
            with.of(schema).documents[0].0,
            "http://localhost:1234/a/b.json"
        );
        assert!(with.of("{}").documents.is_empty());
    }
}
