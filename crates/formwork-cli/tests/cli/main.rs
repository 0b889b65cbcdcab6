//! The command as it is used: arguments in, status and text out. Needs what is
//! embedded and the project's own schemas, nothing else.
#![expect(clippy::unwrap_used, reason = "the helpers here are part of the tests")]

#[cfg(feature = "models")]
mod generate;
#[cfg(feature = "models")]
mod infill;
#[cfg(feature = "models")]
mod sample;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const OBJECT: &str = r#"{
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}},
    "required": ["a"],
    "additionalProperties": false
}"#;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_formwork"));
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn run_with_input(args: &[&str], input: &str) -> Output {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
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

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap()
}

/// A file for one test.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A folder of files for one test.
fn folder(name: &str, files: &[(&str, &str)]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

#[test]
fn help_lists_the_commands() {
    let output = run(&["--help"]);
    check_status(&output, 0);
    let mut commands = vec![
        "check",
        "witness",
        "validate",
        "mask",
        "dot",
        "maskbench",
        "suite",
    ];
    if cfg!(feature = "models") {
        commands.extend(["generate", "infill", "sample"]);
    }
    for command in commands {
        assert!(stdout(&output).contains(command), "{command}");
        check_status(&run(&[command, "--help"]), 0);
    }
    check_status(&run(&["no-such-command"]), 2);
    check_status(&run(&["check"]), 2);
}

#[test]
fn check_says_yes_no_or_error() {
    let output = run_with_input(&["check", "-"], OBJECT);
    check_status(&output, 0);
    assert_eq!(stdout(&output), "<stdin>: exact\n");

    let refused = r#"{"properties": {"a": {"$ref": "https://example.com/other.json"}}}"#;
    let output = run_with_input(&["check", "-", "--json"], refused);
    check_status(&output, 1);
    let answer = json(&output);
    assert_eq!(answer["verdict"], "refused");
    assert_eq!(answer["reasons"][0]["keyword"], "$ref");

    check_status(&run_with_input(&["check", "-"], "{"), 2);
    check_status(&run_with_input(&["check", "-"], r#"{"type": 3}"#), 2);
    check_status(&run(&["check", "no-such-file.json"]), 2);
}

#[test]
fn subsets_are_told() {
    let email = r#"{"properties": {"a": {"type": "string", "format": "email"}}}"#;
    let output = run_with_input(&["check", "-"], email);
    check_status(&output, 0);
    let text = stdout(&output);
    assert!(text.starts_with("<stdin>: subset\n  at /properties/a/format: "));
    let answer = json(&run_with_input(&["check", "-", "--json"], email));
    assert_eq!(answer["verdict"], "subset");
    let restrictions = answer["restrictions"].as_array().unwrap();
    assert_eq!(restrictions.len(), 1);
    assert_eq!(restrictions[0]["place"], "/properties/a/format");
    let output = run_with_input(&["check", "-", "--strict", "--json"], email);
    check_status(&output, 1);
    assert_eq!(json(&output)["verdict"], "refused");

    let schema = file("subset.schema.json", email);
    let text = file("subset.json", "{}");
    let output = run(&["validate", "--schema", &schema, "--json", &text]);
    check_status(&output, 0);
    assert_eq!(json(&output)["grammar"], "subset");
    assert!(stderr(&output).contains("a subset: at /properties/a/format"));
    let output = run(&["mask", "--schema", &schema, "--json"]);
    assert_eq!(json(&output)["grammar"], "subset");
    assert!(stderr(&output).contains("a subset"));
    check_status(&run(&["mask", "--schema", &schema, "--strict"]), 2);
    let output = run(&["-q", "mask", "--schema", &schema]);
    assert_eq!(stderr(&output), "");
}

#[test]
fn quiet_leaves_the_status() {
    let output = run_with_input(&["-q", "check", "-"], OBJECT);
    check_status(&output, 0);
    assert_eq!(stdout(&output), "");
}

#[test]
fn check_explains() {
    let schema = r##"{"title": "t", "type": "object", "required": ["a"], "properties": {
        "a": {"type": "string", "maxLength": 3}, "b": {"$ref": "#/properties/a"},
        "c": {"type": "null", "enum": [1]}}, "additionalProperties": false}"##;
    let output = run_with_input(&["check", "-", "--explain"], schema);
    check_status(&output, 0);
    let expected = "\
<stdin>: exact
#0 from the root
  object: no other names
    \"a\" (required): #1 from /properties/a, /properties/b
      string: at most 3 characters
    \"b\": #1 again
    \"c\": must not come
no value satisfies
  /properties/c
annotations
  at the root: `title` only describes
";
    assert_eq!(stdout(&output), expected);

    let output = run_with_input(&["check", "-", "--explain", "--json"], schema);
    let explain = &json(&output)["explain"];
    assert_eq!(explain["root"], 0);
    let members = &explain["values"][0]["objects"][0]["members"];
    assert_eq!(members[0]["required"], true);
    let value = members[0]["values"][0].as_u64().unwrap() as usize;
    assert_eq!(explain["values"][value]["strings"][0]["max"], 3);
    assert_eq!(explain["annotations"][0]["keyword"], "title");

    let output = run_with_input(&["check", "-", "--explain"], r#"{"not": {}}"#);
    check_status(&output, 1);
    assert!(stdout(&output).contains("\nnothing\n"));
    let output = run_with_input(&["check", "-", "--json"], schema);
    assert!(json(&output).get("explain").is_none());
}

#[test]
fn witness_prints_the_shortest() {
    let witness = |schema: &str, args: &[&str]| {
        let args = [&["witness", "-"], args].concat();
        run_with_input(&args, schema)
    };
    let output = witness(OBJECT, &[]);
    check_status(&output, 0);
    assert_eq!(stdout(&output), "{\"a\":0}\n");
    let answer = json(&witness(OBJECT, &["--json"]));
    assert_eq!(answer["text"], "{\"a\":0}");
    assert_eq!(
        (&answer["bytes"], &answer["shortest"]),
        (&7.into(), &true.into())
    );
    assert_eq!(answer["oracle"], true);
    assert!(
        json(&witness(OBJECT, &["--json", "--no-check"]))
            .get("oracle")
            .is_none()
    );

    check_status(&witness(r#"{"not": {}}"#, &[]), 1);
    check_status(&witness(r#"{"type": 3}"#, &[]), 2);
    check_status(&witness("{", &[]), 2);
}

#[test]
fn witness_prints_random_texts() {
    let witness = |seed: &str| {
        let args = ["witness", "-", "--count", "30", "--seed", seed];
        let output = run_with_input(&args, OBJECT);
        check_status(&output, 0);
        stdout(&output)
    };
    let text = witness("1");
    let mut lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 30);
    assert!(lines.iter().any(|line| line.contains("\"b\"")), "{text}");
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 30);
    assert_eq!(witness("1"), text);
    assert_ne!(witness("2"), text);

    let args = ["witness", "-", "--count", "5", "--json"];
    let output = run_with_input(&args, r#"{"type": "boolean"}"#);
    check_status(&output, 0);
    assert_eq!(stdout(&output).lines().count(), 2);
    assert!(stderr(&output).contains("only 2 different texts"));
}

#[test]
fn validate_locates_faults() {
    let schema = file("validate.schema.json", OBJECT);
    let good = file("good.json", "{\"a\": 1, \"b\": \"x\"}\n");
    let bad = file("bad.json", "{\"a\": 1,\n \"b\": \"z\"}\n");
    let short = file("short.json", "{\"a\": 1");
    let validate = |files: &[&str]| {
        let args = [
            &["validate", "--schema", &schema, "--json", "--oracle"],
            files,
        ]
        .concat();
        run(&args)
    };

    let output = validate(&[&good]);
    check_status(&output, 0);
    assert_eq!(json(&output)["accepted"], true);
    assert_eq!(json(&output)["oracle"], true);

    let output = validate(&[&good, &bad, &short]);
    check_status(&output, 1);
    let text = stdout(&output);
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers[0]["accepted"], true);
    assert_eq!(answers[1]["accepted"], false);
    assert_eq!(answers[1]["offset"], 16);
    assert_eq!(
        (&answers[1]["line"], &answers[1]["column"]),
        (&2.into(), &8.into())
    );
    assert_eq!(answers[1]["expected"], "`\\`, `x` or `y`");
    assert_eq!(answers[2]["unfinished"], true);
}

#[test]
fn validate_without_an_answer() {
    let schema = file("broken.schema.json", "{\"type\": 3}");
    let text = file("any.json", "1");
    check_status(&run(&["validate", "--schema", &schema, &text]), 2);
    check_status(&run(&["validate", "--schema", "no-such-file", &text]), 2);
    let kinds = [
        "validate",
        "--schema",
        &schema,
        "--whitespace",
        "some",
        &text,
    ];
    check_status(&run(&kinds), 2);
}

#[test]
fn mask_lists_tokens() {
    let schema = file("mask.schema.json", OBJECT);
    let mask = |prefix: &str| run(&["mask", "--schema", &schema, "--json", "--prefix", prefix]);

    let output = mask("{\"b\": \"");
    check_status(&output, 0);
    let answer = json(&output);
    assert_eq!(answer["stop"], false);
    let texts: Vec<&str> = answer["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["text"].as_str().unwrap())
        .collect();
    assert!(texts.contains(&"x") && texts.contains(&"y"), "{texts:?}");
    let may_come = |text: &&str| text.starts_with(['x', 'y', '\\']);
    assert!(texts.iter().all(may_come), "{texts:?}");
    assert_eq!(answer["count"], texts.len());

    let output = mask("{\"a\": 1}");
    check_status(&output, 0);
    assert_eq!(json(&output)["stop"], true);

    let output = mask("{\"c\"");
    check_status(&output, 1);
    assert_eq!(json(&output)["offset"], 2);
}

#[test]
fn maskbench_reports() {
    let folder = schemas();
    let result = file("result.json", "");
    let golden = file("golden.json", "");
    let folder = folder.to_str().unwrap();
    let output = run(&[
        "maskbench",
        folder,
        "--limit",
        "12",
        "--threads",
        "2",
        "--json",
        &result,
        "--write-golden",
        &golden,
    ]);
    check_status(&output, 0);
    assert!(
        stdout(&output).contains("disagreements 0"),
        "{}",
        stdout(&output)
    );

    let report: Value = serde_json::from_str(&std::fs::read_to_string(result).unwrap()).unwrap();
    assert_eq!(report["schemas"], 12);
    for key in ["panics", "timeouts", "engine_errors", "disagreements"] {
        assert_eq!(report[key], 0, "{key}");
    }
    for key in ["mean", "p50", "p90", "p99", "p999", "max"] {
        assert!(report["tbm_us"][key].is_f64(), "{key}");
        assert!(report["ttfm_us"][key].is_f64(), "{key}");
    }
    for key in ["passing", "refused", "over", "under", "tokens"] {
        assert!(report[key].is_u64(), "{key}");
    }
    assert!(report["refusals"].is_object());
    assert_eq!(report["splits"]["other"]["schemas"], 12);

    // Other data is no comparison.
    let output = run(&["maskbench", folder, "--limit", "1", "--golden", &golden]);
    check_status(&output, 1);
    assert!(
        stdout(&output).contains("schemas in other"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn maskbench_draws_a_page() {
    let page = file("page.html", "");
    let folder = schemas();
    let start = ["maskbench", folder.to_str().unwrap(), "--limit", "5"];
    let more = ["--again", "--report", &page, "--json", "-"];
    let output = run(&[&start[..], &more].concat());
    check_status(&output, 0);
    let report = json(&output);
    assert_eq!(report["disagreements"], 0);
    assert!(report["tbm_again_us"]["p999"].is_f64());
    assert_eq!(report.get("details"), None);

    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert_eq!(page.matches("<figure>").count(), 4);
    for part in [
        "second request",
        "instances read twice</th><td>yes",
        "additional-properties-",
    ] {
        assert!(page.contains(part), "{part}");
    }

    let output = run(&[&start[..], &["--again"]].concat());
    check_status(&output, 0);
    assert!(stdout(&output).contains("\nagain "), "{}", stdout(&output));
    let nowhere = ["--report", "no-such-folder/page.html"];
    check_status(&run(&[&start[..], &nowhere].concat()), 2);
}

#[test]
fn own_schemas_are_no_worse_than_golden() {
    let golden =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../jsonschemabench/expected/schemas.json");
    let golden = golden.to_str().unwrap();
    let output = run(&["maskbench", "--threads", "2", "--golden", golden]);
    check_status(&output, 0);
}

#[test]
fn references_are_resolved() {
    let documents = folder("resolve", &[("defs/n.json", r#"{"type": "null"}"#)]);
    let named = r#"{"$id": "https://example.com/t.json", "const": true}"#;
    let others = folder("resolve-too", &[("any.json", named)]);
    let both = ["--resolve", &documents, "--resolve", &others];
    let schema = r#"{"anyOf": [
        {"$ref": "defs/n.json"},
        {"$ref": "https://example.com/t.json"}
    ]}"#;
    let check = |options: &[&str]| {
        let args = [&["check", "-"], options].concat();
        run_with_input(&args, schema)
    };
    check_status(&check(&both), 0);
    check_status(&check(&both[..2]), 1);
    check_status(&check(&[]), 1);
    check_status(&check(&["--resolve", "no-such-folder"]), 2);
    let broken = folder("resolve-broken", &[("a.json", "{")]);
    check_status(&check(&["--resolve", &broken]), 2);

    let schema = file("resolve.schema.json", schema);
    let yes = file("resolve.null.json", "null");
    let no = file("resolve.one.json", "1");
    let start = ["validate", "--schema", &schema, "--oracle"];
    check_status(&run(&[&start[..], &both, &[&yes]].concat()), 0);
    check_status(&run(&[&start[..], &both, &[&no]].concat()), 1);
}

#[test]
fn maskbench_restores_disguised_keywords() {
    let disguised = r#"{
        "schema": {"items": {"type": "integer"}, "type": "array", "_uniqueItems": true},
        "tests": [{"valid": true, "data": [1, 2]}, {"valid": false, "data": [1, 1]}]
    }"#;
    let contradiction = r#"{"schema": {"type": "null", "minLength": 1, "enum": ["a"]}}"#;
    let files = [("a.json", disguised), ("b.json", contradiction)];
    let folder = folder("disguised", &files);
    let start = ["maskbench", folder.as_str(), "--json", "-"];

    let output = run(&start);
    check_status(&output, 0);
    let report = json(&output);
    assert_eq!(report["restored"], false);
    assert_eq!(
        (&report["under"], &report["passing"]),
        (&1.into(), &0.into())
    );
    assert_eq!(report["refused"], 1);
    assert_eq!(report["refusals"]["unsatisfiable"], 1);

    let output = run(&[&start[..], &["--restore-disguised"]].concat());
    check_status(&output, 0);
    let report = json(&output);
    assert_eq!(report["restored"], true);
    assert_eq!(
        (&report["under"], &report["passing"]),
        (&0.into(), &1.into())
    );
}

#[test]
fn maskbench_without_data() {
    check_status(&run(&["maskbench", "no-such-folder"]), 2);
    check_status(
        &run(&["maskbench", env!("CARGO_TARGET_TMPDIR"), "--limit", "0"]),
        2,
    );
}

#[test]
fn suite_scores() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("suite/tests/draft7");
    std::fs::create_dir_all(&folder).unwrap();
    let group = r#"[{
        "description": "integers",
        "schema": {"type": "integer"},
        "tests": [
            {"description": "one", "data": 1, "valid": true},
            {"description": "a string", "data": "1", "valid": false},
            {"description": "mislabelled", "data": 2, "valid": false}
        ]
    }]"#;
    std::fs::write(folder.join("type.json"), group).unwrap();
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("suite");
    let root = root.to_str().unwrap();
    let output = run(&["suite", root, "--json", "-", "--wrong"]);
    check_status(&output, 0);
    let core = &json(&output)["draft7"]["core"];
    assert_eq!((&core["total"], &core["pass"]), (&3.into(), &2.into()));
    assert_eq!((&core["refused"], &core["wrong"]), (&0.into(), &1.into()));
    assert_eq!(core["wrong_tests"][0]["test"], "mislabelled");

    check_status(&run(&["suite", env!("CARGO_MANIFEST_DIR")]), 2);
}

#[test]
fn suite_finds_remotes() {
    let group = r#"[{
        "description": "remote",
        "schema": {"$ref": "http://localhost:1234/nested/integer.json"},
        "tests": [
            {"description": "one", "data": 1, "valid": true},
            {"description": "a string", "data": "1", "valid": false}
        ]
    }]"#;
    let integer = r#"{"$id": "http://example.com/other", "type": "integer"}"#;
    let files = [
        ("tests/draft7/refRemote.json", group),
        ("remotes/nested/integer.json", integer),
    ];
    let root = folder("suite-remotes", &files);
    for folder in [root.clone(), format!("{root}/tests")] {
        let output = run(&["suite", &folder, "--json", "-"]);
        check_status(&output, 0);
        assert_eq!(json(&output)["draft7"]["core"]["pass"], 2);
    }
}

const SUMS: &str = "start: start \"+\" start | NUMBER\nNUMBER: /[0-9]+/\n";

#[test]
fn grammars_are_checked() {
    let grammar = file("sums.lark", SUMS);
    let output = run(&["check", "--grammar", &grammar, "--explain"]);
    check_status(&output, 0);
    let text = stdout(&output);
    assert!(text.contains("sums.lark: exact\n"), "{text}");
    assert!(text.contains("start: left-recursive"), "{text}");
    let output = run(&["check", "--grammar", &grammar, "--explain", "--json"]);
    assert_eq!(json(&output)["explain"]["rules"][0]["name"], "start");

    let wrong = ["check", "--grammar", "-", "--format", "gbnf"];
    let output = run_with_input(&wrong, "root ::= rot");
    check_status(&output, 2);
    assert!(stdout(&output).contains("<stdin>: not a grammar\n"));
    assert!(stdout(&output).contains("1 | root ::= rot\n"));
    let output = run_with_input(&wrong, "root ::= \"a\" root");
    check_status(&output, 1);
    assert!(stdout(&output).contains("unsatisfiable\n"));
    let subset = r#"{"type": "json_schema", "json_schema": {"format": "email"}}"#;
    let wrong = ["check", "--grammar", "-", "--format", "structural-tag"];
    let output = run_with_input(&wrong, subset);
    check_status(&output, 0);
    assert!(stdout(&output).starts_with("<stdin>: subset\n  at /format"));
    let output = run_with_input(
        &wrong,
        r#"{"type": "json_schema", "json_schema": {"type": 1}}"#,
    );
    check_status(&output, 2);
    assert!(stdout(&output).starts_with("<stdin>: not a schema\n"));

    // A schema or a grammar, and a notation to tell.
    check_status(&run(&["check", "--grammar", &grammar, "schema.json"]), 2);
    let nameless = file("sums.txt", SUMS);
    let output = run(&["check", "--grammar", &nameless]);
    check_status(&output, 2);
    assert!(stderr(&output).contains("--format"));
    let started = ["check", "--grammar", &nameless, "--format", "lark"];
    check_status(&run(&started), 0);
    check_status(&run(&[&started[..], &["--start", "stop"]].concat()), 2);
}

#[test]
fn texts_of_grammars_go_through_masks() {
    let grammar = file("walked.lark", SUMS);
    let text = |name, text| file(name, text);
    let (right, wrong) = (text("sum.txt", "1+22"), text("half.txt", "1+\n"));
    let output = run(&["validate", "--grammar", &grammar, &right, &wrong]);
    check_status(&output, 1);
    let lines = stdout(&output);
    assert!(lines.contains("sum.txt: accepted"), "{lines}");
    assert!(
        lines.contains("half.txt:1:3: rejected at byte 2: expected `0` to `9`"),
        "{lines}"
    );
    let output = run(&["mask", "--grammar", &grammar, "--prefix", "1", "--json"]);
    check_status(&output, 0);
    let answer = json(&output);
    assert_eq!(answer["stop"], true);
    assert!(answer["count"].as_u64().is_some_and(|count| count >= 11));
    let output = run(&["validate", "--grammar", &grammar, "--oracle", &right]);
    check_status(&output, 2);
}

#[test]
fn a_lexer_takes_the_longest_match() {
    let grammar = "start: \"if\" NAME\nNAME: /[a-z]+/\n%ignore \" \"\n";
    let grammar = file("lexed.lark", grammar);
    let text = file("lexed.txt", "ifa");
    let args = ["validate", "--grammar", &grammar, &text];
    check_status(&run(&args), 0);
    check_status(&run(&[&args[..], &["--lexer"]].concat()), 1);
    let text = file("lexed-apart.txt", "if a");
    check_status(
        &run(&["validate", "--lexer", "--grammar", &grammar, &text]),
        0,
    );
    let gbnf = ["check", "--lexer", "--grammar", "-", "--format", "gbnf"];
    check_status(&run_with_input(&gbnf, "root ::= \"a\""), 2);
}

#[test]
fn grammars_have_witnesses() {
    let grammar = file("made.gbnf", "root ::= \"<\\n\" [a-c]+ root? \">\"");
    let output = run(&["witness", "--grammar", &grammar]);
    check_status(&output, 0);
    assert_eq!(stdout(&output), "<\na>\n");
    let output = run(&["witness", "--grammar", &grammar, "--count", "5"]);
    check_status(&output, 0);
    let texts = stdout(&output);
    assert_eq!(texts.lines().count(), 5);
    for line in texts.lines() {
        let text: String = serde_json::from_str(line).unwrap();
        assert!(text.starts_with("<\n") && text.ends_with('>'), "{text}");
    }
    let endless = file("endless.gbnf", "root ::= \"a\" root");
    check_status(&run(&["witness", "--grammar", &endless]), 1);
    let token = file("token.lark", "start: <|no|>");
    let output = run(&["witness", "--grammar", &token]);
    check_status(&output, 1);
    assert!(stderr(&output).contains("no special token `<|no|>`"));
}

#[test]
fn drawings_are_for_graphviz() {
    let grammar = file("drawn.lark", SUMS);
    let output = run(&["dot", "--grammar", &grammar]);
    check_status(&output, 0);
    let drawn = stdout(&output);
    assert!(drawn.starts_with("digraph language {\n"), "{drawn}");
    assert!(drawn.contains("start") && drawn.contains("'+'"), "{drawn}");
    let output = run_with_input(&["dot", "-", "--max-dots", "3"], OBJECT);
    check_status(&output, 0);
    assert!(stdout(&output).contains("style=dashed"));
    check_status(&run_with_input(&["dot", "-"], "{"), 2);
}

#[test]
fn what_was_learnt_is_kept_in_a_folder() {
    let schema = file("cached.schema.json", OBJECT);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let _ = std::fs::remove_dir_all(&folder);
    let mask = ["mask", "--schema", &schema, "--prefix", "{\"a"];
    let wanted = stdout(&run(&mask));
    let cached = || run(&[&mask[..], &["--cache", folder.to_str().unwrap()]].concat());
    let files = || -> Vec<PathBuf> {
        let files = std::fs::read_dir(&folder).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    };
    let check_quiet = |output: &Output| {
        check_status(output, 0);
        assert_eq!(
            (stdout(output), stderr(output)),
            (wanted.clone(), String::new())
        );
    };
    check_quiet(&cached());
    assert_eq!(files().len(), 1);
    let path = &files()[0];
    let bytes = std::fs::read(path).unwrap();
    check_quiet(&cached());

    let mut flipped = bytes.clone();
    flipped[5000] ^= 1;
    for damaged in [&flipped[..], &bytes[..700], b"", b"not rows at all"] {
        std::fs::write(path, damaged).unwrap();
        let output = cached();
        check_status(&output, 0);
        assert_eq!(stdout(&output), wanted);
        let told = stderr(&output);
        assert!(
            told.starts_with("warning: ") && told.lines().count() == 1,
            "{told}"
        );
        assert_eq!(
            &files()[..],
            std::slice::from_ref(path),
            "nothing else is left there"
        );
        assert_eq!(std::fs::read(path).unwrap(), bytes, "it was written anew");
        check_quiet(&cached());
    }
    // A folder that cannot be made is told, and that is all.
    let output = run(&[&mask[..], &["--cache", &schema]].concat());
    check_status(&output, 0);
    assert_eq!(stdout(&output), wanted);
    assert!(stderr(&output).starts_with("warning: "));
}
