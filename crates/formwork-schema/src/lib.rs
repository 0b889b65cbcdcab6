//! JSON Schema, drafts 4 to 2020-12, as a [`Language`](formwork_grammar::Language)
//! for the mask engine. Compiling takes time linear in the schema, but for
//! what `anyOf`, `oneOf`, `allOf` and `not` multiply out to, which has a budget.
//!
//! The way of a schema, one module each: `json` (text to document), `resolve`
//! (references), `lower` (keywords to formulas), `node` (formulas and their
//! negation), `branch` (alternatives per type), `text`, `number` and
//! `name_table` (automata of strings, numbers and names), `shape` (what every
//! value may be, and whether there is one), `language` (positions in a text).
//!
//! # What a compiled schema means
//!
//! Exactly the JSON texts (RFC 8259) whose value is valid: properties in any
//! order, strings and names in any spelling, names unique within an object.
//! White space is limited by [`SchemaOptions::whitespace`]. Numbers under
//! constraints are written as plain decimals or in normalised scientific form.
//! Standard formats are asserted.
//!
//! What is not supported is refused, with its place, never ignored. What is only
//! supported in part makes the language smaller, never larger, and its
//! [`Status`] a subset; [`SchemaOptions::strict`] refuses that as well.
//!
//! # Untrusted input
//!
//! No schema panics, overflows the stack or escapes [`SchemaLimits`]. Nothing
//! is fetched, read from disk or printed.

#![warn(clippy::indexing_slicing)]

mod array;
mod blame;
mod bounds;
mod branch;
mod captured;
mod count;
mod datum;
mod decimal;
mod draft;
mod error;
mod except;
mod explain;
mod format;
mod holds;
mod intern;
mod json;
mod key;
mod language;
mod least;
mod lower;
mod memo;
mod metaschema;
mod name_table;
mod node;
mod number;
mod object;
mod options;
mod record;
mod registers;
mod repeat;
mod resolve;
mod shape;
mod solver;
mod terminals;
mod text;

pub use error::{Refusal, SchemaError};
pub use explain::{
    Annotation, Explain, ExplainedArray, ExplainedMember, ExplainedNumbers, ExplainedObject,
    ExplainedStrings, ExplainedValue,
};
pub use formwork_automata::{Fuel, Spent};
pub use formwork_grammar::{Restriction, Status, Whitespace};
pub use language::JsonLanguage;
pub use options::{PropertyOrder, SchemaLimits, SchemaOptions};
pub use terminals::TerminalCache;

/// Compiles a schema.
///
/// # Errors
///
/// See [`SchemaError`]. Keywords that are not supported are all reported at
/// once.
pub fn compile(
    text: &str,
    options: &SchemaOptions,
    cache: &TerminalCache,
) -> Result<JsonLanguage, SchemaError> {
    let explored = fuelled(options, |limits| {
        explore(text, options, limits, cache, None)
    })?
    .0;
    if !explored.shapes.is_alive(explored.root) {
        // What was left out may be all there is.
        if !explored.left_out.is_empty() {
            return Err(SchemaError::Refused(explored.left_out));
        }
        return Err(SchemaError::Unsatisfiable(conflict(text, options, cache)?));
    }
    Ok(JsonLanguage::new(explored, options))
}

/// The places that contradict each other in a schema that no value satisfies.
fn conflict(
    text: &str,
    options: &SchemaOptions,
    cache: &TerminalCache,
) -> Result<Vec<Refusal>, SchemaError> {
    let trace = Some(lower::Trace::default());
    let explored = fuelled(options, |limits| {
        explore(text, options, limits, cache, trace)
    });
    let (explored, trace) = explored?;
    let root = explored.nodes.get(explored.root as usize).copied();
    let root = root.unwrap_or(node::FALSE);
    let fuel = options.limits.fuel.at_most(options.limits.max_work);
    let mut explorer = shape::Explorer::new(explored.solver.with_fuel(fuel), cache);
    let trace = trace.unwrap_or_default();
    Ok(blame::conflict(&mut explorer, &trace, root))
}

/// Describes what a schema becomes: every value that a text can reach, and the
/// keywords that say nothing. A schema that no value satisfies is described
/// too.
///
/// # Errors
///
/// As [`compile`], but for [`SchemaError::Unsatisfiable`].
pub fn explain(
    text: &str,
    options: &SchemaOptions,
    cache: &TerminalCache,
) -> Result<Explain, SchemaError> {
    fuelled(options, |limits| {
        let trace = Some(lower::Trace::default());
        let (mut explored, trace) = explore(text, options, limits, cache, trace)?;
        let status = language::status(std::mem::take(&mut explored.left_out));
        explain::explain(&mut explored, trace.unwrap_or_default(), status)
    })
}

/// Does some work with `max_work` units of the caller's fuel, and tells which of them
/// ended it.
fn fuelled<T>(
    options: &SchemaOptions,
    work: impl FnOnce(&SchemaLimits) -> Result<T, SchemaError>,
) -> Result<T, SchemaError> {
    let (all, max_work) = (&options.limits.fuel, options.limits.max_work);
    let limits = SchemaLimits {
        fuel: all.at_most(max_work),
        ..options.limits
    };
    let limit = |name, limit| SchemaError::Limit {
        name,
        limit,
        place: "compiling the schema".into(),
    };
    work(&limits).map_err(|error| match (all.spent(), limits.fuel.spent()) {
        (Some(Spent::Units(units)), _) => limit("fuel", units),
        (Some(_), _) => SchemaError::Stopped,
        (None, Some(_)) => limit("max_work", max_work),
        (None, None) => error,
    })
}

/// Works out every value of a schema; hands back what was noted on the way.
fn explore(
    text: &str,
    options: &SchemaOptions,
    limits: &SchemaLimits,
    cache: &TerminalCache,
    trace: Option<lower::Trace>,
) -> Result<(shape::Explored, Option<lower::Trace>), SchemaError> {
    let json = read(text, limits, "the schema text")?;
    let mut documents = Vec::with_capacity(options.documents.len());
    for (uri, text) in &options.documents {
        let uri = uri.trim_end_matches('#');
        documents.push((uri.to_owned(), read(text, limits, uri)?));
    }
    let metaschemas = metaschema::Metaschemas::new();
    let mut lowered = lower::lower(&json, &documents, &metaschemas, limits, cache, trace)?;
    let root = lowered.root;
    let trace = lowered.trace.take();
    // The documents have been read.
    let options = SchemaOptions {
        documents: Vec::new(),
        limits: limits.clone(),
        ..*options
    };
    let strict = options.strict;
    let solver = solver::Solver::new(lowered, options, cache.memo());
    let explored = shape::explore(solver, cache, root)?;
    if strict && !explored.left_out.is_empty() {
        return Err(SchemaError::Refused(explored.left_out));
    }
    Ok((explored, trace))
}

fn read(text: &str, limits: &SchemaLimits, what: &str) -> Result<json::Json, SchemaError> {
    if text.len() > limits.max_bytes {
        return Err(SchemaError::Limit {
            name: "max_bytes",
            limit: limits.max_bytes as u64,
            place: format!("{what}, which has {} bytes", text.len()),
        });
    }
    json::parse(text, limits.max_nesting)
}
