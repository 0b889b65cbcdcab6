//! Masks and sampling on a device: the twin of [`formwork_model::sampling`], which says
//! what is computed.
//!
//! One cube of units takes one draw. Logits stay on the device; masks, a few numbers for
//! each draw and the chosen tokens are all that is copied.
//!
//! Nothing is sorted. A logit is made a number whose order is that of the floats; the
//! least one that `top_k` or `top_p` keep is found bit by bit, each bit by a count or a
//! sum over the row. Sums are of 32-bit floats, so where a draw falls within about
//! 1e-5 of the border between two tokens, or `top_p` of that between keeping and leaving
//! one, the host may decide otherwise. The largest logit is always the host's.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::{BoolElement, CubeBackend, CubeRuntime};
use burn_tensor::Tensor;
use cubecl::prelude::*;
use formwork::{TokenId, mask};
use formwork_model::{Draw, ModelError, ModelErrorKind, Sampling, sampling};

use crate::sampler::failed;

/// Units that share the work of a draw; the most that every device has.
const UNITS: u32 = 256;

/// So many draws at once: the most cubes that every device has.
const MAX_DRAWS: usize = 65_535;

/// So many tokens can be counted in 32-bit floats.
const MAX_VOCAB_LEN: usize = 1 << 24;

/// A token for each draw from rows of logits, `[rows, vocab_len]`.
///
/// A kernel that fails on the device tells nobody and leaves any numbers behind, so what
/// comes back is held against the masks.
pub(crate) fn sample<R: CubeRuntime, BT: BoolElement>(
    rows: &Tensor<CubeBackend<R, f32, i32, BT>, 2>,
    draws: &[Draw<'_>],
) -> Result<Vec<TokenId>, ModelError> {
    let [count, vocab_len] = rows.dims();
    if vocab_len > MAX_VOCAB_LEN || u32::try_from(count * vocab_len).is_err() {
        let message = format!("{count} rows of {vocab_len} logits are too many for a kernel");
        return Err(ModelError::new(ModelErrorKind::Request, message));
    }
    for draw in draws {
        sampling::check(draw, count, vocab_len)?;
    }
    let mut tokens = Vec::with_capacity(draws.len());
    for draws in draws.chunks(MAX_DRAWS) {
        let chosen = launch(rows, draws)?;
        for (&token, draw) in chosen.iter().zip(draws) {
            if !mask::get(draw.mask, token) {
                return Err(failed(&format!("it chose {token:?}, which a mask forbids")));
            }
        }
        tokens.extend(chosen);
    }
    Ok(tokens)
}

/// Copies what draws need to the device, and the tokens back.
fn launch<R: CubeRuntime, BT: BoolElement>(
    rows: &Tensor<CubeBackend<R, f32, i32, BT>, 2>,
    draws: &[Draw<'_>],
) -> Result<Vec<TokenId>, ModelError> {
    let [count, vocab_len] = rows.dims();
    let masks: Vec<u32> = draws.iter().flat_map(|draw| draw.mask).copied().collect();
    let whole = |draw: &Draw<'_>| [draw.row as u32, draw.sampling.top_k];
    let whole: Vec<u32> = draws.iter().flat_map(whole).collect();
    let real = |draw: &Draw<'_>| {
        let Sampling {
            top_p,
            min_p,
            temperature,
            ..
        } = draw.sampling;
        // A temperature of 1 where it is not used, so that no weight is infinite.
        let (temperature, greedy) = match draw.sampling.is_greedy() {
            true => (1.0, 1.0),
            false => (temperature, 0.0),
        };
        [temperature, top_p, min_p, draw.uniform, greedy]
    };
    let reals: Vec<f32> = draws.iter().flat_map(real).collect();
    let all_greedy = draws.iter().all(|draw| draw.sampling.is_greedy());
    let any_top_k = draws.iter().any(|draw| draw.sampling.top_k > 0);
    let any_top_p = draws.iter().any(|draw| draw.sampling.top_p < 1.0);

    let logits = into_contiguous(rows.clone().into_primitive().tensor());
    let client = logits.client.clone();
    let array = |bytes: &[u8], len: usize| {
        // SAFETY: the handle was made of these bytes, which are `len` values of 4 bytes.
        #[allow(unsafe_code)]
        unsafe {
            ArrayArg::from_raw_parts(client.create_from_slice(bytes), len)
        }
    };
    let chosen = client.empty(size_of::<u32>() * draws.len());
    // SAFETY: the tensor is contiguous and has `count * vocab_len` values; `chosen` has
    // room for a value of each draw.
    #[allow(unsafe_code)]
    let (logits, out) = unsafe {
        (
            ArrayArg::from_raw_parts(logits.handle.clone(), count * vocab_len),
            ArrayArg::from_raw_parts(chosen.clone(), draws.len()),
        )
    };
    choose::launch::<R>(
        &client,
        CubeCount::Static(draws.len() as u32, 1, 1),
        CubeDim::new_1d(UNITS),
        logits,
        array(u32::as_bytes(&masks), masks.len()),
        array(u32::as_bytes(&whole), whole.len()),
        array(f32::as_bytes(&reals), reals.len()),
        out,
        vocab_len as u32,
        UNITS,
        all_greedy,
        any_top_k,
        any_top_p,
    );
    let bytes = client.read_one(chosen).map_err(|error| failed(&error))?;
    let tokens: Vec<TokenId> = u32::from_bytes(&bytes)
        .iter()
        .copied()
        .map(TokenId)
        .collect();
    match tokens.len() == draws.len() {
        true => Ok(tokens),
        false => Err(failed(&format!(
            "{} tokens for {} draws",
            tokens.len(),
            draws.len()
        ))),
    }
}

/// The logit of a token as a number of the same order, 0 if it is not allowed. What is
/// no number counts as minus infinity.
#[cube]
fn order(
    logits: &Array<f32>,
    masks: &Array<u32>,
    row: u32,
    draw: u32,
    vocab_len: u32,
    token: u32,
) -> u32 {
    let words = vocab_len.div_ceil(32);
    let word = masks[(draw * words + token / 32) as usize];
    let allowed = (word >> (token % 32)) & 1;
    let bits = u32::reinterpret(logits[(row * vocab_len + token) as usize]);
    let size = bits & 0x7FFF_FFFFu32;
    let is_nan = size > 0x7F80_0000u32;
    // Both zeros are one.
    let bits = select(size == 0, 0u32, bits);
    let bits = select(is_nan, 0xFF80_0000u32, bits);
    let ordered = select(bits >> 31 == 1, !bits, bits | 0x8000_0000u32);
    select(allowed == 1, ordered, 0u32)
}

/// The logit of a number made by `order`.
#[cube]
fn logit(ordered: u32) -> f32 {
    let bits = select(ordered >> 31 == 1, ordered & 0x7FFF_FFFFu32, !ordered);
    f32::reinterpret(bits)
}

/// The weight of a logit beside the largest.
#[cube]
fn weight(ordered: u32, largest: f32, temperature: f32) -> f32 {
    f32::exp((logit(ordered) - largest) / temperature)
}

/// The sum of what every unit brings, for all of them.
#[cube]
fn sum(shared: &mut SharedMemory<f32>, own: f32, #[comptime] units: u32) -> f32 {
    let unit = UNIT_POS;
    shared[unit as usize] = own;
    for step in 0u32..comptime!(units.ilog2()) {
        let half = (units / 2) >> step;
        sync_cube();
        if unit < half {
            let more = shared[(unit + half) as usize];
            shared[unit as usize] += more;
        }
    }
    sync_cube();
    let all = shared[0];
    sync_cube();
    all
}

/// The weights of all tokens from a number of `order` on, together.
#[cube]
#[allow(clippy::too_many_arguments)] // those of `order` and of `weight`
fn weight_from(
    shared: &mut SharedMemory<f32>,
    logits: &Array<f32>,
    masks: &Array<u32>,
    row: u32,
    draw: u32,
    vocab_len: u32,
    from: u32,
    largest: f32,
    temperature: f32,
    #[comptime] units: u32,
) -> f32 {
    let mut own = 0.0f32;
    let mut token = UNIT_POS;
    while token < vocab_len {
        let ordered = order(logits, masks, row, draw, vocab_len, token);
        let part = weight(ordered, largest, temperature);
        own += select(ordered >= from, part, 0.0f32);
        token += units;
    }
    sum(shared, own, units)
}

/// Chooses a token for the draw of a cube.
#[cube(launch)]
#[allow(clippy::too_many_arguments)] // what the device is handed
fn choose(
    logits: &Array<f32>,
    masks: &Array<u32>,
    whole: &Array<u32>,
    reals: &Array<f32>,
    out: &mut Array<u32>,
    vocab_len: u32,
    #[comptime] units: u32,
    #[comptime] all_greedy: bool,
    #[comptime] any_top_k: bool,
    #[comptime] any_top_p: bool,
) {
    let draw = CUBE_POS as u32;
    let unit = UNIT_POS;
    let row = whole[(2 * draw) as usize];

    // The largest logit, of equal ones the lowest token.
    let mut best = 0u32;
    let mut best_token = 0u32;
    let mut token = unit;
    while token < vocab_len {
        let ordered = order(logits, masks, row, draw, vocab_len, token);
        if ordered > best {
            best = ordered;
            best_token = token;
        }
        token += units;
    }
    let mut bests = SharedMemory::<u32>::new(units as usize);
    let mut tokens = SharedMemory::<u32>::new(units as usize);
    bests[unit as usize] = best;
    tokens[unit as usize] = best_token;
    for step in 0u32..comptime!(units.ilog2()) {
        let half = (units / 2) >> step;
        sync_cube();
        if unit < half {
            let (mine, other) = (unit as usize, (unit + half) as usize);
            let is_better = bests[other] > bests[mine];
            let is_lower = bests[other] == bests[mine] && tokens[other] < tokens[mine];
            if is_better || is_lower {
                bests[mine] = bests[other];
                tokens[mine] = tokens[other];
            }
        }
    }
    sync_cube();
    let best = bests[0];
    let best_token = tokens[0];

    if comptime!(all_greedy) {
        if unit == 0 {
            out[draw as usize] = best_token;
        }
    } else {
        let mut sums = SharedMemory::<f32>::new(units as usize);
        let temperature = reals[(5 * draw) as usize];
        let top_p = reals[(5 * draw + 1) as usize];
        let min_p = reals[(5 * draw + 2) as usize];
        let uniform = reals[(5 * draw + 3) as usize];
        let greedy = reals[(5 * draw + 4) as usize];
        let largest = logit(best);

        // The least number that is kept; 0 is that of tokens that are not allowed.
        let mut least = 1u32;
        if comptime!(any_top_k) {
            let top_k = whole[(2 * draw + 1) as usize];
            let enough = select(top_k == 0, vocab_len + 1, top_k);
            let mut found = 0u32;
            for step in 0u32..32u32 {
                let tried = found | (0x8000_0000u32 >> step);
                let mut own = 0.0f32;
                let mut token = unit;
                while token < vocab_len {
                    let ordered = order(logits, masks, row, draw, vocab_len, token);
                    own += select(ordered >= tried, 1.0f32, 0.0f32);
                    token += units;
                }
                // Exact: there are at most 2^24 tokens.
                let count = sum(&mut sums, own, units);
                found = select(count >= enough as f32, tried, found);
            }
            least = select(found > least, found, least);
        }

        if comptime!(any_top_p) {
            let all = weight_from(
                &mut sums,
                logits,
                masks,
                row,
                draw,
                vocab_len,
                least,
                largest,
                temperature,
                units,
            );
            let enough = top_p * all;
            let mut found = 0u32;
            for step in 0u32..32u32 {
                let tried = found | (0x8000_0000u32 >> step);
                let from = select(tried > least, tried, least);
                let kept = weight_from(
                    &mut sums,
                    logits,
                    masks,
                    row,
                    draw,
                    vocab_len,
                    from,
                    largest,
                    temperature,
                    units,
                );
                found = select(kept >= enough, tried, found);
            }
            found = select(top_p < 1.0f32, found, 0u32);
            least = select(found > least, found, least);
        }

        // Every unit sums up a stretch of the row, in the order of tokens.
        let stretch = vocab_len.div_ceil(units);
        let begin = unit * stretch;
        let end = begin + stretch;
        let end = select(end < vocab_len, end, vocab_len);
        let mut own = 0.0f32;
        let mut token = begin;
        while token < end {
            let ordered = order(logits, masks, row, draw, vocab_len, token);
            let part = weight(ordered, largest, temperature);
            let is_kept = ordered >= least && part >= min_p;
            own += select(is_kept, part, 0.0f32);
            token += 1;
        }
        sums[unit as usize] = own;
        sync_cube();

        if unit == 0 {
            let mut total = 0.0f32;
            let mut at = 0u32;
            while at < units {
                total += sums[at as usize];
                at += 1;
            }
            let point = uniform * total;
            // The stretch that the point is in, or else the last that weighs anything.
            let mut before = 0.0f32;
            let mut found = 0u32;
            let mut is_found: u32 = 0u32;
            let mut start = 0.0f32;
            at = 0u32;
            while at < units {
                let part = sums[at as usize];
                if is_found == 0u32 && part > 0.0 {
                    found = at;
                    start = before;
                    if before + part > point {
                        is_found = 1u32;
                    }
                }
                before += part;
                at += 1;
            }
            let mut reached = start;
            let mut chosen = best_token;
            let mut is_chosen: u32 = 0u32;
            let mut token = found * stretch;
            let last = token + stretch;
            let last = select(last < vocab_len, last, vocab_len);
            while token < last {
                let ordered = order(logits, masks, row, draw, vocab_len, token);
                let part = weight(ordered, largest, temperature);
                let is_kept = ordered >= least && part >= min_p && part > 0.0;
                if is_chosen == 0u32 && is_kept {
                    chosen = token;
                    reached += part;
                    if reached > point {
                        is_chosen = 1u32;
                    }
                }
                token += 1;
            }
            // No weight means anything beside a largest logit that is infinite.
            let size = u32::reinterpret(largest) & 0x7FFF_FFFFu32;
            let is_plain = size < 0x7F80_0000u32 && greedy == 0.0;
            out[draw as usize] = select(is_plain, chosen, best_token);
        }
    }
}

#[cfg(all(test, feature = "wgpu"))]
mod tests;
