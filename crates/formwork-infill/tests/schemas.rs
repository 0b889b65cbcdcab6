//! Canvases of JSON: dead ends, texts cut by gaps, names that must differ, what the engine
//! says that reads from left to right, and fills by chance.

// Tests fail by panicking, and say what they did.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::sync::Arc;

use formwork::{Compiler, SchemaOptions, TokenId, Vocab, Whitespace, mask};
use formwork_infill::{Canvas, Checker, Filling, InfillError, InfillLimits};
use formwork_testkit::Rng;
use formwork_testkit::corpus::corpus;
use formwork_testkit::judge::Judge;
use formwork_testkit::vocab::{segment, toy};

fn options() -> SchemaOptions {
    SchemaOptions {
        whitespace: Whitespace::Any,
        ..SchemaOptions::default()
    }
}

struct Bed {
    compiler: Compiler,
}

impl Bed {
    fn new() -> Bed {
        let vocab = Arc::new(toy(5));
        Bed {
            compiler: Compiler::new(vocab).expect("a vocabulary of all bytes"),
        }
    }

    fn vocab(&self) -> &Arc<Vocab> {
        self.compiler.vocab()
    }

    fn checker(&self, schema: &str) -> Checker {
        let language = self.compiler.json_schema_language(schema, &options());
        Checker::new(language.expect("a schema"), Arc::clone(self.vocab()))
    }

    /// One token for each byte.
    fn bytes(&self, text: &str) -> Vec<TokenId> {
        text.bytes().map(|byte| self.byte(byte)).collect()
    }

    fn byte(&self, byte: u8) -> TokenId {
        let trie = self.vocab().trie();
        let node = trie.child(trie.root(), byte).expect("all bytes are tokens");
        trie.tokens(node)[0]
    }
}

#[test]
fn dead_ends_are_told() {
    let bed = Bed::new();
    let checker = bed.checker("{}");
    let begun = bed.bytes(r#"{"a": [[[[[[[["#);
    let canvas = |masks| Canvas::new().fixed(begun.clone()).masks(masks).end();
    // Eight brackets and a brace: no token closes them all.
    assert_eq!(
        checker.open(&canvas(1)).err(),
        Some(InfillError::Infeasible)
    );
    let mut filling = checker.open(&canvas(9)).expect("room for all");
    for position in begun.len()..begun.len() + 8 {
        let close = bed.byte(b']');
        assert!(filling.allows(position, close));
        filling.commit(position, close).expect("allowed");
    }
    assert!(filling.allows(begun.len() + 8, bed.byte(b'}')));
}

#[test]
fn strings_may_be_cut_by_gaps() {
    let bed = Bed::new();
    let checker = bed.checker("{}");
    let canvas = Canvas::new()
        .fixed(bed.bytes(r#"["x", "a"#))
        .gap(0, 3)
        .fixed(bed.bytes(r#"b", "c"]"#))
        .end();
    assert!(checker.open(&canvas).is_ok());
    let canvas = Canvas::new()
        .fixed(bed.bytes(r#"["x", "a"#))
        .gap(0, 3)
        .fixed(bed.bytes(r#"b, "c"]"#))
        .end();
    // Whatever the gap holds, `c` is outside of a string.
    assert_eq!(checker.open(&canvas).err(), Some(InfillError::Infeasible));
}

#[test]
fn names_differ_and_so_do_items() {
    let bed = Bed::new();
    let checker = bed.checker("{}");
    for (before, after) in [(r#"{"a":1,""#, r#"":2}"#), (r#"{""#, r#"":1,"a":2}"#)] {
        let canvas = Canvas::new().fixed(bed.bytes(before)).masks(1);
        let canvas = canvas.fixed(bed.bytes(after)).end();
        let filling = checker.open(&canvas).expect("another name");
        assert!(!filling.allows(before.len(), bed.byte(b'a')), "{before}");
        assert!(filling.allows(before.len(), bed.byte(b'b')), "{before}");
    }
    let letters = r#"{"type": "array", "uniqueItems": true, "items": {"enum": ["a", "b", "c"]}}"#;
    let checker = bed.checker(letters);
    let item = |canvas: Canvas| {
        canvas
            .fixed(bed.bytes("\""))
            .masks(1)
            .fixed(bed.bytes("\""))
    };
    let items = |count: usize| {
        let canvas = item(Canvas::new().fixed(bed.bytes("[")));
        let canvas = (1..count).fold(canvas, |canvas, _| item(canvas.fixed(bed.bytes(","))));
        canvas.fixed(bed.bytes("]")).end()
    };
    assert_eq!(checker.open(&items(4)).err(), Some(InfillError::Infeasible));
    let mut filling = checker.open(&items(3)).expect("three letters");
    filling.commit(2, bed.byte(b'b')).expect("a letter");
    let rest = |filling: &Filling, at| {
        let all = b"abc".iter().filter(|&&b| filling.allows(at, bed.byte(b)));
        String::from_utf8(all.copied().collect()).expect("letters")
    };
    assert_eq!(
        (rest(&filling, 6), rest(&filling, 10)),
        ("ac".into(), "ac".into())
    );
    filling.commit(10, bed.byte(b'a')).expect("a letter");
    assert_eq!(rest(&filling, 6), "c");
}

/// Positions filled one after another leave what a canvas has in which they were full from
/// the start; on canvases of so many rules that sets of them take several words.
#[test]
fn commits_leave_what_a_new_canvas_has() {
    let bed = Bed::new();
    let nested = r##"{"$ref": "#/$defs/t", "$defs": {"t": {"type": "array", "items":
        {"anyOf": [{"type": "boolean"}, {"enum": ["a]", 1]}, {"$ref": "#/$defs/t"}]}}}}"##;
    let checker = bed.checker(nested);
    let words = bed.vocab().mask_words();
    let mut rng = Rng::new(0xC0417);
    for positions in [40, 90] {
        let cells = |tokens: &[Option<TokenId>]| {
            let cells = tokens.iter();
            let canvas = cells.fold(Canvas::new(), |canvas, token| match token {
                Some(token) => canvas.fixed([*token]),
                None => canvas.masks(1),
            });
            checker.open(&canvas.end()).expect("what was allowed fits")
        };
        let mut tokens = vec![None; positions];
        let mut filling = cells(&tokens);
        let mut order: Vec<usize> = filling.open_positions().collect();
        rng.shuffle(&mut order);
        let (mut row, mut fresh) = (vec![0; words], vec![0; words]);
        for (turn, &position) in order.iter().enumerate() {
            filling.fill_mask(position, &mut row).expect("open");
            let allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
            let token = *rng.pick(&allowed);
            filling.commit(position, token).expect("allowed");
            tokens[position] = Some(token);
            if turn % 8 != 0 {
                continue;
            }
            let again = cells(&tokens);
            for open in filling.open_positions() {
                filling.fill_mask(open, &mut row).expect("open");
                again.fill_mask(open, &mut fresh).expect("open");
                assert_eq!(row, fresh, "{positions}: {open} after {turn}: {tokens:?}");
            }
        }
    }
}

/// Deep inside of many rules, a position may hold what closes them, token by token.
#[test]
fn deep_canvases_are_told_exactly() {
    let bed = Bed::new();
    let schema = r##"{"type": "array", "items": {"$ref": "#"}}"##;
    let checker = bed.checker(schema);
    let grammar = bed.compiler.json_schema(schema, &options());
    let grammar = grammar.expect("a schema");
    let mut row = vec![0; bed.vocab().mask_words()];
    let mut some = 0;
    for (opened, closed) in [(70, 68), (90, 89), (130, 130)] {
        let (before, after) = ("[".repeat(opened), "]".repeat(closed));
        let canvas = Canvas::new().fixed(bed.bytes(&before)).masks(1);
        let canvas = canvas.fixed(bed.bytes(&after)).end();
        row.fill(0);
        if let Ok(filling) = checker.open(&canvas) {
            filling.fill_mask(opened, &mut row).expect("open");
        }
        some += usize::from(mask::count_ones(&row) > 0);
        for token in (0..bed.vocab().len() as u32).map(TokenId) {
            let text = [
                before.as_bytes(),
                bed.vocab().bytes(token),
                after.as_bytes(),
            ]
            .concat();
            let mut matcher = grammar.matcher();
            let fits = matcher.push_bytes(&text).is_ok() && matcher.is_complete();
            let is_text = !bed.vocab().bytes(token).is_empty();
            assert_eq!(
                mask::get(&row, token),
                fits && is_text,
                "{opened} {token:?}"
            );
        }
    }
    assert!(some >= 2, "{some}");
}

/// With room behind, what a position may hold after a text is what may follow it.
#[test]
fn prefixes_are_read_as_from_left_to_right() {
    let bed = Bed::new();
    let vocab = bed.vocab();
    let mut rng = Rng::new(0x1F12);
    let mut compared = 0;
    for (name, schema) in corpus().into_iter().step_by(17) {
        let schema = &schema["schema"];
        let text = schema.to_string();
        let Ok(grammar) = bed.compiler.json_schema(&text, &options()) else {
            continue;
        };
        let limits = InfillLimits {
            max_bytes: 64 << 20,
            ..InfillLimits::default()
        };
        let language = bed.compiler.json_schema_language(&text, &options());
        let language = language.expect("a schema");
        let checker = Checker::with(language, Arc::clone(vocab), vocab.stop_ids(), limits);
        let Ok(Some(shortest)) = formwork::witness(&grammar) else {
            continue;
        };
        let tokens = segment(vocab, shortest.text.as_bytes(), &mut rng);
        let cut = rng.below(tokens.len() + 1);
        let mut matcher = grammar.matcher();
        for &token in &tokens[..cut] {
            matcher.push(token).expect("a part of a valid text");
        }
        let mut wanted = vec![0; vocab.mask_words()];
        matcher.fill_mask(&mut wanted).expect("a mask");
        // Room for whatever a token may begin, and the rest.
        let room = shortest.text.len() + 12;
        let canvas = Canvas::new()
            .fixed(tokens[..cut].iter().copied())
            .masks(room.min(40))
            .end();
        let filling = match checker.open(&canvas) {
            Ok(filling) => filling,
            Err(InfillError::TooMuchMemory { .. } | InfillError::Infeasible) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        let mut row = vec![0; vocab.mask_words()];
        filling.fill_mask(cut, &mut row).expect("an open position");
        for token in mask::iter_ones(&row) {
            assert!(
                mask::get(&wanted, token),
                "{name}: {:?} is allowed",
                vocab.bytes(token)
            );
        }
        // What is missing would need more room than there is, or holds a whole name.
        let holds_name = |token| vocab.bytes(token).iter().filter(|&&b| b == b'"').count() > 1;
        let missing = mask::iter_ones(&wanted).filter(|&token| !mask::get(&row, token));
        for token in missing.filter(|&token| !holds_name(token)) {
            let mut after = matcher.fork();
            after.push(token).expect("allowed");
            let least = after.min_completion_bytes() as usize;
            assert!(
                least + 8 > room.min(40),
                "{name}: {:?} is missing after {:?} of {}",
                vocab.bytes(token),
                cut,
                shortest.text
            );
        }
        compared += 1;
    }
    eprintln!("{compared} masks compared");
    assert!(compared >= 5);
}

/// Whatever is chosen, in whatever order: the text is valid, by another validator too.
#[test]
fn fills_by_chance_are_valid() {
    let bed = Bed::new();
    let vocab = bed.vocab();
    let mut rng = Rng::new(0x1F13);
    let (mut filled, mut judged) = (0, 0);
    for (name, schema) in corpus().into_iter().step_by(11) {
        let schema = &schema["schema"];
        let text = schema.to_string();
        let Ok(language) = bed.compiler.json_schema_language(&text, &options()) else {
            continue;
        };
        let limits = InfillLimits {
            max_bytes: 64 << 20,
            ..InfillLimits::default()
        };
        let checker = Checker::with(language, Arc::clone(vocab), vocab.stop_ids(), limits);
        let grammar = bed
            .compiler
            .json_schema(&text, &options())
            .expect("a schema");
        let canvas = Canvas::new().masks(14).end();
        let mut filling = match checker.open(&canvas) {
            Ok(filling) => filling,
            Err(InfillError::TooMuchMemory { .. } | InfillError::Infeasible) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        let mut row = vec![0; vocab.mask_words()];
        let mut positions: Vec<usize> = filling.open_positions().collect();
        rng.shuffle(&mut positions);
        for position in positions {
            filling
                .fill_mask(position, &mut row)
                .expect("an open position");
            let allowed: Vec<TokenId> = mask::iter_ones(&row).collect();
            assert!(!allowed.is_empty(), "{name}: nothing fits at {position}");
            match filling.commit(position, *rng.pick(&allowed)) {
                Ok(()) => {}
                Err(InfillError::TooMuchMemory { .. }) => break,
                Err(error) => panic!("{name}: {error}"),
            }
        }
        if filling.open_positions().next().is_some() {
            continue;
        }
        let text = filling.text();
        let mut matcher = grammar.matcher();
        matcher
            .push_bytes(&text)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(matcher.is_complete(), "{name}");
        filled += 1;
        if let (Some(judge), Ok(value)) = (Judge::new(schema), serde_json::from_slice(&text)) {
            assert!(judge.accepts(&value), "{name}: {value}");
            judged += 1;
        }
    }
    eprintln!("{filled} canvases filled, {judged} judged");
    assert!(filled >= 8 && judged >= 5);
}

/// One open position, beside a token that was changed: allowed is what completes the text.
#[test]
fn one_mask_is_told_exactly() {
    let bed = Bed::new();
    let vocab = bed.vocab();
    let mut rng = Rng::new(0x1F14);
    let (mut accepted, mut refused) = (0, 0);
    for (name, file) in corpus().into_iter().step_by(5) {
        let text = file["schema"].to_string();
        let Ok(grammar) = bed.compiler.json_schema(&text, &options()) else {
            continue;
        };
        let checker = bed.checker(&text);
        let tests = file["tests"].as_array().into_iter().flatten();
        let valid = tests.filter(|test| test["valid"] == true).take(2);
        for instance in valid.map(|test| test["data"].to_string()) {
            let mut tokens = segment(vocab, instance.as_bytes(), &mut rng);
            if instance.len() > 120 || tokens.len() < 2 {
                continue;
            }
            let open = rng.below(tokens.len() - 1);
            if rng.chance(70) {
                tokens[open + 1] = *rng.pick(&tokens);
            }
            let canvas = Canvas::new().fixed(tokens[..open].iter().copied()).masks(1);
            let canvas = canvas.fixed(tokens[open + 1..].iter().copied()).end();
            let filling = checker.open(&canvas);
            let mut any = false;
            for token in formwork_testkit::vocab::text_tokens(vocab) {
                let mut matcher = grammar.matcher();
                let before = tokens[..open]
                    .iter()
                    .all(|&token| matcher.push(token).is_ok());
                let mut rest = std::iter::once(token).chain(tokens[open + 1..].iter().copied());
                let fits = before && rest.all(|token| matcher.push(token).is_ok());
                let fits = fits && matcher.is_complete();
                any |= fits;
                if let Ok(filling) = &filling {
                    let allowed = filling.allows(open, token);
                    assert_eq!(
                        allowed,
                        fits,
                        "{name}: {:?} in {instance}",
                        vocab.bytes(token)
                    );
                }
            }
            match filling {
                Ok(_) => accepted += 1,
                Err(InfillError::Infeasible) => {
                    assert!(!any, "{name}: {instance}");
                    refused += 1;
                }
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
    eprintln!("{accepted} accepted, {refused} refused");
    assert!(accepted >= 10 && refused >= 3);
}
