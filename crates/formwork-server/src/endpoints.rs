//! `/v1/chat/completions` and `/v1/completions`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response, Sse};
use formwork::{Fuel, TokenId};
use formwork_model::Prepared;
use serde::Deserialize;
use tokio::time::timeout_at;

use crate::answer::{Answer, Kind};
use crate::app::App;
use crate::error::ApiError;
use crate::fields::{Fields, parse};
use crate::messages;
use crate::reply::{Clock, Reply};
use crate::settings::Settings;
use crate::tools::Tools;

/// `POST /v1/chat/completions`
pub(crate) async fn chat(State(app): State<Arc<App>>, request: Request) -> Response {
    let answered = generate(&app, Kind::Chat, request).await;
    respond(&app, "/v1/chat/completions", answered)
}

/// `POST /v1/completions`
pub(crate) async fn completions(State(app): State<Arc<App>>, request: Request) -> Response {
    let answered = generate(&app, Kind::Completion, request).await;
    respond(&app, "/v1/completions", answered)
}

/// An answer, counted.
pub(crate) fn respond(
    app: &App,
    endpoint: &'static str,
    answered: Result<Response, ApiError>,
) -> Response {
    let response = answered.unwrap_or_else(ApiError::into_response);
    app.metrics.answered(endpoint, response.status().as_u16());
    response
}

/// What a request came to, once it was read.
struct Read {
    texts: Vec<Prepared>,
    answer: Answer,
    stream: bool,
    include_usage: bool,
}

async fn generate(app: &Arc<App>, kind: Kind, request: Request) -> Result<Response, ApiError> {
    let place = app.admit()?;
    let clock = Clock::new(app.options.request_timeout, &app.metrics);
    let read = async {
        let body = body(request).await?;
        app.work(move |app, fuel| read(app, kind, &body, fuel))
            .await
    };
    let read = timeout_at(clock.deadline(), read).await;
    let read = read.map_err(|_| clock.is_over())??;
    let reply = Reply {
        answer: read.answer,
        events: app.start(read.texts, place)?,
        clock,
    };
    if read.stream {
        return Ok(Sse::new(reply.stream(read.include_usage)).into_response());
    }
    Ok(Json(reply.whole().await?).into_response())
}

/// The body of a request in JSON. Other types are refused: a page of another origin may
/// send those without asking.
pub(crate) async fn body(request: Request) -> Result<Bytes, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let message = "the header Content-Type has to be application/json";
        return Err(ApiError::body(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let body = Bytes::from_request(request, &()).await;
    body.map_err(|rejection| ApiError::body(rejection.status(), rejection.body_text()))
}

fn read(app: &App, kind: Kind, body: &[u8], fuel: &Fuel) -> Result<Read, ApiError> {
    let mut fields = Fields::of_body(body)?;
    let mut settings = Settings::take(&mut fields, &app.name, &app.options)?;
    let (prompts, has_tools, place) = match kind {
        Kind::Chat => {
            fields.only("modalities", &[r#"["text"]"#])?;
            let tools = Tools::take(&mut fields)?;
            let messages = messages::take(&mut fields)?;
            fields.finish()?;
            settings.constraint = tools.constrain(settings.constraint.take())?;
            let chat = app.chat.as_ref();
            let prompt = messages::tokens(messages, &tools, chat, &app.tokenizer)?;
            (vec![prompt], tools.may_be_called(), "messages")
        }
        Kind::Completion => {
            fields.only("echo", &["false"])?;
            fields.only("suffix", &["\"\""])?;
            fields.only("best_of", &["1"])?;
            let prompts = prompts(&mut fields, app)?;
            fields.finish()?;
            (prompts, false, "prompt")
        }
    };
    let texts = app.texts(&prompts, &settings, place, fuel)?;
    let prompt_tokens = prompts.iter().map(Vec::len).sum();
    let (name, count) = (&app.name, texts.len());
    Ok(Read {
        texts,
        answer: Answer::new(kind, name, now(), prompt_tokens, count, has_tools),
        stream: settings.stream,
        include_usage: settings.include_usage,
    })
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed();
    since.map_or(0, |since| since.as_secs())
}

/// The prompts of a completion: texts, or tokens by number.
fn prompts(fields: &mut Fields<'_>, app: &App) -> Result<Vec<Vec<TokenId>>, ApiError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Prompt {
        Text(String),
        Tokens(Vec<u32>),
        Texts(Vec<String>),
        Lists(Vec<Vec<u32>>),
    }
    let place = fields.place("prompt");
    let raw = fields
        .raw("prompt")
        .ok_or_else(|| fields.missing("prompt"))?;
    let tokenizer = &app.tokenizer;
    let encode = |text: &String| {
        let tokens = tokenizer.prompt(text);
        let tokens = tokens.map_err(|error| ApiError::of_model(&error, &place))?;
        Ok(tokenizer.or_first(tokens))
    };
    let known = |ids: &Vec<u32>| {
        let len = app.compiler.vocab().len();
        match ids.iter().find(|&&id| id as usize >= len) {
            Some(id) => Err(ApiError::invalid(
                &place,
                format!("there is no token {id}; the vocabulary has {len}"),
            )),
            None => Ok(tokenizer.or_first(ids.iter().copied().map(TokenId).collect())),
        }
    };
    let prompts: Vec<Vec<TokenId>> = match parse(raw, &place)? {
        Prompt::Text(text) => vec![encode(&text)?],
        Prompt::Tokens(ids) => vec![known(&ids)?],
        Prompt::Texts(texts) => texts.iter().map(encode).collect::<Result<_, _>>()?,
        Prompt::Lists(lists) => lists.iter().map(known).collect::<Result<_, _>>()?,
    };
    Ok(prompts)
}
