//! A server that compiles what strangers send: off the threads of the runtime, with a
//! deadline, and no longer than somebody waits for it.
//!
//! ```text
//! cargo run --release -p formwork-server --example tokio_server -- 127.0.0.1:7070
//! printf '{"type": "integer"}\n{"type": "nothing"}\n' | nc 127.0.0.1 7070
//! ```
//!
//! Each line is a schema. The answer is a line: `ok` and the number of tokens that a text may
//! begin with, or what is wrong. Without an address, the program asks itself a few questions.

// An example prints, and has nobody to hand errors to.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use formwork::{Compiler, Fuel, Spec, Vocab, mask};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// No schema may take longer.
const DEADLINE: Duration = Duration::from_secs(2);
/// Longer lines are not read.
const MAX_LINE: u64 = 1 << 20;

/// Says stop when it is dropped: the connection is gone, and with it whoever asked.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn answer(compiler: Arc<Compiler>, schema: String) -> String {
    let gone = StopOnDrop(Arc::default());
    let flag = Arc::clone(&gone.0);
    let deadline = Instant::now() + DEADLINE;
    let stop = move || flag.load(Ordering::Relaxed) || Instant::now() > deadline;
    let fuel = Fuel::unlimited().stop_if(stop);
    // Compiling takes microseconds for most schemas, and may take seconds for some.
    let work = tokio::task::spawn_blocking(move || {
        let grammar = compiler.compile_with(&Spec::json_schema(schema), &fuel);
        let grammar = grammar.map_err(|error| error.to_string().replace('\n', " "))?;
        let mut row = vec![0; compiler.vocab().mask_words()];
        let filled = grammar.matcher().fill_mask(&mut row);
        filled.map_err(|error| error.to_string())?;
        Ok::<_, String>(mask::iter_ones(&row).count())
    });
    match work.await {
        Ok(Ok(count)) => format!("ok {count}\n"),
        Ok(Err(why)) => format!("error {why}\n"),
        Err(_) => "error the server failed\n".to_owned(),
    }
}

async fn serve(compiler: Arc<Compiler>, stream: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(tokio::io::AsyncReadExt::take(read, MAX_LINE)).lines();
    while let Some(line) = lines.next_line().await? {
        let told = answer(Arc::clone(&compiler), line).await;
        write.write_all(told.as_bytes()).await?;
        lines.get_mut().get_mut().set_limit(MAX_LINE);
    }
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let compiler = Arc::new(Compiler::new(Arc::new(Vocab::embedded()?))?);
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    let own = listener.local_addr()?;
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(Arc::clone(&compiler), stream));
        }
    });
    if address.is_some() {
        println!("listening on {own}");
        return Ok(server.await?);
    }
    let mut stream = BufReader::new(TcpStream::connect(own).await?);
    for schema in [r#"{"type": "integer"}"#, r#"{"type": "nothing"}"#, "{"] {
        stream.write_all(format!("{schema}\n").as_bytes()).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        print!("{schema}\n  {line}");
    }
    Ok(())
}
