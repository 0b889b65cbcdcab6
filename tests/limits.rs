//! Hostile input: every schema, however deep, long, cyclic or absurd, ends in a
//! typed error that names the place or the limit, or compiles; in under a
//! second of its thread, without a panic, on the 2 MiB stack of an ordinary thread.

use std::time::Duration;

use cpu_time::ThreadTime;
use formwork::{CompileError, Compiler, LoadOptions, SchemaError, SchemaOptions, TokenId, Vocab};
use formwork_testkit::vocab;
use formwork_testkit::walk::mask_of;
use serde_json::json;

use crate::support::{self, nested};

/// What should become of a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Want {
    /// An error or not.
    Either,
    /// An error, of whatever kind.
    Error,
    Ok,
    Syntax,
    Invalid,
    Refused,
    Unsatisfiable,
    Limit,
}

/// Compiles a schema and fills its first masks; what is wrong with that, if anything.
fn trial(schema: &str, want: Want) -> Result<Duration, String> {
    let compiler = support::compiler(vocab::toy(1));
    let start = ThreadTime::now();
    let result = compiler.json_schema(schema, &SchemaOptions::default());
    let outcome = result.map(|grammar| {
        let mut matcher = grammar.matcher();
        for text in [&b""[..], b"{", b"\"a"] {
            if text.is_empty() || matcher.push_bytes(text).is_ok() {
                mask_of(&matcher);
                matcher.forced_bytes().ok();
                matcher.min_completion_bytes();
            }
        }
    });
    let time = start.elapsed();
    let found = match &outcome {
        Ok(()) => Want::Ok,
        Err(CompileError::Schema(error)) => {
            named(error)?;
            match error {
                SchemaError::Syntax { .. } => Want::Syntax,
                SchemaError::Invalid(_) => Want::Invalid,
                SchemaError::Refused(_) => Want::Refused,
                SchemaError::Unsatisfiable(_) => Want::Unsatisfiable,
                SchemaError::Limit { .. } => Want::Limit,
                _ => return Err(format!("an unknown error: {error}")),
            }
        }
        Err(_) => Want::Limit,
    };
    let fits = match want {
        Want::Either => true,
        Want::Error => found != Want::Ok,
        want => found == want,
    };
    if !fits {
        let short: String = format!("{outcome:?}").chars().take(300).collect();
        return Err(format!("is {found:?}, should be {want:?}: {short}"));
    }
    Ok(time)
}

/// Whether the message of an error says where, or which limit.
fn named(error: &SchemaError) -> Result<(), String> {
    let text = error.to_string();
    let is_named = match error {
        SchemaError::Syntax { offset, .. } => text.contains(&format!("at byte {offset}")),
        SchemaError::Limit { name, limit, .. } => {
            text.contains(name) && text.contains(&limit.to_string())
        }
        other => {
            let places = other.refusals();
            let place = |pointer: &str| match pointer {
                "" => text.contains("at the root"),
                pointer => text.contains(&format!("at {pointer}")),
            };
            !places.is_empty() && places.iter().all(|one| place(&one.pointer))
        }
    };
    if is_named {
        Ok(())
    } else {
        Err(format!("the message names no place and no limit: {text}"))
    }
}

fn check<'a>(cases: impl IntoIterator<Item = (&'a str, String, Want)>) {
    let cases = cases.into_iter();
    let cases = cases.map(|(name, schema, want)| (name, (schema, want)));
    support::withstand(cases, |(schema, want)| trial(schema, *want));
}

#[test]
fn deep_documents() {
    let deep = 10_000;
    check(vec![
        ("arrays", nested("[", "", "]", deep), Want::Error),
        ("arrays, open", "[".repeat(1 << 20), Want::Error),
        ("objects", nested("{\"a\":", "1", "}", deep), Want::Error),
        (
            "in a const",
            format!("{{\"const\":{}}}", nested("[", "", "]", deep)),
            Want::Limit,
        ),
        ("not", nested("{\"not\":", "true", "}", deep), Want::Limit),
        (
            "allOf",
            nested("{\"allOf\":[", "true", "]}", deep),
            Want::Limit,
        ),
        (
            "anyOf",
            nested("{\"anyOf\":[", "{}", ",false]}", deep),
            Want::Limit,
        ),
        ("items", nested("{\"items\":", "{}", "}", deep), Want::Limit),
        (
            "properties",
            nested("{\"properties\":{\"a\":", "{}", "}}", deep),
            Want::Limit,
        ),
        (
            "if",
            nested("{\"then\":{},\"if\":", "{}", "}", deep),
            Want::Limit,
        ),
        (
            "just deep enough",
            nested("{\"items\":", "{}", "}", 120),
            Want::Ok,
        ),
        (
            "just deep enough, with not",
            nested("{\"not\":", "{}", "}", 120),
            Want::Either,
        ),
        (
            "just deep enough, required",
            nested(
                "{\"type\":\"array\",\"minItems\":1,\"items\":",
                "{}",
                "}",
                120,
            ),
            Want::Ok,
        ),
    ]);
}

#[test]
fn long_documents() {
    let names = |n: usize| {
        (0..n)
            .map(|i| format!("\"name{i}\":{{}}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let numbers = (0..100_000)
        .map(|i| i.to_string())
        .collect::<Vec<_>>()
        .join(",");
    let strings = (0..50_000)
        .map(|i| format!("\"s{i}\""))
        .collect::<Vec<_>>()
        .join(",");
    let objects = (0..30_000)
        .map(|i| format!("{{\"a\":{i}}}"))
        .collect::<Vec<_>>()
        .join(",");
    let required = (0..20_000)
        .map(|i| format!("\"n{i}\""))
        .collect::<Vec<_>>()
        .join(",");
    check(vec![
        (
            "too long",
            format!("{{\"description\":\"{}\"}}", "a".repeat(1 << 20)),
            Want::Limit,
        ),
        (
            "too much space",
            format!("{{}}{}", " ".repeat(1 << 20)),
            Want::Limit,
        ),
        (
            "an enum of numbers",
            format!("{{\"enum\":[{numbers}]}}"),
            Want::Either,
        ),
        (
            "an enum of strings",
            format!("{{\"enum\":[{strings}]}}"),
            Want::Either,
        ),
        (
            "an enum of objects",
            format!("{{\"enum\":[{objects}]}}"),
            Want::Either,
        ),
        (
            "not an enum",
            format!("{{\"not\":{{\"enum\":[{numbers}]}}}}"),
            Want::Either,
        ),
        (
            "many members",
            format!("{{\"properties\":{{{}}}}}", names(30_000)),
            Want::Either,
        ),
        (
            "many required",
            format!("{{\"required\":[{required}]}}"),
            Want::Either,
        ),
        (
            "one long name",
            format!("{{\"required\":[\"{}\"]}}", "é".repeat(200_000)),
            Want::Either,
        ),
        (
            "one long const",
            format!("{{\"const\":\"{}\"}}", "é".repeat(200_000)),
            Want::Either,
        ),
        (
            "one long number",
            format!("{{\"maximum\":{}}}", "9".repeat(500_000)),
            Want::Either,
        ),
        (
            "a long const number",
            format!("{{\"const\":0.{}1}}", "0".repeat(500_000)),
            Want::Either,
        ),
    ]);
}

#[test]
fn cyclic_and_long_references() {
    let chain = |n: usize, last: &str| {
        let defs = (0..n).map(|i| format!("\"d{i}\":{{\"$ref\":\"#/$defs/d{}\"}}", i + 1));
        let defs: Vec<String> = defs.chain([format!("\"d{n}\":{last}")]).collect();
        format!(
            "{{\"$ref\":\"#/$defs/d0\",\"$defs\":{{{}}}}}",
            defs.join(",")
        )
    };
    let back = chain(10_000, "{\"$ref\":\"#/$defs/d0\"}");
    let doubling: Vec<String> = (0..64)
        .map(|i| format!("\"d{i}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/d{0}\"}},{{\"$ref\":\"#/$defs/d{0}\"}}]}}", i + 1))
        .chain(["\"d64\":{\"type\":\"null\"}".to_owned()])
        .collect();
    check(vec![
        ("itself", json!({"$ref": "#"}).to_string(), Want::Either),
        (
            "each other",
            json!({"$ref": "#/$defs/a", "$defs": {
            "a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})
            .to_string(),
            Want::Either,
        ),
        (
            "itself, negated",
            json!({"not": {"$ref": "#"}}).to_string(),
            Want::Either,
        ),
        (
            "itself, among others",
            json!({"anyOf": [{"$ref": "#"}, {"type": "null"}]}).to_string(),
            Want::Either,
        ),
        (
            "itself, in allOf",
            json!({"type": "null", "allOf": [{"$ref": "#"}]}).to_string(),
            Want::Either,
        ),
        (
            "itself, as a condition",
            json!({"if": {"$ref": "#"}, "then": false}).to_string(),
            Want::Either,
        ),
        (
            "endless arrays",
            json!({"type": "array", "minItems": 1, "items": {"$ref": "#"}}).to_string(),
            Want::Unsatisfiable,
        ),
        (
            "endless objects",
            json!({"type": "object", "required": ["a"],
            "properties": {"a": {"$ref": "#"}}})
            .to_string(),
            Want::Unsatisfiable,
        ),
        (
            "a chain",
            chain(10_000, "{\"type\":\"null\"}"),
            Want::Either,
        ),
        ("a chain in a circle", back, Want::Either),
        (
            "a doubling chain",
            format!(
                "{{\"$ref\":\"#/$defs/d0\",\"$defs\":{{{}}}}}",
                doubling.join(",")
            ),
            Want::Either,
        ),
        (
            "unevaluated, in a circle",
            json!({"anyOf": [{"items": {"$ref": "#", "unevaluatedItems": false}}]}).to_string(),
            Want::Either,
        ),
        (
            "nowhere",
            json!({"$ref": "#/$defs/none"}).to_string(),
            Want::Refused,
        ),
        (
            "remote",
            json!({"$ref": "https://example.com/schema.json"}).to_string(),
            Want::Refused,
        ),
        (
            "a file",
            json!({"$ref": "file:///etc/passwd"}).to_string(),
            Want::Refused,
        ),
        (
            "no URI",
            json!({"$ref": "%%%:::###"}).to_string(),
            Want::Error,
        ),
        (
            "a bad pointer",
            json!({"$ref": "#/~2/%zz"}).to_string(),
            Want::Error,
        ),
        (
            "into a keyword",
            json!({"$ref": "#/enum/0", "enum": [{"type": "null"}]}).to_string(),
            Want::Either,
        ),
        (
            "to no schema",
            json!({"$ref": "#/const", "const": 3}).to_string(),
            Want::Error,
        ),
        (
            "an anchor twice",
            json!({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}},
            "$ref": "#x"})
            .to_string(),
            Want::Either,
        ),
    ]);
}

#[test]
fn patterns() {
    let pattern = |text: &str| json!({"type": "string", "pattern": text}).to_string();
    check(vec![
        ("an open group", pattern("(a"), Want::Invalid),
        ("an open class", pattern("[a"), Want::Invalid),
        ("nothing to repeat", pattern("*a"), Want::Invalid),
        ("turned bounds", pattern("a{3,2}"), Want::Invalid),
        ("a turned range", pattern("[z-a]"), Want::Invalid),
        ("a lone backslash", pattern("\\"), Want::Invalid),
        ("a back-reference", pattern("^(a+)\\1$"), Want::Refused),
        (
            "huge bounds",
            pattern("^a{99999999999999999999}$"),
            Want::Error,
        ),
        ("large bounds", pattern("^(a{1000}){1000}$"), Want::Error),
        ("nested stars", pattern("^(((a*)*)*)*$"), Want::Ok),
        ("catastrophe", pattern("^(a+)+$"), Want::Ok),
        (
            "catastrophe, with a choice",
            pattern("^(a|a|aa)*b$"),
            Want::Ok,
        ),
        (
            "exponential states",
            pattern("^(a|b)*a(a|b){40}$"),
            Want::Error,
        ),
        (
            "exponential states, unanchored",
            pattern("a.{60}b.{60}c"),
            Want::Error,
        ),
        (
            "look-ahead in a loop",
            pattern("^((?=(a|b)*a(a|b){12})[ab]){40}$"),
            Want::Either,
        ),
        ("look-behind", pattern("(?<=a{300})b"), Want::Either),
        (
            "properties of characters",
            pattern("^[\\p{L}\\p{N}\\p{Emoji}]{1,60}$"),
            Want::Either,
        ),
        (
            "nested groups",
            pattern(&nested("(", "a", ")", 10_000)),
            Want::Either,
        ),
        (
            "nested groups, starred",
            pattern(&nested("(", "a", ")*", 10_000)),
            Want::Either,
        ),
        (
            "nested look-aheads",
            pattern(&nested("(?=", "a", ")", 10_000)),
            Want::Either,
        ),
        (
            "nested classes",
            pattern(&format!("[{}]", "[".repeat(10_000))),
            Want::Either,
        ),
        (
            "many choices",
            pattern(&vec!["ab"; 100_000].join("|")),
            Want::Either,
        ),
        ("a long word", pattern(&"a".repeat(200_000)), Want::Error),
        (
            "many patterns",
            json!({"allOf": (1..30).map(|n| json!({
            "pattern": format!("^(.{{{n}}})*$")})).collect::<Vec<_>>()})
            .to_string(),
            Want::Either,
        ),
        (
            "many patterns of names",
            json!({"patternProperties": (1..40).map(|n| (
            format!("a.{{{n}}}b"), json!({"minimum": n}))).collect::<serde_json::Map<_, _>>()})
            .to_string(),
            Want::Either,
        ),
    ]);
}

#[test]
fn huge_numbers() {
    let with = |keyword: &str, number: &str| {
        format!("{{\"type\":[\"string\",\"number\",\"array\",\"object\"],\"{keyword}\":{number}}}")
    };
    let mut cases = Vec::new();
    let keywords = [
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
    ];
    let numbers = [
        "1e18",
        "1000000000000000000",
        "2147483648",
        "2147483647",
        "4294967295",
        "4294967296",
        "1e300",
        "1e-300",
        "1e999999",
        "1e9999999999",
        "1e-9999999999",
        "1e99999999999999999999",
        "-1",
        "1.5",
        "0",
        "1e2",
        "18446744073709551616",
        "0.00000000000000000000000000000001",
    ];
    for keyword in keywords {
        for number in numbers {
            cases.push((
                format!("{keyword} {number}"),
                with(keyword, number),
                Want::Either,
            ));
        }
    }
    check(
        cases
            .iter()
            .map(|(name, schema, want)| (&**name, schema.clone(), *want)),
    );
    check([
        ("maxLength of 1e18", with("maxLength", "1e18"), Want::Ok),
        (
            "multipleOf 1e-300",
            "{\"type\":\"number\",\"multipleOf\":1e-300}".into(),
            Want::Either,
        ),
        ("multipleOf 0", with("multipleOf", "0"), Want::Invalid),
        ("minLength -1", with("minLength", "-1"), Want::Invalid),
        (
            "a minimum out of range",
            with("minimum", "1e9999999999"),
            Want::Error,
        ),
        (
            "a const out of range",
            "{\"const\":1e99999999999}".into(),
            Want::Error,
        ),
        (
            "many items",
            "{\"type\":\"array\",\"minItems\":2147483647}".into(),
            Want::Either,
        ),
        (
            "many items or none",
            "{\"type\":\"array\",\"minItems\":100000,\"maxItems\":100000}".into(),
            Want::Either,
        ),
        (
            "a very long string",
            "{\"type\":\"string\",\"minLength\":2147483647}".into(),
            Want::Either,
        ),
        (
            "a huge minProperties",
            "{\"type\":\"object\",\"minProperties\":2147483647}".into(),
            Want::Either,
        ),
        (
            "both",
            "{\"type\":\"string\",\"minLength\":1000000,\"pattern\":\"^(ab)*$\"}".into(),
            Want::Either,
        ),
        (
            "prime multiples",
            json!({"type": "number", "allOf": [{"multipleOf": 99991}, {"multipleOf": 99989}]})
                .to_string(),
            Want::Either,
        ),
        (
            "a narrow interval",
            "{\"type\":\"number\",\"minimum\":0.1000000000000000000000000000000001,\
            \"maximum\":0.1000000000000000000000000000000002}"
                .into(),
            Want::Ok,
        ),
    ]);
}

#[test]
fn exploding_combinations() {
    let alternatives = |keyword: &str, n: usize| {
        let all = (0..n).map(|i| {
            json!({keyword: [
                {"properties": {format!("a{i}"): {"type": "string"}}},
                {"properties": {format!("b{i}"): {"type": "integer"}}},
            ]})
        });
        json!({"allOf": all.collect::<Vec<_>>()}).to_string()
    };
    let mut nested_one_of = json!({"type": "null"});
    for i in 0..40 {
        nested_one_of = json!({"oneOf": [nested_one_of, {"minimum": i}, {"maxLength": i}]});
    }
    let mut nested_if = json!({"type": "null"});
    for i in 0..40 {
        nested_if = json!({"if": {"properties": {format!("p{i}"): {"const": i}}},
            "then": nested_if.clone(), "else": nested_if});
        if i > 12 {
            nested_if = json!({"if": nested_if, "then": {"minimum": i}});
        }
        if nested_if.to_string().len() > 200_000 {
            break;
        }
    }
    let all_required = |n: usize| (0..n).map(|i| json!({"not": {"required": [format!("n{i}")]}}));
    check(vec![
        ("allOf of anyOf", alternatives("anyOf", 40), Want::Either),
        ("allOf of oneOf", alternatives("oneOf", 40), Want::Either),
        ("nested oneOf", nested_one_of.to_string(), Want::Either),
        ("nested if", nested_if.to_string(), Want::Either),
        (
            "a wide oneOf",
            json!({"oneOf": (0..2000).map(|i| json!({"minimum": i})).collect::<Vec<_>>()})
                .to_string(),
            Want::Either,
        ),
        (
            "a oneOf of objects",
            json!({"oneOf": (0..300).map(|i| json!({"properties": {
            format!("k{}", i % 7): {"const": i}}})).collect::<Vec<_>>()})
            .to_string(),
            Want::Either,
        ),
        (
            "not of allOf",
            json!({"not": {"allOf": all_required(60).collect::<Vec<_>>()}}).to_string(),
            Want::Either,
        ),
        (
            "dependencies",
            json!({"dependentRequired": (0..60).map(|i| (format!("a{i}"),
            json!([format!("a{}", i + 1)]))).collect::<serde_json::Map<_, _>>()})
            .to_string(),
            Want::Either,
        ),
        (
            "dependencies that choose",
            json!({"dependentSchemas": (0..40).map(|i| (format!("a{i}"),
            json!({"anyOf": [{"required": [format!("b{i}")]}, {"maxProperties": i}]})))
            .collect::<serde_json::Map<_, _>>()})
            .to_string(),
            Want::Either,
        ),
    ]);
}

#[test]
fn malformed_documents() {
    let mut cases: Vec<(&str, String, Want)> = vec![
        ("nothing", "".into(), Want::Syntax),
        ("space", " \n".into(), Want::Syntax),
        ("half an object", "{\"type\":".into(), Want::Syntax),
        ("two documents", "{} {}".into(), Want::Syntax),
        (
            "a comma too many",
            "{\"type\":\"null\",}".into(),
            Want::Syntax,
        ),
        ("a comment", "{} // any".into(), Want::Syntax),
        ("no escape", "{\"\\x\":1}".into(), Want::Syntax),
        (
            "half a surrogate",
            "{\"const\":\"\\ud800\"}".into(),
            Want::Error,
        ),
        (
            "turned surrogates",
            "{\"const\":\"\\udc00\\ud800\"}".into(),
            Want::Error,
        ),
        (
            "a control character",
            "{\"const\":\"\u{1}\"}".into(),
            Want::Syntax,
        ),
        ("not a number", "{\"const\":NaN}".into(), Want::Syntax),
        ("a leading zero", "{\"const\":01}".into(), Want::Syntax),
        ("a lone minus", "{\"const\":-}".into(), Want::Syntax),
        ("a byte order mark", "\u{feff}{}".into(), Want::Either),
        ("a string", "\"x\"".into(), Want::Invalid),
        ("a list", "[]".into(), Want::Invalid),
        ("a number", "3".into(), Want::Invalid),
        ("null", "null".into(), Want::Invalid),
        (
            "the same key twice",
            "{\"type\":\"null\",\"type\":\"string\"}".into(),
            Want::Either,
        ),
        (
            "the same name twice",
            "{\"properties\":{\"a\":true,\"a\":false}}".into(),
            Want::Either,
        ),
        (
            "the same key twice in a const",
            "{\"const\":{\"a\":1,\"a\":2}}".into(),
            Want::Either,
        ),
    ];
    let wrong = [
        "null",
        "true",
        "3",
        "-1.5",
        "\"x\"",
        "[]",
        "[3]",
        "[[]]",
        "{}",
        "{\"a\":3}",
        "[null]",
    ];
    let keywords = [
        "type",
        "enum",
        "const",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "items",
        "prefixItems",
        "additionalItems",
        "maxItems",
        "minItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "maxProperties",
        "minProperties",
        "required",
        "properties",
        "patternProperties",
        "additionalProperties",
        "propertyNames",
        "dependentRequired",
        "dependentSchemas",
        "dependencies",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "format",
        "$ref",
        "$defs",
        "definitions",
        "$id",
        "id",
        "$schema",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
        "$recursiveRef",
        "$vocabulary",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "title",
        "default",
        "examples",
        "nullable",
        "discriminator",
    ];
    for keyword in keywords {
        for value in wrong {
            cases.push((
                keyword,
                format!("{{\"if\":{{}},\"{keyword}\":{value}}}"),
                Want::Either,
            ));
            cases.push((
                keyword,
                format!("{{\"not\":{{\"{keyword}\":{value}}}}}"),
                Want::Either,
            ));
        }
    }
    check(cases);
}

#[test]
fn vocabularies() {
    let options = LoadOptions::new();
    let folder = std::env::temp_dir().join(format!("formwork-limits-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let files: [(&str, &[u8]); 12] = [
        ("empty", b""),
        ("invalid-utf8", b"\xff\xfe\x00{"),
        (
            "invalid-utf8-inside",
            b"{\"model\":{\"vocab\":{\"\xff\":0}}}",
        ),
        ("half", b"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":"),
        ("no-model", b"{}"),
        (
            "wrong-types",
            b"{\"model\":{\"type\":\"BPE\",\"vocab\":[1,2],\"merges\":3}}",
        ),
        (
            "negative-id",
            b"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}}",
        ),
        (
            "huge-id",
            b"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":4294967295},\"merges\":[]}}",
        ),
        ("bad-bytes", b"[[256]]"),
        ("not-base64", b"!!!! 0\n"),
        ("no-rank", b"YQ==\n"),
        ("huge-rank", b"YQ== 99999999999999999999\n"),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        match Vocab::load(&path, &options) {
            Ok(vocab) => assert!(
                name == "empty" && Compiler::new(std::sync::Arc::new(vocab)).is_err(),
                "{name} loads"
            ),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let deep = "[".repeat(1 << 20);
    assert!(Vocab::from_hf(&deep, &options).is_err());
    assert!(Vocab::from_byte_json(&deep, &options).is_err());
    assert!(Vocab::from_hf(&"{\"a\":".repeat(1 << 18), &options).is_err());
    assert!(Vocab::load(folder.join("missing"), &options).is_err());
    assert!(Vocab::load(&folder, &options).is_err());
    std::fs::remove_dir_all(&folder).unwrap();

    let vocab = Vocab::builder().token(TokenId(0), "a").build().unwrap();
    let error = Compiler::new(std::sync::Arc::new(vocab)).unwrap_err();
    assert!(error.to_string().contains("byte"), "{error}");
    assert!(
        Vocab::builder()
            .token(TokenId(u32::MAX), "a")
            .build()
            .is_err()
    );
    assert!(
        Vocab::builder()
            .token(TokenId(0), "a")
            .token(TokenId(0), "b")
            .build()
            .is_err()
    );
    assert!(
        Vocab::builder()
            .token(TokenId(0), "a")
            .stop(TokenId(0))
            .build()
            .is_err()
    );
    assert!(Vocab::from_byte_json("[[97],\"b\",null]", &options).is_ok());
}
