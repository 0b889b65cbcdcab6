//! The form that a request asks for, and its grammar.

use formwork::cfg::syntax::{Format, SyntaxOptions};
use formwork::{CompileError, Spec};
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::fields::{Fields, parse};
use crate::options::ServerOptions;

/// A form, and where the request has it.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    form: Spec,
    place: String,
    /// Schemas within the form: the byte at which one ends, and its place.
    nested: Vec<(usize, String)>,
}

impl Constraint {
    fn new(form: Spec, place: String) -> Constraint {
        Constraint {
            form,
            place,
            nested: Vec::new(),
        }
    }

    /// A structural tag that was written for a request, with the byte at which each
    /// schema in it ends, and the place of that schema.
    pub(crate) fn of_tags(tags: String, place: &str, nested: Vec<(usize, String)>) -> Constraint {
        Constraint {
            form: Spec::grammar(Format::StructuralTag, tags),
            place: place.to_owned(),
            nested,
        }
    }

    /// The schema, if it is one, and its place.
    pub(crate) fn schema(&self) -> Option<(&str, &str)> {
        Some((self.form.json_schema_text()?, &self.place))
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The constraint that `fields` ask for: `response_format`, or one of the names that
    /// llama.cpp and vLLM have.
    pub(crate) fn take(fields: &mut Fields<'_>) -> Result<Option<Constraint>, ApiError> {
        let mut found = Vec::new();
        if let Some(raw) = fields.raw("response_format") {
            found.extend(response_format(raw, &fields.place("response_format"))?);
        }
        let notation = notation(fields)?;
        for (name, kind) in NAMES {
            if let Some(raw) = fields.raw(name) {
                found.extend(extra(raw, *kind, notation, fields.place(name))?);
            }
        }
        if let Some(raw) = fields.raw("structured_outputs") {
            let mut inner = Fields::of(raw, &fields.place("structured_outputs"))?;
            for (name, kind) in OUTPUTS {
                if let Some(raw) = inner.raw(name) {
                    found.extend(extra(raw, *kind, notation, inner.place(name))?);
                }
            }
            inner.finish()?;
        }
        if let [first, second, ..] = &found[..] {
            let message = format!("there is a form in `{}` already; name one", first.place);
            return Err(ApiError::invalid(&second.place, message));
        }
        Ok(found.pop())
    }

    /// What is to be compiled.
    pub(crate) fn spec(&self, options: &ServerOptions) -> Spec {
        let syntax = SyntaxOptions {
            limits: options.syntax.clone(),
            ..SyntaxOptions::default()
        };
        let form = self.form.clone();
        form.with_schema_options(options.schemas.clone())
            .with_syntax_options(syntax)
            .with_cfg_limits(options.cfg.clone())
    }

    /// Why it does not compile, with its place in the request.
    pub(crate) fn error(&self, error: &CompileError) -> ApiError {
        let place = match error {
            CompileError::Nested { span, .. } => {
                let mut nested = self.nested.iter();
                nested.find(|(end, _)| span.start < *end)
            }
            _ => None,
        };
        ApiError::of_compile(error, place.map_or(&self.place, |(_, place)| place))
    }
}

/// What a parameter holds.
#[derive(Clone, Copy)]
enum Kind {
    Schema,
    Object,
    Regex,
    Choice,
    Grammar,
    Tag,
}

/// Parameters of a request that say a form.
const NAMES: &[(&str, Kind)] = &[
    ("json_schema", Kind::Schema),
    ("guided_json", Kind::Schema),
    ("regex", Kind::Regex),
    ("guided_regex", Kind::Regex),
    ("choice", Kind::Choice),
    ("guided_choice", Kind::Choice),
    ("grammar", Kind::Grammar),
    ("guided_grammar", Kind::Grammar),
    ("structural_tag", Kind::Tag),
];

/// Those of `structured_outputs`.
const OUTPUTS: &[(&str, Kind)] = &[
    ("json", Kind::Schema),
    ("json_object", Kind::Object),
    ("regex", Kind::Regex),
    ("choice", Kind::Choice),
    ("grammar", Kind::Grammar),
    ("structural_tag", Kind::Tag),
];

/// The notation that `grammar_format` names.
fn notation(fields: &mut Fields<'_>) -> Result<Option<Format>, ApiError> {
    let name: Option<String> = fields.take("grammar_format")?;
    let Some(name) = name else {
        return Ok(None);
    };
    match name.as_str() {
        "gbnf" => Ok(Some(Format::Gbnf)),
        "lark" => Ok(Some(Format::Lark)),
        "ebnf" => Ok(Some(Format::Ebnf)),
        _ => Err(ApiError::invalid(
            fields.place("grammar_format"),
            format!("{name:?} is no notation; say \"gbnf\", \"lark\" or \"ebnf\""),
        )),
    }
}

fn extra(
    raw: &RawValue,
    kind: Kind,
    notation: Option<Format>,
    place: String,
) -> Result<Option<Constraint>, ApiError> {
    let form = match kind {
        Kind::Schema => Spec::json_schema(text_or_json(raw, &place)?),
        Kind::Object => match parse(raw, &place)? {
            true => Spec::json_object(),
            false => return Ok(None),
        },
        Kind::Regex => Spec::regex(parse::<String>(raw, &place)?),
        Kind::Choice => Spec::choice(parse::<Vec<String>>(raw, &place)?),
        Kind::Grammar => {
            let text: String = parse(raw, &place)?;
            // Only Lark has no `::=`; EBNF has to be named.
            let notation = notation.unwrap_or(match text.contains("::=") {
                true => Format::Gbnf,
                false => Format::Lark,
            });
            Spec::grammar(notation, text)
        }
        Kind::Tag => Spec::grammar(Format::StructuralTag, text_or_json(raw, &place)?),
    };
    Ok(Some(Constraint::new(form, place)))
}

/// JSON, or a string that holds it.
fn text_or_json(raw: &RawValue, place: &str) -> Result<String, ApiError> {
    match raw.get().starts_with('"') {
        true => parse(raw, place),
        false => Ok(raw.get().to_owned()),
    }
}

fn response_format(raw: &RawValue, place: &str) -> Result<Option<Constraint>, ApiError> {
    let mut format = Fields::of(raw, place)?;
    let kind: String = format.need("type")?;
    let form = match kind.as_str() {
        "text" => None,
        "json_object" => Some((Spec::json_object(), place.to_owned())),
        "json_schema" => {
            let raw = format.raw("json_schema");
            let raw = raw.ok_or_else(|| format.missing("json_schema"))?;
            let mut inner = Fields::of(raw, &format.place("json_schema"))?;
            // Whatever is said of strictness, the schema is kept.
            let _: Option<bool> = inner.take("strict")?;
            let _: Option<String> = inner.take("name")?;
            inner.ignore(&["description"]);
            let schema = inner.raw("schema").ok_or_else(|| inner.missing("schema"))?;
            let schema = (Spec::json_schema(schema.get()), inner.place("schema"));
            inner.finish()?;
            Some(schema)
        }
        "structural_tag" => {
            let tag = Spec::grammar(Format::StructuralTag, raw.get());
            return Ok(Some(Constraint::new(tag, place.to_owned())));
        }
        _ => {
            let message = format!(
                "{kind:?} is no format; there are \"text\", \"json_object\", \"json_schema\" and \
                 \"structural_tag\""
            );
            return Err(ApiError::invalid(format.place("type"), message));
        }
    };
    format.finish()?;
    Ok(form.map(|(form, place)| Constraint::new(form, place)))
}
