//! The published metaschemas, which references find without the caller's help.

use std::cell::OnceCell;

use crate::json::{Json, parse};

/// Deeper than any of the documents.
const NESTING: u32 = 64;

macro_rules! documents {
    ($($uri:literal: $file:literal,)*) => {
        &[$(($uri, include_str!(concat!("metaschemas/", $file))),)*]
    };
}

/// URIs without fragment, and texts.
const DOCUMENTS: &[(&str, &str)] = documents! {
    "http://json-schema.org/draft-04/schema": "draft-04.json",
    "http://json-schema.org/draft-06/schema": "draft-06.json",
    "http://json-schema.org/draft-07/schema": "draft-07.json",
    "https://json-schema.org/draft/2019-09/schema": "2019-09/schema.json",
    "https://json-schema.org/draft/2019-09/meta/applicator": "2019-09/meta/applicator.json",
    "https://json-schema.org/draft/2019-09/meta/content": "2019-09/meta/content.json",
    "https://json-schema.org/draft/2019-09/meta/core": "2019-09/meta/core.json",
    "https://json-schema.org/draft/2019-09/meta/format": "2019-09/meta/format.json",
    "https://json-schema.org/draft/2019-09/meta/meta-data": "2019-09/meta/meta-data.json",
    "https://json-schema.org/draft/2019-09/meta/validation": "2019-09/meta/validation.json",
    "https://json-schema.org/draft/2020-12/schema": "2020-12/schema.json",
    "https://json-schema.org/draft/2020-12/meta/applicator": "2020-12/meta/applicator.json",
    "https://json-schema.org/draft/2020-12/meta/content": "2020-12/meta/content.json",
    "https://json-schema.org/draft/2020-12/meta/core": "2020-12/meta/core.json",
    "https://json-schema.org/draft/2020-12/meta/format-annotation":
        "2020-12/meta/format-annotation.json",
    "https://json-schema.org/draft/2020-12/meta/format-assertion":
        "2020-12/meta/format-assertion.json",
    "https://json-schema.org/draft/2020-12/meta/meta-data": "2020-12/meta/meta-data.json",
    "https://json-schema.org/draft/2020-12/meta/unevaluated": "2020-12/meta/unevaluated.json",
    "https://json-schema.org/draft/2020-12/meta/validation": "2020-12/meta/validation.json",
};

/// The documents, each read when it is first asked for.
pub(crate) struct Metaschemas {
    read: [OnceCell<Option<Json>>; DOCUMENTS.len()],
}

impl Metaschemas {
    pub(crate) fn new() -> Metaschemas {
        Metaschemas {
            read: std::array::from_fn(|_| OnceCell::new()),
        }
    }

    /// The document of a URI without fragment.
    pub(crate) fn get(&self, uri: &str) -> Option<&Json> {
        let at = DOCUMENTS.iter().position(|(known, _)| *known == uri)?;
        let (_, text) = DOCUMENTS.get(at)?;
        let json = self.read.get(at)?.get_or_init(|| parse(text, NESTING).ok());
        json.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_read_and_carries_its_uri() {
        let all = Metaschemas::new();
        for (uri, _) in DOCUMENTS {
            let json = all.get(uri).expect(uri);
            let id = json.get("$id").or_else(|| json.get("id"));
            let id = id.and_then(Json::as_str).expect(uri);
            assert_eq!(id.trim_end_matches('#'), *uri);
        }
        assert!(all.get("http://json-schema.org/draft-03/schema").is_none());
    }
}
