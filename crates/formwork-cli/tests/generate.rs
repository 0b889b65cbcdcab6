//! `formwork generate` with the model that comes with it.
#![cfg(feature = "models")]
#![expect(clippy::unwrap_used, reason = "the helpers here are part of the tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn schema(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    folder.join(name).to_str().unwrap().to_owned()
}

fn generate(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_formwork"));
    command.arg("generate").args(args).output().unwrap()
}

#[track_caller]
fn check_status(output: &Output, expected: i32) {
    let shown = format!("{}{}", stdout(output), stderr(output));
    assert_eq!(output.status.code(), Some(expected), "{shown}");
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn texts_are_alone_on_standard_output() {
    let schema = schema("type-object-scalars.json");
    let output = generate(&["--schema", &schema, "--max-tokens", "60", "-n", "2"]);
    check_status(&output, 0);
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 2, "{text}");
    for line in text.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap().is_object());
    }
    assert!(stderr(&output).contains("token/s"), "{}", stderr(&output));
    let quiet = generate(&[
        "--schema",
        &schema,
        "--max-tokens",
        "60",
        "-n",
        "2",
        "--quiet",
    ]);
    assert_eq!(stdout(&quiet), text, "the same seeds give the same texts");
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn objects_tell_what_was_done() {
    let output = generate(&[
        "--regex",
        "^[a-c]{3}$",
        "--json",
        "--seed",
        "5",
        "--raw",
        "--prompt",
        "x",
    ]);
    check_status(&output, 0);
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let text = answer["text"].as_str().unwrap();
    assert!(
        text.len() == 3 && text.bytes().all(|byte| b"abc".contains(&byte)),
        "{text}"
    );
    assert_eq!(answer["seed"], 5);
    assert_eq!(answer["finish"], "complete");
    assert_eq!(answer["constraint_completed"], true);
    assert!(answer["tokens"].as_u64().unwrap() > 0);
}

#[test]
fn texts_that_are_cut_are_reported() {
    let args = ["--regex", "^a{200}$", "--max-tokens", "3"];
    let cut = generate(&[&args[..], &["--may-cut"]].concat());
    check_status(&cut, 1);
    assert!(
        stderr(&cut).contains("is cut after 3 tokens"),
        "{}",
        stderr(&cut)
    );
    let refused = generate(&args);
    check_status(&refused, 2);
    assert_eq!(stdout(&refused), "");
    assert!(
        stderr(&refused).contains("3 are allowed"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn what_is_wrong_is_one_line() {
    let schema = schema("type-object-scalars.json");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let text = folder.join("not-a-model.gguf");
    std::fs::write(&text, "no model").unwrap();
    let text = text.to_str().unwrap();
    for args in [
        &["--model", "no-such-model.gguf"][..],
        &["--model", text],
        &["--device", "abacus"],
        &["--temperature", "-1"],
        &["--schema", "no-such-schema.json"],
    ] {
        let output = generate(
            &[
                &["--schema", &schema][2 * usize::from(args[0] == "--schema")..],
                args,
            ]
            .concat(),
        );
        check_status(&output, 2);
        assert_eq!(stdout(&output), "");
        let told = stderr(&output);
        assert!(told.starts_with("error: "), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}
