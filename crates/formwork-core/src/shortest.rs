//! The shortest way to finish a text.
//!
//! A first text comes from following the upper bound on what is left. Then the
//! states that a shorter text could go through are searched, the most promising
//! first, until there are none, a lower bound is met, or there were too many.

#![expect(
    clippy::indexing_slicing,
    reason = "steps are numbered as they are made"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::EngineError;
use crate::machine::{ConfigId, DEAD, Machine};

/// Bytes that finish a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether it is known that fewer would not do.
    pub is_shortest: bool,
}

/// The longest completion that is looked for.
const MAX_BYTES: usize = 1 << 20;

/// A state on the way.
struct Step {
    before: u32,
    byte: u8,
    state: ConfigId,
    depth: u32,
}

/// Finds a completion from `from`, which no completion undercuts `least` bytes;
/// `None` if the first one would be too long.
pub(crate) fn completion(
    machine: &mut Machine,
    from: ConfigId,
    least: u32,
    max_states: usize,
) -> Result<Option<Completion>, EngineError> {
    let Some(bytes) = descend(machine, from)? else {
        return Ok(None);
    };
    let mut best = Completion {
        is_shortest: bytes.len() as u64 <= u64::from(least),
        bytes,
    };
    if !best.is_shortest {
        improve(machine, from, least, max_states, &mut best);
    }
    Ok(Some(best))
}

/// Follows the upper bound. Among bytes that are equally good, letters and
/// digits come first.
fn descend(machine: &mut Machine, from: ConfigId) -> Result<Option<Vec<u8>>, EngineError> {
    let mut bytes = Vec::new();
    let mut at = from;
    while !machine.is_accepting(at) {
        let ways = toward_end(machine, at)?;
        let plain = |(way, _): &(Vec<u8>, ConfigId)| {
            let is_plain = way.first().is_some_and(u8::is_ascii_alphanumeric);
            (!is_plain, way.clone())
        };
        let Some((way, next)) = ways.into_iter().min_by_key(plain) else {
            return Ok(None);
        };
        if bytes.len() >= MAX_BYTES {
            return Ok(None);
        }
        bytes.extend(way);
        at = next;
    }
    Ok(Some(bytes))
}

/// Ways on that lower the upper bound, and where they lead: the single bytes
/// that lower it most, or, where none does, a shortest detour. None if that is
/// too far.
pub(crate) fn toward_end(
    machine: &mut Machine,
    at: ConfigId,
) -> Result<Vec<(Vec<u8>, ConfigId)>, EngineError> {
    let left = machine.min_bytes(at);
    let (best, ways) = soonest(machine, at)?;
    if best < left {
        let single = |(byte, next)| (vec![byte], next);
        return Ok(ways.into_iter().map(single).collect());
    }
    Ok(detour(machine, at, left)?.into_iter().collect())
}

/// The nearest state with an upper bound below `left`, breadth first. Inside an
/// escape or a character the bound may not know yet which one is needed.
fn detour(
    machine: &mut Machine,
    from: ConfigId,
    left: u32,
) -> Result<Option<(Vec<u8>, ConfigId)>, EngineError> {
    const MAX_STATES: usize = 5_000;
    let mut steps = vec![Step {
        before: 0,
        byte: 0,
        state: from,
        depth: 0,
    }];
    let mut known = FxHashSet::from_iter([from, DEAD]);
    let mut done = 0;
    while let Some(&Step { state, depth, .. }) = steps.get(done) {
        for byte in 0..=255 {
            let next = machine.advance(state, byte)?;
            if !known.insert(next) {
                continue;
            }
            let id = steps.len() as u32;
            steps.push(Step {
                before: done as u32,
                byte,
                state: next,
                depth: depth + 1,
            });
            if machine.min_bytes(next) < left {
                return Ok(Some((spell(&steps, id), next)));
            }
        }
        done += 1;
        if steps.len() > MAX_STATES {
            break;
        }
    }
    Ok(None)
}

/// The least upper bound after one byte, the bytes after which it is that, and
/// where they lead.
fn soonest(machine: &mut Machine, at: ConfigId) -> Result<(u32, Vec<(u8, ConfigId)>), EngineError> {
    let mut best = u32::MAX;
    let mut ways: Vec<(u8, ConfigId)> = Vec::new();
    let mut known: FxHashMap<ConfigId, u32> = FxHashMap::default();
    for byte in 0..=255 {
        let next = machine.advance(at, byte)?;
        if next == DEAD {
            continue;
        }
        let left = *known.entry(next).or_insert_with(|| machine.min_bytes(next));
        if left < best {
            best = left;
            ways.clear();
        }
        if left == best {
            ways.push((byte, next));
        }
    }
    Ok((best, ways))
}

/// Looks for a shorter completion than `best`. A limit of the engine ends the
/// search as the number of states does.
fn improve(
    machine: &mut Machine,
    from: ConfigId,
    least: u32,
    max_states: usize,
    best: &mut Completion,
) {
    let mut steps = vec![Step {
        before: 0,
        byte: 0,
        state: from,
        depth: 0,
    }];
    let mut depths: FxHashMap<ConfigId, u32> = FxHashMap::from_iter([(from, 0)]);
    let mut open = BinaryHeap::from([(Reverse(0u32), 0u32, Reverse(0u32))]);
    while let Some((_, depth, Reverse(at))) = open.pop() {
        let state = steps[at as usize].state;
        let is_old = depths.get(&state).is_some_and(|&known| known < depth);
        if is_old || depth as usize + 1 >= best.bytes.len() {
            continue;
        }
        for byte in 0..=255 {
            let Ok(next) = machine.advance(state, byte) else {
                return;
            };
            let depth = depth + 1;
            let is_known = depths.get(&next).is_some_and(|&known| known <= depth);
            if next == DEAD || is_known {
                continue;
            }
            let id = steps.len() as u32;
            steps.push(Step {
                before: at,
                byte,
                state: next,
                depth,
            });
            depths.insert(next, depth);
            if machine.is_accepting(next) {
                if (depth as usize) < best.bytes.len() {
                    best.bytes = spell(&steps, id);
                }
                if depth <= least {
                    best.is_shortest = true;
                    return;
                }
            } else {
                let total = depth.saturating_add(machine.min_bytes(next));
                open.push((Reverse(total), depth, Reverse(id)));
            }
            if steps.len() > max_states {
                return;
            }
        }
    }
    best.is_shortest = true;
}

/// The bytes that lead to a step.
fn spell(steps: &[Step], mut at: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(step) = steps.get(at as usize).filter(|step| step.depth > 0) {
        bytes.push(step.byte);
        at = step.before;
    }
    bytes.reverse();
    bytes
}
