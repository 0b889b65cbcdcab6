//! The device beside the host, on whatever device the system has for wgpu; a software
//! one will do.

// Tests say what they skipped.
#![allow(clippy::print_stderr)]

use burn_tensor::{Tensor, TensorData};
use burn_wgpu::Wgpu;
use formwork::{TokenId, mask};
use formwork_model::{Draw, Sampling, sampling};
use formwork_testkit::Rng;

fn is_skipped() -> bool {
    match crate::device::wgpu_is_there() {
        Ok(()) => false,
        Err(error) => {
            eprintln!("skipped: {error}");
            true
        }
    }
}

fn tensor(rows: &[f32], vocab_len: usize) -> Tensor<Wgpu, 2> {
    let shape = [rows.len() / vocab_len, vocab_len];
    Tensor::from_data(TensorData::new(rows.to_vec(), shape), &Default::default())
}

fn uniform(random: &mut Rng) -> f32 {
    (random.bits() >> 40) as f32 / (1u32 << 24) as f32
}

/// Rows with ties, infinities and what is no number.
fn logits(random: &mut Rng, len: usize) -> Vec<f32> {
    let mut one = || match random.below(40) {
        0 => f32::NEG_INFINITY,
        1 => f32::NAN,
        2 => 0.0,
        3 => -0.0,
        4..12 => random.below(16) as f32 - 8.0,
        _ => uniform(random) * 20.0 - 10.0,
    };
    (0..len).map(|_| one()).collect()
}

fn masks(random: &mut Rng, vocab_len: usize) -> Vec<u32> {
    let mut row = vec![0; vocab_len.div_ceil(32)];
    match random.below(3) {
        0 => (0..vocab_len).for_each(|token| mask::set(&mut row, TokenId(token as u32))),
        1 => {}
        _ => {
            for token in 0..vocab_len {
                if random.chance(33) {
                    mask::set(&mut row, TokenId(token as u32));
                }
            }
        }
    }
    // At least one.
    mask::set(&mut row, TokenId(random.below(vocab_len) as u32));
    row
}

fn some_sampling(random: &mut Rng) -> Sampling {
    Sampling {
        temperature: *random.pick(&[0.0, 0.4, 1.0, 1.7]),
        top_k: *random.pick(&[0, 1, 3, 40]),
        top_p: *random.pick(&[1.0, 0.9, 0.3]),
        min_p: *random.pick(&[0.0, 0.05, 0.5]),
    }
}

/// What the host chooses, and what it would choose on either side of a near border.
fn choices(rows: &[f32], vocab_len: usize, draw: Draw<'_>) -> Vec<TokenId> {
    let mut all = Vec::new();
    for uniform in [0.0, -2e-5, 2e-5] {
        for top_p in [0.0, -1e-5, 1e-5] {
            for wider in [1.0, 1.0 - 1e-5, 1.0 + 1e-5] {
                let mut draw = draw;
                draw.uniform = (draw.uniform + uniform).clamp(0.0, 0.999_999_9);
                if draw.sampling.top_p < 1.0 {
                    draw.sampling.top_p += top_p;
                }
                draw.sampling.min_p *= wider;
                all.extend(sampling::sample(rows, vocab_len, &draw));
            }
        }
    }
    all
}

#[test]
fn the_device_chooses_as_the_host() {
    if is_skipped() {
        return;
    }
    let mut random = Rng::new(11);
    let (mut same, mut near) = (0, 0);
    for vocab_len in [1, 31, 32, 33, 1000, 4097, 49_152] {
        for _ in 0..6 {
            let count = 1 + random.below(5);
            let rows = logits(&mut random, count * vocab_len);
            let kept: Vec<Vec<u32>> = (0..7).map(|_| masks(&mut random, vocab_len)).collect();
            let is_greedy = random.chance(25);
            let mut draw = |mask| Draw {
                row: random.below(count),
                mask,
                sampling: match is_greedy {
                    true => Sampling::GREEDY,
                    false => some_sampling(&mut random),
                },
                uniform: uniform(&mut random),
            };
            let draws: Vec<Draw<'_>> = kept.iter().map(|mask| draw(mask)).collect();
            let chosen = super::sample(&tensor(&rows, vocab_len), &draws).expect("tokens");
            assert_eq!(chosen.len(), draws.len());
            for (&token, &draw) in chosen.iter().zip(&draws) {
                let host = sampling::sample(&rows, vocab_len, &draw).expect("a token");
                if token == host {
                    same += 1;
                    continue;
                }
                near += 1;
                assert!(
                    !draw.sampling.is_greedy(),
                    "{vocab_len}: {token:?}, {host:?}"
                );
                let all = choices(&rows, vocab_len, draw);
                assert!(
                    all.contains(&token),
                    "{vocab_len}: {token:?} is none of {all:?}, {:?}, {}",
                    draw.sampling,
                    draw.uniform
                );
            }
        }
    }
    eprintln!("{same} alike, {near} next to a border");
    assert!(near * 20 < same, "{same} alike, {near} not");
}

#[test]
fn what_the_host_refuses_is_refused() {
    if is_skipped() {
        return;
    }
    let rows = tensor(&[1.0; 66], 33);
    let draw = |row, mask| Draw {
        row,
        mask,
        sampling: Sampling::default(),
        uniform: 0.5,
    };
    let refused = |draw| {
        super::sample(&rows, &[draw])
            .expect_err("refused")
            .to_string()
    };
    assert!(refused(draw(2, &[1, 0])).contains("no row 2"));
    assert!(refused(draw(0, &[1])).contains("1 words instead of 2"));
    // A bit past the last token allows nothing.
    for mask in [&[0, 0], &[0, 2]] {
        assert!(refused(draw(0, mask)).contains("allows no token"));
    }
    assert_eq!(super::sample(&rows, &[]).expect("nothing"), []);
    let last = super::sample(&rows, &[draw(1, &[0, 1])]).expect("a token");
    assert_eq!(last, [TokenId(32)]);
}
