//! `formwork sample` with the model that comes with it.

use serde_json::Value;

use super::{check_status, file, run, stderr, stdout};

/// A schema with few texts, so that there is something to count.
const FEW: [&str; 4] = ["sample", "--regex", "^[ab]{2}$", "--prompt"];

fn lines(args: &[&str]) -> Vec<Value> {
    let output = run(&[&FEW[..], &["letters", "--json", "--quiet"], args].concat());
    check_status(&output, 0);
    let text = stdout(&output);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_method_tells_of_its_texts_and_of_all() {
    for method in ["gcd", "asap", "ars", "cars", "awrs", "is", "smc", "mcmc"] {
        let lines = lines(&[
            "--method",
            method,
            "-n",
            "6",
            "--stop",
            "complete",
            "--warm-up",
            "20",
        ]);
        let (last, texts) = lines.split_last().unwrap();
        assert_eq!(last["method"], method);
        assert_eq!(last["n"], texts.len(), "{method}");
        assert!(!texts.is_empty());
        for text in texts {
            let written = text["text"].as_str().unwrap();
            assert!(
                written.len() == 2 && written.bytes().all(|b| b"ab".contains(&b)),
                "{text}"
            );
            assert!(text["logp"].as_f64().unwrap() < 0.0);
            let number = |name: &str| text[name].as_f64().unwrap();
            assert!(number("log_q") <= 1e-9 || method == "awrs", "{text}");
            let has_weights = ["gcd", "asap", "is"].contains(&method);
            let expected = if has_weights {
                number("logp") - number("log_q")
            } else {
                number("log_w")
            };
            assert!((number("log_w") - expected).abs() < 1e-9, "{text}");
            assert!(!text["tokens"].as_array().unwrap().is_empty());
            assert!(text["attempts"].is_u64() && text["model_rows"].is_u64());
        }
        let (tv, ess) = (&last["certificate"]["tv"], last["ess"].as_f64().unwrap());
        assert!((0.0..=1.0).contains(&tv.as_f64().unwrap()), "{last}");
        assert!(ess > 0.0 && ess <= texts.len() as f64 + 1e-9, "{last}");
        assert_eq!(last["log_p_grammar"].is_null(), method == "mcmc", "{last}");
    }
}

/// Everything is known after a warm start, so bounds meet, and every attempt is a text.
#[test]
fn what_is_known_is_certain() {
    let args = [
        "--method",
        "cars",
        "-n",
        "20",
        "--stop",
        "complete",
        "--warm-up",
        "1000",
    ];
    let lines = lines(&args);
    let (last, texts) = lines.split_last().unwrap();
    assert!(last["certificate"]["tv"].as_f64().unwrap() < 1e-9, "{last}");
    assert_eq!(last["attempts"], 20);
    let log_p = last["log_p_grammar"].as_f64().unwrap();
    for text in texts {
        let number = |name: &str| text[name].as_f64().unwrap();
        assert!(
            (number("logp") - log_p - number("log_q")).abs() < 1e-9,
            "{text}"
        );
        assert_eq!(text["model_rows"].as_u64().unwrap() > 0, *text == texts[0]);
    }
}

#[test]
fn trees_are_kept_and_refused() {
    let tree = std::path::PathBuf::from(file("sample-tree", ""));
    std::fs::remove_file(&tree).unwrap();
    let tree = tree.to_str().unwrap();
    let with = |more: &[&str]| {
        let args = ["letters", "--quiet", "--stop", "complete", "--tree", tree];
        run(&[&FEW[..], &args, more].concat())
    };
    let first = with(&["--warm-up", "50", "-n", "3"]);
    check_status(&first, 0);
    let args = ["-n", "3", "--json"];
    let again = with(&args);
    check_status(&again, 0);
    let last: Value = serde_json::from_str(stdout(&again).lines().last().unwrap()).unwrap();
    assert!(last["certificate"]["tv"].as_f64().unwrap() < 1e-9, "{last}");
    for other in [
        &["--temperature", "0.7"][..],
        &["--max-tokens", "9"],
        &["--logit-cache", "f16"],
        &["--method", "mcmc"],
    ] {
        let refused = with(other);
        check_status(&refused, 2);
        assert_eq!(stdout(&refused), "");
        assert!(
            stderr(&refused).starts_with("error: "),
            "{}",
            stderr(&refused)
        );
    }
}

#[test]
fn curves_are_drawn() {
    let plot = file("sample-plot.svg", "");
    let output = run(&[
        &FEW[..],
        &["x", "-n", "5", "--method", "asap", "--plot", &plot],
    ]
    .concat());
    check_status(&output, 0);
    assert_eq!(stdout(&output).lines().count(), 5);
    let svg = std::fs::read_to_string(&plot).unwrap();
    assert_eq!(svg.matches("<polyline").count(), 5, "{svg}");
    assert!(svg.contains("asap: distance from the model's distribution"));
}

#[test]
fn what_cannot_be_had_is_told() {
    let cases = [
        (
            &["sample", "--regex", "^a{80}$", "--max-tokens", "2"][..],
            1,
            "at most 2 tokens",
        ),
        (&["sample"], 2, "name --schema, --grammar or --regex"),
        (
            &["sample", "--regex", "^a$", "--temperature", "0"],
            2,
            "temperature",
        ),
        (
            &["sample", "--regex", "^a$", "--max-tokens", "99999999"],
            2,
            "max_tokens",
        ),
    ];
    for (args, status, told) in cases {
        let output = run(args);
        check_status(&output, status);
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"));
    }
}
