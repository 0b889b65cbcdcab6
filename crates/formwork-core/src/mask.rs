//! Masks: the slices of the threads, and the tokens that go on past them.

use std::sync::Arc;

use formwork_grammar::{Dot, LexState};
use formwork_vocab::{NodeId, TokenId, mask};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::error::EngineError;
use crate::index::TokenIndex;
use crate::machine::{ConfigId, FrameSetId, Machine, Thread};
use crate::slice::{Exit, Slice};
use crate::summary::Summaries;

/// What a mask came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MaskKind {
    /// Nothing may follow: a stop token came before.
    Stopped,
    /// One token is allowed, no other.
    One(TokenId),
    /// Several tokens are allowed.
    Many,
}

/// Masks and slices of one grammar, under a byte budget.
pub(crate) struct MaskCache {
    budget: usize,
    used: usize,
    slices: FxHashMap<(u32, LexState), Arc<Slice>>,
    rows: FxHashMap<ConfigId, CachedRow>,
    summaries: Summaries,
}

/// Threads that read the same terminal from the same state.
struct Group {
    /// The terminal, or a wider one, and its state.
    key: (u32, LexState),
    slice: Arc<Slice>,
    threads: SmallVec<[Thread; 2]>,
}

/// A row is kept from its second use on: most states of a text occur once.
enum CachedRow {
    SeenOnce,
    Kept(Box<[u32]>, MaskKind),
}

impl MaskCache {
    pub(crate) fn new(budget: usize) -> MaskCache {
        MaskCache {
            budget,
            used: 0,
            slices: FxHashMap::default(),
            rows: FxHashMap::default(),
            summaries: Summaries::default(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.used + self.summaries.heap_bytes() + 32 * self.rows.len()
    }

    /// Writes the mask of a state to `row`, which has at least the
    /// vocabulary's words; words past those are cleared.
    pub(crate) fn fill(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        config: ConfigId,
        row: &mut [u32],
    ) -> Result<MaskKind, EngineError> {
        let words = index.vocab().mask_words();
        let (row, padding) = row.split_at_mut(words);
        padding.fill(0);
        if let Some(CachedRow::Kept(kept, kind)) = self.rows.get(&config) {
            row.copy_from_slice(kept);
            return Ok(*kind);
        }
        self.compute(machine, index, config, row)?;
        let kind = kind_of(row);
        self.admit(config, row, kind);
        Ok(kind)
    }

    fn admit(&mut self, config: ConfigId, row: &[u32], kind: MaskKind) {
        if self.used + self.summaries.heap_bytes() > self.budget {
            self.used = 0;
            self.summaries.clear();
            self.slices.clear();
            self.rows.clear();
        }
        match self.rows.get_mut(&config) {
            None => {
                self.rows.insert(config, CachedRow::SeenOnce);
            }
            Some(slot) => {
                self.used += 4 * row.len();
                *slot = CachedRow::Kept(row.into(), kind);
            }
        }
    }

    fn compute(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        id: ConfigId,
        row: &mut [u32],
    ) -> Result<(), EngineError> {
        row.fill(0);
        let config = machine.config(id);
        let max_bytes = 2 * self.budget;
        let summed = self.summaries.fill(machine, index, &config, row, max_bytes);
        if summed.is_none() {
            row.fill(0);
            self.run(machine, index, id, row)?;
        }
        for thread in &config.token_threads {
            for &(first, last) in machine.token_set(thread.set).ranges() {
                index.allow_range(row, first, last);
            }
        }
        if config.accepting {
            index.allow_stop(row);
        }
        Ok(())
    }

    /// Adds what the threads of a state can read, by slices and runs of the machine.
    fn run(
        &mut self,
        machine: &mut Machine,
        index: &TokenIndex,
        id: ConfigId,
        row: &mut [u32],
    ) -> Result<(), EngineError> {
        let config = machine.config(id);
        let mut exact: SmallVec<[TokenId; 8]> = SmallVec::new();
        // Threads in the same state of the same terminal are taken together:
        // alternatives often differ only in what comes later.
        let mut groups: SmallVec<[Group; 4]> = SmallVec::new();
        for thread in &config.threads {
            let head = thread.head;
            let key = match machine.terminal(head.terminal).wider(head.state) {
                Some((wider, state)) => (machine.terminal_id(wider), state),
                None => (head.terminal, head.state),
            };
            match groups.iter_mut().find(|group| group.key == key) {
                Some(group) => group.threads.push(*thread),
                None => groups.push(Group {
                    key,
                    slice: self.slice(machine, index, key.0, key.1),
                    threads: SmallVec::from_slice(&[*thread]),
                }),
            }
        }
        for Group { slice, threads, .. } in &groups {
            slice.inside.or_into(row);
            for Exit { label, ends, nodes } in &slice.exits {
                let mut starts: SmallVec<[(Dot, FrameSetId); 4]> = SmallVec::new();
                for Thread { head, up } in threads {
                    if machine.terminal(head.terminal).allows(*label) {
                        let dot = machine.follow(head.dot, head.edge, *label, None);
                        starts.push((dot, *up));
                    }
                }
                if starts.is_empty() {
                    continue;
                }
                mask::set_all(row, ends);
                if !nodes.is_empty() {
                    let after = machine.enter(&starts)?;
                    walk(machine, index, after, nodes, row)?;
                }
            }
            exact.extend_from_slice(&slice.exact);
        }
        exact.sort_unstable();
        exact.dedup();
        for token in exact {
            let Some((last, bytes)) = index.vocab().bytes(token).split_last() else {
                continue;
            };
            let (read, before) = machine.advance_all(id, bytes)?;
            if read == bytes.len() && machine.survives(before, *last) {
                mask::set(row, token);
            } else {
                mask::clear(row, token);
            }
        }
        Ok(())
    }

    fn slice(
        &mut self,
        machine: &Machine,
        index: &TokenIndex,
        terminal: u32,
        state: LexState,
    ) -> Arc<Slice> {
        if let Some(slice) = self.slices.get(&(terminal, state)) {
            return Arc::clone(slice);
        }
        let automaton = machine.terminal(terminal);
        let shared = automaton.is_shared();
        let known = shared
            .then(|| index.shared_slice(automaton, state))
            .flatten();
        let slice = known.unwrap_or_else(|| {
            let slice = Arc::new(Slice::new(index, &**automaton, state));
            if shared {
                index.share_slice(automaton, state, &slice);
            } else {
                self.used += slice.heap_bytes();
            }
            slice
        });
        self.slices.insert((terminal, state), Arc::clone(&slice));
        slice
    }
}

/// Sets the bits of the tokens below `nodes` that the machine can read from
/// `from`. Nodes that go on alike are walked together: the cost is one step of
/// the machine per distinct suffix that stays alive.
///
/// PERF: where all tokens end, it is enough that some thread survives; the state
/// is not made. Most suffixes end there, and states that no text visits are what
/// takes memory.
fn walk(
    machine: &mut Machine,
    index: &TokenIndex,
    from: ConfigId,
    nodes: &[NodeId],
    row: &mut [u32],
) -> Result<(), EngineError> {
    type Nodes = SmallVec<[NodeId; 8]>;
    let trie = index.vocab().trie();
    let mut open: Vec<(ConfigId, Nodes)> = vec![(from, nodes.into())];
    while let Some((config, nodes)) = open.pop() {
        let mut groups: SmallVec<[(u8, Nodes); 8]> = SmallVec::new();
        let mut dead = [0u64; 4];
        for &node in &nodes {
            for (byte, child) in trie.children(node) {
                let (word, bit) = (usize::from(byte >> 6), 1u64 << (byte & 63));
                if dead[word] & bit != 0 {
                    continue;
                }
                let group = match groups.iter_mut().find(|group| group.0 == byte) {
                    Some(group) => group,
                    None if machine.survives(config, byte) => {
                        groups.push((byte, SmallVec::new()));
                        let last = groups.len() - 1;
                        &mut groups[last]
                    }
                    None => {
                        dead[word] |= bit;
                        continue;
                    }
                };
                for &token in trie.tokens(child) {
                    mask::set(row, token);
                }
                if trie.subtree_end(child).0 > child.0 + 1 {
                    group.1.push(child);
                }
            }
        }
        for (byte, members) in groups {
            if !members.is_empty() {
                open.push((machine.advance(config, byte)?, members));
            }
        }
    }
    Ok(())
}

fn kind_of(row: &[u32]) -> MaskKind {
    let mut only = None;
    for (at, &word) in row.iter().enumerate() {
        if word == 0 {
            continue;
        }
        if only.is_some() || word & (word - 1) != 0 {
            return MaskKind::Many;
        }
        only = Some(TokenId(32 * at as u32 + word.trailing_zeros()));
    }
    only.map_or(MaskKind::Stopped, MaskKind::One)
}
