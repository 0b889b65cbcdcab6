//! Large schemas of the kinds that people write: each compiles within the
//! default limits, and neither the grammar nor its first masks take much memory.
//!
//! Times are printed, never asserted; `cargo test --release scale -- --nocapture`
//! shows those that matter.

use std::time::Instant;

use formwork::{Compiler, SchemaOptions, Vocab};
use formwork_testkit::walk::mask_of;
use serde_json::{Map, Value, json};

use crate::support;

/// Bytes of a grammar after some masks, at most.
const HEAP: usize = 256 << 20;

/// A schema, a text that it accepts and one that it does not.
struct Case {
    name: &'static str,
    schema: Value,
    valid: String,
    invalid: String,
}

#[test]
fn large_schemas_compile_within_their_budget() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    for case in [
        nested_one_of(),
        wide_all_of(),
        long_enum(),
        many_required(),
        long_text(),
    ] {
        measure(&compiler, &case);
    }
}

fn measure(compiler: &Compiler, case: &Case) {
    let name = case.name;
    let text = case.schema.to_string();
    let start = Instant::now();
    let grammar = match compiler.json_schema(&text, &SchemaOptions::default()) {
        Ok(grammar) => grammar,
        Err(error) => panic!("{name}: {error}"),
    };
    let compiled = start.elapsed();
    let mut matcher = grammar.matcher();
    mask_of(&matcher);
    let first = start.elapsed() - compiled;
    for (at, byte) in case.valid.bytes().enumerate() {
        if let Err(error) = matcher.push_bytes(&[byte]) {
            panic!("{name}: the valid text is refused at {at}: {error}");
        }
        if at % 97 == 0 {
            mask_of(&matcher);
        }
    }
    assert!(
        matcher.is_complete(),
        "{name}: the valid text is unfinished"
    );
    let mut matcher = grammar.matcher();
    let accepted = matcher.push_bytes(case.invalid.as_bytes()).is_ok() && matcher.is_complete();
    assert!(!accepted, "{name}: the invalid text is accepted");
    let heap = grammar.heap_bytes();
    eprintln!(
        "{name}: {} bytes, compiled in {compiled:?}, first mask in {first:?}, {heap} bytes of \
         heap{}",
        text.len(),
        resident()
    );
    assert!(heap <= HEAP, "{name}: {heap} bytes");
}

/// What the system says of the memory of this process, where it does.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    peak.map_or_else(String::new, |line| format!(", process {line}"))
}

/// Sixteen levels, two alternatives each.
fn nested_one_of() -> Case {
    let mut schema = json!({"type": "integer"});
    let mut valid = "1".to_owned();
    for level in 0..16 {
        schema = json!({"oneOf": [
            {"type": "object", "properties": {format!("p{level}"): schema},
             "required": [format!("p{level}")], "additionalProperties": false},
            {"type": "string", "maxLength": level},
        ]});
        valid = format!("{{\"p{level}\":{valid}}}");
    }
    Case {
        name: "oneOf, 16 deep",
        schema,
        invalid: valid.replace(":1}", ":true}"),
        valid,
    }
}

fn wide_all_of() -> Case {
    let part = |n: usize| {
        json!({"properties": {format!("p{n}"): {"type": "integer", "minimum": n}},
            "required": [format!("p{n}")]})
    };
    let valid = object((0..125).map(|n| (format!("p{n}"), json!(n))));
    Case {
        name: "allOf, 125 wide",
        schema: json!({"type": "object", "allOf": (0..125).map(part).collect::<Vec<_>>()}),
        invalid: valid.replace("\"p7\":7", "\"p7\":6"),
        valid,
    }
}

fn long_enum() -> Case {
    let value = |n: u64| {
        format!(
            "entry-{:x}-{n}",
            n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40
        )
    };
    Case {
        name: "enum of 5,383 values",
        schema: json!({"enum": (0..5383).map(value).collect::<Vec<_>>()}),
        valid: json!(value(5000)).to_string(),
        invalid: json!(value(5383)).to_string(),
    }
}

fn many_required() -> Case {
    let names: Vec<String> = (0..587).map(|n| format!("key_{n}")).collect();
    let kinds = [
        json!({"type": "string"}),
        json!({"type": "integer", "minimum": 0}),
        json!({"type": "array", "items": {"type": "boolean"}}),
    ];
    let values = [json!("x"), json!(5), json!([true])];
    let named = names.iter().enumerate();
    let properties: Map<String, Value> = named
        .clone()
        .map(|(n, name)| (name.clone(), kinds[n % 3].clone()))
        .collect();
    // Another order than that of the schema.
    let valid = object(
        named
            .rev()
            .map(|(n, name)| (name.clone(), values[n % 3].clone())),
    );
    Case {
        name: "587 required keys",
        schema: json!({"type": "object", "properties": properties, "required": names,
            "additionalProperties": false}),
        invalid: valid.replace("\"key_300\":\"x\",", ""),
        valid,
    }
}

/// A text of 915 KB: definitions that refer to each other, with descriptions.
fn long_text() -> Case {
    let mut definitions = Map::new();
    let mut size = 0;
    while size < 922_000 {
        let n = definitions.len();
        let next = |far: usize| format!("#/$defs/d{}", (n + far) % 1500);
        let definition = json!({
            "description": format!("Definition {n}. {}", "It says what it is about. ".repeat(6)),
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 1 + n % 60},
                "kind": {"enum": [format!("k{n}"), format!("l{n}"), "other"]},
                "count": {"type": "integer", "minimum": n},
                "next": {"$ref": next(1)},
                "others": {"type": "array", "items": {"$ref": next(7)}},
            },
            "required": ["name"],
            "additionalProperties": false,
        });
        size += definition.to_string().len() + 12;
        definitions.insert(format!("d{n}"), definition);
    }
    for n in definitions.len()..1500 {
        definitions.insert(format!("d{n}"), json!(true));
    }
    Case {
        name: "915 KB of text",
        schema: json!({"$ref": "#/$defs/d0", "$defs": definitions}),
        valid: r#"{"name":"a","next":{"name":"b","count":1,"others":[{"name":"c","kind":"k8"}]}}"#
            .to_owned(),
        invalid: r#"{"name":"a","next":{"name":"b","count":0}}"#.to_owned(),
    }
}

/// An object as text, members in the order given.
fn object(members: impl Iterator<Item = (String, Value)>) -> String {
    let members: Vec<String> = members
        .map(|(name, value)| format!("{}:{value}", json!(name)))
        .collect();
    format!("{{{}}}", members.join(","))
}
