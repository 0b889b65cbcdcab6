//! Canvases against brute force: every fill of every canvas, judged text by text.

// Tests fail by panicking, and say what they did.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use formwork::cfg::{CfgLimits, compile_with};
use formwork::{Language, TokenId, Vocab};
use formwork_infill::{Canvas, Checker, Filling, InfillError, Piece};
use formwork_testkit::Rng;
use formwork_testkit::cfg::{Case, Derives, any_case};

const TEXTS: &[&[u8]] = &[
    b"a",
    b"b",
    b"c",
    b"ab",
    b"ba",
    b"aa",
    b"bab",
    b"\xc3",
    b"\xa9",
    b"\xc3\xa9",
    b"\xa9a",
    b"abab",
    b"ca",
    b"a",
    b"bb",
];

/// A few tokens, and one that ends a text.
fn any_vocab(rng: &mut Rng) -> Vocab {
    let mut builder = Vocab::builder();
    let count = 4 + rng.below(5);
    for id in 0..count {
        let text = match id {
            0 => b"a",
            1 => b"b",
            _ => *rng.pick(TEXTS),
        };
        builder.token(TokenId(id as u32), text);
    }
    let end = TokenId(count as u32);
    builder.special(end, "<end>").stop(end);
    builder.build().expect("a vocabulary")
}

fn any_canvas(rng: &mut Rng, tokens: usize, end: TokenId) -> Canvas {
    let mut canvas = Canvas::new();
    let mut open = 1 + rng.below(4);
    let fixed = |rng: &mut Rng| {
        let token = TokenId(rng.below(tokens) as u32);
        if rng.chance(3) { end } else { token }
    };
    for _ in 0..1 + rng.below(5) {
        canvas = match rng.below(6) {
            0..=2 => {
                let count = (1 + rng.below(2)).min(open);
                open -= count;
                canvas.masks(count)
            }
            3 => {
                let max = rng.below(3).min(open);
                open -= max;
                canvas.gap(rng.below(max + 1), max)
            }
            _ => {
                let count = rng.below(3);
                let list: Vec<TokenId> = (0..count).map(|_| fixed(rng)).collect();
                canvas.fixed(list)
            }
        };
    }
    if rng.chance(40) { canvas.end() } else { canvas }
}

/// What brute force says of a canvas: by position, the tokens of all fills.
#[derive(Default, Debug)]
struct Truth {
    feasible: bool,
    allowed: BTreeMap<usize, BTreeSet<TokenId>>,
}

struct Brute<'a> {
    vocab: &'a Vocab,
    oracle: Derives<'a>,
    known: HashMap<Vec<u8>, bool>,
}

impl Brute<'_> {
    fn derives(&mut self, text: &[u8]) -> bool {
        if let Some(&known) = self.known.get(text) {
            return known;
        }
        let derived = text.len() < 60 && self.oracle.read(text).0;
        self.known.insert(text.to_vec(), derived);
        derived
    }

    fn judge(&mut self, canvas: &Canvas) -> Truth {
        let end = self.vocab.stop_ids()[0];
        let mut cells: Vec<Vec<(Option<usize>, Option<TokenId>)>> = vec![Vec::new()];
        let mut position = 0;
        for piece in canvas.pieces() {
            let mut longer = Vec::new();
            let mut add = |more: Vec<(Option<usize>, Option<TokenId>)>| {
                longer.extend(cells.iter().map(|cells| [&cells[..], &more[..]].concat()));
            };
            match piece {
                Piece::Fixed(tokens) => {
                    add(tokens.iter().map(|&token| (None, Some(token))).collect());
                    position += tokens.len();
                }
                Piece::Masks(count) => {
                    add((0..*count).map(|at| (Some(position + at), None)).collect());
                    position += count;
                }
                Piece::Gap { min, max } => {
                    for count in *min..=*max {
                        // The positions that every fill has can be asked for.
                        let cell = |at| ((at < *min).then_some(position + at), None);
                        add((0..count).map(cell).collect());
                    }
                    position += max;
                }
                Piece::End => {
                    add(vec![(None, Some(end))]);
                    position += 1;
                }
            }
            cells = longer;
        }
        let mut truth = Truth::default();
        for cells in cells {
            self.fill(&cells, end, &mut Vec::new(), &mut truth);
        }
        truth
    }

    fn fill(
        &mut self,
        cells: &[(Option<usize>, Option<TokenId>)],
        end: TokenId,
        filled: &mut Vec<TokenId>,
        truth: &mut Truth,
    ) {
        let ended = filled.last() == Some(&end);
        match cells.get(filled.len()) {
            None => {
                let text: Vec<u8> = filled
                    .iter()
                    .flat_map(|&t| self.vocab.bytes(t).to_vec())
                    .collect();
                if self.derives(&text) {
                    truth.feasible = true;
                    for (cell, &token) in cells.iter().zip(filled.iter()) {
                        if let (Some(position), None) = cell {
                            truth.allowed.entry(*position).or_default().insert(token);
                        }
                    }
                }
            }
            Some((_, Some(token))) => {
                if !ended || *token == end {
                    filled.push(*token);
                    self.fill(cells, end, filled, truth);
                    filled.pop();
                }
            }
            Some((_, None)) => {
                let all = (0..=end.0).map(TokenId);
                for token in all.filter(|&token| !ended || token == end) {
                    filled.push(token);
                    self.fill(cells, end, filled, truth);
                    filled.pop();
                }
            }
        }
    }
}

fn language(case: &Case) -> Option<Box<dyn Language>> {
    let mut limits = CfgLimits::default();
    if case.grammar.rules.len() & 1 == 0 {
        limits.max_fused_states = 0;
    }
    let language = compile_with(&case.grammar, Vec::new(), &limits).ok()?;
    Some(Box::new(language))
}

fn allowed(filling: &Filling, vocab: &Vocab) -> BTreeMap<usize, BTreeSet<TokenId>> {
    let all = |position| {
        let mut row = vec![0; vocab.mask_words()];
        filling
            .fill_mask(position, &mut row)
            .expect("an open position");
        let set: BTreeSet<TokenId> = formwork::mask::iter_ones(&row).collect();
        for id in (0..vocab.len() as u32).map(TokenId) {
            assert_eq!(filling.allows(position, id), set.contains(&id));
        }
        (position, set)
    };
    filling.open_positions().map(all).collect()
}

fn long() -> usize {
    match std::env::var_os("FORMWORK_LONG").is_some_and(|value| value == "1") {
        true => 20,
        false => 1,
    }
}

/// Feasibility and every allowed set are what brute force says; a token is allowed
/// exactly if the canvas with it is feasible; canvases that are filled in any order, and
/// opened again, know what new ones know.
#[test]
fn canvases_are_what_brute_force_says() {
    let mut rng = Rng::new(0x1F11);
    let (mut canvases, mut feasible, mut commits, mut sets) = (0, 0, 0, 0);
    for _ in 0..700 * long() {
        let case = any_case(&mut rng);
        let Some(language) = language(&case) else {
            continue;
        };
        let vocab = Arc::new(any_vocab(&mut rng));
        let end = vocab.stop_ids()[0];
        let checker = Checker::new(language, Arc::clone(&vocab));
        let mut brute = Brute {
            vocab: &vocab,
            oracle: Derives::new(&case),
            known: HashMap::new(),
        };
        for _ in 0..8 {
            let mut canvas = any_canvas(&mut rng, end.index(), end);
            canvases += 1;
            let truth = brute.judge(&canvas);
            let mut filling = match checker.open(&canvas) {
                Ok(filling) => filling,
                Err(InfillError::Infeasible) => {
                    assert!(!truth.feasible, "{canvas:?} of {case:?}");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            assert!(truth.feasible, "{canvas:?} of {case:?}");
            feasible += 1;
            let mut now = allowed(&filling, &vocab);
            sets += now.len();
            assert_eq!(now, truth.allowed, "{canvas:?} of {case:?} with {vocab:?}");
            let mut opened = None;
            while let Some(&position) = now.keys().nth(rng.below(now.len().max(1))) {
                let none = (0..=end.0)
                    .map(TokenId)
                    .find(|t| !now[&position].contains(t));
                if let Some(token) = none {
                    let refused = filling.commit(position, token);
                    assert_eq!(refused, Err(InfillError::NotAllowed { position, token }));
                }
                let set: Vec<TokenId> = now[&position].iter().copied().collect();
                filling
                    .commit(position, *rng.pick(&set))
                    .expect("an allowed token");
                commits += 1;
                if opened.is_none() && rng.chance(20) {
                    opened = Some(position);
                    filling.reopen(position).expect("a position that was open");
                }
                canvas = as_canvas(&canvas, &filling);
                let truth = brute.judge(&canvas);
                now = allowed(&filling, &vocab);
                assert_eq!(now, truth.allowed, "{canvas:?} of {case:?}");
            }
        }
    }
    eprintln!("{canvases} canvases, {feasible} feasible, {sets} sets, {commits} commits");
    assert!(feasible >= 500 && canvases - feasible >= 500 && commits >= 500);
}

/// The canvas with what was filled in.
fn as_canvas(canvas: &Canvas, filling: &Filling) -> Canvas {
    let mut now = Canvas::new();
    let mut position = 0;
    for piece in canvas.pieces() {
        let count = match piece {
            Piece::Fixed(tokens) => tokens.len(),
            Piece::Masks(count) => *count,
            Piece::Gap { min, .. } => *min,
            Piece::End => 1,
        };
        for at in position..position + count {
            now = match filling.token(at) {
                Some(token) => now.fixed([token]),
                None => now.masks(1),
            };
        }
        position += count;
        if let Piece::Gap { min, max } = piece {
            now = now.gap(0, max - min);
            position += max - min;
        }
    }
    now
}
