//! Which positions schedulers choose, on rows made by hand.

use std::sync::Arc;

use formwork_vocab::{TokenId, Vocab};

use super::*;
use crate::{Canvas, FreeCells};

/// The token that is proposed everywhere unless said otherwise, one that ends a line, and
/// the end of the text; another one has the rest of the probability.
const A: TokenId = TokenId(0);
const OTHER: TokenId = TokenId(1);
const LINE: TokenId = TokenId(2);
const END: TokenId = TokenId(3);
const MASK: TokenId = TokenId(4);

fn cells(count: usize) -> FreeCells {
    let mut builder = Vocab::builder();
    builder.token(A, "a").token(OTHER, "b").token(LINE, "\n");
    builder
        .special(END, "<end>")
        .stop(END)
        .special(MASK, "<mask>");
    let vocab = Arc::new(builder.build().unwrap());
    FreeCells::new(&Canvas::new().masks(count), vocab, MASK)
}

/// Drives a scheduler; each position is proposed a token with a confidence of more than
/// one half.
struct Drive<S> {
    scheduler: S,
    cells: FreeCells,
    proposed: Vec<(TokenId, f32)>,
}

impl<S: Scheduler> Drive<S> {
    fn new(mut scheduler: S, confidences: &[f32]) -> Drive<S> {
        let cells = cells(confidences.len());
        scheduler.begin(&cells.open());
        Drive {
            scheduler,
            cells,
            proposed: confidences
                .iter()
                .map(|&confidence| (A, confidence))
                .collect(),
        }
    }

    fn propose(mut self, position: usize, token: TokenId) -> Drive<S> {
        self.proposed[position].0 = token;
        self
    }

    /// What is filled in the next step, in its order.
    fn step(&mut self) -> Vec<usize> {
        let plan = self.plan();
        for &position in &plan.reopen {
            self.cells.reopen(position).unwrap();
        }
        for &position in &plan.commit {
            self.cells
                .commit(position, self.proposed[position].0)
                .unwrap();
        }
        plan.commit
    }

    fn plan(&mut self) -> Plan {
        let open = self.cells.open();
        let window = self.scheduler.window(&open);
        let seen: Vec<usize> = open
            .iter()
            .copied()
            .filter(|at| window.contains(at))
            .collect();
        let row = |&position: &usize| {
            let (token, confidence) = self.proposed[position];
            let mut row = [f32::NEG_INFINITY; 5];
            row[OTHER.index()] = (1.0 - confidence).ln();
            row[token.index()] = confidence.ln();
            row
        };
        let logits: Vec<f32> = seen.iter().flat_map(row).collect();
        let mut view = View {
            cells: &self.cells,
            rows: &mut Rows::new(seen.clone(), 5, logits),
            open: seen,
            left: open.len(),
            seed: 1,
            choice: Choice {
                temperature: 0.0,
                top_p: 1.0,
                tempered: false,
            },
            failed: None,
        };
        self.scheduler.plan(&mut view)
    }

    fn steps(&mut self) -> Vec<Vec<usize>> {
        let mut steps = Vec::new();
        while !self.cells.open().is_empty() {
            steps.push(self.step());
        }
        steps
    }
}

#[test]
fn llada_fills_blocks_with_even_steps() {
    let confidences = [0.6, 0.9, 0.7, 0.8, 0.99, 0.6, 0.7];
    let llada = Llada::new(4, 4, LladaOrder::Confident);
    let steps = Drive::new(llada, &confidences).steps();
    assert_eq!(steps, [vec![1, 3], vec![2, 0], vec![4, 6], vec![5]]);
    let one_by_one = Drive::new(Llada::default(), &confidences).steps();
    assert_eq!(one_by_one, [4, 1, 3, 2, 6, 0, 5].map(|at| vec![at]));
    let random = Llada::new(7, 8, LladaOrder::Random);
    let mut random = Drive::new(random, &confidences).steps().concat();
    assert_ne!(random, [4, 1, 3, 2, 6, 0, 5]);
    random.sort_unstable();
    assert_eq!(random, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn dream_fills_what_is_due() {
    let confidences: Vec<f32> = (0..16).map(|at| 0.6 + 0.02 * at as f32).collect();
    for order in [
        DreamOrder::Probability,
        DreamOrder::Margin,
        DreamOrder::Entropy,
    ] {
        let steps = Drive::new(Dream::new(4, order), &confidences).steps();
        assert_eq!(steps.iter().map(Vec::len).collect::<Vec<_>>(), [3, 4, 4, 5]);
        assert_eq!(steps.concat(), (0..16).rev().collect::<Vec<_>>());
    }
    let origin = Dream::new(4, DreamOrder::Origin);
    let steps = Drive::new(origin, &confidences).steps();
    assert!(steps.len() <= 4 && steps.concat().len() == 16, "{steps:?}");
    let drawn = Dream::new(16, DreamOrder::Probability).order_temperature(10.0);
    let drawn = Drive::new(drawn, &confidences).steps().concat();
    assert_ne!(drawn, (0..16).rev().collect::<Vec<_>>());
    assert_eq!(drawn.len(), 16);
}

#[test]
fn fast_dllm_fills_all_that_are_sure_and_one_in_any_case() {
    let confidences = [0.6, 0.95, 0.7, 0.9, 0.99, 0.6];
    let steps = Drive::new(Threshold::new(0.9, 4), &confidences).steps();
    assert_eq!(steps, [vec![1, 3], vec![2], vec![0], vec![4], vec![5]]);
    // 0.99 >= 1 - 1/2, 0.95 >= 1 - 1/3, 0.9 >= 1 - 1/4, 0.7 < 1 - 1/5
    let steps = Drive::new(Factor::default(), &confidences).steps();
    assert_eq!(steps[0], [4, 1, 3]);
    // 0.7 >= 1 - 1/2, 0.6 < 1 - 1/3
    assert_eq!(steps[1], [2]);
    let steps = Drive::new(Factor::new(0.001, 8), &confidences).steps();
    assert_eq!(steps.len(), 6);
}

#[test]
fn prophet_fills_all_once_it_is_sure() {
    // Gaps: ln(0.9 / 0.1) = 2.2, ln(0.98 / 0.02) = 3.9
    let unsure = [0.9, 0.8, 0.95, 0.7, 0.6, 0.9];
    let steps = Drive::new(Prophet::default(), &unsure).steps();
    assert!(steps.iter().all(|step| step.len() == 1), "{steps:?}");
    let steps = Drive::new(Prophet::default(), &[0.98; 9]).steps();
    let lengths: Vec<usize> = steps.iter().map(Vec::len).collect();
    // 2.5 is enough when two thirds are filled: not at 6 of 9, but at 7.
    assert_eq!(lengths, [1, 1, 1, 1, 1, 1, 1, 2]);
    let steps = Drive::new(Prophet::new([3.0, 5.0, 2.5], 4), &[0.98; 9]).steps();
    assert_eq!(steps.len(), 1);
    // The answer alone is sure.
    let answer = Prophet::new([3.0; 3], 4).answer(4);
    let steps = Drive::new(answer, &[0.6, 0.6, 0.6, 0.6, 0.98, 0.98]).steps();
    assert_eq!(steps.len(), 1);
}

#[test]
fn ada_block_ends_with_a_delimiter() {
    let mut confidences = [0.8; 24];
    confidences[3] = 0.7;
    confidences[4] = 0.75;
    let ada_block = AdaBlock::new(vec![LINE]).size(8);
    // A quarter of the canvas is looked through: 6 positions.
    let mut drive = Drive::new(ada_block.clone(), &confidences)
        .propose(3, LINE)
        .propose(4, LINE)
        .propose(7, LINE);
    let block = drive.step();
    assert_eq!(block, [0]);
    for _ in 0..4 {
        drive.step();
    }
    // Position 4 is the more confident of both delimiters and ends the block.
    assert_eq!(drive.cells.open(), (5..24).collect::<Vec<_>>());
    drive.step();
    assert_eq!(drive.scheduler.window(&drive.cells.open()), 5..8);
    let unsure = ada_block.confidence(0.9);
    let mut drive = Drive::new(unsure, &confidences).propose(3, LINE);
    drive.step();
    assert_eq!(drive.scheduler.window(&drive.cells.open()), 0..8);
}

#[test]
fn local_leap_trusts_neighbours_of_anchors() {
    let mut confidences = [0.8; 12];
    confidences[2] = 0.95;
    confidences[5] = 0.7;
    let mut drive = Drive::new(LocalLeap::default(), &confidences);
    assert_eq!(drive.step(), [2, 0, 1, 3, 4, 6]);
    assert_eq!(drive.step(), [7]);
}

#[test]
fn credit_adds_up() {
    let mut drive = Drive::new(Credit::default(), &[0.84, 0.75, 0.6]);
    // Credit c^0.2 of 0.97 makes odds of 5.25 into 5.25 * 1.97^0.7 = 8.4: not 0.9 yet,
    // but the best is filled in any case.
    assert_eq!(drive.step(), [0]);
    // Odds of 3 * 2.7^0.7 = 6 after two steps.
    assert_eq!(drive.step(), [1]);
    let mut drive = Drive::new(Credit::default(), &[0.999, 0.88, 0.88]);
    // Odds of 7.3 * 1.97^0.7 = 11.8 are more than 0.9 at once.
    assert_eq!(drive.step(), [0, 1, 2]);
}

#[test]
fn ends_come_late() {
    let confidences = [0.7, 0.95, 0.8, 0.6];
    let mut eoser = Drive::new(Eoser::new(4, 4), &confidences).propose(1, END);
    assert_eq!(eoser.step(), [2]);
    // 0.95 (0.4 + 0.6 / 4) < 0.6
    assert_eq!(eoser.step(), [0]);
    // 0.95 (0.4 + 0.6 / 2) > 0.6
    assert_eq!(eoser.step(), [1]);
    let mut ascending = Drive::new(Ascending::default(), &confidences).propose(1, END);
    assert_eq!(ascending.step(), [2]);
    let plain = Ascending::default().late_ends(false);
    let mut plain = Drive::new(plain, &confidences).propose(1, END);
    assert_eq!(plain.step(), [1]);
}

#[test]
fn steps_ascend() {
    let mut confidences = [0.6; 128];
    confidences[127] = 0.9;
    let steps = Drive::new(Ascending::default(), &confidences).steps();
    let lengths: Vec<usize> = steps.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 2, 4, 8, 16, 32, 65]);
    assert!(steps[..4].concat().iter().all(|&at| at < 15));
    assert!(steps[4].iter().all(|at| (15..31).contains(at)));
    for (count, expected) in [(1, vec![1]), (2, vec![2]), (8, vec![1, 2, 5])] {
        let steps = Drive::new(Ascending::default(), &confidences[..count]).steps();
        assert_eq!(steps.iter().map(Vec::len).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn hierarchy_cuts_runs() {
    let confidences = [0.6, 0.7, 0.6, 0.95, 0.6, 0.55, 0.8];
    let mut drive = Drive::new(Hierarchy::default(), &confidences);
    assert_eq!(drive.step(), [3]);
    assert_eq!(drive.step(), [6, 1]);
    assert_eq!(drive.step(), [0, 2, 4]);
    assert_eq!(drive.step(), [5]);
}

#[test]
fn unsure_positions_are_opened_again() {
    let mut drive = Drive::new(Remask::new(3, 6), &[0.6, 0.9, 0.7, 0.8, 0.6, 0.6]);
    assert_eq!(drive.step(), [1, 3]);
    // Now that these are there, the others are surer than position 3 was.
    drive.proposed[0].1 = 0.95;
    drive.proposed[2].1 = 0.85;
    drive.proposed[4].1 = 0.82;
    let plan = drive.plan();
    assert_eq!((plan.reopen, plan.commit), (vec![3], vec![0, 2, 4]));
}

#[test]
fn free_dave_takes_one_at_a_time() {
    let steps = Drive::new(FreeDave::new(3, 2), &[0.6, 0.9, 0.7]).steps();
    assert_eq!(steps, [[1], [0], [2]]);
}

#[test]
fn names_lead_to_schedulers() {
    for &kind in SchedulerKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
        let mut scheduler = kind.build(&SchedulerOptions::default());
        scheduler.begin(&[0]);
    }
    let unknown = "abacus".parse::<SchedulerKind>().unwrap_err();
    assert!(unknown.to_string().contains("fast-dllm"), "{unknown}");
}
