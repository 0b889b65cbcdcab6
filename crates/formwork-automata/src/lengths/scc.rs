//! Strongly connected components.

#![expect(
    clippy::indexing_slicing,
    reason = "states are numbers of the same automaton"
)]

use crate::dfa::{DEAD, Dfa, StateId};

/// The components of `dfa`, each after all that are reachable from it.
///
/// Tarjan's algorithm with an explicit stack; linear in the table.
pub(super) fn components(dfa: &Dfa) -> Vec<Vec<StateId>> {
    let states = dfa.state_count();
    let mut index = vec![DEAD; states];
    let mut low = vec![0; states];
    let mut settled = vec![false; states];
    let (mut stack, mut calls, mut found) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = 0;
    let Some(start) = dfa.start() else {
        return found;
    };
    calls.push((start, 0u32));
    while let Some((s, class)) = calls.pop() {
        if class == 0 {
            index[s as usize] = count;
            low[s as usize] = count;
            count += 1;
            stack.push(s);
        }
        let mut descend = None;
        // Neighbouring classes mostly lead to the same state.
        let mut last = DEAD;
        let row = dfa.row(s).iter().zip(0..).skip(class as usize);
        for (&next, class) in row {
            if next == DEAD || next == last {
                continue;
            }
            last = next;
            if index[next as usize] == DEAD {
                descend = Some((next, class));
                break;
            }
            if !settled[next as usize] {
                low[s as usize] = low[s as usize].min(low[next as usize]);
            }
        }
        if let Some((next, class)) = descend {
            calls.push((s, class + 1));
            calls.push((next, 0));
            continue;
        }
        if low[s as usize] == index[s as usize] {
            let at = stack.iter().rposition(|&t| t == s).unwrap_or(0);
            let component = stack.split_off(at);
            for &t in &component {
                settled[t as usize] = true;
            }
            found.push(component);
        }
        if let Some(&(parent, _)) = calls.last()
            && !settled[s as usize]
        {
            low[parent as usize] = low[parent as usize].min(low[s as usize]);
        }
    }
    found
}
