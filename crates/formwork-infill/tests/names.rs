//! Texts that must differ, names of an object and items under `uniqueItems`, against brute
//! force: every fill of every canvas, read by the engine from left to right.

// Tests fail by panicking, and say what they did.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::sync::Arc;

use formwork::{Compiler, Grammar, Matcher, PushError, SchemaOptions, TokenId, Vocab, Whitespace};
use formwork_infill::{Canvas, Checker, Filling, InfillError};
use formwork_testkit::Rng;
use formwork_testkit::vocab::segment;

/// Besides single bytes, tokens that begin and end texts, and parts of characters. None holds
/// a whole text.
const TOKENS: &[&[u8]] = &[
    b"{", b"}", b"[", b"]", b"\"", b":", b",", b"a", b"b", b"1", b"2", b"\\", b"n", b"\xc3",
    b"\xa9", b"\":", b"\":1", b",\"", b"{\"", b"a\":", b"b\"", b"ab", b"\":1,\"", b"true", b"ue",
    b"\\n", b"\",\"", b"12",
];

const CASES: &[(&str, &[&str])] = &[
    (
        "{}",
        &[
            r#"{"a":1,"b":2}"#,
            r#"{"":1,"ab":{"":1}}"#,
            r#"{"a":{"b":1,"a":2},"aa":1}"#,
            r#"{"é":1,"\n":2,"":1}"#,
        ],
    ),
    (
        r#"{"properties": {"a": {"type": "integer"}}, "required": ["a"], "maxProperties": 3}"#,
        &[r#"{"a":1,"b":2}"#, r#"{"":1,"a":2,"b":1}"#],
    ),
    (
        r#"{"type": "array", "uniqueItems": true, "items": {"type": ["string", "integer"]}}"#,
        &[r#"["a","",1]"#, r#"[1,2,12]"#, r#"["é","ab","\n"]"#],
    ),
    (
        r#"{"type": "array", "uniqueItems": true}"#,
        &[r#"[1,"a",true]"#, r#"["",[],[1]]"#, r#"[{"a":1},{"b":1}]"#],
    ),
];

const END: TokenId = TokenId(TOKENS.len() as u32);

fn vocabulary() -> Arc<Vocab> {
    let mut builder = Vocab::builder();
    for (id, text) in (0..).zip(TOKENS) {
        builder.token(TokenId(id), text);
    }
    builder.special(END, "<end>").stop(END);
    Arc::new(builder.build().expect("a vocabulary"))
}

/// All ways to fill open positions.
struct Brute<'a> {
    tokens: &'a [Option<TokenId>],
    fills: Vec<Vec<TokenId>>,
    /// Whether the engine could not learn about that many texts.
    gave_up: bool,
}

impl Brute<'_> {
    fn run(&mut self, matcher: &Matcher, filled: &mut Vec<TokenId>) {
        let rest = &self.tokens[filled.len()..];
        if matcher.is_complete() && rest.iter().all(Option::is_none) {
            // The text may end where positions are open.
            let ends = rest.iter().map(|_| END);
            self.fills
                .push(filled.iter().copied().chain(ends).collect());
        }
        let Some(cell) = rest.first() else {
            return;
        };
        let any = (0..END.0).map(TokenId);
        let choices: Vec<TokenId> = match *cell {
            Some(token) => vec![token],
            None => any.collect(),
        };
        for token in choices {
            let mut after = matcher.fork();
            match after.push_bytes(TOKENS[token.index()]) {
                Ok(()) => {
                    filled.push(token);
                    self.run(&after, filled);
                    filled.pop();
                }
                Err(PushError::Engine(_)) => self.gave_up = true,
                Err(_) => {}
            }
        }
    }
}

/// Fills of the whole canvas, one token for each position, if they can be told.
fn fills(grammar: &Grammar, tokens: &[Option<TokenId>]) -> Option<Vec<Vec<TokenId>>> {
    let mut brute = Brute {
        tokens,
        fills: Vec::new(),
        gave_up: false,
    };
    brute.run(&grammar.matcher(), &mut Vec::new());
    (!brute.gave_up).then_some(brute.fills)
}

fn canvas(tokens: &[Option<TokenId>]) -> Canvas {
    let add = |canvas: Canvas, token: &Option<TokenId>| match token {
        Some(token) => canvas.fixed([*token]),
        None => canvas.masks(1),
    };
    tokens.iter().fold(Canvas::new(), add).end()
}

/// A text with open positions, and sometimes another token somewhere.
fn any_cells(vocab: &Vocab, text: &str, rng: &mut Rng) -> Vec<Option<TokenId>> {
    let tokens = segment(vocab, text.as_bytes(), rng);
    let mut cells: Vec<Option<TokenId>> = tokens.into_iter().map(Some).collect();
    for _ in 0..rng.below(3) {
        let at = rng.below(cells.len());
        cells[at] = Some(TokenId(rng.below(TOKENS.len()) as u32));
    }
    for _ in 0..1 + rng.below(4) {
        let at = rng.below(cells.len());
        cells[at] = None;
    }
    cells
}

/// What was found of a canvas, from the first fault on.
#[derive(Default)]
struct Verdict {
    /// Something was allowed that no fill has.
    loose: Option<String>,
    /// Something was not allowed that some fill has.
    lacks: bool,
    commits: usize,
}

/// What a filling allows against all fills.
fn compare(filling: &Filling, fills: &[Vec<TokenId>], verdict: &mut Verdict) {
    for at in filling.open_positions() {
        for token in (0..=END.0).map(TokenId) {
            let fits = fills.iter().any(|fill| fill[at] == token);
            let allowed = filling.allows(at, token);
            if allowed && !fits {
                verdict.loose = Some(format!("{token:?} at {at} ends nowhere"));
            }
            verdict.lacks |= fits && !allowed;
        }
    }
}

/// Fills a canvas by chance and in any order, and compares all the way.
fn judge(
    checker: &Checker,
    mut cells: Vec<Option<TokenId>>,
    mut fills: Vec<Vec<TokenId>>,
    rng: &mut Rng,
) -> Verdict {
    let mut verdict = Verdict::default();
    let mut filling = match checker.open(&canvas(&cells)) {
        Ok(filling) => filling,
        Err(InfillError::Infeasible) => {
            verdict.lacks = !fills.is_empty();
            return verdict;
        }
        Err(error) => panic!("{error}"),
    };
    compare(&filling, &fills, &mut verdict);
    let mut open: Vec<usize> = filling.open_positions().collect();
    rng.shuffle(&mut open);
    for at in open {
        if verdict.loose.is_some() {
            break;
        }
        let all = (0..=END.0).map(TokenId);
        let allowed: Vec<TokenId> = all.filter(|&id| filling.allows(at, id)).collect();
        let token = *rng.pick(&allowed);
        cells[at] = Some(token);
        fills.retain(|fill| fill[at] == token);
        if let Err(error) = filling.commit(at, token) {
            panic!("{error}: {token:?} at {at}, while there are {fills:?}");
        }
        verdict.commits += 1;
        compare(&filling, &fills, &mut verdict);
    }
    verdict
}

fn shown(vocab: &Vocab, cells: &[Option<TokenId>]) -> String {
    let text = |cell: &Option<TokenId>| match cell {
        Some(token) => String::from_utf8_lossy(vocab.bytes(*token)).into_owned(),
        None => "_".into(),
    };
    cells.iter().map(text).collect::<Vec<_>>().join("·")
}

/// Whatever is filled in whatever order, what is allowed is what some text has; but for less
/// than one canvas in a hundred, where two texts are taken to differ that cannot, and few
/// where texts are left out, since they lie within one token. One open position is exact.
#[test]
fn texts_differ_as_brute_force_says() {
    let is_long = std::env::var_os("FORMWORK_LONG").is_some_and(|value| value == "1");
    let rounds = if is_long { 3000 } else { 150 };
    let vocab = vocabulary();
    // The engine reads bytes here, since it takes no vocabulary that lacks any.
    let all_bytes = Vocab::embedded().expect("a vocabulary");
    let compiler = Compiler::new(Arc::new(all_bytes)).expect("a compiler");
    let options = SchemaOptions {
        whitespace: Whitespace::Any,
        ..SchemaOptions::default()
    };
    let mut rng = Rng::new(0x4A3E5);
    let (mut judged, mut loose, mut lacking, mut commits) = (0, 0, 0, 0);
    for &(schema, texts) in CASES {
        let language = compiler.json_schema_language(schema, &options);
        let checker = Checker::new(language.expect("a schema"), Arc::clone(&vocab));
        for _ in 0..rounds {
            let cells = any_cells(&vocab, rng.pick::<&str>(texts), &mut rng);
            // What an engine learns of all these texts would reach its limit.
            let grammar = compiler.json_schema(schema, &options).expect("a schema");
            let Some(fills) = fills(&grammar, &cells) else {
                continue;
            };
            let open = cells.iter().filter(|cell| cell.is_none()).count();
            let about = shown(&vocab, &cells);
            let verdict = judge(&checker, cells, fills, &mut rng);
            if let Some(fault) = &verdict.loose {
                assert!(open > 1, "{schema}: {about}: {fault}");
                eprintln!("{schema}: {about}: {fault}");
                loose += 1;
            }
            assert!(!verdict.lacks || open > 1, "{schema}: {about} lacks a fill");
            if verdict.lacks {
                eprintln!("{schema}: {about}: lacks");
            }
            lacking += usize::from(verdict.lacks);
            commits += verdict.commits;
            judged += 1;
        }
    }
    eprintln!("{judged} canvases, {loose} loose, {lacking} lack some fill, {commits} commits");
    assert!(judged > 500 && commits > 500);
    assert!(100 * loose < judged && 60 * lacking < judged);
    assert!(is_long || loose == 0);
}
