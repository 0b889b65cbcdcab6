//! Equivalent states: from the last ones up where no cycle is longer than one state, which is
//! linear, else by Hopcroft's partition refinement.
//!
//! The latter is O(k n log n) for n states and k classes. The missing transitions go to an explicit
//! dead state, so that a partial automaton is minimised as the complete one it stands for.

#![expect(
    clippy::indexing_slicing,
    reason = "states, classes and blocks are numbers of the tables made here"
)]

use super::finish::Predecessors;
use super::{DEAD, StateId};
use crate::interner::Interner;

/// The blocks of equivalent states: the block of each state, and the number of blocks.
///
/// Every state must reach a labelled one, so that none is equivalent to the dead state.
pub(super) fn equivalence(
    table: &[StateId],
    stride: usize,
    labels: &[Option<u32>],
) -> (Vec<u32>, usize) {
    let states = labels.len();
    if states <= 1 {
        return (vec![0; states], states);
    }
    match bottom_up(table, stride, states) {
        Some(order) => merge(table, stride, labels, &order),
        None => refine(table, stride, labels),
    }
}

/// Blocks by refinement of those by label.
fn refine(table: &[StateId], stride: usize, labels: &[Option<u32>]) -> (Vec<u32>, usize) {
    let states = labels.len();
    let inverse = Inverse::new(table, stride, states);
    let mut partition = Partition::by_label(labels);
    // All blocks with all classes to start with; one could be left out, at no gain worth a case.
    let mut work: Vec<(u32, u32)> = Vec::new();
    let mut queued: Vec<bool> = Vec::new();
    for block in 0..partition.len() as u32 {
        for class in 0..stride as u32 {
            work.push((block, class));
            queued.push(true);
        }
    }
    let mut splitter: Vec<u32> = Vec::new();
    while let Some((block, class)) = work.pop() {
        queued[block as usize * stride + class as usize] = false;
        splitter.clear();
        for &s in partition.members(block) {
            splitter.extend_from_slice(inverse.of(s, class as usize));
        }
        for &s in &splitter {
            partition.mark(s);
        }
        partition.split(|old, new, new_is_smaller| {
            for class in 0..stride {
                let pending = queued[old as usize * stride + class];
                queued.push(false);
                let add = if pending || new_is_smaller { new } else { old };
                queued[add as usize * stride + class] = true;
                work.push((add, class as u32));
            }
        });
    }
    // The dead state is alone in its block; drop the block by closing the gap in the numbers.
    let dead = partition.block_of[states];
    let close = |b: u32| if b > dead { b - 1 } else { b };
    let blocks = partition.block_of[..states]
        .iter()
        .map(|&b| close(b))
        .collect();
    (blocks, partition.len() - 1)
}

/// The states, each after all others that follow it; `None` if that cannot be.
fn bottom_up(table: &[StateId], stride: usize, states: usize) -> Option<Vec<StateId>> {
    let preds = Predecessors::new(table, stride, states);
    let mut open = preds.leaving().to_vec();
    for s in 0..states as StateId {
        let loops = preds.of(s).iter().filter(|&&p| p == s).count();
        open[s as usize] -= loops as u32;
    }
    let mut order: Vec<StateId> = (0..states as StateId)
        .filter(|&s| open[s as usize] == 0)
        .collect();
    let mut at = 0;
    while let Some(&s) = order.get(at) {
        at += 1;
        for &p in preds.of(s).iter().filter(|&&p| p != s) {
            open[p as usize] -= 1;
            if open[p as usize] == 0 {
                order.push(p);
            }
        }
    }
    (order.len() == states).then_some(order)
}

/// A step from a state to itself.
const SELF: u32 = DEAD - 1;

/// Blocks by label and by the blocks of what follows, which is known first.
///
/// States that are alike have the same steps but for those to themselves: where one of them stays,
/// the other may go to the first.
fn merge(
    table: &[StateId],
    stride: usize,
    labels: &[Option<u32>],
    order: &[StateId],
) -> (Vec<u32>, usize) {
    let mut block = vec![DEAD; labels.len()];
    let mut kinds = Interner::default();
    let mut stays: Vec<bool> = Vec::new();
    let mut key: Vec<u32> = Vec::with_capacity(stride + 2);
    for &s in order {
        key.clear();
        let label = labels[s as usize];
        key.extend([u32::from(label.is_some()), label.unwrap_or(0)]);
        let row = &table[s as usize * stride..][..stride];
        key.extend(row.iter().map(|&next| match next {
            DEAD => DEAD,
            next if next == s => SELF,
            next => block[next as usize],
        }));
        let same = |known: u32| {
            let known_key = kinds.get(known);
            let name = |b: u32| if b == SELF { known } else { b };
            let steps = key[2..].iter().zip(&known_key[2..]);
            key[..2] == known_key[..2] && { steps }.all(|(&a, &b)| name(a) == name(b))
        };
        let mut last = DEAD;
        let found = key[2..].iter().copied().find(|&b| {
            let new = b != last && b < SELF && stays[b as usize];
            last = b;
            new && same(b)
        });
        block[s as usize] = found.unwrap_or_else(|| {
            let id = kinds.intern(&key);
            if id as usize == stays.len() {
                stays.push(key[2..].contains(&SELF));
            }
            id
        });
    }
    (block, kinds.len())
}

/// The states before each state, by class. The dead state has the number `states`.
struct Inverse {
    stride: usize,
    offsets: Vec<u32>,
    states: Vec<u32>,
}

impl Inverse {
    fn new(table: &[StateId], stride: usize, states: usize) -> Self {
        let slot = |next: StateId, class: usize| {
            let next = if next == DEAD { states } else { next as usize };
            next * stride + class
        };
        let mut offsets = vec![0u32; (states + 1) * stride + 1];
        for row in table.chunks_exact(stride) {
            for (class, &next) in row.iter().enumerate() {
                offsets[slot(next, class) + 1] += 1;
            }
        }
        for i in 1..offsets.len() {
            offsets[i] += offsets[i - 1];
        }
        let mut fill = offsets.clone();
        let mut inverse = vec![0; table.len()];
        for (s, row) in table.chunks_exact(stride).enumerate() {
            for (class, &next) in row.iter().enumerate() {
                let at = &mut fill[slot(next, class)];
                inverse[*at as usize] = s as u32;
                *at += 1;
            }
        }
        Self {
            stride,
            offsets,
            states: inverse,
        }
    }

    /// The dead state's own loops are left out: they never split anything.
    fn of(&self, s: u32, class: usize) -> &[u32] {
        let at = s as usize * self.stride + class;
        &self.states[self.offsets[at] as usize..self.offsets[at + 1] as usize]
    }
}

/// Blocks as slices of one permutation of the states; marked members come first in their block.
struct Partition {
    order: Vec<u32>,
    place: Vec<u32>,
    block_of: Vec<u32>,
    /// Start, end and number of marked members of each block.
    blocks: Vec<(u32, u32, u32)>,
    touched: Vec<u32>,
}

impl Partition {
    /// One block for each label, one for unlabelled states and the dead state together.
    fn by_label(labels: &[Option<u32>]) -> Self {
        let dead = labels.len();
        let label = |s: u32| labels.get(s as usize).copied().flatten();
        let mut order: Vec<u32> = (0..=dead as u32).collect();
        order.sort_by_key(|&s| label(s));
        let mut place = vec![0; dead + 1];
        let mut block_of = vec![0; dead + 1];
        let mut blocks: Vec<(u32, u32, u32)> = Vec::new();
        for (at, &s) in order.iter().enumerate() {
            match blocks.last_mut() {
                Some(block) if label(order[at - 1]) == label(s) => block.1 += 1,
                _ => blocks.push((at as u32, at as u32 + 1, 0)),
            }
            place[s as usize] = at as u32;
            block_of[s as usize] = blocks.len() as u32 - 1;
        }
        Self {
            order,
            place,
            block_of,
            blocks,
            touched: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        self.blocks.len()
    }

    fn members(&self, block: u32) -> &[u32] {
        let (start, end, _) = self.blocks[block as usize];
        &self.order[start as usize..end as usize]
    }

    fn mark(&mut self, s: u32) {
        let b = self.block_of[s as usize];
        let block = &mut self.blocks[b as usize];
        let (at, to) = (self.place[s as usize], block.0 + block.2);
        if at < to {
            return;
        }
        if block.2 == 0 {
            self.touched.push(b);
        }
        block.2 += 1;
        let other = self.order[to as usize];
        self.order.swap(at as usize, to as usize);
        self.place[other as usize] = at;
        self.place[s as usize] = to;
    }

    /// Splits every block of which some but not all members are marked, and unmarks all. The
    /// marked part becomes the new block; `on_split` learns whether it is the smaller one.
    fn split(&mut self, mut on_split: impl FnMut(u32, u32, bool)) {
        while let Some(b) = self.touched.pop() {
            let (start, end, marked) = self.blocks[b as usize];
            self.blocks[b as usize].2 = 0;
            if start + marked == end {
                continue;
            }
            let new = self.blocks.len() as u32;
            self.blocks.push((start, start + marked, 0));
            self.blocks[b as usize].0 = start + marked;
            for &s in &self.order[start as usize..(start + marked) as usize] {
                self.block_of[s as usize] = new;
            }
            on_split(b, new, 2 * marked <= end - start);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Renames blocks by their first state.
    fn named(blocks: &[u32]) -> Vec<usize> {
        let first = |b: &u32| blocks.iter().position(|other| other == b);
        blocks.iter().filter_map(first).collect()
    }

    proptest! {
        /// Steps lead to the state itself, to a later one or to nowhere; the last state is labelled.
        #[test]
        fn both_ways_agree(
            steps in prop::collection::vec((0u32..2, 0u32..4, 0u32..4), 2..12),
            labels in prop::collection::vec(prop::option::of(0u32..2), 12),
        ) {
            let states = steps.len() as u32;
            let to = |s: u32, by: u32| match s + by {
                // One step in four is missing.
                _ if by == 3 => DEAD,
                next if next < states => next,
                _ => states - 1,
            };
            let steps = steps.iter().zip(0..);
            let table: Vec<StateId> = steps
                .flat_map(|(&(near, a, b), s)| [to(s, 1), to(s, near), to(s, a), to(s, b)])
                .collect();
            let mut labels = labels[..states as usize].to_vec();
            labels[states as usize - 1] = Some(0);
            let order = bottom_up(&table, 4, labels.len()).expect("no cycle is long");
            let (merged, count) = merge(&table, 4, &labels, &order);
            let (refined, same_count) = refine(&table, 4, &labels);
            prop_assert_eq!(named(&merged), named(&refined));
            prop_assert_eq!(count, same_count);
        }
    }

    #[test]
    fn long_cycles_are_refined() {
        // 0 and 1 lead to each other, and both to 2.
        let table = [1, 2, 0, 2, DEAD, DEAD];
        assert_eq!(bottom_up(&table, 2, 3), None);
        let (blocks, count) = equivalence(&table, 2, &[None, None, Some(0)]);
        assert_eq!((named(&blocks), count), (vec![0, 0, 2], 2));
    }
}
