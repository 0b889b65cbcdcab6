//! The drafts of JSON Schema and where they differ.

/// A draft of JSON Schema.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Draft {
    V4,
    V6,
    V7,
    V2019,
    V2020,
}

impl Draft {
    /// The draft that a `$schema` URI names; the newest for URIs of other
    /// dialects, as validators do.
    pub(crate) fn from_uri(uri: &str) -> Draft {
        let has = |part: &str| uri.contains(part);
        if has("draft-04") || has("draft-03") {
            Draft::V4
        } else if has("draft-06") {
            Draft::V6
        } else if has("draft-07") {
            Draft::V7
        } else if has("2019-09") {
            Draft::V2019
        } else {
            Draft::V2020
        }
    }

    /// Up to draft 7 `$ref` hides the keywords beside it.
    pub(crate) fn ref_hides_siblings(self) -> bool {
        self <= Draft::V7
    }

    /// Draft 4 calls a number an integer by how it is written.
    pub(crate) fn integers_by_spelling(self) -> bool {
        self == Draft::V4
    }

    /// The keyword that names a schema resource.
    pub(crate) fn id_keyword(self) -> &'static str {
        if self == Draft::V4 { "id" } else { "$id" }
    }

    /// Whether `keyword` exists in this draft. Keywords that a draft does not
    /// know are annotations. `dependencies` is honoured in every draft: the
    /// newer ones replaced it, but schemas go on using it.
    pub(crate) fn knows(self, keyword: &str) -> bool {
        match keyword {
            "const" | "contains" | "propertyNames" => self >= Draft::V6,
            "if" | "then" | "else" => self >= Draft::V7,
            "dependentRequired"
            | "dependentSchemas"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "minContains"
            | "maxContains"
            | "$anchor" => self >= Draft::V2019,
            "$recursiveRef" => self == Draft::V2019,
            "prefixItems" | "$dynamicRef" => self >= Draft::V2020,
            "additionalItems" => self <= Draft::V2019,
            _ => true,
        }
    }

    /// What a keyword is for in this draft.
    pub(crate) fn role(self, keyword: &str) -> Role {
        match keyword {
            "$schema" | "$vocabulary" | "$defs" | "definitions" | "$dynamicAnchor"
            | "$recursiveAnchor" => Role::Structure,
            "$anchor" if self.knows(keyword) => Role::Structure,
            _ if keyword == self.id_keyword() => Role::Structure,
            "title" | "description" | "default" | "examples" | "$comment" | "deprecated"
            | "readOnly" | "writeOnly" | "contentEncoding" | "contentMediaType"
            | "contentSchema" => Role::Annotation,
            "$anchor" | "id" | "$id" => Role::Other,
            _ if !ENFORCED.contains(&keyword) => Role::Unknown,
            _ if self.knows(keyword) => Role::Enforced,
            _ => Role::Other,
        }
    }
}

/// What a keyword is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// It says which values are valid.
    Enforced,
    /// It says what other keywords mean, or holds schemas for them.
    Structure,
    /// It describes values and says nothing about which are valid.
    Annotation,
    /// Other drafts know it.
    Other,
    /// No draft knows it.
    Unknown,
}

/// The keywords that say which values are valid, of all drafts.
const ENFORCED: &[&str] = &[
    "type",
    "enum",
    "const",
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedItems",
];

/// Whether a keyword belongs to the vocabulary of validation (2020-12,
/// validation, section 6). Dialects may leave that out.
pub(crate) fn is_validation(keyword: &str) -> bool {
    matches!(
        keyword,
        "type"
            | "enum"
            | "const"
            | "multipleOf"
            | "maximum"
            | "exclusiveMaximum"
            | "minimum"
            | "exclusiveMinimum"
            | "maxLength"
            | "minLength"
            | "pattern"
            | "maxItems"
            | "minItems"
            | "uniqueItems"
            | "maxContains"
            | "minContains"
            | "maxProperties"
            | "minProperties"
            | "required"
            | "dependentRequired"
    )
}
