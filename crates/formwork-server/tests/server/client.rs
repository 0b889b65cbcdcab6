//! A server on a free port, and a client that speaks as much HTTP as the tests need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use formwork_model::ModelFiles;
use formwork_server::{Served, Server, ServerOptions};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::toy::Toy;

/// A server over a [`Toy`].
pub(crate) struct Bed {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

pub(crate) const NAME: &str = "toy";

impl Bed {
    pub(crate) fn new() -> Bed {
        Bed::with(ServerOptions::default(), |_| {})
    }

    /// One whose passes take so long.
    pub(crate) fn slow(options: ServerOptions, delay: Duration) -> Bed {
        Bed::with(options, |toy| toy.delay = delay)
    }

    pub(crate) fn with(options: ServerOptions, change: impl FnOnce(&mut Toy)) -> Bed {
        let files = ModelFiles::embedded().expect("files");
        let mut toy = Toy::new(files.tokenizer.vocab());
        change(&mut toy);
        let served = Served {
            name: NAME.to_owned(),
            model: Box::new(toy),
            tokenizer: files.tokenizer,
            chat: files.chat,
        };
        let server = Server::new(served, options).expect("a server");
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let run = move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("an address");
                tell.send(address).expect("somebody listens");
                let stopped = async {
                    let _ = stopped.await;
                };
                server.serve(listener, stopped).await.expect("served");
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
        };
        let thread = std::thread::spawn(run);
        Bed {
            address: told.recv().expect("an address"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Tells the server to end.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until it has.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server has ended well");
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        Open::new(self.address, "GET", path, "", "").read()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.open(path, body).read()
    }

    /// A request that was sent, without its answer.
    pub(crate) fn open(&self, path: &str, body: &Value) -> Open {
        let kind = "application/json";
        Open::new(self.address, "POST", path, kind, &body.to_string())
    }

    /// Asks for a chat about one message; `more` are further members.
    pub(crate) fn chat(&self, text: &str, more: Value) -> Answer {
        self.post("/v1/chat/completions", &chat(text, more))
    }

    /// The value of a counter or gauge.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(' '))
        });
        let value = line.and_then(|line| line.split(' ').nth(1));
        value.expect("a metric").parse().expect("a number")
    }

    /// Waits until a counter or gauge has a value.
    pub(crate) fn wait(&self, name: &str, value: f64) {
        let begun = Instant::now();
        while self.metric(name) != value {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{name}: {}",
                self.metric(name)
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.stop();
        if !std::thread::panicking() {
            self.join();
        }
    }
}

/// The body of a chat about one message.
pub(crate) fn chat(text: &str, more: Value) -> Value {
    let mut body = json!({
        "model": NAME, "messages": [{"role": "user", "content": text}], "temperature": 0,
    });
    let more = more.as_object().cloned().unwrap_or_default();
    body.as_object_mut().expect("an object").extend(more);
    body
}

/// A request on its way.
pub(crate) struct Open {
    pub(crate) stream: BufReader<TcpStream>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Open {
    pub(crate) fn new(to: SocketAddr, method: &str, path: &str, kind: &str, body: &str) -> Open {
        let mut stream = TcpStream::connect(to).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        // A server that refuses may close before all was written.
        let _ = stream.write_all(request.as_bytes());
        Open {
            stream: BufReader::new(stream),
        }
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line
    }

    pub(crate) fn read(mut self) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let line = self.line();
            assert!(!line.is_empty(), "cut off: {head}");
            head.push_str(&line);
        }
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut bytes = Vec::new();
        if head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked")
        {
            loop {
                let line = self.line();
                let size = usize::from_str_radix(line.trim(), 16).expect("a size");
                let mut chunk = vec![0; size + 2];
                self.stream.read_exact(&mut chunk).expect("a chunk");
                if size == 0 {
                    break;
                }
                bytes.extend_from_slice(&chunk[..size]);
            }
        } else {
            self.stream.read_to_end(&mut bytes).expect("a body");
        }
        Answer {
            status: status.expect("a status"),
            head,
            body: String::from_utf8(bytes).expect("UTF-8"),
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// A good answer.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    /// The content of the first choice.
    pub(crate) fn content(&self) -> String {
        let content = &self.ok()["choices"][0]["message"]["content"];
        content.as_str().expect("a text").to_owned()
    }

    /// The status, code and parameter of an error.
    pub(crate) fn error(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        assert!(
            !text("message").is_empty() && !text("type").is_empty(),
            "{}",
            self.body
        );
        (self.status, text("code"), text("param"))
    }

    /// The chunks of a stream that came to its end.
    pub(crate) fn chunks(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.body);
        assert!(self.head.to_ascii_lowercase().contains("text/event-stream"));
        let events: Vec<&str> = self.body.split("\n\n").filter(|e| !e.is_empty()).collect();
        let data = |event: &&str| event.strip_prefix("data: ").expect("data").to_owned();
        let mut data: Vec<String> = events.iter().map(data).collect();
        assert_eq!(data.pop().as_deref(), Some("[DONE]"));
        let parse = |data: &String| serde_json::from_str(data).expect("JSON");
        data.iter().map(parse).collect()
    }
}

/// Runs all at once, and returns what they gave in their order.
pub(crate) fn together<T: Send + 'static>(runs: Vec<Box<dyn FnOnce() -> T + Send>>) -> Vec<T> {
    let threads: Vec<JoinHandle<T>> = runs.into_iter().map(std::thread::spawn).collect();
    threads
        .into_iter()
        .map(|thread| thread.join().expect("a result"))
        .collect()
}

/// A bed that threads share.
pub(crate) fn shared() -> Arc<Bed> {
    Arc::new(Bed::new())
}
