//! Ignored terminals in a network: any number of them after each token, and before
//! the first.

#![expect(
    clippy::indexing_slicing,
    reason = "rules, positions and terminals are numbers of the same network"
)]

use rustc_hash::FxHashMap;

use crate::error::CfgError;
use crate::limits::Budget;
use crate::network::{Ends, Network, Position, Symbol};

/// Takes out what no rule can read, since its tokens are dropped.
pub(super) fn drop_uses(network: &mut Network, is_ignored: impl Fn(u32) -> bool) {
    for ways in &mut network.ways {
        let is_read = |symbol| !matches!(symbol, Symbol::Terminal(t) if is_ignored(t));
        ways.steps.retain(|&(symbol, _)| is_read(symbol));
    }
}

/// Lets ignored terminals be read, and returns the rule of whole texts.
pub(super) fn add(
    network: &mut Network,
    ignored: &[u32],
    start: u32,
    budget: &mut Budget<'_>,
) -> Result<u32, CfgError> {
    if ignored.is_empty() {
        return Ok(start);
    }
    let mut after: FxHashMap<Position, Position> = FxHashMap::default();
    for from in 0..network.ways.len() {
        for index in 0..network.ways[from].steps.len() {
            let (symbol, to) = network.ways[from].steps[index];
            if matches!(symbol, Symbol::Rule(_)) {
                continue;
            }
            let skip = match after.get(&to) {
                Some(&skip) => skip,
                None => {
                    let skip = loops(network, ignored, budget)?;
                    network.empty(skip, to, budget)?;
                    after.insert(to, skip);
                    skip
                }
            };
            network.ways[from].steps[index].1 = skip;
        }
    }
    let ends = Ends {
        start: network.position(budget)?,
        end: network.position(budget)?,
    };
    let skip = loops(network, ignored, budget)?;
    network.empty(ends.start, skip, budget)?;
    network.step(skip, Symbol::Rule(start), ends.end, budget)?;
    budget.rules(1)?;
    network.rules.push(ends);
    Ok((network.rules.len() - 1) as u32)
}

/// A position at which ignored terminals are read.
fn loops(
    network: &mut Network,
    ignored: &[u32],
    budget: &mut Budget<'_>,
) -> Result<Position, CfgError> {
    let at = network.position(budget)?;
    for &terminal in ignored {
        network.step(at, Symbol::Terminal(terminal), at, budget)?;
    }
    Ok(at)
}
