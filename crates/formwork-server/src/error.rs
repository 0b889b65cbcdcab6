//! Answers that say why there is none, in OpenAI's form.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use formwork::cfg::syntax::SyntaxErrors;
use formwork::{CfgError, CompileError, Refusal, SchemaError, Spent};
use formwork_model::{GenerateError, ModelError, ModelErrorKind};
use serde_json::{Value, json};

/// Why a request is not answered.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    /// The place in the request, such as `response_format.json_schema.schema#/properties/a`.
    param: Option<String>,
    message: String,
    /// Every place that is at fault, if more is known.
    details: Vec<Value>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> ApiError {
        ApiError {
            status,
            code,
            param: None,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// The request is at fault, at `param`.
    pub(crate) fn invalid(param: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_value", message).at(param)
    }

    /// The request asks for what there is not.
    pub(crate) fn unsupported(param: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "unsupported_parameter", message).at(param)
    }

    /// The request is over a limit of the server.
    pub(crate) fn limit(param: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "limit_exceeded", message).at(param)
    }

    /// The body cannot be read.
    pub(crate) fn body(status: StatusCode, message: impl Into<String>) -> ApiError {
        ApiError::new(status, "invalid_body", message)
    }

    /// There is no such path, or not by this method.
    pub(crate) fn path(status: StatusCode, message: impl Into<String>) -> ApiError {
        ApiError::new(status, "unknown_url", message)
    }

    /// There is no such model.
    pub(crate) fn no_model(asked: &str, name: &str) -> ApiError {
        let message = format!("there is no model {asked:?} here; the one there is is {name:?}");
        ApiError::new(StatusCode::NOT_FOUND, "model_not_found", message).at("model")
    }

    /// Too much is to be done already.
    pub(crate) fn overloaded(waiting: usize) -> ApiError {
        let message = format!("{waiting} requests wait already; try again later");
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", message)
    }

    /// The request has taken too long.
    pub(crate) fn timeout(seconds: f64) -> ApiError {
        let message = format!("the request took more than {seconds} s and was given up");
        ApiError::new(StatusCode::GATEWAY_TIMEOUT, "timeout", message)
    }

    /// The model is gone, or the server stops.
    pub(crate) fn stopped() -> ApiError {
        let message = "the model does not run any more";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", message)
    }

    /// A fault of the server.
    pub(crate) fn fault(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", message)
    }

    /// The same about a place of the request.
    pub(crate) fn at(self, param: impl Into<String>) -> ApiError {
        ApiError {
            param: Some(param.into()),
            ..self
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What the model or its tokenizer says about the request, or of itself.
    pub(crate) fn of_model(error: &ModelError, param: &str) -> ApiError {
        match error.kind() {
            ModelErrorKind::Request => ApiError::invalid(param, error.to_string()),
            _ => ApiError::fault(error.to_string()),
        }
    }

    /// What ended a text.
    pub(crate) fn of_generation(error: &GenerateError) -> ApiError {
        match error {
            GenerateError::TooFewTokens { .. } => ApiError::invalid(
                "max_tokens",
                format!("{error}; raise `max_tokens`, or leave `must_complete` out"),
            ),
            GenerateError::Model(error) => ApiError::of_model(error, "prompt"),
            error => ApiError::fault(error.to_string()),
        }
    }

    /// Why the text of a grammar is none.
    pub(crate) fn of_syntax(errors: &SyntaxErrors, place: &str) -> ApiError {
        let code = match errors.is_limit() {
            true => "limit_exceeded",
            false => "invalid_grammar",
        };
        let details = errors.errors().iter().map(
            |error| json!({"line": error.line, "column": error.column, "reason": error.message}),
        );
        ApiError {
            details: details.collect(),
            ..ApiError::new(StatusCode::BAD_REQUEST, code, errors.to_string()).at(place)
        }
    }

    /// Why a source does not compile. A limit is told as the client's fault: the same
    /// request would fail again, and clients repeat what ends in 500.
    pub(crate) fn of_compile(error: &CompileError, place: &str) -> ApiError {
        match error {
            CompileError::Schema(error) | CompileError::Nested { error, .. } => {
                ApiError::of_schema(error, place)
            }
            CompileError::Syntax(errors) => ApiError::of_syntax(errors, place),
            CompileError::Cfg(error) => {
                let code = match error {
                    CfgError::Limit { .. } => "limit_exceeded",
                    _ => "invalid_grammar",
                };
                ApiError::new(StatusCode::BAD_REQUEST, code, error.to_string()).at(place)
            }
            CompileError::Fuel(Spent::Units(_)) => {
                ApiError::limit(place, format!("{error}; simplify what it is made of"))
            }
            error => ApiError::fault(error.to_string()),
        }
    }

    /// Why a schema does not compile.
    pub(crate) fn of_schema(error: &SchemaError, place: &str) -> ApiError {
        let code = match error {
            SchemaError::Limit { .. } => "limit_exceeded",
            SchemaError::Refused(_) => "unsupported_schema",
            SchemaError::Unsatisfiable(_) => "unsatisfiable_schema",
            _ => "invalid_schema",
        };
        let refusals = error.refusals();
        let place = match refusals.first() {
            Some(first) => format!("{place}#{}", first.pointer),
            None => place.to_owned(),
        };
        ApiError {
            details: refusals.iter().map(detail).collect(),
            ..ApiError::new(StatusCode::BAD_REQUEST, code, error.to_string()).at(place)
        }
    }

    /// The object that a client gets.
    pub(crate) fn object(&self) -> Value {
        let kind = match self.status {
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_client_error() => "invalid_request_error",
            _ => "server_error",
        };
        let mut error = json!({
            "message": self.message,
            "type": kind,
            "param": self.param,
            "code": self.code,
        });
        if let (false, Some(error)) = (self.details.is_empty(), error.as_object_mut()) {
            error.insert("details".to_owned(), self.details.clone().into());
        }
        json!({ "error": error })
    }
}

/// A place of a schema and what is the matter there.
fn detail(refusal: &Refusal) -> Value {
    json!({
        "pointer": format!("#{}", refusal.pointer),
        "keyword": refusal.keyword,
        "reason": refusal.reason,
    })
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.object())).into_response();
        let is_busy = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        if is_busy.contains(&self.status) {
            let one = HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, one);
        }
        response
    }
}
