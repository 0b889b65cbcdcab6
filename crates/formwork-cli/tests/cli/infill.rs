//! `formwork infill` with the model that comes with it.

use serde_json::Value;

use super::{OBJECT, check_status, file, json, run, stderr, stdout};

#[test]
fn the_text_is_alone_on_standard_output() {
    let schema = file("infill-object.json", OBJECT);
    let args = ["infill", "--schema", &schema, "--length", "24"];
    let output = run(&args);
    check_status(&output, 0);
    let text = stdout(&output);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(value["a"].is_number(), "{text}");
    assert!(stderr(&output).contains("passes"), "{}", stderr(&output));
    let quiet = run(&[&args[..], &["--quiet"]].concat());
    assert_eq!(stdout(&quiet), text, "the same seed gives the same text");
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn what_is_there_stays() {
    let schema = file("infill-pieces.json", OBJECT);
    let canvas = r#"{"b": "<mask:1>", "a": <gap:1..4>7<gap:0..3>}"#;
    for scheduler in ["llada", "dream-entropy", "freedave", "hierarchy", "remask"] {
        let args = ["infill", "--schema", &schema, "--canvas", canvas];
        let more = [
            "--scheduler",
            scheduler,
            "--temperature",
            "1",
            "--seed",
            "3",
        ];
        let output = run(&[&args[..], &more].concat());
        check_status(&output, 0);
        let text = stdout(&output);
        assert!(
            text.starts_with(r#"{"b": ""#) && text.contains(r#"", "a": "#),
            "{text}"
        );
        assert!(text.contains('7'), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value["b"] == "x" || value["b"] == "y", "{text}");
    }
}

#[test]
fn steps_are_traced_and_counted() {
    let args = [
        "infill",
        "--regex",
        "^[a-c]{6}$",
        "--length",
        "8",
        "--json",
        "--trace",
    ];
    let output = run(&[&args[..], &["--scheduler", "fast-dllm-factor"]].concat());
    check_status(&output, 0);
    let answer = json(&output);
    let text = answer["text"].as_str().unwrap();
    assert!(
        text.len() == 6 && text.bytes().all(|byte| b"abc".contains(&byte)),
        "{text}"
    );
    assert_eq!(answer["scheduler"], "fast-dllm-factor");
    assert_eq!(answer["filled_tokens"], 8);
    assert_eq!(answer["rejected_tokens"], 0);
    let trace = stderr(&output);
    assert!(trace.starts_with("     ▢▢▢▢▢▢▢▢\n"), "{trace}");
    let lines = trace.lines().count() as u64;
    let calls = answer["model_calls"].as_u64().unwrap();
    assert!(lines >= calls + 2, "{trace}");
}

#[test]
fn without_a_constraint_anything_comes() {
    let output = run(&[
        "infill",
        "--canvas",
        "{<mask:4>}",
        "--prompt",
        "config file",
    ]);
    check_status(&output, 0);
    assert!(stdout(&output).starts_with('{'), "{}", stdout(&output));
}

#[test]
fn no_text_is_an_answer() {
    let schema = file("infill-none.json", OBJECT);
    for canvas in [r#"{"a": <mask:2>"#, "<mask:1>", r#"{"c<gap:0..9>}"#] {
        let output = run(&["infill", "--schema", &schema, "--canvas", canvas, "--trace"]);
        check_status(&output, 1);
        assert_eq!(stdout(&output), "");
        let told = stderr(&output);
        assert_eq!(
            told, "error: no text of the grammar fits the canvas\n",
            "{canvas}"
        );
    }
}

#[test]
fn what_is_wrong_is_told() {
    let schema = file("infill-wrong.json", OBJECT);
    let text = file("infill-not-a-model.gguf", "no model");
    let length = ["--length", "9"];
    for args in [
        &["--schema", "no-such-schema.json", "--length", "9"][..],
        &["--schema", &schema],
        &["--schema", &schema, "--length", "9", "--canvas", "x"],
        &[
            "--schema",
            &schema,
            "--length",
            "9",
            "--scheduler",
            "abacus",
        ],
        &["--schema", &schema, "--length", "9", "--temperature", "-1"],
        &["--schema", &schema, "--length", "99999999999"],
        &["--schema", &schema, "--canvas", "<mask:x>"],
        &["--schema", &schema, "--canvas", "<gap:3..1>"],
        &[&["--model", text.as_str()][..], &length].concat(),
        &[&["--model", "no-such-model"][..], &length].concat(),
    ] {
        let output = run(&[&["infill"], args].concat());
        check_status(&output, 2);
        assert_eq!(stdout(&output), "");
        let told = stderr(&output);
        assert!(told.starts_with("error: "), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}
