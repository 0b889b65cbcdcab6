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
    /// The tokens of positions that every fill has, fill by fill.
    fills: BTreeSet<Vec<(usize, TokenId)>>,
}

struct Brute<'a> {
    vocab: &'a Vocab,
    oracle: Derives<'a>,
    known: HashMap<Vec<u8>, bool>,
}

impl<'a> Brute<'a> {
    fn new(vocab: &'a Vocab, case: &'a Case) -> Brute<'a> {
        Brute {
            vocab,
            oracle: Derives::new(case),
            known: HashMap::new(),
        }
    }

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
                    let mut fill = Vec::new();
                    for (cell, &token) in cells.iter().zip(filled.iter()) {
                        if let (Some(position), None) = cell {
                            truth.allowed.entry(*position).or_default().insert(token);
                            fill.push((*position, token));
                        }
                    }
                    truth.fills.insert(fill);
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

/// A grammar, a vocabulary, and what knows both.
fn any_checker(rng: &mut Rng) -> Option<(Case, Arc<Vocab>, Checker)> {
    let case = any_case(rng);
    let language = language(&case)?;
    let vocab = Arc::new(any_vocab(rng));
    let checker = Checker::new(language, Arc::clone(&vocab));
    Some((case, vocab, checker))
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
        let Some((case, vocab, checker)) = any_checker(&mut rng) else {
            continue;
        };
        let end = vocab.stop_ids()[0];
        let mut brute = Brute::new(&vocab, &case);
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

/// The most probable fill is the best of all, and fills by chance come as often as they
/// should: with a frozen seed, by a bound (Agrawal 2020) that a right sampler breaks less
/// than once in a billion draws.
#[test]
fn whole_fills_are_weighed_exactly() {
    let mut rng = Rng::new(0x1F12);
    let (mut weighed, mut drawn) = (0, 0);
    while weighed < 150 * long() {
        let Some((case, vocab, checker)) = any_checker(&mut rng) else {
            continue;
        };
        let end = vocab.stop_ids()[0];
        let mut brute = Brute::new(&vocab, &case);
        let canvas = any_canvas(&mut rng, end.index(), end);
        let truth = brute.judge(&canvas);
        let Ok(filling) = checker.open(&canvas) else {
            continue;
        };
        let has_gap = canvas.pieces().iter().any(|piece| match piece {
            Piece::Gap { min, max } => min < max,
            _ => false,
        });
        let number = |rng: &mut Rng| rng.below(4000) as f32 / 1000.0 - 2.0;
        let rows: Vec<Vec<f32>> = (0..filling.len())
            .map(|_| (0..vocab.len()).map(|_| number(&mut rng)).collect())
            .collect();
        let mut logits = |position: usize, row: &mut [f32]| {
            // A model may look at what is allowed.
            assert!((0..=end.0).any(|id| filling.allows(position, TokenId(id))));
            row.copy_from_slice(&rows[position]);
        };
        if has_gap {
            let refused = filling.most_probable(&mut logits);
            assert!(
                matches!(refused, Err(InfillError::Gap { .. })),
                "{refused:?}"
            );
            continue;
        }
        let log_p = |fill: &[(usize, TokenId)]| -> f64 {
            let of = |&(position, token): &(usize, TokenId)| {
                let row = rows[position].iter().map(|&logit| f64::from(logit).exp());
                f64::from(rows[position][token.index()]) - row.sum::<f64>().ln()
            };
            fill.iter().map(of).sum()
        };
        let best = truth.fills.iter().map(|fill| log_p(fill));
        let best = best.fold(f64::NEG_INFINITY, f64::max);
        let (tokens, found) = filling.most_probable(&mut logits).expect("a text");
        assert!(
            truth.fills.contains(&tokens),
            "{tokens:?}: {canvas:?} of {case:?}"
        );
        assert!(
            (found - best).abs() < 1e-4,
            "{found} {best}: {canvas:?} of {case:?}"
        );
        assert!((log_p(&tokens) - found).abs() < 1e-4);
        weighed += 1;
        if weighed % 10 != 0 || truth.fills.len() > 60 {
            continue;
        }
        drawn += 1;
        let total: f64 = truth.fills.iter().map(|fill| log_p(fill).exp()).sum();
        let count = 3000;
        let mut seen: BTreeMap<Vec<(usize, TokenId)>, usize> = BTreeMap::new();
        for seed in 0..count {
            let sample = filling.sample(&mut logits, seed as u64).expect("a text");
            *seen.entry(sample.0).or_default() += 1;
        }
        let n = count as f64;
        let divergence: f64 = seen
            .iter()
            .map(|(fill, &times)| {
                assert!(
                    truth.fills.contains(fill),
                    "{fill:?}: {canvas:?} of {case:?}"
                );
                let share = times as f64 / n;
                share * (share / (log_p(fill).exp() / total)).ln()
            })
            .sum();
        // Pr[KL >= d] <= exp(-n d) (e d n / k)^k for d > k / n, k the outcomes less one.
        let k = truth.fills.len() as f64 - 1.0;
        if divergence > k / n {
            let likely = k * (1.0 + (divergence * n / k.max(1.0)).ln()) - n * divergence;
            assert!(
                likely > 1e-9_f64.ln(),
                "{divergence}: {canvas:?} of {case:?}"
            );
        }
    }
    assert!(drawn >= 5, "{drawn}");
}
