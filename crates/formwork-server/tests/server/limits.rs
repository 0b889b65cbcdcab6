//! What a server does at its limits, when clients leave, and at its end.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use formwork_server::ServerOptions;
use serde_json::json;

use crate::client::{Bed, chat};

const PATH: &str = "/v1/chat/completions";

fn slow(options: ServerOptions) -> Bed {
    Bed::slow(options, Duration::from_millis(10))
}

/// A text that takes its time.
fn long(more: serde_json::Value) -> serde_json::Value {
    let mut body = chat("ramble", json!({"regex": "[a-z]{1500}"}));
    let more = more.as_object().cloned().unwrap_or_default();
    body.as_object_mut().expect("an object").extend(more);
    body
}

#[test]
fn who_hangs_up_is_forgotten() {
    let bed = slow(ServerOptions::default());
    let mut stream = bed.open(PATH, &long(json!({"stream": true, "n": 2})));
    while !stream.line().contains("chat.completion.chunk") {}
    bed.wait("formwork_running", 2.0);
    drop(stream);
    bed.wait("formwork_cancelled_total", 2.0);
    let whole = bed.open(PATH, &long(json!({})));
    bed.wait("formwork_running", 1.0);
    drop(whole);
    bed.wait("formwork_cancelled_total", 3.0);
    bed.wait("formwork_running", 0.0);
}

#[test]
fn too_many_wait() {
    let bed = slow(ServerOptions {
        max_running: 1,
        max_waiting: 1,
        ..ServerOptions::default()
    });
    let first = bed.open(PATH, &long(json!({})));
    bed.wait("formwork_running", 1.0);
    let second = bed.open(PATH, &long(json!({})));
    bed.wait("formwork_waiting", 1.0);
    let third = bed.chat("say:a§", json!({}));
    assert_eq!(third.error(), (429, "overloaded".to_owned(), String::new()));
    assert!(third.head.to_ascii_lowercase().contains("retry-after: 1"));
    drop(second);
    drop(first);
    bed.wait("formwork_waiting", 0.0);
    bed.wait("formwork_running", 0.0);
    assert_eq!(bed.chat("say:a§", json!({})).content(), "a");
}

#[test]
fn what_is_too_large() {
    let bed = Bed::with(
        ServerOptions {
            max_body_bytes: 2_000,
            max_prompt_tokens: 50,
            max_tokens: 20,
            max_choices: 2,
            ..ServerOptions::default()
        },
        |_| {},
    );
    assert_eq!(bed.chat(&"a".repeat(3_000), json!({})).error().0, 413);
    let long = bed.chat(&"ab ".repeat(300), json!({})).error();
    assert_eq!(
        long,
        (400, "limit_exceeded".to_owned(), "messages".to_owned())
    );
    assert_eq!(bed.chat("x", json!({"n": 3})).error().2, "n");
    assert_eq!(
        bed.chat("x", json!({"max_tokens": 21})).error().2,
        "max_tokens"
    );
    let rambled = bed.chat("ramble", json!({})).ok();
    assert!(rambled["usage"]["completion_tokens"].as_u64() <= Some(20));
}

#[test]
fn what_takes_too_long() {
    let bed = slow(ServerOptions {
        request_timeout: Duration::from_millis(200),
        ..ServerOptions::default()
    });
    let begun = Instant::now();
    let answer = bed.post(PATH, &long(json!({})));
    assert_eq!(answer.error().0, 504);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let stream = bed.post(PATH, &long(json!({"stream": true})));
    assert!(stream.status == 200 && stream.body.contains("\"timeout\""));
    bed.wait("formwork_cancelled_total", 2.0);
    // A body that does not come.
    let mut body = std::io::BufReader::new(TcpStream::connect(bed.address).expect("connected"));
    let head = "POST /v1/completions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
                Content-Type: application/json\r\nContent-Length: 9\r\n\r\n";
    std::io::Write::write_all(body.get_mut(), head.as_bytes()).expect("written");
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut body, &mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
}

/// Prompts are read in parts, and several long ones do not keep the others waiting.
#[test]
fn long_prompts_are_read_in_parts() {
    let bed = Bed::with(
        ServerOptions {
            prompt_tokens_per_pass: 7,
            ..ServerOptions::default()
        },
        |_| {},
    );
    let text = format!("{}say:the end§", "many words ".repeat(40));
    assert_eq!(bed.chat(&text, json!({"n": 2})).content(), "the end");
    assert!(bed.metric("formwork_prompt_tokens_total") > 100.0);
}

#[test]
fn requests_may_end_before_the_server_does() {
    let mut bed = slow(ServerOptions::default());
    let open = bed.open(PATH, &chat("say:this is written to its end§", json!({})));
    bed.wait("formwork_running", 1.0);
    bed.stop();
    assert_eq!(open.read().content(), "this is written to its end");
    bed.join();
    assert!(TcpStream::connect(bed.address).is_err());
}

#[test]
fn requests_that_take_too_long_do_not() {
    let mut bed = slow(ServerOptions {
        shutdown_grace: Duration::from_millis(100),
        ..ServerOptions::default()
    });
    let mut open = bed.open(PATH, &long(json!({"stream": true})));
    while !open.line().contains("chat.completion.chunk") {}
    let begun = Instant::now();
    bed.stop();
    bed.join();
    assert!(begun.elapsed() < Duration::from_secs(5));
}
