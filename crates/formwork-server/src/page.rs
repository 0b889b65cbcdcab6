//! The page for people, and what it asks: `/api/check` and `/api/mask`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};
use formwork::{
    ExplainedValue, Fuel, Grammar, Matcher, PushError, TokenId, Vocab, explain_json_schema, mask,
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::constraint::Constraint;
use crate::endpoints::{body, respond};
use crate::error::ApiError;
use crate::fields::Fields;

/// More tokens than are listed.
const MAX_LISTED: usize = 500;

/// Nothing is loaded, and nothing asked but this server.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; \
                      style-src 'unsafe-inline'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /`
pub(crate) async fn page() -> Response {
    let headers: [(HeaderName, &str); 2] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(include_str!("page.html"))).into_response()
}

/// `POST /api/check`: what was understood of a schema or a grammar.
pub(crate) async fn check(State(app): State<Arc<App>>, request: Request) -> Response {
    respond(&app, "/api/check", ask(&app, request, checked).await)
}

/// `POST /api/mask`: what may follow a text.
pub(crate) async fn mask_of(State(app): State<Arc<App>>, request: Request) -> Response {
    respond(&app, "/api/mask", ask(&app, request, masked).await)
}

async fn ask(
    app: &Arc<App>,
    request: Request,
    answer: fn(&App, Fields<'_>, &Fuel) -> Result<Value, ApiError>,
) -> Result<Response, ApiError> {
    let _place = app.admit()?;
    let limit = app.options.request_timeout;
    let work = async {
        let body = body(request).await?;
        app.work(move |app, fuel| answer(app, Fields::of_body(&body)?, fuel))
            .await
    };
    let answered = timeout_at(Instant::now() + limit, work).await;
    let answered = answered.map_err(|_| ApiError::timeout(limit.as_secs_f64()))?;
    Ok(Json(answered?).into_response())
}

fn constraint(fields: &mut Fields<'_>) -> Result<Constraint, ApiError> {
    Constraint::take(fields)?.ok_or_else(|| fields.missing("json_schema"))
}

fn checked(app: &App, mut fields: Fields<'_>, fuel: &Fuel) -> Result<Value, ApiError> {
    let constraint = constraint(&mut fields)?;
    fields.finish()?;
    let explained = constraint.schema().and_then(|(schema, _)| {
        // What no value satisfies is explained, too; other errors are told below.
        let mut options = app.options.schemas.clone();
        options.limits.fuel = fuel.clone();
        explain_json_schema(schema, &options).ok()
    });
    let values = explained.as_ref().map(|explained| {
        let values = explained.values.iter().map(kinds);
        values.collect::<Vec<Value>>()
    });
    let text = explained.map(|explained| explained.to_string());
    Ok(match app.grammar(&constraint, fuel) {
        Ok(grammar) => {
            let left_out = grammar.status().restrictions().iter();
            let left_out = left_out.map(|one| json!({"place": one.place, "reason": one.reason}));
            json!({
                "verdict": grammar.status().to_string(),
                "restrictions": left_out.collect::<Vec<Value>>(),
                "error": null,
                "values": values,
                "explained": text,
            })
        }
        Err(error) if error.status().is_client_error() => {
            let error = error.object();
            json!({
                "verdict": "refused",
                "restrictions": [],
                "error": error.get("error"),
                "values": values,
                "explained": text,
            })
        }
        Err(error) => return Err(error),
    })
}

/// Of which kinds a value may be.
fn kinds(value: &ExplainedValue) -> Value {
    let [no, yes] = value.bools;
    let kinds = [
        (value.is_any, "anything"),
        (value.null, "null"),
        (no, "false"),
        (yes, "true"),
        (!value.strings.is_empty(), "string"),
        (!value.numbers.is_empty(), "number"),
        (!value.arrays.is_empty(), "array"),
        (!value.objects.is_empty(), "object"),
    ];
    let kinds = kinds.iter().filter(|(may_be, _)| *may_be);
    json!({
        "pointers": value.pointers,
        "min_bytes": value.min_bytes,
        "kinds": kinds.map(|(_, kind)| *kind).collect::<Vec<&str>>(),
    })
}

fn masked(app: &App, mut fields: Fields<'_>, fuel: &Fuel) -> Result<Value, ApiError> {
    let constraint = constraint(&mut fields)?;
    let text: String = fields.take("text")?.unwrap_or_default();
    let limit = fields.take("limit")?.unwrap_or(100).min(MAX_LISTED);
    fields.finish()?;
    let grammar = app.grammar(&constraint, fuel)?;
    follow(&grammar, app.compiler.vocab(), text.as_bytes(), limit)
}

/// What may follow a text, or how much of it can be read.
fn follow(grammar: &Grammar, vocab: &Vocab, text: &[u8], limit: usize) -> Result<Value, ApiError> {
    let mut matcher = grammar.matcher();
    let read = match matcher.push_bytes(text) {
        Ok(()) => text.len(),
        Err(PushError::Rejected { offset }) => {
            let read = text.get(..offset).unwrap_or_default();
            matcher.push_bytes(read).map_err(fault)?;
            read.len()
        }
        Err(error) => return Err(fault(error)),
    };
    let mut row = vec![0; vocab.mask_words()];
    matcher.fill_mask(&mut row).map_err(fault)?;
    let tokens: Vec<TokenId> = mask::iter_ones(&row)
        .filter(|id| !vocab.stop_ids().contains(id))
        .collect();
    let listed = tokens.iter().take(limit).map(|&id| token(id, vocab));
    Ok(json!({
        "read": read,
        "rest": String::from_utf8_lossy(text.get(read..).unwrap_or_default()),
        "complete": matcher.is_complete(),
        "count": tokens.len(),
        "tokens": listed.collect::<Vec<Value>>(),
        "next_bytes": next_bytes(&matcher)?,
        "forced": String::from_utf8_lossy(&matcher.forced_bytes().map_err(fault)?),
    }))
}

fn next_bytes(matcher: &Matcher) -> Result<Vec<u8>, ApiError> {
    Ok(matcher.next_bytes().map_err(fault)?.iter().collect())
}

fn token(id: TokenId, vocab: &Vocab) -> Value {
    let bytes = vocab.bytes(id);
    json!({"id": id.0, "text": std::str::from_utf8(bytes).ok(), "bytes": bytes})
}

fn fault(error: impl std::fmt::Display) -> ApiError {
    ApiError::fault(error.to_string())
}
