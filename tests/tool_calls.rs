//! Tool calls and thinking: free text and schemas in one grammar, run by the
//! engine, and read again by other means.

use formwork::cfg::syntax::{Format, SyntaxLimits, json_schema, parse, think_first};
use formwork::{CfgLimits, Compiler, Grammar, SchemaOptions, TokenId, Vocab};
use formwork_testkit::Rng;
use formwork_testkit::walk::{brute_mask, generate, mask_of};
use serde_json::Value;

use crate::support;

const WEATHER: &str = r#"{"type": "object", "properties": {"city": {"type": "string"},
    "days": {"type": "integer", "minimum": 1, "maximum": 7}}, "required": ["city"],
    "additionalProperties": false}"#;
const SEARCH: &str = r#"{"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": true}"#;

fn compile(compiler: &Compiler, text: &str) -> Grammar {
    let grammar = parse(text, Format::StructuralTag, &SyntaxLimits::default());
    let grammar = grammar.unwrap_or_else(|errors| panic!("{errors}"));
    let grammar = compiler.cfg(&grammar, &CfgLimits::default());
    grammar.unwrap_or_else(|error| panic!("{error}"))
}

fn accepts(grammar: &Grammar, text: &str) -> bool {
    let mut matcher = grammar.matcher();
    matcher.push_bytes(text.as_bytes()).is_ok() && matcher.is_complete()
}

fn calls(flags: &str) -> String {
    format!(
        r#"{{"type": "structural_tag", "format": {{"type": "triggered_tags",
            "triggers": ["<f="], "tags": [
            {{"begin": "<f=weather>", "content": {{"type": "json_schema",
                "json_schema": {WEATHER}}}, "end": "</f>"}},
            {{"begin": "<f=search>", "content": {{"type": "json_schema",
                "json_schema": {SEARCH}}}, "end": ["</f>", "</end>"]}}]{flags}}}}}"#
    )
}

/// The arguments of all calls in a text, with the names; `None` if some call is not
/// as it should be.
fn read(text: &str) -> Option<Vec<(String, String)>> {
    let mut calls = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("<f=") {
        let (name, after) = after.split_once('>')?;
        // The end may stand in a string, too: the arguments are the first JSON text.
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<Value>();
        values.next()?.ok()?;
        let (arguments, after) = after.split_at(values.byte_offset());
        let after = after.trim_start_matches([' ', '\n', '\t', '\r']);
        let end = match name {
            "search" => after.strip_prefix("</end>"),
            _ => None,
        };
        rest = end.or_else(|| after.strip_prefix("</f>"))?;
        calls.push((name.to_owned(), arguments.to_owned()));
    }
    Some(calls)
}

#[test]
fn generated_texts_hold_valid_calls() {
    let compiler = support::compiler(formwork_testkit::vocab::toy(9));
    let options = SchemaOptions::default();
    let alone = |schema| compiler.json_schema(schema, &options).expect("a schema");
    let (weather, search) = (alone(WEATHER), alone(SEARCH));
    let mut rng = Rng::new(support::seed());
    for (flags, least, most) in [
        ("", 0, usize::MAX),
        (r#", "at_least_one": true"#, 1, usize::MAX),
        (r#", "stop_after_first": true"#, 0, 1),
        (r#", "at_least_one": true, "stop_after_first": true"#, 1, 1),
    ] {
        let grammar = compile(&compiler, &calls(flags));
        let mut found = 0;
        for _ in 0..support::cases(60) {
            // Free text would hardly come to a call by itself.
            let mut matcher = grammar.matcher();
            let begun = ["", "no <f", "<f=weather>{\"city\": \"", "<f=search>["];
            let begun = *rng.pick(&begun);
            let text = match matcher.push_bytes(begun.as_bytes()) {
                Ok(()) => finish(matcher, begun, &mut rng),
                Err(_) => {
                    assert!(least == 1 && !begun.starts_with("<f="), "{begun}{flags}");
                    let generated = generate(&grammar, 20, &mut rng).expect("a text");
                    String::from_utf8(generated.text).expect("UTF-8")
                }
            };
            assert!(accepts(&grammar, &text), "{text}");
            let calls = read(&text).unwrap_or_else(|| panic!("{text}"));
            assert!((least..=most).contains(&calls.len()), "{text}{flags}");
            for (name, arguments) in &calls {
                let schema = if name == "weather" { &weather } else { &search };
                assert!(accepts(schema, arguments), "{arguments} in {text}");
            }
            found += calls.len();
        }
        assert!(found > 20, "only {found} calls{flags}");
    }
}

/// Some random bytes more, then the way to the end.
fn finish(mut matcher: formwork::Matcher, begun: &str, rng: &mut Rng) -> String {
    let mut text = begun.as_bytes().to_vec();
    for _ in 0..rng.below(30) {
        let bytes: Vec<u8> = matcher.next_bytes().expect("small").iter().collect();
        let Some(&byte) = bytes.get(rng.below(bytes.len().max(1))) else {
            break;
        };
        matcher.push_bytes(&[byte]).expect("an allowed byte");
        text.push(byte);
    }
    let rest = matcher.shortest_completion(1000).expect("small");
    text.extend(rest.expect("a short end").bytes);
    String::from_utf8(text).expect("UTF-8")
}

#[test]
fn triggers_in_parts_of_tokens_are_seen() {
    let compiler = support::compiler(Vocab::embedded().expect("the embedded vocabulary"));
    let grammar = compile(&compiler, &calls(""));
    for (text, expected) in [
        ("", true),
        ("a < b <f", true),
        (
            "<f=weather>{\"city\": \"x\"}</f> and <f=search>[\"b\"]</end>!",
            true,
        ),
        ("<f=weather>{\"city\": 1}</f>", false),
        ("<f=", false),
        ("a <f=other>", false),
        ("<f=search>[\"b\", \"b\"]</f>", false),
    ] {
        assert_eq!(accepts(&grammar, text), expected, "{text}");
        let mut matcher = grammar.matcher();
        for (at, c) in text.char_indices() {
            if at % 5 == 0 {
                assert_eq!(
                    Some(mask_of(&matcher)),
                    brute_mask(&matcher),
                    "{}",
                    &text[..at]
                );
            }
            if matcher.push_bytes(c.to_string().as_bytes()).is_err() {
                break;
            }
        }
    }
}

#[test]
fn tokens_frame_thoughts_and_calls() {
    let mut builder = Vocab::builder();
    for byte in 0..=u8::MAX {
        builder.token(TokenId(u32::from(byte)), [byte]);
    }
    for (id, name) in (256..).zip(["<think>", "</think>", "<call>", "</call>", "<end>"]) {
        builder.special(TokenId(id), name);
    }
    builder.stop(TokenId(260));
    let compiler = support::compiler(builder.build().expect("a vocabulary"));
    let text = r#"{"type": "sequence", "elements": [
        {"type": "tag", "begin": {"type": "token", "token": "<think>"},
         "content": {"type": "any_tokens"}, "end": {"type": "token", "token": "</think>"}},
        {"type": "token_triggered_tags", "trigger_tokens": ["<call>"], "tags": [
            {"begin": {"type": "token", "token": 258}, "content": {"type": "json_schema",
             "json_schema": {"enum": [1, "a"]}}, "end": {"type": "token", "token": "</call>"}}]}]}"#;
    // One name, one number: what a trigger is called has to be the same.
    let wrong = parse(text, Format::StructuralTag, &SyntaxLimits::default());
    assert!(wrong.is_err());
    let grammar = compile(&compiler, &text.replace("258", r#""<call>""#));
    let push = |tokens: &[u32]| {
        let mut matcher = grammar.matcher();
        for (read, &token) in tokens.iter().enumerate() {
            assert_eq!(
                Some(mask_of(&matcher)),
                brute_mask(&matcher),
                "{read} of {tokens:?}"
            );
            matcher.push(TokenId(token)).map_err(|_| read)?;
        }
        Ok(matcher.is_complete())
    };
    let byte = u32::from;
    assert_eq!(push(&[256, byte(b'x'), 258, 0xff, 257]), Ok(true));
    assert_eq!(
        push(&[256, 257, byte(b'x'), 258, byte(b'1'), 259]),
        Ok(true)
    );
    assert_eq!(push(&[256, 257, 258, byte(b'1')]), Ok(false));
    assert_eq!(push(&[256, 257, 258, byte(b'2')]), Err(3));
    assert_eq!(push(&[byte(b'x')]), Err(0));
    assert_eq!(push(&[256, 260]), Err(1));
    assert_eq!(push(&[256, 257, 259, 260]), Ok(false));
}

#[test]
fn thinking_comes_before_a_schema() {
    let compiler = support::compiler(formwork_testkit::vocab::toy(4));
    let limits = SyntaxLimits::default();
    let answer = json_schema(r#"{"type": "integer"}"#);
    let grammar = think_first("<t>", "</t>", &answer, &limits).expect("a grammar");
    let grammar = compiler
        .cfg(&grammar, &CfgLimits::default())
        .expect("a grammar");
    for (text, expected) in [
        ("<t>is it 5? {</t>12", true),
        ("<t></t>1", true),
        ("<t></t>", false),
        ("<t>1", false),
        ("12", false),
    ] {
        assert_eq!(accepts(&grammar, text), expected, "{text}");
    }
    let mut rng = Rng::new(support::seed());
    for _ in 0..support::cases(20) {
        let text = generate(&grammar, 30, &mut rng).expect("a text").text;
        let text = String::from_utf8(text).expect("UTF-8");
        let (_, answer) = text.split_once("</t>").expect("an end of thinking");
        assert!(answer.trim().parse::<f64>().is_ok(), "{text}");
    }
}
