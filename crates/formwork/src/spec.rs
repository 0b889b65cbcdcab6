//! Grammars as their authors write them.

use formwork_cfg::CfgLimits;
use formwork_cfg::syntax::{self, Format, SyntaxErrors, SyntaxOptions};
use formwork_schema::{Fuel, SchemaOptions};

/// A form as its author wrote it: what a [`Compiler`](crate::Compiler) compiles.
///
/// Two that are equal mean the same grammar, so that it is compiled once.
///
/// ```
/// use formwork::Spec;
///
/// let schema = Spec::json_schema(r#"{"type": "integer"}"#);
/// assert_eq!(schema, schema.clone());
/// assert_ne!(schema, Spec::json_object());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Spec {
    kind: Kind,
    schemas: SchemaOptions,
    syntax: SyntaxOptions,
    cfg: CfgLimits,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Kind {
    JsonSchema(String),
    Grammar(Format, String),
    Choice(Vec<String>),
}

/// What a [`Spec`] is about, once its text was read.
pub(crate) enum Read<'a> {
    JsonSchema(&'a str),
    Cfg(formwork_cfg::Grammar),
}

impl Spec {
    /// A JSON Schema.
    pub fn json_schema(text: impl Into<String>) -> Spec {
        Spec::new(Kind::JsonSchema(text.into()))
    }

    /// Any JSON object, as `response_format: {"type": "json_object"}` asks for.
    pub fn json_object() -> Spec {
        Spec::json_schema(r#"{"type": "object"}"#)
    }

    /// A context-free grammar, a regular expression or structural tags, in one of the
    /// notations of [`cfg::syntax`](crate::cfg::syntax).
    pub fn grammar(format: Format, text: impl Into<String>) -> Spec {
        Spec::new(Kind::Grammar(format, text.into()))
    }

    /// The text, if it is a JSON Schema.
    pub fn json_schema_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::JsonSchema(text) => Some(text),
            _ => None,
        }
    }

    /// A regular expression (ECMA-262) that whole texts match.
    pub fn regex(pattern: impl Into<String>) -> Spec {
        Spec::grammar(Format::Regex, pattern)
    }

    /// One of these texts.
    pub fn choice(texts: impl IntoIterator<Item = impl Into<String>>) -> Spec {
        Spec::new(Kind::Choice(texts.into_iter().map(Into::into).collect()))
    }

    fn new(kind: Kind) -> Spec {
        Spec {
            kind,
            schemas: SchemaOptions::default(),
            syntax: SyntaxOptions::default(),
            cfg: CfgLimits::default(),
        }
    }

    /// With other options for the schema, or for the schemas in the grammar. Fuel is given
    /// to [`compile_with`](crate::Compiler::compile_with): what is in the options is left
    /// out, here and below.
    #[must_use]
    pub fn with_schema_options(mut self, options: SchemaOptions) -> Spec {
        self.schemas = options;
        self.schemas.limits.fuel = Fuel::unlimited();
        self
    }

    /// With other options for reading the text of the grammar.
    #[must_use]
    pub fn with_syntax_options(mut self, options: SyntaxOptions) -> Spec {
        self.syntax = options;
        self.syntax.limits.fuel = Fuel::unlimited();
        self
    }

    /// With other limits for compiling the grammar.
    #[must_use]
    pub fn with_cfg_limits(mut self, limits: CfgLimits) -> Spec {
        self.cfg = limits;
        self.cfg.fuel = Fuel::unlimited();
        self
    }

    /// The bytes of its texts.
    pub(crate) fn text_bytes(&self) -> usize {
        let documents = self.schemas.documents.iter();
        let documents: usize = documents.map(|(uri, text)| uri.len() + text.len()).sum();
        documents
            + match &self.kind {
                Kind::JsonSchema(text) | Kind::Grammar(_, text) => text.len(),
                Kind::Choice(texts) => texts.iter().map(String::len).sum(),
            }
    }

    /// The options for schemas.
    pub(crate) fn schemas(&self) -> &SchemaOptions {
        &self.schemas
    }

    /// The limits for compiling a grammar.
    pub(crate) fn cfg(&self) -> &CfgLimits {
        &self.cfg
    }

    /// The same, burning this fuel.
    pub(crate) fn fuelled(mut self, fuel: &Fuel) -> Spec {
        self.schemas.limits.fuel = fuel.clone();
        self.syntax.limits.fuel = fuel.clone();
        self.cfg.fuel = fuel.clone();
        self
    }

    /// Reads the text, but for schemas.
    pub(crate) fn read(&self) -> Result<Read<'_>, SyntaxErrors> {
        Ok(match &self.kind {
            Kind::JsonSchema(text) => Read::JsonSchema(text),
            Kind::Grammar(format, text) => {
                Read::Cfg(syntax::parse_with(text, *format, &self.syntax)?)
            }
            Kind::Choice(texts) => {
                let texts = texts.iter().map(String::as_str);
                Read::Cfg(syntax::choice(texts, &self.syntax.limits)?)
            }
        })
    }
}
