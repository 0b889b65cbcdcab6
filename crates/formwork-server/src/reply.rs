//! From the events of texts to the body of an answer.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::response::sse;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tokio_stream::Stream;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::scheduler::Event;

/// Texts on their way to a client. Dropping it cancels those that have not ended.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) events: UnboundedReceiver<Event>,
    pub(crate) clock: Clock,
}

/// When a request came, and when it is given up.
pub(crate) struct Clock {
    begun: Instant,
    limit: Duration,
    metrics: Arc<Metrics>,
    /// Whether the first bytes have come.
    has_begun: bool,
}

impl Clock {
    pub(crate) fn new(limit: Duration, metrics: &Arc<Metrics>) -> Clock {
        Clock {
            begun: Instant::now(),
            limit,
            metrics: Arc::clone(metrics),
            has_begun: false,
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.begun + self.limit
    }

    pub(crate) fn is_over(&self) -> ApiError {
        ApiError::timeout(self.limit.as_secs_f64())
    }

    fn saw(&mut self, event: &Event) {
        if !self.has_begun && matches!(event, Event::Grown(..)) {
            self.has_begun = true;
            self.metrics.began(self.begun.elapsed());
        }
    }
}

impl Reply {
    /// The answer, once all texts have ended.
    pub(crate) async fn whole(mut self) -> Result<Value, ApiError> {
        let deadline = self.clock.deadline();
        while !self.answer.is_whole() {
            let event = timeout_at(deadline, self.events.recv()).await;
            let event = event.map_err(|_| self.clock.is_over())?;
            let event = event.ok_or_else(ApiError::stopped)?;
            self.clock.saw(&event);
            self.answer.keep(event)?;
        }
        Ok(self.answer.whole())
    }

    /// The answer while it is written.
    pub(crate) fn stream(self, include_usage: bool) -> Chunks {
        Chunks {
            sleep: Box::pin(sleep_until(self.clock.deadline())),
            queue: self.answer.opening().iter().map(Value::to_string).collect(),
            is_done: false,
            include_usage,
            reply: self,
        }
    }
}

/// The events of a stream, each the data of one server-sent event.
pub(crate) struct Chunks {
    reply: Reply,
    include_usage: bool,
    queue: VecDeque<String>,
    is_done: bool,
    sleep: Pin<Box<Sleep>>,
}

impl Chunks {
    fn add(&mut self, event: Event) {
        self.reply.clock.saw(&event);
        let chunks = match self.reply.answer.chunks(event) {
            Ok(chunks) => chunks,
            Err(error) => return self.fail(&error),
        };
        self.queue.extend(chunks.iter().map(Value::to_string));
        if self.reply.answer.is_whole() {
            if self.include_usage {
                let usage = self.reply.answer.usage_chunk();
                self.queue.push_back(usage.to_string());
            }
            self.queue.push_back("[DONE]".to_owned());
            self.is_done = true;
        }
    }

    fn fail(&mut self, error: &ApiError) {
        self.queue.push_back(error.object().to_string());
        self.is_done = true;
        self.reply.events.close();
    }
}

impl Stream for Chunks {
    type Item = Result<sse::Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(data) = this.queue.pop_front() {
                return Poll::Ready(Some(Ok(sse::Event::default().data(data))));
            }
            if this.is_done {
                return Poll::Ready(None);
            }
            if this.sleep.as_mut().poll(context).is_ready() {
                let error = this.reply.clock.is_over();
                this.fail(&error);
                continue;
            }
            match this.reply.events.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(event)) => this.add(event),
                Poll::Ready(None) => this.fail(&ApiError::stopped()),
            }
        }
    }
}
