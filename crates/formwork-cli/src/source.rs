//! What a text is held against: a schema or a context-free grammar.

use std::path::{Path, PathBuf};

use formwork::cfg::syntax::{Format, SyntaxOptions, parse_with};
use formwork::{CompileError, Compiler, Grammar, SchemaOptions, Spec, cfg};
#[cfg(feature = "models")]
use formwork::{Fuel, Language};
use formwork_bench::maskbench::schema_of_case;

#[cfg(feature = "models")]
use crate::args::ConstraintArgs;
use crate::args::{Against, GrammarArgs, Subject};
use crate::error::CliError;
use crate::input;

/// A schema or a grammar, as it is written.
pub(crate) struct Source {
    path: PathBuf,
    pub(crate) text: String,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Schema,
    Grammar(Format, SyntaxOptions),
}

impl Source {
    /// Reads what a command is about.
    pub(crate) fn subject(args: &Subject) -> Result<Source, CliError> {
        Source::read(args.schema.as_deref(), &args.grammar)
    }

    /// Reads what texts are held against.
    pub(crate) fn against(args: &Against) -> Result<Source, CliError> {
        Source::read(args.schema.as_deref(), &args.grammar)
    }

    /// Reads the form of texts, if they have one.
    #[cfg(feature = "models")]
    pub(crate) fn constraint(args: &ConstraintArgs) -> Result<Option<Source>, CliError> {
        if let Some(pattern) = &args.regex {
            return Ok(Some(Source {
                path: PathBuf::from("--regex"),
                text: pattern.clone(),
                kind: Kind::Grammar(Format::Regex, SyntaxOptions::default()),
            }));
        }
        if args.schema.is_none() && args.grammar.file().is_none() {
            return Ok(None);
        }
        Source::read(args.schema.as_deref(), &args.grammar).map(Some)
    }

    fn read(schema: Option<&Path>, args: &GrammarArgs) -> Result<Source, CliError> {
        let (path, kind) = match (schema, args.file()) {
            (_, Some(path)) => (path, Kind::Grammar(args.format()?, args.options())),
            (Some(path), None) => (path, Kind::Schema),
            (None, None) => return Err(CliError::other("name a schema, or --grammar FILE")),
        };
        let mut text = input::read(path)?;
        // A file of MaskBench stands for its schema.
        if let (Kind::Schema, Some(schema)) = (&kind, schema_of_case(&text)) {
            text = schema.to_owned();
        }
        Ok(Source {
            path: path.to_owned(),
            text,
            kind,
        })
    }

    /// Its name as shown.
    pub(crate) fn name(&self) -> String {
        input::name(&self.path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_schema(&self) -> bool {
        matches!(self.kind, Kind::Schema)
    }

    pub(crate) fn compile(
        &self,
        compiler: &Compiler,
        options: &SchemaOptions,
    ) -> Result<Grammar, CompileError> {
        compiler.compile(&self.spec(options))
    }

    /// What it says, for engines that do not read from left to right.
    #[cfg(feature = "models")]
    pub(crate) fn language(
        &self,
        compiler: &Compiler,
        options: &SchemaOptions,
    ) -> Result<Box<dyn Language>, CompileError> {
        compiler.language_with(&self.spec(options), &Fuel::unlimited())
    }

    fn spec(&self, options: &SchemaOptions) -> Spec {
        let spec = match &self.kind {
            Kind::Schema => Spec::json_schema(&self.text),
            Kind::Grammar(format, syntax) => {
                Spec::grammar(*format, &self.text).with_syntax_options(syntax.clone())
            }
        };
        spec.with_schema_options(options.clone())
    }

    /// The grammar that it says.
    pub(crate) fn grammar(
        &self,
        format: Format,
        options: &SyntaxOptions,
    ) -> Result<cfg::Grammar, CompileError> {
        Ok(parse_with(&self.text, format, options)?)
    }

    /// A source that does not compile, as the reason why a command has no answer.
    pub(crate) fn error(&self, error: &CompileError) -> CliError {
        CliError::Message(format!("{}: {error}", self.name()))
    }
}
