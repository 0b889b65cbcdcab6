//! The shortest way to finish a text.
//!
//! A first text comes from following the upper bound on what is left. Then the
//! states that a shorter text could go through are searched, the most promising
//! first, until there are none, a lower bound is met, or there were too many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

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
        let ways = soonest(machine, at)?;
        let plain = |&&(byte, _): &&(u8, ConfigId)| (!byte.is_ascii_alphanumeric(), byte);
        let Some(&(byte, next)) = ways.iter().min_by_key(plain) else {
            return Ok(None);
        };
        if bytes.len() >= MAX_BYTES {
            return Ok(None);
        }
        bytes.push(byte);
        at = next;
    }
    Ok(Some(bytes))
}

/// The bytes after which the upper bound is least, and where they lead.
pub(crate) fn soonest(
    machine: &mut Machine,
    at: ConfigId,
) -> Result<Vec<(u8, ConfigId)>, EngineError> {
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
    Ok(ways)
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
