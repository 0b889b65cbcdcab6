//! `formwork generate` with the model that comes with it.

use serde_json::Value;

use super::{check_status, file, json, run, schemas, stderr, stdout};

fn schema(name: &str) -> String {
    schemas().join(name).to_str().unwrap().to_owned()
}

#[test]
fn texts_are_alone_on_standard_output() {
    let schema = schema("type-object-scalars.json");
    let args = [
        "generate",
        "--schema",
        &schema,
        "--max-tokens",
        "60",
        "-n",
        "2",
    ];
    let output = run(&args);
    check_status(&output, 0);
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 2, "{text}");
    for line in text.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap().is_object());
    }
    assert!(stderr(&output).contains("token/s"), "{}", stderr(&output));
    let quiet = run(&[&args[..], &["--quiet"]].concat());
    assert_eq!(stdout(&quiet), text, "the same seeds give the same texts");
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn objects_tell_what_was_done() {
    let args = "generate --regex ^[a-c]{3}$ --json --seed 5 --raw --prompt x";
    let output = run(&args.split(' ').collect::<Vec<_>>());
    check_status(&output, 0);
    let answer = json(&output);
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
    let args = ["generate", "--regex", "^a{200}$", "--max-tokens", "3"];
    let cut = run(&[&args[..], &["--may-cut"]].concat());
    check_status(&cut, 1);
    assert!(
        stderr(&cut).contains("is cut after 3 tokens"),
        "{}",
        stderr(&cut)
    );
    let refused = run(&args);
    check_status(&refused, 2);
    assert_eq!(stdout(&refused), "");
    assert!(
        stderr(&refused).contains("3 are allowed"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn what_is_wrong_is_told() {
    let schema = schema("type-object-scalars.json");
    let text = file("not-a-model.gguf", "no model");
    let mut wrong = vec![
        ["--schema", "no-such-schema.json"],
        ["--model", "no-such-model.gguf"],
        ["--model", &text],
        ["--device", "abacus"],
        ["--temperature", "-1"],
    ];
    wrong.extend((!cfg!(feature = "cuda")).then_some(["--device", "cuda"]));
    wrong.extend((!cfg!(feature = "wgpu")).then_some(["--device", "wgpu"]));
    for args in wrong {
        let schema = ["--schema", &schema];
        let schema = if args[0] == "--schema" {
            &[][..]
        } else {
            &schema
        };
        let output = run(&[&["generate"], schema, &args].concat());
        check_status(&output, 2);
        assert_eq!(stdout(&output), "");
        let told = stderr(&output);
        assert!(told.starts_with("error: "), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}
