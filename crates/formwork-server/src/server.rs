//! The server: its paths, and how it begins and ends.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use formwork::{Compiler, IndexError};
use formwork_model::{ChatTemplate, LanguageModel, Tokenizer};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};

use crate::app::App;
use crate::endpoints::{self, now};
use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::options::ServerOptions;
use crate::{page, scheduler};

/// A model that is served.
pub struct Served {
    /// What clients call it.
    pub name: String,
    /// The model.
    pub model: Box<dyn LanguageModel>,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// How chats are written for it; without one, chats are refused.
    pub chat: Option<ChatTemplate>,
}

/// Why a server does not start, or has failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// Exact masks are impossible over the model's vocabulary.
    Vocab(IndexError),
    /// The model has fewer logits than the vocabulary has tokens.
    TooFewLogits {
        /// Logits of the model.
        logits: usize,
        /// Tokens of the vocabulary.
        tokens: usize,
    },
    /// The address cannot be listened on, or a thread not be started.
    Io(std::io::Error),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerError::Vocab(error) => error.fmt(f),
            ServerError::TooFewLogits { logits, tokens } => write!(
                f,
                "the vocabulary has {tokens} tokens, the model only {logits} logits; the files are \
                 not of one model"
            ),
            ServerError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServerError {}

impl From<std::io::Error> for ServerError {
    fn from(error: std::io::Error) -> ServerError {
        ServerError::Io(error)
    }
}

/// A model behind HTTP.
pub struct Server {
    app: Arc<App>,
}

impl Server {
    /// Takes a model, reads its vocabulary, and starts the thread that runs it, which ends
    /// after the server and all its requests.
    ///
    /// # Errors
    ///
    /// If the model does not fit its tokenizer, or masks are impossible over that.
    pub fn new(served: Served, options: ServerOptions) -> Result<Server, ServerError> {
        let vocab = Arc::clone(served.tokenizer.vocab());
        let (vocab_len, max_len) = (served.model.vocab_len(), served.model.max_len());
        if vocab.len() > vocab_len {
            return Err(ServerError::TooFewLogits {
                logits: vocab_len,
                tokens: vocab.len(),
            });
        }
        let compiler = Compiler::with_limits(Arc::clone(&vocab), options.limits);
        let compiler = compiler.map_err(ServerError::Vocab)?;
        compiler.prepare();
        let metrics = Arc::new(Metrics::new());
        let jobs = scheduler::start(
            served.model,
            vocab,
            options.max_running,
            options.prompt_tokens_per_pass,
            Arc::clone(&metrics),
        )?;
        Ok(Server {
            app: Arc::new(App {
                name: served.name,
                created: now(),
                tokenizer: served.tokenizer,
                chat: served.chat,
                vocab_len,
                max_len,
                compiler,
                metrics,
                jobs,
                waiting: Arc::new(Semaphore::new(options.max_waiting)),
                compiling: Arc::new(Semaphore::new(options.max_compiling.max(1))),
                options,
            }),
        })
    }

    /// Its paths, to be served by other means or as a part of something larger.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(page::page))
            .route("/health", get(health))
            .route("/metrics", get(metrics))
            .route("/v1/models", get(models))
            .route("/v1/models/{model}", get(model))
            .route("/v1/chat/completions", post(endpoints::chat))
            .route("/v1/completions", post(endpoints::completions))
            .route("/api/check", post(page::check))
            .route("/api/mask", post(page::mask_of))
            .fallback(no_path)
            .method_not_allowed_fallback(no_method)
            .layer(DefaultBodyLimit::max(self.app.options.max_body_bytes))
            .with_state(Arc::clone(&self.app))
    }

    /// Answers requests until `shutdown` is ready. Then no more come in, and those that
    /// run may end within the time that the options give them.
    ///
    /// # Errors
    ///
    /// If the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let grace = self.app.options.shutdown_grace;
        let router = self.router();
        drop(self);
        let (begin, begun) = oneshot::channel();
        let stop = async move {
            shutdown.await;
            let _ = begin.send(()); // nobody waits if serving has failed
        };
        // Chunks of a stream go out as they are written.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true); // slower without, and no worse
        });
        let served = axum::serve(listener, router).with_graceful_shutdown(stop);
        let time_is_over = async move {
            match begun.await {
                Ok(()) => tokio::time::sleep(grace).await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            served = served.into_future() => served,
            () = time_is_over => Ok(()),
        }
    }

    /// Listens on an address, and answers until the process is told to end by SIGINT or
    /// SIGTERM. `on_ready` gets the address once requests are taken.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on.
    pub fn run(
        self,
        address: SocketAddr,
        on_ready: impl FnOnce(SocketAddr),
    ) -> Result<(), ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let served = runtime.block_on(async {
            let stop = signals()?;
            let listener = TcpListener::bind(address).await?;
            on_ready(listener.local_addr()?);
            self.serve(listener, stop).await
        });
        // What still runs is past its time.
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(served?)
    }
}

/// Ready once the process is told to end.
#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ready once the process is told to end.
#[cfg(not(unix))]
fn signals() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await; // it cannot be told
        }
    })
}

async fn health(State(app): State<Arc<App>>) -> Response {
    match app.jobs.is_closed() {
        false => Json(json!({"status": "ok"})).into_response(),
        true => ApiError::stopped().into_response(),
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let text = app.metrics.text(app.waiting(), app.compiler.kept());
    ([(header::CONTENT_TYPE, TEXT)], text).into_response()
}

fn described(app: &App) -> serde_json::Value {
    json!({
        "id": app.name,
        "object": "model",
        "created": app.created,
        "owned_by": "formwork",
        "max_model_len": app.max_len,
    })
}

async fn models(State(app): State<Arc<App>>) -> Response {
    Json(json!({"object": "list", "data": [described(&app)]})).into_response()
}

async fn model(
    State(app): State<Arc<App>>,
    axum::extract::Path(name): axum::extract::Path<String>,
) -> Response {
    match name == app.name {
        true => Json(described(&app)).into_response(),
        false => ApiError::no_model(&name, &app.name).into_response(),
    }
}

async fn no_path(uri: Uri) -> Response {
    let message = format!("there is no path {:?} here", uri.path());
    ApiError::path(StatusCode::NOT_FOUND, message).into_response()
}

async fn no_method(method: Method, uri: Uri) -> Response {
    let message = format!("{:?} is not asked by {method}", uri.path());
    ApiError::path(StatusCode::METHOD_NOT_ALLOWED, message).into_response()
}
