//! `docs/keywords.md`: what becomes of every keyword in every draft, found by
//! trying. `FORMWORK_UPDATE=1` writes the file; otherwise it has to be what is
//! found.

mod probes;

use std::fmt::Write as _;
use std::path::Path;

use formwork::{Compiler, SchemaError};
use formwork_testkit::vocab;
use serde_json::{Value, json};

use crate::support;
use probes::{FORMATS, KEYWORDS, Probe, USES};

/// Heads of columns, and what `$schema` says.
const DRAFTS: [(&str, &str); 5] = [
    ("4", "http://json-schema.org/draft-04/schema#"),
    ("6", "http://json-schema.org/draft-06/schema#"),
    ("7", "http://json-schema.org/draft-07/schema#"),
    ("2019-09", "https://json-schema.org/draft/2019-09/schema"),
    ("2020-12", "https://json-schema.org/draft/2020-12/schema"),
];

const HEAD: &str = "\
# Keywords

Written by the test `keywords` (`FORMWORK_UPDATE=1 cargo test keywords`), which
compiles a small schema for every row and draft and reads texts with it. The
fraction is the number of right verdicts.

- *exact*: the schema accepts what it means.
- *subset*: it leaves valid texts out, and says so; a fraction below one counts
  some of those.
- *annotation*: it accepts everything: the draft does not have the keyword.
- *no value*: it accepts nothing: what it negates accepts everything, or may.
- *refused*: it does not compile, with the place and the reason.
- *invalid*: in this draft it is no schema.
";

#[test]
fn the_table_is_what_is_found() {
    let compiler = support::compiler(vocab::toy(9));
    let mut text = HEAD.to_owned();
    for (title, probes) in [
        ("Keywords", KEYWORDS),
        ("Formats", FORMATS),
        ("Uses of keywords", USES),
    ] {
        let heads: Vec<&str> = DRAFTS.iter().map(|draft| draft.0).collect();
        let rule = "---|".repeat(DRAFTS.len() + 1);
        write!(
            text,
            "\n## {title}\n\n| | {} |\n|{rule}\n",
            heads.join(" | ")
        )
        .expect("a string");
        for probe in probes {
            let cells = DRAFTS.map(|(_, uri)| cell(&compiler, probe, uri));
            writeln!(text, "| {} | {} |", probe.name, cells.join(" | ")).expect("a string");
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/keywords.md");
    if std::env::var_os("FORMWORK_UPDATE").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder docs");
        std::fs::write(&path, &text).expect("the file");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differ = |(old, new): &(&str, &str)| old != new;
    let lines = committed.lines().zip(text.lines());
    let changed: Vec<String> = lines
        .filter(differ)
        .map(|(old, new)| format!("- {old}\n+ {new}"))
        .collect();
    assert!(
        committed == text,
        "docs/keywords.md is not what is found; see its head\n{}",
        changed.join("\n")
    );
}

/// What becomes of a probe in a draft.
fn cell(compiler: &Compiler, probe: &Probe, uri: &str) -> String {
    let mut schema: Value = serde_json::from_str(probe.schema).expect(probe.name);
    schema["$schema"] = json!(uri);
    let grammar = match support::compile(compiler, &schema, 2) {
        Ok(grammar) => grammar,
        Err(SchemaError::Refused(_)) => return "refused".to_owned(),
        Err(SchemaError::Invalid(_)) => return "invalid".to_owned(),
        Err(SchemaError::Unsatisfiable(_)) => return "no value".to_owned(),
        Err(error) => panic!("{}, {uri}: {error}", probe.name),
    };
    let accepts = |text: &&&str| {
        let mut matcher = grammar.matcher();
        matcher.push_bytes(text.as_bytes()).is_ok() && matcher.is_complete()
    };
    let valid = probe.valid.iter().filter(accepts).count();
    let wrong: Vec<_> = probe.invalid.iter().filter(accepts).collect();
    let status = grammar.status();
    if valid < probe.valid.len() {
        assert!(!status.is_exact(), "{}, {uri}: rejects", probe.name);
    }
    if wrong.len() == probe.invalid.len() {
        return "annotation".to_owned();
    }
    assert!(wrong.is_empty(), "{}, {uri}: accepts {wrong:?}", probe.name);
    let total = probe.valid.len() + probe.invalid.len();
    format!("{status} {}/{total}", valid + probe.invalid.len())
}
